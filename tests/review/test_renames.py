"""Which of those that go and come are one, and what is to be said so that they stay."""

from dataclasses import replace

import pytest

from infra.policy.resources import SECRET
from infra.review.finding import Section, Verdict
from infra.review.preview import Preview
from infra.review.renames import find
from infra.review.review import review
from tests.review import hand_built

LOOK, DANGEROUS, SAFE = Verdict.LOOK, Verdict.DANGEROUS, Verdict.SAFE
QUEUE, RULE = "aws:sqs/queue:Queue", "aws:cloudwatch/eventRule:EventRule"
POLICY = "aws:sqs/queuePolicy:QueuePolicy"
STACK = "urn:pulumi:test::backlog::pulumi:pulumi:Stack::backlog-test"


def state(type_, name, props=None, parent="", *, declared=None, links=None, **more):
    props = {"delaySeconds": 1} if props is None else props
    one = hand_built.state(type_, name, props, links, parent=parent or STACK, **more)
    above = f"{parent.split('::')[2]}$" if parent else ""
    return replace(
        one, urn=hand_built.urn(f"{above}{type_}", name), declared=frozenset(props if declared is None else declared)
    )


def told(gone, come, *others):
    changes = [hand_built.change(one, None) for one in gone] + [hand_built.change(None, one) for one in come]
    return list(find(Preview("test", (*changes, *(hand_built.change(one, one) for one in others)))))


def test_a_rename_is_told_with_its_alias():
    (one,) = told([state(QUEUE, "old")], [state(QUEUE, "new")])
    assert (one.verdict, one.section) == (DANGEROUS, Section.DATA_LOSS)
    assert "with the same inputs" in one.title
    assert 'sqs/Queue new needs opts=pulumi.ResourceOptions(aliases=[pulumi.Alias(name="old")])' in one.details[0]


def test_names_that_pulumi_makes_up_are_no_difference():
    sides = [
        state(QUEUE, name, {"name": f"{name}-{made}", "delaySeconds": 1}, declared={"delaySeconds"})
        for name, made in (("old", "1a2b3c4"), ("new", "5d6e7f8"))
    ]
    assert len(told(sides[:1], sides[1:])) == 1
    untold = [replace(side, declared=frozenset()) for side in sides]
    assert len(told(untold[:1], untold[1:])) == 1


def test_another_given_name_is_told_as_what_would_replace_it():
    sides = [state(QUEUE, name, {"name": name, "delaySeconds": 1}) for name in ("old", "new")]
    (one,) = told(sides[:1], sides[1:])
    assert "the same but for its name" in one.title
    assert one.details[1] == "and keep name = 'old': another one replaces it"


def test_one_name_for_both_is_said_not_to_be_free():
    sides = [state(QUEUE, name, {"name": "jobs"}) for name in ("old", "new")]
    (one,) = told(sides[:1], sides[1:])
    assert one.details[1].startswith("if not: both are called jobs")


def test_other_inputs_are_another_resource():
    assert told([state(QUEUE, "old", {"delaySeconds": 1})], [state(QUEUE, "new", {"delaySeconds": 2})]) == []
    assert told([state(RULE, "old", {"name": "a", "x": 1})], [state(RULE, "new", {"name": "b", "x": 1})]) == []


def test_values_of_other_resources_are_compared_by_their_types():
    keys = [state("aws:kms/key:Key", name, {}) for name in ("one", "two")]
    sides = [state(QUEUE, key.name, {"kmsMasterKeyId": key.name}, links={"kmsMasterKeyId": (key.urn,)}) for key in keys]
    assert len(told(sides[:1], sides[1:], *keys)) == 1


@pytest.mark.parametrize(("props", "verdict"), [({"a": 1, "b": SECRET}, LOOK), ({"a": 1}, SAFE), ({}, SAFE)])
def test_to_be_alike_in_little_is_no_news_of_what_holds_nothing(props, verdict):
    assert [one.verdict for one in told([state(RULE, "old", props)], [state(RULE, "new", props)])] == [verdict]


def test_what_holds_nothing_and_is_of_another_thing_is_another_one():
    queues = [state(QUEUE, name, {"delaySeconds": at}) for at, name in enumerate(("one", "two"))]
    sides = [state(RULE, queue.name, {"a": 1, "b": 2}, links={"a": (queue.urn,)}) for queue in queues]
    assert told(sides[:1], sides[1:], *queues) == []


