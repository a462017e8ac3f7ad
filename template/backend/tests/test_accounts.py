"""/api/v1/session, operation by operation."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.cookies import SimpleCookie

import pytest
from fastapi.testclient import TestClient

from backend.main import create_app
from backend.tests.conftest import PASSWORD, refusal
from database import accounts
from database.engine import Database

SESSION = "/api/v1/session"
ADA = {"email": "ada@example.com", "password": PASSWORD}


def fail(database: Database, times: int, ago: timedelta = timedelta()) -> None:
    with database.writing() as connection:
        for _ in range(times):
            accounts.create_sign_in_failure(connection, ADA["email"])
        moment = datetime.now(UTC) - ago
        connection.execute(accounts.sign_in_failures.update().values(failed_at=moment))


class TestCreateSession:
    def test_the_cookie_opens_the_api(self, ada, visitor):
        response = visitor.post(SESSION, json=ADA)

        assert (response.status_code, response.json()) == (201, ada.get(SESSION).json())
        assert visitor.get(SESSION).json() == response.json()

    def test_emails_are_compared_in_lower_case(self, ada, visitor):
        response = visitor.post(SESSION, json={**ADA, "email": "ADA@Example.com"})

        assert response.json() == ada.get(SESSION).json()

    @pytest.mark.parametrize(("app_env", "secure"), [("production", True), ("development", "")])
    def test_no_script_and_no_other_site_can_use_the_cookie(self, settings, visit, app_env, secure):
        visit("ada@example.com")
        app = create_app(settings.model_copy(update={"app_env": app_env}))

        with TestClient(app) as client:
            response = client.post(SESSION, json=ADA)

        cookie = SimpleCookie(response.headers["Set-Cookie"])["session"]
        assert len(cookie.value) >= 43
        assert {name: value for name, value in cookie.items() if value} == {
            "httponly": True,
            "max-age": str(30 * 24 * 60 * 60),
            "path": "/",
            "samesite": "lax",
        } | ({"secure": secure} if secure else {})

    def test_only_the_hash_of_the_token_is_stored(self, ada, visitor, database, tmp_path):
        visitor.post(SESSION, json=ADA)

        token = visitor.cookies["session"]
        with database.reading() as connection:
            stored = set(connection.execute(accounts.sessions.select()).scalars())
        assert sha256(token.encode()).hexdigest() in stored
        assert all(token.encode() not in file.read_bytes() for file in tmp_path.iterdir())

    def test_an_unknown_email_and_a_wrong_password_are_answered_alike(self, ada, visitor):
        unknown = visitor.post(SESSION, json={**ADA, "email": "grace@example.com"})
        wrong = visitor.post(SESSION, json={**ADA, "password": "wrong"})

        assert refusal(wrong) == (401, "UNAUTHENTICATED")
        assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())
        assert "Set-Cookie" not in wrong.headers

    def test_after_20_failures_even_the_right_password_waits(self, ada, visitor, database):
        fail(database, 20)

        response = visitor.post(SESSION, json=ADA)

        assert (*refusal(response), response.headers["Retry-After"]) == (429, "RATE_LIMITED", "900")

    def test_a_wrong_password_counts_as_a_failure(self, ada, visitor, database):
        fail(database, 19)

        answers = [visitor.post(SESSION, json={**ADA, "password": "wrong"}).status_code for _ in range(2)]

        assert answers == [401, 429]

    def test_a_success_forgets_the_failures(self, ada, visitor, database):
        fail(database, 19)

        answers = [visitor.post(SESSION, json=ADA).status_code for _ in range(2)]

        assert answers == [201, 201]

    def test_failures_count_for_15_minutes(self, ada, visitor, database):
        fail(database, 20, ago=timedelta(minutes=15))

        assert visitor.post(SESSION, json=ADA).status_code == 201

    def test_expired_sessions_are_swept_away(self, ada, visit, visitor, database):
        visit("grace@example.com", lasts=timedelta(seconds=-1))

        visitor.post(SESSION, json=ADA)

        with database.reading() as connection:
            expiries = connection.execute(accounts.sessions.select()).all()
        assert len(expiries) == 2


class TestGetSession:
    def test_it_says_who_is_signed_in(self, ada):
        account = ada.get(SESSION).json()

        assert account == {"id": account["id"], "email": "ada@example.com"}

    def test_a_session_ends_by_the_clock(self, visit):
        expired = visit("grace@example.com", lasts=timedelta(seconds=-1))

        assert refusal(expired.get(SESSION)) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize("cookie", ["", "session=", "session=unknown", "session=\xff\xfe", "session", "=;,;\x7f"])
    def test_a_cookie_that_is_no_session_is_nobody(self, visitor, cookie):
        response = visitor.get(SESSION, headers={"Cookie": cookie.encode("latin-1")})

        assert refusal(response) == (401, "UNAUTHENTICATED")


class TestDeleteSession:
    def test_the_token_is_worth_nothing_afterwards(self, ada):
        token = ada.cookies["session"]

        response = ada.delete(SESSION)

        cookie = SimpleCookie(response.headers["Set-Cookie"])["session"]
        assert (response.status_code, cookie.value, cookie["max-age"]) == (204, "", "0")
        assert refusal(ada.get(SESSION, headers={"Cookie": f"session={token}"})) == (401, "UNAUTHENTICATED")

    def test_the_persons_other_sessions_stay(self, ada, visitor):
        visitor.post(SESSION, json=ADA)

        ada.delete(SESSION)

        assert visitor.get(SESSION).status_code == 200
