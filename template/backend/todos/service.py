"""What a person can do with todos. Knows tables, knows nothing of HTTP."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import UUID

from backend.caller import Caller
from backend.errors import NotFound, VersionConflict
from backend.generated.models import NewTodo, Todo, TodoChange, TodoPage
from database import todos

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATEST = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MICROSECOND


def list_todos(caller: Caller, limit: int, after: str | None, completed: bool | None) -> TodoPage:
    """The newest first; `after` is the `next_cursor` of the page before."""
    place = read_cursor(after) if after else None
    with caller.reading() as (connection, account_id):
        rows = todos.list_todos(connection, account_id, limit + 1, place, completed)
    page = rows[:limit]
    following = cursor_of(page[-1].created_at, page[-1].id) if len(rows) > limit else None
    return TodoPage.model_validate({"items": [row._asdict() for row in page], "next_cursor": following})


def get_todo(caller: Caller, todo_id: UUID) -> Todo:
    with caller.reading() as (connection, account_id):
        row = todos.get_todo(connection, account_id, todo_id)
    if row is None:
        raise NotFound
    return Todo.model_validate(row._asdict())


def create_todo(caller: Caller, new: NewTodo) -> Todo:
    with caller.writing() as (connection, account_id):
        row = todos.create_todo(connection, account_id, **new.model_dump())
    return Todo.model_validate(row._asdict())


def update_todo(caller: Caller, todo_id: UUID, version: int, change: TodoChange) -> Todo:
    with caller.writing() as (connection, account_id):
        row = todos.update_todo(connection, account_id, todo_id, version, **change.model_dump())
        if row is None:
            raise VersionConflict if todos.get_todo(connection, account_id, todo_id) else NotFound
    return Todo.model_validate(row._asdict())


def delete_todo(caller: Caller, todo_id: UUID, version: int) -> None:
    with caller.writing() as (connection, account_id):
        if not todos.delete_todo(connection, account_id, todo_id, version):
            raise VersionConflict if todos.get_todo(connection, account_id, todo_id) else NotFound


def cursor_of(created_at: datetime, todo_id: UUID) -> str:
    """32 characters: the time in microseconds since 1970 in 8 bytes, then the id in 16."""
    return urlsafe_b64encode(((created_at - EPOCH) // MICROSECOND).to_bytes(8) + todo_id.bytes).decode()


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Any 24 bytes are a place in the list, whether a todo stands there or not. The latest time is Python's own."""
    place = urlsafe_b64decode(cursor)
    return EPOCH + MICROSECOND * min(int.from_bytes(place[:8]), LATEST), UUID(bytes=place[8:])
