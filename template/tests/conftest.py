"""What every suite here starts from: a running product and people who are signed in to it.

Knows the product by its base URL and its documented commands; knows no module of any layer. Its databases are of the
kind that DATABASE_URL names. With BASE_URL in the environment the suites judge a server that runs already; DATABASE_URL
must then name its database.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from tools.databases import empty_database

ROOT = Path(__file__).parents[1]
READY_SECONDS = 60

DEMO = ("demo@example.com", "demo-password")
GRACE = ("grace@example.com", "grace-password")

Run = Callable[..., subprocess.CompletedProcess[str]]
SignIn = Callable[..., httpx2.Client]


class Server:
    """`python -m backend` on a free port of this machine, with its log in a file."""

    def __init__(self, database_url: str, log: Path, **environment: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "APP_ENV": "development",
            "DATABASE_URL": database_url,
            "HOST": "127.0.0.1",
            "PORT": str(port),
            **environment,
        }
        self._log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend"],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
            )

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", errors="replace")

    def wait_until_ready(self) -> "Server":
        deadline = time.monotonic() + READY_SECONDS
        last = "it ended"
        with httpx2.Client(base_url=self.url, trust_env=False) as client:
            while time.monotonic() < deadline and self.process.poll() is None:
                try:
                    answer = client.get("/readyz")
                    if answer.is_success:
                        return self
                    last = answer.text
                except httpx2.TransportError as nobody_listens_yet:
                    last = repr(nobody_listens_yet)
                time.sleep(0.05)
        self.kill()
        pytest.fail(f"`python -m backend` was not ready within {READY_SECONDS} seconds: {last}. Its log:\n{self.log}")

    def ask_to_stop(self) -> None:
        """What Ctrl-C or a process manager does."""
        if sys.platform == "win32":
            self.process.send_signal(signal.CTRL_BREAK_EVENT)
        else:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.ask_to_stop()
            self.process.wait(timeout=30)

    def kill(self) -> None:
        """At once, with no chance to tidy up: SIGKILL, or TerminateProcess."""
        self.process.kill()
        self.process.wait(timeout=30)


def run_command(module: str, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m module` to its end, as a person would run it."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        input=stdin,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.fixture(scope="session")
def run() -> Run:
    return run_command


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The environment of the product under judgement, and its BASE_URL."""
    if "BASE_URL" in os.environ:
        yield {"BASE_URL": os.environ["BASE_URL"].rstrip("/")}
        return
    folder = tmp_path_factory.mktemp("product")
    with empty_database(folder) as url:
        server = Server(url, folder / "server.log").wait_until_ready()
        yield {**server.environment, "BASE_URL": server.url}
        server.stop()


@pytest.fixture(scope="session")
def base_url(product: dict[str, str]) -> str:
    return product["BASE_URL"]


@pytest.fixture(scope="session")
def sign_in() -> Iterator[SignIn]:
    """`sign_in(url)`: a client with the cookie of the demo person, or of the one whose email and password are given."""
    with ExitStack() as clients:

        def sign_in_to(url: str, email: str = DEMO[0], password: str = DEMO[1]) -> httpx2.Client:
            client = clients.enter_context(httpx2.Client(base_url=url, trust_env=False, timeout=30))
            client.post("/api/v1/session", json={"email": email, "password": password}).raise_for_status()
            return client

        yield sign_in_to


@pytest.fixture(scope="session")
def demo(base_url: str, sign_in: SignIn) -> httpx2.Client:
    return sign_in(base_url)


@pytest.fixture(scope="session")
def other(base_url: str, product: dict[str, str], sign_in: SignIn) -> httpx2.Client:
    """A second person, made by the account command."""
    made = run_command("backend.accounts", GRACE[0], stdin=f"{GRACE[1]}\n", **product)
    if made.returncode != 0 and "BASE_URL" not in os.environ:  # a server that runs already may know her
        pytest.fail(made.stderr)
    return sign_in(base_url, *GRACE)


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[str]:
    """The URL of a database that no migration has seen, or of a file that does not exist yet."""
    with empty_database(tmp_path) as url:
        yield url


@pytest.fixture
def start(tmp_path: Path, new_database: str) -> Iterator[Callable[..., Server]]:
    """Starts a further server: `start(new_database, APP_ENV="production")`. All are ended before their database is."""
    servers: list[Server] = []

    def start_server(database_url: str, **environment: str) -> Server:
        servers.append(Server(database_url, tmp_path / f"server-{len(servers)}.log", **environment))
        return servers[-1]

    yield start_server
    for server in servers:
        server.stop()
