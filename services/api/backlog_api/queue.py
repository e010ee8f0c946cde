"""Sends jobs to the queue.

A queue that is away loses nothing: the job is in the database, and the worker's reconciler sends it later.
"""

import logging
import uuid
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from celery import Celery

from backlog_api.settings import ApiSettings
from backlog_todos import broker

log = logging.getLogger(__name__)

#: A dead queue must not hold a request: seconds to connect and to answer, and one more try.
_CLIENT: dict[str, Any] = {"connect_timeout": 1, "read_timeout": 2, "retries": {"total_max_attempts": 2}}


class JobQueue:
    """The producer's side of the queue."""

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._celery = Celery("backlog", set_as_current=False)
        self._celery.conf.update(broker.sqs(settings.queue_url, settings.region, _CLIENT))

    def send(self, job_id: uuid.UUID, request_id: str) -> bool:
        """Send a job; False, with a line in the log, when the queue does not take it."""
        try:
            self._celery.send_task(
                broker.BUILD_CALENDAR,
                args=[str(job_id)],
                task_id=str(job_id),
                headers={"request_id": request_id},
                retry=False,
            )
        except Exception as error:  # noqa: BLE001 - whatever a broker raises, the job is safe in the database
            log.warning("job not sent", extra={"job_id": str(job_id), "detail": str(error)})
            return False
        return True

    def answers(self) -> bool:
        """Whether the queue is there."""
        try:
            self._client.get_queue_attributes(QueueUrl=self._settings.queue_url, AttributeNames=["QueueArn"])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no answer
            log.warning("queue does not answer", extra={"detail": str(error)})
            return False
        return True

    @cached_property
    def _client(self) -> Any:
        return boto3.client("sqs", region_name=self._settings.region, config=Config(**_CLIENT))
