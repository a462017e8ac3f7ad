"""What the todo operations do when all is well, value by value. Knows the API by its contract only."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Client

from tests.contract.contract import validator

TODOS = "/api/v1/todos"
Todo = dict[str, Any]
TODO, PAGE = validator("Todo"), validator("TodoPage")


def add(client: Client, **fields: Any) -> Todo:
    answer = client.post(TODOS, json={"title": "Buy milk", **fields})
    assert answer.status_code == 201, answer.text
    todo: Todo = answer.json()
    return todo


def change_of(todo: Todo, **changed: Any) -> Todo:
    return {name: todo[name] for name in ("title", "description", "completed", "due_on")} | changed


def if_match(todo: Todo) -> dict[str, str]:
    return {"If-Match": f'"{todo["version"]}"'}


def walk(client: Client, **query: Any) -> list[Todo]:
    """Every todo of the list, page by page."""
    found: list[Todo] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get(TODOS, params=query | cursor).json()
        PAGE.validate(page)
        assert page["items"] or not cursor, "next_cursor promised one more page, and it is empty"
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


class TestCreateTodo:
    @pytest.mark.requirement("001-FR-001")
    def test_the_todo_is_answered_whole_with_its_place_and_version(self, demo):
        before = datetime.now(UTC)

        answer = demo.post(TODOS, json={"title": "Buy milk", "description": "Oat.\nOr soy?", "due_on": "2028-02-29"})

        todo = answer.json()
        TODO.validate(todo)
        assert todo == {
            "id": todo["id"],
            "title": "Buy milk",
            "description": "Oat.\nOr soy?",
            "completed": False,
            "due_on": "2028-02-29",
            "created_at": todo["created_at"],
            "updated_at": todo["created_at"],
            "version": 1,
        }
        assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')
        assert before <= datetime.fromisoformat(todo["created_at"]) <= datetime.now(UTC)
        assert demo.get(answer.headers["location"]).json() == todo

    @pytest.mark.requirement("001-FR-001")
    def test_what_is_left_out_is_null(self, demo):
        todo = add(demo)

        assert (todo["description"], todo["due_on"]) == (None, None)

    @pytest.mark.requirement("001-FR-002")
    @pytest.mark.parametrize(
        "fields",
        [
            {"title": "😀" * 200, "description": "😀" * 2000},
            {"title": "  Buy milk\t", "description": ""},
            {"title": "<script>alert(1)</script>", "description": "'; DROP TABLE todos; --"},
            {"title": "\u200b", "description": "\u180e\u202eright to left\u0001"},
            {"title": "e\u0301 is not \u00e9", "due_on": "0001-01-01"},
            {"title": "Celebrate", "description": None, "due_on": "9999-12-31"},
        ],
        ids=[
            "limits in emoji",
            "outer spaces",
            "markup and SQL",
            "invisible letters",
            "decomposed letters",
            "last day",
        ],
    )
    def test_what_was_written_comes_back_letter_for_letter(self, demo, fields):
        todo = add(demo, **fields)

        assert demo.get(f"{TODOS}/{todo['id']}").json() == todo
        assert {name: todo[name] for name in fields} == fields

    @pytest.mark.parametrize(
        "content_type", ["application/json; charset=utf-8", "Application/JSON", 'application/json;charset="UTF-8"']
    )
    def test_the_spelling_of_the_content_type_does_not_matter(self, demo, content_type):
        answer = demo.post(TODOS, content=b'{"title": "Buy milk"}', headers={"Content-Type": content_type})

        assert answer.status_code == 201

    def test_a_body_of_exactly_64_kib_is_read(self, demo):
        content = b'{"title": "Buy milk"}'.ljust(64 * 1024)

        answer = demo.post(TODOS, content=content, headers={"Content-Type": "application/json"})

        assert answer.status_code == 201

    def test_a_page_of_the_same_origin_may_write(self, demo, base_url):
        answer = demo.post(TODOS, json={"title": "Buy milk"}, headers={"Origin": base_url})

        assert answer.status_code == 201


class TestGetTodo:
    @pytest.mark.requirement("001-FR-008")
    def test_it_comes_with_its_version(self, demo):
        todo = add(demo)

        answer = demo.get(f"{TODOS}/{todo['id']}")

        assert (answer.status_code, answer.json(), answer.headers["etag"]) == (200, todo, '"1"')

    def test_the_case_of_the_id_does_not_matter(self, demo):
        todo = add(demo)

        assert demo.get(f"{TODOS}/{todo['id'].upper()}").json() == todo


class TestUpdateTodo:
    @pytest.mark.requirement("001-FR-009")
    def test_it_replaces_what_a_person_can_change_and_nothing_else(self, demo):
        todo = add(demo, description="Oat", due_on="2027-03-31")
        change = {"title": "Buy bread", "description": None, "completed": True, "due_on": None}

        answer = demo.put(f"{TODOS}/{todo['id']}", json=change, headers=if_match(todo))

        changed = answer.json()
        TODO.validate(changed)
        assert changed == {**todo, **change, "updated_at": changed["updated_at"], "version": 2}
        assert changed["updated_at"] > todo["updated_at"]
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        assert demo.get(f"{TODOS}/{todo['id']}").json() == changed

    @pytest.mark.requirement("001-FR-011")
    def test_the_same_version_is_good_for_one_change_only(self, demo):
        todo = add(demo)
        first = demo.put(f"{TODOS}/{todo['id']}", json=change_of(todo, title="Buy bread"), headers=if_match(todo))

        second = demo.put(f"{TODOS}/{todo['id']}", json=change_of(todo, title="Buy jam"), headers=if_match(todo))

        assert (second.status_code, second.json()["error_code"]) == (412, "VERSION_CONFLICT")
        assert demo.get(f"{TODOS}/{todo['id']}").json() == first.json()

    @pytest.mark.requirement("001-FR-009")
    def test_a_change_that_changes_nothing_is_a_new_version_too(self, demo):
        todo = add(demo)

        answer = demo.put(f"{TODOS}/{todo['id']}", json=change_of(todo), headers=if_match(todo))

        assert (answer.status_code, answer.json()["version"]) == (200, 2)


@pytest.mark.requirement("001-FR-010")
class TestDeleteTodo:
    def test_it_is_gone_and_gone_from_the_list(self, demo):
        todo = add(demo)

        answer = demo.delete(f"{TODOS}/{todo['id']}", headers=if_match(todo))

        assert (answer.status_code, answer.content) == (204, b"")
        assert demo.get(f"{TODOS}/{todo['id']}").status_code == 404
        assert todo["id"] not in [found["id"] for found in walk(demo, limit=100)]

    def test_a_second_delete_finds_nothing(self, demo):
        todo = add(demo)
        demo.delete(f"{TODOS}/{todo['id']}", headers=if_match(todo))

        again = demo.delete(f"{TODOS}/{todo['id']}", headers=if_match(todo))

        assert (again.status_code, again.json()["error_code"]) == (404, "NOT_FOUND")


class TestListTodos:
    @pytest.mark.requirement("001-FR-005")
    def test_the_newest_comes_first(self, demo):
        todos = [add(demo, title=title) for title in ("Buy milk", "Buy bread", "Buy jam")]

        assert demo.get(TODOS, params={"limit": 3}).json()["items"] == todos[::-1]

    @pytest.mark.requirement("001-FR-005")
    def test_a_page_holds_twenty_unless_told_otherwise(self, demo):
        for number in range(21):
            add(demo, title=f"Todo {number}")

        page = demo.get(TODOS).json()

        assert (len(page["items"]), page["next_cursor"] is None) == (20, False)

    @pytest.mark.requirement("001-FR-006")
    def test_todos_added_meanwhile_neither_repeat_nor_hide_one(self, demo):
        todos = [add(demo, title=f"Todo {number}") for number in range(6)][::-1]
        first = demo.get(TODOS, params={"limit": 2}).json()
        add(demo, title="Added meanwhile")

        second = demo.get(TODOS, params={"limit": 4, "cursor": first["next_cursor"]}).json()

        assert first["items"] + second["items"] == todos

    @pytest.mark.requirement("001-FR-006")
    def test_a_deleted_last_todo_of_a_page_does_not_break_the_next_page(self, demo):
        oldest, middle, newest = (add(demo, title=title) for title in ("Buy milk", "Buy bread", "Buy jam"))
        first = demo.get(TODOS, params={"limit": 2}).json()
        demo.delete(f"{TODOS}/{middle['id']}", headers=if_match(middle))

        second = demo.get(TODOS, params={"limit": 1, "cursor": first["next_cursor"]}).json()

        assert (first["items"], second["items"]) == ([newest, middle], [oldest])

    @pytest.mark.requirement("001-FR-006")
    def test_every_page_size_walks_the_same_list_to_its_end(self, other):
        todos = [add(other, title=f"Todo {number}") for number in range(6)][::-1]

        walks = [walk(other, limit=limit) for limit in (1, 2, 5, 100)]  # the last page of one todo is full

        assert walks == [walks[0]] * 4
        assert walks[0][:6] == todos

    @pytest.mark.requirement("001-FR-007")
    def test_the_filter_parts_the_list_in_two(self, demo):
        todo = add(demo)
        done = demo.put(f"{TODOS}/{todo['id']}", json=change_of(todo, completed=True), headers=if_match(todo)).json()
        active = add(demo, title="Buy bread")

        finished, unfinished = walk(demo, completed="true", limit=100), walk(demo, completed="false", limit=100)

        assert done in finished
        assert active in unfinished
        assert {todo["completed"] for todo in finished} == {True}
        assert {todo["completed"] for todo in unfinished} == {False}
        assert len(finished) + len(unfinished) == len(walk(demo, limit=100))

    @pytest.mark.parametrize("cursor", ["A" * 32, "_" * 32, "-" * 32], ids=["zeros", "ones", "between"])
    def test_every_cursor_that_the_contract_allows_is_a_position(self, demo, cursor):
        answer = demo.get(TODOS, params={"cursor": cursor})

        assert answer.status_code == 200
        PAGE.validate(answer.json())


@pytest.mark.requirement("001-FR-013")
class TestOwnership:
    def test_a_todo_of_another_person_cannot_be_told_from_one_that_is_not_there(self, demo, other):
        todo = add(demo)
        theirs, nowhere = f"{TODOS}/{todo['id']}", f"{TODOS}/{uuid4()}"
        calls = [("GET", None), ("PUT", change_of(todo, title="Mine now")), ("DELETE", None)]

        def ask(url: str) -> list[tuple[int, Any]]:
            answers = [other.request(method, url, json=body, headers=if_match(todo)) for method, body in calls]
            return [(answer.status_code, answer.json()) for answer in answers]

        assert ask(theirs) == ask(nowhere)
        assert {status for status, _ in ask(theirs)} == {404}
        assert demo.get(theirs).json() == todo

    def test_a_list_holds_only_the_callers_todos(self, demo, other):
        mine, theirs = add(demo, title="Buy milk"), add(other, title="Buy bread")

        assert mine not in walk(other, limit=100)
        assert theirs not in walk(demo, limit=100)
