"""Grants of what the embedded cloud does not have, of what can't be read, and of very many."""

import json

import pytest

from infra.policy.resources import SECRET, UNKNOWN
from infra.review import borrowed, credentials, holders, permissions
from infra.review.finding import Section, Verdict
from infra.review.preview import Change, Preview, State

OWN, OTHER = "123456789012", "210987654321"
ROLE, POLICY, USER = "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy", "aws:iam/user:User"


def urn(type_, name):
    return f"urn:pulumi:test::backlog::{type_}::{name}"


def state(type_, name, props, links=None, **more):
    more.setdefault("outputs", {"arn": f"arn:aws:iam::{OWN}:role/{name}"} if type_ == ROLE else {})
    links = {prop: tuple(urns) for prop, urns in (links or {}).items()}
    return State(type=type_, urn=urn(type_, name), props=props, links=links, **more)


def change(before, after, op=None):
    op = op or ("create" if before is None else "delete" if after is None else "same" if before == after else "update")
    return Change(urn=(after or before).urn, op=op, before=before, after=after)


def found(*changes):
    return [*permissions.find(Preview("test", changes))]


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(action, on="arn:aws:sqs:eu-central-1:123456789012:jobs", **more):
    return {"Effect": "Allow", "Action": action, "Resource": on, **more}


TRUST = document({"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"})
SEND = document(allow("sqs:SendMessage"))
EVERYTHING = document(allow("*", "*"))


def role(name="task", **props):
    return state(ROLE, name, {"name": name, "assumeRolePolicy": TRUST, **props})


def inline(policy, name="task", of="task", **more):
    return state(POLICY, name, {"role": of, "policy": policy}, {"role": [urn(ROLE, of)]}, **more)


def same(one):
    return change(one, one)


def one_of(findings, **wanted):
    (only,) = findings
    assert only.verdict is wanted["verdict"], only
    assert wanted["says"] in only.title, only.title
    return only


LOOK, DANGEROUS, SAFE = Verdict.LOOK, Verdict.DANGEROUS, Verdict.SAFE


# What can't be read


def test_a_policy_that_is_not_known_yet_says_whose_it_is_and_what_it_waits_for():
    queue = state("aws:sqs/queue:Queue", "jobs", {})
    waits = state(
        POLICY,
        "task",
        {"role": UNKNOWN, "policy": UNKNOWN},
        {"role": [urn(ROLE, "task")], "policy": [queue.urn]},
    )
    only = one_of(
        found(same(role()), change(queue, queue, "replace"), change(inline(SEND), waits)),
        verdict=LOOK,
        says="iam/RolePolicy task of iam/Role task (it takes values of sqs/Queue jobs) can't be weighed: known only",
    )
    assert only.section is Section.BLIND_SPOTS


def test_an_attached_policy_that_is_not_known_yet_is_not_passed_over():
    arn = f"arn:aws:iam::{OWN}:policy/p"
    before, after = (
        state("aws:iam/policy:Policy", "p", {"policy": text}, outputs={"arn": arn}) for text in (SEND, UNKNOWN)
    )
    links = {"role": [urn(ROLE, "task")], "policyArn": [before.urn]}
    only = found(same(role()), same(attached(arn, links=links)), change(before, after))
    one_of(only, verdict=LOOK, says="iam/Policy p of iam/Role task can't be weighed")


def test_policies_of_new_roles_that_are_not_known_yet_are_one_finding():
    new = [change(None, one) for name in "abc" for one in (role(name), inline(UNKNOWN, name, name))]
    spots = [one for one in found(*new) if one.section is Section.BLIND_SPOTS]
    assert len(one_of(spots, verdict=LOOK, says="3 policies of what is new").details) == 3


def test_of_a_secret_policy_it_is_said_that_it_may_differ():
    one_of(found(same(role()), change(inline(SECRET), inline(SECRET), "update")), verdict=LOOK, says="a secret")
    assert found(same(role()), same(inline(SECRET))) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"Statement": [7]}', 7, ["x"]])
