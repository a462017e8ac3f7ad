"""What PostgreSQL alone can get wrong. Collected when DATABASE_URL names it; SQLite's own promises always are."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, create_engine, make_url
from sqlalchemy.exc import DataError, OperationalError

from database.accounts import (
    create_account,
    create_session,
    create_sign_in_failure,
    delete_expired_sessions,
    delete_old_sign_in_failures,
    find_signed_in,
    get_account,
    has_accounts,
)
from database.engine import ROOT, Database, UnusableDatabase, address, url_from_environment
from database.migrate import is_current, upgrade

HOLD = """
import sys
from database.engine import address
print(address(sys.argv[1]).render_as_string(hide_password=False), flush=True)
sys.stdin.readline()
"""

NOON = datetime(2027, 3, 31, 12, tzinfo=UTC)
END_ALL = "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = current_database()"


@pytest.fixture
def server():
    """A connection to the server itself, in no transaction."""
    engine = create_engine(address(url_from_environment()), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def lose_connections(database, url) -> Callable[[], None]:
    """Ends what the database has open, as a restart of the server or a failover does."""

    def lose() -> None:
        with database.reading() as reading, database.writing() as writing:
            has_accounts(reading)
            has_accounts(writing)
        engine = create_engine(url)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"{END_ALL} AND pid <> pg_backend_pid()").all()
        engine.dispose()

    return lose


class TestLostConnection:
    def test_the_next_reader_and_the_next_writer_do_not_notice(self, database, lose_connections):
        lose_connections()

        with database.writing() as connection:
            ada = create_account(connection, "ada@example.com", "hash")
        with database.reading() as connection:
            assert get_account(connection, ada.id) == ada

    def test_one_that_is_lost_in_a_transaction_leaves_nothing_behind(self, database):
        def create_and_lose() -> None:
            with database.writing() as connection:
                create_account(connection, "ada@example.com", "hash")
                connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")

        with pytest.raises(OperationalError):
            create_and_lose()

        with database.reading() as connection:
            assert has_accounts(connection) is False


class TestSweep:
    def test_two_at_once_do_not_wait_for_one_another(self, database):
        with database.writing() as connection:
            ada = create_account(connection, "ada@example.com", "hash").id
            create_session(connection, ada, "a" * 64, NOON)
            create_sign_in_failure(connection, "ada@example.com")

        with database.writing() as first, database.writing() as second:
            second.exec_driver_sql("SET LOCAL lock_timeout = '1s'")
            swept = [
                (delete_expired_sessions(connection, NOON), delete_old_sign_in_failures(connection, NOON))
                for connection in (first, second)
            ]

        assert swept == [(1, 1), (0, 0)]


class TestText:
    def test_every_column_is_compared_by_code_point_whatever_the_locale_of_the_database(self, connection):
        found = connection.exec_driver_sql(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type IN ('character varying', 'text')"
            " AND table_name <> 'alembic_version'"
        ).all()

        assert found
        assert [column for column in found if column.collation_name != "C"] == []

    def test_a_nul_is_refused(self, connection):
        with pytest.raises(DataError, match="NUL"):
            create_account(connection, "ada\0@example.com", "hash")

    def test_a_database_that_counts_bytes_is_refused(self, server, new_url):
        name = make_url(new_url).database
        server.exec_driver_sql(f"DROP DATABASE {name}")
        server.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")

        with pytest.raises(UnusableDatabase, match=f"{name} is encoded in SQL_ASCII: create it again with ENCODING"):
            upgrade(new_url)


class TestTime:
    def test_it_is_in_utc_whatever_the_zone_of_the_server(self, server: Connection, new_url):
        server.exec_driver_sql(f"ALTER DATABASE {make_url(new_url).database} SET timezone TO 'Asia/Tokyo'")
        upgrade(new_url)

        with closing(Database(new_url)) as database:
            with database.writing() as connection:
                ada = create_account(connection, "ada@example.com", "hash").id
                create_session(connection, ada, "a" * 64, NOON)
            with database.reading() as connection:
                read = connection.exec_driver_sql("SELECT expires_at FROM sessions").scalar_one()
                signed_in = find_signed_in(connection, "a" * 64, NOON)

        assert (read, signed_in) == (NOON, None)
        assert read.utcoffset() == NOON.utcoffset()


class TestServe:
    @pytest.fixture
    def hold(self, tmp_path) -> Iterator[Callable[[], tuple[subprocess.Popen[str], str]]]:
        """Starts a process that holds the server of one folder until it reads a line: the process, and the server."""
        with ExitStack() as processes:

            def start() -> tuple[subprocess.Popen[str], str]:
                command = [sys.executable, "-c", HOLD, f"postgresql+embedded:///{tmp_path.as_posix()}/postgres"]
                process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
                processes.enter_context(process)
                processes.callback(process.kill)
                assert process.stdout
                return process, process.stdout.readline().strip()

            yield start

    def test_it_runs_while_anybody_holds_it_and_keeps_its_data(self, hold):
        first, url = hold()
        second, same_url = hold()
        upgrade(url)
        first.kill()
        first.wait()
        held = is_reachable(url)
        second.communicate("leave\n")
        left = is_reachable(url)
        third, later_url = hold()

        with closing(Database(later_url)) as database, database.reading() as connection:
            assert is_current(connection)
        third.communicate("leave\n")
        assert (url, held, left) == (same_url, True, False)

    def test_databases_that_killed_tests_left_are_gone_at_the_next_start(self, hold):
        first, url = hold()
        with closing(Database(url)) as database, database.reading() as connection:
            connection.exec_driver_sql("SET default_transaction_read_only = off")
            connection.exec_driver_sql("CREATE DATABASE made_for_a_test_of_yesterday")
        first.communicate("leave\n")
        second, url = hold()

        with closing(Database(url)) as database, database.reading() as connection:
            names = connection.exec_driver_sql("SELECT datname FROM pg_database").scalars().all()
        second.communicate("leave\n")
        assert sorted(names) == ["postgres", "template0", "template1"]


def is_reachable(url: str) -> bool:
    with closing(Database(url)) as database:
        try:
            with database.reading():
                return True
        except OperationalError:
            return False
