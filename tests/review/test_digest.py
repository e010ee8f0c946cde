"""What a digest is read from, and what is refused."""

import json

import pytest

from infra.review import digest
from tests.review.pairs.databases import database
from tests.review.previewed import digest_of


@pytest.fixture(scope="module")
def printed():
    return digest_of(database(storage_encrypted=False), database())


def test_a_replacement_is_one_change_with_both_sides(printed):
    (change,) = digest.read(printed).changed
    assert (change.op, change.label, change.deleted_first) == ("replace", "rds/Instance database", False)
    assert change.replace_reasons == ("storageEncrypted",)
    assert (change.before.props["storageEncrypted"], change.after.props["storageEncrypted"]) == (False, True)


def test_text_before_the_digest_is_passed_over(printed):
    warned = "warning: {this} is no {JSON}\n" + json.dumps({"level": "warning"}) + "\n" + printed
    assert digest.read(warned) == digest.read(printed)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is nothing in it"),
        ("Previewing update (dev):", "there is no JSON in it"),
        ('{"version": 3, "deployment": {}}', "an export of a stack's state"),
        ('{"sequence": 1, "preludeEvent": {}}\n{"sequence": 2}', "an event stream"),
        ('{"Resources": {}}', "some other JSON (its keys: Resources)"),
        ('{"steps": []}', "it ended before the program ran"),
        ('{"steps": {}}', "some other JSON"),
        ('{"steps": [7]}', "step 1 is 7"),
        ('{"steps": [{"op": "same", "urn": "x"}]}', "its urn is 'x'"),
        ('{"steps": [{"op": "vanish", "urn": "urn:pulumi:a::b::c::d", "oldState": {"urn": "x"}}]}', "'vanish'"),
        ('{"steps": [{"op": "same", "urn": "urn:pulumi:a::b::c::d"}]}', "neither an old nor a new state"),
        ('{"steps": ' + "[" * 100_000, "nested deeper"),
    ],
)
def test_what_is_no_preview_is_refused_in_a_sentence(text, sentence):
    with pytest.raises(digest.NotAPreview, match=None) as refused:
        digest.read(text)
    assert sentence in str(refused.value)


def test_a_digest_that_is_cut_off_is_refused_with_its_line(printed):
    with pytest.raises(digest.NotAPreview, match=r"cut off at line \d+"):
        digest.read(printed[: len(printed) // 2])