def test_a_text_that_is_no_policy_is_said_to_be_none(text):
    one_of(found(same(role()), change(inline(SEND), inline(text))), verdict=LOOK, says="can't be weighed: ")


@pytest.mark.parametrize("shape", [None, 7, "text", [], [7], [None], {"a": UNKNOWN}, UNKNOWN, SECRET])
@pytest.mark.parametrize("prop", ["inlinePolicies", "managedPolicyArns", "permissionsBoundary", "assumeRolePolicy"])
def test_no_shape_of_a_role_stops_the_review(prop, shape):
    found(change(role(), role(**{prop: shape})), change(None, role("new", **{prop: shape})))


SHAPES = [
    None,
    7,
    "text",
    [],
    [None, 7],
    ["a", UNKNOWN],
    {"a": SECRET},
    {"policy": [1]},
    UNKNOWN,
    SECRET,
    "{",
    "[]",
    SEND,
]
PROPS = {
    **{type_: (whose, text) for type_, (whose, _, text) in holders._INLINE.items()},
    **{type_: (*(prop for prop, _ in whose if prop), arns) for type_, (whose, arns) in holders._ATTACHED.items()},
    **{type_: (text, *filter(None, [whose])) for type_, (text, whose) in holders._RESOURCE.items()},
    **{type_: (whose, "principal", "action", "operations") for type_, (whose, _) in holders._SPOKEN.items()},
    **{type_: (whose, rights) for type_, (whose, _, rights, _) in borrowed._MEMBERS.items()},
    **{type_: (whose, "status") for type_, (_, whose) in credentials._KINDS.items()},
}


@pytest.mark.parametrize("type_", PROPS)
def test_no_shape_of_what_holds_a_policy_stops_the_review(type_):
    for prop in PROPS[type_]:
        for shape in SHAPES:
            given = {**dict.fromkeys(PROPS[type_], "given"), prop: shape}
            before, after = (state(type_, "thing", props) for props in (dict.fromkeys(PROPS[type_], "given"), given))
            found(change(before, after), change(None, state(type_, "new", given)))


def test_a_document_whose_resource_is_not_known_is_weighed_by_its_actions():
    policy = {"Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": UNKNOWN}]}
    only = found(same(role()), change(inline(SEND), inline(policy)))
    assert max(one.verdict for one in only) is DANGEROUS
    policy["Statement"][0]["Action"] = UNKNOWN
    one_of(found(same(role()), change(inline(SEND), inline(policy))), verdict=LOOK, says="known only after the update")


def test_a_known_part_of_what_is_not_known_is_told():
    after = role(inlinePolicies=[{"name": "a", "policy": EVERYTHING}, {"name": "b", "policy": UNKNOWN}])
    verdicts = {one.verdict for one in found(change(role(), after))}
    assert verdicts == {LOOK, DANGEROUS}


# Other ways to have a policy


def attached(arn, kind="role", of="task", links=None):
    type_ = f"aws:iam/{kind}PolicyAttachment:{kind.title()}PolicyAttachment"
    return state(type_, "attached", {kind: of, "policyArn": arn}, links)


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


@pytest.mark.parametrize(
    "given",
    [
        attached(ADMINISTRATOR),
        state("aws:iam/policyAttachment:PolicyAttachment", "p", {"roles": ["task"], "policyArn": ADMINISTRATOR}),
        state(
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            "p",
            {"roleName": "task", "policyArns": [ADMINISTRATOR]},
        ),
        inline(EVERYTHING),
    ],
)
def test_an_administrator_is_one_in_each_way_to_become_it(given):
    one_of(found(same(role()), change(None, given)), verdict=DANGEROUS, says="it can do everything")
    lost = found(same(role()), change(given, None))
    one_of(lost, verdict=LOOK, says="iam/Role task loses")


@pytest.mark.parametrize("name", ["PowerUserAccess", "IAMFullAccess", "AmazonEC2FullAccess", "AWSLambda_FullAccess"])
def test_broad_policies_of_aws_are_known_by_their_names(name):
    arn = f"arn:aws:iam::aws:policy/{name}"
    one_of(found(same(role()), change(None, attached(arn))), verdict=DANGEROUS, says=f"gets the policy {name}")


