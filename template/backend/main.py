"""The application: its routes, its errors, its guard. Knows every feature by its router."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI

from backend import errors, health, ui
from backend.accounts import routes as accounts
from backend.contract import DOCUMENT
from backend.security import Guard
from backend.settings import Settings
from backend.todos import routes as todos
from database.engine import READERS, Database


class App(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """The contract itself, not what FastAPI reads out of the routes; a test compares the two."""
        return DOCUMENT


def create_app(settings: Settings) -> FastAPI:
    """Raises UnusableDatabase. The database is expected to be migrated."""
    database = Database(settings.database_url)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = READERS  # a thread never waits for a connection
        yield
        database.close()

    app = App(lifespan=lifespan, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.settings, app.state.database = settings, database
    for router in (todos.router, accounts.router, health.router):
        app.router.routes.extend(router.routes)  # include_router hides their methods, and matches each request twice
    ui.install(app, settings.product_name)
    errors.install(app)
    app.middleware_stack = Guard(app.build_middleware_stack())
    return app
