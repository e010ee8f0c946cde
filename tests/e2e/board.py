"""A list on the page in a real browser, before the API and PostgreSQL, as tests handle it."""

import contextlib
import json
import os
import urllib.request
from dataclasses import dataclass

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from local.folder import CHECKOUT
from tests.servers import Running

SCREENSHOTS = CHECKOUT / ".backlog" / "screenshots"
PHONE = {"width": 360, "height": 740}


@dataclass
class Site:
    url: str
    environment: dict
    api: Running

    def ask(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)


@dataclass
class Board:
    """A list of the test's own, on a page that shows it."""

    site: Site
    id: int
    page: Page
    errors: list

    @property
    def path(self):
        return f"/api/v1/lists/{self.id}/todos"

    def todos(self):
        return {todo["title"]: todo for todo in self.site.ask("GET", self.path)}

    def fill(self, *titles, **more):
        self.site.ask(
            "POST", f"{self.path}/bulk", {"operations": [{"op": "create", "title": t, **more} for t in titles]}
        )
        self.open()

    def open(self):
        self.page.goto(f"{self.site.url}/#list={self.id}")
        self.page.reload()
        expect(self.page.locator("#count")).not_to_have_text("Loading…")

    def look_at(self, list_id):
        """Go to a list, and wait until it is the one that is shown: whoever is back before that has never left."""
        self.page.goto(f"{self.site.url}/#list={list_id}")
        expect(self.page.locator(f'a[href="#list={list_id}"][aria-current]')).to_have_count(1)
        expect(self.page.locator("#count")).not_to_have_text("Loading…")

    @property
    def rows(self):
        return self.page.locator("#todos > li")

    @property
    def title(self):
        return self.page.get_by_label("What is to be done?")

    def titles(self):
        return [name.strip() for name in self.page.locator("#todos .name").all_text_contents()]

    def show(self, name):
        self.page.get_by_role("group", name="Show").get_by_role("button", name=name).click()

    def row(self, title):
        return self.rows.filter(has=self.page.get_by_role("checkbox", name=f"Done: {title}", exact=True))


def opened(site, browser, **more):
    settings = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", "locale": "en-GB", **more}
    context = browser.new_context(**settings)
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" and not _full(line) else None)
    made = site.ask("POST", "/api/v1/lists", {"name": "Home"})
    board = Board(site, made["id"], page, errors)
    page.goto(f"{site.url}/#list={board.id}")
    expect(page.locator("#count")).not_to_have_text("Loading…")
    yield board
    context.close()
    site.ask("DELETE", f"/api/v1/lists/{made['id']}")
    assert errors == []


def _full(line):
    """There are few places for streams; a page that finds none asks instead."""
    return line.location["url"].endswith("/live")


@contextlib.contextmanager
def failures_expected(board):
    """What a browser itself says of requests that fail is no mistake of the page."""
    yield
    board.errors[:] = [error for error in board.errors if "Failed to load resource" not in error]


def photograph(page, name):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=os.fspath(SCREENSHOTS / f"{name}.png"))


def examine(page, name):
    """What keeps people out, by axe-core; and the page as it looks."""
    photograph(page, name)
    found = Axe().run(page).response["violations"]
    told = [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found]
    assert told == [], told


def bulk_calls(board):
    calls = []
    board.page.on("request", lambda request: calls.append(request) if request.url.endswith("/bulk") else None)
    return calls