def test_a_policy_of_another_stack_can_not_be_weighed():
    arn = f"arn:aws:iam::{OWN}:policy/AdministratorAccess"
    one_of(found(same(role()), change(None, attached(arn))), verdict=LOOK, says="can't be seen in this stack")


def test_who_can_do_everything_gains_nothing_by_a_right():
    assert found(same(role()), same(attached(ADMINISTRATOR)), change(None, inline(SEND))) == []


def test_roles_that_share_a_policy_are_one_finding():
    type_, arn = "aws:iam/policy:Policy", f"arn:aws:iam::{OWN}:policy/shared"
    before, after = (state(type_, "shared", {"policy": text}, outputs={"arn": arn}) for text in (SEND, EVERYTHING))
    roles = [role(name) for name in "abcdef"]
    attachments = [
        state(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            one.name,
            {"role": one.name, "policyArn": arn},
            {"role": [one.urn], "policyArn": [before.urn]},
        )
        for one in roles
    ]
    only = found(change(before, after), *map(same, [*roles, *attachments]))
    one_of(only, verdict=DANGEROUS, says="each of 6 (iam/Role a, iam/Role b, iam/Role c and 3 more) may now call *")


def test_a_policy_that_the_stack_gives_to_nobody_is_told_of_itself():
    type_ = "aws:iam/policy:Policy"
    before, after = (state(type_, "shared", {"policy": text}) for text in (SEND, EVERYTHING))
    one_of(found(change(before, after)), verdict=DANGEROUS, says="iam/Policy shared may now call *")


def test_what_pulumi_leaves_in_the_cloud_is_not_lost():
    assert found(same(role()), change(inline(SEND, retain=True), None)) == []
    assert found(same(role()), change(inline(SEND), None, "forget")) == []


def test_what_is_imported_may_what_it_might_before():
    assert found(change(None, role(), "import"), change(None, inline(EVERYTHING), "import")) == []


def test_a_role_of_another_stack_is_called_by_its_name():
    policy = state(POLICY, "p", {"role": "elsewhere", "policy": EVERYTHING})
    one_of(found(change(None, policy)), verdict=DANGEROUS, says="elsewhere (not of this stack) may now call *")


def test_a_queue_that_is_replaced_is_the_same_to_who_sends_to_it():
    old, new = (f"arn:aws:sqs:eu-central-1:{OWN}:{name}" for name in ("jobs", "jobs.fifo"))
    queue = state("aws:sqs/queue:Queue", "jobs", {}, outputs={"arn": old})
    before, after = (
        state(
            POLICY,
            "task",
            {"role": "task", "policy": document(allow("sqs:SendMessage", arn))},
            {"role": [urn(ROLE, "task")], "policy": [queue.urn]},
        )
        for arn in (old, new)
    )
    assert found(same(role()), change(queue, queue, "replace"), change(before, after)) == []
    assert found(same(role()), same(queue), change(before, after))


def test_a_boundary_holds_back_what_a_policy_would_allow():
    limit = state("aws:iam/policy:Policy", "limit", {"policy": SEND}, outputs={"arn": "arn:aws:iam::1:policy/limit"})
    bounded = state(
        ROLE,
        "task",
        {"assumeRolePolicy": TRUST, "permissionsBoundary": "arn:aws:iam::1:policy/limit"},
        {"permissionsBoundary": [limit.urn]},
    )
    wide = document(allow("*", "*"))
    only = found(same(limit), same(bounded), change(None, inline(wide)))
    one_of(only, verdict=LOOK, says="may now call sqs:SendMessage on")


