"""The receiver of the practical."""

import time

from backlog_lab.batching import MOST_MESSAGES, most_at_rate
from backlog_lab.display import Display
from backlog_lab.interruption import Interruption
from backlog_lab.pace import Pace
from backlog_lab.queue import Queue, Received
from backlog_lab.summary import Summary


class Receiver:
    """Shows what comes, and deletes it once it is shown."""

    def __init__(self, queue: Queue, display: Display, rate: float | None = None, count: int | None = None) -> None:
        """At most `rate` messages per second; ends after `count` messages, else only when it is interrupted."""
        self._queue, self._display, self._rate, self._count = queue, display, rate, count
        self._pace = Pace(rate)
        self._summary = Summary()

    def run(self) -> None:
        """Receive, and say at the end what was seen.

        Raises:
            LabError: the queue is gone, or does not answer.
        """
        try:
            with Interruption() as interruption, self._display.receiving():
                while not interruption.asked and (most := self._most()):
                    self._handle(self._queue.receive(most), interruption)
        finally:
            self._display.summarise(self._summary)

    def _most(self) -> int:
        left = MOST_MESSAGES if self._count is None else self._count - self._summary.received
        return min(left, most_at_rate(self._rate))

    def _handle(self, messages: list[Received], interruption: Interruption) -> None:
        """What is shown is deleted, and only that: what an interruption leaves goes back to the queue at once."""
        handled = []
        for message in messages:
            interruption.wait(self._pace.wait_for)
            if interruption.asked:
                break
            now = time.time()
            duplicate = self._summary.add(message.client, message.body, message.sent_at, now)
            self._display.received(message, now, duplicate=duplicate)
            handled.append(message)
        if handled:
            self._queue.delete(handled)
        if left := messages[len(handled) :]:
            self._queue.give_back(left)
