"""The forms refuse what the contract refuses, in its words, and cut nothing. Knows the contract's sentences."""

import pytest
from playwright.sync_api import Locator, expect

from tests.contract.contract import CONTRACT
from tests.e2e.conftest import (
    TODOS,
    add_by_api,
    add_todo,
    button,
    editor,
    message,
    open_app,
    row,
    rows,
    start_editing,
    stored,
    textbox,
    writes_of,
)

REFUSALS = {
    name: schema["x-refusal"] for name, schema in CONTRACT["components"]["schemas"]["NewTodo"]["properties"].items()
}
NO_TITLES = pytest.mark.parametrize(
    "title",
    ["", "   ", "\u3000\u2003\u00a0", "\ufeff\u0085", "t" * 201, "😀" * 201],
    ids=["nothing", "blanks", "Unicode blanks", "U+FEFF and U+0085", "201 letters", "201 emoji"],
)


def expect_refusal(box: Locator, name: str, typed: str) -> None:
    """The field says what is wrong, has the focus, and still holds every letter."""
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_accessible_description(REFUSALS[name])
    expect(box).to_be_focused()
    expect(box).to_have_value(typed)


@pytest.fixture
def sent(page):
    return writes_of(page)


class TestCreateTodo:
    @pytest.mark.requirement("001-FR-017")
    @NO_TITLES
    def test_a_title_against_the_contract_is_refused_and_nothing_is_sent(self, app, sent, title):
        add_todo(app, title)

        expect_refusal(textbox(app, "New todo"), "title", title)
        assert sent == []

    @pytest.mark.requirement("001-FR-017")
    @pytest.mark.parametrize("letter", ["d", "😀"], ids=["letters", "emoji"])
    def test_a_description_of_2001_characters_is_refused_and_nothing_is_sent(self, app, sent, letter):
        add_todo(app, "Buy milk", letter * 2001)

        expect_refusal(textbox(app, "Description"), "description", letter * 2001)
        expect(textbox(app, "New todo")).to_have_value("Buy milk")
        assert sent == []

    @pytest.mark.requirement("001-FR-017")
    def test_half_a_date_is_refused_and_nothing_is_sent(self, app, sent):
        textbox(app, "New todo").fill("Buy milk")
        textbox(app, "Due on").press_sequentially("12")
        button(app, "Add").click()

        expect_refusal(textbox(app, "Due on"), "due_on", "")
        assert sent == []

    def test_the_message_goes_when_the_title_is_right(self, app):
        add_todo(app, "")
        expect_refusal(textbox(app, "New todo"), "title", "")

        add_todo(app, "Buy milk")

        expect(row(app, "Buy milk")).to_be_visible()
        expect(textbox(app, "New todo")).not_to_have_attribute("aria-invalid", "true")
        expect(app.get_by_text(REFUSALS["title"])).to_have_count(0)

    @pytest.mark.requirement("001-FR-002")
    @pytest.mark.parametrize(
        ("title", "description"),
        [("😀" * 200, "😀" * 2000), ("  Buy milk ", " Oat "), ("e\u0301 \u202eklim", "\u200b")],
        ids=["limits in emoji", "outer blanks", "marks and directions"],
    )
    def test_what_the_contract_takes_is_stored_letter_for_letter(self, app, ada, title, description):
        add_todo(app, title, description)

        expect(message(app, "status")).to_be_visible()
        expect(rows(app)).to_have_count(1)
        assert stored(ada, "title", "description") == [{"title": title, "description": description}]

    def test_what_only_the_server_refuses_is_said_at_its_field(self, app, watch):
        watch.expect("status of 422")
        refusal = {"detail": "No milk today.", "error_code": "VALIDATION_ERROR", "field": "title"}
        app.route(f"**{TODOS}", lambda route: route.fulfill(status=422, json=refusal))

        add_todo(app, "Buy milk")

        expect(textbox(app, "New todo")).to_have_attribute("aria-invalid", "true")
        expect(textbox(app, "New todo")).to_have_accessible_description("No milk today.")
        expect(textbox(app, "New todo")).to_have_value("Buy milk")
        expect(rows(app)).to_have_count(0)


@pytest.mark.requirement("001-FR-017")
class TestUpdateTodo:
    @NO_TITLES
    def test_a_title_against_the_contract_is_refused_and_nothing_is_sent(self, page, ada, sent, title):
        before = add_by_api(ada, "Buy milk")
        form = start_editing(open_app(page), "Buy milk")

        textbox(form, "Title").fill(title)
        button(form, "Save").click()

        expect_refusal(textbox(editor(page), "Title"), "title", title)
        assert (sent, stored(ada)) == ([], before)

    def test_a_description_of_2001_characters_is_refused_and_nothing_is_sent(self, page, ada, sent):
        before = add_by_api(ada, "Buy milk")
        form = start_editing(open_app(page), "Buy milk")

        textbox(form, "Description").fill("😀" * 2001)
        button(form, "Save").click()

        expect_refusal(textbox(form, "Description"), "description", "😀" * 2001)
        assert (sent, stored(ada)) == ([], before)
