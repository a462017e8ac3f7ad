"""Settings, start-up and health: what a person who runs the server is told."""

import re
import socket
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from backend.__main__ import listen, prepare
from backend.main import create_app
from backend.settings import Settings, read_settings
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
