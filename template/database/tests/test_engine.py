import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta, timezone
from time import sleep

import psycopg
import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, select
from sqlalchemy.exc import DBAPIError, StatementError

from database import engine
from database.accounts import (
    accounts,
    count_sign_in_failures,
    create_account,
    create_session,
    create_sign_in_failure,
    find_signed_in,
    has_accounts,
)
from database.engine import (
    DEFAULT_URL,
    READERS,
    Database,
    UnusableDatabase,
    address,
    url_from_environment,
    without_password,
)

NOON = datetime(2027, 3, 31, 12, tzinfo=UTC)


class TestReading:
    def test_each_statement_sees_what_was_committed_before_it(self, database):
        with database.reading() as connection:
            before = has_accounts(connection)
            with database.writing() as other:
                create_account(other, "ada@example.com", "hash")
                during = has_accounts(connection)

            assert (before, during, has_accounts(connection)) == (False, False, True)

    def test_it_is_in_no_transaction(self, database):
        with database.reading() as connection:
            has_accounts(connection)

            assert in_transaction(connection) is False

    def test_it_refuses_to_write(self, database):
        with database.reading() as connection, pytest.raises(DBAPIError, match=r"read-?only"):
            create_sign_in_failure(connection, "ada@example.com")

    def test_all_readers_read_at_once_and_beside_a_writer(self, database):
        with database.writing() as writer, ExitStack() as stack:
            create_account(writer, "ada@example.com", "hash")
            readers = [stack.enter_context(database.reading()) for _ in range(READERS)]

            assert [has_accounts(reader) for reader in readers] == [False] * READERS


class TestWriting:
    @pytest.mark.requirement("001-FR-015")
    def test_it_commits_at_the_end_of_the_block(self, database, url):
        with database.writing() as connection:
            create_account(connection, "ada@example.com", "hash")

        with closing(Database(url)) as other, other.reading() as connection:
            assert has_accounts(connection) is True

    def test_it_rolls_back_when_the_block_raises(self, database):
        def create_and_fail() -> None:
            with database.writing() as connection:
                create_account(connection, "ada@example.com", "hash")
                raise KeyError

        with pytest.raises(KeyError):
            create_and_fail()

        with database.reading() as connection:
            assert has_accounts(connection) is False

    def test_what_is_being_written_is_in_a_transaction(self, database):
        with database.writing() as connection:
            has_accounts(connection)

            assert in_transaction(connection) is True


class TestWritingAFile:
    """SQLite's own promises, which hold whatever the project's database is."""

    def test_it_is_the_only_writer_from_its_first_line(self, new_file):
        other = sqlite3.connect(new_file.removeprefix("sqlite:///"), timeout=0)

        with (
            closing(other),
            closing(Database(new_file)) as database,
            database.writing(),
            pytest.raises(sqlite3.OperationalError, match="locked"),
        ):
            other.execute("BEGIN IMMEDIATE")

    def test_what_it_commits_survives_a_power_cut_and_refers_to_something(self, seeded_file):
        with closing(Database(seeded_file)) as database, database.writing() as connection:
            settings = [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]

        assert settings == ["wal", 2, 1]


class TestTakeTurn:
    def test_the_second_waits_until_the_first_has_committed(self, database, url):
        """Ada's and Grace's failures are counted together: each sees what the one before wrote, however close."""
        counted: list[int] = []

        def count_and_add() -> None:
            with closing(Database(url)) as other, other.writing() as connection:
                counted.append(count_sign_in_failures(connection, "ada@example.com", NOON - timedelta(days=9999)))
                sleep(0.05)
                create_sign_in_failure(connection, "ada@example.com")

        with ThreadPoolExecutor(4) as pool:
            for done in [pool.submit(count_and_add) for _ in range(4)]:
                done.result()

        assert sorted(counted) == [0, 1, 2, 3]


