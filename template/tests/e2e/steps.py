"""What a person does in the app, and where they look. Knows roles and names, no markup."""

import re
from collections.abc import Callable
from typing import Any, cast

import httpx2
from playwright.sync_api import Locator, Page, Route, expect

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
