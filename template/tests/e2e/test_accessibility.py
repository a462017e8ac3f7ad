"""For everybody, on every screen: axe in each state, light and dark, a phone, and the weight of the page."""

import gzip
import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import (
    ADA,
    Hold,
    add_by_api,
    add_todo,
    button,
    change_by_api,
    dialog,
    editor,
    message,
    open_app,
    row,
    rows,
    server_fails,
    sign_in,
    start_editing,
    textbox,
)

AXE = (Path(__file__).parents[2] / "frontend/node_modules/axe-core/axe.min.js").read_text("utf-8")
RUN_AXE = """async () => {
  const { violations, passes } = await axe.run()
  return {
    violations: violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`),
    contrastWasJudged: passes.some(({ id }) => id === 'color-contrast'),
    wider: document.documentElement.scrollWidth > innerWidth,
  }
}"""
ALL_IS_WELL = {"violations": [], "contrastWasJudged": True, "wider": False}
DESK, PHONE = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
JAVASCRIPT_BYTES = 130_000
LONG = "W" * 200


def form(page: Page, ada: httpx2.Client) -> None:
    page.context.clear_cookies()
    page.goto("/")
    expect(button(page, "Sign in")).to_be_visible()


def refused_sign_in(page: Page, ada: httpx2.Client) -> None:
    form(page, ada)
    sign_in(page, ADA[0], "not her password")
    expect(message(page, "alert")).to_be_visible()


def signed_in(page: Page, ada: httpx2.Client) -> None:
    open_app(page)


def loading(page: Page, ada: httpx2.Client) -> None:
    Hold(page, "GET")
    page.goto("/")
    expect(page.locator("[aria-busy=true]").first).to_be_visible()


def empty(page: Page, ada: httpx2.Client) -> None:
    open_app(page)
    expect(page.get_by_text("Nothing to do yet.")).to_be_visible()


def todos(page: Page, ada: httpx2.Client) -> None:
    """Overdue, completed, described, long: each kind of row."""
    add_by_api(ada, "Pay the rent", due_on="2020-03-01")
    add_by_api(ada, "Water the plants", due_on="2099-12-31", description="The fern, too.\nNot the cactus.")
    (done,) = add_by_api(ada, "Read the README", due_on="2020-03-01")
    change_by_api(ada, done, completed=True)
    add_by_api(ada, LONG, description=LONG)
    expect(rows(open_app(page))).to_have_count(4)


def added(page: Page, ada: httpx2.Client) -> None:
    open_app(page)
    add_todo(page, "Buy milk")
    expect(message(page, "status", "Buy milk")).to_be_visible()


def refused_title(page: Page, ada: httpx2.Client) -> None:
    open_app(page)
    add_todo(page, " ")
    expect(page.locator("[aria-invalid=true]")).to_be_visible()


def editing(page: Page, ada: httpx2.Client) -> None:
    todos(page, ada)
    textbox(page, "Description").fill(LONG)
    start_editing(page, LONG)
    expect(editor(page)).to_be_visible()


def asking(page: Page, ada: httpx2.Client) -> None:
    todos(page, ada)
    button(page, "Delete Water the plants").click()
    expect(dialog(page)).to_be_visible()


def failed(page: Page, ada: httpx2.Client) -> None:
    Hold(page, "GET", server_fails).let_go()
    page.goto("/")
    expect(button(page, "Try again")).to_be_visible()


def nothing_completed(page: Page, ada: httpx2.Client) -> None:
    add_by_api(ada, "Buy milk")
    open_app(page)
    button(page, "Completed").click()
    expect(row(page, "Buy milk")).to_have_count(0)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def many(page: Page, ada: httpx2.Client) -> None:
    add_by_api(ada, *(f"Todo {number:02}" for number in range(1, 22)))
    open_app(page)
    expect(button(page, "Show more")).to_be_visible()


STATES = [
    form,
    refused_sign_in,
    signed_in,
    loading,
    empty,
    todos,
    many,
    added,
    refused_title,
    editing,
    asking,
    failed,
    nothing_completed,
]


@pytest.mark.requirement("001-FR-028")
class TestEveryState:
    @pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__.replace("_", " "))
    def test_axe_finds_nothing_in_light_or_dark_and_a_phone_scrolls_one_way(self, page, ada, watch, state):
        if state is failed:
            watch.expect("status of 500")
        state(page, ada)
        page.evaluate(AXE)

        for scheme in ("light", "dark"):
            for size in (DESK, PHONE):
                page.emulate_media(color_scheme=scheme)
                page.set_viewport_size(size)

                assert page.evaluate(RUN_AXE) == ALL_IS_WELL, f"{scheme}, {size['width']} px wide"

    def test_the_text_is_light_in_the_dark_only(self, app):
        """With axe's contrast in both, the ground is dark then, too."""
        brightness = {}
        for scheme in ("light", "dark"):
            app.emulate_media(color_scheme=scheme)
            color = app.get_by_role("heading").first.evaluate("element => getComputedStyle(element).color")
            brightness[scheme] = sum(map(int, re.findall(r"\d+", color)))

        assert brightness["light"] < 200
        assert brightness["dark"] > 500


@pytest.mark.requirement("001-FR-028")
@pytest.mark.browser_context_args(viewport=PHONE, has_touch=True, is_mobile=True)
class TestPhone:
    def test_edit_and_delete_need_no_hover_and_fit_a_finger(self, page, ada):
        todos(page, ada)

        for name in ("Edit Water the plants", "Delete Water the plants"):
            target = button(page, name)
            target.scroll_into_view_if_needed()
            expect(target).to_be_in_viewport(ratio=1)
            assert target.evaluate("element => element.checkVisibility({ opacityProperty: true })")
            assert target.evaluate("element => Math.min(element.offsetWidth, element.offsetHeight)") >= 24

    def test_a_todo_is_edited_and_deleted_by_touch(self, page, ada):
        add_by_api(ada, "Buy milk")
        open_app(page)

        button(page, "Edit Buy milk").tap()
        editor(page).get_by_role("textbox", name="Title").fill("Buy bread")
        button(editor(page), "Save").tap()
        button(page, "Delete Buy bread").tap()
        button(dialog(page), "Delete").tap()

        expect(rows(page)).to_have_count(0)


class TestPage:
    @pytest.mark.requirement("001-SC-001")
    def test_its_javascript_is_light(self, page):
        scripts = []
        page.on("response", lambda answer: scripts.append(answer) if re.search(r"\.m?js$", answer.url) else None)

        open_app(page)

        assert scripts
        assert sum(len(gzip.compress(script.body())) for script in scripts) <= JAVASCRIPT_BYTES

    def test_it_carries_the_products_name_whatever_it_is(self, start, new_database, visitor, watch):
        name = """Tom & "Söhne's" <script>alert(1)</script> 🚀 %PRODUCT_NAME%"""
        server = start(new_database, PRODUCT_NAME=name).wait_until_ready()
        watch.origins.append(server.url)

        visitor.goto(server.url)

        expect(visitor).to_have_title(name)
        expect(visitor.get_by_text(name).first).to_be_visible()
