"""Is the process alive, can it work. Knows no feature."""

from fastapi import APIRouter
from sqlalchemy.exc import SQLAlchemyError

from backend.caller import AnyDatabase
from backend.contract import ContractRoute
from backend.errors import NotReady
from backend.generated.models import Health
from database.migrate import is_current

router = APIRouter(tags=["health"], route_class=ContractRoute)


@router.get("/healthz")
async def get_health() -> Health:
    return Health(status="ok")


@router.get("/readyz")
def get_readiness(database: AnyDatabase) -> Health:
    try:
        with database.reading() as connection:
            ready = is_current(connection)
    except SQLAlchemyError as error:
        raise NotReady("The database cannot be reached.") from error
    if not ready:
        raise NotReady("The database is not migrated. Restart the server.")
    return Health(status="ok")
