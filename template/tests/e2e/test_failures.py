"""What a person sees when the server fails, is gone, is slow or knows better. Knows the app by what it shows."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import (
    SESSION,
    Hold,
    add_by_api,
    add_todo,
    button,
    change_by_api,
    checkbox,
    delete_by_api,
    delete_todo,
    editor,
    expect_rows,
    message,
    network_is_gone,
    open_app,
    rename,
    row,
    rows,
    server_fails,
    start_editing,
    stored,
    textbox,
    toggle,
)

BUSY = "[aria-busy=true]"
FAILURES = pytest.mark.parametrize(
    ("answer", "error"),
    [(server_fails, "status of 500"), (network_is_gone, "ERR_INTERNET_DISCONNECTED")],
    ids=["the server fails", "the network is gone"],
)


@FAILURES
class TestRollBack:
    @pytest.mark.requirement("001-FR-020")
    def test_a_todo_that_was_not_added_leaves_the_list_and_comes_back_to_the_form(self, app, ada, watch, answer, error):
        watch.expect(error)
        answers = Hold(app, "POST", answer)

        add_todo(app, "Buy milk", "Oat", "2031-03-29")
        expect(row(app, "Buy milk")).to_be_visible()
        answers.let_go()

        expect(message(app, "alert", "Buy milk")).to_be_visible()
        expect(rows(app)).to_have_count(0)
        for name, value in {"New todo": "Buy milk", "Description": "Oat", "Due on": "2031-03-29"}.items():
            expect(textbox(app, name)).to_have_value(value)
        assert stored(ada) == []

    @pytest.mark.requirement("001-FR-023")
    def test_a_tick_that_was_not_stored_is_taken_back(self, page, ada, watch, answer, error):
        watch.expect(error)
        before = add_by_api(ada, "Buy milk")
        answers = Hold(open_app(page), "PUT", answer)

        toggle(page, "Buy milk")
        expect(checkbox(page, "Buy milk")).to_be_checked()
        answers.let_go()

        expect(message(page, "alert", "Buy milk")).to_be_visible()
        expect(checkbox(page, "Buy milk")).not_to_be_checked()
        assert stored(ada) == before

    @pytest.mark.requirement("001-FR-023")
    def test_an_edit_that_was_not_stored_is_taken_back_but_not_what_was_typed(self, page, ada, watch, answer, error):
        watch.expect(error)
        before = add_by_api(ada, "Buy milk")
        answers = Hold(open_app(page), "PUT", answer)

        rename(page, "Buy milk", "Buy bread")
        expect(row(page, "Buy bread")).to_be_visible()
        answers.let_go()

        expect(message(page, "alert")).to_be_visible()
        expect(row(page, "Buy bread")).to_have_count(0)
        expect(textbox(editor(page), "Title")).to_have_value("Buy bread")
        button(editor(page), "Cancel").click()
        expect(row(page, "Buy milk")).to_be_visible()
        assert stored(ada) == before

    @pytest.mark.requirement("001-FR-025")
    def test_a_todo_that_was_not_deleted_comes_back_to_its_place(self, page, ada, watch, answer, error):
        watch.expect(error)
        before = add_by_api(ada, "Buy jam", "Buy milk", "Buy bread")
        answers = Hold(open_app(page), "DELETE", answer)

        delete_todo(page, "Buy milk")
        expect_rows(page, "Buy bread", "Buy jam")
        answers.let_go()

        expect(message(page, "alert", "Buy milk")).to_be_visible()
        expect_rows(page, "Buy bread", "Buy milk", "Buy jam")
        assert stored(ada) == before


@pytest.mark.requirement("001-FR-023")
class TestOffline:
    def test_a_change_is_refused_with_a_message_and_works_again_online(self, page, context, ada, watch):
        watch.expect("ERR_INTERNET_DISCONNECTED")
        before = add_by_api(ada, "Buy milk")
        open_app(page)

        context.set_offline(True)
        toggle(page, "Buy milk")
        expect(message(page, "alert", "Buy milk")).to_be_visible()
        expect(checkbox(page, "Buy milk")).not_to_be_checked()
        assert stored(ada) == before
        context.set_offline(False)
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            toggle(page, "Buy milk")

        expect(checkbox(page, "Buy milk")).to_be_checked()
        assert stored(ada, "completed") == [{"completed": True}]


class TestVersionConflict:
    @pytest.mark.requirement("001-FR-024")
    def test_a_stale_edit_says_so_keeps_what_was_typed_and_can_be_saved_then(self, page, ada, watch):
        watch.expect("status of 412")
        (todo,) = add_by_api(ada, "Buy milk")
        open_app(page)
        form = start_editing(page, "Buy milk")
        textbox(form, "Title").fill("Buy oat milk")
        theirs = change_by_api(ada, todo, description="Two bottles", due_on="2031-03-29")

        button(form, "Save").click()

        expect(message(page, "alert")).to_contain_text(re.compile("changed", re.IGNORECASE))
        expect(textbox(editor(page), "Title")).to_have_value("Buy oat milk")
        assert stored(ada) == [theirs]
        button(editor(page), "Save").click()
        expect(row(page, "Buy oat milk")).to_be_visible()
        expect(message(page, "status", "Buy oat milk")).to_be_visible()
        (both,) = stored(ada)
        mine = {"title": "Buy oat milk", "updated_at": both["updated_at"], "version": theirs["version"] + 1}
        assert both == theirs | mine

    @pytest.mark.requirement("001-FR-023", "001-FR-025")
    @pytest.mark.parametrize("act", [toggle, delete_todo])
    def test_a_stale_change_is_taken_back_and_the_list_shows_what_is_true(self, page, ada, watch, act):
        watch.expect("status of 412")
        (todo,) = add_by_api(ada, "Buy milk")
        open_app(page)
        change_by_api(ada, todo, description="Two bottles")

        act(page, "Buy milk")

        expect(message(page, "alert", "Buy milk")).to_be_visible()
        expect(row(page, "Buy milk")).to_contain_text("Two bottles")
        expect(checkbox(page, "Buy milk")).not_to_be_checked()

    @pytest.mark.requirement("001-FR-023")
    def test_a_todo_that_was_deleted_elsewhere_leaves_the_list(self, page, ada, watch):
        watch.expect("status of 404")
        (todo,) = add_by_api(ada, "Buy milk")
        open_app(page)
        delete_by_api(ada, todo)

        toggle(page, "Buy milk")

        expect(message(page, "alert", "Buy milk")).to_be_visible()
        expect(rows(page)).to_have_count(0)


@pytest.mark.requirement("001-FR-018")
class TestListTodos:
    @FAILURES
    def test_a_list_that_cannot_be_loaded_recovers_without_a_reload(self, page, ada, watch, answer, error):
        watch.expect(error)
        add_by_api(ada, "Buy milk")
        answers = Hold(page, "GET", answer)
        page.goto("/")
        answers.let_go()
        expect(message(page, "alert")).to_be_visible()
        page.evaluate("window.still = 'the same page'")

        answers.end()
        button(page, "Try again").click()

        expect_rows(page, "Buy milk")
        expect(message(page, "alert")).to_have_count(0)
        expect(button(page, "Try again")).to_have_count(0)
        assert page.evaluate("window.still") == "the same page"

    def test_a_next_page_that_cannot_be_loaded_leaves_what_is_there_and_is_tried_again(self, page, ada, watch):
        watch.expect("status of 500")
        titles = [todo["title"] for todo in add_by_api(ada, *(f"Todo {number:02}" for number in range(1, 22)))]
        answers = Hold(open_app(page), "GET", server_fails)
        answers.let_go()

        button(page, "Show more").click()
        expect(message(page, "alert")).to_be_visible()
        expect_rows(page, *titles[:20])
        answers.end()
        button(page, "Try again").click()

        expect_rows(page, *titles)
        expect(button(page, "Try again")).to_have_count(0)

    def test_it_is_busy_until_the_answer_comes(self, page, ada):
        add_by_api(ada, "Buy milk")
        answers = Hold(page, "GET")
        page.goto("/")

        expect(page.locator(BUSY).first).to_be_visible()
        expect(page.get_by_text("Nothing to do yet.")).to_have_count(0)
        answers.let_go()

        expect_rows(page, "Buy milk")
        expect(page.locator(BUSY)).to_have_count(0)

    def test_an_empty_list_says_so_until_there_is_a_todo(self, app):
        expect(app.get_by_text("Nothing to do yet.", exact=True)).to_be_visible()

        add_todo(app, "Buy milk")

        expect(app.get_by_text("Nothing to do yet.")).to_have_count(0)
        delete_todo(app, "Buy milk")
        expect(app.get_by_text("Nothing to do yet.", exact=True)).to_be_visible()


@pytest.mark.requirement("002-FR-012")
class TestGetSession:
    def test_nobody_is_taken_for_signed_out_before_the_answer(self, page):
        answers = Hold(page, "GET", path=SESSION)
        page.goto("/")

        expect(page.locator(BUSY).first).to_be_visible()
        expect(button(page, "Sign in")).to_have_count(0)
        answers.let_go()

        expect(button(page, "Sign out")).to_be_visible()

    @FAILURES
    def test_a_server_that_cannot_say_who_is_there_can_be_asked_again(self, page, watch, answer, error):
        watch.expect(error)
        answers = Hold(page, "GET", answer, path=SESSION)
        answers.let_go()
        page.goto("/")
        expect(message(page, "alert")).to_be_visible()

        answers.end()
        button(page, "Try again").click()

        expect(button(page, "Sign out")).to_be_visible()
