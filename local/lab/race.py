"""Two senders and two receivers on one queue, and what becomes of order, duplicates and time."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backlog_lab.batching import Message, batches, most_at_rate, numbered
from backlog_lab.pace import Pace
from local.lab.technologies import Place, Technology

SENDERS, RECEIVERS = ("alice", "bob"), ("carol", "dave")
_PATIENCE = 60.0  # seconds for all of it to arrive
_LOOK = 0.05  # seconds between two pictures of what has arrived


@dataclass(frozen=True)
class Arrival:
    """A message as a receiver saw it: `at` is in seconds since the first was sent."""

    at: float
    receiver: str
    sender: str
    number: int


@dataclass
class Race:
    """What has happened by now. `count` is what each sender sends."""

    title: str
    count: int
    sent: int = 0
    arrivals: list[Arrival] = field(default_factory=list)
    failure: str = ""

    @property
    def expected(self) -> int:
        """All that is sent, once each."""
        return len(SENDERS) * self.count

    @property
    def distinct(self) -> int:
        """Messages that have arrived."""
        return len({(arrival.sender, arrival.number) for arrival in self.arrivals})

    @property
    def duplicates(self) -> int:
        """Arrivals of what had arrived before."""
        return len(self.arrivals) - self.distinct

    @property
    def out_of_order(self) -> list[Arrival]:
        """Arrivals behind one that the same sender sent later."""
        last: dict[str, int] = {}
        found = []
        for arrival in self.arrivals:
            if arrival.number < last.get(arrival.sender, -1):
                found.append(arrival)
            last[arrival.sender] = max(arrival.number, last.get(arrival.sender, -1))
        return found

    @property
    def per_second(self) -> float:
        """Messages from the first that was sent to the last that arrived."""
        return self.distinct / self.arrivals[-1].at if self.arrivals else 0.0


def race(
    technology: Technology,
    name: str,
    count: int,
    rate: float | None = None,
    watched: Callable[[Race], None] = lambda _: None,
    receivers: Sequence[str] = RECEIVERS,
) -> Race:
    """Run it: each sender sends `count` messages, at most `rate` per second; `watched` sees it from time to time."""
    place = technology.made(name)
    now = Race(technology.title, count)
    course = _Course(technology, place, now, rate)
    threads = [threading.Thread(target=course.receives, args=(who,), daemon=True) for who in receivers]
    for thread in threads:
        thread.start()
    course.ready.wait(_PATIENCE)
    time.sleep(technology.settles)  # what its receivers take to be told their shares
    senders = [threading.Thread(target=course.sends, args=(who,), daemon=True) for who in SENDERS]
    course.began = time.monotonic()
    for thread in senders:
        thread.start()
    deadline = course.began + _PATIENCE
    while now.distinct < now.expected and not now.failure and time.monotonic() < deadline:
        watched(now)
        time.sleep(_LOOK)
    course.over.set()
    for thread in (*senders, *threads):
        thread.join(_PATIENCE)
    watched(now)
    return now


class _Course:
    def __init__(self, technology: Technology, place: Place, now: Race, rate: float | None) -> None:
        self._technology, self._place, self._now, self._rate = technology, place, now, rate
        self._lock = threading.Lock()
        self.began = 0.0
        self.ready, self.over = threading.Event(), threading.Event()

    def sends(self, who: str) -> None:
        try:
            mailbox, pace = self._technology.open(self._place.send_to), Pace(self._rate)
            for batch in batches(numbered(self._now.count, who, who), most_at_rate(self._rate)):
                pace.wait_for(len(batch))
                mailbox.send(batch)
                with self._lock:
                    self._now.sent += len(batch)
            mailbox.close()
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            self._now.failure = str(error)

    def receives(self, who: str) -> None:
        try:
            mailbox = self._technology.open(self._place.receive_from)
            mailbox.receive(wait=0)
            self.ready.set()
            while not self.over.is_set():
                messages = mailbox.receive(wait=1)
                with self._lock:
                    at = time.monotonic() - self.began
                    for message in messages:
                        number = int(message.body.rpartition(" ")[2])
                        self._now.arrivals.append(Arrival(at, who, message.client, number))
                if messages:
                    mailbox.delete(messages)
            mailbox.close()
        except Exception as error:  # noqa: BLE001 - whoever waits for it is told
            self._now.failure = str(error)
            self.ready.set()


def plain(count: int, client: str = "alice") -> list[Message]:
    """So many messages of one sender."""
    return list(numbered(count, client))
