"""A small stack that every rule is content with, written down by hand, and stacks as the program declares them."""

import copy
import functools
import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.policy.from_program import declared
from infra.policy.resources import UNKNOWN, Hidden, Resource, Stack

DIGEST = "123456789012.dkr.ecr.us-east-1.amazonaws.com/api@sha256:" + "a" * 64
OURS = {"AWS": "arn:aws:iam::123456789012:root"}
TAGS = {"app": "backlog", "stack": "prod", "managed-by": "pulumi"}

#: Properties that are texts of JSON; here they are what the text says.
DOCUMENTS = ("policy", "assumeRolePolicy", "containerDefinitions", "redrivePolicy")


def tls_only(service: str = "sqs") -> dict[str, Any]:
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    return {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": f"{service}:*", "Condition": condition}]}


def allow(action: str, resource: str) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": resource}]}


#: name: (type, properties, property -> names of the resources that its value comes from).
WORLD: dict[str, tuple[str, dict[str, Any], dict[str, list[str]]]] = {
    "vpc": ("aws:ec2/vpc:Vpc", {}, {}),
    "default": ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {"ingress": [], "egress": []}, {"vpcId": ["vpc"]}),
    "flow": ("aws:ec2/flowLog:FlowLog", {}, {"vpcId": ["vpc"]}),
    "ecr-api": ("aws:ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.r.ecr.api"}, {"vpcId": ["vpc"]}),
    "ecr-dkr": ("aws:ec2/vpcEndpoint:VpcEndpoint", {"serviceName": "com.amazonaws.r.ecr.dkr"}, {"vpcId": ["vpc"]}),
    "nat-a": ("aws:ec2/natGateway:NatGateway", {}, {}),
    "nat-b": ("aws:ec2/natGateway:NatGateway", {}, {}),
    "public-a": ("aws:ec2/subnet:Subnet", {"availabilityZone": "a", "mapPublicIpOnLaunch": False}, {}),
    "public-b": ("aws:ec2/subnet:Subnet", {"availabilityZone": "b"}, {}),
    "private-a": ("aws:ec2/subnet:Subnet", {"availabilityZone": "a"}, {}),
    "table": ("aws:ec2/routeTable:RouteTable", {}, {}),
    "table-of-private-a": (
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        {},
        {"subnetId": ["private-a"], "routeTableId": ["table"]},
    ),
    "private-nat": (
        "aws:ec2/route:Route",
        {"destinationCidrBlock": "10.0.0.0/8"},
        {"routeTableId": ["table"], "gatewayId": ["vpc"]},
    ),
    "web": (
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
        {"cidrIpv4": "0.0.0.0/0", "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "description": "web"},
        {},
    ),
    "acl": (
        "aws:ec2/networkAclRule:NetworkAclRule",
        {"ruleAction": "allow", "cidrBlock": "0.0.0.0/0", "protocol": "tcp", "fromPort": 443, "toPort": 443},
        {},
    ),
    "balancer": (
        "aws:lb/loadBalancer:LoadBalancer",
        {
            "name": "api",
            "dropInvalidHeaderFields": True,
            "accessLogs": {"enabled": True},
            "enableDeletionProtection": True,
        },
        {"subnets": ["public-a", "public-b"], "accessLogs": ["bucket"]},
    ),
    "certificate": (
        "aws:acm/certificate:Certificate",
        {"validationMethod": "DNS", "keyAlgorithm": "EC_prime256v1"},
        {},
    ),
    "expiry": (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {
            "metricName": "DaysToExpiry",
            "alarmDescription": "Ends. Runbook: docs/runbooks/certificate-expiry.md",
            "alarmActions": ["arn:topic"],
        },
        {},
    ),
    "web-acl": (
        "aws:wafv2/webAcl:WebAcl",
        {"rules": [{"name": "limit", "visibilityConfig": {"cloudwatchMetricsEnabled": True}}]},
        {},
    ),
    "waf-logs": (
        "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration",
        {"redactedFields": [{"singleHeader": {"name": name}} for name in ("authorization", "cookie")]},
        {"resourceArn": ["web-acl"]},
    ),
    "bucket": ("aws:s3/bucket:Bucket", {}, {}),
    "bucket-block": (
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {
            "blockPublicAcls": True,
            "blockPublicPolicy": True,
            "ignorePublicAcls": True,
            "restrictPublicBuckets": True,
        },
        {"bucket": ["bucket"]},
    ),
    "bucket-policy": ("aws:s3/bucketPolicy:BucketPolicy", {"policy": tls_only("s3")}, {"bucket": ["bucket"]}),
    "bucket-owner": (
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"bucket": ["bucket"]},
    ),
    "bucket-lifecycle": (
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"rules": [{"id": "e", "status": "Enabled", "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7}}]},
        {"bucket": ["bucket"]},
    ),
    "firewall": (
        "aws:wafv2/webAclAssociation:WebAclAssociation",
        {},
        {"resourceArn": ["balancer"], "webAclArn": ["web-acl"]},
    ),
    "group": ("aws:ec2/securityGroup:SecurityGroup", {"ingress": [], "egress": []}, {"vpcId": ["vpc"]}),
    "http": (
        "aws:lb/listener:Listener",
        {"protocol": "HTTP", "defaultActions": [{"type": "redirect", "redirect": {"protocol": "HTTPS"}}]},
        {},
    ),
    "https": (
        "aws:lb/listener:Listener",
        {"protocol": "HTTPS", "sslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06", "defaultActions": []},
        {},
    ),
    "repository": (
        "aws:ecr/repository:Repository",
        {
            "imageScanningConfiguration": {"scanOnPush": True},
            "imageTagMutability": "IMMUTABLE",
            "encryptionConfigurations": [{"encryptionType": "AES256"}],
        },
        {},
    ),
    "kept-images": (
        "aws:ecr/lifecyclePolicy:LifecyclePolicy",
        {"policy": {"rules": [{"rulePriority": 1}]}},
        {"repository": ["repository"]},
    ),
    "pull-policy": (
        "aws:ecr/repositoryPolicy:RepositoryPolicy",
        {"policy": {"Statement": [{"Effect": "Allow", "Principal": OURS, "Action": "ecr:BatchGetImage"}]}},
        {"repository": ["repository"]},
    ),
    "definition": (
        "aws:ecs/taskDefinition:TaskDefinition",
        {
            "networkMode": "awsvpc",
            "pidMode": "task",
            "executionRoleArn": "arn:execution",
            "taskRoleArn": "arn:task",
            "containerDefinitions": [
                {
                    "name": "worker",
                    "image": DIGEST,
                    "user": "65534",
                    "readonlyRootFilesystem": True,
                    "logConfiguration": {"logDriver": "awslogs"},
                    "environment": [{"name": "JOB_TIME_LIMIT_SECONDS", "value": "60"}],
                }
            ],
        },
        {"executionRoleArn": ["execution"], "taskRoleArn": ["task"], "containerDefinitions": ["queue"]},
    ),
    "cluster": ("aws:ecs/cluster:Cluster", {"settings": [{"name": "containerInsights", "value": "enabled"}]}, {}),
    "service": (
        "aws:ecs/service:Service",
        {
            "networkConfiguration": {"assignPublicIp": False},
            "platformVersion": "LATEST",
            "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        },
        {},
    ),
    "target": ("aws:appautoscaling/target:Target", {"maxCapacity": 20}, {}),
    "queue": (
        "aws:sqs/queue:Queue",
        {
            "name": "jobs",
            "sqsManagedSseEnabled": True,
            "visibilityTimeoutSeconds": 66,
            "messageRetentionSeconds": 345_600,
        },
        {},
    ),
    "dead-letters": ("aws:sqs/queue:Queue", {"sqsManagedSseEnabled": True, "messageRetentionSeconds": 1_209_600}, {}),
    "redrive": (
        "aws:sqs/redrivePolicy:RedrivePolicy",
        {"redrivePolicy": {"maxReceiveCount": 3}},
        {"queueUrl": ["queue"], "redrivePolicy": ["dead-letters"]},
    ),
    "queue-policy": ("aws:sqs/queuePolicy:QueuePolicy", {"policy": tls_only()}, {"queueUrl": ["queue"]}),
    "dead-policy": ("aws:sqs/queuePolicy:QueuePolicy", {"policy": tls_only()}, {"queueUrl": ["dead-letters"]}),
    "rabbitmq": (
        "aws:mq/broker:Broker",
        {
            "publiclyAccessible": False,
            "autoMinorVersionUpgrade": True,
            "deploymentMode": "CLUSTER_MULTI_AZ",
            "logs": {"general": True},
        },
        {},
    ),
    "valkey": (
        "aws:elasticache/replicationGroup:ReplicationGroup",
        {
            "snapshotRetentionLimit": 7,
            "autoMinorVersionUpgrade": True,
            "automaticFailoverEnabled": True,
            "atRestEncryptionEnabled": True,
            "transitEncryptionEnabled": True,
            "userGroupIds": ["backlog"],
            "subnetGroupName": "backlog",
        },
        {},
    ),
    "valkey-parameters": (
        "aws:elasticache/parameterGroup:ParameterGroup",
        {"parameters": [{"name": "maxmemory-policy", "value": "noeviction"}]},
        {},
    ),
    "key": (
        "aws:kms/key:Key",
        {
            "enableKeyRotation": True,
            "policy": {"Statement": [{"Effect": "Allow", "Principal": OURS, "Action": "kms:*", "Resource": "*"}]},
        },
        {},
    ),
    "login": ("aws:secretsmanager/secret:Secret", {}, {}),
    "rotation": ("aws:secretsmanager/secretRotation:SecretRotation", {}, {"secretId": ["login"]}),
    "topic": ("aws:sns/topic:Topic", {"kmsMasterKeyId": "key"}, {}),
    "database": (
        "aws:rds/instance:Instance",
        {
            "publiclyAccessible": False,
            "storageEncrypted": True,
            "multiAz": True,
            "monitoringInterval": 60,
            "performanceInsightsEnabled": True,
            "deletionProtection": True,
            "skipFinalSnapshot": False,
            "enabledCloudwatchLogsExports": ["postgresql", "upgrade"],
            "iamDatabaseAuthenticationEnabled": True,
            "backupRetentionPeriod": 14,
            "autoMinorVersionUpgrade": True,
            "copyTagsToSnapshot": True,
            "port": 6543,
            "username": "backlog",
            "manageMasterUserPassword": True,
            "instanceClass": "db.m7g.large",
        },
        {"dbSubnetGroupName": ["subnets"]},
    ),
    "subnets": ("aws:rds/subnetGroup:SubnetGroup", {}, {"subnetIds": ["private-a"]}),
    "parameters": (
        "aws:rds/parameterGroup:ParameterGroup",
        {"parameters": [{"name": "rds.force_ssl", "value": "1"}]},
        {},
    ),
    "execution": (
        "aws:iam/role:Role",
        {
            "assumeRolePolicy": {
                "Statement": [
                    {
                        "Effect": "Allow",
                        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
                    }
                ]
            }
        },
        {},
    ),
    "task": ("aws:iam/role:Role", {}, {}),
    "attachment": (
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"policyArn": "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole"},
        {"role": ["task"]},
    ),
    "inline": ("aws:iam/rolePolicy:RolePolicy", {"policy": allow("sqs:SendMessage", "arn:queue")}, {}),
    "managed": ("aws:iam/policy:Policy", {"policy": allow("kms:Decrypt", "arn:key/1")}, {}),
    "logs": ("aws:cloudwatch/logGroup:LogGroup", {"retentionInDays": 90}, {}),
    "alarm": (
        "aws:cloudwatch/metricAlarm:MetricAlarm",
        {"alarmDescription": "Late. Runbook: docs/runbooks/late-jobs.md", "alarmActions": ["arn:topic"]},
        {},
    ),
}


def urn(name: str) -> str:
    return f"urn:pulumi:prod::backlog::any::{name}"


def world(*changes: tuple[str, Any]) -> Stack:
    """The stack, with values at paths changed: `database.port`, `protect.queue`, `links.queue-policy.queueUrl`.

    A name alone adds a resource of the type that is its value. An unknown in a document makes its text unknown.
    """
    parts = copy.deepcopy({name: {"props": props, "links": links} for name, (_, props, links) in WORLD.items()})
    types = {name: type_ for name, (type_, _, _) in WORLD.items()}
    options: dict[str, dict[str, Any]] = {"protect": {}, "tags": {}}
    for path, value in changes:
        match path.split("."):
            case [name]:
                types[name], parts[name] = value, {"props": {}, "links": {}}
            case ["protect" | "tags" as option, name]:
                options[option][name] = value
            case ["links", name, prop]:
                parts[name]["links"][prop] = value
            case [name, *steps]:
                _put(parts[name]["props"], steps, value)
    return Stack(
        "prod",
        [
            Resource(
                type=types[name],
                urn=urn(name),
                props={key: _text(key, prop) for key, prop in part["props"].items()},
                protect=options["protect"].get(name, True),
                links={prop: tuple(urn(at) for at in names) for prop, names in part["links"].items()},
                default_tags=options["tags"].get(name, TAGS),
            )
            for name, part in parts.items()
        ],
    )


def _put(inside: Any, steps: list[str], value: Any) -> None:
    for at, step in enumerate(steps[:-1]):
        if isinstance(inside, dict) and step not in inside:
            inside[step] = [] if steps[at + 1].isdecimal() else {}
        inside = inside[int(step)] if isinstance(inside, list) else inside[step]
    if isinstance(inside, list):
        inside[int(steps[-1])] = value
    else:
        inside[steps[-1]] = value


def _text(key: str, value: Any) -> Any:
    if key not in DOCUMENTS or isinstance(value, str):
        return value
    return UNKNOWN if isinstance(value, Hidden) or "Hidden(" in repr(value) else json.dumps(value)


@pytest.fixture(name="world")
def world_fixture() -> Callable[..., Stack]:
    return world


@functools.cache
def declared_once(stack: str) -> Stack:
    """A stack as the program declares it: each takes Pulumi's engine seconds."""
    return declared(stack)


@pytest.fixture(name="declared_once")
def declared_once_fixture() -> Callable[[str], Stack]:
    return declared_once


@pytest.fixture(params=["dev", "prod", "local", "lab"])
def stack(request: pytest.FixtureRequest) -> Stack:
    """Each stack, as the program declares it."""
    return declared_once(request.param)
