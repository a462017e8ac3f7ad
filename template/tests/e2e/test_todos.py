"""What a person does with todos when all is well. Knows the app by what it shows."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import GRACE
from tests.e2e.conftest import (
    ADA,
    SESSION,
    Hold,
    add_by_api,
    add_todo,
    button,
    change_by_api,
    checkbox,
    delete_todo,
    dialog,
    editor,
    expect_rows,
    message,
    open_app,
    rename,
    row,
    rows,
    sign_in,
    start_editing,
    stored,
    textbox,
    toggle,
)

FIELDS = ("title", "description", "completed", "due_on")


class TestCreateTodo:
    @pytest.mark.requirement("001-FR-001", "001-FR-019")
    def test_it_stands_on_top_with_all_its_fields_and_the_form_is_ready_for_the_next(self, page, ada):
        add_by_api(ada, "Read the README")
        open_app(page)

        add_todo(page, "Buy milk", "Oat milk,\nif there is any.", "2031-03-29")

        expect(message(page, "status", "Buy milk")).to_be_visible()
        expect_rows(page, "Buy milk", "Read the README")
        expect(row(page, "Buy milk")).to_contain_text("if there is any.")
        expect(row(page, "Buy milk")).to_contain_text("2031")
        for name in ("New todo", "Description", "Due on"):
            expect(textbox(page, name)).to_have_value("")
        assert stored(ada, *FIELDS)[0] == {
            "title": "Buy milk",
            "description": "Oat milk,\nif there is any.",
            "completed": False,
            "due_on": "2031-03-29",
        }

    @pytest.mark.requirement("001-FR-019")
    def test_it_is_seen_before_the_server_answers(self, app, ada):
        answers = Hold(app, "POST")

        add_todo(app, "Buy milk")

        expect(row(app, "Buy milk")).to_be_visible()
        assert stored(ada) == []
        answers.let_go()
        expect(message(app, "status", "Buy milk")).to_be_visible()
        assert stored(ada, "title") == [{"title": "Buy milk"}]

    @pytest.mark.requirement("001-FR-001")
    def test_it_is_still_there_after_a_reload(self, app):
        add_todo(app, "Buy milk", "Oat milk", "2031-03-29")
        expect(message(app, "status", "Buy milk")).to_be_visible()

        app.reload()

        expect(row(app, "Buy milk")).to_contain_text("Oat milk")
        expect(rows(app)).to_have_count(1)

    @pytest.mark.requirement("001-FR-002")
    def test_markup_in_a_title_is_text(self, app):
        add_todo(app, "<img src=x onerror=alert(1)> & <b>milk</b>")

        expect(checkbox(app, "<img src=x onerror=alert(1)> & <b>milk</b>")).to_be_visible()

    @pytest.mark.requirement("001-FR-029")
    @pytest.mark.browser_context_args(timezone_id="America/Los_Angeles")
    def test_the_due_day_is_the_same_day_west_of_greenwich(self, app):
        add_todo(app, "Buy milk", due_on="2031-03-29")

        expect(row(app, "Buy milk")).to_contain_text(re.compile(r"\b29\b"))
        expect(textbox(start_editing(app, "Buy milk"), "Due on")).to_have_value("2031-03-29")


@pytest.mark.requirement("001-FR-022")
class TestUpdateTodo:
    def test_every_field_is_edited_in_place(self, page, ada):
        add_by_api(ada, "Buy milk", description="Oat", due_on="2031-03-29")
        open_app(page)

        form = start_editing(page, "Buy milk")
        expect(textbox(form, "Description")).to_have_value("Oat")
        textbox(form, "Title").fill("Buy bread")
        textbox(form, "Description").fill("Rye")
        textbox(form, "Due on").fill("2031-04-01")
        button(form, "Save").click()

        expect(message(page, "status", "Buy bread")).to_be_visible()
        expect(row(page, "Buy bread")).to_contain_text("Rye")
        expect(checkbox(page, "Buy milk")).to_have_count(0)
        assert stored(ada, *FIELDS) == [
            {"title": "Buy bread", "description": "Rye", "completed": False, "due_on": "2031-04-01"}
        ]

    def test_an_emptied_description_and_due_day_are_gone(self, page, ada):
        add_by_api(ada, "Buy milk", description="Oat", due_on="2031-03-29")
        open_app(page)

        form = start_editing(page, "Buy milk")
        textbox(form, "Description").fill("")
        textbox(form, "Due on").fill("")
        button(form, "Save").click()

        expect(message(page, "status", "Buy milk")).to_be_visible()
        assert stored(ada, "description", "due_on") == [{"description": None, "due_on": None}]

    def test_the_new_title_is_seen_before_the_server_answers(self, page, ada):
        add_by_api(ada, "Buy milk")
        answers = Hold(open_app(page), "PUT")

        rename(page, "Buy milk", "Buy bread")

        expect(row(page, "Buy bread")).to_be_visible()
        expect(editor(page)).to_have_count(0)
        assert stored(ada, "title") == [{"title": "Buy milk"}]
        answers.let_go()
        expect(message(page, "status", "Buy bread")).to_be_visible()

    def test_cancel_changes_nothing(self, page, ada):
        before = add_by_api(ada, "Buy milk")
        open_app(page)

        textbox(start_editing(page, "Buy milk"), "Title").fill("Buy bread")
        button(editor(page), "Cancel").click()

        expect(row(page, "Buy milk")).to_be_visible()
        assert stored(ada) == before


@pytest.mark.requirement("001-FR-021")
class TestToggleTodo:
    def test_the_tick_is_seen_before_the_server_answers_and_stays(self, page, ada):
        add_by_api(ada, "Buy milk")
        answers = Hold(open_app(page), "PUT")

        toggle(page, "Buy milk")

        expect(checkbox(page, "Buy milk")).to_be_checked()
        assert stored(ada, "completed") == [{"completed": False}]
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            answers.let_go()
        page.reload()
        expect(checkbox(page, "Buy milk")).to_be_checked()

    def test_toggling_faster_than_the_server_answers_ends_where_the_person_stopped(self, page, ada):
        add_by_api(ada, "Buy milk")
        answers = Hold(open_app(page), "PUT")

        for _ in range(3):
            toggle(page, "Buy milk")
        with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.json().get("version") == 4):
            answers.let_go()

        expect(checkbox(page, "Buy milk")).to_be_checked()
        expect(message(page, "alert")).to_have_count(0)
        assert stored(ada, "completed", "version") == [{"completed": True, "version": 4}]


@pytest.mark.requirement("001-FR-025")
class TestDeleteTodo:
    def test_it_asks_first_and_then_it_is_gone(self, page, ada):
        add_by_api(ada, "Buy bread", "Buy milk")
        open_app(page)

        button(page, "Delete Buy milk").click()
        expect(dialog(page)).to_contain_text("Buy milk")
        expect(row(page, "Buy milk")).to_have_count(1)
        button(dialog(page), "Delete").click()

        expect(message(page, "status", "Buy milk")).to_be_visible()
        expect_rows(page, "Buy bread")
        assert stored(ada, "title") == [{"title": "Buy bread"}]

    def test_cancel_keeps_it(self, page, ada):
        before = add_by_api(ada, "Buy milk")
        open_app(page)

        button(page, "Delete Buy milk").click()
        button(dialog(page), "Cancel").click()

        expect(dialog(page)).to_have_count(0)
        expect(row(page, "Buy milk")).to_be_visible()
        assert stored(ada) == before

    def test_dialog_and_todo_are_gone_before_the_server_answers(self, page, ada):
        before = add_by_api(ada, "Buy milk")
        answers = Hold(open_app(page), "DELETE")

        delete_todo(page, "Buy milk")

        expect(dialog(page)).to_have_count(0)
        expect(rows(page)).to_have_count(0)
        assert stored(ada) == before
        answers.let_go()
        expect(message(page, "status", "Buy milk")).to_be_visible()
        assert stored(ada) == []


@pytest.mark.requirement("001-FR-026")
class TestListTodos:
    @pytest.mark.requirement("001-FR-006")
    def test_show_more_leads_through_every_todo_exactly_once(self, page, ada):
        titles = [todo["title"] for todo in add_by_api(ada, *(f"Todo {number:02}" for number in range(1, 46)))]
        open_app(page)

        for seen in (20, 40):
            expect_rows(page, *titles[:seen])
            button(page, "Show more").click()

        expect_rows(page, *titles)
        expect(button(page, "Show more")).to_have_count(0)

    def test_the_filter_reaches_todos_that_no_page_has_shown_yet(self, page, ada):
        *others, oldest = add_by_api(ada, *(f"Todo {number:02}" for number in range(1, 23)))
        change_by_api(ada, oldest, completed=True)
        open_app(page)
        expect(row(page, "Todo 01")).to_have_count(0)

        button(page, "Completed").click()
        expect_rows(page, "Todo 01")

        button(page, "Active").click()
        expect_rows(page, *[todo["title"] for todo in others[:20]])
        expect(button(page, "Active")).to_have_attribute("aria-pressed", "true")
        expect(button(page, "All")).to_have_attribute("aria-pressed", "false")

    def test_a_todo_that_no_longer_fits_the_filter_leaves_the_list(self, page, ada):
        add_by_api(ada, "Buy bread", "Buy milk")
        open_app(page)
        button(page, "Active").click()
        expect(button(page, "Active")).to_have_attribute("aria-pressed", "true")

        toggle(page, "Buy milk")

        expect_rows(page, "Buy bread")
        button(page, "Completed").click()
        expect_rows(page, "Buy milk")
        expect(checkbox(page, "Buy milk")).to_be_checked()


@pytest.mark.requirement("002-FR-014")
class TestNextPerson:
    def test_whoever_signs_in_next_sees_nothing_of_the_list(self, page, ada, other):
        add_by_api(ada, "Buy milk")
        add_by_api(other, "Feed the cat")
        open_app(page)
        expect(row(page, "Buy milk")).to_be_visible()

        button(page, "Sign out").click()
        expect(button(page, "Sign in")).to_be_visible()
        lists = Hold(page, "GET")
        sign_in(page, *GRACE)

        expect(button(page, "Sign out")).to_be_visible()
        expect(row(page, "Buy milk")).to_have_count(0)
        lists.let_go()
        expect(row(page, "Feed the cat")).not_to_have_count(0)
        expect(row(page, "Buy milk")).to_have_count(0)


def tick(page: Page) -> None:
    toggle(page, "Buy milk")


def add(page: Page) -> None:
    add_todo(page, "Buy bread")


def show_active(page: Page) -> None:
    button(page, "Active").click()


@pytest.mark.requirement("002-FR-013")
class TestExpiredSession:
    @pytest.mark.parametrize("act", [tick, add, show_active])
    def test_the_next_thing_a_person_does_leads_to_the_form_and_back(self, page, ada, watch, act):
        watch.expect("status of 401 (Unauthorized) /api/v1/todos")
        add_by_api(ada, "Buy milk")
        open_app(page)
        ada.delete(SESSION).raise_for_status()

        act(page)
        expect(button(page, "Sign in")).to_be_visible()
        sign_in(page, *ADA)

        expect(row(page, "Buy milk")).to_be_visible()

    @pytest.mark.requirement("001-FR-030")
    def test_what_was_typed_waits_in_the_form_for_the_same_person(self, page, ada, watch):
        watch.expect("status of 401 (Unauthorized) /api/v1/todos")
        open_app(page)
        ada.delete(SESSION).raise_for_status()

        add_todo(page, "Buy milk", "Oat")
        sign_in(page, *ADA)

        expect(textbox(page, "New todo")).to_have_value("Buy milk")
        expect(textbox(page, "Description")).to_have_value("Oat")


@pytest.mark.requirement("001-FR-013")
class TestOwnership:
    def test_two_people_at_once_see_only_their_own(self, app, ada, other, new_context, base_url):
        add_todo(app, "Buy milk")
        hers = new_context()
        hers.add_cookies([{"name": "session", "value": other.cookies["session"], "url": base_url}])

        page = open_app(hers.new_page())
        add_todo(page, "Feed the cat")
        app.reload()

        expect_rows(app, "Buy milk")
        expect(row(page, "Feed the cat")).not_to_have_count(0)
        expect(row(page, "Buy milk")).to_have_count(0)
        assert stored(ada, "title") == [{"title": "Buy milk"}]
