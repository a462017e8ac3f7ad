"""The application around its features: settings, start-up, health, and what a browser gets and may not do."""

import json
import re
import socket
from base64 import b64encode
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from backend import browser, errors
from backend.__main__ import listen, prepare
from backend.accounts import service
from backend.browser import HEADERS
from backend.generated.models import ErrorCode
from backend.main import create_app
from backend.settings import Settings, read_settings
from backend.tests.conftest import refusal
from database import accounts, seed
from database.engine import Database, UnusableDatabase
from tools.databases import empty_database

ROOT = Path(__file__).parents[2]


class TestSettings:
    def test_the_example_lists_exactly_the_settings(self):
        example = next(path for path in (ROOT / ".env.example", ROOT / ".env.example.jinja") if path.exists())

        names = re.findall(r"^#? ?([A-Z_]+)=", example.read_text("utf-8"), re.MULTILINE)

        assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)

    @pytest.mark.requirement("002-FR-017")
    @pytest.mark.parametrize(
        ("name", "value", "sentence"),
        [
            ("PORT", "abc", "PORT must be a number from 1 to 65535, or 0 for any free port; it is 'abc'."),
            ("PORT", "65536", "PORT must be a number from 1 to 65535, or 0 for any free port; it is '65536'."),
            ("APP_ENV", "staging", "APP_ENV must be development or production; it is 'staging'."),
        ],
    )
    def test_a_wrong_value_gets_one_sentence(self, monkeypatch, name, value, sentence):
        monkeypatch.setenv(name, value)

        with pytest.raises(SystemExit) as refused:
            read_settings()

        assert refused.value.code == f"{sentence} Change it in the environment or in .env."

    def test_without_a_word_it_is_production(self, monkeypatch, tmp_path):
        monkeypatch.delenv("APP_ENV", raising=False)
        monkeypatch.setitem(Settings.model_config, "env_file", tmp_path / "none")

        assert Settings().production


class TestStart:
    @pytest.mark.requirement("002-FR-017")
    def test_a_taken_port_gets_one_sentence(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]

            with pytest.raises(SystemExit) as refused:
                listen("127.0.0.1", port)

        assert re.fullmatch(
            rf"Cannot listen on HOST 127.0.0.1, PORT {port}: .+\. Set another one, like PORT=8001\.",
            str(refused.value.code),
        )

    @pytest.mark.requirement("002-FR-016")
    def test_an_empty_database_is_seeded_in_development_only(self, settings):
        prepare(settings)
        in_production = has_demo(settings)
        prepare(settings.model_copy(update={"app_env": "development"}))

        assert (in_production, has_demo(settings)) == (False, True)

    @pytest.mark.requirement("002-FR-016")
    def test_production_refuses_the_person_whose_password_everybody_knows(self, settings):
        prepare(settings.model_copy(update={"app_env": "development"}))

        with pytest.raises(SystemExit) as refused:
            prepare(settings)

        assert str(refused.value.code).startswith("APP_ENV is production, but demo@example.com,")

    @pytest.mark.requirement("002-FR-017")
    @pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/app", "sqlite://"])
    def test_an_address_that_is_no_database_gets_one_sentence(self, settings, url):
        with pytest.raises(UnusableDatabase, match=r"^DATABASE_URL must name a SQLite file, like .+\.$"):
            prepare(settings.model_copy(update={"database_url": url}))


@pytest.mark.requirement("002-FR-018")
class TestGetHealth:
    def test_it_needs_no_database(self, visitor, statements):
        response = visitor.get("/healthz")

        assert (response.status_code, response.json(), statements) == (200, {"status": "ok"}, [])


