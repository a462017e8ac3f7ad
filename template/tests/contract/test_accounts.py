"""Signing in, being somebody, signing out. Knows the API by its contract only."""

from http.cookies import SimpleCookie
from uuid import uuid4

import httpx2
import pytest

from tests.contract.contract import validator

SESSION = "/api/v1/session"
DEMO = {"email": "demo@example.com", "password": "demo-password"}
ACCOUNT = validator("Account")


@pytest.fixture
def visitor(base_url):
    """A client of somebody who is not signed in."""
    with httpx2.Client(base_url=base_url, trust_env=False) as client:
        yield client


class TestCreateSession:
    @pytest.mark.requirement("002-FR-001")
    def test_the_account_is_answered_and_never_its_password(self, visitor):
        answer = visitor.post(SESSION, json=DEMO)

        account = answer.json()
        ACCOUNT.validate(account)
        assert (answer.status_code, account) == (201, {"id": account["id"], "email": "demo@example.com"})

    @pytest.mark.requirement("002-FR-002")
    def test_no_script_and_no_other_site_gets_the_cookie(self, visitor):
        answer = visitor.post(SESSION, json=DEMO)

        (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
        flags = {name: value for name, value in cookie.items() if value and name != "expires"}
        assert cookie.key == "session"
        assert len(cookie.value) >= 32
        assert flags == {"httponly": True, "samesite": flags["samesite"], "path": "/", "max-age": str(30 * 24 * 3600)}
        assert flags["samesite"].lower() == "lax"

    @pytest.mark.requirement("002-FR-008")
    def test_every_sign_in_is_a_session_of_its_own(self, base_url, sign_in):
        phone, laptop = sign_in(base_url), sign_in(base_url)

        phone.delete(SESSION)

        assert (phone.get(SESSION).status_code, laptop.get(SESSION).status_code) == (401, 200)

    @pytest.mark.requirement("002-FR-001")
    def test_the_case_of_the_email_does_not_matter(self, visitor):
        answer = visitor.post(SESSION, json={**DEMO, "email": "Demo@Example.COM"})

        assert (answer.status_code, answer.json()["email"]) == (201, "demo@example.com")

    @pytest.mark.requirement("002-FR-004")
    def test_a_wrong_password_cannot_be_told_from_an_unknown_person(self, visitor):
        wrong = visitor.post(SESSION, json={**DEMO, "password": "Demo-password"})
        unknown = visitor.post(SESSION, json={**DEMO, "email": "nobody@example.com"})

        assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
        assert "set-cookie" not in [*wrong.headers, *unknown.headers]

    @pytest.mark.requirement("002-FR-005")
    def test_too_many_failures_say_when_to_come_back_and_shut_out_nobody_else(self, visitor):
        guess = {"email": f"{uuid4()}@example.com", "password": "wrong"}
        statuses = [visitor.post(SESSION, json=guess).status_code for _ in range(20)]

        refused = visitor.post(SESSION, json=guess)

        assert statuses == [401] * 20
        assert (refused.status_code, refused.json()["error_code"]) == (429, "RATE_LIMITED")
        assert 1 <= int(refused.headers["retry-after"]) <= 15 * 60
        assert visitor.post(SESSION, json=DEMO).status_code == 201


@pytest.mark.requirement("002-FR-006")
class TestGetSession:
    def test_it_says_who_is_signed_in(self, visitor):
        account = visitor.post(SESSION, json=DEMO).json()

        answer = visitor.get(SESSION)

        assert (answer.status_code, answer.json()) == (200, account)


@pytest.mark.requirement("002-FR-008")
class TestDeleteSession:
    def test_the_token_is_worth_nothing_afterwards(self, visitor):
        visitor.post(SESSION, json=DEMO)
        token = visitor.cookies["session"]

        answer = visitor.delete(SESSION)

        assert (answer.status_code, answer.content) == (204, b"")
        assert "session" not in visitor.cookies
        assert visitor.get(SESSION, headers={"Cookie": f"session={token}"}).status_code == 401
