"""How the page looks, and whether everybody can read it: axe-core, light and dark, on a phone; and its pictures."""

import pytest
from playwright.sync_api import expect

from tests.e2e.board import PHONE, examine

SHIFTS = """() => { window.shifted = 0; new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
}).observe({ type: "layout-shift", buffered: true }); }"""

pytestmark = pytest.mark.xdist_group("page")


@pytest.mark.usefixtures("neighbours")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_light_and_dark(board, scheme):
    board.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    examine(board.page, "page-empty" if scheme == "light" else "page-empty-dark")
    board.fill("Buy milk", "Return the books", completed=True)
    board.fill("Renew the passport", deadline_at="2020-01-01", description="Bring two photographs")
    board.fill("Call the dentist", deadline_at="2030-04-15T09:00:00Z")
    board.fill("Plan the kitchen: measure the wall behind the fridge", "Water the plants", "Book the ferry to Rødby")
    examine(board.page, "page" if scheme == "light" else "page-dark")
    board.show("All")
    examine(board.page, f"page-all-{scheme}")


@pytest.mark.usefixtures("neighbours")
def test_a_phone_has_room_for_everything(phone):
    page = phone.page
    phone.fill("Call the dentist", deadline_at="2020-01-01T09:00:00Z")
    phone.fill("Plan the kitchen: measure the wall behind the fridge, and ask for the price", "Water the plants")
    examine(page, "page-phone")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    page.get_by_role("button", name="Lists").tap()
    expect(page.get_by_role("navigation", name="Lists")).to_be_visible()
    examine(page, "page-phone-lists")
    page.keyboard.press("Escape")
    expect(page.get_by_role("navigation", name="Lists")).to_be_hidden()
    page.get_by_role("checkbox", name="Select: Water the plants").tap()
    examine(page, "page-phone-selection")
    page.get_by_role("button", name="Select none").tap()
    page.get_by_role("button", name="Water the plants").first.tap()
    examine(page, "page-phone-editing")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_nothing_moves_while_the_page_loads(board):
    board.fill(*(f"Todo {number}" for number in range(40)))
    board.page.add_init_script(f"({SHIFTS})()")
    board.open()
    assert board.page.evaluate("window.shifted") < 0.02


def test_the_panel_reads_well_in_the_dark_and_on_a_phone(phone):
    page = phone.page
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.get_by_role("button", name="Calendar").tap()
    panel = page.get_by_role("dialog", name="Calendar")
    panel.get_by_label("Where it is used").fill("My phone")
    panel.get_by_role("button", name="Make address").tap()
    expect(panel.get_by_alt_text("QR code of the address")).to_be_visible()
    examine(page, "page-phone-calendar-dark")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
