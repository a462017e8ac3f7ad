"""The todos table and what can be asked of it. Knows no HTTP and no rule of the business.

Every function takes the account first: another account's todos do not exist for it.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    Row,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    delete,
    false,
    insert,
    select,
    text,
    tuple_,
    update,
)

from database.schema import Moment, metadata

todos = Table(
    "todos",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("description", String(2000)),
    Column("completed", Boolean, nullable=False, server_default=false()),
    Column("due_on", Date),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    CheckConstraint("length(title) BETWEEN 1 AND 200", name="title_length"),
    CheckConstraint("length(description) <= 2000", name="description_length"),
    CheckConstraint("version >= 1", name="version_positive"),
    Index(None, "account_id", "created_at", "id"),  # both lists read their index backwards: the newest first
    Index(None, "account_id", "completed", "created_at", "id"),
)
NEWEST_FIRST = (todos.c.created_at.desc(), todos.c.id.desc())

PUBLIC = [column for column in todos.c if column.name != "account_id"]
MINE = todos.c.account_id == bindparam("owner")
THIS = todos.c.id == bindparam("todo")
UNCHANGED = todos.c.version == bindparam("seen")
OF_THIS_KIND = todos.c.completed == bindparam("kind")
LAST = tuple_(bindparam("last_created_at", type_=Moment), bindparam("last_id", type_=Uuid))
OLDER = tuple_(todos.c.created_at, todos.c.id) < LAST

PAGE: Select[*tuple[Any, ...]] = select(*PUBLIC).where(MINE).order_by(*NEWEST_FIRST).limit(bindparam("size"))
PAGES = {
    (False, False): PAGE,
    (False, True): PAGE.where(OLDER),
    (True, False): PAGE.where(OF_THIS_KIND),
    (True, True): PAGE.where(OF_THIS_KIND, OLDER),
}
ONE = select(*PUBLIC).where(MINE, THIS)
NEW = insert(todos).returning(*PUBLIC)
CHANGE = update(todos).where(MINE, THIS, UNCHANGED).values(version=todos.c.version + 1).returning(*PUBLIC)
REMOVE = delete(todos).where(MINE, THIS, UNCHANGED)


def list_todos(
    connection: Connection, account_id: UUID, limit: int, after: tuple[datetime, UUID] | None, completed: bool | None
) -> Sequence[Row[Any]]:
    """At most `limit` rows, the newest first; those that follow the position `after` (created_at, id)."""
    values: dict[str, object] = {"owner": account_id, "size": limit}
    if completed is not None:
        values["kind"] = completed
    if after is not None:
        values["last_created_at"], values["last_id"] = after
    return connection.execute(PAGES[completed is not None, after is not None], values).all()


def get_todo(connection: Connection, account_id: UUID, todo_id: UUID) -> Row[Any] | None:
    return connection.execute(ONE, {"owner": account_id, "todo": todo_id}).first()


def create_todo(connection: Connection, account_id: UUID, **fields: object) -> Row[Any]:
    """`fields` are columns by name; `title` is needed."""
    now = datetime.now(UTC)
    new = {"id": uuid4(), "account_id": account_id, "created_at": now, "updated_at": now, **fields}
    return connection.execute(NEW, new).one()


def update_todo(
    connection: Connection, account_id: UUID, todo_id: UUID, version: int, **fields: object
) -> Row[Any] | None:
    """The changed row; None when no such todo of this account stands at this version."""
    where = {"owner": account_id, "todo": todo_id, "seen": version}
    return connection.execute(CHANGE, {**where, "updated_at": datetime.now(UTC), **fields}).first()


def delete_todo(connection: Connection, account_id: UUID, todo_id: UUID, version: int) -> bool:
    """False when no such todo of this account stands at this version."""
    return connection.execute(REMOVE, {"owner": account_id, "todo": todo_id, "seen": version}).rowcount == 1


def create_examples(connection: Connection, account_id: UUID) -> None:
    """A todo of every kind, a minute apart: what the demo person begins with."""
    now = datetime.now(UTC)
    today = now.date()
    oldest_first: list[dict[str, object]] = [
        {"title": "Try the demo", "completed": True},
        {"title": "Plan the summer trip", "due_on": today + timedelta(days=30)},
        {"title": "Renew the library card", "due_on": today + timedelta(days=1)},
        {"title": "Repair the garden gate", "description": "Two hinges and a new latch."},
    ]
    for minutes_ago, fields in zip(reversed(range(len(oldest_first))), oldest_first, strict=True):
        moment = now - timedelta(minutes=minutes_ago)
        create_todo(connection, account_id, created_at=moment, updated_at=moment, **fields)
