"""Who is asking. Resolved on the connection that does the work, so that a request costs one hop. Knows no feature."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie
from sqlalchemy import Connection

from backend.errors import Unauthenticated
from database import accounts
from database.engine import Database

SESSION_COOKIE = "session"


class Caller:
    def __init__(self, database: Database, token: str) -> None:
        self._database, self.token_hash = database, hash_token(token)

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, UUID]]:
        """A connection and the account, no transaction. Raises Unauthenticated."""
        with self._database.reading() as connection:
            yield connection, self._identify(connection)

    @contextmanager
    def writing(self) -> Iterator[tuple[Connection, UUID]]:
        """The same in one transaction: committed at the end of the block, rolled back when it raises."""
        with self._database.writing() as connection:
            yield connection, self._identify(connection)

    def _identify(self, connection: Connection) -> UUID:
        account_id = accounts.find_signed_in(connection, self.token_hash, datetime.now(UTC))
        if account_id is None:
            raise Unauthenticated
        return account_id


def hash_token(token: str) -> str:
    """What is stored: who reads the database cannot sign in with it."""
    return sha256(token.encode()).hexdigest()


async def get_database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


AnyDatabase = Annotated[Database, Depends(get_database)]
cookie = APIKeyCookie(name=SESSION_COOKIE, scheme_name="session", auto_error=False)


async def get_caller(database: AnyDatabase, token: Annotated[str | None, Security(cookie)]) -> Caller:
    return Caller(database, token or "")


SignedIn = Annotated[Caller, Depends(get_caller)]
