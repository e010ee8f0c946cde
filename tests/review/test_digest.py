"""What a digest is read from, and what is refused."""

import json

import pytest

from infra.review import digest
from infra.review.fingerprint import fingerprint
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


SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
URN = "urn:pulumi:test::backlog::aws:rds/instance:Instance::database"
STATE = {"urn": URN, "type": "aws:rds/instance:Instance", "custom": True, "inputs": {"port": 5432}}


def changes(*steps):
    found = [{"urn": URN, **step} for step in steps]
    return [(change.op, change.pending) for change in digest.of_digest({"steps": found}).changes]


def test_the_rest_of_an_update_that_broke_off_is_no_replacement():
    left = {"op": "delete-replaced", "oldState": {**STATE, "delete": True, "id": "first"}}
    second = {**STATE, "id": "second"}
    same = {"op": "same", "oldState": second, "newState": second}
    assert changes(same, left) == [("same", False), ("delete", True)]
    made = {"op": "create-replacement", "oldState": second, "newState": STATE}
    gone = {"op": "delete-replaced", "oldState": {**second, "delete": True}}
    assert changes(made, gone, left) == [("replace", False), ("delete", True)]


def test_what_has_an_alias_has_one_name_on_both_sides():
    old, other = URN.replace("database", "old"), URN.replace("database", "other")
    renamed = {"urn": URN, "op": "same", "oldState": {**STATE, "urn": old}, "newState": STATE}
    sides = (
        {**STATE, "urn": other, "propertyDependencies": {"port": [urn]}, "dependencies": [urn]} for urn in (old, URN)
    )
    user = dict(zip(("oldState", "newState"), sides, strict=True))
    found = digest.of_digest({"steps": [renamed, {"urn": other, "op": "update", **user}]}).by_urn
    assert found[URN].before.urn == URN
    assert found[other].before.links == found[other].after.links == {"port": (URN,)}
    assert found[other].before.dependencies == (URN,)


def test_what_was_only_read_is_forgotten():
    assert changes({"op": "read-discard", "oldState": STATE}) == [("forget", False)]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ({"op": "create", "oldState": STATE}, "is 'create', and has no newState"),
        ({"op": "delete", "newState": STATE}, "is 'delete', and has no oldState"),
        ({"op": "replace", "newState": STATE}, "shows only one of the two"),
        ({"op": ["create"], "newState": STATE}, "which this review does not know"),
    ],
)
def test_a_step_without_what_it_is_about_is_refused(step, sentence):
    with pytest.raises(digest.NotAPreview) as refused:
        changes(step)
    assert sentence in str(refused.value)


def test_what_is_nested_too_deep_is_not_known():
    deep = json.loads("[" * 900 + "]" * 900)
    state = {**STATE, "inputs": {"deep": deep}}
    preview = digest.of_digest({"steps": [{"urn": URN, "op": "create", "newState": state}]})
    assert "nested deeper" in str(preview.changes[0].after.props)


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None], [[]], {"a": None}, True, SECRET])
@pytest.mark.parametrize(
    "key", ["urn", "type", "inputs", "outputs", "dependencies", "propertyDependencies", "parent", "provider", "id"]
)
def test_a_state_of_any_shape_is_read(key, odd):
    (change,) = digest.of_digest({"steps": [{"urn": URN, "op": "create", "newState": {**STATE, key: odd}}]}).changes
    assert (change.urn, change.name) == (URN, "database")
    assert isinstance(change.after.props, dict)
    assert isinstance(change.after.outputs, dict)


def test_the_order_of_steps_and_of_whence_a_value_comes_is_of_no_matter():
    urns = [URN + str(at) for at in range(3)]
    steps = [
        {"urn": urn, "op": "create", "newState": {**STATE, "urn": urn, "propertyDependencies": {"port": urns}}}
        for urn in urns
    ]
    one = digest.of_digest({"steps": steps})
    urns.reverse()
    steps.reverse()
    assert digest.of_digest({"steps": steps}) == one
    assert fingerprint(digest.of_digest({"steps": steps})) == fingerprint(one)
