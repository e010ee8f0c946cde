"""Policy documents in one form, and which grant covers which."""

import json

import pytest

from infra.review.grants import Grant, Span, Unreadable, bounded, fits, grants, principal, relaxed, uncovered

OWN = "123456789012"


def of(*statements, own=OWN):
    return grants(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), own)


def allow(action, on="*", effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": on, **more}


def when(**operators):
    return {"Condition": operators}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([allow(["a:B", "a:C"])], [allow("a:C"), allow("a:B")]),
        ([allow("a:B", "x")], [allow(["A:b"], ["x"], Sid="Named")]),
        ([allow("a:B", **when(Bool={"aws:X": True}))], [allow("a:B", **when(Bool={"AWS:x": "true"}))]),
        (
            [allow("a:B", **when(StringEquals={"k": ["1", "2"]}))],
            [allow("a:B", **when(StringEquals={"k": ["2", "1"]}))],
        ),
        ([allow("a:B", Principal={"AWS": OWN})], [allow("a:B", Principal={"AWS": [f"arn:aws:iam::{OWN}:root"]})]),
        ([allow("a:B", Principal="*")], [allow("a:B", Principal={"AWS": "*"})]),
    ],
)
def test_the_same_in_other_words_is_the_same(one, other):
    assert of(*one) == of(*other)


def covers(broad, narrow):
    return not uncovered(of(narrow), of(broad))


@pytest.mark.parametrize(
    ("broad", "narrow"),
    [
        (allow("sqs:*"), allow("sqs:SendMessage")),
        (allow("sqs:*"), allow("sqs:Send*")),
        (allow("*"), allow("sqs:*")),
        (allow("sqs:Send?essage"), allow("sqs:SendMessage")),
        (allow("s3:GetObject", "arn:aws:s3:::d/*"), allow("s3:GetObject", "arn:aws:s3:::d/a/*")),
        (allow("a:B"), allow("a:B", **when(StringEquals={"k": "1"}))),
        (allow("a:B", **when(StringEquals={"k": ["1", "2"]})), allow("a:B", **when(StringEquals={"k": "1"}))),
        (allow("a:B", **when(StringLike={"k": "x-*"})), allow("a:B", **when(StringEquals={"k": "x-1"}))),
        (allow("a:B", **when(StringNotEquals={"k": "1"})), allow("a:B", **when(StringNotEquals={"k": ["1", "2"]}))),
        (allow("a:B", **when(StringEqualsIfExists={"k": "1"})), allow("a:B", **when(StringEquals={"k": "1"}))),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, allow("sqs:SendMessage")),
        (
            {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"},
            {"Effect": "Allow", "NotAction": ["iam:*", "sts:*"], "Resource": "*"},
        ),
        (
            allow("a:B", Principal={"AWS": "210987654321"}),
            allow("a:B", Principal={"AWS": "arn:aws:iam::210987654321:role/x"}),
        ),
    ],
)
def test_the_broad_covers_the_narrow_and_not_the_other_way_round(broad, narrow):
    assert covers(broad, narrow)
    assert not covers(narrow, broad)


def test_a_not_action_has_nothing_of_what_it_leaves_out():
    but_iam = {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}
    assert not covers(but_iam, allow("iam:GetRole"))
    assert not covers(but_iam, allow("*"))
    assert covers(allow("*"), but_iam)


def test_the_account_itself_covers_none_of_its_roles():
    root, one = ({"AWS": f"arn:aws:iam::{OWN}:{who}"} for who in ("root", "role/x"))
    assert not covers(allow("a:B", Principal=root), allow("a:B", Principal=one))


def test_denials_and_allowances_never_cover_each_other():
    assert not covers(allow("*"), allow("a:B", effect="Deny"))


def test_a_condition_that_went_is_found():
    before = of(allow("a:B", **when(StringEquals={"k": "1"})))
    (after,) = of(allow("a:*"))
    assert relaxed(after, before) == frozenset()  # it is not the same action
    (after,) = of(allow("a:B"))
    assert relaxed(after, before) == {("stringequals", "k", frozenset({"1"}))}


def test_a_boundary_leaves_what_both_allow():
    left = bounded(of(allow("*"), allow("iam:PassRole")), of(allow(["sqs:*", "s3:GetObject"], "arn:aws:x")))
    assert {(one.action.pattern, one.resource.pattern) for one in left} == {
        ("sqs:*", "arn:aws:x"),
        ("s3:getobject", "arn:aws:x"),
    }


@pytest.mark.parametrize(
    ("kind", "name", "written"),
    [
        ("AWS", OWN, f"AWS:{OWN}:root"),
        ("AWS", "210987654321", "AWS:210987654321:*"),
        ("AWS", "arn:aws-cn:iam::210987654321:user/a/b", "AWS:210987654321:user/a/b"),
        ("AWS", "AROAEXAMPLE", "AWS:AROAEXAMPLE"),
        ("Service", "sns.amazonaws.com", "Service:sns.amazonaws.com"),
        ("AWS", "*", "*"),
    ],
)
def test_a_principal_is_written_in_one_way(kind, name, written):
    assert principal(kind, name, OWN) == written


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "7",
        '{"Statement": ["x"]}',
        '{"Statement": [{"Action": "a:B"}]}',
        '{"Statement": {"Effect": "Maybe"}}',
        "[" * 100_000,
        json.dumps(
            {
                "Statement": {
                    "Effect": "Allow",
                    "Action": [f"a:{n}" for n in range(100)],
                    "Resource": [*map(str, range(100))],
                }
            }
        ),
    ],
)
def test_what_is_no_policy_is_refused(text):
    with pytest.raises(Unreadable):
        grants(text)


def test_an_empty_policy_grants_nothing():
    assert grants("") == grants("{}") == grants({"Statement": []}) == frozenset()


def test_a_pattern_of_many_wildcards_takes_no_time():
    assert not fits("*a" * 200 + "b", "a" * 5_000)


def test_patterns_meet_where_a_name_may_be_of_both():
    assert Span("a*").meets(Span("*b"))
    assert not Span("a*").meets(Span("b*"))
    assert not Span("*", ("iam:*",)).meets(Span("iam:PassRole"))
    assert Grant(True, Span(""), Span("a:*"), Span("x*")).meets(Grant(False, Span(""), Span("*"), Span("*y")))
