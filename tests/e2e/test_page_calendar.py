"""The page follows the list and its calendar by itself; the calendar is downloaded and subscribed to."""

import os
import re
import signal
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.e2e.board import examine, failures_expected

pytestmark = pytest.mark.xdist_group("page")


def test_another_ones_todo_appears_by_itself(board):
    board.site.ask("POST", board.path, {"title": "From my phone"})
    expect(board.row("From my phone")).to_be_visible()


def test_where_no_stream_is_to_be_had_the_page_asks(board):
    def refuse(route):
        streaming = "event-stream" in route.request.headers.get("accept", "")
        route.fulfill(status=503, headers={"Retry-After": "5"}) if streaming else route.continue_()

    with failures_expected(board):
        board.page.route("**/live", refuse)
        board.open()
        board.site.ask("POST", board.path, {"title": "From my phone"})
        expect(board.row("From my phone")).to_be_visible(timeout=10_000)


def test_the_calendar_follows_each_change_and_is_downloaded_and_subscribed_to(board, worker, tmp_path):
    page = board.page
    state = page.get_by_role("button", name="Calendar")
    board.title.fill("File taxes")
    page.keyboard.press("Enter")
    expect(state).to_have_text("Calendar up to date", timeout=20_000)
    os.killpg(worker.process.pid, signal.SIGSTOP)
    page.get_by_role("checkbox", name="Done: File taxes").click()
    expect(state).to_have_text(re.compile("updating|1 change behind"))
    os.killpg(worker.process.pid, signal.SIGCONT)
    expect(state).to_have_text("Calendar up to date", timeout=20_000)

    state.click()
    panel = page.get_by_role("dialog", name="Calendar")
    expect(panel.get_by_text("Published just now")).to_be_visible()
    for kind, component in [("As todos", "VTODO"), ("As events", "VEVENT")]:
        with page.expect_download() as download:
            panel.get_by_role("button", name=kind).click()
        download.value.save_as(tmp_path / "Home.ics")
        text = (tmp_path / "Home.ics").read_text(encoding="utf-8")
        assert text.startswith("BEGIN:VCALENDAR")
        assert (component in text) == (kind == "As todos")  # it has no deadline: there is nothing to put into a day
        assert download.value.suggested_filename == "Home.ics"

    expect(panel.locator("#queue-workers")).to_have_text("1")
    panel.get_by_label("Where it is used").fill("My phone")
    panel.get_by_role("button", name="Make address").click()
    address = panel.get_by_label("Address", exact=True)
    expect(address).to_have_value(re.compile(r"^http://.+/calendars/[a-z2-7]{32}\.ics$"))
    expect(panel.get_by_alt_text("QR code of the address")).to_be_visible()
    expect(panel.get_by_role("link", name="Open in calendar app")).to_have_attribute("href", re.compile("^webcal:"))
    examine(page, "page-calendar")
    first = address.input_value()
    assert b"File taxes" in fetched(first)
    panel.get_by_role("button", name="New address for My phone").click()
    expect(panel.get_by_text("The old address no longer works.")).to_be_visible()
    second = address.input_value()
    assert b"File taxes" in fetched(second)
    panel.get_by_role("button", name="Remove My phone").click()
    expect(panel.get_by_text("There is no address yet.")).to_be_visible()
    for gone in (first, second):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(gone)
        refused.value.close()
    said = board.site.api.said()
    assert all(url.rpartition("/")[2].removesuffix(".ics") not in said for url in (first, second))


def fetched(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.read()
