"""One journey through all of it: up, todos, a calendar, the page, a crash, down."""

import contextlib
import json
import time
import urllib.request

import icalendar
import psutil
import pytest
from playwright.sync_api import expect

from local.folder import MARKER
from tests.e2e.board import photograph

TITLES = ["Buy milk", "Commas, semicolons; new\nlines and 🎉", "File taxes"]


def ask(url, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def processes_of(folder):
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(MARKER) == str(folder.root):
                yield process


def calendar_of(url):
    task = json.loads(ask(f"{url}api/v1/todos/ical", "POST"))
    deadline = time.monotonic() + 40
    while (standing := json.loads(ask(task["task_url"])))["task_status"] != "SUCCESS":
        assert standing["task_status"] != "FAILURE"
        assert time.monotonic() < deadline, standing
        time.sleep(0.1)
    return ask(standing["result_url"])


@pytest.mark.timeout(400)  # all of it is brought up three times, beside other tests
def test_the_journey(system, browser, tmp_path):
    url, _ = system.up()

    # Todos, and a calendar of them that another library reads.
    for title in TITLES:
        deadline = {"deadline_at": "2030-04-15T12:00:00Z"} if title == "File taxes" else {}
        ask(f"{url}api/v1/todos", "POST", {"title": title, **deadline})
    assert titles_in(calendar_of(url)) == TITLES

    # A second `up` has nothing to do.
    assert set(system.up()[1]) == {"same"}

    # The page, as a person uses it.
    walk_the_page(browser, url, tmp_path)

    # Everything but the data is killed; `up` heals it, and no todo is lost.
    for process in list(processes_of(system.folder)):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    url, _ = system.up()
    assert [todo["title"] for todo in json.loads(ask(f"{url}api/v1/todos"))] == [*TITLES[1:], "Water the plants"]
    assert titles_in(calendar_of(url)) == [*TITLES[1:], "Water the plants"]

    # Nothing is left.
    system.down()
    assert list(processes_of(system.folder)) == []
    assert not system.folder.root.exists()


def walk_the_page(browser, url, tmp_path):
    errors = []
    context = browser.new_context(accept_downloads=True, viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(url)
    items = page.get_by_role("list", name="Todos").get_by_role("listitem")
    expect(items).to_have_count(3)

    page.get_by_label("What is to be done?").fill("Water the plants")
    page.keyboard.press("Enter")
    expect(items).to_have_count(4)
    page.get_by_role("button", name="Water the plants").first.click()
    page.get_by_label("Details").fill("<b>both</b> of them")
    page.get_by_role("button", name="Save").click()
    expect(items.first).to_contain_text("<b>both</b> of them")

    page.get_by_role("checkbox", name="Done: Water the plants").click()
    expect(page.get_by_text("3 open, 1 done")).to_be_visible()
    page.get_by_role("button", name="Delete: Buy milk").click()
    expect(items).to_have_count(2)

    calendar = page.get_by_role("button", name="Calendar")
    expect(calendar).to_have_text("Calendar up to date", timeout=20_000)
    calendar.click()
    with page.expect_download() as download:
        page.get_by_role("button", name="As todos").click()
    file = tmp_path / "todos.ics"
    download.value.save_as(file)
    assert titles_in(file.read_bytes()) == [*TITLES[1:], "Water the plants"]
    photograph(page, "journey")

    page.keyboard.press("Escape")
    page.get_by_role("link", name="API").click()
    expect(page.get_by_role("heading", name="Backlog API")).to_be_visible()
    photograph(page, "docs")
    assert errors == []
    context.close()


def titles_in(text):
    calendar = icalendar.Calendar.from_ical(text)
    return [str(todo["summary"]) for todo in calendar.walk("VTODO")]
