"""A Celery worker's jobs on the practical's queue: page 7 of the tutorial."""

import os
from urllib.parse import urlsplit

from celery import Celery

_QUEUE = "csse6400_prac"
_sqs = os.environ.get("AWS_ENDPOINT_URL", "")
_region = os.environ.get("AWS_REGION", "us-east-1")

#: The lab's AWS is an address; AWS itself is found by its region.
app = Celery("tutorial", broker=f"sqs://{urlsplit(_sqs).netloc}")
app.conf.update(
    task_default_queue=_QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "region": _region,
        "is_secure": not _sqs.startswith("http://"),
        "wait_time_seconds": 2,
        "polling_interval": 0.1,
    },
)


@app.task(name="greet")
def greet(name: str) -> str:
    """Say hello, in the worker's log."""
    return f"Hello, {name}!"
