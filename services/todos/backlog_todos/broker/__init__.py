"""The broker that carries jobs from the API to the worker: SQS, RabbitMQ or Valkey, as the environment says.

Each is Celery's settings as plain data, which both doors hand to their Celery apps. What differs stands in a file each.
"""

from backlog_todos.broker.kinds import Broker, read
from backlog_todos.broker.rabbitmq import RabbitMq
from backlog_todos.broker.sqs import Sqs
from backlog_todos.broker.valkey import Valkey
from backlog_todos.broker.wire import BUILD_CALENDAR, DEAD_LETTERS, REFRESH_CALENDAR, Patience

__all__ = [
    "BUILD_CALENDAR",
    "DEAD_LETTERS",
    "REFRESH_CALENDAR",
    "Broker",
    "Patience",
    "RabbitMq",
    "Sqs",
    "Valkey",
    "read",
]
