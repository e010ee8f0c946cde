"""The whole program under Pulumi's mocks: what a stack's configuration declares, without an engine."""

import asyncio
import contextvars
import json
import re
import runpy
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pulumi_aws
import pytest
import yaml
from pulumi.runtime import mocks, rpc, set_all_config
from pulumi.runtime.settings import SETTINGS, configure
from pulumi.runtime.stack import run_in_stack

from infra.settings import Settings, parse

with warnings.catch_warnings():
    # The SDK warns of its own deprecated resources when a module is loaded, which it is when it is first used.
    warnings.simplefilter("ignore", DeprecationWarning)
    assert pulumi_aws.ec2.Vpc

CHECKOUT = Path(__file__).resolve().parents[3]
SECRET = rpc._special_secret_sig
ACCOUNT = "210987654321"  # nobody's default: an account that stands in the program as a literal would show


@dataclass(frozen=True)
class Declared:
    """One resource as the program registers it."""

    type: str
    name: str
    urn: str
    parent: str
    inputs: dict[str, Any]
    protect: bool
    ignore_changes: tuple[str, ...]
    dependencies: frozenset[str]
    secrets: frozenset[str]


@dataclass
class Stack:
    """What one run of the program declares."""

    resources: list[Declared] = field(default_factory=list)
    exports: dict[str, Any] = field(default_factory=dict)
    invokes: list[str] = field(default_factory=list)

    def all(self, kind: str) -> list[Declared]:
        """Every resource of a provider's type, by its class name."""
        return [r for r in self.resources if r.type.endswith(f":{kind}") and not r.type.startswith("backlog:")]

    def one(self, kind: str, name: str) -> Declared:
        (found,) = [resource for resource in self.all(kind) if resource.name == name]
        return found

    def json(self, kind: str, name: str, key: str) -> Any:
        """A property that holds JSON."""
        return json.loads(self.one(kind, name).inputs[key])

    def containers(self, service: str) -> dict[str, dict[str, Any]]:
        """A task definition's containers, by name."""
        definitions = self.json("TaskDefinition", service, "containerDefinitions")
        return {container["name"]: container for container in definitions}


class Aws(mocks.Mocks):
    """Outputs in AWS's formats, as far as the program reads them."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        service = re.sub(r"^aws:(\w+)/.*", r"\1", args.typ)
        name = f"{args.name}-0123456"
        made = {
            "arn": f"arn:aws:{service}:us-east-1:{ACCOUNT}:{args.typ.rsplit(':', 1)[-1]}/{name}",
            "name": name,
            **args.inputs,
        }
        match args.typ:
            case "aws:sqs/queue:Queue":
                made["url"] = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/{name}"
            case "aws:ecr/repository:Repository":
                made |= {
                    "registryId": ACCOUNT,
                    "repositoryUrl": f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{name}",
                }
            case "docker:index/image:Image":
                made["repoDigest"] = f"{args.inputs['imageName'].rsplit(':', 1)[0]}@sha256:{'a' * 64}"
            case "aws:rds/instance:Instance":
                secret = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:rds!db-1-abcdef"
                made |= {
                    "address": f"{name}.rds.amazonaws.com",
                    "endpoint": f"{name}.rds.amazonaws.com:{args.inputs['port']}",
                    "arn": f"arn:aws:rds:us-east-1:{ACCOUNT}:db:{name}",
                    "resourceId": "db-RESOURCE",
                    "masterUserSecrets": [{"secretArn": secret}],
                }
            case "aws:secretsmanager/secret:Secret":
                made["arn"] = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{name}-abcdef"
            case "aws:secretsmanager/secretVersion:SecretVersion":
                made["secretArn"] = args.inputs["secretId"]
            case "aws:mq/broker:Broker":
                made |= {"brokerName": name, "instances": [{"endpoints": ["amqps://b-1.mq.us-east-1.on.aws:5671"]}]}
            case "aws:elasticache/replicationGroup:ReplicationGroup":
                made |= {"replicationGroupId": name, "primaryEndpointAddress": f"master.{name}.cache.amazonaws.com"}
            case "aws:msk/serverlessCluster:ServerlessCluster":
                made |= {
                    "arn": f"arn:aws:kafka:us-east-1:{ACCOUNT}:cluster/{name}/0123-s1",
                    "bootstrapBrokersSaslIam": "boot-1.c1.kafka-serverless.us-east-1.amazonaws.com:9098",
                }
            case "aws:lb/loadBalancer:LoadBalancer":
                made |= {
                    "dnsName": f"{name}.elb.amazonaws.com",
                    "arnSuffix": f"app/{name}/1",
                    "zoneId": "Z-of-balancer",
                }
            case "aws:acm/certificate:Certificate":
                made["domainValidationOptions"] = [
                    {
                        "domainName": each,
                        "resourceRecordName": f"_of.{each.removeprefix('*.')}.",
                        "resourceRecordType": "CNAME",
                        "resourceRecordValue": f"_value-of.{each.removeprefix('*.')}.",
                    }
                    for each in [args.inputs["domainName"], *args.inputs.get("subjectAlternativeNames", [])]
                ]
            case "aws:route53/record:Record":
                made["fqdn"] = args.inputs["name"].rstrip(".")
            case "aws:s3/bucket:Bucket":
                made["bucket"] = name
            case "aws:ec2/vpcEndpoint:VpcEndpoint":
                made["prefixListId"] = f"pl-{args.name}"
            case "aws:lb/targetGroup:TargetGroup":
                made["arnSuffix"] = f"targetgroup/{name}/2"
        return f"{args.name}-id", made

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        assert args.token == "aws:ecr/getAuthorizationToken:getAuthorizationToken"
        return {"userName": "AWS", "password": "registry-token", "authorizationToken": "QVdTOg=="}


class Monitor(mocks.MockMonitor):
    """Keeps what mocks don't see: parents, options, dependencies, exports."""

    def __init__(self) -> None:
        super().__init__(Aws())
        self.stack = Stack()

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        self.stack.invokes.append(request.tok)
        return super().Invoke(request)

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        response = super().RegisterResource(request)
        if request.type != "pulumi:pulumi:Stack":
            self.stack.resources.append(
                Declared(
                    type=request.type,
                    name=request.name,
                    urn=response.urn,
                    parent=_short(request.parent),
                    inputs=rpc.deserialize_properties(request.object),
                    protect=request.protect,
                    ignore_changes=tuple(request.ignoreChanges),
                    dependencies=frozenset(request.dependencies),
                    secrets=frozenset(key for key, value in request.object.items() if _holds_secret(value)),
                )
            )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the protocol's name
        if "pulumi:pulumi:Stack" in request.urn:
            self.stack.exports = rpc.deserialize_properties(request.outputs)
        return super().RegisterResourceOutputs(request)


