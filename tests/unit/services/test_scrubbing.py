"""No line of a log and no span has an access token or the address of a feed."""

import json
import logging

import pytest

from backlog_api.tracing import scrub
from backlog_todos.json_log import JsonFormatter
from backlog_todos.scrubbing import scrubbed

TOKEN = "blg_" + "a2" * 16
FEED = "b3" * 16


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"GET /calendars/{FEED}.ics?as=event", "GET /calendars/...?as=event"),
        (f"https://todos.example/calendars/{FEED}", "https://todos.example/calendars/..."),
        (f"Bearer {TOKEN}, {TOKEN}", "Bearer blg_..., blg_..."),
        ("/api/v1/todos/ical", "/api/v1/todos/ical"),
        ("calendars", "calendars"),
    ],
)
def test_secrets_are_taken_out_and_nothing_else(text, clean):
    assert scrubbed(text) == clean


def test_a_line_of_the_log_has_none_wherever_it_stands():
    record = logging.makeLogRecord({"msg": "Exception on /calendars/%s.ics", "args": (FEED,), "header": TOKEN})
    record.exc_info = (ValueError, ValueError(TOKEN), None)
    text = JsonFormatter(dict).format(record)
    assert FEED not in text
    assert TOKEN not in text
    line = json.loads(text)
    assert (line["message"], line["header"]) == ("Exception on /calendars/...", "blg_...")


def test_a_span_has_none():
    class Span:
        name = f"GET /calendars/{FEED}"
        attributes = {"http.target": f"/calendars/{FEED}.ics", "http.method": "GET", "http.status": 200}  # noqa: RUF012

        def set_attribute(self, name, value):
            self.attributes[name] = value

        def update_name(self, name):
            self.name = name

    span = Span()
    scrub(span, "200 OK", [])
    assert span.name == "GET"
    assert span.attributes == {"http.target": "/calendars/...", "http.method": "GET", "http.status": 200}
