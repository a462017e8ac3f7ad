"""The built page and the API's documentation, for a browser. Knows frontend/dist, no feature."""

import re
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from backend.errors import NotFound
from backend.security import POLICY

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
