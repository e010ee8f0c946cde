"""The page in a real browser: what a person does, sees and is told."""

import pytest
from playwright.sync_api import expect

from tests.e2e.board import bulk_calls, examine, failures_expected, photograph
from tests.servers import until

pytestmark = pytest.mark.xdist_group("page")


def test_enter_adds_a_todo_and_the_field_is_ready_for_the_next(board):
    expect(board.page.get_by_role("heading", name="An empty list")).to_be_visible()
    for title in ("Buy milk", "Water the plants"):
        board.title.fill(title)
        board.page.keyboard.press("Enter")
    expect(board.rows).to_have_count(2)
    expect(board.title).to_be_focused()
    expect(board.title).to_have_value("")
    assert board.titles() == ["Water the plants", "Buy milk"]
    assert set(board.todos()) == {"Buy milk", "Water the plants"}


def test_the_keyboard_alone_is_enough(board):
    board.fill("One", "Two", "Three")
    keys = board.page.keyboard
    keys.press("Escape")
    keys.press("j")
    expect(board.row("Three").get_by_role("button", name="Three").first).to_be_focused()
    keys.press("ArrowDown")
    keys.press("Space")
    expect(board.page.locator("#count")).to_have_text("2 open, 1 done")
    expect(board.row("One").get_by_role("button", name="One").first).to_be_focused()
    keys.press("u")
    expect(board.page.locator("#count")).to_have_text("3 open, 0 done")

    keys.press("e")
    keys.press("ControlOrMeta+a")
    keys.type("First")
    keys.press("Control+Enter")
    expect(board.row("First")).to_be_visible()
    keys.press("Delete")
    expect(board.rows).to_have_count(2)
    expect(board.page.get_by_text("“First” deleted.")).to_be_visible()
    keys.press("u")
    expect(board.row("First")).to_be_visible()
    until(lambda: "First" in board.todos(), what="the todo in the database")

    keys.press("/")
    expect(board.page.get_by_label("Search")).to_be_focused()
    keys.type("tw")
    expect(board.rows).to_have_count(1)
    keys.press("Escape")
    keys.press("?")
    expect(board.page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    examine(board.page, "page-keys")
    keys.press("Escape")
    expect(board.page.get_by_role("dialog")).to_be_hidden()


def test_an_edit_in_place_keeps_text_day_and_time_by_the_clock_of_the_list(board):
    board.site.ask("PUT", f"/api/v1/lists/{board.id}", {"time_zone": "Asia/Tokyo"})
    board.fill("File taxes")
    board.page.get_by_role("button", name="File taxes").first.click()
    form = board.page.locator("form.editor")
    form.get_by_label("Title").fill("File the taxes")
    form.get_by_label("Details").fill("Receipts are\nin the blue folder")
    form.get_by_label("Deadline").fill("2030-04-15")
    form.get_by_role("switch", name="All day").uncheck()
    form.get_by_label("Time").fill("17:30")
    examine(board.page, "page-editing")
    form.get_by_role("button", name="Save").click()
    expect(board.row("File the taxes")).to_contain_text("Mon, 15 Apr 2030, 17:30")
    saved = board.todos()["File the taxes"]
    assert saved["deadline_at"] == "2030-04-15T08:30:00+00:00"
    assert (saved["description"], saved["all_day"]) == ("Receipts are\nin the blue folder", False)

    board.page.get_by_role("button", name="File the taxes").first.click()
    form.get_by_role("switch", name="All day").check()
    form.get_by_role("button", name="Save").click()
    expect(board.row("File the taxes")).not_to_contain_text("17:30")
    saved = board.todos()["File the taxes"]
    assert (saved["deadline_at"], saved["all_day"]) == ("2030-04-15T00:00:00+00:00", True)


@pytest.mark.parametrize(("choice", "kept"), [("Keep mine", "Mine"), ("Take theirs", "Theirs")])
def test_another_ones_change_is_shown_before_anything_is_overwritten(board, choice, kept):
    board.fill("Ours")
    todo = board.todos()["Ours"]
    board.page.get_by_role("button", name="Ours").first.click()
    form = board.page.locator("form.editor")
    form.get_by_label("Title").fill("Mine")
    board.site.ask("PUT", f"{board.path}/{todo['id']}", {"title": "Theirs"})
    with failures_expected(board):
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("Somebody changed this todo meanwhile")
        expect(form.get_by_role("alert")).to_contain_text("Theirs")
        examine(board.page, "page-conflict")
        form.get_by_role("button", name=choice).click()
        expect(board.row(kept)).to_be_visible()
    until(lambda: list(board.todos()) == [kept], what="one title")


def test_what_was_typed_and_not_saved_is_there_again_after_a_look_elsewhere(board):
    board.fill("Buy milk", "Water the plants")
    board.page.get_by_role("button", name="Buy milk").first.click()
    form = board.page.locator("form.editor")
    form.get_by_label("Title").fill("Buy oat milk")
    form.get_by_label("Details").fill("Two litres")

    board.page.get_by_role("button", name="Water the plants").first.click()
    expect(form.get_by_label("Title")).to_have_value("Water the plants")
    form.get_by_role("button", name="Cancel").click()
    board.look_at(1)
    expect(board.page.locator("form.editor")).to_have_count(0)
    board.look_at(board.id)
    expect(form.get_by_label("Title")).to_have_value("Buy oat milk")
    expect(form.get_by_label("Details")).to_have_value("Two litres")

    form.get_by_role("button", name="Cancel").click()
    board.page.get_by_role("button", name="Buy milk").first.click()
    expect(form.get_by_label("Title")).to_have_value("Buy milk")


def test_a_draft_of_what_somebody_changed_meanwhile_overwrites_nothing_unasked(board):
    board.fill("Ours")
    board.page.get_by_role("button", name="Ours").first.click()
    form = board.page.locator("form.editor")
    form.get_by_label("Title").fill("Mine")
    board.look_at(1)
    todo = board.todos()["Ours"]
    board.site.ask("PUT", f"{board.path}/{todo['id']}", {"title": "Theirs"})
    board.look_at(board.id)
    expect(form.get_by_label("Title")).to_have_value("Mine")
    with failures_expected(board):
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("Theirs")
    assert list(board.todos()) == ["Theirs"]


def test_another_list_shows_how_many_somebody_has_added_to_it(board):
    board.page.clock.install()
    board.open()
    other = board.site.ask("POST", "/api/v1/lists", {"name": "Elsewhere"})
    board.site.ask("POST", f"/api/v1/lists/{other['id']}/todos", {"title": "From elsewhere"})
    board.page.clock.run_for(31_000)
    link = board.page.get_by_role("navigation").get_by_role("link", name="Elsewhere")
    expect(link).to_contain_text("1")


def test_many_are_marked_done_and_deleted_by_one_call_each_and_come_back(board):
    board.fill(*(f"Todo {number}" for number in range(1, 9)))
    calls = bulk_calls(board)
    page = board.page
    page.get_by_role("checkbox", name="Select: Todo 7", exact=True).check()
    page.get_by_role("checkbox", name="Select: Todo 3", exact=True).click(modifiers=["Shift"])
    expect(page.get_by_text("5 selected")).to_be_visible()
    examine(page, "page-selection")
    page.get_by_role("button", name="Mark done").click()
    expect(page.locator("#count")).to_have_text("3 open, 5 done")
    expect(page.get_by_text("5 todos marked done.")).to_be_visible()
    until(lambda: sum(todo["completed"] for todo in board.todos().values()) == 5, what="five todos done")
    photograph(page, "page-undo")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#count")).to_have_text("8 open, 0 done")

    page.get_by_role("checkbox", name="Select: Todo 1", exact=True).check()
    page.get_by_role("button", name="Select all 8").click()
    page.get_by_role("toolbar").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("8 todos deleted.")).to_be_visible()
    until(lambda: board.todos() == {}, what="an empty list")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("8 todos brought back.")).to_be_visible()
    assert len(board.todos()) == 8
    assert len(calls) == 4


