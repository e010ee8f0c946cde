"""Each rule: a stack that it is content with, one change that it refuses, and the same place unknown."""

from datetime import date
from typing import Any, NamedTuple

import pytest

from infra.policy.catalog import RULES
from infra.policy.evaluate import judge
from infra.policy.resources import UNKNOWN
from infra.policy.rule import Rule

TODAY = date(2026, 1, 1)
ANYONE = {"Effect": "Allow", "Principal": "*"}
NOT_OURS = {"StringNotEquals": {"aws:SourceAccount": "123456789012"}}
KEY = "AKIAIOSFODNN7EXAMPLE"
STATEMENT = "policy.Statement.0"
CONTAINER = "definition.containerDefinitions.0"


class Case(NamedTuple):
    """A change of the good world that a rule refuses, and the place to make unknown where that is another one."""

    rule: str
    path: str
    bad: Any
    unknown: str = ""
    value: Any = UNKNOWN
    also: tuple[tuple[str, Any], ...] = ()


CASES = [
    Case("ec2-default-group", "default.ingress", [{"protocol": "-1"}]),
    Case("ec2-flow-logs", "links.flow.vpcId", [], "-"),
    Case("ec2-subnet-public-ip", "public-a.mapPublicIpOnLaunch", True),
    Case("ec2-open-ports", "web.toPort", 8443),
    Case("ec2-high-risk-ports", "web.fromPort", 22, "web.cidrIpv4"),
    Case("ec2-acl", "acl.fromPort", 22),
    Case("ec2-ecr-api-endpoint", "ecr-api.serviceName", "com.amazonaws.r.s3"),
    Case("ec2-ecr-docker-endpoint", "ecr-dkr.serviceName", "com.amazonaws.r.s3"),
    Case("ec2-rules-apart", "group.ingress", [{"protocol": "tcp", "fromPort": 22}]),
    Case("ec2-rules-apart", "web-old", "aws:ec2/securityGroupRule:SecurityGroupRule", "group.egress"),
    Case("ec2-described-rules", "web.description", ""),
    Case("elb-https", "http.defaultActions", [{"type": "forward"}], "http.defaultActions"),
    Case("elb-tls-policy", "https.sslPolicy", "ELBSecurityPolicy-2016-08"),
    Case("elb-drop-headers", "balancer.dropInvalidHeaderFields", False),
    Case("elb-access-logs", "balancer.accessLogs", None, "balancer.accessLogs.enabled"),
    Case("elb-deletion-protection", "balancer.enableDeletionProtection", False),
    Case("elb-desync", "balancer.desyncMitigationMode", "monitor"),
    Case("elb-waf", "links.firewall.resourceArn", [], "balancer.internal"),
    Case("elb-zones", "public-b.availabilityZone", "a"),
    Case("acm-renewed", "certificate.validationMethod", "EMAIL"),
    Case("acm-renewed", "expiry.metricName", "CPUUtilization"),
    Case("acm-key", "certificate.keyAlgorithm", "RSA_1024"),
    Case("waf-rules", "web-acl.rules", []),
    Case("waf-metrics", "web-acl.rules.0.visibilityConfig.cloudwatchMetricsEnabled", False),
    Case("waf-logging", "links.waf-logs.resourceArn", [], "-"),
    Case("waf-redacted", "waf-logs.redactedFields.0.singleHeader.name", "accept"),
    Case("s3-block-public", "bucket-block.restrictPublicBuckets", False),
    Case("s3-not-public", "bucket-policy.policy", {"Statement": [ANYONE]}),
    Case("s3-not-public", "bucket.policy", {"Statement": [ANYONE]}),
    Case("s3-tls-only", f"bucket-policy.{STATEMENT}.Condition", {}),
    Case("s3-no-acls", "bucket-owner.rule.objectOwnership", "ObjectWriter"),
    Case("s3-lifecycle", "bucket-lifecycle.rules.0.status", "Disabled"),
    Case("s3-unfinished-uploads", "bucket-lifecycle.rules.0.abortIncompleteMultipartUpload", None),
    Case("s3-unfinished-uploads", "bucket-lifecycle.rules.0.filter", {"prefix": "AWSLogs/"}),
    Case("s3-logged", "links.balancer.accessLogs", [], "-"),
    Case("ecr-scan", "repository.imageScanningConfiguration", None),
    Case("ecr-immutable-tags", "repository.imageTagMutability", "MUTABLE"),
    Case("ecr-immutable-tags", "repository.imageTagMutabilityExclusionFilters", [{"filter": "v*"}]),
    Case("ecr-lifecycle", "kept-images.policy.rules", []),
    Case("ecr-not-public", f"pull-policy.{STATEMENT}.Principal", "*"),
    Case("ecr-encrypted", "repository.encryptionConfigurations", []),
    Case("mq-private", "rabbitmq.publiclyAccessible", True),
    Case("mq-minor-upgrades", "rabbitmq.autoMinorVersionUpgrade", False),
    Case("mq-logs", "rabbitmq.logs.general", False),
    Case("mq-cluster", "rabbitmq.deploymentMode", "SINGLE_INSTANCE"),
    Case("elasticache-backups", "valkey.snapshotRetentionLimit", 0),
    Case("elasticache-minor-upgrades", "valkey.autoMinorVersionUpgrade", False),
    Case("elasticache-failover", "valkey.automaticFailoverEnabled", False),
    Case("elasticache-encrypted", "valkey.atRestEncryptionEnabled", False),
    Case("elasticache-tls", "valkey.transitEncryptionEnabled", False),
    Case("elasticache-login", "valkey.userGroupIds", []),
    Case("elasticache-subnet-group", "valkey.subnetGroupName", "default"),
    Case("elasticache-no-eviction", "valkey-parameters.parameters.0.value", "volatile-lru"),
    Case("ecs-network-mode", "definition.networkMode", "bridge"),
    Case("ecs-host-user", "definition.networkMode", "host", also=((f"{CONTAINER}.user", "root"),)),
    Case("ecs-host-processes", "definition.pidMode", "host"),
    Case("ecs-privileged", f"{CONTAINER}.privileged", True),
    Case("ecs-read-only-root", f"{CONTAINER}.readonlyRootFilesystem", False),
    Case("ecs-logs", f"{CONTAINER}.logConfiguration", None),
    Case("ecs-not-root", f"{CONTAINER}.user", "root:root"),
    Case("ecs-separate-roles", "links.definition.taskRoleArn", ["execution"], "-"),
    Case("api-closed", f"{CONTAINER}.environment.0", {"name": "ACCESS", "value": "open"}),
    Case("ecs-image-by-digest", f"{CONTAINER}.image", "api:latest"),
    Case("ecs-no-public-ip", "service.networkConfiguration.assignPublicIp", True),
    Case("ecs-platform-version", "service.platformVersion", "1.3.0"),
    Case("ecs-circuit-breaker", "service.deploymentCircuitBreaker.rollback", False),
    Case("ecs-container-insights", "cluster.settings", []),
    Case("ecs-no-secret-literal", f"{CONTAINER}.environment.0", {"name": "DATABASE_PASSWORD", "value": "x"}),
    Case("ecs-no-secret-literal", f"{CONTAINER}.environment.0", {"name": "PLACE", "value": KEY}),
    Case("ecs-no-secret-literal", f"{CONTAINER}.environment.0", {"name": "URL", "value": "amqp://a:b1@queue"}),
    Case("ecs-no-secret-literal", f"{CONTAINER}.environment.0", {"name": "SALT", "value": "q3Zt8LxV0bPnD5sYw1Rj7Ke"}),
    Case("secrets-rotated", "links.rotation.secretId", [], "-"),
    Case("no-secret-in-state", "database.password", "correct-horse"),
    Case("sqs-encrypted", "queue.sqsManagedSseEnabled", False),
    Case("sqs-not-public", f"queue-policy.{STATEMENT}.Effect", "Allow"),
    Case("sqs-not-public", f"queue-policy.{STATEMENT}", {"Effect": "Allow", "NotPrincipal": {"AWS": "1"}}),
    Case("sqs-not-public", "queue.policy", {"Statement": [ANYONE]}),
    Case("sqs-tls-only", f"queue-policy.{STATEMENT}.Condition", {}),
    Case("sqs-redrive", "links.redrive.redrivePolicy", [], "-"),
    Case("sqs-dead-letters-live-longer", "dead-letters.messageRetentionSeconds", 345_600),
    Case("sqs-visibility", "queue.visibilityTimeoutSeconds", 59),
    Case("sns-encrypted", "topic.kmsMasterKeyId", None),
    Case("sns-not-public", "topic.policy.Statement", [{**ANYONE, "Condition": NOT_OURS}], "topic.policy"),
    Case("sns-not-public", "topic.policy", {"Statement": [{"Effect": "Allow", "Principal": "*"}]}),
    Case("rds-not-public", "database.publiclyAccessible", True),
    Case("rds-encrypted", "database.storageEncrypted", False),
    Case("rds-multi-az", "database.multiAz", False),
    Case("rds-enhanced-monitoring", "database.monitoringInterval", 0),
    Case("rds-insights", "database.performanceInsightsEnabled", False),
    Case("rds-logs", "database.enabledCloudwatchLogsExports", ["upgrade"]),
    Case("rds-iam-authentication", "database.iamDatabaseAuthenticationEnabled", False),
    Case("rds-minor-upgrades", "database.autoMinorVersionUpgrade", False),
    Case("rds-snapshot-tags", "database.copyTagsToSnapshot", False),
    Case("rds-port", "database.port", 5432),
    Case("rds-username", "database.username", "postgres"),
    Case("rds-managed-password", "database.manageMasterUserPassword", None),
    Case("rds-deletion-protection", "database.deletionProtection", False),
    Case("rds-final-snapshot", "database.skipFinalSnapshot", True),
    Case("rds-backups", "database.backupRetentionPeriod", 1),
    Case("rds-private-subnets", "private-nat.destinationCidrBlock", "0.0.0.0/0"),
    Case("rds-force-ssl", "parameters.parameters", [{"name": "rds.force_ssl", "value": "0"}]),
    Case("data-protected", "protect.queue", False, "protect.queue", None),
    Case("iam-no-administrator", f"inline.{STATEMENT}", {"Effect": "Allow", "Action": "*", "Resource": "*"}),
    Case("iam-no-wildcard-action", f"inline.{STATEMENT}.Action", "sqs:*"),
    Case("iam-no-wildcard-resource", f"inline.{STATEMENT}.Resource", ["*"]),
    Case("iam-pass-role", f"inline.{STATEMENT}", {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}),
    Case("iam-no-escalation", f"inline.{STATEMENT}.Action", "iam:PutRolePolicy"),
    Case("iam-trust-condition", "execution.assumeRolePolicy.Statement.0.Condition", {}),
    Case("iam-trust-condition", "execution.assumeRolePolicy.Statement.0.Condition", NOT_OURS),
    Case("iam-attached-policies", "attachment.policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"),
    Case("iam-attached-policies", "attachment.policyArn", "arn:aws:iam::aws:policy/AmazonSQSFullAccess"),
    Case("iam-policies-apart", "task.inlinePolicies", [{"name": "all", "policy": "{}"}]),
    Case("iam-policies-apart", "task.managedPolicyArns", ["arn:aws:iam::aws:policy/AdministratorAccess"]),
    Case("kms-managed-policies", f"managed.{STATEMENT}.Resource", "*"),
    Case("kms-inline-policies", f"inline.{STATEMENT}", {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}),
    Case("kms-not-public", f"key.{STATEMENT}.Principal", {"AWS": "*"}),
    Case("kms-rotation", "key.enableKeyRotation", None),
    Case("logs-retention", "logs.retentionInDays", 14),
    Case("logs-retention", "logs.retentionInDays", 0),
    Case("alarm-runbook", "alarm.alarmDescription", "Something is wrong"),
    Case("alarm-action", "alarm.alarmActions", []),
    Case("tags", "tags.queue", {"app": "backlog"}, "tags.queue"),
    Case("name-length", "balancer.name", "a" * 33),
    Case("cost-instance-class", "database.instanceClass", "db.r6i.32xlarge"),
    Case("cost-nat-gateways", "nat-c", "aws:ec2/natGateway:NatGateway", "-"),
    Case("cost-tasks", "target.maxCapacity", 500),
]


