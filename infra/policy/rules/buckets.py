"""S3."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.statements import denies_plain_text, open_to_anyone

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
_BLOCK = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@rule(
    "s3-block-public", BUCKET, control="S3.8", severity=Severity.HIGH,
    why="One policy written in haste opens the bucket to anyone.",
    mend="Add an aws.s3.BucketPublicAccessBlock with all four of its settings.",
)  # fmt: skip
def block_public(bucket: Resource, stack: Stack) -> Iterator[str]:
    blocks = stack.referring("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket", bucket)
    missing = [name for name in _BLOCK if not any(block.get(name) is True for block in blocks)]
    if missing:
        yield f"lacks {', '.join(missing)}"


@rule(
    "s3-not-public", BUCKET, POLICY, control="S3.2", severity=Severity.CRITICAL,
    why="Anyone can read or write the bucket.",
    mend="Name the principals, or add a condition on aws:SourceArn or aws:SourceAccount.",
)  # fmt: skip
def not_public(policy: Resource, _: Stack) -> Iterator[str]:
    if open_to_anyone(policy.document("policy")):
        yield "lets anyone use the bucket"


@rule(
    "s3-tls-only", BUCKET, control="S3.5", severity=Severity.MEDIUM,
    why="Objects can be read on their way.",
    mend="Add a bucket policy that denies s3:* where aws:SecureTransport is false.",
)  # fmt: skip
def tls_only(bucket: Resource, stack: Stack) -> Iterator[str]:
    policies = stack.referring(POLICY, "bucket", bucket)
    if not any(denies_plain_text(policy.document("policy")) for policy in policies):
        yield "takes requests without TLS"


@rule(
    "s3-no-acls", BUCKET, control="S3.12", severity=Severity.MEDIUM,
    why="An object's own list opens what the policy keeps closed.",
    mend="Add aws.s3.BucketOwnershipControls with BucketOwnerEnforced.",
)  # fmt: skip
def no_acls(bucket: Resource, stack: Stack) -> Iterator[str]:
    controls = stack.referring("aws:s3/bucketOwnershipControls:BucketOwnershipControls", "bucket", bucket)
    if not any(control.get("rule.objectOwnership") == "BucketOwnerEnforced" for control in controls):
        yield "has access control lists"


@rule(
    "s3-lifecycle", BUCKET, control="S3.13", severity=Severity.LOW,
    why="Objects without an end are paid for for ever.",
    mend="Add an aws.s3.BucketLifecycleConfiguration with an enabled rule.",
)  # fmt: skip
def lifecycle(bucket: Resource, stack: Stack) -> Iterator[str]:
    kept = stack.referring(LIFECYCLE, "bucket", bucket)
    if not any(each.get("status") == "Enabled" for one in kept for each in one.get("rules", [])):
        yield "keeps its objects for ever"


@rule(
    "s3-unfinished-uploads", LIFECYCLE, severity=Severity.LOW,
    why="Parts of an upload that broke off are paid for, and no list of objects shows them.",
    mend="Set abort_incomplete_multipart_upload in a rule for the whole bucket.",
)  # fmt: skip
def unfinished_uploads(configuration: Resource, _: Stack) -> Iterator[str]:
    rules = configuration.get("rules", [])
    whole = [each for each in rules if not (each.get("filter") or {}).get("prefix")]
    if not any(each.get("abortIncompleteMultipartUpload") for each in whole):
        yield "keeps unfinished uploads for ever"


@rule(
    "s3-logged", BUCKET, control="S3.9", severity=Severity.MEDIUM,
    why="Who read an object is not known afterwards.",
    mend="Add an aws.s3.BucketLogging; a bucket that logs are delivered to needs none.",
)  # fmt: skip
def logged(bucket: Resource, stack: Stack) -> Iterator[str]:
    is_log = stack.referring("aws:lb/loadBalancer:LoadBalancer", "accessLogs", bucket)
    if not is_log and not stack.referring("aws:s3/bucketLogging:BucketLogging", "bucket", bucket):
        yield "keeps no access log"
