"""Everything by keyboard, and the focus is always somewhere. Knows the app by its roles and names."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import (
    ADA,
    Hold,
    add_by_api,
    button,
    checkbox,
    delete_todo,
    dialog,
    editor,
    expect_a_focus,
    message,
    open_app,
    rename,
    row,
    rows,
    server_fails,
    sign_in_by_keyboard,
    start_editing,
    stored,
    tab_to,
    textbox,
    toggle,
)


@pytest.mark.requirement("001-FR-027")
class TestKeyboardAlone:
    def test_a_person_signs_in_lives_a_todos_whole_life_and_signs_out(self, visitor, ada):
        page = visitor
        sign_in_by_keyboard(page, *ADA)

        tab_to(page, textbox(page, "New todo"))
        page.keyboard.type("Buy milk")
        page.keyboard.press("Enter")
        expect(message(page, "status", "Buy milk")).to_be_visible()

        tab_to(page, checkbox(page, "Buy milk"))
        page.keyboard.press("Space")
        expect(checkbox(page, "Buy milk")).to_be_checked()

        tab_to(page, button(page, "Edit Buy milk"))
        page.keyboard.press("Enter")
        expect(textbox(editor(page), "Title")).to_be_focused()
        page.keyboard.press("End")
        page.keyboard.type(" and bread")
        page.keyboard.press("Enter")
        expect(message(page, "status", "Buy milk and bread")).to_be_visible()
        assert stored(ada, "title", "completed") == [{"title": "Buy milk and bread", "completed": True}]

        tab_to(page, button(page, "Delete Buy milk and bread"))
        page.keyboard.press("Enter")
        expect(dialog(page)).to_be_visible()
        tab_to(page, button(dialog(page), "Delete"))
        page.keyboard.press("Space")
        expect(page.get_by_text("Nothing to do yet.")).to_be_visible()
        expect_a_focus(page)

        tab_to(page, button(page, "Sign out"))
        page.keyboard.press("Enter")
        expect(button(page, "Sign in")).to_be_visible()
        assert stored(ada) == []


class TestEditing:
    @pytest.fixture
    def title(self, page, ada):
        add_by_api(ada, "Buy milk")
        start_editing(open_app(page), "Buy milk")
        return textbox(editor(page), "Title")

    @pytest.mark.requirement("001-FR-027")
    def test_edit_moves_the_focus_into_the_title(self, title):
        expect(title).to_be_focused()
        expect(title).to_have_value("Buy milk")

    @pytest.mark.requirement("001-FR-022", "001-FR-027")
    def test_enter_saves_and_gives_the_focus_back(self, page, title):
        title.fill("Buy bread")
        title.press("Enter")

        expect(row(page, "Buy bread")).to_be_visible()
        expect(button(page, "Edit Buy bread")).to_be_focused()
        expect(message(page, "status", "Buy bread")).to_be_visible()
        expect(button(page, "Edit Buy bread")).to_be_focused()

    @pytest.mark.requirement("001-FR-022", "001-FR-027")
    @pytest.mark.parametrize("name", ["Title", "Description"])
    def test_escape_cancels_from_every_field_and_gives_the_focus_back(self, page, ada, title, name):
        textbox(editor(page), name).fill("Buy bread")
        textbox(editor(page), name).press("Escape")

        expect(button(page, "Edit Buy milk")).to_be_focused()
        expect(editor(page)).to_have_count(0)
        assert stored(ada, "title", "version") == [{"title": "Buy milk", "version": 1}]

    def test_enter_in_the_description_is_a_new_line(self, page, title):
        box = textbox(editor(page), "Description")
        box.press_sequentially("Oat")
        box.press("Enter")
        box.press_sequentially("or soy")

        expect(box).to_have_value("Oat\nor soy")


@pytest.mark.requirement("001-FR-027")
class TestDialog:
    @pytest.fixture
    def opener(self, page, ada):
        add_by_api(ada, "Buy bread", "Buy milk")
        opener = button(open_app(page), "Delete Buy milk")
        opener.click()
        return opener

    def test_it_takes_the_focus_and_keeps_it(self, page, opener):
        expect(dialog(page).locator(":focus")).to_have_count(1)

        for _ in range(4):
            page.keyboard.press("Tab")
            expect(page.locator("body :focus:not(dialog *, dialog)")).to_have_count(0)

    @pytest.mark.requirement("001-FR-025")
    @pytest.mark.parametrize("leave", ["Escape", "Cancel"])
    def test_it_gives_the_focus_back(self, page, opener, leave):
        if leave == "Escape":
            page.keyboard.press("Escape")
        else:
            button(dialog(page), "Cancel").click()

        expect(dialog(page)).to_have_count(0)
        expect(opener).to_be_focused()
        expect(rows(page)).to_have_count(2)


@pytest.mark.requirement("001-FR-027")
class TestFocusIsNeverLost:
    def test_when_a_todo_was_deleted_from_the_middle_or_the_end(self, page, ada):
        add_by_api(ada, "Buy jam", "Buy milk", "Buy bread")
        open_app(page)

        for title, left in (("Buy milk", 2), ("Buy jam", 1), ("Buy bread", 0)):
            delete_todo(page, title)
            expect(rows(page)).to_have_count(left)
            expect(message(page, "status", title)).to_be_visible()
            expect_a_focus(page)

    def test_when_a_todo_was_added(self, app):
        textbox(app, "New todo").fill("Buy milk")
        textbox(app, "New todo").press("Enter")

        expect(message(app, "status", "Buy milk")).to_be_visible()
        expect(textbox(app, "New todo")).to_be_focused()

    def test_when_a_change_fails(self, page, ada, watch):
        watch.expect("status of 500")
        add_by_api(ada, "Buy milk")
        for method in ("PUT", "DELETE"):
            Hold(page, method, server_fails).let_go()
        open_app(page)

        for act in (toggle, delete_todo, lambda page, title: rename(page, title, "Buy bread")):
            act(page, "Buy milk")
            expect(message(page, "alert")).to_be_visible()
            expect_a_focus(page)

    def test_when_a_todo_leaves_because_of_the_filter(self, page, ada):
        add_by_api(ada, "Buy bread", "Buy milk")
        open_app(page)
        button(page, "Active").click()
        expect(button(page, "Active")).to_have_attribute("aria-pressed", "true")

        for title, left in (("Buy milk", 1), ("Buy bread", 0)):
            toggle(page, title)
            expect(rows(page)).to_have_count(left)
            expect_a_focus(page)

    def test_when_the_last_page_takes_show_more_away(self, page, ada):
        add_by_api(ada, *(f"Todo {number:02}" for number in range(1, 22)))
        open_app(page)

        button(page, "Show more").click()

        expect(rows(page)).to_have_count(21)
        expect(button(page, "Show more")).to_have_count(0)
        expect_a_focus(page)

    def test_when_trying_again_works(self, page, watch):
        watch.expect("status of 500")
        answers = Hold(page, "GET", server_fails)
        answers.let_go()
        page.goto("/")
        expect(button(page, "Try again")).to_be_visible()
        answers.end()

        button(page, "Try again").click()

        expect(page.get_by_text("Nothing to do yet.")).to_be_visible()
        expect_a_focus(page)
