"""Publishes events to SNS's topic, as JSON, with what filters may look at as message attributes."""

from collections.abc import Iterator, Sequence
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from backlog_todos import events
from backlog_todos.tables import Event

#: SNS API Reference, PublishBatch: entries, and bytes of all of them together, of which attributes have their part.
_MOST, _LARGEST = 10, 200_000
#: Seconds, and one more try: rows are locked meanwhile, and the relay tries again by itself.
_CLIENT = Config(connect_timeout=3, read_timeout=10, retries={"total_max_attempts": 2, "mode": "standard"})

Entry = dict[str, Any]


class Sns:
    """The topic; its ARN names the region, too."""

    def __init__(self, topic_arn: str) -> None:
        self._topic = topic_arn
        self._client: Any = boto3.client("sns", region_name=topic_arn.split(":")[3], config=_CLIENT)

    def publish(self, batch: Sequence[Event]) -> tuple[list[int], str]:
        """See backlog_worker.relay.Stream. What was taken before SNS went away stays taken."""
        taken: list[int] = []
        failure = ""
        for entries in _calls(batch):
            try:
                answer = self._client.publish_batch(TopicArn=self._topic, PublishBatchRequestEntries=entries)
            except (BotoCoreError, ClientError) as error:
                return taken, str(error)
            taken += [int(told["Id"]) for told in answer.get("Successful", [])]
            for refused in answer.get("Failed", []):
                failure = f"{refused['Code']}: {refused.get('Message', '')}"
        return taken, failure


def _calls(batch: Sequence[Event]) -> Iterator[list[Entry]]:
    """As many entries as one call may have."""
    entries: list[Entry] = []
    size = 0
    for event in batch:
        entry = _entry(event)
        length = len(entry["Message"].encode())
        if entries and (len(entries) == _MOST or size + length > _LARGEST):
            yield entries
            entries, size = [], 0
        entries.append(entry)
        size += length
    if entries:
        yield entries


def _entry(event: Event) -> Entry:
    attributes = {"id": str(event.id), "type": event.type, "subject": event.subject}
    attributes["schemaversion"] = events.SCHEMA_VERSION
    return {
        "Id": str(event.position),
        "Message": events.as_json(event),
        "MessageAttributes": {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    }
