"""Entity tags of todos, and the conditions that a client puts on them (RFC 9110, sections 8.8.3 and 13).

A condition counts where the request would have been done without it (13.2.1): what is not there is a 404 with any.
"""

import re
from typing import Any

from flask import request
from sqlalchemy import Row

from backlog_todos.todos import OtherRevision, Revisions

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
#: What a list of tags is once each of them is replaced; it may have empty elements (5.6.1.2).
_ELEMENTS = {"", "\0"}
_REVISION = re.compile(r"0|[1-9][0-9]{0,17}")


def tag(todo: Row[Any]) -> str:
    """The strong tag of a todo as it is."""
    return f'"{todo.id}-{todo.revision}"'


def revisions(todo_id: int) -> Revisions:
    """The revisions that a change is for, by If-Match and If-None-Match."""
    among = _named("If-Match", todo_id, weak=False)
    none = _named("If-None-Match", todo_id, weak=True)
    if "If-None-Match" in request.headers and none is None:
        return Revisions(among=())
    return Revisions(among, none or ())


def is_known(todo: Row[Any]) -> bool:
    """Whether the client of a GET has the todo as it is, by If-None-Match.

    Raises:
        OtherRevision: by If-Match it wants another.
    """
    among = _named("If-Match", todo.id, weak=False)
    if among is not None and todo.revision not in among:
        raise OtherRevision
    none = _named("If-None-Match", todo.id, weak=True)
    return "If-None-Match" in request.headers and (none is None or todo.revision in none)


def _named(header: str, todo_id: int, *, weak: bool) -> tuple[int, ...] | None:
    """The revisions of the todo in a header; None for `*`, and where there is no such header.

    A weak tag is none for If-Match, and one like another for If-None-Match (13.1.1, 13.1.2). What is no list of tags
    names nothing.
    """
    value = request.headers.get(header, "*").strip(" \t")
    if value == "*":
        return None
    if "\0" in value or not _ELEMENTS.issuperset(part.strip(" \t") for part in _TAG.sub("\0", value).split(",")):
        return ()
    parts = (text.partition("-") for is_weak, text in _TAG.findall(value) if weak or not is_weak)
    return tuple(int(rest) for own, _, rest in parts if own == str(todo_id) and _REVISION.fullmatch(rest))
