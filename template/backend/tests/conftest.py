"""What the API layer's tests start from: an application on a migrated database of its own, and people who call it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import Engine, event

from backend.caller import SESSION_COOKIE, hash_token
from backend.main import create_app
from backend.settings import Settings
from database import accounts
from database.accounts import hash_password
from database.migrate import upgrade
from tools.databases import empty_database, without_rows

PASSWORD = "correct horse battery"
Visit = Callable[..., TestClient]


def refusal(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["error_code"]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with empty_database(tmp_path_factory.mktemp("migrated")) as url:
        upgrade(url)
        yield url


@pytest.fixture(scope="session")
def password_hash() -> str:
    return hash_password(PASSWORD)


@pytest.fixture
def settings(migrated, tmp_path) -> Settings:
    return Settings(app_env="production", product_name="My App", database_url=without_rows(migrated, tmp_path))


@pytest.fixture
def app(settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def database(app):
    return app.state.database


@pytest.fixture
def visitor(app) -> Iterator[TestClient]:
    """Nobody yet: a browser without a session."""
    with TestClient(app, base_url="https://my.app", raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def visit(app, visitor, database, password_hash) -> Visit:
    """A browser in which a new person is signed in, for as long as `lasts`."""

    def sign_in(email: str, lasts: timedelta = timedelta(days=1)) -> TestClient:
        token = token_urlsafe()
        with database.writing() as connection:
            account = accounts.create_account(connection, email, password_hash)
            accounts.create_session(connection, account.id, hash_token(token), datetime.now(UTC) + lasts)
        cookies = {SESSION_COOKIE: token}
        return TestClient(app, base_url="https://my.app", raise_server_exceptions=False, cookies=cookies)

    return sign_in


@pytest.fixture
def ada(visit):
    return visit("ada@example.com")


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """The first word of every SQL statement, in order, and COMMIT; not BEGIN, which PostgreSQL's driver says itself."""
    words: list[str] = []

    def note(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith("BEGIN"):
            words.append(statement.split()[0])

    def note_commit(_connection) -> None:
        words.append("COMMIT")

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "commit", note_commit)
    yield words
    event.remove(Engine, "before_cursor_execute", note)
    event.remove(Engine, "commit", note_commit)
