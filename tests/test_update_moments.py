"""Every moment of `sdd update`: broken off there, it goes back to the byte, or on to the end."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.users import BACK, LEFT_OUT, User, back, edited, git, headings, made, releases, same, settled
from tests.users import editor as user

__all__ = ["edited", "made", "releases", "user"]


WATCH = """
import os, runpy, shutil, signal, sys
from pathlib import Path

moments, killed, project = Path(sys.argv[1]), int(sys.argv[2]), Path.cwd()
count = 0

def watched(call):
    def moment(*words, **more):
        global count
        if str(words[0]).startswith((str(project), ".")):
            if count == killed:
                os.kill(os.getpid(), signal.SIGKILL)
            if killed < 0:
                calls = {name: getattr(os, name) for name in NAMES}
                for name in NAMES:
                    setattr(os, name, REAL[name])
                shutil.copytree(project, moments / str(count), symlinks=True)
                for name in NAMES:
                    setattr(os, name, calls[name])
            count += 1
        return call(*words, **more)
    return moment

NAMES = ("replace", "rename", "unlink", "rmdir", "mkdir", "symlink")
REAL = {name: getattr(os, name) for name in NAMES}
for name in NAMES:
    setattr(os, name, watched(REAL[name]))
sys.argv = ["sdd", "update", "--no-check"]
sys.path[0] = str(project)
runpy.run_module("sdd", run_name="__main__")
"""
"""Runs an update. Keeps the project as it is before each change of a file or folder in it, or kills itself there."""


@pytest.fixture(scope="session")
def moments(edited: Path, tmp_path_factory: pytest.TempPathFactory, python: str) -> Path:
    """The project at each moment of an update, by number; `done` is its end, `before` its beginning."""
    folder = tmp_path_factory.mktemp("moments")
    path = tmp_path_factory.mktemp("watched") / "my-app"
    shutil.copytree(edited, path, symlinks=True)
    shutil.copytree(path, folder / "before", symlinks=True)
    done = Project(path).run(python, "-c", WATCH, str(folder), "-1", PYTHONDONTWRITEBYTECODE="1")
    assert done.returncode == 1, done.stderr
    assert "contracts/README.md: a conflict" in done.stdout
    shutil.copytree(path, folder / "done", symlinks=True)
    return folder


def numbers(moments: Path) -> list[Path]:
    return sorted((path for path in moments.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))


class TestEveryMoment:
    def test_the_way_back_leads_to_the_exact_bytes(self, moments: Path, tmp_path: Path) -> None:
        before = settled(moments / "before")
        changed = 0

        for moment in numbers(moments):
            path = tmp_path / moment.name / "my-app"
            shutil.copytree(moment, path, symlinks=True)
            changed += settled(path) != before
            done = back(path)
            assert (moment.name, done.returncode, done.stderr) == (moment.name, 0, "")
            same(settled(path), before)
            assert not list((path / ".git").glob("sdd-update/*")), moment.name

        assert changed >= 8, "the moments include those at which the tree is half changed"

    def test_going_on_leads_to_the_end_of_an_unbroken_update(self, moments: Path, tmp_path: Path) -> None:
        end = settled(moments / "done")
        gone_on = 0

        for moment in numbers(moments):
            path = tmp_path / moment.name / "my-app"
            shutil.copytree(moment, path, symlinks=True)
            if (path / ".git/sdd-update").exists():
                done = back(path, *BACK[:2], "--resume", "--no-check")
                assert (moment.name, done.returncode, done.stderr) == (moment.name, 1, "")
                same(settled(path), end)
                gone_on += 1

        assert gone_on >= 8

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
    @pytest.mark.parametrize("share", [0.2, 0.6, 0.9])
    def test_a_killed_update_leaves_what_the_moments_show(
        self, user: User, moments: Path, tmp_path: Path, share: float
    ) -> None:
        at = int(len(numbers(moments)) * share)

        killed = user.project.run(user.python, "-c", WATCH, str(tmp_path), str(at), PYTHONDONTWRITEBYTECODE="1")

        assert killed.returncode == -signal.SIGKILL
        same(settled(user.path), settled(moments / str(at)))
        assert back(user.path).returncode == 0
        same(settled(user.path), settled(moments / "before"))

    def test_the_way_back_can_be_broken_off_as_well(self, moments: Path, tmp_path: Path) -> None:
        path = tmp_path / "my-app"
        shutil.copytree(moments / "done", path, symlinks=True)
        breaking = WATCH.partition("sys.argv = [")[0] + (
            "import importlib.util\nsys.argv = ['update.py', '--abort']\n"
            "runpy.run_path('.git/sdd-update/sdd/update.py', run_name='__main__')\n"
        )

        for at in range(0, 2000, 11):
            done = Project(path).run("python3", "-c", breaking, str(tmp_path), str(at))
            if done.returncode == 0:
                break

        assert done.returncode == 0, done.stderr
        assert at > 30
        same(settled(path), settled(moments / "before"))


class TestResume:
    def test_an_update_that_is_not_finished_refuses_a_second_and_names_both_ways(
        self, moments: Path, tmp_path: Path, python: str
    ) -> None:
        half = next(path for path in numbers(moments) if (path / "docs/news.md").exists())
        path = tmp_path / "my-app"
        shutil.copytree(half, path, symlinks=True)

        done = User(path, python).update()

        assert (done.returncode, done.stderr) == (
            1,
            "An update to v0.2.0 was begun here and not finished: go on with"
            " `python3 .git/sdd-update/sdd/update.py --resume`, or go back with"
            " `python3 .git/sdd-update/sdd/update.py --abort`.\n",
        )

    def test_an_edit_made_in_between_is_not_written_over(self, moments: Path, tmp_path: Path, python: str) -> None:
        half = next(path for path in numbers(moments) if (path / "docs/news.md").exists())
        user = User(tmp_path / "my-app", python)
        shutil.copytree(half, user.path, symlinks=True)
        user.write("docs/news.md", "Mine since.\n")

        done = user.update("--resume")

        assert done.returncode == 1
        assert done.stderr.startswith("docs/news.md was changed since the update was broken off: go back with `python3")
        assert (user.path / "docs/news.md").read_text("utf-8") == "Mine since.\n"
        assert user.update("--abort").returncode == 0
        assert git(user.path, "show", "refs/sdd/aborted:docs/news.md") == "Mine since.\n"
        same(settled(user.path), settled(moments / "before"))

    def test_a_conflict_is_told_where_it_stands_now(self, user: User) -> None:
        done = user.update("--no-check")
        text = (user.path / "contracts/README.md").read_text("utf-8")
        lines = text.partition("<<<<<<< ")[0].count("\n")
        user.write("contracts/README.md", f"One line more.\n{text}")

        again = user.update("--resume", "--no-check")

        told = "1. contracts/README.md: a conflict in line {}: choose between the markers, and delete them."
        firsts = [headings(one.stdout)["Left for you"][0] for one in (done, again)]
        assert firsts == [told.format(lines + 1), told.format(lines + 2)]

    def test_what_was_left_to_decide_stays_in_the_report(self, user: User) -> None:
        user.append("docs/old-news.md", "Mine.\n")
        user.commit()
        first = user.update("--no-check")

        again = user.update("--resume", "--no-check")

        told = "docs/old-news.md: {}the template deleted it, and you changed it"
        asked = [line for line in headings(first.stdout)["Left for you"] if "old-news" in line]
        assert [line.partition(". ")[2] for line in asked] == [
            f"{told.format('')}: delete it too, or keep it as your own."
        ]
        assert told.format("was left to you: ") in headings(again.stdout)["Kept as you have it"]

    def test_what_is_settled_is_no_longer_left(self, user: User) -> None:
        assert user.update("--no-check").returncode == 1
        for name in ("contracts/README.md", "sdd/merge.py"):
            text = (user.path / name).read_text("utf-8")
            lines = [
                line for line in text.splitlines(keepends=True) if line[:7] not in ("<<<<<<<", "=======", ">>>>>>>")
            ]
            user.write(name, "".join(lines))

        done = user.update("--resume", "--no-check")

        assert (done.returncode, done.stdout.splitlines()[-1]) == (
            0,
            LEFT_OUT,
        )
        assert headings(done.stdout)["Merged with your edits"] == [
            "contracts/README.md: settled by you",
            "database/tests/test_migrations.py: was database/tests/test_migrate.py",
            "sdd/merge.py: settled by you",
        ]
