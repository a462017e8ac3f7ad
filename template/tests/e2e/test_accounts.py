"""Coming in, going out, and being nobody else. Knows the app by what it shows."""

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
    expect_rows,
    message,
    open_app,
    row,
    sign_in,
    stored,
    textbox,
    toggle,
    writes_of,
)


class TestSignIn:
    @pytest.mark.requirement("002-FR-001", "002-FR-011")
    def test_the_right_password_leads_to_the_persons_list(self, visitor, ada):
        add_by_api(ada, "Buy milk")

        sign_in(visitor, *ADA)

        expect_rows(visitor, "Buy milk")
        expect(textbox(visitor, "Email")).to_have_count(0)

    @pytest.mark.requirement("002-FR-006")
    def test_the_person_is_still_signed_in_after_a_reload(self, visitor):
        sign_in(visitor, *ADA)
        expect(button(visitor, "Sign out")).to_be_visible()

        visitor.reload()

        expect(button(visitor, "Sign out")).to_be_visible()

    @pytest.mark.requirement("002-FR-011")
    @pytest.mark.parametrize(
        ("email", "password"),
        [(ADA[0], "not her password"), ("nobody@example.com", ADA[1])],
        ids=["wrong password", "unknown email"],
    )
    def test_anything_else_is_refused_with_a_message_and_the_email_stays(self, visitor, email, password):
        sign_in(visitor, email, password)

        expect(message(visitor, "alert")).to_be_visible()
        expect(textbox(visitor, "Email")).to_have_value(email)
        expect(button(visitor, "Sign in")).to_be_enabled()

    def test_a_second_try_with_the_right_password_works(self, visitor):
        sign_in(visitor, ADA[0], "not her password")
        expect(message(visitor, "alert")).to_be_visible()

        sign_in(visitor, *ADA)

        expect(button(visitor, "Sign out")).to_be_visible()
        expect(message(visitor, "alert")).to_have_count(0)

    @pytest.mark.requirement("002-FR-011")
    @pytest.mark.parametrize(
        ("email", "password", "refused"),
        [("ada", ADA[1], "Email"), ("", ADA[1], "Email"), (ADA[0], "", "Password")],
        ids=["no email address", "no email", "no password"],
    )
    def test_what_the_contract_refuses_is_not_even_sent(self, visitor, email, password, refused):
        sent = writes_of(visitor)

        sign_in(visitor, email, password)

        field = visitor.get_by_label(refused, exact=True)
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(field).to_be_focused()
        assert sent == []


@pytest.mark.requirement("002-FR-008", "002-FR-014")
class TestSignOut:
    def test_it_ends_the_session_and_the_next_person_sees_nothing_of_it(self, page, ada, other):
        add_by_api(ada, "Buy milk")
        add_by_api(other, "Feed the cat")
        open_app(page)
        expect(row(page, "Buy milk")).to_be_visible()

        button(page, "Sign out").click()
        expect(button(page, "Sign in")).to_be_visible()
        assert ada.get(SESSION).status_code == 401
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

    def test_what_was_typed_waits_in_the_form_for_the_same_person(self, page, ada, watch):
        watch.expect("status of 401 (Unauthorized) /api/v1/todos")
        open_app(page)
        ada.delete(SESSION).raise_for_status()

        add_todo(page, "Buy milk", "Oat")
        sign_in(page, *ADA)

        expect(textbox(page, "New todo")).to_have_value("Buy milk")
        expect(textbox(page, "Description")).to_have_value("Oat")

    def test_a_page_opened_with_it_shows_the_form(self, page, ada):
        ada.delete(SESSION).raise_for_status()

        page.goto("/")

        expect(button(page, "Sign in")).to_be_visible()


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
