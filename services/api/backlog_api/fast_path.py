"""What is asked most is answered before Flask: a todo read or made, and a calendar that has not changed.

Flask, its hooks and the views know every case of these requests. Here is the usual one of each, by the same rules, and
in half of the time (docs/adr/0023). Whatever is not usual is left to Flask as if nothing stood before it: a query, a
browser, a stranger, a client that is refused or asks for what is not there. tests/integration/test_fast_path.py asks
both ways and compares.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from typing import Any, Final, NamedTuple

from flask import Flask
from flask import request as flask_request
from pydantic import ValidationError

from backlog_api import access, access_log, page, preconditions, published, todos
from backlog_api import request as incoming
from backlog_api.access import ANYONE
from backlog_api.bodies import IN_LIST, NewTodo
from backlog_api.errors import BadRequest
from backlog_api.operation import LARGEST_BODY
from backlog_api.state import KEY, State
from backlog_todos import feeds, lists, telemetry
from backlog_todos import todos as rules
from backlog_todos.calendars import published as calendars
from backlog_todos.calendars.published import Of

Environ = dict[str, Any]

#: By these a browser is known, where a change depends on whether it is one (csrf.py).
_OF_BROWSERS: Final = ("HTTP_ORIGIN", "HTTP_SEC_FETCH_SITE")
#: In WSGI's environment: what went wrong before a request came to Flask.
_FAILED: Final = "backlog.failed"
_STATUS: Final = {200: "200 OK", 201: "201 CREATED", 304: "304 NOT MODIFIED"}


class Request:
    """A request as WSGI gives it; `about` are the ids that its path names, or that it turns out to be about."""

    def __init__(self, environ: Environ, path: re.Match[str], state: State) -> None:
        self.environ, self.path, self.state = environ, path, state
        self.id = access_log.sane_id(environ.get("HTTP_X_REQUEST_ID", ""))
        self.about = {name: int(found) for name, found in path.groupdict().items() if found and name != "token"}

    @property
    def list_id(self) -> int | None:
        """That of the path; None for the paths of the first list, which name none."""
        return self.about.get("list_id")

    def header(self, name: str) -> str | None:
        """A header, by the name that WSGI has for it."""
        value: str | None = self.environ.get(f"HTTP_{name}")
        return value

    def body(self) -> bytes | None:
        """JSON that is all there, of a size that is taken; Flask then finds it as if nobody had read it."""
        length = self.environ.get("CONTENT_LENGTH", "")
        kind = self.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        if kind != "application/json" or not (length.isascii() and length.isdigit() and int(length) < LARGEST_BODY):
            return None
        body: bytes = self.environ["wsgi.input"].read(int(length))
        self.environ["wsgi.input"] = BytesIO(body)
        return body if len(body) == int(length) else None


class Answer(NamedTuple):
    """`body` is JSON; None where there is none, and none is told of."""

    status: int
    headers: Mapping[str, str]
    body: str | None = None


def get_todo(request: Request) -> Answer | None:
    """A todo, or that the client has it; a list of tags, and what is not there, is Flask's."""
    known, todo_id = request.header("IF_NONE_MATCH"), request.about["todo_id"]
    if request.header("IF_MATCH") is not None:
        return None
    with request.state.own.connection() as connection:
        todo = rules.found(connection, request.list_id or lists.FIRST, todo_id)
    if todo is None:
        return None
    if known is None:
        body, headers = todos.told(todo, request.list_id)
        return Answer(200, headers, body)
    tag = preconditions.tag(todo)
    return Answer(304, {"ETag": tag}) if known == tag else None


def post_todo(request: Request) -> Answer | None:
    """A new todo; a body that is wrong or unusual, and a list that is not there, are Flask's."""
    if request.header("IDEMPOTENCY_KEY") is not None or not request.state.changes_at_once:
        return None
    if (sent := request.body()) is None:
        return None
    model = NewTodo if request.list_id is None else IN_LIST[NewTodo]
    try:
        new = model.model_validate(incoming.parsed(sent))
        with request.state.at_once(request.state.own.connection(asynchronous=True), request.id) as connection:
            todo = rules.created(connection, request.list_id or lists.FIRST, new.values())
    except (BadRequest, ValidationError, lists.NoSuchList):
        return None
    request.about["todo_id"] = todo.id
    body, headers = todos.told(todo, request.list_id, written=True)
    return Answer(201, headers, body)


