"""Sends jobs to the queue.

A queue that is away loses nothing: the job is in the database, and the worker's reconciler sends it later.
"""

import logging
import uuid
from collections.abc import Callable
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from celery import Celery

from backlog_api import depths
from backlog_api.depths import Depths, LastDepths
from backlog_api.settings import ApiSettings
from backlog_todos import broker
from backlog_todos.broker import Patience, Sqs

log = logging.getLogger(__name__)

#: A dead queue must not hold a request.
_PATIENCE = Patience(connect=1, answer=2, tries=2)


class JobQueue:
    """The producer's side of the queue."""

    def __init__(self, settings: ApiSettings) -> None:
        self._broker = settings.broker
        self._celery = Celery("backlog", set_as_current=False)
        self._celery.conf.update(self._broker.celery(_PATIENCE))

    def send(self, job_id: uuid.UUID, request_id: str) -> bool:
        """Send a job; False, with a line in the log, when the queue does not take it."""
        failure = self._sent(broker.BUILD_CALENDAR, str(job_id), request_id, task_id=str(job_id))
        if failure:
            log.warning("job not sent", extra={"job_id": str(job_id), "detail": failure})
        return not failure

    def refresh(self, list_id: int, wait: float, request_id: str) -> bool:
        """Ask for the calendar of a list, to be built after `wait` seconds; False, with a line in the log, as above."""
        failure = self._sent(broker.REFRESH_CALENDAR, list_id, request_id, countdown=wait or None)
        if failure:
            log.warning("calendar not asked for", extra={"list_id": list_id, "detail": failure})
        return not failure

    def _sent(self, task: str, about: str | int, request_id: str, **more: Any) -> str:
        """Why it was not; empty if it was. Whatever a broker raises, what is to be done stands in the database."""
        try:
            self._celery.send_task(
                task,
                args=[about],
                headers={"request_id": request_id},
                confirm_timeout=_PATIENCE.answer,
                **more,
                **self._broker.sending(),
            )
        except Exception as error:  # noqa: BLE001 - as the docstring says
            return str(error) or type(error).__name__
        return ""

    def answers(self) -> bool:
        """Whether the queue is there."""
        try:
            self._ask()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is no answer
            log.warning("queue does not answer", extra={"detail": str(error)})
            return False
        return True

    def depths(self) -> Depths | None:
        """How much is on it, as of a moment ago; None when it does not answer."""
        return self._depths.now()

    @cached_property
    def _depths(self) -> LastDepths:
        return LastDepths(depths.reader(self._broker, self._celery, _PATIENCE))

    @cached_property
    def _ask(self) -> Callable[[], object]:
        if isinstance(self._broker, Sqs):
            sqs = boto3.client("sqs", region_name=self._broker.region, config=Config(**self._broker.client(_PATIENCE)))
            url = self._broker.queue_url
            return lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return self._open_channel

    def _open_channel(self) -> None:
        with self._celery.connection_for_write() as connection:
            _ = connection.default_channel  # which logs in