def test_what_fails_is_taken_back_and_said(board):
    board.fill("Buy milk")
    board.page.route("**/bulk", lambda route: route.fulfill(status=400, json={"error": "not today"}))
    with failures_expected(board):
        board.page.get_by_role("checkbox", name="Done: Buy milk").click()
        expect(board.page.get_by_text("Not marked done: not today")).to_be_visible()
        expect(board.page.get_by_role("checkbox", name="Done: Buy milk")).not_to_be_checked()


def test_filters_and_search_narrow_what_is_shown(board):
    board.fill("Overdue", deadline_at="2020-01-01")
    board.fill("Later", deadline_at="9000-01-01T09:00:00Z")
    board.fill("Finished", completed=True)
    for name, titles in [
        ("Open", ["Later", "Overdue"]),
        ("Due this week", []),
        ("Overdue", ["Overdue"]),
        ("Done", ["Finished"]),
        ("All", ["Finished", "Later", "Overdue"]),
    ]:
        board.show(name)
        expect(board.rows).to_have_count(len(titles))
        assert board.titles() == titles
    board.page.get_by_label("Order").select_option("By deadline")
    assert board.titles() == ["Overdue", "Later", "Finished"]
    board.page.get_by_label("Search").fill("nothing like it")
    expect(board.page.get_by_role("heading", name="No match")).to_be_visible()