def get_calendar(request: Request) -> Answer | None:
    """That the client has the published calendar; if it has not, the calendar is Flask's to send."""
    if (known := request.header("IF_NONE_MATCH")) is None:
        return None
    of = Of(list_id=request.list_id) if request.list_id else Of(token_hash=feeds.hashed(request.path["token"]))
    _, suffix = published.encoding(request.header("ACCEPT_ENCODING") or "")
    with request.state.own.connection() as connection:
        found = calendars.published(connection, of, "todo")
    if found is None or found.etag is None or known.removeprefix("W/") != published.tag(found, suffix):
        return None
    return Answer(304, published.headers(found, suffix))


Handler = Callable[[Request], Answer | None]
_ID = "[1-9][0-9]{0,17}"
_TODOS = f"/api/v1/(?:lists/(?P<list_id>{_ID})/)?todos"
#: Method, path, who answers, and what the log has in the place of a path that is a secret.
_ROUTES: Final[tuple[tuple[str, re.Pattern[str], Handler, str], ...]] = (
    ("GET", re.compile(f"{_TODOS}/(?P<todo_id>{_ID})"), get_todo, ""),
    ("POST", re.compile(_TODOS), post_todo, ""),
    ("GET", re.compile(rf"/api/v1/lists/(?P<list_id>{_ID})/calendar\.ics"), get_calendar, ""),
    ("GET", re.compile(r"/calendars/(?P<token>[a-z2-7]{32})\.ics"), get_calendar, "/calendars/<token>.ics"),
)


def register(app: Flask) -> None:
    """Stand before the app; not in a process that is traced, as it is Flask whose requests are."""
    if telemetry.begun():
        return
    app.wsgi_app = FastPath(app)  # type: ignore[method-assign]

    @app.before_request
    def tell_what_failed() -> None:
        if error := flask_request.environ.get(_FAILED):
            raise error


class FastPath:
    """WSGI in front of an app's own."""

    def __init__(self, app: Flask) -> None:
        self._app = app.wsgi_app
        self._access = access.of(app)
        self._state: State = app.extensions[KEY]

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        """Answer, or have Flask answer."""
        answer = self._answer(environ)
        if answer is None:
            self._state.own.give_back()
            return self._app(environ, start_response)
        headers = list(answer.headers.items())
        if answer.body is None:
            start_response(_STATUS[answer.status], headers)
            return ()
        body = answer.body.encode()
        headers += (("Content-Type", "application/json"), ("Content-Length", str(len(body))))
        start_response(_STATUS[answer.status], headers)
        return (body,)

    def _answer(self, environ: Environ) -> Answer | None:
        """The answer with all its headers, and its line in the log; None where it is Flask's."""
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        for by, pattern, handler, shown in _ROUTES:
            if by == method and (found := pattern.fullmatch(path)):
                return None if environ["QUERY_STRING"] else self._of(environ, found, handler, shown or path)
        return None

    def _of(self, environ: Environ, found: re.Match[str], handler: Handler, shown: str) -> Answer | None:
        began = time.perf_counter()
        rates = self._admitted(environ, found)
        if rates is None:
            return None
        request = Request(environ, found, self._state)
        begun = access_log.begin(request.id, request.about)
        try:
            if (answer := handler(request)) is None:
                return None
            access_log.write(environ["REQUEST_METHOD"], shown, answer.status, time.perf_counter() - began)
        except Exception as error:  # noqa: BLE001 - whatever it is, Flask tells of it as of every error
            environ[_FAILED], environ["HTTP_X_REQUEST_ID"] = error, request.id
            return None
        finally:
            access_log.end(begun)
        protecting = page.PROTECTING if answer.body is not None else {}
        about = {**protecting, **answer.headers, **rates, "X-Request-ID": request.id}
        return Answer(answer.status, about, answer.body)

    def _admitted(self, environ: Environ, path: re.Match[str]) -> Mapping[str, str] | None:
        """The headers that say how often who asks may go on; None where Flask has to look at him."""
        if self._access.only_here and "HTTP_ACCEPT_LANGUAGE" in environ:
            return None
        if environ["REQUEST_METHOD"] != "GET" and not environ.keys().isdisjoint(_OF_BROWSERS):
            return None
        is_feed = "token" in path.re.groupindex
        client = ANYONE if is_feed else self._access.at_a_glance(environ.get("HTTP_AUTHORIZATION", ""))
        if client is None:
            return None
        limit = self._access.limit
        if limit is None:
            return {}
        who = client.id if client is not ANYONE else environ.get("REMOTE_ADDR") or access.NOWHERE
        standing = environ[access.COUNTED] = limit.count(who)
        return None if standing.refused else access.rates(limit, standing)