@pytest.mark.parametrize(
    ("allowed", "denied", "verdict"),
    [
        (allow("sqs:SendMessage"), "sqs:SendMessage", LOOK),
        (allow("sqs:*"), "sqs:DeleteQueue", DANGEROUS),
        (allow("*", "*"), "*", DANGEROUS),
        (allow("sqs:SendMessage"), "s3:*", LOOK),
    ],
)
def test_a_denial_that_goes_weighs_what_it_kept_back(allowed, denied, verdict):
    denial = {"Effect": "Deny", "Action": denied, "Resource": "*"}
    before, after = (inline(document(*some)) for some in ([allowed, denial], [allowed]))
    one_of(found(same(role()), change(before, after)), verdict=verdict, says=f"is no longer denied {denied} on")


# Resources


@pytest.mark.parametrize(
    ("type_", "props", "verdict"),
    [
        (
            "aws:lambda/permission:Permission",
            {"function": "f", "action": "lambda:InvokeFunction", "principal": OTHER},
            DANGEROUS,
        ),
        (
            "aws:lambda/permission:Permission",
            {"function": "f", "action": "lambda:InvokeFunction", "principal": "s3.amazonaws.com", "sourceAccount": OWN},
            LOOK,
        ),
        (
            "aws:kms/grant:Grant",
            {"keyId": "k", "granteePrincipal": f"arn:aws:iam::{OTHER}:role/x", "operations": ["Decrypt"]},
            DANGEROUS,
        ),
        (
            "aws:kms/grant:Grant",
            {"keyId": "k", "granteePrincipal": f"arn:aws:iam::{OWN}:role/x", "operations": ["Decrypt"]},
            LOOK,
        ),
        (
            "aws:secretsmanager/secretPolicy:SecretPolicy",
            {
                "secretArn": "s",
                "policy": document(allow("secretsmanager:GetSecretValue", "*", Principal={"AWS": OTHER})),
            },
            DANGEROUS,
        ),
        (
            "aws:s3/bucketPolicy:BucketPolicy",
            {
                "bucket": "b",
                "policy": document(allow("s3:PutObject", "arn:aws:s3:::b/*", Principal={"AWS": "054676820928"})),
            },
            LOOK,
        ),
        (
            "aws:ec2/snapshotCreateVolumePermission:SnapshotCreateVolumePermission",
            {"snapshotId": "s", "accountId": OTHER},
            DANGEROUS,
        ),
        ("aws:lambda/permission:Permission", {"function": "f", "action": UNKNOWN, "principal": UNKNOWN}, LOOK),
    ],
)
def test_who_is_let_in_to_a_resource_that_is_there(type_, props, verdict):
    assert max(one.verdict for one in found(same(role()), change(None, state(type_, "p", props)))) is verdict


def test_a_policy_that_moves_out_of_its_resource_is_the_same():
    policy = document(allow("sqs:SendMessage", "*", Principal={"AWS": OWN}))
    before, after = (state("aws:sqs/queue:Queue", "jobs", props) for props in ({"policy": policy}, {}))
    apart = state("aws:sqs/queuePolicy:QueuePolicy", "jobs", {"policy": policy}, {"queueUrl": [before.urn]})
    assert found(same(role()), change(before, after), change(None, apart)) == []


def guarded(**condition):
    statement = allow("s3:*", "*", Principal="*", Condition={"StringNotEquals": condition})
    policy = document({**statement, "Effect": "Deny"}, allow("s3:GetObject", "*", Principal={"AWS": OTHER}))
    return state("aws:s3/bucketPolicy:BucketPolicy", "p", {"bucket": "b", "policy": policy})


@pytest.mark.parametrize("key", ["aws:SourceVpce", "aws:PrincipalOrgID"])
def test_a_guard_of_a_bucket_that_goes(key):
    policy = document(allow("s3:GetObject", "*", Principal={"AWS": OTHER}))
    after = state("aws:s3/bucketPolicy:BucketPolicy", "p", {"bucket": "b", "policy": policy})
    one_of(found(same(role()), change(guarded(**{key: "x"}), after)), verdict=DANGEROUS, says="no longer refuses")


# Credentials, groups and roles that are run under


def user(name="ci"):
    return state(USER, name, {"name": name})


