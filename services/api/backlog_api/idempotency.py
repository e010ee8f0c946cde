"""`Idempotency-Key` on every POST: a client that lost the answer asks again, and what it asked for is done once.

The view runs in the transaction that holds the key's row (backlog_todos.idempotency); `State.changing` joins it. An
answer is kept sealed with the client's own key, of which the database has a hash: one may carry a feed's address.
Source: IETF draft "The Idempotency-Key HTTP Header Field".
"""

import hashlib
import os
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, Response, current_app, request
from werkzeug.exceptions import UnprocessableEntity

from backlog_api import request as incoming
from backlog_api.access import client
from backlog_api.errors import BadRequest
from backlog_api.state import joined, state
from backlog_todos import idempotency
from backlog_todos.idempotency import AnotherRequestError, Answer

HEADER, REPLAYED = "Idempotency-Key", "Idempotency-Replayed"
_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_NONCE = 12  # bytes
_REFUSED = 400  # the lowest status of a refusal
_PER_REQUEST = frozenset({"Content-Length", "Date", "X-Request-ID"})

View = Callable[..., Any]


class _RefusedError(Exception):
    """Ends the transaction of a view that refused: it changed nothing, and may be asked again with its key."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def register(app: Flask) -> None:
    """Put it before every view of the API that takes a POST; after all of them are there."""
    posts = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.rule.startswith("/api/v1/")
    }
    for endpoint in posts:
        app.view_functions[endpoint] = once(app.view_functions[endpoint])


def once(view: View) -> View:
    """The view, which does what a key asks for once."""

    @wraps(view)
    def answer(**arguments: Any) -> Any:
        if request.method != "POST" or (key := request.headers.get(HEADER)) is None:
            return view(**arguments)
        if not _KEY.fullmatch(key) or not key.strip():
            raise BadRequest({HEADER: "must be 1 to 255 visible characters of ASCII"})
        return _answer(view, arguments, key)

    return answer


def _answer(view: View, arguments: dict[str, Any], key: str) -> Response:
    who, name, asked = client().id, _hash(key, b"name").hex(), _asked()
    seal = AESGCM(_hash(key, b"seal"))
    try:
        with state().changing() as session:
            if before := idempotency.claimed(session, who, name, asked):
                body = seal.decrypt(before.body[:_NONCE], before.body[_NONCE:], asked)
                return Response(body, before.status, {**before.headers, REPLAYED: "true"})
            with joined(session) as whole:
                response = current_app.make_response(view(**arguments))
            if response.status_code >= _REFUSED:
                raise _RefusedError(response)  # noqa: TRY301 - out of the transaction, which it ends
            nonce = os.urandom(_NONCE)
            sealed = nonce + seal.encrypt(nonce, response.get_data(), asked)
            headers = {header: value for header, value in response.headers.items() if header not in _PER_REQUEST}
            idempotency.answered(session, who, name, Answer(response.status_code, headers, sealed))
    except AnotherRequestError:
        raise UnprocessableEntity(f"this {HEADER} was used for another request: give this one its own") from None
    except _RefusedError as refused:
        return refused.response
    for follow in whole.following:
        follow()
    return response


def _asked() -> bytes:
    """All that makes two requests one."""
    query = request.query_string
    digest = hashlib.sha256(f"{request.method} {request.path} {len(query)} ".encode())
    digest.update(query)
    digest.update(incoming.sent())
    return digest.digest()


def _hash(key: str, purpose: bytes) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=32, person=purpose).digest()
