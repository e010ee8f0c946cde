"""What gunicorn serves."""

import sys

from backlog_api import access_log, tracing
from backlog_api.app import create_app
from backlog_todos import json_log, telemetry
from backlog_todos.settings import SettingsError

json_log.set_up(access_log.context)
try:
    if traced := telemetry.wanted():
        tracing.begin()
    app = create_app()
    if traced:
        tracing.trace_app(app)
except SettingsError as error:
    sys.exit(f"api: {error}")