def _holds_secret(value: Any) -> bool:
    return SECRET in str(value)


def _short(urn: str) -> str:
    """`urn:...$backlog:infra:Api::api` is `Api/api`."""
    kind, name = urn.split("::")[-2:]
    return f"{kind.rsplit(':', 1)[-1]}/{name}"


def the_program() -> None:
    runpy.run_path(str(CHECKOUT / "infra"), run_name="__main__")


def run(
    stack: str, config: dict[str, Any], secret: Sequence[str] = (), program: Callable[[], Any] = the_program
) -> Stack:
    """One run of the program with exactly this configuration; what the program raises is raised."""
    monitor = Monitor()

    def alone() -> None:
        configure(
            mocks.MockSettings(
                monitor=monitor,
                monitor_features=set(monitor.GetDeploymentInfo(None).supportedFeatures),
                engine=mocks.MockEngine(None),
                project="backlog",
                stack=stack,
                dry_run=False,
                organization=None,
            )
        )
        texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()}
        set_all_config(texts, list(secret))
        SETTINGS.outputs.clear()  # a run that failed leaves its own
        asyncio.run(run_in_stack(program))

    contextvars.Context().run(alone)
    return monitor.stack


def config_of(stack: str) -> dict[str, Any]:
    return yaml.safe_load((CHECKOUT / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]


@cache
def _declared(stack: str, changes: str) -> Stack:
    config = config_of(stack)
    for key, value in json.loads(changes).items():
        old = config.get(f"backlog:{key}")
        config[f"backlog:{key}"] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return run(stack, config)


@pytest.fixture
def declare() -> Callable[..., Stack]:
    """`declare("dev", egress="nat")`: what a stack declares, with some settings other than its file's."""
    return lambda stack, **changes: _declared(stack, json.dumps(changes))


@pytest.fixture(params=["dev", "prod", "local"])
def stack_name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def stack(stack_name: str) -> Stack:
    """Each of the stacks, as its file has it."""
    return _declared(stack_name, "{}")


@pytest.fixture
def written(stack_name: str) -> dict[str, Any]:
    """What that stack's file says, by the keys that `parse` takes."""
    config = {key.removeprefix("backlog:"): value for key, value in config_of(stack_name).items()}
    del config["aws:defaultTags"]  # the provider's own
    return config


@pytest.fixture
def configured(written: dict[str, Any]) -> Settings:
    """What that stack's file means."""
    return parse(written)


@pytest.fixture
def dev() -> Stack:
    return _declared("dev", "{}")


@pytest.fixture
def run_component() -> Callable[[Callable[[], Any]], Stack]:
    """What a function declares that makes one component."""
    return lambda program: run("test", {}, program=program)


@pytest.fixture
def run_program() -> Callable[..., Stack]:
    """Run it with a stack's file, other settings over it, and some of the file's left out."""

    def run_with(
        stack: str, config: dict[str, Any], *, without: Sequence[str] = (), secret: Sequence[str] = ()
    ) -> Stack:
        merged = {key: value for key, value in (config_of(stack) | config).items() if key not in without}
        return run(stack, merged, secret)

    return run_with
