"""SQS."""

from collections.abc import Iterator

from infra.policy.resources import Resource, Stack
from infra.policy.rule import Severity, rule
from infra.policy.rules.statements import denies_plain_text, open_to_anyone
from infra.policy.rules.task_definitions import containers

QUEUE = "aws:sqs/queue:Queue"
POLICY = "aws:sqs/queuePolicy:QueuePolicy"
REDRIVE = "aws:sqs/redrivePolicy:RedrivePolicy"
SUBSCRIPTION = "aws:sns/topicSubscription:TopicSubscription"  # its redrive policy is a property of its own
DEFAULT_RETENTION, DEFAULT_VISIBILITY = 345_600, 30  # seconds, SQS's own


def _dead_letter_queue(queue: Resource, stack: Stack) -> Resource | None:
    for redrive in stack.referring(REDRIVE, "queueUrl", queue):
        for target in stack.linked(redrive, "redrivePolicy", QUEUE):
            return target
    return None


def _receives_dead_letters(queue: Resource, stack: Stack) -> bool:
    return any(queue in stack.linked(source, "redrivePolicy", QUEUE) for source in stack.of(REDRIVE, SUBSCRIPTION))


@rule(
    "sqs-encrypted", QUEUE, control="SQS.1", severity=Severity.MEDIUM,
    why="Messages lie on disks in clear.",
    mend="Set sqs_managed_sse_enabled, or a kms_master_key_id.",
)  # fmt: skip
def encrypted(queue: Resource, _: Stack) -> Iterator[str]:
    if not queue.get("kmsMasterKeyId") and queue.get("sqsManagedSseEnabled") is not True:
        yield "is not encrypted"


@rule(
    "sqs-not-public", QUEUE, POLICY, control="SQS.3", severity=Severity.CRITICAL,
    why="Anyone can read or write the queue.",
    mend="Name the principals, or add a condition on aws:SourceArn or aws:SourceAccount.",
)  # fmt: skip
def not_public(policy: Resource, _: Stack) -> Iterator[str]:
    if open_to_anyone(policy.document("policy")):
        yield "lets anyone use the queue"


@rule(
    "sqs-tls-only", QUEUE, severity=Severity.MEDIUM,
    why="Messages can be read on their way.",
    mend="Add a queue policy that denies sqs:* where aws:SecureTransport is false.",
)  # fmt: skip
def tls_only(queue: Resource, stack: Stack) -> Iterator[str]:
    policies = stack.referring(POLICY, "queueUrl", queue)
    if not any(denies_plain_text(policy.document("policy")) for policy in policies):
        yield "takes requests without TLS"


@rule(
    "sqs-redrive", QUEUE, severity=Severity.HIGH,
    why="A message that can't be worked on comes back for ever, or is lost when it expires.",
    mend="Add a RedrivePolicy to a dead-letter queue.",
)  # fmt: skip
def redrive(queue: Resource, stack: Stack) -> Iterator[str]:
    if not _receives_dead_letters(queue, stack) and _dead_letter_queue(queue, stack) is None:
        yield "has no dead-letter queue"


@rule(
    "sqs-dead-letters-live-longer", QUEUE, severity=Severity.MEDIUM,
    why="A dead letter keeps the age it had: with the same retention it may vanish before anyone looks.",
    mend="Set message_retention_seconds of the dead-letter queue above that of its source.",
)  # fmt: skip
def dead_letters_live_longer(queue: Resource, stack: Stack) -> Iterator[str]:
    if dead := _dead_letter_queue(queue, stack):
        own = queue.get("messageRetentionSeconds", DEFAULT_RETENTION)
        its = dead.get("messageRetentionSeconds", DEFAULT_RETENTION)
        if its <= own:
            yield f"keeps messages for {own} s, and its dead-letter queue {dead.name} for no more than {its} s"


@rule(
    "sqs-visibility", QUEUE, severity=Severity.HIGH,
    why="A message that shows again while its job still runs is worked on twice at once.",
    mend="Take visibility_timeout_seconds from the job contract (infra/job_contract.py).",
)  # fmt: skip
def visibility(queue: Resource, stack: Stack) -> Iterator[str]:
    if _receives_dead_letters(queue, stack):
        return
    timeout = queue.get("visibilityTimeoutSeconds", DEFAULT_VISIBILITY)
    for definition in stack.of("aws:ecs/taskDefinition:TaskDefinition"):
        if queue.urn not in definition.links.get("containerDefinitions", ()):
            continue
        for container in containers(definition):
            told = container.variables
            # A worker that knows the timeout hides the message of a longer job anew, in time.
            needed = int(told.get("JOB_VISIBILITY_TIMEOUT_SECONDS") or told.get("JOB_TIME_LIMIT_SECONDS") or 0)
            if timeout < needed:
                yield f"shows messages again after {timeout} s, and {definition.name} counts on {needed} s"
