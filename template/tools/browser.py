"""Finds a Chromium for Playwright, and gets one when there is none. Never goes on without."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import sync_playwright

COMMANDS = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge"]
APPLICATIONS = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
]


def find() -> Path | None:
    """BROWSER_PATH if it is set, else Playwright's own browser, else the system's; None when there is none."""
    return next((path for path in _candidates() if path.is_file()), None)


def _candidates() -> Iterator[Path]:
    if "BROWSER_PATH" in os.environ:
        yield Path(os.environ["BROWSER_PATH"])
        return
    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)
    yield from (Path(found) for command in COMMANDS if (found := shutil.which(command)))
    yield from map(Path, APPLICATIONS)


def get() -> Path:
    """The browser that `find` finds, after getting one if need be: Playwright's, else Debian's when root."""
    if found := find():
        return found
    if "BROWSER_PATH" in os.environ:
        raise SystemExit(f"BROWSER_PATH is {os.environ['BROWSER_PATH']}, which is no file: correct it, or unset it.")
    print("No Chromium here yet: getting one.", flush=True)
    for command in _ways():
        if subprocess.run(command, check=False).returncode == 0 and (found := find()):
            return found
    raise SystemExit(
        "The browser tests need Chromium, and it could not be installed: install Chromium or Chrome with your system's"
        " package manager, or set BROWSER_PATH to one, then run the same command again."
    )


def _ways() -> Iterator[list[str]]:
    yield [sys.executable, "-m", "playwright", "install", "chromium"]
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        yield ["apt-get", "update", "-qq"]
        yield ["apt-get", "install", "-y", "-qq", "chromium"]
