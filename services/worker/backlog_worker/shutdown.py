"""The end of a warm shutdown: what is not done in time is handed back to the queue, for another worker to do at once.

Celery waits for running jobs for as long as they take. A container is killed after its stop timeout, and the messages
of its jobs would stay hidden until their visibility timeouts are over.
"""

import logging
import os
import signal
import threading
from typing import Any

import billiard
import boto3
from botocore.config import Config
from celery.worker import state

from backlog_worker.settings import WorkerSettings

log = logging.getLogger(__name__)

#: Seconds, and one try: of the stop timeout only a little is left by then (infra/job_contract.py).
_CLIENT = Config(connect_timeout=1, read_timeout=1, retries={"total_max_attempts": 1})


def set_deadline(settings: WorkerSettings) -> threading.Timer:
    """From now on the shutdown may take `settings.shutdown` seconds."""
    timer = threading.Timer(settings.shutdown, _hand_back, (settings,))
    timer.daemon = True
    timer.start()
    return timer


def _hand_back(settings: WorkerSettings) -> None:
    """End the jobs, then make their messages visible, then leave; in this order no job is done here and given away."""
    unfinished = [request for request in tuple(state.reserved_requests) if not request.acknowledged]
    for child in billiard.active_children():
        os.kill(child.pid, signal.SIGKILL)
    handed_back = sum(_made_visible(settings, request) for request in unfinished)
    log.warning("shutdown took too long", extra={"unfinished": len(unfinished), "handed_back": handed_back})
    logging.shutdown()
    os._exit(0)


def _made_visible(settings: WorkerSettings, request: Any) -> bool:
    try:
        boto3.client("sqs", region_name=settings.region, config=_CLIENT).change_message_visibility(
            QueueUrl=settings.queue_url, ReceiptHandle=request.message.delivery_tag, VisibilityTimeout=0
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the visibility timeout ends all the same
        log.warning("message not handed back", extra={"job_id": request.id, "detail": str(error)})
        return False
    return True
