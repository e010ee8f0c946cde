"""Puts the API together."""

from flask import Flask

from backlog_api import access_log, calendars, errors, openapi, page, status, todos
from backlog_api.queue import JobQueue
from backlog_api.settings import ApiSettings
from backlog_api.state import KEY, State
from backlog_todos.database import connect, sessions

LARGEST_BODY = 1024 * 1024  # bytes


def create_app(settings: ApiSettings | None = None) -> Flask:
    """The app; its settings come from the environment unless they are given."""
    settings = settings or ApiSettings.from_environment()
    app = Flask("backlog_api")
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BODY - 1
    app.url_map.strict_slashes = False
    app.json.sort_keys = False  # type: ignore[attr-defined]  # fields stay in our order
    engine = connect(settings.database, pool_size=settings.threads)
    app.extensions[KEY] = State(engine, sessions(engine), JobQueue(settings))
    access_log.register(app)
    errors.register(app)
    for door in (calendars, todos, status, openapi, page):
        app.register_blueprint(door.blueprint)
    return app
