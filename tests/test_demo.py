"""`make demo` on a machine with Python, git and make only: from a clean clone, with empty caches, used in a browser."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError

import psutil
import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.conftest import ROOT, Project, outside

MINUTES_TO_START = 15


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def demo(clone: Path, empty: Path, port: int) -> Iterator[str]:
    """The base URL of `make demo`, which is ended with all its children at the end."""
    only_python = empty / "bin"
    only_python.mkdir(parents=True, exist_ok=True)
    if not (only_python / "python3").exists():
        (only_python / "python3").symlink_to(Path(sys.base_prefix) / "bin/python3")
    bare = {name: value for name, value in outside().items() if name != "UV"} | {
        "PATH": f"{only_python}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "UV_CACHE_DIR": str(empty / "uv"),
        "PIP_CACHE_DIR": str(empty / "pip"),
        "npm_config_cache": str(empty / "npm"),
        "PORT": str(port),
    }
    log = empty / "demo.log"
    with log.open("w") as output:
        process = psutil.Popen(["make", "demo"], cwd=clone, env=bare, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", process, log)
        yield f"http://127.0.0.1:{port}"
        assert f"http://127.0.0.1:{port}" in log.read_text("utf-8"), "the log says where to look"
    finally:
        family = [*process.children(recursive=True), process] if process.is_running() else []
        for member in family:
            with suppress(psutil.NoSuchProcess):  # it ended with its parent
                member.terminate()
        for member in psutil.wait_procs(family, timeout=20)[1]:
            with suppress(psutil.NoSuchProcess):
                member.kill()


def wait_until_it_answers(url: str, process: psutil.Popen, log: Path) -> None:
    for _ in range(MINUTES_TO_START * 60 * 2):
        assert process.poll() is None, log.read_text("utf-8")
        try:
            urllib.request.urlopen(url, timeout=5)  # noqa: S310
            return
        except URLError:
            time.sleep(0.5)
    pytest.fail(f"no answer in {MINUTES_TO_START} minutes:\n{log.read_text('utf-8')}")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(tmp_path / "clone")], check=True)
    return tmp_path / "clone"


@pytest.fixture
def page(project: Project) -> Iterator[Page]:
    get = "from tools.setup import browser; print(browser())"
    path = project.must(str(project.python), "-c", get).splitlines()[-1]
    with sync_playwright() as playwright:
        args = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=path, args=args)
        yield chromium.new_page()
        chromium.close()


class TestDemo:
    def test_a_person_signs_in_and_their_todos_are_there_after_a_restart(
        self, clone: Path, tmp_path: Path, page: Page
    ) -> None:
        port = free_port()

        with demo(clone, tmp_path / "empty", port) as url:
            sign_in(page, url)
            page.get_by_role("textbox", name="New todo").fill("Buy milk")
            page.get_by_role("button", name="Add", exact=True).click()
            expect(page.get_by_role("checkbox", name="Buy milk", exact=True)).to_be_enabled()

            page.get_by_role("button", name="Edit Buy milk").click()
            page.get_by_role("textbox", name="Title").fill("Buy oat milk")
            page.get_by_role("button", name="Save").click()
            page.get_by_role("checkbox", name="Buy oat milk", exact=True).check()
            expect(page.get_by_role("status").filter(has_text=re.compile("Buy oat milk")).first).to_be_visible()

            page.get_by_role("textbox", name="New todo").fill("Sell the car")
            page.get_by_role("button", name="Add", exact=True).click()
            page.get_by_role("button", name="Delete Sell the car").click()
            page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()
            expect(page.get_by_role("checkbox", name="Sell the car", exact=True)).to_have_count(0)

            page.get_by_role("button", name="Completed", exact=True).click()
            expect(page.get_by_role("checkbox", name="Buy oat milk", exact=True)).to_be_checked()
            page.reload()
            expect(page.get_by_role("checkbox", name="Buy oat milk", exact=True)).to_be_checked()

        with demo(clone, tmp_path / "empty", port) as url:
            page.goto(url)
            expect(page.get_by_role("checkbox", name="Buy oat milk", exact=True)).to_be_checked()
            expect(page.get_by_role("checkbox", name="Sell the car", exact=True)).to_have_count(0)


def sign_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_role("textbox", name="Email").fill("demo@example.com")
    page.get_by_label("Password").fill("demo-password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
