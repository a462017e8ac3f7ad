"""Takes the README's pictures of the running app: `make screenshot`. Serves a fresh, seeded database of its own."""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import ViewportSize, expect, sync_playwright

from tests.conftest import DEMO, ROOT, Server
from tests.e2e.steps import rows, sign_in
from tools import browser

SIZE: ViewportSize = {"width": 1120, "height": 900}


def main() -> None:
    chromium = browser.get()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(f"sqlite:///{(Path(folder) / 'app.db').as_posix()}", Path(folder) / "server.log")
        try:
            server.wait_until_ready()
            take(server.url, chromium)
        finally:
            server.stop()


def take(url: str, chromium: Path) -> None:
    with sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=chromium).new_page(viewport=SIZE, reduced_motion="reduce")
        page.goto(url)
        sign_in(page, *DEMO)
        expect(rows(page).first).to_be_visible()
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            path = ROOT / f"docs/screenshot-{scheme}.png"
            page.screenshot(path=path)
            sys.stdout.write(f"{path.relative_to(ROOT).as_posix()}: {path.stat().st_size // 1000} kB\n")


if __name__ == "__main__":
    main()
