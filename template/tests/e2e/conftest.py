"""A browser, a person with an empty list, and an eye on what no page may do. Knows the product by its base URL."""

import os
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Request, WebError

from tests.conftest import Run, SignIn
from tests.e2e.steps import SESSION, delete_by_api, open_app, stored
from tools.setup import find_browser

ADA = ("ada@example.com", "ada-password")


class Watch:
    """What the pages of one test do that nobody wants: errors in the console, and calls to another origin."""

    def __init__(self, origin: str) -> None:
        self.origins = [origin]
        self.errors: list[str] = []
        self.provoked: list[str] = []

    def over(self, context: BrowserContext) -> None:
        context.on("console", self._hear)
        context.on("weberror", self._catch)
        context.on("request", self._see)

    def expect(self, *errors: str) -> None:
        """Parts of the errors that the test provokes. Each of them must come."""
        self.provoked += errors

    def verdict(self) -> tuple[list[str], list[str]]:
        """Errors that nobody provoked, and provoked ones that did not come."""
        unwanted = [error for error in self.errors if not any(part in error for part in self.provoked)]
        return unwanted, [part for part in self.provoked if not any(part in error for error in self.errors)]

    def _hear(self, message: ConsoleMessage) -> None:
        path = urlsplit(message.location["url"]).path
        nobody_signed_in = "status of 401" in message.text and path == "/api/v1/session"
        if message.type == "error" and not nobody_signed_in:
            self.errors.append(f"{message.text} {path}")

    def _catch(self, error: WebError) -> None:
        self.errors.append(f"uncaught: {error.error}")

    def _see(self, request: Request) -> None:
        scheme, host, *_ = urlsplit(request.url)
        if scheme in ("http", "https") and f"{scheme}://{host}" not in self.origins:
            self.errors.append(f"another origin: {request.url}")


@pytest.fixture(autouse=True)
def watch(base_url: str) -> Iterator[Watch]:
    watch = Watch(base_url)
    yield watch
    assert watch.verdict() == ([], [])


@pytest.fixture(scope="session")
def chromium() -> str:
    found = find_browser()
    if found is None:
        pytest.fail("There is no Chromium here. `make test-e2e` gets one.")
    return str(found)


@pytest.fixture(scope="session")
def playwright(chromium: str, playwright: Playwright) -> Playwright:
    """Starts after `chromium` was found, because finding starts a Playwright of its own and only one can run."""
    return playwright


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, object], chromium: str) -> dict[str, object]:
    return {**browser_type_launch_args, "executable_path": chromium}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, object]) -> dict[str, object]:
    return {**browser_context_args, "locale": "en-US", "reduced_motion": "reduce"}


@pytest.fixture
def new_context(new_context: Callable[..., BrowserContext], watch: Watch) -> Callable[..., BrowserContext]:
    def new_watched_context(**options: object) -> BrowserContext:
        context = new_context(**options)
        watch.over(context)
        return context

    return new_watched_context


@pytest.fixture(scope="session")
def adas_client(base_url: str, product: dict[str, str], run: Run, sign_in: SignIn) -> httpx2.Client:
    made = run("backend.accounts", ADA[0], stdin=f"{ADA[1]}\n", **product)
    if made.returncode != 0 and "BASE_URL" not in os.environ:  # a server that runs already may know her
        pytest.fail(made.stderr)
    return sign_in(base_url, *ADA)


@pytest.fixture
def ada(adas_client: httpx2.Client) -> httpx2.Client:
    """Signed in, with no todo: the API beside the page, to prepare a test and to see what it led to."""
    if adas_client.get(SESSION).is_error:  # the test before ended her session
        adas_client.post(SESSION, json=dict(zip(("email", "password"), ADA, strict=True))).raise_for_status()
    while todos := stored(adas_client):
        for todo in todos:
            delete_by_api(adas_client, todo)
    return adas_client


@pytest.fixture
def page(context: BrowserContext, base_url: str, ada: httpx2.Client) -> Page:
    """A page with Ada's session, not opened yet: `open_app(page)`."""
    context.add_cookies([{"name": "session", "value": ada.cookies["session"], "url": base_url}])
    return context.new_page()


@pytest.fixture
def app(page: Page) -> Page:
    """Ada's page, opened, with nothing on her list."""
    return open_app(page)


@pytest.fixture
def visitor(context: BrowserContext, adas_client: httpx2.Client) -> Page:
    """The sign-in form, before somebody who has Ada's password or has not."""
    page = context.new_page()
    page.goto("/")
    return page
