"""The revisions of database/migrations, and the transaction that goes from one to another. Knows no table by name."""

import sqlite3
from argparse import Namespace
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from time import monotonic, sleep

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from database.engine import PATIENCE, UnusableDatabase, take_turn, writing_engine

MIGRATIONS = Path(__file__).parent / "migrations"


@cache
def revisions() -> tuple[str, ...]:
    """From the first to the newest."""
    scripts = ScriptDirectory.from_config(_config(None))
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]


def current_revision(connection: Connection) -> str | None:
    """Where this database is; None before the first."""
    return MigrationContext.configure(connection).get_current_revision()


@contextmanager
def migrating(url: str) -> Iterator[Config]:
    """Alembic's settings, with the connection of the only migrating process, in one transaction.

    In SQLite, foreign keys are not enforced in it, or to rebuild a table would delete every row that refers to it; they
    are checked at its end. Raises UnusableDatabase.
    """
    engine = writing_engine(url, foreign_keys=False)
    try:
        with _locked(engine) as connection:
            before = current_revision(connection)
            if before not in {None, *revisions()}:
                raise UnusableDatabase(
                    f"The database is at revision {before}, which this version of the app does not know."
                    " Run the version that made it, or set DATABASE_URL to another database."
                )
            yield _config(connection)
            if engine.name == "sqlite" and current_revision(connection) != before:
                _refuse_orphans(connection)
    finally:
        engine.dispose()


def _config(connection: Connection | None) -> Config:
    config = Config(cmd_opts=Namespace(quiet=True), attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _refuse_orphans(connection: Connection) -> None:
    orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    if orphans:
        tables = ", ".join(sorted({orphan.table for orphan in orphans}))
        raise UnusableDatabase(
            f"The migration leaves {len(orphans)} rows in {tables} that refer to nothing, so it was undone."
            " Let it delete them, or let them refer to something."
        )


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process shares: in SQLite because it begins IMMEDIATE, in PostgreSQL by its turn."""
    with ExitStack() as stack:
        try:
            if engine.name == "sqlite":
                _use_write_ahead_log(engine)
            connection = stack.enter_context(engine.begin())
            take_turn(connection, "migrate")
        except (sqlite3.DatabaseError, DBAPIError) as error:
            raise UnusableDatabase(
                f"The database {engine.url.database} cannot be used: {_reason(error)}."
                " Check DATABASE_URL, and what else uses the database."
            ) from error
        if engine.name == "postgresql":
            _want_unicode(connection)
        yield connection


def _reason(error: Exception) -> str:
    """What the driver says first; PostgreSQL's goes on for several lines."""
    first = str(getattr(error, "orig", error)).strip().splitlines()[0]
    return first.removeprefix("connection failed: ").rstrip(".")


def _want_unicode(connection: Connection) -> None:
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise UnusableDatabase(
            f"The database {connection.engine.url.database} is encoded in {encoding}: create it again with ENCODING"
            " 'UTF8', or set DATABASE_URL to another database."
        )


def _use_write_ahead_log(engine: Engine) -> None:
    """Stays with the file. SQLite does not wait for another process that does the same at once, so this does."""
    deadline = monotonic() + PATIENCE
    with closing(engine.raw_connection()) as connection:
        while True:
            try:
                connection.cursor().execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                    raise
                sleep(0.02)