def user_policy(policy):
    return state("aws:iam/userPolicy:UserPolicy", "ci", {"user": "ci", "policy": policy}, {"user": [user().urn]})


def key(**props):
    return state("aws:iam/accessKey:AccessKey", "ci", {"user": "ci", **props}, {"user": [user().urn]})


@pytest.mark.parametrize(("policy", "verdict"), [(SEND, LOOK), (EVERYTHING, DANGEROUS)])
def test_a_key_is_as_dangerous_as_its_user(policy, verdict):
    only = found(same(user()), same(user_policy(policy)), change(None, key()))
    one_of(only, verdict=verdict, says="iam/User ci gets an access key")


def test_a_key_that_works_again_is_a_key_and_one_that_does_not_is_none():
    one_of(found(same(user()), change(key(status="Inactive"), key())), verdict=LOOK, says="gets an access key")
    one_of(found(same(user()), change(key(), key(status="Inactive"))), verdict=LOOK, says="ends: whoever still uses it")
    assert found(same(user()), change(None, key(status="Inactive"))) == []


def definition(of):
    return state(
        "aws:ecs/taskDefinition:TaskDefinition",
        "api",
        {"taskRoleArn": f"arn:aws:iam::{OWN}:role/{of}"},
        {"taskRoleArn": [urn(ROLE, of)]},
    )


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [(SEND, EVERYTHING, DANGEROUS), (SEND, document(allow("sqs:GetQueueUrl")), LOOK), (EVERYTHING, SEND, LOOK)],
)
def test_a_service_under_another_role_may_do_what_that_may(old, new, verdict):
    roles = [same(one) for name, text in (("a", old), ("b", new)) for one in (role(name), inline(text, name, name))]
    only = found(*roles, change(definition("a"), definition("b"), "replace"))
    one_of(only, verdict=verdict, says="ecs/TaskDefinition api has another task role, iam/Role b")


def test_a_service_under_a_role_of_another_name_is_the_same():
    roles = [same(one) for name in "ab" for one in (role(name), inline(SEND, name, name))]
    assert found(*roles, change(definition("a"), definition("b"), "replace")) == []


@pytest.mark.parametrize(("policy", "verdict"), [(SEND, LOOK), (EVERYTHING, DANGEROUS)])
def test_a_user_who_joins_a_group_may_do_what_it_may(policy, verdict):
    group = state("aws:iam/group:Group", "ops", {"name": "ops"})
    rights = state("aws:iam/groupPolicy:GroupPolicy", "ops", {"group": "ops", "policy": policy}, {"group": [group.urn]})
    joins = state("aws:iam/userGroupMembership:UserGroupMembership", "ci", {"user": "ci", "groups": ["ops"]})
    only = found(same(user()), same(group), same(rights), change(None, joins))
    one_of(only, verdict=verdict, says="iam/User ci may do what iam/Group ops may")


def test_a_role_whose_service_stays_is_missed():
    gone = found(change(role(), None), change(inline(SEND), None), change(definition("task"), definition("b")))
    assert max(one.verdict for one in gone) is LOOK


def test_an_administrator_of_another_name_is_no_new_one():
    both = [change(one, None) for one in (role("a"), inline(EVERYTHING, "a", "a"))]
    both += [change(None, one) for one in (role("b"), inline(EVERYTHING, "b", "b"))]
    one_of(found(*both), verdict=LOOK, says="iam/Role b takes the place of iam/Role a, with the same grants")


def test_a_machine_of_another_profile_may_do_what_its_role_may():
    profile = "aws:iam/instanceProfile:InstanceProfile"
    things = [
        same(one) for name, text in (("a", SEND), ("b", EVERYTHING)) for one in (role(name), inline(text, name, name))
    ]
    things += [same(state(profile, name, {"role": name}, {"role": [urn(ROLE, name)]})) for name in "ab"]
    machines = (
        state("aws:ec2/instance:Instance", "m", {"iamInstanceProfile": of}, {"iamInstanceProfile": [urn(profile, of)]})
        for of in "ab"
    )
    one_of(found(*things, change(*machines)), verdict=DANGEROUS, says="it can do everything")


