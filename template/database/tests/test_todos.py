from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Row, delete, insert, select
from sqlalchemy.exc import IntegrityError

from database.accounts import accounts, find_account
from database.seed import DEMO_EMAIL, seed
from database.tests.conftest import lookup
from database.todos import create_todo, delete_todo, get_todo, list_todos, todos, update_todo

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
CHANGE = {"title": "Buy oat milk", "description": "Two", "completed": True, "due_on": date(2027, 4, 1)}


class TestCreateTodo:
    @pytest.mark.requirement("001-FR-001")
    def test_what_is_not_given_has_its_default(self, connection, ada):
        before = datetime.now(UTC)

        todo = create_todo(connection, ada, title="Buy milk")

        assert todo._asdict() == {
            "id": todo.id,
            "title": "Buy milk",
            "description": None,
            "completed": False,
            "due_on": None,
            "created_at": todo.created_at,
            "updated_at": todo.created_at,
            "version": 1,
        }
        assert before <= todo.created_at <= datetime.now(UTC)

    @pytest.mark.requirement("001-FR-001")
    def test_what_was_returned_is_what_is_stored(self, connection, ada):
        todo = create_todo(connection, ada, title="Buy 🥛", description="", due_on=date(2027, 3, 31), completed=True)

        assert get_todo(connection, ada, todo.id) == todo

    def test_a_todo_of_nobody_is_refused(self, connection):
        with pytest.raises(IntegrityError, match=r"(?i)foreign key"):
            create_todo(connection, uuid4(), title="Buy milk")


class TestGetTodo:
    @pytest.mark.requirement("001-FR-013")
    def test_the_todo_of_another_account_does_not_exist(self, connection, ada, grace):
        todo = create_todo(connection, ada, title="Buy milk")

        assert get_todo(connection, grace, todo.id) is None

    def test_an_unknown_id_is_none(self, connection, ada):
        assert get_todo(connection, ada, uuid4()) is None


class TestUpdateTodo:
    @pytest.mark.requirement("001-FR-009")
    def test_the_row_has_the_change_and_the_next_version(self, connection, ada):
        todo = create_todo(connection, ada, title="Buy milk", created_at=NOON, updated_at=NOON)

        changed = update_todo(connection, ada, todo.id, 1, **CHANGE)

        assert changed
        assert changed._asdict() == {**todo._asdict(), **CHANGE, "version": 2, "updated_at": changed.updated_at}
        assert changed.updated_at > todo.updated_at
        assert get_todo(connection, ada, todo.id) == changed

    @pytest.mark.requirement("001-FR-011")
    def test_a_stale_version_changes_nothing(self, connection, ada):
        todo = create_todo(connection, ada, title="Buy milk")
        second = update_todo(connection, ada, todo.id, 1, **CHANGE)

        stale = update_todo(connection, ada, todo.id, 1, title="Buy cream")

        assert stale is None
        assert get_todo(connection, ada, todo.id) == second

    @pytest.mark.requirement("001-FR-009")
    def test_only_the_one_todo_changes(self, connection, ada):
        todo = create_todo(connection, ada, title="Buy milk")
        other = create_todo(connection, ada, title="Water the plants")

        update_todo(connection, ada, todo.id, 1, **CHANGE)

        assert get_todo(connection, ada, other.id) == other

    @pytest.mark.requirement("001-FR-013")
    def test_the_todo_of_another_account_stays_as_it_is(self, connection, ada, grace):
        todo = create_todo(connection, ada, title="Buy milk")

        assert update_todo(connection, grace, todo.id, 1, **CHANGE) is None
        assert get_todo(connection, ada, todo.id) == todo


class TestDeleteTodo:
    @pytest.mark.requirement("001-FR-010")
    def test_only_the_one_todo_is_gone(self, connection, ada):
        todo = create_todo(connection, ada, title="Buy milk")
        other = create_todo(connection, ada, title="Water the plants")

        assert delete_todo(connection, ada, todo.id, 1) is True
        assert list_todos(connection, ada, 10, None, None) == [other]

    @pytest.mark.requirement("001-FR-010")
    def test_a_todo_that_is_gone_cannot_be_deleted_again(self, connection, ada):
        todo = create_todo(connection, ada, title="Buy milk")
        delete_todo(connection, ada, todo.id, 1)

        assert delete_todo(connection, ada, todo.id, 1) is False

    @pytest.mark.requirement("001-FR-011")
    def test_a_stale_version_deletes_nothing(self, connection, ada):
        todo = create_todo(connection, ada, title="Buy milk")
        second = update_todo(connection, ada, todo.id, 1, **CHANGE)

        assert delete_todo(connection, ada, todo.id, 1) is False
        assert get_todo(connection, ada, todo.id) == second

    @pytest.mark.requirement("001-FR-013")
    def test_the_todo_of_another_account_stays(self, connection, ada, grace):
        todo = create_todo(connection, ada, title="Buy milk")

        assert delete_todo(connection, grace, todo.id, 1) is False
        assert get_todo(connection, ada, todo.id) == todo


