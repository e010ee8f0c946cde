"""Signing in and out in a real browser, before the API and PostgreSQL."""

import contextlib

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from backlog_todos import access_tokens
from backlog_todos.database import connect, sessions
from backlog_todos.settings import DatabaseSettings
from tests.e2e.board import SCREENSHOTS
from tests.servers import GUNICORN, Running, free_port, migrated, running_servers, told, until

pytestmark = pytest.mark.xdist_group("page")


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A closed API's URL, and a token of it."""
    with running_servers() as servers, contextlib.ExitStack() as ending:
        environment = {**ending.enter_context(told(servers, migrated(servers))), "ACCESS": "token"}
        engine, token = connect(DatabaseSettings.from_environment(environment)), access_tokens.new()
        with sessions(engine).begin() as session:
            access_tokens.add(session, "phone", access_tokens.hashed(token))
        engine.dispose()
        port = free_port()
        api = Running(GUNICORN, {**environment, "PORT": str(port)}, tmp_path_factory.mktemp("api"))
        ending.callback(api.kill)
        until(lambda: api.healthy("backlog_api.health"), what="the API's health")
        yield f"http://127.0.0.1:{port}", token


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_a_person_signs_in_and_out(site, browser, scripts):
    url, token = site
    with browser.new_context(java_script_enabled=scripts) as context:
        page, errors = context.new_page(), []
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        page.goto(url)
        expect(page).to_have_title("Sign in · Backlog")
        page.get_by_label("Access token").fill("blg_wrong")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("This is no valid token.")
        page.get_by_label("Access token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{url}/")
        expect(page.get_by_label("What is to be done?")).to_be_visible()
        (cookie,) = context.cookies()
        assert [cookie[key] for key in ("name", "httpOnly", "sameSite", "path")] == ["backlog", True, "Strict", "/"]
        assert "Content Security Policy" not in "".join(errors)
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url(f"{url}/sign-in")
        assert context.cookies() == []
        page.goto(url)
        expect(page).to_have_title("Sign in · Backlog")


@pytest.mark.parametrize(("name", "size"), [("wide", (1280, 800)), ("phone", (360, 740))])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_form_is_to_be_looked_at(site, browser, name, size, scheme):
    url, _ = site
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, color_scheme=scheme) as context:
        page = context.new_page()
        page.goto(url)
        assert Axe().run(page).response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.screenshot(path=SCREENSHOTS / f"sign-in-{name}-{scheme}.png")
