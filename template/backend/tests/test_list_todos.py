"""GET /api/v1/todos: order, pages, filter, and what may be asked."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from backend.tests.conftest import refusal
from backend.todos.service import cursor_of, read_cursor

TODOS = "/api/v1/todos"
DONE = {"title": "Done", "description": None, "completed": True, "due_on": None}


def add(person: TestClient, title: str = "Buy milk") -> dict[str, Any]:
    todo: dict[str, Any] = person.post(TODOS, json={"title": title}).json()
    return todo


def titles(page: dict[str, Any]) -> list[str]:
    return [todo["title"] for todo in page["items"]]


class TestListTodos:
    def test_the_newest_todo_comes_first(self, ada):
        add(ada, "Buy milk")
        add(ada, "Water the plants")

        page = ada.get(TODOS)

        assert (page.status_code, titles(page.json()), page.json()["next_cursor"]) == (
            200,
            ["Water the plants", "Buy milk"],
            None,
        )

    def test_pages_follow_one_another_without_gap_or_repetition(self, ada):
        for number in range(5):
            add(ada, f"Todo {number}")

        first = ada.get(TODOS, params={"limit": 2}).json()
        second = ada.get(TODOS, params={"limit": 2, "cursor": first["next_cursor"]}).json()
        last = ada.get(TODOS, params={"limit": 2, "cursor": second["next_cursor"]}).json()

        assert [titles(page) for page in (first, second, last)] == [
            ["Todo 4", "Todo 3"],
            ["Todo 2", "Todo 1"],
            ["Todo 0"],
        ]
        assert last["next_cursor"] is None

    def test_a_full_last_page_has_no_next_cursor(self, ada):
        add(ada)

        assert ada.get(TODOS, params={"limit": 1}).json()["next_cursor"] is None

    @pytest.mark.parametrize(("completed", "expected"), [("true", ["Done"]), ("false", ["Open"])])
    def test_completed_chooses_a_kind(self, ada, completed, expected):
        add(ada, "Open")
        done = add(ada, "Done")
        ada.put(f"{TODOS}/{done['id']}", json=DONE, headers={"If-Match": '"1"'})

        page = ada.get(TODOS, params={"completed": completed})

        assert titles(page.json()) == expected

    def test_another_persons_todos_are_not_listed(self, ada, visit):
        add(ada)

        assert visit("grace@example.com").get(TODOS).json() == {"items": [], "next_cursor": None}

    def test_every_text_that_looks_like_a_cursor_is_a_place(self, ada):
        add(ada)

        latest, earliest = (
            ada.get(TODOS, params={"cursor": urlsafe_b64encode(byte * 24).decode()}) for byte in (b"\xff", b"\x00")
        )

        assert (titles(latest.json()), titles(earliest.json())) == (["Buy milk"], [])

    def test_a_cursor_is_read_as_it_was_written(self):
        place = (datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC), UUID(int=7))

        assert read_cursor(cursor_of(*place)) == place

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=1.0", "limit=01", "limit=+5", "limit="])
    def test_a_limit_is_a_plain_number_from_1_to_100(self, ada, query):
        response = ada.get(f"{TODOS}?{query}")

        assert response.status_code == 422
        assert response.json() == {
            "detail": "A page has 1 to 100 todos.",
            "error_code": "VALIDATION_ERROR",
            "field": "limit",
        }

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("completed=True", "completed"),
            ("completed=1", "completed"),
            ("cursor=short", "cursor"),
            ("cursor=%FF", "cursor"),
            ("limit=1&limit=2", "limit"),
            (f"limit={'9' * 5000}", "limit"),
        ],
    )
    def test_a_query_that_breaks_the_contract_is_refused(self, ada, query, field):
        response = ada.get(f"{TODOS}?{query}")

        assert (*refusal(response), response.json()["field"]) == (422, "VALIDATION_ERROR", field)

    def test_bytes_that_are_no_text_are_named_as_such(self, ada):
        response = ada.get(f"{TODOS}?cursor={'%FF' * 32}")

        assert response.json()["detail"] == "cursor has a character that is not Unicode text."

    def test_an_unknown_parameter_is_ignored(self, ada):
        assert ada.get(f"{TODOS}?colour=%FF").status_code == 200

    def test_it_costs_two_statements(self, ada, statements):
        ada.get(TODOS)

        assert statements == ["SELECT", "SELECT"]
