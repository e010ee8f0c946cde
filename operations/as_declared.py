"""What runs of a stack against what it declared: each thing that was looked at, right or not.

Sources: Amazon ECS API Reference, Deployment (status, rolloutState) and Container (imageDigest); Elastic Load Balancing
API Reference, TargetHealth; Amazon SQS API Reference, GetQueueAttributes.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

_POLL = 5.0  # seconds between two looks at a rollout
_AT_ONCE = 100  # tasks that DescribeTasks takes. Source: ECS API Reference


class Aws(Protocol):
    """Clients of boto3, by service."""

    def client(self, service: str) -> Any:
        """A client."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `mend` says what to do where it is not as declared."""

    subject: str
    what: str
    declared: str
    found: str
    mend: str = ""

    @property
    def right(self) -> bool:
        """Whether what was found is what was declared."""
        return self.declared == self.found


@dataclass(frozen=True)
class Service:
    """A service as the stack's output `services` has it.

    Attributes:
        name: its name in the cluster.
        task_definition: the ARN, with revision, that the stack declared.
        image: `repository@sha256:...`.
        target_group: its ARN, where a load balancer stands before it.
    """

    name: str
    task_definition: str
    image: str
    target_group: str | None = None


def verify(
    aws: Aws, outputs: Mapping[str, Any], wait: float, sleep: Callable[[float], Any] = time.sleep
) -> list[Finding]:
    """Everything that was looked at, right or not. Waits up to `wait` seconds for rollouts that are under way."""
    cluster = outputs["cluster"]
    services = {name: Service(**told) for name, told in outputs["services"].items()}
    until = time.monotonic() + wait
    findings: list[Finding] = []
    for name, service in services.items():
        findings += _service(aws.client("ecs"), cluster, name, service, until, sleep)
        if service.target_group:
            findings += _targets(aws.client("elbv2"), name, service.target_group, until, sleep)
    return findings + queues(aws, outputs)


def queues(aws: Aws, outputs: Mapping[str, Any]) -> list[Finding]:
    """Each queue's attributes against those that the job contract gave it; a stack without SQS has none."""
    sqs = aws.client("sqs") if outputs.get("queues") else None
    return [finding for name, queue in outputs.get("queues", {}).items() for finding in _queue(sqs, name, queue)]


def _service(
    ecs: Any, cluster: str, name: str, service: Service, until: float, sleep: Callable[[float], Any]
) -> Iterator[Finding]:
    subject = f"service {name}"
    found = _settled(ecs, cluster, service.name, until, sleep)
    yield Finding(subject, "status", "ACTIVE", found.get("status", "missing"), "run `pulumi up`")
    primary = next((one for one in found.get("deployments", []) if one["status"] == "PRIMARY"), None)
    if primary is None:
        yield Finding(subject, "deployment", "PRIMARY", "none", "run `pulumi up`")
        return
    yield Finding(
        subject,
        "task definition",
        _revision(service.task_definition),
        _revision(primary.get("taskDefinition", "none")),
        f"it was rolled back, or changed by hand: {primary.get('rolloutStateReason') or 'see its events'}",
    )
    yield Finding(
        subject, "rollout", "COMPLETED", primary.get("rolloutState", "not told"), primary.get("rolloutStateReason", "")
    )
    wanted = found.get("desiredCount", 0)
    yield Finding(subject, "tasks running", str(wanted), str(found.get("runningCount", 0)), _last_event(found))
    yield from _tasks(ecs, cluster, subject, service)


def _settled(ecs: Any, cluster: str, name: str, until: float, sleep: Callable[[float], Any]) -> dict[str, Any]:
    """The service once its rollout has ended, or as it is when the time is over."""
    while True:
        (found,) = ecs.describe_services(cluster=cluster, services=[name])["services"] or [{}]
        under_way = any(one.get("rolloutState") == "IN_PROGRESS" for one in found.get("deployments", []))
        if not under_way or time.monotonic() >= until:
            return dict(found)
        sleep(_POLL)


def _tasks(ecs: Any, cluster: str, subject: str, service: Service) -> Iterator[Finding]:
    pages = ecs.get_paginator("list_tasks").paginate(cluster=cluster, serviceName=service.name, desiredStatus="RUNNING")
    arns = [arn for page in pages for arn in page["taskArns"]]
    group = f"service:{service.name}"  # emulators list the tasks of every service
    digest = service.image.partition("@")[2]
    for at in range(0, len(arns), _AT_ONCE):
        for task in ecs.describe_tasks(cluster=cluster, tasks=arns[at : at + _AT_ONCE])["tasks"]:
            if task.get("group", group) != group:
                continue
            identity = f"{subject}, task {task['taskArn'].rpartition('/')[2][:8]}"
            yield Finding(
                identity,
                "task definition",
                _revision(service.task_definition),
                _revision(task["taskDefinitionArn"]),
                "an old task still runs: see whether it is protected from scale-in, and what it works on",
            )
            for container in task["containers"]:
                # Of an image that is pinned ECS pulls no other, whether it tells the digest or not.
                runs = container.get("imageDigest") or container.get("image", "").partition("@")[2] or "not told"
                yield Finding(identity, f"image of {container['name']}", digest, runs, "run `pulumi up`")


def _targets(elb: Any, name: str, arn: str, until: float, sleep: Callable[[float], Any]) -> Iterator[Finding]:
    """Targets that are being registered or drained are waited for."""
    passing = {"initial", "draining"}
    while True:
        targets = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        if time.monotonic() >= until or not any(one["TargetHealth"]["State"] in passing for one in targets):
            break
        sleep(_POLL)
    if not targets:
        yield Finding(f"targets of {name}", "registered", "some", "none", "see the service's events")
    for one in targets:
        health = one["TargetHealth"]
        target = f"{one['Target']['Id']}:{one['Target'].get('Port', '')}"
        reason = f"{health.get('Reason', '')} {health.get('Description', '')}".strip()
        yield Finding(f"targets of {name}", target, "healthy", health["State"], reason)


def _queue(sqs: Any, name: str, queue: Mapping[str, Any]) -> Iterator[Finding]:
    attributes = sqs.get_queue_attributes(QueueUrl=queue["url"], AttributeNames=["All"])["Attributes"]
    for attribute, declared in queue["attributes"].items():
        found = attributes.get(attribute, "none")
        yield Finding(
            f"queue {name}",
            attribute,
            _canonical(declared),
            _canonical(found),
            "changed by hand: `pulumi up --refresh` puts it right",
        )


def _revision(arn: str) -> str:
    return arn.rpartition("/")[2]


def _last_event(service: Mapping[str, Any]) -> str:
    return next((event["message"] for event in service.get("events", [])), "see the service's events")


def _canonical(value: Any) -> str:
    """JSON is compared by what it says; numbers come as texts from SQS, and as numbers from the stack."""
    try:
        read = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return str(value)
    if isinstance(read, dict):
        return json.dumps({key: str(inner) for key, inner in read.items()}, sort_keys=True)
    return f"{read:g}" if isinstance(read, float) else str(read)
