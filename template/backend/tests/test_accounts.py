"""/api/v1/session, operation by operation, and the command that creates accounts."""

import io
import re
import sys
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from http.cookies import SimpleCookie

import pytest
from fastapi.testclient import TestClient

from backend.accounts import __main__ as command
from backend.main import create_app
from backend.tests.conftest import PASSWORD, refusal
from database import accounts
from database.engine import Database
from database.schema import every_table

SESSION = "/api/v1/session"
ADA = {"email": "ada@example.com", "password": PASSWORD}


def fail(database: Database, times: int, ago: timedelta = timedelta()) -> None:
    with database.writing() as connection:
        for _ in range(times):
            accounts.create_sign_in_failure(connection, ADA["email"])
        moment = datetime.now(UTC) - ago
        connection.execute(accounts.sign_in_failures.update().values(failed_at=moment))


class TestCreateSession:
    @pytest.mark.requirement("002-FR-001")
    def test_the_cookie_opens_the_api(self, ada, visitor):
        response = visitor.post(SESSION, json=ADA)

        assert (response.status_code, response.json()) == (201, ada.get(SESSION).json())
        assert visitor.get(SESSION).json() == response.json()

    @pytest.mark.requirement("002-FR-001")
    def test_emails_are_compared_in_lower_case(self, ada, visitor):
        response = visitor.post(SESSION, json={**ADA, "email": "ADA@Example.com"})

        assert response.json() == ada.get(SESSION).json()

    @pytest.mark.requirement("002-FR-002")
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

    @pytest.mark.requirement("002-FR-003")
    def test_only_the_hash_of_the_token_is_stored(self, ada, visitor, database, tmp_path):
        visitor.post(SESSION, json=ADA)

        token = visitor.cookies["session"]
        with database.reading() as connection:
            stored = set(connection.execute(accounts.sessions.select()).scalars())
            rows = [row for table in every_table().sorted_tables for row in connection.execute(table.select())]
        assert sha256(token.encode()).hexdigest() in stored
        assert token not in str(rows)
        assert all(token.encode() not in file.read_bytes() for file in tmp_path.iterdir())

    @pytest.mark.requirement("002-FR-004")
    def test_an_unknown_email_and_a_wrong_password_are_answered_alike(self, ada, visitor):
        unknown = visitor.post(SESSION, json={**ADA, "email": "grace@example.com"})
        wrong = visitor.post(SESSION, json={**ADA, "password": "wrong"})

        assert refusal(wrong) == (401, "UNAUTHENTICATED")
        assert (unknown.status_code, unknown.json()) == (wrong.status_code, wrong.json())
        assert "Set-Cookie" not in wrong.headers

    @pytest.mark.requirement("002-FR-005")
    def test_after_20_failures_even_the_right_password_waits(self, ada, visitor, database):
        fail(database, 20)

        response = visitor.post(SESSION, json=ADA)

        assert (*refusal(response), response.headers["Retry-After"]) == (429, "RATE_LIMITED", "900")

    @pytest.mark.requirement("002-FR-005")
    def test_a_wrong_password_counts_as_a_failure(self, ada, visitor, database):
        fail(database, 19)

        answers = [visitor.post(SESSION, json={**ADA, "password": "wrong"}).status_code for _ in range(2)]

        assert answers == [401, 429]

    @pytest.mark.requirement("002-FR-005")
    def test_a_success_forgets_the_failures(self, ada, visitor, database):
        fail(database, 19)

        answers = [visitor.post(SESSION, json=ADA).status_code for _ in range(2)]

        assert answers == [201, 201]

    @pytest.mark.requirement("002-FR-005")
    def test_failures_count_for_15_minutes(self, ada, visitor, database):
        fail(database, 20, ago=timedelta(minutes=15))

        assert visitor.post(SESSION, json=ADA).status_code == 201

    def test_failures_that_no_longer_count_are_swept_away(self, ada, visitor, database):
        fail(database, 3, ago=timedelta(minutes=16))

        visitor.post(SESSION, json={**ADA, "password": "wrong"})

        with database.reading() as connection:
            assert len(connection.execute(accounts.sign_in_failures.select()).all()) == 1

    def test_expired_sessions_are_swept_away(self, ada, visit, visitor, database):
        visit("grace@example.com", lasts=timedelta(seconds=-1))

        visitor.post(SESSION, json=ADA)

        with database.reading() as connection:
            expiries = connection.execute(accounts.sessions.select()).all()
        assert len(expiries) == 2


