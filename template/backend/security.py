"""What every answer and every write must keep to in a browser: headers, and the origin. Knows no feature."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import ForbiddenOrigin, answer

SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """The outermost layer: its headers are on the answer to an unhandled exception, too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        app = answer(ForbiddenOrigin()) if is_foreign(scope) else self._app
        await app(scope, receive, send_with_headers)


def is_foreign(scope: Scope) -> bool:
    """A write that a page of another origin sent. A program that is no browser sends no Origin."""
    if scope["method"] in SAFE_METHODS:
        return False
    headers = Headers(scope=scope)
    host = headers.get("host", "").lower()
    return any(not is_own(origin.lower(), host) for origin in headers.getlist("origin"))


def is_own(origin: str, host: str) -> bool:
    scheme, _, authority = origin.partition("://")
    port = DEFAULT_PORTS.get(scheme, "")
    return bool(authority) and authority.removesuffix(port) == host.removesuffix(port)
