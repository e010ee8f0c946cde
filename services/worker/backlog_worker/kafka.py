"""Publishes events to a topic of Kafka: keyed by their subject, so that a subject's events stay in one partition.

MSK Serverless makes no topics by itself, and neither do many clusters: the first publisher makes it.
"""

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from aws_msk_iam_sasl_signer import MSKAuthTokenProvider
from confluent_kafka import KafkaError, KafkaException, Message, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from backlog_todos import events
from backlog_todos.tables import Event
from backlog_worker.settings import KafkaSettings

log = logging.getLogger(__name__)

_PARTITIONS = 6  # as many subscribers of one group can share the work
_PATIENCE = 10  # seconds until a message that was not acknowledged has failed; rows are locked meanwhile
#: CloudEvents, Kafka protocol binding: structured mode.
_CONTENT: list[tuple[str, str | bytes | None]] = [("content-type", b"application/cloudevents+json; charset=UTF-8")]


class Kafka:
    """The topic."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._producer: Producer | None = None

    def publish(self, batch: Sequence[Event]) -> tuple[list[int], str]:
        """See backlog_worker.relay.Stream. A producer that failed is not used again, nor is what it still holds."""
        taken: list[int] = []
        failures: list[str] = []
        try:
            producer = self._producer or self._connected()
            self._producer = None
            for event in batch:
                producer.produce(
                    self._settings.topic,
                    value=events.as_json(event).encode(),
                    key=event.subject.encode(),
                    headers=_CONTENT,
                    timestamp=int(event.occurred_at.timestamp() * 1_000),
                    on_delivery=partial(_delivered, event.position, taken, failures),
                )
            if producer.flush(2 * _PATIENCE):
                failures.append("Kafka did not answer in time")
        except (KafkaException, BufferError) as error:
            failures.append(str(error))
        if failures:
            return taken, failures[0]
        self._producer = producer
        return taken, ""

    def _connected(self) -> Producer:
        client = _client(self._settings)
        admin = AdminClient(client)
        admin.poll(1)  # asks for the token, where one is needed
        topic = NewTopic(self._settings.topic, num_partitions=_PARTITIONS, replication_factor=-1)  # the cluster's own
        try:
            admin.create_topics([topic], operation_timeout=_PATIENCE)[topic.topic].result(2 * _PATIENCE)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
        except TimeoutError:
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT)) from None  # noqa: SLF001 - its public name
        # Acknowledged by all replicas, and by each once.
        reliably = {"enable.idempotence": True, "acks": "all", "delivery.timeout.ms": _PATIENCE * 1_000}
        return Producer({**client, **reliably}, logger=log)


def _delivered(position: int, taken: list[int], failures: list[str], error: KafkaError | None, _: Message) -> None:
    if error is None:
        taken.append(position)
    else:
        failures.append(error.str())


def _client(settings: KafkaSettings) -> dict[str, Any]:
    """The configuration of librdkafka. Source: MSK Developer Guide, "Configure clients for IAM access control"."""
    client: dict[str, Any] = {
        "bootstrap.servers": settings.brokers,
        "client.id": "backlog-relay",
        "socket.timeout.ms": _PATIENCE * 1_000,
        "socket.connection.setup.timeout.ms": _PATIENCE * 1_000,
    }
    if settings.login == "iam":
        client |= {"security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"}
        client["oauth_cb"] = partial(_token, settings.region)
    return client


def _token(region: str, _: str) -> tuple[str, float]:
    """A token that the task's role signs, and the second since 1970 in which it ends."""
    token, expires = MSKAuthTokenProvider.generate_auth_token(region)
    return token, expires / 1_000
