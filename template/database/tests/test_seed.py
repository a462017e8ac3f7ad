from datetime import timedelta

import pytest
from sqlalchemy import select

from database import seed
from database.accounts import accounts, create_account, find_account, verify_password
from database.engine import Database
from database.todos import list_todos, todos


def everything(database: Database) -> list[object]:
    with database.reading() as connection:
        return [connection.execute(select(table)).all() for table in (accounts, todos)]


class TestSeed:
    def test_the_demo_person_can_sign_in_and_has_todos_of_every_kind(self, database):
        assert seed.seed(database) is True

        with database.reading() as connection:
            person = find_account(connection, seed.DEMO_EMAIL)
            assert person
            mine = list_todos(connection, person.id, 100, None, None)
        assert verify_password(person.password_hash, seed.DEMO_PASSWORD)
        assert [todo.title for todo in mine] == [
            "Repair the garden gate",
            "Renew the library card",
            "Plan the summer trip",
            "Try the demo",
        ]
        assert [mine[0].created_at - todo.created_at for todo in mine] == [timedelta(minutes=n) for n in range(4)]
        assert {todo.completed for todo in mine} == {True, False}
        assert any(todo.description for todo in mine)
        assert any(todo.due_on for todo in mine)

    def test_a_second_time_it_changes_nothing(self, database):
        seed.seed(database)
        before = everything(database)

        assert seed.seed(database) is False
        assert everything(database) == before

    def test_a_database_with_one_account_is_left_alone(self, database):
        with database.writing() as connection:
            create_account(connection, "ada@example.com", "hash")
        before = everything(database)

        assert seed.seed(database) is False
        assert everything(database) == before


class TestMain:
    def test_it_migrates_seeds_once_and_says_so(self, tmp_path, monkeypatch):
        url = f"sqlite:///{tmp_path.as_posix()}/var/app.db"
        monkeypatch.setenv("DATABASE_URL", url)

        said = [seed.main(), seed.main()]

        assert said == [
            f"{url}: seeded. Sign in as demo@example.com, password demo-password.",
            f"{url}: has accounts already, so it was left alone.",
        ]

    def test_a_wrong_url_ends_in_one_sentence(self, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", "todos")

        with pytest.raises(SystemExit, match=r"^DATABASE_URL must name a SQLite file, like sqlite:///var/app.db\.$"):
            seed.main()
