"""What a browser gets: the built page, the documentation, headers, and no write from another origin."""

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend import browser, errors
from backend.browser import HEADERS
from backend.generated.models import ErrorCode
from backend.tests.conftest import refusal
from backend.todos import service

PAGE = '<title>%PRODUCT_NAME%</title><meta name="product-name" content="%PRODUCT_NAME%">'


@pytest.fixture
def dist(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(PAGE, "utf-8")
    (tmp_path / "assets" / "index-abc.js").write_text("start()", "utf-8")
    return tmp_path


def serve(dist: Path, product_name: str = "My App") -> TestClient:
    app = FastAPI(docs_url=None, redoc_url=None)
    browser.install(app, product_name, dist)
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

        page, asset = client.get("/"), client.get("/assets/index-abc.js")

        assert page.headers["Cache-Control"] == "no-cache"
        assert (asset.text, asset.headers["Cache-Control"]) == ("start()", "public, max-age=31536000, immutable")

    @pytest.mark.parametrize("path", ["/", "/assets/index-abc.js"])
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


TODOS = "/api/v1/todos"


class TestGuard:
    @pytest.mark.parametrize("path", ["/healthz", "/", "/nowhere", "/api/v1/todos", "/assets/nothing.js", "/docs"])
    def test_every_answer_forbids_what_is_not_ours(self, visitor, path):
        headers = visitor.get(path).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert {name: headers[name] for name in HEADERS} == {
            **HEADERS,
            "Content-Security-Policy": headers["Content-Security-Policy"],
        }

    def test_no_cache_keeps_what_belongs_to_a_person(self, ada):
        assert ada.get(TODOS).headers["Cache-Control"] == "no-store"

    @pytest.mark.requirement("002-FR-010")
    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "https://my.app.evil.example", "https://my.app:8000", "null", "", "my.app"]
    )
    def test_a_write_from_another_origin_is_refused(self, ada, origin):
        response = ada.post(TODOS, json={"title": "Buy milk"}, headers={"Origin": origin})

        assert refusal(response) == (403, "FORBIDDEN_ORIGIN")
        assert ada.get(TODOS, headers={"Origin": origin}).json()["items"] == []

    @pytest.mark.requirement("002-FR-010")
    def test_without_a_host_no_origin_is_the_own(self, ada):
        response = ada.post(TODOS, json={"title": "Buy milk"}, headers={"Host": "", "Origin": "null"})

        assert refusal(response) == (403, "FORBIDDEN_ORIGIN")

    @pytest.mark.parametrize("origin", ["https://my.app", "https://MY.APP", "https://my.app:443"])
    def test_a_write_from_the_own_origin_is_taken(self, ada, origin):
        response = ada.post(TODOS, json={"title": "Buy milk"}, headers={"Origin": origin})

        assert response.status_code == 201


class TestErrors:
    @pytest.mark.parametrize(
        "path", ["/nowhere", "/api/v1/todos/", "/healthz/", "/healthz%0A", "/redoc", "/assets/%00"]
    )
    def test_an_unknown_path_is_not_found_and_never_a_redirect(self, visitor, path):
        assert refusal(visitor.get(path, follow_redirects=False)) == (404, "NOT_FOUND")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PATCH", TODOS, "GET, POST"),
            ("OPTIONS", TODOS, "GET, POST"),
            ("TRACE", f"{TODOS}/7", "DELETE, GET, PUT"),
            ("PUT", "/api/v1/session", "DELETE, GET, POST"),
            ("POST", "/healthz", "GET"),
            ("POST", "/", "GET, HEAD"),
            ("POST", "/assets/nothing.js", "GET, HEAD"),
            ("MILK", TODOS, "GET, POST"),
        ],
    )
    def test_a_wrong_method_is_told_the_right_ones(self, visitor, method, path, allowed):
        response = visitor.request(method, path)

        assert (*refusal(response), response.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", allowed)

    @pytest.mark.requirement("001-FR-014")
    def test_a_failure_is_told_to_the_log_and_not_to_the_caller(self, ada, monkeypatch):
        def fail(*_arguments):
            raise RuntimeError("the milk is sour")

        monkeypatch.setattr(service, "list_todos", fail)

        response = ada.get(TODOS)

        assert response.status_code == 500
        assert response.json() == {"detail": errors.InternalError.detail, "error_code": "INTERNAL_ERROR"}
        assert response.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]

    def test_every_error_code_of_the_contract_has_one_class(self):
        codes = [refused.error_code for refused in errors.Refused.__subclasses__()]

        assert sorted(codes) == sorted(ErrorCode)

    def test_every_sentence_is_for_people(self):
        for refused in errors.Refused.__subclasses__():
            body = json.loads(bytes(errors.answer(refused(1) if refused is errors.RateLimited else refused()).body))

            assert body == {"detail": refused.detail, "error_code": refused.error_code}
            assert refused.detail.endswith(".")
