"""From a cause to what follows: what the engine's previews don't show at will, from changes made by hand."""

from dataclasses import replace

import pytest

from infra.policy.resources import UNKNOWN
from infra.review.causes import find
from infra.review.preview import Change, Preview, State


def state(name, props=None, *, links=None, outputs=None, provider=""):
    return State(
        type="aws:x/y:Y",
        urn=f"urn:{name}",
        props=props or {},
        links={prop: tuple(f"urn:{one}" for one in names) for prop, names in (links or {}).items()},
        outputs=outputs or {},
        declared=frozenset(props or {}),
        provider=provider,
    )


def change(name, op="update", before=None, after=None, *, reasons=(), replaces=(), links=None, outputs=({}, {})):
    sides = [
        None if gone else state(name, props, links=links, outputs=values)
        for props, values, gone in (
            (before, outputs[0], op == "create"),
            (after, outputs[1], op == "delete"),
        )
    ]
    return Change(urn=f"urn:{name}", op=op, before=sides[0], after=sides[1], reasons=reasons, replace_reasons=replaces)


def told(*changes):
    return [(one.title, one.details) for one in find(Preview("test", changes))]


def replaced(name, prop="name"):
    return change(name, "replace", {prop: "a"}, {prop: "b"}, reasons=(prop,), replaces=(prop,))


def test_a_value_that_is_not_known_yet_is_followed_to_an_update():
    image = change("image", "update", {"context": "a"}, {"context": "b"}, reasons=("context",))
    task = change("task", "replace", {"image": "a"}, {"image": UNKNOWN}, reasons=("image",), links={"image": ["image"]})
    assert told(image, task) == [
        (
            "x/Y urn:image is updated because of context; 1 resource follows: 1 replaced",
            ("-> x/Y urn:task is replaced: image",),
        )
    ]


def test_an_update_is_no_cause_where_its_outputs_stay():
    queue = change(
        "queue", "update", {"delay": 1}, {"delay": 2}, reasons=("delay",), outputs=({"url": "u" * 9}, {"url": "u" * 9})
    )
    task = change("task", "update", {"env": "1"}, {"env": "2"}, reasons=("env",), links={"env": ["queue"]})
    assert told(queue, task) == []


def test_an_update_is_a_cause_where_a_new_output_of_it_arrives():
    image = change(
        "image", "update", {"c": 1}, {"c": 2}, reasons=("c",), outputs=({"ref": "repo@one"}, {"ref": "repo@two"})
    )
    task = change(
        "task", "update", {"env": "repo@one"}, {"env": "[repo@two]"}, reasons=("env",), links={"env": ["image"]}
    )
    assert len(told(image, task)) == 1


def test_a_follower_says_what_it_has_of_its_own():
    role = replaced("role")
    task = change(
        "task",
        "replace",
        {"role": "a", "cpu": 1},
        {"role": "b", "cpu": 2},
        reasons=("role", "cpu"),
        links={"role": ["role"]},
    )
    ((_, details),) = told(role, task)
    assert details == ("-> x/Y urn:task is replaced: role; and for its own: cpu",)


def test_of_two_causes_one_is_followed_and_the_other_named():
    user = change("user", "update", {"p": "a"}, {"p": "b"}, reasons=("p",), links={"p": ["one", "two"]})
    found = told(replaced("one"), replaced("two"), user)
    assert [details for _, details in found] == [("-> x/Y urn:user is updated: p (and x/Y urn:one)",)]


def test_what_loses_its_value_follows_from_the_end_of_that():
    gone = change("gone", "delete", {"a": 1})
    user = change("user", "update", {"p": "a"}, {}, reasons=("p",))
    user = replace(user, before=replace(user.before, links={"p": ("urn:gone",)}))
    assert [title for title, _ in told(gone, user)] == ["x/Y urn:gone is deleted; 1 resource follows: 1 updated"]


def test_a_dependency_that_carries_no_difference_is_none():
    user = change("user", "update", {"p": "a", "q": 1}, {"p": "a", "q": 2}, reasons=("q",), links={"p": ["one"]})
    assert told(replaced("one"), user) == []


def test_a_circle_ends():
    one = change("one", "replace", {"p": "a"}, {"p": "b"}, reasons=("p",), links={"p": ["two"]})
    two = change("two", "replace", {"p": "a"}, {"p": "b"}, reasons=("p",), links={"p": ["one"]})
    assert len(told(one, two)) == 1


@pytest.mark.parametrize("shape", ["chain", "star"])
def test_five_thousand_followers_are_told_as_one(shape):
    root = replaced("0")
    rest = [
        change(
            str(at),
            "replace",
            {"p": "a"},
            {"p": "b"},
            reasons=("p",),
            links={"p": [str(at - 1 if shape == "chain" else 0)]},
        )
        for at in range(1, 5_000)
    ]
    ((title, details),) = told(root, *rest)
    assert "4,999 resources follow" in title
    assert details[-1] == "and 4,899 more"
    assert max(map(len, details)) < 100


def test_a_provider_of_another_version_is_a_reason():
    root = Change(
        urn="urn:root",
        op="replace",
        before=state("root", {"a": 1}, provider="one"),
        after=state("root", {"a": 1}, provider="two"),
    )
    user = change("user", "update", {"p": "a"}, {"p": "b"}, reasons=("p",), links={"p": ["root"]})
    ((title, _),) = told(root, user)
    assert "is replaced because its provider changed" in title


def test_many_that_change_for_the_same_reason_are_told_together():
    changes = []
    for at in range(5):
        changes.append(replaced(f"root{at}"))
        changes.append(
            change(f"user{at}", "update", {"p": "a"}, {"p": "b"}, reasons=("p",), links={"p": [f"root{at}"]})
        )
    ((title, details),) = told(*changes)
    assert title == "5 of x/Y are replaced because of name; 5 resources follow: 5 updated"
    assert details[:2] == ("x/Y urn:root0", "  -> x/Y urn:user0 is updated: p")
    assert len(told(*changes[:6])) == 3
