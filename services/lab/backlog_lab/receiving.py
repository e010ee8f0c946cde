"""The receiver of the practical."""

import os
import signal
import time
from dataclasses import dataclass

from backlog_lab.batching import MOST_MESSAGES, most_at_rate
from backlog_lab.display import Display
from backlog_lab.interruption import Interruption
from backlog_lab.pace import Pace
from backlog_lab.queue import Received
from backlog_lab.summary import Summary
from backlog_lab.technologies.mailbox import Mailbox


@dataclass(frozen=True)
class Faults:
    """What the receiver does wrong: it fails with messages that have `text` in them, and dies after so many."""

    text: str = ""
    crash_after: int | None = None

    def with_message(self, message: Received) -> bool:
        """Whether it fails with this one."""
        return bool(self.text) and self.text in message.body


@dataclass(frozen=True)
class Ends:
    """When it is over, if not by an interruption: after so many messages, or so many seconds without one."""

    count: int | None = None
    idle: float | None = None


class Receiver:
    """Shows what comes, and deletes it once it is shown."""

    def __init__(
        self,
        queue: Mailbox,
        display: Display,
        rate: float | None = None,
        ends: Ends = Ends(),
        faults: Faults = Faults(),
    ) -> None:
        """At most `rate` messages per second."""
        self._queue, self._display, self._rate, self._ends, self._faults = queue, display, rate, ends, faults
        self._pace = Pace(rate)
        self._summary = Summary()

    def run(self) -> None:
        """Receive, and say at the end what was seen.

        Raises:
            LabError: the queue is gone, or does not answer.
        """
        try:
            with Interruption() as interruption, self._display.receiving():
                last = time.monotonic()
                while not interruption.asked and (most := self._most()):
                    messages = self._queue.receive(most)
                    self._handle(messages, interruption)
                    last = time.monotonic() if messages else last
                    if self._ends.idle is not None and time.monotonic() - last >= self._ends.idle:
                        break
        finally:
            self._display.summarise(self._summary)
            self._queue.close()

    def _most(self) -> int:
        left = MOST_MESSAGES if self._ends.count is None else self._ends.count - self._summary.received
        return min(left, most_at_rate(self._rate))

    def _handle(self, messages: list[Received], interruption: Interruption) -> None:
        """What is shown is deleted, and only that: what an interruption leaves goes back to the queue at once."""
        handled, failed = [], list[Received]()
        for message in messages:
            interruption.wait(self._pace.wait_for)
            if interruption.asked:
                break
            now = time.time()
            if self._faults.with_message(message):
                self._display.failed(message, now)
                failed.append(message)
                continue
            duplicate = self._summary.add(message.client, message.body, message.sent_at, now)
            self._display.received(message, now, duplicate=duplicate)
            handled.append(message)
            if self._summary.received == self._faults.crash_after:
                self._display.crashes(self._summary.received)
                os.kill(os.getpid(), signal.SIGKILL)
        if handled:
            self._queue.delete(handled)
        if left := [*failed, *messages[len(handled) + len(failed) :]]:
            self._queue.give_back(left)
