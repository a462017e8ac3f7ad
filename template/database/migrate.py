"""The schema's way from one revision to the next, in database/migrations. Knows no table by name.

`python -m database.migrate` brings the database to the newest revision, `--down 0001` back to that one;
`--draft add name to accounts` writes the next revision from the difference between the tables and the migrations.
"""

import re
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from alembic import command
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import Script
from sqlalchemy import Connection

from database.engine import Database, UnusableDatabase, url_from_environment, without_password
from database.revisions import current_revision, migrating, revisions

ROOT = Path(__file__).parents[1]
TABLES_THEN_INDEXES = """
    SELECT type, tbl_name, sql FROM sqlite_master
    WHERE sql NOT NULL AND tbl_name <> 'alembic_version' ORDER BY type DESC, tbl_name, name
"""


class NothingToDraft(Exception):
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
    return current_revision(connection) == revisions()[-1]


def dump_schema() -> str:
    """The SQL of a freshly migrated, empty database: contracts/database/schema.sql.

    In SQLite's words, whichever database this project uses: the promise depends on no choice.
    """
    with _fresh_database() as url, closing(Database(url)) as database, database.reading() as connection:
        found = connection.exec_driver_sql(TABLES_THEN_INDEXES).all()
    tables = [_tidy(name, sql) for kind, name, sql in found if kind == "table"]
    others = [f"{sql};" for kind, _name, sql in found if kind != "table"]
    first = "-- Made from database/migrations by `make generate`: what every migration together makes."
    return "\n\n".join([first, *tables, "\n".join(others)]) + "\n"


def _tidy(name: str, sql: str) -> str:
    """One line a column, then one line a constraint, in the same order however often the table was rebuilt."""
    parts, depth, quoted = [""], 0, False
    for character in sql[sql.index("(") + 1 : sql.rindex(")")]:
        quoted ^= character == "'"
        depth += 0 if quoted else {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += character
    lines = [" ".join(part.split()) for part in parts]
    lines.sort(key=lambda line: line if line.startswith("CONSTRAINT") else "")
    return f"CREATE TABLE {name} (\n" + ",\n".join(f"    {line}" for line in lines) + "\n);"


def draft(message: str) -> Path:
    """The file of the next revision: all that differs between the tables and the migrations. Raises NothingToDraft."""

    def refuse_nothing(_context: MigrationContext, _revision: object, drafts: list[MigrationScript]) -> None:
        if all(drafted.upgrade_ops is None or drafted.upgrade_ops.is_empty() for drafted in drafts):
            raise NothingToDraft

    number = f"{len(revisions()) + 1:04}"
    with _fresh_database() as url, migrating(url) as config:
        written = command.revision(
            config, message, autogenerate=True, rev_id=number, process_revision_directives=refuse_nothing
        )
    path = Path(cast(Script, written).path)
    for step in (["check", "--fix-only"], ["format"]):
        command_line = [sys.executable, "-m", "ruff", *step, "--quiet", str(path)]
        subprocess.run(command_line, cwd=ROOT, check=True)  # noqa: S603 - the words are ours
    return path


@contextmanager
def _fresh_database() -> Iterator[str]:
    """The URL of a migrated, empty SQLite file that is gone afterwards."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder).as_posix()}/fresh.db"
        upgrade(url)
        yield url


def main(arguments: list[str]) -> str:
    """What was done, in one sentence. Raises SystemExit with what was wrong."""
    parser = ArgumentParser("python -m database.migrate", description="Bring the database to the newest revision.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--down", metavar="REVISION", choices=["base", *revisions()], help="go back to it, or to base")
    choice.add_argument("--draft", metavar="WORD", nargs="*", help="write a migration that does this")
    options = parser.parse_args(arguments)
    try:
        if options.draft is not None:
            return _draft_in_words(" ".join(options.draft))
        url = url_from_environment()
        if options.down:
            downgrade(url, options.down)
        else:
            upgrade(url)
    except UnusableDatabase as error:
        raise SystemExit(str(error)) from error
    return f"{without_password(url)} is at revision {options.down or revisions()[-1]}."


def _draft_in_words(message: str) -> str:
    if not re.fullmatch(r"[A-Za-z][\w ,'-]{2,79}", message):
        raise SystemExit("Say in 3 to 80 letters what the migration does: make migration m='add name to accounts'.")
    try:
        path = draft(message).relative_to(ROOT).as_posix()
    except NothingToDraft as error:
        raise SystemExit("The tables are what the migrations make. Change a table in database/ first.") from error
    return f"{path}: drafted. Read it, let its downgrade keep the data it can, then `make generate test-database`."


if __name__ == "__main__":
    print(main(sys.argv[1:]))  # noqa: T201 - it is a command