class TestGetSession:
    @pytest.mark.requirement("002-FR-006")
    def test_it_says_who_is_signed_in(self, ada):
        account = ada.get(SESSION).json()

        assert account == {"id": account["id"], "email": "ada@example.com"}

    @pytest.mark.requirement("002-FR-007")
    def test_a_session_ends_by_the_clock(self, visit):
        expired = visit("grace@example.com", lasts=timedelta(seconds=-1))

        assert refusal(expired.get(SESSION)) == (401, "UNAUTHENTICATED")

    @pytest.mark.requirement("002-FR-006")
    @pytest.mark.parametrize("cookie", ["", "session=", "session=unknown", "session=\xff\xfe", "session", "=;,;\x7f"])
    def test_a_cookie_that_is_no_session_is_nobody(self, visitor, cookie):
        response = visitor.get(SESSION, headers={"Cookie": cookie.encode("latin-1")})

        assert refusal(response) == (401, "UNAUTHENTICATED")


@pytest.mark.requirement("002-FR-008")
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


@pytest.mark.requirement("002-FR-015")
class TestCreateAccount:
    @pytest.fixture
    def run(self, settings, monkeypatch, capsys):
        """What the command says, and its exit code, when the password comes through a pipe."""

        def run(arguments, typed, database_url=settings.database_url):
            monkeypatch.setenv("DATABASE_URL", database_url)
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(typed)))
            try:
                command.main(arguments)
            except SystemExit as refused:
                return refused.code
            return capsys.readouterr().out

        return run

    @pytest.mark.requirement("002-FR-003")
    def test_the_new_person_can_sign_in(self, run, visitor):
        said = run(["Ada@example.com"], f"{PASSWORD}\r\n".encode())

        assert said == "Created the account ada@example.com.\n"
        assert (
            visitor.post("/api/v1/session", json={"email": "ada@example.com", "password": PASSWORD}).status_code == 201
        )

    @pytest.mark.parametrize(
        ("arguments", "typed", "sentence"),
        [
            ([], b"", "Name one email address: make account email=name@example.com"),
            (["ada"], b"", "An email address looks like name@example.com."),
            (["\udcff@example.com"], b"", "email has a character that is not Unicode text."),
            (
                ["Demo@example.com"],
                b"",
                "demo@example.com is the demo person, who is refused in production. Name another address.",
            ),
            (["ada@example.com"], b"", "Enter a password of 1 to 200 characters."),
            (["ada@example.com"], b"1234567", "The password has fewer than 8 characters. Choose a longer one."),
            (["ada@example.com"], b"1" * 201, "Enter a password of 1 to 200 characters."),
            (["ada@example.com"], b"\xff" * 8, "password has a character that is not Unicode text."),
        ],
    )
    def test_bad_input_gets_one_sentence(self, run, arguments, typed, sentence):
        assert run(arguments, typed) == sentence

    def test_an_address_is_taken_once(self, run, ada):
        said = run(["Ada@example.com"], PASSWORD.encode())

        assert said == "There is an account for Ada@example.com already. Name another address."

    @pytest.mark.parametrize(
        ("url", "reason"),
        [("sqlite:///{}/notes.txt", "file is not a database"), ("postgresql://localhost:1/app", "Connection refused")],
    )
    def test_a_database_that_cannot_be_used_gets_one_sentence(self, run, tmp_path, url, reason):
        (tmp_path / "notes.txt").write_bytes(b"no database " * 100)

        said = run(["ada@example.com"], PASSWORD.encode(), url.format(tmp_path.as_posix()))

        assert re.fullmatch(rf"The database \S+ cannot be used: .*{reason}\. Check DATABASE_URL, .+\.", said)
