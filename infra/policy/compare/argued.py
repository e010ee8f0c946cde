"""What others ask for and this pack does not, each with the reason."""

from collections.abc import Mapping

_OWN_KEY = "AWS's own key encrypts it; one of the stack's costs a dollar a month, and keeps out nobody whom IAM lets in"
_SETTING = "AWS's own key encrypts it, until database.kmsKeyArn names another"

#: Checks of checkov that fail on dev or prod where this pack says nothing.
CHECKOV: Mapping[str, str] = {
    "CKV_AWS_136": _OWN_KEY,
    "CKV_AWS_145": "load balancers write their logs to no bucket with a key of KMS",
    "CKV_AWS_149": _SETTING,
    "CKV_AWS_158": _OWN_KEY,
    "CKV_AWS_354": _SETTING,
    "CKV_AWS_51": "it knows no IMMUTABLE_WITH_EXCLUSION: only the build cache's tag moves, and nothing runs by it",
    "CKV_AWS_260": "a public load balancer has port 80; with a certificate it redirects (elb-https)",
    "CKV_AWS_378": "TLS ends at the load balancer; from there it is the VPC, and that group alone",
    "CKV_AWS_338": "a year of logs is not worth its price; each stack says how long is enough (logs-retention)",
    "CKV_AWS_18": "the bucket is where access logs go: a log of that would be a log of logs without end (s3-logged)",
    "CKV_AWS_21": "logs are written once; a version to return to is for what people change",
    "CKV_AWS_144": "logs of a region are no use where that region is gone, and the copy is paid for twice",
    "CKV2_AWS_62": "nobody waits for the next file of a log",
    "CKV2_AWS_76": "a rule against Log4j protects Java: there is none",
    "CKV_AWS_150": "dev is thrown away in one command; prod is asked for it (elb-deletion-protection)",
    "CKV_AWS_293": "dev is thrown away in one command; prod is asked for it (rds-deletion-protection)",
    "CKV_AWS_157": "dev waits for a restored backup: half the price is the point (rds-multi-az is off there)",
}

#: Controls of Foundational Security Best Practices, of services that are used here, without a rule.
FOUNDATIONAL: Mapping[str, str] = {
    "EC2.10, EC2.57, EC2.58, EC2.60": "endpoints of services that nothing here calls",
    "EC2.16, EC2.172, S3.1": "of the account, and not of a stack",
    "EC2.180": "Fargate makes the network interfaces",
    "ECS.16, ECS.18, ECS.19, ECS.21": "there are no task sets, EFS volumes, EC2 instances or Windows containers",
    "ELB.18": "refuses the listener that only redirects to HTTPS; elb-https refuses one that answers",
    "IAM.2 to IAM.8": "of users and the root user: the stack has none",
    "KMS.3, SecretsManager.2 to SecretsManager.4": "what happens to it later, which no configuration tells",
    "MQ.2": "of ActiveMQ: here it is RabbitMQ, which has no audit log (mq-logs)",
    "RDS.1, RDS.4": "of snapshots, which are no resources of the stack; they are encrypted as their source is",
    "RDS.19 to RDS.22": "the database's alarms tell by the same topic (infra/components/observability.py)",
    "RDS.36": "rds-logs asks for the same, on PostgreSQL",
    "S3.3, S3.6": "s3-not-public refuses anyone, reading or writing; no policy names another account",
    "GuardDuty, Inspector, Macie": "of the account, and not of a stack",
}
