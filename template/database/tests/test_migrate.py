import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, Uuid
from sqlalchemy.exc import DBAPIError

from database import migrate
from database.accounts import accounts, create_session, find_account
from database.engine import Database, UnusableDatabase, take_turn, without_password
from database.migrate import NothingToDraft, downgrade, draft, dump_schema, is_current, upgrade
from database.revisions import MIGRATIONS, revisions
from database.schema import Moment, metadata
from database.seed import DEMO_EMAIL

SCRIBBLES = """
CREATE TABLE scribbles (
    id CHAR(32) NOT NULL,
    account_id CHAR(32) NOT NULL,
    text VARCHAR(500) NOT NULL,
    created_at DATETIME NOT NULL,
    CONSTRAINT ck_scribbles_text_length CHECK (length(text) <= 500),
    CONSTRAINT fk_scribbles_account_id FOREIGN KEY(account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT pk_scribbles PRIMARY KEY (id)
);
"""

UPGRADE_WHEN_TOLD = """
import sys
from database.migrate import upgrade
print("ready", flush=True)
sys.stdin.readline()
upgrade(sys.argv[1])
"""


def rows(content: dict[str, tuple[object, object]]) -> dict[str, object]:
    return {name: rows for name, (_made, rows) in content.items() if name != "alembic_version"}


class TestRevisions:
    def test_they_are_the_files_numbered_without_a_gap(self):
        files = [file.name[:4] for file in sorted(MIGRATIONS.glob("versions/*.py"))]

        assert list(revisions()) == files == [f"{number:04}" for number in range(1, len(files) + 1)]


class TestUpgrade:
    @pytest.mark.requirement("002-FR-018")
    def test_a_new_database_is_current(self, new_url):
        upgrade(new_url)

        with closing(Database(new_url)) as database, database.reading() as connection:
            assert is_current(connection) is True

    def test_a_current_database_stays_as_it_is(self, seeded, content):
        before = content(seeded)

        upgrade(seeded)

        assert content(seeded) == before


class TestMigrating:
    @pytest.mark.requirement("002-SC-002")
    def test_two_processes_at_once_migrate_once(self, new_url, content):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", UPGRADE_WHEN_TOLD, new_url],
                cwd=Path(__file__).parents[2],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        ready = [process.stdout and process.stdout.readline() for process in processes]

        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        ends = [(*process.communicate(), process.returncode) for process in processes]

        assert ready == ["ready\n", "ready\n"]
        assert ends == [("", "", 0), ("", "", 0)]
        assert content(new_url)["alembic_version"][1] == [{"version_num": revisions()[-1]}]

    def test_it_waits_for_whoever_migrates(self, new_url):
        thread = Thread(target=upgrade, args=[new_url])

        with closing(Database(new_url)) as database:
            with database.writing() as connection:
                take_turn(connection, "migrate")
                thread.start()
                thread.join(timeout=0.3)
                waited = thread.is_alive()
            thread.join()

            with database.reading() as connection:
                assert (waited, is_current(connection)) == (True, True)

    def test_a_migration_that_fails_leaves_the_database_as_it_was(self, seeded, content, next_migration):
        before = content(seeded)
        next_migration(
            "op.execute('CREATE TABLE half_done (id INTEGER)')",
            "op.drop_table('sessions')",
            "op.execute('SELECT nonsense')",
        )

        with pytest.raises(DBAPIError, match="nonsense"):
            upgrade(seeded)

        assert content(seeded) == before

    @pytest.mark.requirement("002-FR-017")
    def test_a_database_of_a_newer_version_is_refused(self, seeded):
        with closing(Database(seeded)) as database, database.writing() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

        with pytest.raises(UnusableDatabase, match="at revision 9999, which this version of the app does not know"):
            upgrade(seeded)

    @pytest.mark.requirement("002-FR-017")
    def test_a_server_that_nobody_runs_is_refused(self):
        with pytest.raises(UnusableDatabase, match=r"^The database app cannot be used: .+ refused\. Check "):
            upgrade("postgresql://localhost:1/app")


class TestMigratingAFile:
    """SQLite's own ways, whatever the project's database is."""

    def test_it_waits_for_whoever_writes_even_to_a_file_without_a_write_ahead_log(self, tmp_path, new_file):
        other = sqlite3.connect(tmp_path / "new.db", isolation_level=None)
        other.execute("CREATE TABLE held (id INTEGER)")
        other.execute("BEGIN IMMEDIATE")
        thread = Thread(target=upgrade, args=[new_file])

        with closing(other):
            thread.start()
            thread.join(timeout=0.3)
            waited = thread.is_alive()
            other.execute("COMMIT")
            thread.join()

            assert waited
            assert other.execute("SELECT version_num FROM alembic_version").fetchall() == [(revisions()[-1],)]

    def test_a_rebuilt_table_keeps_the_rows_that_refer_to_it(self, seeded_file, content, next_migration):
        before = content(seeded_file)
        next_migration("with op.batch_alter_table('accounts', recreate='always'):", "    pass")

        upgrade(seeded_file)

        assert rows(content(seeded_file)) == rows(before)

    def test_a_migration_that_leaves_orphans_is_undone(self, seeded_file, content, next_migration):
        with closing(Database(seeded_file)) as database, database.writing() as connection:
            demo = find_account(connection, DEMO_EMAIL)
            assert demo
            create_session(connection, demo.id, "a" * 64, datetime.now(UTC))
        before = content(seeded_file)
        next_migration("op.execute('DELETE FROM accounts')")

        with pytest.raises(UnusableDatabase, match=r"leaves \d+ rows in sessions.* refer to nothing, so it was undone"):
            upgrade(seeded_file)

        assert content(seeded_file) == before

    @pytest.mark.requirement("002-FR-017")
    def test_a_file_that_is_no_database_is_refused(self, tmp_path):
        (tmp_path / "notes.txt").write_text("Buy milk, and bread, and a notebook to write such things down in.")

        with pytest.raises(UnusableDatabase, match=r"notes\.txt cannot be used: file is not a database"):
            upgrade(f"sqlite:///{tmp_path.as_posix()}/notes.txt")