def test_lists_are_made_renamed_and_deleted(board):
    page = board.page
    page.get_by_role("button", name="New list").click()
    form = page.get_by_role("dialog")
    form.get_by_label("Name").fill("Garden")
    form.get_by_label("Time zone").fill("Nowhere/Else")
    with failures_expected(board):
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_role("alert")).to_contain_text("“Nowhere/Else” is no time zone")
    form.get_by_label("Time zone").fill("Europe/Berlin")
    form.get_by_label("Reminder").select_option("1 hour before")
    examine(page, "page-list")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Garden", level=1)).to_be_visible()
    made = next(known for known in board.site.ask("GET", "/api/v1/lists") if known["name"] == "Garden")
    assert (made["time_zone"], made["remind_minutes"]) == ("Europe/Berlin", 60)

    page.get_by_role("button", name="List settings").click()
    form.get_by_label("Name").fill("Allotment")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("navigation").get_by_role("link", name="Allotment")).to_be_visible()
    page.get_by_role("button", name="List settings").click()
    form.get_by_role("button", name="Delete list").click()
    form.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("The list “Allotment” is deleted.")).to_be_visible()
    assert "Allotment" not in {known["name"] for known in board.site.ask("GET", "/api/v1/lists")}


def test_ten_thousand_todos_are_few_elements_and_one_call(board):
    board.fill(*(f"Todo {number:05}" for number in range(10_000)))
    calls = bulk_calls(board)
    page = board.page
    expect(page.locator("#count")).to_have_text("10,000 open, 0 done")
    assert board.rows.count() < 80
    expect(board.rows.first).to_have_attribute("aria-setsize", "10000")
    page.mouse.wheel(0, 300_000)
    expect(board.row("Todo 05000")).to_have_attribute("aria-posinset", "5000")
    assert board.rows.count() < 80
    examine(page, "page-10k")
    page.keyboard.press("Escape")
    page.keyboard.press("End")
    expect(board.row("Todo 00000").get_by_role("button").first).to_be_focused()
    page.get_by_label("Search").fill("todo 0123")
    expect(page.locator("#todos > li")).to_have_count(10)
    page.get_by_label("Search").fill("")
    board.rows.first.get_by_role("checkbox", name="Select").check()
    page.get_by_role("button", name="Select all 10,000").click()
    page.get_by_role("button", name="Mark done").click()
    expect(page.get_by_text("10,000 todos marked done.")).to_be_visible()
    until(lambda: all(todo["completed"] for todo in board.todos().values()), what="all todos done")
    assert len(calls) == 1


def test_no_text_is_ever_markup(board):
    evil = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    board.site.ask("PUT", f"/api/v1/lists/{board.id}", {"name": evil})
    board.fill(evil, description=evil)
    page = board.page
    page.get_by_role("checkbox", name="Done:").click()
    page.get_by_role("button", name="Undo").click()
    page.locator("#todos button.title").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_label("Search").fill("<b>no</b>")
    expect(page.get_by_text("No todo here holds “<b>no</b>”.")).to_be_visible()
    page.get_by_role("button", name="List settings").click()
    assert page.locator("img[src=x], main script, nav script").count() == 0
    assert "owned" not in page.title().replace(evil, "")
    page.get_by_role("button", name="Cancel").click()


def test_while_the_server_is_away_nothing_typed_is_lost(board):
    page = board.page
    with failures_expected(board):
        page.context.set_offline(True)
        board.title.fill("Written on a train")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached")
        photograph(page, "page-away")
        expect(board.title).to_have_value("Written on a train")
        page.context.set_offline(False)
        expect(page.locator("#away")).to_be_hidden()
        board.title.focus()
        page.keyboard.press("Enter")
        expect(board.row("Written on a train")).to_be_visible()
    assert len(board.site.ask("GET", board.path)) == 1
