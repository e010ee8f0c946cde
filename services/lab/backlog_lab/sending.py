"""The sender of the practical."""

import time
from functools import partial

from backlog_lab.batching import batches, most_at_rate, numbered
from backlog_lab.display import Display
from backlog_lab.interruption import Interruption
from backlog_lab.pace import Pace
from backlog_lab.technologies.mailbox import Mailbox


def send(queue: Mailbox, display: Display, client: str, count: int, rate: float | None, prepend: str) -> bool:
    """Send so many messages, at most `rate` per second; whether all were sent, and not interrupted.

    Raises:
        LabError: the queue does not take them.
    """
    pace, sent, started = Pace(rate), 0, time.monotonic()
    try:
        with Interruption() as interruption, display.sending(count) as advance:
            for batch in batches(numbered(count, client, prepend), most_at_rate(rate)):
                size = len(batch)
                interruption.wait(partial(pace.wait_for, size))
                if interruption.asked:
                    break
                queue.send(batch)
                sent += size
                advance(size)
    finally:
        display.sent(sent, time.monotonic() - started)
    return sent == count