class TestDowngrade:
    @pytest.mark.parametrize("number", range(len(revisions())), ids=revisions())
    def test_every_step_goes_down_and_up_again_and_keeps_the_rows_it_can(self, seeded, content, number):
        full = content(seeded)

        downgrade(seeded, ("base", *revisions())[number])
        kept = content(seeded)
        upgrade(seeded)

        again = content(seeded)
        assert {name: made for name, (made, _) in again.items()} == {name: made for name, (made, _) in full.items()}
        for name in kept.keys() - {"alembic_version"}:
            old, new = kept[name][1], again[name][1]
            assert [{column: row[column] for column in old[0]} for row in new] == old
            assert len(old) == len(full[name][1])

    @pytest.mark.requirement("002-FR-018")
    def test_a_database_below_the_newest_revision_is_not_current(self, seeded):
        downgrade(seeded, ("base", *revisions())[-2])

        with closing(Database(seeded)) as database, database.reading() as connection:
            assert is_current(connection) is False


class TestDraft:
    @pytest.fixture
    def changed_tables(self):
        """A new table, and one more rule in an old one."""
        rule = CheckConstraint("length(email) >= 3", name="email_least")
        scribbles = Table(
            "scribbles",
            metadata,
            Column("id", Uuid, primary_key=True),
            Column("account_id", Uuid, ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
            Column("text", String(500), nullable=False),
            Column("created_at", Moment, nullable=False),
            CheckConstraint("length(text) <= 500", name="text_length"),
        )
        accounts.append_constraint(rule)
        yield
        accounts.constraints.discard(rule)
        metadata.remove(scribbles)

    def test_it_makes_the_migrations_equal_to_the_tables(self, copied_migrations, changed_tables):
        number = f"{len(revisions()) + 1:04}"

        path = draft("add scribbles")
        revisions.cache_clear()

        schema = dump_schema()
        assert path == copied_migrations / "versions" / f"{number}_add_scribbles.py"
        assert SCRIBBLES in schema
        assert "CONSTRAINT ck_accounts_email_least CHECK (length(email) >= 3)" in schema
        with pytest.raises(NothingToDraft):
            draft("add scribbles again")

    def test_it_takes_the_projects_database_there_and_back(self, copied_migrations, changed_tables, seeded, content):
        before = content(seeded)
        draft("add scribbles")
        revisions.cache_clear()

        upgrade(seeded)
        after = content(seeded)
        downgrade(seeded, revisions()[-2])

        assert after.keys() - before.keys() == {"scribbles"}
        assert "ck_accounts_email_least" in after["accounts"][0]["checks"]
        assert content(seeded) == before

    def test_what_it_writes_needs_no_class_of_ours_and_no_formatting(self, copied_migrations, changed_tables):
        path = draft("add scribbles")

        ruff = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--check", path], capture_output=True, check=False
        )
        assert ruff.returncode == 0
        assert "database" not in path.read_text("utf-8")

    def test_no_difference_is_no_draft(self, copied_migrations):
        before = sorted(copied_migrations.glob("versions/*.py"))

        with pytest.raises(SystemExit, match=r"^The tables are what the migrations make. Change a table in database/"):
            migrate.main(["--draft", "add", "nothing"])

        assert sorted(copied_migrations.glob("versions/*.py")) == before

    @pytest.mark.parametrize("message", ["", "a", '"""', "../notes", "x" * 81])
    def test_a_message_that_says_nothing_is_refused(self, message):
        with pytest.raises(SystemExit, match=r"^Say in 3 to 80 letters what the migration does"):
            migrate.main(["--draft", message])


class TestDumpSchema:
    def test_it_says_who_made_it_and_is_the_same_each_time(self):
        dump = dump_schema()

        assert dump == dump_schema()
        assert dump.startswith("-- Made from database/migrations by `make generate`")

    def test_a_table_that_is_rebuilt_changes_nothing(self, next_migration):
        before = dump_schema()
        next_migration("with op.batch_alter_table('accounts', recreate='always'):", "    pass")

        assert dump_schema() == before

    def test_a_column_that_is_added_stands_with_the_columns(self, next_migration):
        before = dump_schema()
        next_migration("op.execute(\"ALTER TABLE sessions ADD COLUMN place VARCHAR(9) DEFAULT ', ('\")")

        last_column = "    expires_at DATETIME NOT NULL,\n"
        assert dump_schema() == before.replace(last_column, f"{last_column}    place VARCHAR(9) DEFAULT ', (',\n")


class TestMain:
    def test_it_goes_up_and_down_and_says_where_it_is(self, new_url, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", new_url)

        said = [migrate.main([]), migrate.main(["--down", "0001"])]

        name = without_password(new_url)
        assert said == [f"{name} is at revision {revisions()[-1]}.", f"{name} is at revision 0001."]
