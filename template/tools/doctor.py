"""What this machine and this clone lack, and how to get it. Changes nothing."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator

from backend.settings import read_settings
from tools import browser
from tools.setup import FRONTEND, ROOT

Finding = tuple[str, bool, str]


def findings() -> Iterator[Finding]:
    """(what, whether it is there, how to get it) for each thing that a task needs."""
    yield (
        f"Python {sys.version_info.major}.{sys.version_info.minor}",
        sys.version_info >= (3, 11),
        "install Python 3.11",
    )
    yield "uv", "UV" in os.environ or bool(shutil.which("uv")), "run `make setup`"
    yield "git", bool(shutil.which("git")), "install git"
    yield ".env", (ROOT / ".env").exists(), "run `make setup`"
    yield "the frontend's packages", (FRONTEND / "node_modules").is_dir(), "run `make setup`"
    yield "the built frontend", (FRONTEND / "dist/index.html").exists(), "run `make run`"
    yield "a browser for `make test-e2e`", bool(browser.find()), "run `make test-e2e`, which gets one"
    settings = read_settings()
    address = (settings.host, settings.port)
    yield f"a free port {settings.port}", _is_free(address), "end what listens there, or set PORT to another one"


def _is_free(address: tuple[str, int]) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(address) != 0


def main() -> int:
    """0 when nothing is missing, else 1."""
    missing = 0
    for what, there, remedy in findings():
        print(f"ok       {what}" if there else f"missing  {what}: {remedy}")
        missing += not there
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
