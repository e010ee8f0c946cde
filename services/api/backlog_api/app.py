"""Puts the API together."""

from flask import Flask, current_app, request

from backlog_api import (
    access,
    access_log,
    bulk,
    calendars,
    errors,
    fast_path,
    feeds,
    idempotency,
    lists,
    live,
    openapi,
    operation,
    page,
    proxies,
    published,
    qr,
    queue_view,
    sign_in,
    status,
    todos,
    watch,
)
from backlog_api.queue import JobQueue
from backlog_api.settings import ApiSettings
from backlog_api.state import KEY, State
from backlog_todos.database import connect, sessions
from backlog_todos.straight import Own


def create_app(settings: ApiSettings | None = None) -> Flask:
    """The app; its settings come from the environment unless they are given."""
    settings = settings or ApiSettings.from_environment()
    app = Flask("backlog_api")
    app.config["MAX_CONTENT_LENGTH"] = operation.LARGEST_BODY - 1
    app.url_map.strict_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # fields stay in our order
    engine = connect(settings.database, pool_size=settings.threads)
    app.extensions[KEY] = State(engine, opened := sessions(engine, settings.streams), JobQueue(settings), Own(engine))
    app.extensions[watch.KEY] = watch.Watch(sessions(engine), places=settings.threads // 2)
    access_log.register(app)
    errors.register(app)
    access.register(app, settings.access, opened)
    for door in (feeds, lists, live, published, qr, queue_view, status, openapi, page, sign_in):
        app.register_blueprint(door.blueprint)
    for of_todos in (bulk.blueprint, calendars.blueprint, todos.blueprint):
        app.register_blueprint(of_todos, url_prefix="/api/v1/todos")
        app.register_blueprint(of_todos, name=f"list_{of_todos.name}", url_prefix="/api/v1/lists/<int:list_id>/todos")
    idempotency.register(app)
    app.before_request(_limit_body)
    fast_path.register(app)
    proxies.register(app, settings.access.proxies)  # the first to see a request
    return app


def _limit_body() -> None:
    """Some bodies may be larger than others; it is said before anybody reads one."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view and (said := operation.of(view)):
        request.max_content_length = said.largest - 1
