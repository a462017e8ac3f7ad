"""A migrated database for each test, of the kind that DATABASE_URL names. Two people, so that ownership can be seen."""

import json
import re
from contextlib import closing
from shutil import copytree
from typing import Any

import pytest
from sqlalchemy import Connection, event, inspect

from database import revisions
from database.accounts import create_account
from database.engine import Database, url_from_environment
from database.migrate import upgrade
from database.seed import seed
from tools.databases import empty_database, without_rows

collect_ignore = ["test_postgresql.py"] if url_from_environment().startswith("sqlite:") else []


def described(connection: Connection) -> dict[str, dict[str, Any]]:
    """Tables, columns, constraints and indexes, in no order."""
    inspector = inspect(connection)

    def by_name(parts: list[Any]) -> dict[str, Any]:
        return {part["name"]: {key: str(value) for key, value in part.items()} for part in parts}

    return {
        table: {
            "columns": by_name(inspector.get_columns(table)),
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "checks": by_name(inspector.get_check_constraints(table)),
            "indexes": by_name(inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
    }


def lookup(connection: Connection, statement: str, values: Any) -> tuple[str, list[str]]:
    """How the database finds what the statement asks for: the index, and the columns it is searched by. No sorting."""
    if connection.dialect.name == "sqlite":
        [step] = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
        searched = re.fullmatch(r"SEARCH \w+ USING INDEX (\w+) \((.+)\)", step.detail)
        assert searched, step.detail
        index, condition = searched.groups()
    else:
        [[[plan]]] = connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).all()
        step = (plan["Plan"]["Plans"][0]) if plan["Plan"]["Node Type"] == "Limit" else plan["Plan"]
        assert step["Node Type"] == "Index Scan", json.dumps(plan, indent=2)
        index, condition = step["Index Name"], re.sub("'.*?'(::[a-z ]+)?", "", step["Index Cond"])
    return index, [word for word in re.findall(r"[a-z_]+", condition) if word not in {"false", "true", "text"}]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    with empty_database(tmp_path_factory.mktemp("migrated")) as url:
        upgrade(url)
        yield url


@pytest.fixture
def url(migrated, tmp_path):
    """Of a migrated database. A test that changes its tables takes `new_url`."""
    return without_rows(migrated, tmp_path)


@pytest.fixture
def new_url(tmp_path):
    """Of a database that no migration has seen."""
    with empty_database(tmp_path) as url:
        yield url


@pytest.fixture
def new_file(tmp_path):
    """The URL of a SQLite file that is not there yet, whatever the project's database."""
    return f"sqlite:///{tmp_path.as_posix()}/new.db"


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


def filled(url: str) -> str:
    """The URL, after its database was migrated and seeded."""
    upgrade(url)
    with closing(Database(url)) as database:
        seed(database)
    return url


@pytest.fixture
def seeded(new_url):
    return filled(new_url)


@pytest.fixture
def seeded_file(new_file):
    return filled(new_file)


@pytest.fixture
def content():
    """Of a URL: how every table is made, and its rows, as the driver has them."""

    def read(url):
        with closing(Database(url)) as database, database.reading() as connection:
            return {
                name: (made, [dict(row) for row in rows.mappings()])
                for name, made in described(connection).items()
                for rows in [connection.exec_driver_sql(f"SELECT * FROM {name} ORDER BY 1")]
            }

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
