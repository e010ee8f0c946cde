"""Previews that no engine prints: each is reviewed, or refused in a sentence; nothing of it breaks out of a writer."""

import copy
import importlib
import json
import random
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from infra.review import costs, digest, machine, markdown, page, terminal
from infra.review.digest import _OPS, _READS, _REPLACES, NotAPreview
from infra.review.finding import Section, Verdict
from infra.review.review import FINDERS, review
from local.engine import Engine
from local.folder import StackFolder
from operations.review_marker import marker
from tests.review.previewed import digest_of
from tests.review.written import HOSTILE

pytestmark = pytest.mark.timeout(900)  # the digests are real ones

VALID = Draft202012Validator(json.loads(Path("docs/review.schema.json").read_text(encoding="utf-8")))
OPS = [*_OPS, *_READS, *_REPLACES]
SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "x"}
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
#: In the place of any value: other types, nothing, the engine's own marks, text that other readers choke on.
ODD = (
    *(
        None,
        True,
        False,
        0,
        -1,
        10**400,
        1e308,
        "",
        " ",
        "[]",
        "{}",
        "[null]",
        '{"Statement": [null, "", {"Action": 7}]}',
    ),
    *([], {}, [None], [[]], [{}], {"": None}, {"a": {"b": [1, "c"]}}, "[secret]", UNKNOWN, SECRET, "x" * 100_000),
    *("*", "0.0.0.0/0", "::/0", "1e999", "NaN", "arn:aws:iam::1:root", "aws:rds/instance:Instance", "[" * 5_000),
    *HOSTILE,
)


def prod():
    """The digest of this project's own largest stack, where nothing changes."""
    with tempfile.TemporaryDirectory(prefix="backlog-") as root:
        engine = Engine("prod", StackFolder(Path(root)))
        with engine.opened() as stack:
            stack.up()
        return engine.digest()


def of_pairs():
    """A digest of each module of pairs: its last one, which has most to say."""
    for file in sorted((Path(__file__).parent / "pairs").glob("[a-z]*.py")):
        pair = importlib.import_module(f"tests.review.pairs.{file.stem}").PAIRS[-1]
        yield digest_of(pair.before, pair.after)


class Digests(list):
    """Without the megabytes of its own representation, which Hypothesis writes for each example."""

    def __repr__(self):
        return f"{len(self)} digests"


@pytest.fixture(scope="module")
def digests():
    found = Digests(json.loads(text) for text in (prod(), *of_pairs()))
    for one in found:
        for step in one["steps"]:
            for side in ("oldState", "newState"):
                (step.get(side) or {}).pop("stackTrace", None)  # most of the text, and never read
    return found


def places(value, path=()):
    """Each place in a document, by its keys."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from places(part, (*path, key))


def put(document, path, change):
    """Change the value at a place; a text that is JSON is sometimes changed within."""
    *above, last = path
    for key in above:
        document = document[key]
    if change is None:
        del document[last]
    else:
        document[last] = change(document[last])


def mutated(document, dice):
    """A digest with changes that come in any number and anywhere, most of them in a resource's properties."""
    document = copy.deepcopy(document)
    for step in dice.choices(document["steps"], k=dice.choice((1, 3, 10, 40))):
        if dice.random() < 0.4:
            step["op"] = dice.choice(OPS)
        if dice.random() < 0.2:
            step[dice.choice(("oldState", "newState"))] = dice.choice((None, {}, step.get("oldState")))
        within = dice.choice(
            [found for found in (step.get("oldState"), step.get("newState")) if isinstance(found, dict) and found]
            or [step]
        )
        if dice.random() < 0.7 and isinstance(within.get("inputs"), dict) and within["inputs"]:
            within = within["inputs"]
        if dice.random() < 0.05:
            within = document
        put_somewhere(within, dice)
    return document


def put_somewhere(within, dice):
    path = dice.choice(list(places(within)) or [None])
    if path is None:
        return
    kind = dice.random()
    if kind < 0.1:
        put(within, path, None)
    elif kind < 0.3:
        put(within, path, lambda old: in_text(old, dice))
    elif kind < 0.4:
        put(within, path, lambda old: dice.choice(([old], [old, old], {"a": old}, str(old), json.dumps(old))))
    else:
        put(within, path, lambda _: copy.deepcopy(dice.choice(ODD)))


def in_text(text, dice):
    """Policies and containers are JSON in a text."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return copy.deepcopy(dice.choice(ODD))
    if isinstance(found, dict | list) and found:
        put_somewhere(found, dice)
    return json.dumps(found)


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
@given(seed=st.integers(0, 2**64))
def test_a_preview_of_any_shape_is_reviewed_or_refused(digests, seed):
    dice = random.Random(seed)  # noqa: S311 - chance, and no secret
    document = mutated(dice.choice(digests), dice)
    try:
        preview = digest.of_digest(document)
    except NotAPreview:
        return
    for find in FINDERS:
        list(find(preview))
    beside = costs.delta(preview.before, preview.after, "us-east-1")
    written_by_all(review(preview, beside))


def written_by_all(found):
    comment = markdown.write(found)
    assert comment.encode()
    assert len(comment) <= markdown.LONGEST
    assert marker(comment).fingerprint == found.fingerprint
    VALID.validate(json.loads(machine.write(found)))
    assert page.write(found).encode()
    for text in (terminal.write(found, width=80), terminal.write(found, everything=True)):
        assert text.encode()
        assert not {unicodedata.category(sign) for sign in text.replace("\n", "")} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda of: st.lists(of) | st.dictionaries(st.text(), of)
    )
)
def test_any_json_is_no_preview(value):
    with pytest.raises(NotAPreview):
        digest.read(json.dumps(value))


@settings(max_examples=100, deadline=None)
@given(st.text() | st.text(alphabet='{}[]":,steps \n\\u0'))
def test_any_text_is_no_preview(text):
    with pytest.raises(NotAPreview):
        digest.read(text)


def test_a_check_that_fails_is_told_as_a_danger_and_the_others_have_their_say(digests, monkeypatch):
    def broken(preview):
        raise KeyError(preview.stack)

    monkeypatch.setattr("infra.review.review.FINDERS", (broken, *FINDERS))
    found = review(digest.of_digest(digests[-1]))
    assert found.verdict is Verdict.DANGEROUS
    (failed,) = found.of(Section.FAILED)
    assert "failed to look for test fuzz" in failed.title
    assert len(found.findings) > 1


def test_json_that_is_nested_too_deep_in_a_text_is_no_traceback(digests):
    document = copy.deepcopy(digests[0])
    for step in document["steps"]:
        for name in step["newState"].get("inputs") or {}:
            step["op"] = "update"
            step["newState"]["inputs"][name] = '{"Statement": ' + "[" * 900 + "]" * 900 + "}"
    written_by_all(review(digest.of_digest(document)))