def test_what_is_of_a_thing_that_is_renamed_too_is_renamed_with_it():
    queues = [state(QUEUE, name) for name in ("one", "two")]
    sides = [state(RULE, queue.name, {"a": 1, "b": 2}, links={"a": (queue.urn,)}) for queue in queues]
    assert [one.verdict for one in told([queues[0], sides[0]], [queues[1], sides[1]])] == [DANGEROUS, LOOK]


def test_what_stays_in_the_cloud_is_not_lost():
    (one,) = told([state(QUEUE, "old", retain=True)], [state(QUEUE, "new")])
    assert one.verdict is LOOK
    assert one.title.endswith("as it stands, one is deleted and another made")


def test_a_setting_of_what_stays_is_taken_away_by_its_old_name():
    queue = state(QUEUE, "jobs")
    sides = [state(POLICY, name, {"policy": "{}"}, links={"queueUrl": (queue.urn,)}) for name in ("old", "new")]
    (one,) = told(sides[:1], sides[1:], queue)
    assert one.verdict is DANGEROUS
    assert "to AWS both are one thing" in one.title
    assert one.section is Section.DOWNTIME
    tasks = state(QUEUE, "tasks")
    sides[1] = replace(sides[1], links={"queueUrl": (tasks.urn,)})
    anew = [one for one in told([*sides[:1], queue], [*sides[1:], tasks]) if "QueuePolicy" in one.title]
    assert [one.verdict for one in anew] == [SAFE]


def component(name, type_="todos:index:Store", parent=""):
    return state(type_, name, {}, parent, custom=False)


def test_a_component_of_another_class_says_so_once_for_all_that_is_in_it():
    old, new = component("store"), component("store", "todos:shop:Shop")
    inner = [component("inner", "todos:index:Inner", side.urn) for side in (old, new)]
    gone, come = (
        [side, within, *(state(QUEUE, f"q{at}", parent=within.urn) for at in range(3))]
        for side, within in zip((old, new), inner, strict=True)
    )
    (one,) = told(gone, come)
    assert one.title.startswith("component Store store goes and Shop store comes, with 3 resources the same")
    assert 'pulumi.Alias(type_="todos:index:Store")' in one.details[0]


def test_out_of_a_component_that_stays():
    store = component("store")
    (one,) = told([state(QUEUE, "jobs", parent=store.urn)], [state(QUEUE, "jobs")], store)
    assert "moves from Store store to the stack" in one.title
    assert f'pulumi.Alias(parent="{store.urn}")' in one.details[0]


def test_those_of_one_name_belong_together():
    names = [f"q{at}" for at in range(20)]
    store = component("store")
    (one,) = told(
        [state(QUEUE, name) for name in names],
        [state(QUEUE, name, parent=store.urn) for name in reversed(names)],
        store,
    )
    assert one.title.startswith("20 resources move from the stack to Store store")
    assert not any("name=" in line for line in one.details)


def test_a_name_goes_before_the_order_of_names():
    store = component("store")
    gone = [state(QUEUE, name) for name in ("a", "b")]
    come = [state(QUEUE, name, parent=store.urn) for name in ("b", "c")]
    (one,) = told(gone, come, store)
    moved, renamed = one.details
    assert moved.endswith("pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)])")
    assert renamed.startswith("sqs/Queue c needs")
    assert renamed.endswith('pulumi.Alias(name="a", parent=pulumi.ROOT_STACK_RESOURCE)])')


def test_of_many_that_are_lost_three_are_named():
    store = component("store")
    names = [f"q{at}" for at in range(5)]
    (one,) = told(
        [state(QUEUE, name) for name in names], [state(QUEUE, name, parent=store.urn) for name in names], store
    )
    assert one.title.count("goes with the messages") == 3
    assert one.title.endswith(" and 2 more")


def test_a_parent_that_is_none_is_a_place_like_another():
    sides = [
        replace(state(QUEUE, "jobs"), parent=parent, urn=hand_built.urn(QUEUE, parent)) for parent in ("x", "y::z")
    ]
    assert len(told(sides[:1], sides[1:])) == 1


def test_thousands_are_paired():
    gone = [state(QUEUE, f"old-{at}", {"delaySeconds": at % 7, "name": "x"}) for at in range(2_500)]
    come = [state(QUEUE, f"new-{at}", {"delaySeconds": at % 7, "name": "y"}) for at in range(2_500)]
    changes = [hand_built.change(one, None) for one in gone] + [hand_built.change(None, one) for one in come]
    preview = Preview("test", tuple(changes))
    assert sum("is it a rename" in one.title for one in find(preview)) == 2_500
    assert review(preview).verdict is DANGEROUS
