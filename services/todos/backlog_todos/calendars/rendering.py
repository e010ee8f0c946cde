"""Renders what changed, and makes the pieces that it is in anew; everything else stays as it is published."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from backlog_todos import calendar
from backlog_todos.calendars import pieces
from backlog_todos.calendars.pieces import Piece
from backlog_todos.calendars.snapshot import HEAD, TAIL, Fragment, Kept, Seen, number

KINDS = ("todo", "event")


@dataclass(frozen=True)
class Made:
    """What is to be published: `fragments` of the changed todos, `pieces` that are new, `gone` which are no more.

    `etags` are of the whole calendars, todos and events: they follow from what the calendars hold.
    """

    fragments: Mapping[int, Fragment]
    pieces: Mapping[tuple[str, int], Piece]
    gone: frozenset[tuple[str, int]]
    etags: tuple[str, str]


def rendered(seen: Seen, alive: Callable[[], None]) -> Made:
    """Render a snapshot; `alive` is called every now and then."""
    changed: dict[int, Fragment] = {}
    for each in seen.changed:
        shared = calendar.both(each)
        changed[each.id] = Fragment(calendar.todo(each, seen.about, shared), calendar.event(each, seen.about, shared))
        alive()
    together: dict[int, dict[int, Fragment]] = defaultdict(dict)
    for todo_id, fragment in (*seen.fragments.items(), *changed.items()):
        together[number(todo_id)][todo_id] = fragment
    made: dict[tuple[str, int], Piece] = {}
    gone: set[tuple[str, int]] = set()
    etags = []
    head = pieces.head(calendar.head(seen.about))
    for kind in KINDS:
        made[kind, HEAD] = head
        for each_number in sorted(seen.numbers):
            if plain := b"".join(_of_kind(kind, together[each_number])):
                made[kind, each_number] = pieces.piece(plain)
            else:
                gone.add((kind, each_number))
            alive()
        parts = _joined(kind, seen.pieces, made, gone)
        made[kind, TAIL] = pieces.tail(calendar.TAIL, parts)
        etags.append(hashlib.sha256(kind.encode() + b"".join(part.digest for part in parts)).hexdigest()[:32])
    return Made(changed, made, frozenset(gone), (etags[0], etags[1]))


def _of_kind(kind: str, fragments: Mapping[int, Fragment]) -> Iterator[bytes]:
    """Those that there are, in the order of their ids."""
    for _, fragment in sorted(fragments.items()):
        component = fragment.todo if kind == "todo" else fragment.event
        if component is not None:
            yield component


def _joined(
    kind: str, old: Mapping[tuple[str, int], Kept], new: Mapping[tuple[str, int], Piece], gone: set[tuple[str, int]]
) -> list[Kept | Piece]:
    """All pieces of a kind as they will be, but the tail, in their order."""
    every: dict[int, Kept | Piece] = {}
    for pieces_of in (old, new):
        every |= {each: part for (of, each), part in pieces_of.items() if of == kind and (of, each) not in gone}
    every.pop(TAIL, None)
    return [part for _, part in sorted(every.items())]
