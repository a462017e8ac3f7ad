"""What a person does and sees, a browser with an eye on what no page may do, a person with an empty list.

Knows the product by its base URL.
"""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any, cast
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    Request,
    Route,
    WebError,
    expect,
)

from tests.conftest import Run, SignIn
from tools.setup import find_browser

SESSION, TODOS = "/api/v1/session", "/api/v1/todos"


def open_app(page: Page) -> Page:
    page.goto("/")
    expect(button(page, "Sign out")).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return page


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def textbox(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("textbox", name=name, exact=True)


def checkbox(page: Page | Locator, title: str) -> Locator:
    return page.get_by_role("checkbox", name=title, exact=True)


def rows(page: Page) -> Locator:
    return page.get_by_role("listitem").filter(has=page.get_by_role("checkbox"))


def expect_rows(page: Page, *titles: str) -> None:
    """Exactly these todos are in the list, in this order."""
    expect(rows(page)).to_have_text([re.compile(re.escape(title)) for title in titles])


def row(page: Page, title: str) -> Locator:
    return page.get_by_role("listitem").filter(has=checkbox(page, title))


def editor(page: Page) -> Locator:
    """The row that is being edited."""
    return page.get_by_role("listitem").filter(has=textbox(page, "Title"))


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Delete todo?", exact=True)


def message(page: Page, role: Any, text: str = "") -> Locator:
    """What a `status` or an `alert` says; an empty one says nothing."""
    return page.get_by_role(role).filter(has_text=re.compile(r"\S")).filter(has_text=text)


def sign_in(page: Page, email: str, password: str) -> None:
    textbox(page, "Email").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    button(page, "Sign in").click()


def add_todo(page: Page, title: str, description: str = "", due_on: str = "") -> None:
    textbox(page, "New todo").fill(title)
    textbox(page, "Description").fill(description)
    textbox(page, "Due on").fill(due_on)
    button(page, "Add").click()


def start_editing(page: Page, title: str) -> Locator:
    button(page, f"Edit {title}").click()
    return editor(page)


def rename(page: Page, title: str, new_title: str) -> None:
    textbox(start_editing(page, title), "Title").fill(new_title)
    button(editor(page), "Save").click()


def toggle(page: Page, title: str) -> None:
    checkbox(page, title).click()


def delete_todo(page: Page, title: str) -> None:
    button(page, f"Delete {title}").click()
    button(dialog(page), "Delete").click()


def add_by_api(client: httpx2.Client, *titles: str, **fields: object) -> list[dict[str, Any]]:
    """Todos that are there before the page opens, in the order of the list: the newest first."""
    answers = [client.post(TODOS, json={"title": title, **fields}).raise_for_status() for title in titles]
    return [answer.json() for answer in reversed(answers)]


def change_by_api(client: httpx2.Client, todo: dict[str, Any], **changed: object) -> dict[str, Any]:
    fields = {name: todo[name] for name in ("title", "description", "completed", "due_on")} | changed
    answer = client.put(f"{TODOS}/{todo['id']}", json=fields, headers=if_match(todo)).raise_for_status()
    return cast("dict[str, Any]", answer.json())


def delete_by_api(client: httpx2.Client, todo: dict[str, Any]) -> None:
    client.delete(f"{TODOS}/{todo['id']}", headers=if_match(todo)).raise_for_status()


def if_match(todo: dict[str, Any]) -> dict[str, str]:
    return {"If-Match": f'"{todo["version"]}"'}


def stored(client: httpx2.Client, *names: str) -> list[Any]:
    """What the server has, the newest first: whole todos, or the named fields of each."""
    items = client.get(TODOS, params={"limit": 100}).raise_for_status().json()["items"]
    return [{name: item[name] for name in names} for item in items] if names else items


def tab_to(page: Page, target: Locator) -> None:
    """Presses Tab until the target has the focus, as a person without a mouse does."""
    for _ in range(30):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    expect(target).to_be_focused()


def sign_in_by_keyboard(page: Page, email: str, password: str) -> None:
    tab_to(page, textbox(page, "Email"))
    page.keyboard.type(email)
    tab_to(page, page.get_by_label("Password", exact=True))
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    expect(button(page, "Sign out")).to_be_visible()


def expect_a_focus(page: Page) -> None:
    """Something that can be seen has the focus; `:focus` matches nothing when it was lost to the body."""
    expect(page.locator(":focus")).to_be_visible()


def writes_of(page: Page) -> list[str]:
    """The methods of what the page asks the server to change from now on."""
    methods: list[str] = []
    page.on("request", lambda request: methods.append(request.method) if request.method != "GET" else None)
    return methods


Answer = Callable[[Route], None]


def from_the_server(route: Route) -> None:
    route.continue_()


def server_fails(route: Route) -> None:
    route.fulfill(status=500, json={"detail": "The server failed. Try again later.", "error_code": "INTERNAL_ERROR"})


def network_is_gone(route: Route) -> None:
    route.abort("internetdisconnected")


class Hold:
    """Keeps back the answers to one method on `path`, until `let_go`."""

    def __init__(self, page: Page, method: str, answer: Answer = from_the_server, path: str = TODOS) -> None:
        self._page, self._method, self._answer, self._path = page, method, answer, re.compile(path)
        self._waiting: list[Route] | None = []
        page.route(self._path, self._meet)

    def _meet(self, route: Route) -> None:
        if route.request.method != self._method:
            route.fallback()
        elif self._waiting is None:
            self._answer(route)
        else:
            self._waiting.append(route)

    def let_go(self) -> None:
        """Answers what waits, and whatever still comes."""
        waiting, self._waiting = self._waiting or [], None
        for route in waiting:
            self._answer(route)

    def end(self) -> None:
        """From now on the server answers again."""
        self._page.unroute(self._path, self._meet)


# ------------------------------------------------------------ what a test starts from

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
