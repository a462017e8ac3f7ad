"""/api/v1/todos. Knows HTTP and the service, no table."""

import re
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Response

from backend.caller import SignedIn
from backend.contract import ContractRoute
from backend.generated.models import NewTodo, Todo, TodoChange, TodoPage
from backend.todos import service

router = APIRouter(prefix="/api/v1/todos", tags=["todos"], route_class=ContractRoute)

ETAG = re.compile('"([1-9][0-9]{0,17})"')


async def read_version(if_match: Annotated[str, Header()]) -> int:
    """0, at which no todo stands, when If-Match is no ETag of ours."""
    etag = ETAG.fullmatch(if_match)
    return int(etag[1]) if etag else 0


Version = Annotated[int, Depends(read_version)]


def tagged(todo: Todo, response: Response) -> Todo:
    response.headers["ETag"] = f'"{todo.version}"'
    return todo


@router.get("")
def list_todos(caller: SignedIn, limit: int = 20, cursor: str | None = None, completed: bool | None = None) -> TodoPage:
    return service.list_todos(caller, limit, cursor, completed)


@router.post("", status_code=201)
def create_todo(caller: SignedIn, new: NewTodo, response: Response) -> Todo:
    todo = service.create_todo(caller, new)
    response.headers["Location"] = f"{router.prefix}/{todo.id}"
    return tagged(todo, response)


@router.get("/{todo_id}")
def get_todo(caller: SignedIn, todo_id: UUID, response: Response) -> Todo:
    return tagged(service.get_todo(caller, todo_id), response)


@router.put("/{todo_id}")
def update_todo(caller: SignedIn, todo_id: UUID, version: Version, change: TodoChange, response: Response) -> Todo:
    return tagged(service.update_todo(caller, todo_id, version, change), response)


@router.delete("/{todo_id}", status_code=204)
def delete_todo(caller: SignedIn, todo_id: UUID, version: Version) -> None:
    service.delete_todo(caller, todo_id, version)
