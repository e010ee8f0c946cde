"""What each technology is asked, one after another: the same questions, answered by what it does."""

import contextlib
import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from backlog_lab.queue import Received
from backlog_lab.technologies.mailbox import Mailbox
from local.lab.race import plain, race
from local.lab.technologies import Technology

_PATIENCE = 40.0  # seconds
#: Messages of each sender: enough for a disorder to show.
_COUNT = 50


@dataclass(frozen=True)
class Order:
    """Messages that came behind a later one of their sender, of how many; and what was lost or came twice.

    `per_second` is how many went through two receivers, sent in tens where that is possible.
    """

    one_receiver: int
    two_receivers: int
    of: int
    lost: int
    duplicates: int
    per_second: float


@dataclass(frozen=True)
class Poison:
    """`receives` of a message that always fails until it is with the dead letters, and what of the others came."""

    receives: int
    buried: bool
    others: int


def order(technology: Technology, count: int = _COUNT) -> Order:
    """One receiver, then two, of what two senders send as fast as they can."""
    alone = race(technology, _name("order"), count, receivers=("carol",))
    both = race(technology, _name("order"), count)
    for each in (alone, both):
        if each.failure:
            raise AssertionError(each.failure)
    return Order(
        one_receiver=len(alone.out_of_order),
        two_receivers=len(both.out_of_order),
        of=both.expected,
        lost=sum(each.expected - each.distinct for each in (alone, both)),
        duplicates=alone.duplicates + both.duplicates,
        per_second=both.per_second,
    )


def seconds_until_redelivered(technology: Technology, count: int = 10) -> float:
    """A receiver dies with messages in hand; seconds from its death until another has them all.

    Raises:
        AssertionError: they never come.
    """
    place = technology.made(_name("crash"))
    with _opened(technology, place.send_to) as sender:
        sender.send(plain(count))
    arguments = ["--name", place.receive_from, "--client-name", "carol", "--receive", "--crash-after", "1", "--json"]
    arguments += ["--visibility", "2", *(["--endpoint-url", technology.url] if technology.url else [])]
    died = subprocess.run(
        [sys.executable, "-m", "backlog_lab", *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    began = time.monotonic()
    shown = [json.loads(line) for line in died.stdout.splitlines()]
    assert shown[-1:] == [{"event": "crash", "messages": 1}], died.stderr  # noqa: S101 - what it is about
    with _opened(technology, place.receive_from) as receiver:
        _until_all(receiver, {message.body for message in plain(count)})
    return time.monotonic() - began


def poison(technology: Technology) -> Poison:
    """One of three messages fails each time; the others are handled."""
    place = technology.made(_name("poison"))
    receives, others, buried = 0, set[str](), list[Received]()
    with _opened(technology, place.send_to) as sender, _opened(technology, place.dead_letters) as dead:
        sender.send(plain(3))
        with _opened(technology, place.receive_from) as receiver:
            deadline = time.monotonic() + _PATIENCE
            while not buried and time.monotonic() < deadline:
                for message in receiver.receive(wait=1):
                    if message.body == "Message 1":
                        receives += 1
                        receiver.give_back([message])
                    else:
                        others.add(message.body)
                        receiver.delete([message])
                buried = dead.receive(wait=0)
    return Poison(receives, [message.body for message in buried] == ["Message 1"], len(others))


def fan_out(technology: Technology, count: int = 10) -> list[int] | None:
    """How many of a sender's messages each of two subscribers got; None where each message is for one of them."""
    if technology.fans_out is None:
        return None
    sender, subscribers = technology.fans_out(_name("fan"))
    sender.send(plain(count))
    wanted = {message.body for message in plain(count)}
    got = [len(_until_all(subscriber, wanted)) for subscriber in subscribers]
    for mailbox in (sender, *subscribers):
        mailbox.close()
    return got


def copies(technology: Technology, count: int = 10) -> int:
    """How many messages arrive where each was sent twice."""
    place = technology.made(_name("twice"))
    with _opened(technology, place.send_to) as sender:
        sender.send(plain(count))
        sender.send(plain(count))
    arrived = 0
    with _opened(technology, place.receive_from) as receiver:
        deadline, quiet = time.monotonic() + _PATIENCE, 0
        # Once something has come, a silence is the end of it.
        while time.monotonic() < deadline and not (arrived and quiet):
            messages = receiver.receive(wait=1)
            quiet = not messages
            arrived += len(messages)
            if messages:
                receiver.delete(messages)
    return arrived


def _until_all(receiver: Mailbox, wanted: set[str]) -> set[str]:
    found = set[str]()
    deadline = time.monotonic() + _PATIENCE
    while found != wanted:
        if time.monotonic() > deadline:
            raise AssertionError(f"{sorted(wanted - found)} did not come again in {_PATIENCE:.0f} s")
        if messages := receiver.receive(wait=1):
            found |= {message.body for message in messages}
            receiver.delete(messages)
    return found


@contextlib.contextmanager
def _opened(technology: Technology, name: str) -> Iterator[Mailbox]:
    mailbox = technology.open(name)
    try:
        yield mailbox
    finally:
        mailbox.close()


def _name(what: str) -> str:
    return f"{what}-{uuid.uuid4().hex[:8]}"