# Who may take a role, and a key


def trusting(*statements, **more):
    return role(assumeRolePolicy=document(*statements), **more)


def taken_by(who, action="sts:AssumeRole", **condition):
    return {"Effect": "Allow", "Principal": who, "Action": action, **({"Condition": condition} if condition else {})}


GITHUB = {"Federated": f"arn:aws:iam::{OWN}:oidc-provider/token.actions.githubusercontent.com"}
SUB = "token.actions.githubusercontent.com:sub"


def github(*subjects, operator="StringLike", **more):
    return taken_by(GITHUB, "sts:AssumeRoleWithWebIdentity", **{operator: {SUB: [*subjects]}}, **more)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (github("repo:a/b:ref:refs/heads/main"), github("repo:a/b:ref:refs/heads/main", operator="StringEquals"), None),
        (github("repo:a/b:*"), github("repo:a/b:ref:refs/heads/main"), LOOK),
        (github("repo:a/b:environment:x"), github("repo:a/b:environment:x", "repo:a/c:environment:x"), LOOK),
        (github("repo:a/b:environment:x"), github("repo:a/b:ref:refs/heads/release-*"), LOOK),
        (github("repo:a/b:environment:x"), github("repo:a/b:*"), DANGEROUS),
        (github("repo:a/b:*"), github("repo:a/*"), DANGEROUS),
        (github("repo:a/b:*"), github("*"), DANGEROUS),
        (github("repo:a/b:*"), github("repo:a/b:*", operator="StringLikeIfExists"), DANGEROUS),
        (taken_by({"AWS": OTHER}), taken_by({"AWS": OTHER}, ["sts:AssumeRole", "sts:TagSession"]), LOOK),
        (
            taken_by({"AWS": OTHER}, StringEquals={"sts:ExternalId": "a"}),
            taken_by({"AWS": OTHER}, StringEquals={"sts:ExternalId": "b"}),
            LOOK,
        ),
        (taken_by({"AWS": OTHER}), taken_by({"AWS": OTHER}, StringEquals={"sts:ExternalId": "a"}), LOOK),
        (
            taken_by({"AWS": f"arn:aws:iam::{OWN}:user/a"}, Bool={"aws:MultiFactorAuthPresent": "true"}),
            taken_by({"AWS": f"arn:aws:iam::{OWN}:user/a"}),
            DANGEROUS,
        ),
        (taken_by({"Service": "a.amazonaws.com"}), taken_by({"Service": ["a.amazonaws.com", "b.amazonaws.com"]}), LOOK),
        (
            taken_by({"Service": "a.amazonaws.com"}, StringEquals={"aws:SourceAccount": OWN}),
            taken_by({"Service": "a.amazonaws.com"}, StringEquals={"aws:SourceAccount": [OWN, OTHER]}),
            DANGEROUS,
        ),
        (
            taken_by({"Service": "a.amazonaws.com"}),
            taken_by({"AWS": "*"}, StringEquals={"aws:PrincipalOrgID": "o-1"}),
            LOOK,
        ),
        (taken_by({"Service": "a.amazonaws.com"}), taken_by({"AWS": "*"}), DANGEROUS),
    ],
)
def test_a_trust_that_is_looser_is_told_from_one_that_is_other(before, after, verdict):
    verdicts = [one.verdict for one in found(change(trusting(before), trusting(after)))]
    assert max(verdicts, default=None) is verdict


def test_the_account_may_take_an_administrator():
    after = trusting(json.loads(TRUST)["Statement"][0], taken_by({"AWS": OWN}))
    given = same(inline(EVERYTHING))
    one_of(
        found(change(role(), after), given), verdict=DANGEROUS, says="the role has wide rights (it can do everything)"
    )
    one_of(found(change(role(), after), same(inline(SEND))), verdict=LOOK, says=f"now be taken by this account ({OWN})")


