"""Where the load balancer writes down who asked for what.

Creates: a bucket that only the delivery of logs may write to, only by TLS, whose objects expire.
"""

import json
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_PREFIX = "AWSLogs/"  # Elastic Load Balancing's own
_UNFINISHED = aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(days_after_initiation=7)


@dataclass(frozen=True, kw_only=True)
class AccessLogsArgs:
    """Logs are kept for `days`; `vpc_arn` says in which account and region the load balancer is.

    Without `protect` the bucket goes with the logs in it.
    """

    vpc_arn: pulumi.Input[str]
    days: int
    protect: bool


class AccessLogs(pulumi.ComponentResource):
    """Attributes: `bucket`, its name. A load balancer depends on the whole component: it writes a file to try it."""

    def __init__(self, name: str, args: AccessLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("backlog:infra:AccessLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        bucket = aws.s3.Bucket(
            name,
            force_destroy=not args.protect,
            opts=pulumi.ResourceOptions(parent=self, protect=args.protect),
        )
        aws.s3.BucketOwnershipControls(
            name,
            bucket=bucket.bucket,
            rule=aws.s3.BucketOwnershipControlsRuleArgs(object_ownership="BucketOwnerEnforced"),
            opts=child,
        )
        # Elastic Load Balancing writes to no bucket with a key of KMS.
        encrypted = aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgs(
            sse_algorithm="AES256"
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketServerSideEncryptionConfigurationRuleArgs(
                    apply_server_side_encryption_by_default=encrypted
                )
            ],
            opts=child,
        )
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="expire",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),  # whatever is in it
                    expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(days=args.days),
                    abort_incomplete_multipart_upload=_UNFINISHED,
                )
            ],
            opts=child,
        )
        closed = aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketPolicy(
            name,
            bucket=bucket.bucket,
            policy=pulumi.Output.all(bucket.arn, args.vpc_arn).apply(lambda arns: _policy(*arns)),
            # S3 refuses two changes of a bucket's access at the same time.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[closed]),
        )
        self.bucket: pulumi.Output[str] = bucket.bucket
        self.register_outputs({"bucket": self.bucket})


def _policy(bucket_arn: str, vpc_arn: str) -> str:
    """The account's load balancers write their logs, and nobody comes without TLS.

    Source: Elastic Load Balancing User Guide, "Access logs for your Application Load Balancer", bucket policy.
    """
    _, partition, _, region, account, _ = vpc_arn.split(":", 5)
    balancers = f"arn:{partition}:elasticloadbalancing:{region}:{account}:loadbalancer/*"
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "LogDelivery",
                    "Effect": "Allow",
                    "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
                    "Action": "s3:PutObject",
                    "Resource": f"{bucket_arn}/{_PREFIX}{account}/*",
                    "Condition": {"ArnLike": {"aws:SourceArn": balancers}},
                },
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [bucket_arn, f"{bucket_arn}/*"],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                },
            ],
        }
    )
