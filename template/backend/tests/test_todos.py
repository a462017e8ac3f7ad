"""/api/v1/todos, operation by operation."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from backend.body import BODY_LIMIT
from backend.generated.models import ErrorCode
from backend.tests.conftest import refusal
from backend.todos.service import cursor_of, read_cursor

TODOS, JSON = "/api/v1/todos", {"Content-Type": "application/json"}
CHANGE = {"title": "Buy oat milk", "description": "Two litres.", "completed": True, "due_on": "2027-03-31"}


def add(person: TestClient, title: str = "Buy milk") -> dict[str, Any]:
    todo: dict[str, Any] = person.post(TODOS, json={"title": title}).json()
    return todo


def titles(page: dict[str, Any]) -> list[str]:
    return [todo["title"] for todo in page["items"]]


class TestCreateTodo:
    @pytest.mark.requirement("001-FR-001")
    def test_the_answer_is_the_stored_todo(self, ada):
        response = ada.post(TODOS, json={"title": "Buy milk", "description": None, "due_on": "2027-03-31"})

        todo = response.json()
        place = f"{TODOS}/{todo['id']}"
        assert (response.status_code, response.headers["Location"], response.headers["ETag"]) == (201, place, '"1"')
        assert todo == {
            "id": todo["id"],
            "title": "Buy milk",
            "description": None,
            "completed": False,
            "due_on": "2027-03-31",
            "created_at": todo["created_at"],
            "updated_at": todo["created_at"],
            "version": 1,
        }
        assert ada.get(place).json() == todo

    def test_times_are_in_utc_and_say_so(self, ada):
        before = datetime.now(UTC)

        created_at = add(ada)["created_at"]

        assert created_at.endswith("Z")
        assert before <= datetime.fromisoformat(created_at) <= datetime.now(UTC)

    @pytest.mark.requirement("001-FR-016")
    def test_it_costs_two_statements_in_one_transaction(self, ada, statements):
        add(ada)

        assert statements == ["SELECT", "INSERT", "COMMIT"]


class TestGetTodo:
    @pytest.mark.requirement("001-FR-008")
    def test_the_etag_is_the_version(self, ada):
        todo = add(ada)

        response = ada.get(f"{TODOS}/{todo['id']}")

        assert (response.status_code, response.json(), response.headers["ETag"]) == (200, todo, '"1"')

    @pytest.mark.requirement("001-FR-013")
    def test_another_persons_todo_does_not_exist(self, ada, visit):
        todo = add(ada)

        assert refusal(visit("grace@example.com").get(f"{TODOS}/{todo['id']}")) == (404, "NOT_FOUND")

    @pytest.mark.requirement("001-FR-014")
    @pytest.mark.parametrize("todo_id", ["7", "%FF", "{}", "00000000000040008000000000000000"])
    def test_an_id_that_is_no_uuid_is_refused(self, ada, todo_id):
        response = ada.get(f"{TODOS}/{todo_id}")

        assert (*refusal(response), response.json()["field"]) == (422, "VALIDATION_ERROR", "todo_id")


class TestUpdateTodo:
    @pytest.mark.requirement("001-FR-009", "001-FR-011")
    def test_the_fresh_version_wins_and_the_stale_one_is_refused(self, ada):
        todo = add(ada)

        first = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": '"1"'})
        second = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": '"1"'})

        changed = {**todo, **CHANGE, "updated_at": first.json()["updated_at"], "version": 2}
        assert (first.status_code, first.json(), first.headers["ETag"]) == (200, changed, '"2"')
        assert refusal(second) == (412, "VERSION_CONFLICT")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == changed

    @pytest.mark.requirement("001-FR-011")
    @pytest.mark.parametrize("etag", ["1", "*", 'W/"1"', '"1", "2"', '"01"', '"-1"', "", f'"{"9" * 40}"', '"٣"'])
    def test_an_if_match_that_is_not_the_etag_is_stale(self, ada, etag):
        todo = add(ada)

        response = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": etag.encode()})

        assert refusal(response) == (412, "VERSION_CONFLICT")

    @pytest.mark.requirement("001-FR-014")
    def test_two_if_matches_are_refused(self, ada):
        todo = add(ada)

        response = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers=[("If-Match", '"1"'), ("If-Match", '"2"')])

        assert refusal(response) == (422, "VALIDATION_ERROR")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    @pytest.mark.requirement("001-FR-011")
    def test_without_if_match_nothing_changes(self, ada):
        todo = add(ada)

        response = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE)

        assert refusal(response) == (428, "PRECONDITION_REQUIRED")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    @pytest.mark.requirement("001-FR-013")
    def test_another_persons_todo_does_not_exist_and_stays_as_it_is(self, ada, visit):
        todo = add(ada)

        response = visit("grace@example.com").put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": '"1"'})

        assert refusal(response) == (404, "NOT_FOUND")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    @pytest.mark.requirement("001-FR-009")
    @pytest.mark.parametrize("missing", list(CHANGE))
    def test_it_replaces_every_field(self, ada, missing):
        todo = add(ada)
        change = {name: value for name, value in CHANGE.items() if name != missing}

        response = ada.put(f"{TODOS}/{todo['id']}", json=change, headers={"If-Match": '"1"'})

        assert response.status_code == 422
        assert response.json() == {
            "detail": f"{missing} is required.",
            "error_code": "VALIDATION_ERROR",
            "field": missing,
        }


class TestDeleteTodo:
    @pytest.mark.requirement("001-FR-010")
    def test_the_todo_is_gone(self, ada):
        todo = add(ada)

        response = ada.delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"1"'})

        assert (response.status_code, response.content) == (204, b"")
        assert refusal(ada.get(f"{TODOS}/{todo['id']}")) == (404, "NOT_FOUND")

    @pytest.mark.requirement("001-FR-011")
    def test_a_stale_version_is_refused(self, ada):
        todo = add(ada)

        response = ada.delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"2"'})

        assert refusal(response) == (412, "VERSION_CONFLICT")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    @pytest.mark.requirement("001-FR-011")
    def test_without_if_match_nothing_is_deleted(self, ada):
        todo = add(ada)

        assert refusal(ada.delete(f"{TODOS}/{todo['id']}")) == (428, "PRECONDITION_REQUIRED")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    @pytest.mark.requirement("001-FR-013")
    def test_another_persons_todo_does_not_exist_and_stays(self, ada, visit):
        todo = add(ada)

        response = visit("grace@example.com").delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"1"'})

        assert refusal(response) == (404, "NOT_FOUND")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo


class TestListTodos:
    @pytest.mark.requirement("001-FR-005")
    def test_the_newest_todo_comes_first(self, ada):
        add(ada, "Buy milk")
        add(ada, "Water the plants")

        page = ada.get(TODOS)

        assert (page.status_code, titles(page.json()), page.json()["next_cursor"]) == (
            200,
            ["Water the plants", "Buy milk"],
            None,
        )

    @pytest.mark.requirement("001-FR-006")
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

    @pytest.mark.requirement("001-FR-006")
    def test_a_full_last_page_has_no_next_cursor(self, ada):
        add(ada)

        assert ada.get(TODOS, params={"limit": 1}).json()["next_cursor"] is None

    @pytest.mark.requirement("001-FR-007")
    @pytest.mark.parametrize(("completed", "expected"), [("true", ["Done"]), ("false", ["Open"])])
    def test_completed_chooses_a_kind(self, ada, completed, expected):
        add(ada, "Open")
        done = add(ada, "Done")
        ada.put(f"{TODOS}/{done['id']}", json={**CHANGE, "title": "Done"}, headers={"If-Match": '"1"'})

        page = ada.get(TODOS, params={"completed": completed})

        assert titles(page.json()) == expected

    @pytest.mark.requirement("001-FR-013")
    def test_another_persons_todos_are_not_listed(self, ada, visit):
        add(ada)

        assert visit("grace@example.com").get(TODOS).json() == {"items": [], "next_cursor": None}

    def test_every_text_that_looks_like_a_cursor_is_a_place(self, ada):
        add(ada)

        latest, earliest = (
            ada.get(TODOS, params={"cursor": urlsafe_b64encode(byte * 24).decode()}) for byte in (b"\xff", b"\x00")
        )

        assert (titles(latest.json()), titles(earliest.json())) == (["Buy milk"], [])

    @pytest.mark.requirement("001-FR-006")
    def test_a_cursor_is_read_as_it_was_written(self):
        place = (datetime(2026, 11, 22, 9, 30, 0, 123456, tzinfo=UTC), UUID(int=7))

        assert read_cursor(cursor_of(*place)) == place

    @pytest.mark.requirement("001-FR-005", "001-FR-014")
    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=1.0", "limit=01", "limit=+5", "limit="])
    def test_a_limit_is_a_plain_number_from_1_to_100(self, ada, query):
        response = ada.get(f"{TODOS}?{query}")

        assert response.status_code == 422
        assert response.json() == {
            "detail": "A page has 1 to 100 todos.",
            "error_code": "VALIDATION_ERROR",
            "field": "limit",
        }

    @pytest.mark.requirement("001-FR-014")
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

    @pytest.mark.requirement("001-FR-016")
    def test_it_costs_two_statements(self, ada, statements):
        ada.get(TODOS)

        assert statements == ["SELECT", "SELECT"]


class TestJudge:
    @pytest.mark.requirement("001-FR-014")
    def test_refusals_have_an_order(self, ada, visitor):
        """Each request mends what the one before it was refused for."""
        place = f"{TODOS}/7"
        foreign = {"Origin": "https://evil.example"}
        stranger = {"Cookie": "session=unknown"}
        match = {**stranger, "If-Match": '"1"'}
        typed = {**match, **JSON}
        change = b'{"title": "Buy milk", "description": null, "completed": true, "due_on": null}'
        steps = [
            visitor.put("/nowhere", headers=foreign),
            visitor.put("/nowhere"),
            visitor.put(TODOS),
            visitor.put(place),
            visitor.put(place, headers=stranger),
            visitor.put(place, headers=match),
            visitor.put(place, headers=typed, content=b"[" * BODY_LIMIT * 2),
            visitor.put(place, headers=typed, content=b"["),
            visitor.put(place, headers=typed, content=change),
            visitor.put(f"{TODOS}/00000000-0000-4000-8000-000000000000", headers=typed, content=change),
            ada.put(f"{TODOS}/00000000-0000-4000-8000-000000000000", headers={**JSON, "If-Match": "1"}, content=change),
        ]

        assert [step.status_code for step in steps] == [403, 404, 405, 401, 428, 415, 413, 400, 422, 401, 404]
        assert {step.json()["error_code"] for step in steps} <= set(ErrorCode)

    @pytest.mark.requirement("001-FR-003")
    @pytest.mark.parametrize(
        ("fields", "field", "detail"),
        [
            ({"title": " \ufeff\u0085"}, "title", "A title has 1 to 200 characters and is not blank."),
            ({"title": "Buy\0milk"}, "title", "A title has 1 to 200 characters and is not blank."),
            ({"due_on": 0}, "due_on", "A due date is a whole day, like 2027-03-31, or none."),
        ],
    )
    def test_a_field_that_breaks_the_contract_is_refused_in_its_words(self, ada, fields, field, detail):
        response = ada.post(TODOS, json={"title": "Buy milk", **fields})

        assert response.status_code == 422
        assert response.json() == {"detail": detail, "error_code": "VALIDATION_ERROR", "field": field}
