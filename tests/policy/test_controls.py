"""What the pack has to have: a rule for each of these controls, and for what AWS has no number for.

Numbers were compared with AWS's list of the controls of Security Hub in November 2026. One of them, ECS.1, is retired
there since March 2026.
"""

import pytest

from infra.policy.catalog import RULES

CONTROLS = {
    "ECS": (1, 2, 3, 4, 5, 8, 9, 10, 12, 20),
    "SQS": (1, 3),
    "SNS": (4,),
    "RDS": (2, 3, 5, 6, 8, 9, 10, 11, 13, 17, 23, 25, 46),
    "ECR": (1, 2, 3),
    "ELB": (1, 4, 5, 6, 12, 13, 17),
    "IAM": (1, 21),
    "KMS": (1, 2),
    "EC2": (2, 6, 15, 18, 19, 21, 55, 56),
}

UNNUMBERED = {
    "execution and task roles are separate": "ecs-separate-roles",
    "the circuit breaker is on": "ecs-circuit-breaker",
    "each container has a log configuration": "ecs-logs",
    "a queue has a redrive policy": "sqs-redrive",
    "dead letters are kept longer": "sqs-dead-letters-live-longer",
    "a message is hidden as long as its job may run": "sqs-visibility",
    "queues take TLS only": "sqs-tls-only",
    "topics are encrypted": "sns-encrypted",
    "a database leaves a final snapshot": "rds-final-snapshot",
    "a database takes TLS only": "rds-force-ssl",
    "images are encrypted": "ecr-encrypted",
    "no wildcard action": "iam-no-wildcard-action",
    "no wildcard resource where one can be named": "iam-no-wildcard-resource",
    "no PassRole on everything": "iam-pass-role",
    "trust policies have conditions": "iam-trust-condition",
    "no way to more rights": "iam-no-escalation",
    "logs are kept for a time": "logs-retention",
    "firewall rules are described": "ec2-described-rules",
    "no secret among a container's literals": "ecs-no-secret-literal",
    "no secret in plain state": "no-secret-in-state",
    "images by digest": "ecs-image-by-digest",
    "tags": "tags",
    "alarms link a runbook": "alarm-runbook",
    "names under AWS's limits": "name-length",
    "instance classes a stack may have": "cost-instance-class",
    "NAT gateways a stack may have": "cost-nat-gateways",
    "data stores are protected": "data-protected",
}


@pytest.mark.parametrize("control", [f"{service}.{number}" for service in CONTROLS for number in CONTROLS[service]])
def test_a_control_has_its_rule(control):
    assert [rule.id for rule in RULES if rule.control == control] != []


@pytest.mark.parametrize("asked", UNNUMBERED)
def test_what_has_no_number_has_its_rule(asked):
    assert UNNUMBERED[asked] in {rule.id for rule in RULES}
