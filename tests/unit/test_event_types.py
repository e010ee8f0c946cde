"""The types of events stand in three places, for three readers: the services, a stack's configuration, subscribers."""

import json
from pathlib import Path
from typing import get_args

from backlog_todos.events import TYPES
from infra.settings.events import EventType

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "events" / "event.schema.json"


def test_services_configuration_and_schema_name_the_same_events():
    told = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]["type"]["enum"]
    assert list(TYPES) == list(get_args(EventType)) == told
