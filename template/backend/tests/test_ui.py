"""The built page and the documentation, as a browser gets them."""

import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend import errors, ui

PAGE = '<title>%PRODUCT_NAME%</title><meta name="product-name" content="%PRODUCT_NAME%">'


@pytest.fixture
def dist(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    (tmp_path / "favicon.svg").write_text("<svg/>", "utf-8")
    (tmp_path / "assets" / "index-abc.js").write_text("start()", "utf-8")
    return tmp_path


def serve(dist: Path, product_name: str = "My App") -> TestClient:
    app = FastAPI(docs_url=None, redoc_url=None)
    ui.install(app, product_name, dist)
    errors.install(app)
    return TestClient(app)


class TestPage:
    def test_the_products_name_is_text_and_never_markup(self, dist):
        response = serve(dist, '"><script>alert(1)</script> & 🥛').get("/")

        name = "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; 🥛"
        assert response.text == PAGE.replace("%PRODUCT_NAME%", name)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"

    def test_the_page_is_asked_for_again_and_its_assets_never(self, dist):
        client = serve(dist)

        page, asset, icon = client.get("/"), client.get("/assets/index-abc.js"), client.get("/favicon.svg")

        assert page.headers["Cache-Control"] == "no-cache"
        assert (asset.text, asset.headers["Cache-Control"]) == ("start()", "public, max-age=31536000, immutable")
        assert icon.headers["Content-Type"].startswith("image/svg+xml")

    @pytest.mark.parametrize("path", ["/", "/assets/index-abc.js", "/favicon.svg"])
    def test_before_it_is_built_nothing_is_found(self, tmp_path, path):
        response = serve(tmp_path / "nowhere").get(path)

        assert (response.status_code, response.json()["error_code"]) == (404, "NOT_FOUND")

    def test_the_sentence_says_how_to_build_it(self, tmp_path):
        assert serve(tmp_path).get("/").json()["detail"] == "The page is not built yet. Run `make run`."

    @pytest.mark.parametrize("path", ["..%2Findex.html", "%2E%2E/index.html", "%2Fetc%2Fpasswd", "..%5Cindex.html"])
    def test_nothing_outside_the_assets_is_served(self, dist, path):
        assert serve(dist).get(f"/assets/{path}").status_code == 404


class TestDocs:
    def test_everything_comes_from_here(self, visitor):
        html = visitor.get("/docs").text

        addresses = re.findall(r"""(?:src|href)="([^"]+)"|url: '([^']+)'""", html)
        assert [visitor.get(one or other).status_code for one, other in addresses] == [200] * 4

    def test_its_one_script_may_run_and_no_other(self, visitor):
        response = visitor.get("/docs")

        scripts = re.findall("<script>(.*?)</script>", response.text, re.DOTALL)
        digests = [f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'" for script in scripts]
        policy = response.headers["Content-Security-Policy"]
        assert re.findall("script-src ([^;]+)", policy) == [f"'self' {digests[0]}"]
        assert len(digests) == 1
