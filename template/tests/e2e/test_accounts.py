"""Coming in, going out, and being nobody else. Knows the app by what it shows."""

import pytest
from playwright.sync_api import expect

from tests.conftest import GRACE
from tests.e2e.conftest import (
    ADA,
    SESSION,
    button,
    expect_a_focus,
    message,
    sign_in,
    sign_in_by_keyboard,
    tab_to,
    textbox,
    writes_of,
)


class TestSignIn:
    @pytest.mark.requirement("002-FR-001", "002-FR-011")
    def test_the_right_password_leads_to_the_persons_page(self, visitor):
        sign_in(visitor, *ADA)

        expect(button(visitor, "Sign out")).to_be_visible()
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
    def test_it_ends_the_session_and_the_next_person_is_somebody_else(self, app, ada, other):
        expect(app.get_by_text(ADA[0])).to_be_visible()

        button(app, "Sign out").click()
        expect(button(app, "Sign in")).to_be_visible()
        assert ada.get(SESSION).status_code == 401
        sign_in(app, *GRACE)

        expect(app.get_by_text(GRACE[0])).to_be_visible()
        expect(app.get_by_text(ADA[0])).to_have_count(0)


@pytest.mark.requirement("002-FR-013")
class TestExpiredSession:
    def test_a_page_opened_with_it_shows_the_form(self, page, ada):
        ada.delete(SESSION).raise_for_status()

        page.goto("/")

        expect(button(page, "Sign in")).to_be_visible()


@pytest.mark.requirement("002-FR-011")
class TestKeyboardAlone:
    def test_a_person_signs_in_and_out(self, visitor):
        sign_in_by_keyboard(visitor, *ADA)

        tab_to(visitor, button(visitor, "Sign out"))
        visitor.keyboard.press("Enter")
        expect(button(visitor, "Sign in")).to_be_visible()

    def test_the_focus_is_never_lost(self, visitor):
        sign_in(visitor, ADA[0], "not her password")
        expect(message(visitor, "alert")).to_be_visible()
        expect(visitor.get_by_label("Password", exact=True)).to_be_focused()

        sign_in(visitor, *ADA)
        expect(button(visitor, "Sign out")).to_be_visible()
        expect_a_focus(visitor)

        button(visitor, "Sign out").click()
        expect(button(visitor, "Sign in")).to_be_visible()
        expect_a_focus(visitor)
