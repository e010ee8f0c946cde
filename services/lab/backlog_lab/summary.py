"""What a receiver saw, in numbers."""

import hashlib
from dataclasses import dataclass, field


@dataclass
class Summary:
    """Counts while messages come; times are seconds since the epoch."""

    #: Messages, every copy counted.
    received: int = 0
    #: Messages whose client and body had come before, whether the queue repeated them or a client sent them again.
    duplicates: int = 0
    #: Seconds between sending and receiving, of the message that waited longest; None before the first.
    oldest_age: float | None = None
    _first: float = 0
    _last: float = 0
    _seen: set[bytes] = field(default_factory=set, repr=False)

    def add(self, client: str, body: str, sent_at: float, now: float) -> bool:
        """Count a message that was received now; whether it is a duplicate."""
        self._first = self._first if self.received else now
        self._last = now
        self.received += 1
        # The clocks of the queue and of this machine differ: no message is younger than none.
        self.oldest_age = max(self.oldest_age or 0, now - sent_at)
        # A digest, so that a long run of long messages is remembered in little memory.
        content = hashlib.sha256(f"{len(client)} {client} {body}".encode(errors="surrogatepass")).digest()
        duplicate = content in self._seen
        self.duplicates += duplicate
        self._seen.add(content)
        return duplicate

    @property
    def rate(self) -> float | None:
        """Messages per second from the first to the last; None when that is no time."""
        span = self._last - self._first
        return (self.received - 1) / span if span > 0 else None
