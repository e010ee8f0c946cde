"""What anyone may newly do to a queue, a bucket or a key, by their resource policies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from infra.review import buckets
from infra.review.finding import Finding, Section, Verdict
from infra.review.open_doors import DOORS
from infra.review.open_policies import Unread, anyone_may, document, limits
from infra.review.preview import Change, Preview, State
from infra.review.references import References


@dataclass(frozen=True)
class Policy:
    """A type with a resource policy: where it stands, and which property names what it is of."""

    document: str = "policy"
    of: str = ""


#: Source: the AWS provider's schema, pulumi_aws 7. S3 is in buckets.py: other things close a bucket.
POLICIES: Final[Mapping[str, Policy]] = {
    "aws:sqs/queue:Queue": Policy(),
    "aws:sqs/queuePolicy:QueuePolicy": Policy(of="queueUrl"),
    "aws:sns/topic:Topic": Policy(),
    "aws:sns/topicPolicy:TopicPolicy": Policy(of="arn"),
    "aws:kms/key:Key": Policy(),
    "aws:kms/replicaKey:ReplicaKey": Policy(),
    "aws:kms/externalKey:ExternalKey": Policy(),
    "aws:kms/keyPolicy:KeyPolicy": Policy(of="keyId"),
    "aws:secretsmanager/secret:Secret": Policy(),
    "aws:secretsmanager/secretPolicy:SecretPolicy": Policy(of="secretArn"),
    "aws:ecr/repositoryPolicy:RepositoryPolicy": Policy(of="repository"),
    "aws:ecr/registryPolicy:RegistryPolicy": Policy(),
    "aws:opensearch/domain:Domain": Policy(document="accessPolicies"),
    "aws:opensearch/domainPolicy:DomainPolicy": Policy(document="accessPolicies", of="domainName"),
    "aws:elasticsearch/domain:Domain": Policy(document="accessPolicies"),
    "aws:elasticsearch/domainPolicy:DomainPolicy": Policy(document="accessPolicies", of="domainName"),
    "aws:efs/fileSystemPolicy:FileSystemPolicy": Policy(of="fileSystemId"),
    "aws:backup/vaultPolicy:VaultPolicy": Policy(of="backupVaultName"),
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": Policy(of="eventBusName"),
    "aws:dynamodb/resourcePolicy:ResourcePolicy": Policy(of="resourceArn"),
    "aws:kinesis/resourcePolicy:ResourcePolicy": Policy(of="resourceArn"),
    "aws:s3/accessPoint:AccessPoint": Policy(),
    "aws:s3control/accessPointPolicy:AccessPointPolicy": Policy(of="accessPointArn"),
    "aws:glacier/vault:Vault": Policy(document="accessPolicy"),
    "aws:codeartifact/domainPermissionsPolicy:DomainPermissionsPolicy": Policy(document="policyDocument", of="domain"),
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": Policy(
        document="policyDocument", of="repository"
    ),
    "aws:ses/identityPolicy:IdentityPolicy": Policy(of="identity"),
    "aws:sesv2/emailIdentityPolicy:EmailIdentityPolicy": Policy(of="emailIdentity"),
    "aws:acmpca/policy:Policy": Policy(of="resourceArn"),
    "aws:mediastore/containerPolicy:ContainerPolicy": Policy(of="containerName"),
    "aws:msk/clusterPolicy:ClusterPolicy": Policy(of="clusterArn"),
    "aws:redshift/resourcePolicy:ResourcePolicy": Policy(of="resourceArn"),
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": Policy(document="policyDocument"),
    "aws:apigateway/restApi:RestApi": Policy(),
    "aws:apigateway/restApiPolicy:RestApiPolicy": Policy(of="restApiId"),
}
#: An API is made to be called, and its policy only leaves some out.
_APIS: Final = ("aws:apigateway/restApi:RestApi", "aws:apigateway/restApiPolicy:RestApiPolicy")
#: What is behind a VPC's own doors as well: anyone of its network, and nobody of the internet.
_INSIDE: Final = "vpcOptions"
#: Words for what an action does to what it is done to.
_VERBS: Final = {
    "sqs:sendmessage": "send to",
    "sqs:receivemessage": "read from",
    "sns:publish": "publish to",
    "sns:subscribe": "subscribe to",
    "kms:decrypt": "decrypt with",
    "kms:encrypt": "encrypt with",
    "kms:generatedatakey": "encrypt with",
    "kms:generatedatakey*": "encrypt with",
    "secretsmanager:getsecretvalue": "read",
    "ecr:batchgetimage": "pull from",
    "ecr:getdownloadurlforlayer": "pull from",
    "ecr:batchchecklayeravailability": "pull from",
    "ecr:putimage": "push to",
    "ecr:initiatelayerupload": "push to",
    "ecr:uploadlayerpart": "push to",
    "ecr:completelayerupload": "push to",
    "events:putevents": "send to",
    "lambda:invokefunction": "call",
    "lambda:invokefunctionurl": "call",
    "execute-api:invoke": "call",
    "es:eshttp*": "read and write",
    "es:*": "read, write and delete",
}


def find(
    preview: Preview, references: References, before: Iterable[State], after: Iterable[State]
) -> Iterator[Finding]:
    """Where a policy newly lets anyone in, and where one that did no longer does."""
    old, new = ({state.urn: state for state in side} for side in (before, after))
    for change in preview.changed:
        sides = (old.get(change.urn), new.get(change.urn))
        if change.type in POLICIES:
            yield from _of_policy(change, *sides, POLICIES[change.type], preview)
        if change.type in DOORS:
            yield from DOORS[change.type](change, *sides, references)
    yield from buckets.find(preview, references, old, new)


def _of_policy(
    change: Change, before: State | None, after: State | None, policy: Policy, preview: Preview
) -> Iterator[Finding]:
    if after is None:
        return
    what, of = _of(change, policy, preview)
    try:
        new, is_new = _may(after, policy)
    except Unread as unread:
        if of is None or of.op != "create":  # of a new one nothing was closed before
            yield _spot(change, f"whom {what} lets in can't be known: its policy is {unread}")
        return
    try:
        old, was = _may(before, policy) if before else (frozenset[str](), frozenset[str]())
    except Unread:
        old, was = frozenset[str](), frozenset[str]()
    if more := new - old:
        inside = after.raw(_INSIDE) is not None
        api = change.type in _APIS
        where = "of its VPC's network" if inside else "on the internet"
        mild = inside or (api and (before is None or not before.raw(policy.document)))
        verdict = Verdict.LOOK if mild else Verdict.DANGEROUS
        yield _finding(
            change,
            verdict,
            f"anyone {where} may {_verbs(more)} {what}",
            [f"newly to anyone: {one}" for one in sorted(more)],
        )
    elif gone := old - new:
        title = f"no longer may anyone {_verbs(gone)} {what}"
        yield _finding(change, Verdict.SAFE, title, sorted(is_new))
    if is_new != was and not more and not old and before is not None and was:
        title = f"other conditions say who of all may use {what}"
        yield _finding(
            change,
            Verdict.LOOK,
            title,
            [*(f"- {one}" for one in sorted(was - is_new)), *(f"+ {one}" for one in sorted(is_new - was))],
        )


def _may(state: State, policy: Policy) -> tuple[frozenset[str], frozenset[str]]:
    found = document(state, policy.document)
    return anyone_may(found), limits(found)


def _of(change: Change, policy: Policy, preview: Preview) -> tuple[str, Change | None]:
    """What the policy is of."""
    for urn in change.state.links.get(policy.of, ()) if policy.of else ():
        if (found := preview.by_urn.get(urn)) is not None and urn != change.urn:
            return found.label, found
    return change.label, change


def _verbs(actions: Iterable[str]) -> str:
    found = list(actions)
    words = dict.fromkeys(_VERBS.get(one.lower(), "") for one in sorted(found))
    if len(words) <= 2 and all(words):  # noqa: PLR2004 - more of them are no sentence
        return " and ".join(words)
    if any(one == "*" or one.split(":")[-1] == "*" for one in found):
        return "do anything to"
    more = f" and {len(found) - _SAID} more" if len(found) > _SAID else ""
    return f"call {', '.join(sorted(found)[:_SAID])}{more} on"


#: Actions by name in a sentence.
_SAID: Final = 3


def _finding(change: Change, verdict: Verdict, title: str, details: Iterable[str] = ()) -> Finding:
    return Finding(section=Section.EXPOSURE, verdict=verdict, title=title, resource=change.urn, details=tuple(details))


def _spot(change: Change, title: str) -> Finding:
    return Finding(section=Section.BLIND_SPOTS, verdict=Verdict.LOOK, title=title, resource=change.urn)
