"""Who asks, and whether he may: every path is closed but those that are named here.

Where a stack is open, everybody is; else a client shows a bearer token, or its page's cookie with one in it, or comes
from the load balancer's login. What an open stack costs a request is a look at its method and its host.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, cast

from flask import Flask, Response, g, redirect, request, url_for
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import ServiceUnavailable, TooManyRequests, Unauthorized
from werkzeug.routing import Rule

from backlog_api import csrf
from backlog_api.access_settings import AccessSettings
from backlog_api.bearer import Bearers
from backlog_api.login import HEADER, Logins, LoginUnknownError
from backlog_api.rate_limit import RateLimit, Standing
from backlog_todos.access_tokens import Known
from backlog_todos.database import Sessions

KEY = "backlog-access"
#: With `__Host-` a browser takes it over HTTPS alone, and keeps it from every other host. On plain HTTP it is refused.
SECURE_COOKIE, PLAIN_COOKIE = "__Host-backlog", "backlog"
#: What nobody shows anything for: feeds have secret addresses, and monitors, browsers' own requests and the way in come
#: with nothing.
_OPEN_ENDPOINTS = frozenset({"status.get_health", "static", "page.get_icon", "sign_in.get_form", "sign_in.post_form"})
_FEEDS = "/calendars/"
#: Not counted: a load balancer asks every ten seconds, and what a page is made of is no question.
_UNCOUNTED = frozenset({"status.get_health", "static", "page.get_icon"})
#: Wrong tokens of one address: so many a minute, and so many at once. A right one is never refused for them.
_FAILURES_PER_MINUTE, _FAILURES_AT_ONCE = 10, 10


@dataclass(frozen=True)
class Client:
    """Who asks. `id` is what rate limits and idempotency keys go by; `by_browser`, it may not know what it asks."""

    id: str
    name: str
    by_browser: bool = True


ANYONE = Client("anyone", "anyone")
#: In WSGI's environment: how a request's client stands, where that was counted before it came to Flask (fast_path.py).
COUNTED = "backlog.counted"
#: Where a request without an address comes from.
NOWHERE = "nowhere"


class Access:
    """The app's rules."""

    def __init__(self, settings: AccessSettings, sessions: Sessions) -> None:
        self.settings = settings
        self.bearers = Bearers(sessions)
        self.logins = Logins(settings.login) if settings.login else None
        self.limit = RateLimit(settings.requests_per_minute, settings.burst) if settings.requests_per_minute else None
        self.failures = RateLimit(_FAILURES_PER_MINUTE, _FAILURES_AT_ONCE)
        self.only_here = settings.kind == "open" and settings.on_loopback

    def client(self) -> Client | None:
        """Who asks; None for a stranger."""
        if self.settings.kind == "open":
            return ANYONE
        if (shown := _shown(request.headers.get("Authorization", ""))) is not None:
            return self.bearer(shown, by_browser=False)
        if self.logins:
            return self._logged_in(self.logins)
        token = request.cookies.get(SECURE_COOKIE if request.is_secure else PLAIN_COOKIE, "")
        return self.bearer(token, by_browser=True) if token else None

    def at_a_glance(self, authorization: str) -> Client | None:
        """Who asks with this header, where that is known already; None for a stranger, and for whoever is none yet."""
        if self.settings.kind == "open":
            return ANYONE
        shown = _shown(authorization)
        known = self.bearers.remembered(shown) if shown is not None else None
        return _with_token(known, by_browser=False) if known else None

    def bearer(self, token: str, *, by_browser: bool) -> Client | None:
        """Whose token it is; a wrong one counts.

        Raises:
            TooManyRequests: this address has shown too many wrong ones.
        """
        if known := self.bearers.known(token):
            return _with_token(known, by_browser=by_browser)
        if (standing := self.failures.count(address())).refused:
            too_many(standing, "too many wrong tokens came from this address")
        return None

    def _logged_in(self, logins: Logins) -> Client | None:
        token = request.headers.get(HEADER)
        try:
            subject = logins.subject(token) if token else None
        except LoginUnknownError:
            raise ServiceUnavailable("the load balancer's login cannot be checked now, try again soon") from None
        return Client(f"login:{subject}", subject) if subject else None


def _shown(authorization: str) -> str | None:
    """The token of a header; None where it is of another kind (RFC 6750, 2.1)."""
    kind, _, token = authorization.partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _with_token(known: Known, *, by_browser: bool) -> Client:
    return Client(f"token:{known.id}", known.name, by_browser)


def address() -> str:
    """Where a request comes from, as the load balancer saw it where there is one (proxies.py)."""
    return request.remote_addr or NOWHERE


def of(app: Flask) -> Access:
    """An app's rules."""
    return cast("Access", app.extensions[KEY])


def client() -> Client:
    """Who asks; on a path that is open, anyone."""
    found: Client = g.get("client", ANYONE)
    return found


def too_many(standing: Standing, sentence: str) -> NoReturn:
    """Refuse, and say until when.

    Raises:
        TooManyRequests: always.
    """
    raise TooManyRequests(f"{sentence}: try again in {standing.retry_after} s", retry_after=standing.retry_after)


def register(app: Flask, settings: AccessSettings, sessions: Sessions) -> None:
    """Look at every request before its view does."""
    access = app.extensions[KEY] = Access(settings, sessions)

    @app.before_request
    def admit() -> Response | None:
        if access.only_here:
            csrf.refuse_other_names()
        found = ANYONE if is_open(request.url_rule) else access.client()
        if found is None:
            _count(access, address())
            return _stranger(access)
        g.client = found
        _count(access, found.id if found is not ANYONE else address())
        if found.by_browser:
            csrf.refuse_other_sites()
        return None

    if access.limit:
        app.after_request(_tell(access.limit))


def is_open(rule: Rule | None) -> bool:
    """Whether nobody shows anything at a route; of a path that is none, whether it is where feeds are."""
    if rule is None:
        return request.path.startswith(_FEEDS)
    return rule.endpoint in _OPEN_ENDPOINTS or rule.rule.startswith(_FEEDS)


def _count(access: Access, who: str) -> None:
    if access.limit is None or request.endpoint in _UNCOUNTED:
        return
    g.standing = request.environ.get(COUNTED) or access.limit.count(who)
    if g.standing.refused:
        too_many(g.standing, "too many requests came from this client")


def rates(limit: RateLimit, standing: Standing) -> dict[str, str]:
    """How a client stands, in the fields of the IETF's draft "RateLimit header fields for HTTP"."""
    window = math.ceil(60 * limit.burst / limit.per_minute)
    return {
        "RateLimit-Policy": f'"client";q={limit.burst};w={window}',
        "RateLimit": f'"client";r={standing.remaining};t={standing.reset}',
    }


def _tell(limit: RateLimit) -> Callable[[Response], Response]:
    def tell(response: Response) -> Response:
        standing: Standing | None = g.get("standing")
        if standing:
            response.headers.update(rates(limit, standing))
        return response

    return tell


def _stranger(access: Access) -> Response:
    """Lead a person to the form, and tell a program what it lacks.

    Raises:
        Unauthorized: it is a program, or the login is elsewhere.
    """
    if access.settings.kind == "token" and request.endpoint == "page.get_page":
        answer = redirect(url_for("sign_in.get_form"), 303)
        answer.headers["Cache-Control"] = "no-store"
        return answer  # type: ignore[return-value]  # Flask's redirect makes the app's own kind
    raise Unauthorized(
        "show an access token, as Authorization: Bearer blg_...", www_authenticate=WWWAuthenticate("bearer")
    )
