"""Connections to the database. Reads need no transaction, writes are one each. Knows no table."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import DatabaseError

from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).parents[1]
DEFAULT_URL = "sqlite:///var/app.db"
READERS = 8
PATIENCE = 30.0  # seconds that a writer waits for its turn


class UnusableDatabase(ValueError):
    """The sentence says what is wrong with DATABASE_URL, or with what it points at, and what to do."""


class Database:
    """Raises UnusableDatabase when the URL is no SQLite file, or its folder cannot be made."""

    def __init__(self, url: str) -> None:
        self._read = reading_engine(url)
        self._write = writing_engine(url)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """No transaction: each statement sees what was committed before it. Refuses to write."""
        with self._read.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: commits at the end of the block, rolls back when it raises.

        There is one writer at a time, from the first line of the block to its last: keep slow work outside.
        """
        with self._write.begin() as connection:
            yield connection

    def close(self) -> None:
        self._read.dispose()
        self._write.dispose()


def reading_engine(url: str) -> Engine:
    engine = create_engine(
        file_url(url),
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        connect_args={"timeout": PATIENCE},
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: SQLiteConnection, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    return engine


def writing_engine(url: str, foreign_keys: bool = True) -> Engine:
    """One connection, so that the writers of this process queue here, in order, and not in SQLite, by polling."""
    engine = create_engine(
        file_url(url), hide_parameters=True, pool_size=1, max_overflow=0, connect_args={"timeout": PATIENCE}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: SQLiteConnection, _record: object) -> None:
        connection.isolation_level = None  # the driver would begin too late, after the first read
        try:
            connection.execute("PRAGMA synchronous = FULL")  # what was committed survives a power cut
            connection.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        except DatabaseError:
            connection.close()  # the file is no database, and the pool does not know this connection yet
            raise

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def file_url(url: str) -> URL:
    """The URL of a SQLite file, whose folder is there now. Raises UnusableDatabase."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = None
    if parsed is None or parsed.drivername != "sqlite" or parsed.database in {None, "", ":memory:"}:
        raise UnusableDatabase(f"DATABASE_URL must name a SQLite file, like {DEFAULT_URL}.")
    folder = Path(str(parsed.database)).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableDatabase(
            f"DATABASE_URL: the folder {folder} cannot be made ({error.strerror}). Name another one."
        ) from error
    return parsed


def url_from_environment() -> str:
    """DATABASE_URL of the environment, else of `.env`, else the default: what the backend uses, too."""

    class Environment(BaseSettings):
        model_config = SettingsConfigDict(env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore")
        database_url: str = DEFAULT_URL

    return Environment().database_url
