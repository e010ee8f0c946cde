"""What gunicorn serves."""

import sys

from backlog_api import access_log
from backlog_api.app import create_app
from backlog_todos import json_log
from backlog_todos.settings import SettingsError

json_log.set_up(access_log.context)
try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"api: {error}")
