"""ECR, image builds, ECS and its autoscaling."""

import json
from collections.abc import Iterator

from infra.build_context import context_digest
from infra.settings import FARGATE
from local.provider.naming import AutoName, digest
from local.provider.properties import Bag, has_unknown
from local.provider.schema import Failure
from local.resources.table import Resource, resource

STOP_TIMEOUT = 120  # seconds; the longest that Fargate waits between SIGTERM and SIGKILL
_CONDITIONS = ("START", "COMPLETE", "SUCCESS", "HEALTHY")

#: Source: Amazon ECS API Reference, ContainerDefinition.
_CONTAINER = {
    "name",
    "image",
    "repositoryCredentials",
    "cpu",
    "memory",
    "memoryReservation",
    "links",
    "portMappings",
    "essential",
    "restartPolicy",
    "entryPoint",
    "command",
    "environment",
    "environmentFiles",
    "mountPoints",
    "volumesFrom",
    "linuxParameters",
    "secrets",
    "dependsOn",
    "startTimeout",
    "stopTimeout",
    "versionConsistency",
    "hostname",
    "user",
    "workingDirectory",
    "disableNetworking",
    "privileged",
    "readonlyRootFilesystem",
    "dnsServers",
    "dnsSearchDomains",
    "extraHosts",
    "dockerSecurityOptions",
    "interactive",
    "pseudoTerminal",
    "dockerLabels",
    "ulimits",
    "logConfiguration",
    "healthCheck",
    "systemControls",
    "resourceRequirements",
    "firelensConfiguration",
    "credentialSpecs",
}


def _check_task_definition(inputs: Bag) -> Iterator[Failure]:
    if "FARGATE" in inputs.get("requiresCompatibilities", []):
        yield from _check_fargate(inputs)
    text = inputs.get("containerDefinitions", "")
    if has_unknown(text):
        return
    try:
        containers = json.loads(text)
    except ValueError as error:
        yield Failure("containerDefinitions", f"is not JSON: {error}")
        return
    if not isinstance(containers, list) or not all(isinstance(item, dict) for item in containers):
        yield Failure("containerDefinitions", "must be a list of containers")
        return
    names = [container.get("name") for container in containers]
    if not any(container.get("essential", True) for container in containers):
        yield Failure("containerDefinitions", "at least one container must be essential")
    if len(set(names)) != len(names):
        yield Failure("containerDefinitions", f"two containers have one name: {names}")
    volumes = [volume.get("name") for volume in inputs.get("volumes", [])]
    for index, container in enumerate(containers):
        for mount in container.get("mountPoints", []):
            if mount.get("sourceVolume") not in volumes:
                yield Failure(
                    "containerDefinitions",
                    f"{container.get('name')} mounts {mount.get('sourceVolume')!r}, which is no volume of this task",
                )
        where = f"containerDefinitions: {container.get('name') or f'container {index}'}"
        yield from _check_container(container, where, names)


def _check_container(container: Bag, where: str, names: list[str]) -> Iterator[Failure]:
    for key in sorted(container.keys() - _CONTAINER):
        yield Failure(where, f"{key!r} is not a property of a container definition")
    for key in ("name", "image"):
        if not container.get(key):
            yield Failure(where, f"{key} is missing")
    for variable in container.get("environment", []):
        if variable.keys() != {"name", "value"} or not all(isinstance(item, str) for item in variable.values()):
            yield Failure(where, f"environment {variable.get('name', variable)!r}: name and value must both be strings")
    for entry in container.get("secrets", []):
        if entry.keys() != {"name", "valueFrom"}:
            yield Failure(where, f"secret {entry.get('name', entry)!r} needs name and valueFrom")
    twice = {item.get("name") for item in container.get("environment", [])} & {
        item.get("name") for item in container.get("secrets", [])
    }
    for name in sorted(map(str, twice)):
        yield Failure(where, f"{name} is both in environment and in secrets")
    for dependency in container.get("dependsOn", []):
        if dependency.get("containerName") not in names:
            yield Failure(
                where,
                f"dependsOn names {dependency.get('containerName')!r}, which is no container of this task",
            )
        if dependency.get("condition") not in _CONDITIONS:
            yield Failure(
                where,
                f"dependsOn condition {dependency.get('condition')!r} is none of {', '.join(_CONDITIONS)}",
            )
    if container.get("stopTimeout", 0) > STOP_TIMEOUT:
        yield Failure(where, f"stopTimeout {container['stopTimeout']} s is over Fargate's {STOP_TIMEOUT} s")
    check = container.get("healthCheck", {}).get("command", ["CMD"])
    if check[0] not in ("CMD", "CMD-SHELL", "NONE"):
        yield Failure(where, f"healthCheck command begins with CMD or CMD-SHELL, not {check[0]!r}")


def _check_fargate(inputs: Bag) -> Iterator[Failure]:
    cpu, memory = (int(inputs[key]) if str(inputs.get(key, "")).isdigit() else None for key in ("cpu", "memory"))
    if cpu is None or memory is None:
        if not has_unknown([inputs.get("cpu"), inputs.get("memory")]):
            yield Failure("cpu", "a Fargate task needs cpu and memory, as whole numbers")
    elif cpu not in FARGATE:
        yield Failure("cpu", f"Fargate has no {cpu} CPU units; it has {', '.join(map(str, FARGATE))}")
    elif memory not in FARGATE[cpu]:
        sizes = FARGATE[cpu]
        yield Failure(
            "memory",
            f"Fargate has no {memory} MiB with {cpu} CPU units; it has {sizes[0]} to {sizes[-1]} MiB",
        )
    if inputs.get("networkMode") != "awsvpc":
        yield Failure("networkMode", "a Fargate task needs awsvpc")