class TestListTodos:
    @pytest.mark.requirement("001-FR-005")
    def test_the_newest_come_first_and_no_more_than_asked_for(self, connection, ada):
        days = [create_todo(connection, ada, title="Swim", created_at=NOON + timedelta(days=n)) for n in (1, 3, 2)]

        assert list_todos(connection, ada, 2, None, None) == [days[1], days[2]]

    @pytest.mark.requirement("001-FR-013")
    def test_the_todos_of_another_account_are_not_listed(self, connection, ada, grace):
        create_todo(connection, grace, title="Call Ada")
        mine = create_todo(connection, ada, title="Buy milk")

        assert list_todos(connection, ada, 10, None, None) == [mine]
        assert list_todos(connection, ada, 10, (NOON + timedelta(days=9999), UUID(int=0)), False) == [mine]

    @pytest.mark.requirement("001-FR-005", "001-FR-006", "001-FR-007")
    @pytest.mark.parametrize("completed", [None, True, False])
    def test_pages_of_todos_made_in_one_moment_hold_each_todo_once(self, connection, ada, completed):
        for number in range(14):
            create_todo(connection, ada, title="Swim", completed=number % 2 == 0, created_at=NOON)
        expected = list_todos(connection, ada, 100, None, completed)

        pages: list[Row[Any]] = []
        after = None
        while page := list_todos(connection, ada, 3, after, completed):
            pages += page
            after = (page[-1].created_at, page[-1].id)

        assert pages == expected
        assert [todo.id for todo in pages] == sorted({todo.id for todo in pages}, reverse=True)
        assert len(pages) == (14 if completed is None else 7)
        assert {todo.completed for todo in pages} == ({True, False} if completed is None else {completed})

    @pytest.mark.requirement("001-FR-016")
    @pytest.mark.parametrize(
        ("question", "columns"),
        [
            ((20, None, None), ["account_id"]),
            ((20, (NOON, uuid4()), None), ["account_id", "created_at", "id"]),
            ((20, None, False), ["account_id", "completed"]),
            ((20, (NOON, uuid4()), True), ["account_id", "completed", "created_at", "id"]),
        ],
        ids=["all", "all after", "active", "completed after"],
    )
    def test_a_page_is_read_from_an_index_in_its_order(self, connection, ada, statements, question, columns):
        add_many(connection, ada)

        list_todos(connection, ada, *question)

        index = "completed_created_at_id" if "completed" in columns else "created_at_id"
        assert lookup(connection, *statements[-1]) == (f"ix_todos_account_id_{index}", columns)


def add_many(connection: Connection, account: UUID) -> None:
    """As many todos as make an index worth its while, half of them before NOON, and the database knows it."""
    todo = {"account_id": account, "title": "Swim"}
    rows = []
    for number in range(-1000, 1000):
        moment = NOON + timedelta(minutes=number)
        rows.append({**todo, "id": uuid4(), "completed": number % 2 == 0, "created_at": moment, "updated_at": moment})
    connection.execute(insert(todos), rows)
    connection.exec_driver_sql("ANALYZE todos")


class TestEveryFunction:
    @pytest.mark.requirement("001-FR-016")
    def test_it_costs_one_statement(self, connection, ada, statements):
        todo = create_todo(connection, ada, title="Buy milk")
        get_todo(connection, ada, todo.id)
        list_todos(connection, ada, 20, (NOON, todo.id), True)
        update_todo(connection, ada, todo.id, 1, **CHANGE)
        delete_todo(connection, ada, todo.id, 2)

        assert [statement.split()[0] for statement, _ in statements] == [
            "INSERT",
            "SELECT",
            "SELECT",
            "UPDATE",
            "DELETE",
        ]


class TestTable:
    @pytest.mark.requirement("001-FR-004")
    def test_it_refuses_an_empty_title(self, connection, ada):
        with pytest.raises(IntegrityError, match="ck_todos_title_length"):
            create_todo(connection, ada, title="")

    def test_an_accounts_todos_go_with_it_and_nobody_elses(self, connection, ada, grace):
        for account in (ada, grace):
            create_todo(connection, account, title="Buy milk")

        connection.execute(delete(accounts).where(accounts.c.id == ada))

        assert connection.execute(select(todos.c.account_id)).scalars().all() == [grace]


class TestSeed:
    def test_the_demo_person_has_todos_of_every_kind(self, database):
        seed(database)

        with database.reading() as connection:
            person = find_account(connection, DEMO_EMAIL)
            assert person
            mine = list_todos(connection, person.id, 100, None, None)
        assert [todo.title for todo in mine] == [
            "Repair the garden gate",
            "Renew the library card",
            "Plan the summer trip",
            "Try the demo",
        ]
        assert [mine[0].created_at - todo.created_at for todo in mine] == [timedelta(minutes=n) for n in range(4)]
        assert {todo.completed for todo in mine} == {True, False}
        assert any(todo.description for todo in mine)
        assert any(todo.due_on for todo in mine)
