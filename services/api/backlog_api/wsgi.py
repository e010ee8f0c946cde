"""What gunicorn serves."""

import sys

from backlog_todos.settings import SettingsError

from backlog_api import json_log
from backlog_api.app import create_app

json_log.set_up()
try:
    app = create_app()
except SettingsError as error:
    sys.exit(f"api: {error}")
