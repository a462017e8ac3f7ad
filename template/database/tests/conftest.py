"""A migrated database for each test: migrated once, then copied. Two people, so that ownership can be seen."""

import re
import sqlite3
from contextlib import closing
from shutil import copyfile, copytree

import pytest
from sqlalchemy import event

from database import revisions
from database.accounts import create_account
from database.engine import Database
from database.migrate import upgrade
from database.seed import seed


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("migrated") / "app.db"
    upgrade(f"sqlite:///{file.as_posix()}")
    return file


@pytest.fixture
def url(migrated_file, tmp_path):
    return f"sqlite:///{copyfile(migrated_file, tmp_path / 'app.db').as_posix()}"


@pytest.fixture
def database(url):
    with closing(Database(url)) as database:
        yield database


@pytest.fixture
def connection(database):
    with database.writing() as connection:
        yield connection


@pytest.fixture
def ada(connection):
    return create_account(connection, "ada@example.com", "hash of Ada's password").id


@pytest.fixture
def grace(connection):
    return create_account(connection, "grace@example.com", "hash of Grace's password").id


@pytest.fixture
def statements(connection):
    """What `connection` has been asked since: pairs of SQL and its values."""
    seen = []

    @event.listens_for(connection, "before_cursor_execute")
    def remember(_connection, _cursor, statement, parameters, _context, _many):
        seen.append((statement, parameters))

    return seen


@pytest.fixture
def seeded(url, database):
    """The URL of a database with rows in it."""
    seed(database)
    return url


@pytest.fixture
def content():
    """Of a URL: every table's SQL, as words in no order, and its rows, as SQLite has them."""

    def read(url):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            connection.row_factory = sqlite3.Row
            tables = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall()
            rows = {name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall() for name, _ in tables}
            return {name: (sorted(re.findall(r"\w+", sql)), [dict(row) for row in rows[name]]) for name, sql in tables}

    return read


@pytest.fixture
def copied_migrations(tmp_path, monkeypatch):
    """database/migrations in another folder, which a test may change before it is read."""
    folder = copytree(revisions.MIGRATIONS, tmp_path / "migrations")
    monkeypatch.setattr(revisions, "MIGRATIONS", folder)
    revisions.revisions.cache_clear()
    yield folder
    revisions.revisions.cache_clear()


@pytest.fixture
def next_migration(copied_migrations):
    """Adds a migration after the newest one, made of these lines."""

    def add(*lines):
        newest = max(file.name[:4] for file in copied_migrations.glob("versions/*.py"))
        (copied_migrations / "versions" / "9999_next.py").write_text(
            "\n    ".join(
                [
                    f"from alembic import op\nrevision, down_revision = '9999', '{newest}'\ndef upgrade():",
                    *lines,
                ]
            )
        )
        revisions.revisions.cache_clear()

    return add