@pytest.mark.requirement("002-FR-018")
class TestGetReadiness:
    def test_a_migrated_database_is_ready(self, visitor):
        response = visitor.get("/readyz")

        assert (response.status_code, response.json()) == (200, {"status": "ok"})

    def test_a_database_that_is_not_migrated_is_not_ready(self, settings, tmp_path):
        with empty_database(tmp_path) as url:
            answer = readiness(settings, url)

        assert answer == (503, "NOT_READY", "The database is not migrated. Restart the server.")

    @pytest.mark.parametrize("url", ["sqlite:///{}/notes.txt", "postgresql://localhost:1/app"])
    def test_a_database_that_cannot_be_reached_is_not_ready(self, settings, tmp_path, url):
        (tmp_path / "notes.txt").write_bytes(b"no database" * 100)

        answer = readiness(settings, url.format(tmp_path.as_posix()))

        assert answer == (503, "NOT_READY", "The database cannot be reached.")


def readiness(settings: Settings, url: str) -> tuple[int, str, str]:
    with TestClient(create_app(settings.model_copy(update={"database_url": url}))) as client:
        response = client.get("/readyz")
    return response.status_code, response.json()["error_code"], response.json()["detail"]


def has_demo(settings: Settings) -> bool:
    with closing(Database(settings.database_url)) as database, database.reading() as connection:
        return accounts.find_account(connection, seed.DEMO_EMAIL) is not None


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


SESSION = "/api/v1/session"


class TestGuard:
    @pytest.mark.parametrize("path", ["/healthz", "/", "/nowhere", SESSION, "/assets/nothing.js", "/docs"])
    def test_every_answer_forbids_what_is_not_ours(self, visitor, path):
        headers = visitor.get(path).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert {name: headers[name] for name in HEADERS} == {
            **HEADERS,
            "Content-Security-Policy": headers["Content-Security-Policy"],
        }

    def test_no_cache_keeps_what_belongs_to_a_person(self, ada):
        assert ada.get(SESSION).headers["Cache-Control"] == "no-store"

    @pytest.mark.requirement("002-FR-010")
    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "https://my.app.evil.example", "https://my.app:8000", "null", "", "my.app"]
    )
    def test_a_write_from_another_origin_is_refused(self, ada, origin):
        response = ada.delete(SESSION, headers={"Origin": origin})

        assert refusal(response) == (403, "FORBIDDEN_ORIGIN")
        assert ada.get(SESSION, headers={"Origin": origin}).status_code == 200

    @pytest.mark.requirement("002-FR-010")
    def test_without_a_host_no_origin_is_the_own(self, ada):
        response = ada.delete(SESSION, headers={"Host": "", "Origin": "null"})

        assert refusal(response) == (403, "FORBIDDEN_ORIGIN")

    @pytest.mark.parametrize("origin", ["https://my.app", "https://MY.APP", "https://my.app:443"])
    def test_a_write_from_the_own_origin_is_taken(self, ada, origin):
        response = ada.delete(SESSION, headers={"Origin": origin})

        assert response.status_code == 204


class TestErrors:
    @pytest.mark.parametrize("path", ["/nowhere", f"{SESSION}/", "/healthz/", "/healthz%0A", "/redoc", "/assets/%00"])
    def test_an_unknown_path_is_not_found_and_never_a_redirect(self, visitor, path):
        assert refusal(visitor.get(path, follow_redirects=False)) == (404, "NOT_FOUND")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PATCH", SESSION, "DELETE, GET, POST"),
            ("OPTIONS", SESSION, "DELETE, GET, POST"),
            ("TRACE", SESSION, "DELETE, GET, POST"),
            ("PUT", SESSION, "DELETE, GET, POST"),
            ("POST", "/healthz", "GET"),
            ("POST", "/", "GET, HEAD"),
            ("POST", "/assets/nothing.js", "GET, HEAD"),
            ("MILK", SESSION, "DELETE, GET, POST"),
        ],
    )
    def test_a_wrong_method_is_told_the_right_ones(self, visitor, method, path, allowed):
        response = visitor.request(method, path)

        assert (*refusal(response), response.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", allowed)

    def test_a_failure_is_told_to_the_log_and_not_to_the_caller(self, ada, monkeypatch):
        def fail(*_arguments):
            raise RuntimeError("the milk is sour")

        monkeypatch.setattr(service, "get_session", fail)

        response = ada.get(SESSION)

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
