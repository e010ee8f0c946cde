"""Who is let in that was not, to take a role or to use a resource, and who is let in no longer."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from infra.review.finding import Verdict
from infra.review.grants import Grant, Span, account_of, uncovered
from infra.review.grants_said import conditions_said, listed, said
from infra.review.principals import (
    nobody_rules,
    weight_of_new_guard,
    weight_of_no_guard,
    weight_of_trust,
    weight_of_use,
)
from infra.review.rights import Compared, Item, Weight, broad


def of_trust(holder: Compared) -> Iterator[Item]:
    """Who may take a role."""
    old, new = holder.held("trust")
    now = "" if holder.comes else "now "
    for one in uncovered(new.allowed, old.allowed):
        weight = weight_of_trust(one, old.allowed, holder.own, new=holder.comes)
        if weight.verdict is Verdict.LOOK and account_of(one.who.pattern) and (why := broad(holder.rights[1])):
            weight = Weight(Verdict.DANGEROUS, f"the role has wide rights ({why})")
        yield Item(f"can {now}be taken by {_taker(holder, one)}", weight)
    if holder.comes or new.unknown:
        return
    for one in uncovered(old.denied, new.denied):
        weight = Weight(Verdict.DANGEROUS, "a denial kept it from that, whatever allows it")
        yield Item(f"is no longer denied to {_taker(holder, one)}", weight)
    still = {one.who for one in new.allowed}
    for one in uncovered(old.allowed, new.allowed):
        if one.who in still:
            weight = Weight(Verdict.LOOK)
            yield Item(f"can no longer always be taken by {_taker(holder, one)}", weight, gain=False)
        else:
            yield Item(f"can no longer be taken by {_taker(holder, one)}", _kept_out(holder, one), gain=False)
    for one in uncovered(new.denied, old.denied):
        yield Item(f"is denied to {_taker(holder, one)} from now on", Weight(Verdict.LOOK), gain=False)


def of_resource(holder: Compared) -> Iterator[Item]:
    """Who may use a resource, by its own policy."""
    old, new = holder.held("resource")
    names, own = holder.sides.names, holder.own
    before, after = _on_itself(old.allowed), _on_itself(new.allowed)
    let_in = defaultdict[tuple[Weight, Span], list[Grant]](list)
    for one in uncovered(after, before):
        let_in[weight_of_use(one, before, own, new=holder.comes), one.who].append(one)
    for (weight, who), some in let_in.items():
        lets = "lets" if holder.comes else "now lets"
        yield Item(f"{lets} {names.who(who)} call {'; '.join(said(some, names, here=True))}", weight)
    if holder.comes:
        return
    if not new.unknown:
        for one in uncovered(_on_itself(old.denied), _on_itself(new.denied)):
            weight = weight_of_no_guard(one, new.allowed, own)
            yield Item(f"no longer refuses {_refused(holder, one)}", weight)
        shut_out = defaultdict[Span, list[Grant]](list)
        for one in uncovered(before, after):
            shut_out[one.who].append(one)
        for who, some in shut_out.items():
            phrase = f"no longer lets {names.who(who)} call {'; '.join(said(some, names, here=True))}"
            yield Item(phrase, Weight(Verdict.LOOK), gain=False)
        if ":aws:kms/" in holder.holder and nobody_rules(new.allowed) and not nobody_rules(old.allowed) and new.allowed:
            weight = Weight(Verdict.DANGEROUS, "nobody may change its policy any more, and only AWS can give that back")
            yield Item("locks the account out", weight, gain=False)
    for one in uncovered(_on_itself(new.denied), _on_itself(old.denied)):
        yield Item(f"refuses {_refused(holder, one)} from now on", weight_of_new_guard(one), gain=False)


def _kept_out(holder: Compared, lost: Grant) -> Weight:
    """What runs under a role gets no credentials where its service may not take it."""
    for user in holder.sides.preview.dependents(holder.holder):
        if user.after is not None and lost.who.pattern == f"Service:{_TAKEN_BY.get(user.type)}":
            return Weight(Verdict.DANGEROUS, f"{user.label} runs under it, and gets no credentials")
    return Weight(Verdict.LOOK)


_TAKEN_BY: Final = {
    "aws:ecs/taskDefinition:TaskDefinition": "ecs-tasks.amazonaws.com",
    "aws:iam/instanceProfile:InstanceProfile": "ec2.amazonaws.com",
    "aws:lambda/function:Function": "lambda.amazonaws.com",
    "aws:scheduler/schedule:Schedule": "scheduler.amazonaws.com",
    "aws:sfn/stateMachine:StateMachine": "states.amazonaws.com",
}


def _taker(holder: Compared, one: Grant) -> str:
    when = conditions_said(one.conditions)
    how = "" if one.action.pattern in _TAKES else f" ({one.action.shown})"
    return f"{holder.sides.names.who(one.who)}{how}{f' if {when}' if when else ''}"


_TAKES: Final = ("sts:assumerole", "sts:assumerolewithwebidentity", "sts:assumerolewithsaml")


def _refused(holder: Compared, one: Grant) -> str:
    who = holder.sides.names.who(one.who)
    return f"{'' if who == 'anyone' else f'{who} '}{listed(said([one], holder.sides.names, here=True))}"


def _on_itself(of: Iterable[Grant]) -> frozenset[Grant]:
    """A resource's policy is of nothing else: that it names itself by `*` or by its ARN is the same."""
    return frozenset(replace(one, resource=_itself(one.resource)) for one in of)


def _itself(span: Span) -> Span:
    """The paths of a bucket's objects stay apart."""
    if span.pattern.startswith("arn:") and ":s3:" in span.pattern and "/" in span.pattern:
        return Span("/" + span.pattern.partition("/")[2], span.but)
    return span if span.but else Span("*")
