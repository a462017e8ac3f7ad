"""What a server needs to start, and the one sentence it says otherwise. Knows the documented commands only."""

from subprocess import CompletedProcess

import httpx2
import pytest

ADA = ("ada@example.com", "ada-password")


def refusal(done: CompletedProcess[str]) -> str:
    """The one sentence of a command that refused."""
    assert done.returncode not in (0, None)
    assert "Traceback" not in done.stdout + done.stderr
    (sentence,) = done.stderr.strip().splitlines()
    assert sentence.endswith(".")
    return sentence


class TestDevelopment:
    @pytest.mark.requirement("002-FR-016")
    def test_a_new_database_is_migrated_and_has_the_demo_person(self, start, sign_in, new_database):
        server = start(new_database).wait_until_ready()

        person = sign_in(server.url).get("/api/v1/session").json()

        assert person["email"] == "demo@example.com"
        assert server.url in server.log

    def test_the_demo_person_has_todos(self, start, sign_in, new_database):
        server = start(new_database).wait_until_ready()

        assert len(sign_in(server.url).get("/api/v1/todos").json()["items"]) >= 2

    def test_a_restart_does_not_bring_deleted_examples_back(self, start, sign_in, new_database):
        first = start(new_database).wait_until_ready()
        demo = sign_in(first.url)
        for todo in demo.get("/api/v1/todos").json()["items"]:
            demo.delete(f"/api/v1/todos/{todo['id']}", headers={"If-Match": f'"{todo["version"]}"'}).raise_for_status()
        first.stop()

        again = sign_in(start(new_database).wait_until_ready().url)

        assert again.get("/api/v1/todos").json() == {"items": [], "next_cursor": None}


class TestProduction:
    @pytest.mark.requirement("002-FR-016")
    def test_it_refuses_to_start_with_the_demo_person(self, start, run, new_database):
        start(new_database).wait_until_ready().stop()

        done = run("backend", APP_ENV="production", DATABASE_URL=new_database, PORT="0")

        assert "demo@example.com" in refusal(done)

    @pytest.mark.requirement("002-FR-002", "002-FR-015")
    def test_a_created_account_signs_in_with_a_cookie_for_https_only(self, start, run, new_database):
        server = start(new_database, APP_ENV="production").wait_until_ready()
        made = run("backend.accounts", ADA[0], stdin=f"{ADA[1]}\n", DATABASE_URL=new_database, APP_ENV="production")

        answer = httpx2.post(
            f"{server.url}/api/v1/session", json={"email": ADA[0], "password": ADA[1]}, trust_env=False
        )

        assert (made.returncode, answer.status_code) == (0, 201), made.stderr
        assert {"Secure", "HttpOnly"} <= {part.strip() for part in answer.headers["set-cookie"].split(";")}

    @pytest.mark.requirement("002-FR-016")
    def test_an_empty_database_stays_empty(self, start, new_database):
        server = start(new_database, APP_ENV="production").wait_until_ready()

        answer = httpx2.post(
            f"{server.url}/api/v1/session",
            json={"email": "demo@example.com", "password": "demo-password"},
            trust_env=False,
        )

        assert answer.status_code == 401


@pytest.mark.requirement("002-FR-017")
class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("PORT", "eight"),
            ("PORT", "70000"),
            ("APP_ENV", "staging"),
            ("DATABASE_URL", "no database"),
            ("DATABASE_URL", "oracle://localhost/app"),
            ("DATABASE_URL", "postgresql://localhost:1/app"),
            ("HOST", "300.300.300.300"),
        ],
    )
    def test_a_bad_setting_is_named_in_one_sentence(self, run, new_database, name, value):
        settings = {"APP_ENV": "development", "DATABASE_URL": new_database, "PORT": "0", name: value}

        done = run("backend", **settings)

        assert name in refusal(done)

    def test_a_taken_port_is_named_in_one_sentence(self, start, run, tmp_path, new_database):
        server = start(new_database).wait_until_ready()
        port = server.environment["PORT"]

        done = run("backend", **{**server.environment, "PORT": port})

        assert port in refusal(done)

    def test_a_database_that_cannot_be_opened_is_named_in_one_sentence(self, run, tmp_path):
        done = run("backend", APP_ENV="development", DATABASE_URL=f"sqlite:///{tmp_path.as_posix()}", PORT="0")

        assert "DATABASE_URL" in refusal(done)


@pytest.mark.requirement("002-FR-018")
class TestReadiness:
    def test_a_server_is_ready_only_while_its_database_is_at_the_newest_revision(self, start, run, new_database):
        server = start(new_database).wait_until_ready()

        def health() -> list[tuple[int, str | None]]:
            answers = [httpx2.get(f"{server.url}{path}", trust_env=False) for path in ("/healthz", "/readyz")]
            return [(answer.status_code, answer.json().get("error_code")) for answer in answers]

        down = run("database.migrate", "--down", "0001", DATABASE_URL=new_database)
        behind = health()
        up = run("database.migrate", DATABASE_URL=new_database)

        assert (down.returncode, up.returncode) == (0, 0), down.stderr + up.stderr
        assert behind == [(200, None), (503, "NOT_READY")]
        assert health() == [(200, None), (200, None)]


@pytest.mark.requirement("002-FR-015")
class TestAccountCommand:
    @pytest.fixture
    def create(self, run, new_database):
        return lambda email, password: run("backend.accounts", email, stdin=f"{password}\n", DATABASE_URL=new_database)

    def test_it_makes_an_account_once(self, create):
        first, second = create(*ADA), create("ADA@example.com", "another-password")

        assert (first.returncode, "ada@example.com" in first.stdout, "Traceback" in first.stderr) == (0, True, False)
        assert "ada@example.com" in refusal(second).lower()

    @pytest.mark.parametrize("email", ["ada", "", "a da@example.com", "a" * 250 + "@b.cd"])
    def test_a_bad_email_is_refused_in_one_sentence(self, create, email):
        assert "email" in refusal(create(email, "ada-password")).lower()

    @pytest.mark.parametrize("password", ["", "a" * 7, "a" * 201, "pass\0word-long"])
    def test_a_bad_password_is_refused_in_one_sentence(self, create, password):
        assert "password" in refusal(create("ada@example.com", password)).lower()
