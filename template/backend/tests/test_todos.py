"""/api/v1/todos, operation by operation but for the list."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from backend.tests.conftest import refusal

TODOS = "/api/v1/todos"
CHANGE = {"title": "Buy oat milk", "description": "Two litres.", "completed": True, "due_on": "2027-03-31"}


def add(person: TestClient, title: str = "Buy milk") -> dict[str, Any]:
    todo: dict[str, Any] = person.post(TODOS, json={"title": title}).json()
    return todo


class TestCreateTodo:
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

    def test_it_costs_two_statements_in_one_transaction(self, ada, statements):
        add(ada)

        assert statements == ["BEGIN", "SELECT", "INSERT"]


class TestGetTodo:
    def test_the_etag_is_the_version(self, ada):
        todo = add(ada)

        response = ada.get(f"{TODOS}/{todo['id']}")

        assert (response.status_code, response.json(), response.headers["ETag"]) == (200, todo, '"1"')

    def test_another_persons_todo_does_not_exist(self, ada, visit):
        todo = add(ada)

        assert refusal(visit("grace@example.com").get(f"{TODOS}/{todo['id']}")) == (404, "NOT_FOUND")

    @pytest.mark.parametrize("todo_id", ["7", "%FF", "{}", "00000000000040008000000000000000"])
    def test_an_id_that_is_no_uuid_is_refused(self, ada, todo_id):
        response = ada.get(f"{TODOS}/{todo_id}")

        assert (*refusal(response), response.json()["field"]) == (422, "VALIDATION_ERROR", "todo_id")


class TestUpdateTodo:
    def test_the_fresh_version_wins_and_the_stale_one_is_refused(self, ada):
        todo = add(ada)

        first = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": '"1"'})
        second = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": '"1"'})

        changed = {**todo, **CHANGE, "updated_at": first.json()["updated_at"], "version": 2}
        assert (first.status_code, first.json(), first.headers["ETag"]) == (200, changed, '"2"')
        assert refusal(second) == (412, "VERSION_CONFLICT")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == changed

    @pytest.mark.parametrize("etag", ["1", "*", 'W/"1"', '"1", "2"', '"01"', '"-1"', "", f'"{"9" * 40}"', '"٣"'])
    def test_an_if_match_that_is_not_the_etag_is_stale(self, ada, etag):
        todo = add(ada)

        response = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": etag.encode()})

        assert refusal(response) == (412, "VERSION_CONFLICT")

    def test_two_if_matches_are_refused(self, ada):
        todo = add(ada)

        response = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE, headers=[("If-Match", '"1"'), ("If-Match", '"2"')])

        assert refusal(response) == (422, "VALIDATION_ERROR")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    def test_without_if_match_nothing_changes(self, ada):
        todo = add(ada)

        response = ada.put(f"{TODOS}/{todo['id']}", json=CHANGE)

        assert refusal(response) == (428, "PRECONDITION_REQUIRED")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    def test_another_persons_todo_does_not_exist_and_stays_as_it_is(self, ada, visit):
        todo = add(ada)

        response = visit("grace@example.com").put(f"{TODOS}/{todo['id']}", json=CHANGE, headers={"If-Match": '"1"'})

        assert refusal(response) == (404, "NOT_FOUND")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

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
    def test_the_todo_is_gone(self, ada):
        todo = add(ada)

        response = ada.delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"1"'})

        assert (response.status_code, response.content) == (204, b"")
        assert refusal(ada.get(f"{TODOS}/{todo['id']}")) == (404, "NOT_FOUND")

    def test_a_stale_version_is_refused(self, ada):
        todo = add(ada)

        response = ada.delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"2"'})

        assert refusal(response) == (412, "VERSION_CONFLICT")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    def test_without_if_match_nothing_is_deleted(self, ada):
        todo = add(ada)

        assert refusal(ada.delete(f"{TODOS}/{todo['id']}")) == (428, "PRECONDITION_REQUIRED")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo

    def test_another_persons_todo_does_not_exist_and_stays(self, ada, visit):
        todo = add(ada)

        response = visit("grace@example.com").delete(f"{TODOS}/{todo['id']}", headers={"If-Match": '"1"'})

        assert refusal(response) == (404, "NOT_FOUND")
        assert ada.get(f"{TODOS}/{todo['id']}").json() == todo
