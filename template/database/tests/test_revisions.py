import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy.exc import OperationalError

from database.engine import UnusableDatabase
from database.migrate import upgrade
from database.revisions import MIGRATIONS, revisions

UPGRADE_WHEN_TOLD = """
import sys
from database.migrate import upgrade
print("ready", flush=True)
sys.stdin.readline()
upgrade(sys.argv[1])
"""


def rows(content: dict[str, tuple[list[str], object]]) -> dict[str, object]:
    return {name: rows for name, (_sql, rows) in content.items() if name != "alembic_version"}


class TestRevisions:
    def test_they_are_the_files_numbered_without_a_gap(self):
        files = [file.name[:4] for file in sorted(MIGRATIONS.glob("versions/*.py"))]

        assert list(revisions()) == files == [f"{number:04}" for number in range(1, len(files) + 1)]


class TestMigrating:
    def test_two_processes_at_once_migrate_once(self, tmp_path, content):
        url = f"sqlite:///{tmp_path.as_posix()}/app.db"
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", UPGRADE_WHEN_TOLD, url],
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
        assert content(url)["alembic_version"][1] == [{"version_num": revisions()[-1]}]

    def test_it_waits_for_whoever_writes_even_to_a_file_without_a_write_ahead_log(self, tmp_path):
        other = sqlite3.connect(tmp_path / "app.db", isolation_level=None)
        other.execute("CREATE TABLE held (id INTEGER)")
        other.execute("BEGIN IMMEDIATE")
        thread = Thread(target=upgrade, args=[f"sqlite:///{tmp_path.as_posix()}/app.db"])

        with closing(other):
            thread.start()
            thread.join(timeout=0.3)
            waited = thread.is_alive()
            other.execute("COMMIT")
            thread.join()

            assert waited
            assert other.execute("SELECT version_num FROM alembic_version").fetchall() == [(revisions()[-1],)]

    def test_a_migration_that_fails_leaves_the_database_as_it_was(self, seeded, content, next_migration):
        before = content(seeded)
        next_migration(
            "op.execute('CREATE TABLE half_done (id INTEGER)')",
            "op.drop_table('todos')",
            "op.execute('SELECT nonsense')",
        )

        with pytest.raises(OperationalError, match="nonsense"):
            upgrade(seeded)

        assert content(seeded) == before

    def test_a_rebuilt_table_keeps_the_rows_that_refer_to_it(self, seeded, content, next_migration):
        before = content(seeded)
        next_migration("with op.batch_alter_table('accounts', recreate='always'):", "    pass")

        upgrade(seeded)

        assert rows(content(seeded)) == rows(before)

    def test_a_migration_that_leaves_orphans_is_undone(self, seeded, content, next_migration):
        before = content(seeded)
        next_migration("op.execute('DELETE FROM accounts')")

        with pytest.raises(UnusableDatabase, match="leaves 4 rows in todos that refer to nothing, so it was undone"):
            upgrade(seeded)

        assert content(seeded) == before

    def test_a_database_of_a_newer_version_is_refused(self, seeded):
        with closing(sqlite3.connect(seeded.removeprefix("sqlite:///"))) as connection, connection:
            connection.execute("UPDATE alembic_version SET version_num = '9999'")

        with pytest.raises(UnusableDatabase, match="at revision 9999, which this version of the app does not know"):
            upgrade(seeded)

    def test_a_file_that_is_no_database_is_refused(self, tmp_path):
        (tmp_path / "notes.txt").write_text("Buy milk, and bread, and a notebook to write such things down in.")

        with pytest.raises(UnusableDatabase, match=r"notes\.txt cannot be used: file is not a database"):
            upgrade(f"sqlite:///{tmp_path.as_posix()}/notes.txt")
