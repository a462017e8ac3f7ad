"""Takes a picture of the running app for the README, half by day, half by night. Serves a database of its own."""

import base64
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

from tests.conftest import DEMO, ROOT, Server
from tests.e2e.conftest import button, sign_in
from tools.databases import empty_database
from tools.setup import browser

SIZE: ViewportSize = {"width": 1120, "height": 900}
PICTURE = ROOT / "docs/screenshot.png"
CUT = "62% 0, 100% 0, 100% 100%, 38% 100%"


def main() -> None:
    chromium = browser()
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        empty_database(Path(folder)) as url,
    ):
        server = Server(url, Path(folder) / "server.log")
        try:
            server.wait_until_ready()
            with sync_playwright() as playwright:
                chrome = playwright.chromium.launch(executable_path=chromium)
                page = chrome.new_page(viewport=SIZE, reduced_motion="reduce")
                page.goto(server.url)
                sign_in(page, *DEMO)
                take(page, chrome.new_page(viewport=SIZE))
        finally:
            server.stop()


def take(app: Page, canvas: Page) -> None:
    """PICTURE: the app by day, and over its right side, cut aslant, the app by night."""
    expect(button(app, "Sign out")).to_be_visible()
    expect(app.locator("[aria-busy=true]")).to_have_count(0)
    app.emulate_media(color_scheme="light")
    day = base64.b64encode(app.screenshot()).decode()
    app.emulate_media(color_scheme="dark")
    night = base64.b64encode(app.screenshot()).decode()
    canvas.set_content(f"""
        <style>img {{ position: fixed; inset: 0 }} img + img {{ clip-path: polygon({CUT}) }}</style>
        <img src="data:image/png;base64,{day}"><img src="data:image/png;base64,{night}">
    """)
    canvas.screenshot(path=PICTURE)
    sys.stdout.write(f"{PICTURE.relative_to(ROOT).as_posix()}: {PICTURE.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
