"""The review as JSON is what its schema says."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from infra.review.digest import read
from infra.review.finding import Section, Verdict
from infra.review.machine import document, write
from infra.review.review import review
from tests.review.pairs.queues import jobs
from tests.review.previewed import digest_of
from tests.review.written import HOSTILE, finding, reviewed

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "review.schema.json").read_text(encoding="utf-8"))
VALID = Draft202012Validator(SCHEMA)


def test_the_schema_is_one():
    Draft202012Validator.check_schema(SCHEMA)


def test_each_section_and_verdict_is_in_it():
    found = [finding("t", section, verdict) for section in Section for verdict in Verdict]
    VALID.validate(document(reviewed(*found)))
    wrong = document(reviewed(*found))
    wrong["findings"][0]["section"] = "fate"
    assert not VALID.is_valid(wrong)


def test_a_real_preview():
    found = json.loads(write(review(read(digest_of(jobs(), jobs(visibility=20))))))
    VALID.validate(found)
    assert (found["verdict"], found["complete"], found["origin"]["commit"]) == ("dangerous", True, None)
    assert found["counts"]["findings"]["dangerous"] == 1
    assert found["counts"]["resources"] == {"updated": 1, "unchanged": 8}
    assert [(change["op"], change["name"], change["reasons"]) for change in found["changes"]] == [
        ("update", "jobs", ["visibilityTimeoutSeconds"])
    ]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_any_text_comes_back_as_it_was(hostile):
    text = write(reviewed(finding(hostile, details=(hostile,)), stack=hostile))
    assert text.isascii()
    found = json.loads(text)
    VALID.validate(found)
    assert (found["stack"], found["findings"][0]["title"]) == (hostile, hostile)
