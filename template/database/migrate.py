"""The schema's way from one revision to the next, in database/migrations. Knows no table by name.

`python -m database.migrate` brings the database to the newest revision, `--down 0001` back to that one;
`--draft add due_on to todos` writes the next revision from the difference between the tables and the migrations.
"""

import re
import sqlite3
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from typing import cast

from alembic import command
from alembic.config import Config
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from database.engine import PATIENCE, Database, UnusableDatabase, url_from_environment, writing_engine

ROOT = Path(__file__).parents[1]
MIGRATIONS = ROOT / "database" / "migrations"
EVERYTHING = "SELECT sql FROM sqlite_master WHERE sql NOT NULL AND tbl_name <> 'alembic_version'"
TABLES_THEN_INDEXES = f"{EVERYTHING} ORDER BY type DESC, tbl_name, name"


class NothingToDraft(Exception):  # noqa: N818 - named for the rule
    """The tables are what the migrations make."""


def upgrade(url: str) -> None:
    """All or nothing. Of two processes at once, one migrates; the other waits, and finds it done."""
    with migrating(url) as config:
        command.upgrade(config, "head")


def downgrade(url: str, to: str) -> None:
    """Back to the revision `to`; "base" is before the first. All or nothing."""
    with migrating(url) as config:
        command.downgrade(config, to)


def is_current(connection: Connection) -> bool:
    """Whether the schema is at the newest revision."""
    return MigrationContext.configure(connection).get_current_revision() == _revisions()[-1]


def dump_schema() -> str:
    """The SQL of a freshly migrated, empty database: contracts/database/schema.sql."""
    with _fresh_database() as url, closing(Database(url)) as database, database.reading() as connection:
        statements = [sql for (sql,) in connection.exec_driver_sql(TABLES_THEN_INDEXES)]
    lines = "\n\n".join(f"{sql.strip()};" for sql in statements).replace("\t", "    ").splitlines()
    text = "\n".join(line.rstrip() for line in lines).replace(";\n\nCREATE INDEX", ";\nCREATE INDEX")
    return f"-- Made from database/migrations by `make generate`: what every migration together makes.\n\n{text}\n"


def draft(message: str) -> Path:
    """The file of the next revision: all that differs between the tables and the migrations. Raises NothingToDraft."""

    def refuse_nothing(_context: MigrationContext, _revision: object, drafts: list[MigrationScript]) -> None:
        if all(drafted.upgrade_ops is None or drafted.upgrade_ops.is_empty() for drafted in drafts):
            raise NothingToDraft

    number = f"{int(_revisions()[-1]) + 1:04}"
    with _fresh_database() as url, migrating(url) as config:
        written = command.revision(
            config, message, autogenerate=True, rev_id=number, process_revision_directives=refuse_nothing
        )
    path = Path(cast(Script, written).path)
    for step in (["check", "--fix", "--exit-zero"], ["format"]):
        command_line = [sys.executable, "-m", "ruff", *step, "--quiet", str(path)]
        subprocess.run(command_line, cwd=ROOT, check=True)  # noqa: S603 - the words are ours
    return path


@contextmanager
def migrating(url: str) -> Iterator[Config]:
    """Alembic's settings, with the connection of the only migrating process, in one transaction.

    Foreign keys are not enforced in it, or to rebuild a table would delete every row that refers to it; they are
    checked at its end. Raises UnusableDatabase.
    """
    engine = writing_engine(url, foreign_keys=False)
    try:
        with _locked(engine) as connection:
            revision = MigrationContext.configure(connection).get_current_revision()
            if revision not in {None, *_revisions()}:
                raise UnusableDatabase(
                    f"The database is at revision {revision}, which this version of the app does not know."
                    " Run the version that made it, or set DATABASE_URL to another database."
                )
            yield _config(connection)
            orphans = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            if orphans:
                raise UnusableDatabase(
                    f"The migration leaves rows that refer to nothing: {orphans}. Nothing was changed."
                )
    finally:
        engine.dispose()


@contextmanager
def _locked(engine: Engine) -> Iterator[Connection]:
    """A transaction that no other process shares: here, because it begins IMMEDIATE."""
    try:
        _use_write_ahead_log(engine)
        connection = engine.connect()
        transaction = connection.begin()
    except (sqlite3.DatabaseError, OperationalError) as error:
        reason = getattr(error, "orig", error)
        raise UnusableDatabase(
            f"The database {engine.url.database} cannot be used: {reason}."
            " Check DATABASE_URL, and what else uses the file."
        ) from error
    with connection, transaction:
        yield connection


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


@contextmanager
def _fresh_database() -> Iterator[str]:
    """The URL of a migrated, empty database that is gone afterwards."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder).as_posix()}/fresh.db"
        upgrade(url)
        yield url


def _config(connection: Connection | None = None) -> Config:
    config = Config(cmd_opts=Namespace(quiet=True), attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@cache
def _revisions() -> list[str]:
    """From the first to the newest."""
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in scripts.walk_revisions()][::-1]


def main(arguments: list[str]) -> str:
    """What was done, in one sentence. Raises SystemExit with what was wrong."""
    parser = ArgumentParser("python -m database.migrate", description="Bring the database to the newest revision.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--down", metavar="REVISION", choices=["base", *_revisions()], help="go back to it, or to base")
    choice.add_argument("--draft", metavar="WORD", nargs="+", help="write a migration that does this")
    options = parser.parse_args(arguments)
    try:
        if options.draft:
            return _draft_in_words(" ".join(options.draft))
        url = url_from_environment()
        if options.down:
            downgrade(url, options.down)
        else:
            upgrade(url)
    except UnusableDatabase as error:
        raise SystemExit(str(error)) from error
    return f"{url} is at revision {options.down or _revisions()[-1]}."


def _draft_in_words(message: str) -> str:
    if not re.fullmatch(r"[A-Za-z][\w ,'-]{2,79}", message):
        raise SystemExit("Say in 3 to 80 letters what the migration does: make migration m='add due_on to todos'.")
    try:
        path = draft(message).relative_to(ROOT).as_posix()
    except NothingToDraft as error:
        raise SystemExit("The tables are what the migrations make. Change a table in database/ first.") from error
    return f"{path}: drafted. Read it, let its downgrade keep the data it can, then `make generate test-database`."


if __name__ == "__main__":
    print(main(sys.argv[1:]))  # noqa: T201 - it is a command
