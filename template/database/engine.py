"""Connections to the database, SQLite or PostgreSQL. Reads need no transaction, writes are one each. Knows no table."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from sqlite3 import Connection as SQLiteConnection
from sqlite3 import DatabaseError
from typing import TYPE_CHECKING

from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL, Connection, Engine, bindparam, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DisconnectionError

if TYPE_CHECKING:
    from psycopg import Connection as PostgreSQLConnection  # whose import a SQLite project need not pay for

ROOT = Path(__file__).parents[1]
DEFAULT_URL = "sqlite:///var/app.db"
READERS = 8
PATIENCE = 30.0  # seconds that a writer waits for its turn, in SQLite
DRIVER_OPTIONS: dict[str, dict[str, object]] = {
    "sqlite": {"timeout": PATIENCE},
    "postgresql": {"connect_timeout": 10, "client_encoding": "utf8"},
}
POSTGRESQL = {"postgres", "postgresql", "postgresql+psycopg"}
EMBEDDED = "postgresql+embedded"
TURN = select(func.pg_advisory_xact_lock(func.hashtextextended(bindparam("what"), 0)))


class UnusableDatabase(ValueError):
    """The sentence says what is wrong with DATABASE_URL, or with what it points at, and what to do."""


class Database:
    """Raises UnusableDatabase when the URL names no database that this app can use."""

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

        In SQLite there is one writer at a time, from the first line of the block to its last: keep slow work outside.
        In PostgreSQL there are many, and each statement sees what others have committed: what must not happen twice
        at once takes its turn.
        """
        with self._write.begin() as connection:
            yield connection

    def close(self) -> None:
        self._read.dispose()
        self._write.dispose()


def take_turn(connection: Connection, what: str) -> None:
    """Waits until no other transaction has a turn at `what`; this one has it to its end. SQLite's writer is alone."""
    if connection.dialect.name == "postgresql":
        connection.execute(TURN, {"what": what})


def reading_engine(url: str) -> Engine:
    where = address(url)
    engine = create_engine(
        where,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        hide_parameters=True,
        pool_size=READERS,
        max_overflow=0,
        connect_args=DRIVER_OPTIONS[where.get_backend_name()],
    )
    if engine.name == "postgresql":
        _prepare_postgresql(engine, "SET default_transaction_read_only = on")
        return engine

    @event.listens_for(engine, "connect")
    def prepare(connection: SQLiteConnection, _record: object) -> None:
        connection.execute("PRAGMA query_only = ON")

    return engine


def writing_engine(url: str, foreign_keys: bool = True) -> Engine:
    """In SQLite one connection, so that the writers of this process queue here, in order, and not there, by polling."""
    where = address(url)
    backend = where.get_backend_name()
    writers = 1 if backend == "sqlite" else READERS
    engine = create_engine(
        where, hide_parameters=True, pool_size=writers, max_overflow=0, connect_args=DRIVER_OPTIONS[backend]
    )
    if backend == "postgresql":
        _prepare_postgresql(engine)
        return engine

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


def _prepare_postgresql(engine: Engine, *settings: str) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: "PostgreSQLConnection", _record: object) -> None:
        for statement in ("SET TIME ZONE 'UTC'", *settings):
            connection.execute(statement)
        connection.commit()

    @event.listens_for(engine, "checkout")
    def refuse_lost(connection: "PostgreSQLConnection", _record: object, _proxy: object) -> None:
        """An idle connection has something to say only when the server ends it. Costs no round trip, unlike a ping."""
        with DefaultSelector() as selector:
            if not connection.closed:
                selector.register(connection.fileno(), EVENT_READ)
            if connection.closed or selector.select(timeout=0):
                raise DisconnectionError("The server has closed this connection.")  # the pool opens another


def address(url: str) -> URL:
    """Where the database is: a SQLite file, whose folder is there now, or a server. Raises UnusableDatabase."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the second for a port that is no number
        parsed = None
    if parsed is not None and parsed.database:
        if parsed.drivername == "sqlite" and parsed.database != ":memory:":
            make_folder(Path(parsed.database).parent)
            return parsed
        if parsed.drivername in POSTGRESQL:
            return parsed.set(drivername="postgresql+psycopg")
        if parsed.drivername == EMBEDDED:
            return _served(ROOT / parsed.database)
    raise UnusableDatabase(
        f"DATABASE_URL must name a SQLite file, like {DEFAULT_URL},"
        " or a PostgreSQL database, like postgresql://name:password@host/app."
    )


def make_folder(folder: Path) -> None:
    """Raises UnusableDatabase."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableDatabase(
            f"DATABASE_URL: the folder {folder} cannot be made ({error.strerror}). Name another one."
        ) from error


def _served(folder: Path) -> URL:
    try:
        where: URL = import_module("tools.databases").serve(folder.resolve())
    except ImportError as error:
        raise UnusableDatabase(
            "DATABASE_URL names PostgreSQL's server for development, which is not installed here."
            " Run `make setup`, or name a server that runs, like postgresql://name:password@host/app."
        ) from error
    return where


def without_password(url: str) -> str:
    """For people and logs."""
    return make_url(url).render_as_string(hide_password=True)


def url_from_environment() -> str:
    """DATABASE_URL of the environment, else of `.env`, else the default: what the backend uses, too."""

    class Environment(BaseSettings):
        model_config = SettingsConfigDict(env_file=ROOT / ".env", env_ignore_empty=True, extra="ignore")
        database_url: str = DEFAULT_URL

    return Environment().database_url