@pytest.mark.parametrize(
    ("provider", "condition", "verdict"),
    [
        ("cognito-identity.amazonaws.com", {"cognito-identity.amazonaws.com:aud": "pool"}, SAFE),
        (f"arn:aws:iam::{OWN}:saml-provider/x", {"SAML:aud": "https://signin.aws.amazon.com/saml"}, SAFE),
        (f"arn:aws:iam::{OWN}:oidc-provider/oidc.eks/id/1", {"oidc.eks/id/1:sub": "system:serviceaccount:a:b"}, SAFE),
        (f"arn:aws:iam::{OWN}:oidc-provider/oidc.eks/id/1", {"oidc.eks/id/1:aud": "sts.amazonaws.com"}, DANGEROUS),
    ],
)
def test_who_logs_in_elsewhere_is_held_to_its_subject(provider, condition, verdict):
    new = trusting(taken_by({"Federated": provider}, "sts:AssumeRoleWithWebIdentity", StringEquals=condition))
    others = same(role("other"))
    assert max(one.verdict for one in found(others, change(None, new))) is verdict


def test_a_key_that_nobody_may_change_is_lost():
    root = allow("kms:*", "*", Principal={"AWS": OWN})
    use = allow("kms:Decrypt", "*", Principal={"AWS": f"arn:aws:iam::{OWN}:role/task"})
    before, after = (state("aws:kms/key:Key", "k", {"policy": document(*some)}) for some in ([root, use], [use]))
    assert max(one.verdict for one in found(same(role()), change(before, after))) is DANGEROUS


def test_a_policy_that_refuses_everyone_locks_out_who_would_mend_it():
    bucket = "aws:s3/bucketPolicy:BucketPolicy"
    locks = state(
        bucket, "p", {"bucket": "b", "policy": document({**allow("s3:*", "*", Principal="*"), "Effect": "Deny"})}
    )
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    policy = document({**allow("s3:*", "*", Principal="*", Condition=plain), "Effect": "Deny"})
    tls = state(bucket, "p", {"bucket": "b", "policy": policy})
    one_of(found(same(role()), change(None, locks)), verdict=DANGEROUS, says="also who would take it back")
    one_of(found(same(role()), change(None, tls)), verdict=LOOK, says="if aws:securetransport is false from now on")


def test_permissions_of_other_clouds_are_not_passed_over():
    binding = state("gcp:projects/iAMMember:IAMMember", "owner", {"role": "roles/owner"})
    one_of(found(change(None, binding)), verdict=LOOK, says="1 change of who may do what is of a kind that is not")


# Very many


def test_five_thousand_resources_are_told_of_each_once():
    changes = []
    for n in range(1_250):
        before, after = (document(*(allow(f"a:Act{i}", f"arn:aws:a:::{n}") for i in range(top))) for top in (8, 9))
        changes += [same(role(f"r{n}")), change(inline(before, f"r{n}", f"r{n}"), inline(after, f"r{n}", f"r{n}"))]
        changes += [same(state("aws:sqs/queue:Queue", f"q{n}", {"name": f"q{n}"})), same(definition(f"r{n}"))]
    assert len(found(*changes)) == 1_250


def test_a_large_policy_that_many_share_is_weighed_once():
    type_, arn = "aws:iam/policy:Policy", f"arn:aws:iam::{OWN}:policy/shared"
    texts = [
        document(
            *(
                allow([f"s{i}:Act{j}*" for j in range(20)], [f"arn:aws:s{i}:::{side}{j}/*" for j in range(5)])
                for i in range(10)
            )
        )
        for side in "ab"
    ]
    before, after = (state(type_, "shared", {"policy": text}, outputs={"arn": arn}) for text in texts)
    changes = [change(before, after)]
    for n in range(2_500):
        one = role(f"r{n}")
        links = {"role": [one.urn], "policyArn": [before.urn]}
        given = state(
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment", f"r{n}", {"role": one.name, "policyArn": arn}, links
        )
        changes += [same(one), same(given)]
    assert [one.verdict for one in found(*changes)] == [LOOK, LOOK]