class TestMoment:
    def test_a_time_of_any_zone_is_the_same_time_in_utc(self, connection, ada):
        in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))

        create_session(connection, ada, "a" * 64, in_tokyo)

        stored = connection.exec_driver_sql("SELECT CAST(expires_at AS VARCHAR) FROM sessions").scalar()
        assert stored in {"2027-03-31 12:00:00.000000", "2027-03-31 12:00:00+00"}
        assert find_signed_in(connection, "a" * 64, in_tokyo - timedelta(seconds=1)) == ada

    def test_it_comes_out_in_utc(self, connection, ada):
        created_at = connection.execute(select(accounts.c.created_at)).scalar_one()

        assert created_at.tzinfo is UTC

    def test_a_time_without_a_zone_is_refused(self, connection, ada):
        with pytest.raises(StatementError, match=r"2027-03-31 12:00:00 has no time zone. Use datetime.now\(UTC\)."):
            create_session(connection, ada, "a" * 64, NOON.replace(tzinfo=None))


def in_transaction(connection: Connection) -> bool:
    driver = connection.connection.dbapi_connection
    if isinstance(driver, sqlite3.Connection):
        return driver.in_transaction
    assert isinstance(driver, psycopg.Connection)
    return driver.info.transaction_status != TransactionStatus.IDLE


class TestDatabaseUrl:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "app.db",
            "sqlite://",
            "sqlite:///:memory:",
            "sqlite+aiosqlite:///a.db",
            "postgresql://localhost",
            "postgresql+asyncpg://localhost/app",
            "postgresql://localhost:port/app",
            "mysql://localhost/app",
        ],
    )
    def test_anything_but_the_two_databases_is_refused_in_one_sentence(self, url):
        with pytest.raises(UnusableDatabase) as refused:
            Database(url)

        assert str(refused.value) == (
            "DATABASE_URL must name a SQLite file, like sqlite:///var/app.db,"
            " or a PostgreSQL database, like postgresql://name:password@host/app."
        )

    def test_a_server_for_development_that_is_not_installed_is_said_in_one_sentence(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tools.databases", None)

        with pytest.raises(UnusableDatabase, match=r"for development, which is not installed here\. Run `make setup`"):
            Database("postgresql+embedded:///var/postgres")

    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
    def test_a_server_is_named_with_or_without_its_driver(self, scheme):
        assert address(f"{scheme}://ada:secret@localhost/app").drivername == "postgresql+psycopg"

    def test_a_password_is_not_for_people(self):
        assert without_password("postgresql://ada:secret@localhost/app") == "postgresql://ada:***@localhost/app"

    def test_a_folder_that_is_missing_is_made(self, tmp_path):
        with closing(Database(f"sqlite:///{tmp_path.as_posix()}/var/data/app.db")):
            assert (tmp_path / "var" / "data").is_dir()

    def test_a_folder_that_cannot_be_made_is_named(self, tmp_path):
        (tmp_path / "var").write_text("a file")

        for url in ("sqlite:///{}/var/data/app.db", "postgresql+embedded:///{}/var/data"):
            with pytest.raises(UnusableDatabase, match=r"the folder .*var.data cannot be made .* Name another one\.$"):
                Database(url.format(tmp_path.as_posix()))

    def test_the_environment_comes_before_the_file_and_the_file_before_the_default(self, tmp_path, monkeypatch):
        monkeypatch.setattr(engine, "ROOT", tmp_path)
        monkeypatch.delenv("DATABASE_URL", raising=False)

        default = url_from_environment()
        (tmp_path / ".env").write_text("PRODUCT_NAME=My App\nDATABASE_URL=sqlite:///file.db\n")
        of_the_file = url_from_environment()
        monkeypatch.setenv("DATABASE_URL", "sqlite:///environment.db")

        assert (default, of_the_file) == (DEFAULT_URL, "sqlite:///file.db")
        assert url_from_environment() == "sqlite:///environment.db"
