"""Celery's consumer without its jobs with a delay, of which there are none.

For them it would make 28 quorum queues and as many exchanges whenever it connects, where any of the queues is one.
"""

from celery.worker import consumer


class Consumer(consumer.Consumer):  # type: ignore[misc] # Celery is untyped
    """For Celery's worker_consumer."""

    class Blueprint(consumer.Consumer.Blueprint):  # type: ignore[misc] # as above
        """Its steps, but that one."""

        default_steps = [  # noqa: RUF012 - Celery's own attribute
            step for step in consumer.Consumer.Blueprint.default_steps if not step.endswith(":DelayedDelivery")
        ]