def rule_of(case: Case) -> Rule:
    return next(rule for rule in RULES if rule.id == case.rule)


def outcomes(rule: Rule, stack: Any) -> set[str]:
    return {result.outcome for resource in stack.of(*rule.types) for result in judge(rule, resource, stack, TODAY, ())}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_is_content_with_a_good_stack(rule, world):
    assert outcomes(rule, world()) == {"pass"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.path.rsplit('.', 1)[-1]}")
def test_a_rule_refuses_the_mistake(case, world):
    assert "violation" in outcomes(rule_of(case), world(*case.also, (case.path, case.bad)))


@pytest.mark.parametrize("case", [case for case in CASES if case.unknown != "-"], ids=lambda case: case.rule)
def test_a_rule_does_not_take_an_unknown_for_a_pass(case, world):
    found = outcomes(rule_of(case), world((case.unknown or case.path, case.value)))
    assert "not evaluable" in found
    assert "violation" not in found


def test_no_rule_is_without_a_failing_case():
    assert {case.rule for case in CASES} == {rule.id for rule in RULES}


def test_no_two_rules_share_an_identity():
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_rules_that_read_no_value_are_the_only_ones_without_an_unknown():
    """They look at which resources exist and refer to each other, which is known at any time."""
    assert {case.rule for case in CASES if case.unknown == "-"} == {
        "cost-nat-gateways",
        "ec2-flow-logs",
        "ecs-separate-roles",
        "s3-logged",
        "secrets-rotated",
        "sqs-redrive",
        "waf-logging",
    }
