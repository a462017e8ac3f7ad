"""The application: its routes, its errors, its guard, its health. Knows every feature by its router."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio.to_thread import current_default_thread_limiter
from fastapi import APIRouter, FastAPI
from sqlalchemy.exc import SQLAlchemyError

from backend import browser, errors
from backend.accounts import routes as accounts
from backend.caller import AnyDatabase
from backend.contract import DOCUMENT, ContractRoute
from backend.errors import NotReady
from backend.generated.models import Health
from backend.settings import Settings
from backend.todos import routes as todos
from database.engine import READERS, Database
from database.migrate import is_current

health = APIRouter(tags=["health"], route_class=ContractRoute)
ROUTERS = (
    todos.router,
    accounts.router,
    health,
)


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
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # include_router hides their methods, and matches each request twice
    browser.install(app, settings.product_name)
    errors.install(app)
    app.middleware_stack = browser.Guard(app.build_middleware_stack())
    return app


@health.get("/healthz")
async def get_health() -> Health:
    return Health(status="ok")


@health.get("/readyz")
def get_readiness(database: AnyDatabase) -> Health:
    try:
        with database.reading() as connection:
            ready = is_current(connection)
    except SQLAlchemyError as error:
        raise NotReady("The database cannot be reached.") from error
    if not ready:
        raise NotReady("The database is not migrated. Restart the server.")
    return Health(status="ok")