def _check_service(inputs: Bag) -> Iterator[Failure]:
    if inputs.get("launchType") and inputs.get("capacityProviderStrategies"):
        yield Failure("launchType", "goes not with capacityProviderStrategies; keep the strategies")
    count = inputs.get("desiredCount")
    if isinstance(count, int) and count < 0:
        yield Failure("desiredCount", f"{count} tasks: must be 0 or more")


def _check_repository(inputs: Bag) -> Iterator[Failure]:
    name = inputs.get("name", "")
    if not has_unknown(name) and name != name.lower():
        yield Failure("name", f"{name!r}: ECR takes lower-case letters only")


@resource("aws:ecr/repository:Repository", auto_name=AutoName(longest=256, lower=True), check=_check_repository)
def repository(r: Resource) -> Bag:
    name = r.get("name")
    return {
        "id": name,
        "arn": r.arn("ecr", f"repository/{name}"),
        "registryId": r.account,
        "imageTagMutability": "MUTABLE",
        "repositoryUrl": f"{r.account}.dkr.ecr.{r.region}.amazonaws.com/{name}",
    }


@resource("aws:ecr/lifecyclePolicy:LifecyclePolicy")
def lifecycle_policy(r: Resource) -> Bag:
    return {"id": r.get("repository"), "registryId": r.account}


@resource("aws:ecr/repositoryPolicy:RepositoryPolicy")
def repository_policy(r: Resource) -> Bag:
    return {"id": r.get("repository"), "registryId": r.account}


def _check_image(inputs: Bag) -> Iterator[Failure]:
    build = inputs.get("build")
    if isinstance(build, dict):
        try:
            context_digest(build)
        except OSError as error:
            yield Failure("build", f"{error.filename}: {error.strerror}")


@resource("docker:index/image:Image", check=_check_image)
def image(r: Resource) -> Bag:
    """The digest is that of what would be built: the files of the context and the build's arguments."""
    content = context_digest(r.get("build", {}))
    name = str(r.get("imageName")).split("@")[0]
    bare = name[: name.rfind(":")] if ":" in name.rsplit("/", 1)[-1] else name
    return {
        "id": f"sha256:{digest(content, 'image', length=64)}",
        "baseImageName": name,
        "context": r.get("build", {}).get("context", ""),
        "dockerfile": r.get("build", {}).get("dockerfile", ""),
        "platform": r.get("build", {}).get("platform", ""),
        "repoDigest": f"{bare}@sha256:{digest(content, length=64)}",
    }


@resource("aws:ecs/cluster:Cluster", auto_name=AutoName(longest=255))
def cluster(r: Resource) -> Bag:
    arn = r.arn("ecs", f"cluster/{r.get('name')}")
    return {"id": arn, "arn": arn}


@resource("aws:ecs/clusterCapacityProviders:ClusterCapacityProviders")
def cluster_capacity_providers(r: Resource) -> Bag:
    return {"id": r.get("clusterName")}


@resource("aws:ecs/taskDefinition:TaskDefinition", check=_check_task_definition)
def task_definition(r: Resource) -> Bag:
    # AWS counts revisions; a number that follows from the content is as good, and the same on each run.
    revision = int(r.hex(4), 16) + 1
    bare = r.arn("ecs", f"task-definition/{r.get('family')}")
    return {
        "id": r.get("family"),
        "arn": f"{bare}:{revision}",
        "arnWithoutRevision": bare,
        "revision": revision,
        "enableFaultInjection": False,
    }


@resource("aws:ecs/service:Service", auto_name=AutoName(longest=255), check=_check_service)
def service(r: Resource) -> Bag:
    arn = r.arn("ecs", f"service/{str(r.get('cluster')).rsplit('/', maxsplit=1)[-1]}/{r.get('name')}")
    return {
        "id": arn,
        "arn": arn,
        "iamRole": "/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "launchType": "" if r.get("capacityProviderStrategies") else "EC2",
        "platformVersion": "LATEST",
        "triggers": {},
        "deploymentMinimumHealthyPercent": 100,
        "deploymentMaximumPercent": 200,
    }


@resource("aws:appautoscaling/target:Target")
def scaling_target(r: Resource) -> Bag:
    return {
        "id": r.get("resourceId"),
        "arn": r.arn("application-autoscaling", f"scalable-target/{r.hex(31)}"),
        "roleArn": r.arn(
            "iam",
            "role/aws-service-role/ecs.application-autoscaling.amazonaws.com/"
            "AWSServiceRoleForApplicationAutoScaling_ECSService",
            region=False,
        ),
    }


def _scaling_arn(r: Resource, kind: str) -> str:
    return r.arn("autoscaling", f"{kind}:{r.hex(32)}:resource/{r.get('serviceNamespace')}/{r.get('resourceId')}")


@resource("aws:appautoscaling/policy:Policy", auto_name=AutoName(longest=256))
def scaling_policy(r: Resource) -> Bag:
    name = f"TargetTracking-{r.get('resourceId')}"
    tracked = r.get("policyType") == "TargetTrackingScaling"
    return {
        "id": r.get("name"),
        "arn": f"{_scaling_arn(r, 'scalingPolicy')}:policyName/{r.get('name')}",
        "alarmArns": [r.arn("cloudwatch", f"alarm:{name}-Alarm{side}") for side in ("High", "Low")] if tracked else [],
    }


@resource("aws:appautoscaling/scheduledAction:ScheduledAction", auto_name=AutoName(longest=256))
def scheduled_action(r: Resource) -> Bag:
    return {
        "id": r.get("name"),
        "arn": f"{_scaling_arn(r, 'scheduledAction')}:scheduledActionName/{r.get('name')}",
    }
