"""What a browser gets and is held to: the built page, /docs, headers, its own origin. Knows no feature."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.errors import ForbiddenOrigin, NotFound, answer

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


DIST = Path(__file__).parents[1] / "frontend" / "dist"
FOREVER = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Their names hold a hash of their content, so a browser never needs to ask again."""

    async def check_config(self) -> None:
        """Before the page is built there is no folder: then nothing is found, and nothing fails."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = FOREVER
        return response


def install(app: FastAPI, product_name: str, dist: Path = DIST) -> None:
    def page(_request: Request) -> Response:
        index = dist / "index.html"
        if not index.is_file():
            raise NotFound("The page is not built yet. Run `make run`.")
        html = index.read_text("utf-8").replace("%PRODUCT_NAME%", escape(product_name))
        return HTMLResponse(html, headers={"Cache-Control": "no-cache"})

    async def docs(_request: Request) -> Response:
        return HTMLResponse(DOCS, headers={"Content-Security-Policy": DOCS_POLICY})

    app.add_route("/", page)
    app.add_route("/docs", docs)
    app.mount("/docs/files", StaticFiles(packages=[("fastapi_offline", "static")]))
    app.mount("/assets", Assets(directory=dist / "assets", check_dir=False))


def swagger_ui() -> tuple[str, str]:
    """The page, and a policy that lets its one inline script run, and the pictures in its style sheet be seen."""
    html = bytes(
        get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="API",
            swagger_js_url="/docs/files/swagger-ui-bundle.js",
            swagger_css_url="/docs/files/swagger-ui.css",
            swagger_favicon_url="/docs/files/favicon.png",
        ).body
    ).decode()
    script = re.search("<script>(.*?)</script>", html, re.DOTALL)
    digest = b64encode(sha256(script[1].encode()).digest()).decode() if script else ""
    return html, f"{POLICY}; script-src 'self' 'sha256-{digest}'; img-src 'self' data:"


DOCS, DOCS_POLICY = swagger_ui()
