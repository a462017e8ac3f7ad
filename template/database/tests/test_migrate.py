from contextlib import closing

import pytest

from database import migrate
from database.engine import Database
from database.migrate import downgrade, draft, dump_schema, is_current, upgrade
from database.revisions import revisions


class TestUpgrade:
    def test_a_new_database_is_current(self, tmp_path):
        url = f"sqlite:///{tmp_path.as_posix()}/var/app.db"

        upgrade(url)

        with closing(Database(url)) as database, database.reading() as connection:
            assert is_current(connection) is True

    def test_a_current_database_stays_as_it_is(self, seeded, content):
        before = content(seeded)

        upgrade(seeded)

        assert content(seeded) == before


class TestDowngrade:
    @pytest.mark.parametrize("number", range(len(revisions())), ids=revisions())
    def test_every_step_goes_down_and_up_again_and_keeps_the_rows_it_can(self, seeded, content, number):
        full = content(seeded)

        downgrade(seeded, ("base", *revisions())[number])
        kept = content(seeded)
        upgrade(seeded)

        again = content(seeded)
        assert {name: sql for name, (sql, _) in again.items()} == {name: sql for name, (sql, _) in full.items()}
        for name in kept.keys() - {"alembic_version"}:
            old, new = kept[name][1], again[name][1]
            assert [{column: row[column] for column in old[0]} for row in new] == old
            assert len(old) == len(full[name][1])

    def test_a_database_below_the_newest_revision_is_not_current(self, seeded, database):
        downgrade(seeded, revisions()[-2])

        with database.reading() as connection:
            assert is_current(connection) is False


class TestDraft:
    def test_it_writes_the_next_revision_from_what_differs(self, copied_migrations):
        dump = dump_schema()
        [newest] = copied_migrations.glob("versions/0002_*.py")
        newest.unlink()
        revisions.cache_clear()

        path = draft("create todos")
        revisions.cache_clear()

        assert path == copied_migrations / "versions" / "0002_create_todos.py"
        assert sorted(dump_schema().splitlines()) == sorted(dump.splitlines())

    def test_no_difference_is_no_draft(self, copied_migrations):
        before = sorted(copied_migrations.glob("versions/*.py"))

        with pytest.raises(SystemExit, match=r"^The tables are what the migrations make. Change a table in database/"):
            migrate.main(["--draft", "add", "nothing"])

        assert sorted(copied_migrations.glob("versions/*.py")) == before

    @pytest.mark.parametrize("message", ["", "a", '"""', "../todos", "x" * 81])
    def test_a_message_that_says_nothing_is_refused(self, message):
        with pytest.raises(SystemExit, match=r"^Say in 3 to 80 letters what the migration does"):
            migrate.main(["--draft", message])


class TestDumpSchema:
    def test_it_is_the_same_each_time_and_says_who_made_it(self):
        dump = dump_schema()

        assert dump == dump_schema()
        assert dump.startswith("-- Made from database/migrations by `make generate`")
        assert "\n\nCREATE TABLE todos (\n    id CHAR(32) NOT NULL,\n" in dump


class TestMain:
    def test_it_goes_up_and_down_and_says_where_it_is(self, tmp_path, monkeypatch):
        url = f"sqlite:///{tmp_path.as_posix()}/app.db"
        monkeypatch.setenv("DATABASE_URL", url)

        said = [migrate.main([]), migrate.main(["--down", "0001"])]

        assert said == [f"{url} is at revision {revisions()[-1]}.", f"{url} is at revision 0001."]
