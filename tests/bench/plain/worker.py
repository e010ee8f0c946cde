"""The plain worker: `celery --app tests.bench.plain.worker worker`; it writes the calendar to CALENDAR_FILE."""

import os
import tempfile
from pathlib import Path

from celery import Celery
from sqlalchemy import create_engine, text

from backlog_todos.broker import Patience, Sqs
from tests.bench.plain.rendering import rendered

app = Celery("plain", set_as_current=False)
app.conf.update(Sqs(queue_url=os.environ["QUEUE_URL"], region=os.environ["AWS_REGION"]).celery(Patience(3, 30, 3)))
app.conf.broker_transport_options["polling_interval"] = 0.05  # seconds; with kombu's own, 1, a job takes half a second
app.conf.update(worker_concurrency=2, worker_prefetch_multiplier=1, worker_enable_remote_control=False)
engine = create_engine(os.environ["DATABASE_URI"], pool_pre_ping=True)


@app.task(name="plain.render_calendar")
def render_calendar() -> None:
    """Render everything."""
    engine.dispose(close=False)  # a child's connection is its own
    with engine.connect() as connection:
        todos = connection.execute(text("select * from todos order by id")).all()
    file = Path(os.environ["CALENDAR_FILE"])
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as written:
        written.write(rendered(todos))
    Path(written.name).replace(file)
