"""/api/v1/session. Knows HTTP and the service, no table."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from backend.accounts import service
from backend.caller import SESSION_COOKIE, AnyDatabase, SignedIn
from backend.contract import ContractRoute
from backend.generated.models import Account, Credentials

router = APIRouter(prefix="/api/v1/session", tags=["accounts"], route_class=ContractRoute)


class SessionCookie:
    """No script can read it, no other site can send it along with a write."""

    def __init__(self, response: Response, secure: bool) -> None:
        self._response, self._secure = response, secure

    def write(self, token: str, seconds: int) -> None:
        self._response.set_cookie(
            SESSION_COOKIE, token, seconds, path="/", secure=self._secure, httponly=True, samesite="lax"
        )


async def get_cookie(request: Request, response: Response) -> SessionCookie:
    return SessionCookie(response, request.app.state.settings.production)


Cookie = Annotated[SessionCookie, Depends(get_cookie)]


@router.post("", status_code=201)
def create_session(database: AnyDatabase, credentials: Credentials, cookie: Cookie) -> Account:
    account, token = service.create_session(database, credentials)
    cookie.write(token, int(service.SESSION_LASTS.total_seconds()))
    return account


@router.get("")
def get_session(caller: SignedIn) -> Account:
    return service.get_session(caller)


@router.delete("", status_code=204)
def delete_session(caller: SignedIn, cookie: Cookie) -> None:
    service.delete_session(caller)
    cookie.write("", 0)
