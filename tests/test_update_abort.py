"""The ways back from `sdd update`, at every moment of it: to the byte with `--abort`, to the end with `--resume`."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project, commit, outside
from tests.test_update import OLD, Bytes, User, everything, git, headings, made, releases, same

__all__ = ["made", "releases"]

BACK = ("python3", ".git/sdd-update/sdd/update.py", "--abort")

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


def settled(folder: Path) -> Bytes:
    """All of a project but what Python leaves behind when it is run."""
    return {name: content for name, content in everything(folder).items() if "__pycache__" not in name}


def back(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """The way back as printed; where an update left nothing behind yet, there is none, and none is needed."""
    if not (folder / ".git/sdd-update").exists():
        return subprocess.CompletedProcess((), 0, "", "")
    return Project(folder).run(*(command or BACK))


@pytest.fixture(scope="session")
def edited(
    made: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """A committed project with edits of each kind, ignored files, a link and a file that may be run."""
    path = tmp_path_factory.mktemp("edited") / "my-app"
    shutil.copytree(made(OLD), path)
    user = User(path, "")
    user.append("contracts/README.md", "My last line.\n")
    user.append("database/tests/test_migrate.py", "\n\n# My last line.\n")
    user.append("sdd/merge.py", "\n# mine\n")
    user.write("tools/mine.sh", "#!/bin/sh\n")
    (path / "tools/mine.sh").chmod(0o755)
    (path / "tools/link.sh").symlink_to("mine.sh")
    commit(path)
    user.write(".env", "SECRET=mine\n")
    user.write("reports/update.md", "An older report.\n")
    user.write("var/app.db", "my data\n")
    git(path, "status")
    return path


@pytest.fixture
def user(edited: Path, tmp_path: Path, python: str) -> User:
    path = tmp_path / "my-app"
    shutil.copytree(edited, path, symlinks=True)
    return User(path, python)


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


class TestAbort:
    def test_the_printed_command_goes_back_though_the_program_holds_conflict_markers(self, user: User) -> None:
        for name in ("update", "journal", "__main__"):
            user.append(f"sdd/{name}.py", "\n# mine\n")
        tasks = (user.path / "pyproject.toml").read_text("utf-8")
        user.write("pyproject.toml", tasks.replace('version = "0.1.0"', 'version = "0.1.0"\ndescription = "Mine"', 1))
        user.commit()
        before = settled(user.path)
        done = user.update("--no-check")
        for name in ("sdd/update.py", "sdd/journal.py", "pyproject.toml"):
            assert "<<<<<<< yours" in (user.path / name).read_text("utf-8")
        user.append("sdd/__main__.py", "<<<<<<< yours\n")

        printed = done.stdout.splitlines()[-1].partition("to go back: ")[2]
        gone_back = user.project.run(*shlex.split(printed))

        assert gone_back.returncode == 0, gone_back.stderr
        same(settled(user.path), before)

    def test_the_task_goes_back_as_long_as_its_file_can_be_read(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")
        for name in ("update", "journal", "__main__"):
            user.append(f"sdd/{name}.py", "<<<<<<< yours\n")

        done = user.project.run(user.python, "-m", "poethepoet", "update", args="--abort")

        assert done.returncode == 0, done.stdout + done.stderr
        same(settled(user.path), before)

    def test_what_was_changed_since_is_kept_as_a_commit(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")
        user.write("README.md", "Mine since.\n")
        user.write("notes.md", "New since.\n")
        user.append("docs/news.md", "Mine in a file of theirs.\n")
        (user.path / "Makefile").unlink()

        done = user.update("--abort")

        same(settled(user.path), before)
        kept = git(user.path, "rev-parse", "refs/sdd/aborted").strip()
        assert done.stdout.splitlines() == [
            "All is as it was before the update to v0.2.0.",
            f"What was changed since is kept: git show refs/sdd/aborted ({kept[:12]}).",
        ]
        shown = {name: git(user.path, "show", f"{kept}:{name}") for name in ("README.md", "notes.md", "docs/news.md")}
        assert shown == {
            "README.md": "Mine since.\n",
            "notes.md": "New since.\n",
            "docs/news.md": "# News\nMine in a file of theirs.\n",
        }
        assert "Makefile" not in git(user.path, "ls-tree", "--name-only", kept).splitlines()

    def test_nothing_is_kept_when_nothing_was_changed_since(self, user: User) -> None:
        user.update("--no-check")

        done = user.update("--abort")

        assert done.stdout == "All is as it was before the update to v0.2.0.\n"
        assert git(user.path, "for-each-ref", "refs/sdd") == ""

    def test_what_was_staged_since_is_staged_no_more(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")
        git(user.path, "add", "--all")

        user.update("--abort")

        same(settled(user.path), before)

    def test_there_is_nothing_to_go_back_from(self, user: User) -> None:
        before = settled(user.path)

        done = user.update("--abort")

        said = "No update is under way here: nothing was changed, and there is nothing to go back from.\n"
        assert (done.returncode, done.stdout) == (0, said)
        same(settled(user.path), before)

    def test_an_update_that_was_committed_is_not_taken_back(self, user: User) -> None:
        start = git(user.path, "rev-parse", "HEAD")[:12]
        user.update("--no-check")
        user.commit()
        before = settled(user.path)

        done = user.update("--abort")

        assert (done.returncode, done.stderr) == (
            1,
            f"There are other commits than when the update began at {start}: to take it back, run"
            f" `git reset --soft {start}` and then this again, or leave them and use `git revert`.\n",
        )
        same(settled(user.path), before)

    def test_a_file_that_cannot_be_written_takes_all_back(self, user: User) -> None:
        before = settled(user.path)
        program = (
            "import os, runpy, sys\nfrom pathlib import Path\nreal = os.replace\n"
            "def replace(source, target):\n"
            "    if Path(target).name == 'news.md':\n"
            "        raise PermissionError(13, 'Permission denied', str(target))\n"
            "    real(source, target)\nos.replace = replace\n"
            "sys.argv, sys.path[0] = ['sdd', 'update', '--no-check'], os.getcwd()\n"
            "runpy.run_module('sdd', run_name='__main__')\n"
        )

        done = user.project.run(user.python, "-c", program)

        news = user.path / "docs/news.md"
        assert done.stderr.splitlines()[-1] == f"{news} could not be written (Permission denied): all is as it was."
        assert done.returncode == 1
        same(settled(user.path), before)


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
            "Nothing is left for you. Look at git diff, then commit.",
        )


class TestFinish:
    """The steps after the merge, with a `uv` that notes what it is asked to do."""

    @pytest.fixture
    def tools(self, tmp_path: Path) -> Path:
        folder = tmp_path / "tools"
        folder.mkdir()
        text = (
            f"#!{sys.executable}\nimport os, signal, sys\nfrom pathlib import Path\n"
            "with open(os.environ['ASKED'], 'a') as asked:\n    print(*sys.argv[1:], file=asked)\n"
            "if sys.argv[1] == 'lock':\n    Path('uv.lock').write_text('locked anew\\n')\n"
            "if sys.argv[-1] == 'generate':\n    Path('contracts/database/schema.sql').write_text('made anew\\n')\n"
            "if os.environ.get('KILL') == sys.argv[-1]:\n    os.kill(os.getppid(), signal.SIGKILL)\n"
            "sys.exit(os.environ.get('FAIL') == sys.argv[-1])\n"
        )
        (folder / "uv").write_text(text, "utf-8")
        (folder / "uv").chmod(0o755)
        return folder

    @pytest.fixture
    def plain(self, user: User, made: Callable[[str], Path]) -> User:
        """Edits that merge, and locks that do not fit any more."""
        shutil.rmtree(user.path)
        shutil.copytree(made(OLD), user.path)
        user.write("uv.lock", "locked\n")
        user.append("pyproject.toml", "\n# mine\n")
        packages = (user.path / "frontend/package.json").read_text("utf-8")
        user.write("frontend/package.json", packages.replace('"scripts": {', '"scripts": {\n    "mine": "true",', 1))
        commit(user.path)
        return user

    def update(self, user: User, tools: Path, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        path = f"{tools}{os.pathsep}{outside()['PATH']}"
        return user.update(*options, PATH=path, ASKED=str(tools / "asked"), **more)

    def test_what_no_longer_fits_is_made_anew_and_then_checked(self, plain: User, tools: Path) -> None:
        done = self.update(plain, tools)

        assert done.returncode == 0, done.stderr
        assert (tools / "asked").read_text("utf-8").splitlines() == [
            "lock",
            "run --quiet npm --prefix frontend install --package-lock-only --no-audit --no-fund",
            "run --quiet poe generate",
            "run --quiet poe check",
        ]
        lists = headings(done.stdout)
        assert lists["Made anew"] == ["contracts/database/schema.sql", "frontend/package-lock.json", "uv.lock"]
        assert lists["Merged with your edits"] == ["frontend/package.json", "pyproject.toml"]

    def test_a_step_that_fails_is_left_and_done_again_when_it_goes_on(self, plain: User, tools: Path) -> None:
        done = self.update(plain, tools, FAIL="check")
        again = self.update(plain, tools, "--resume")

        told = "1. make check: failed, and its messages say why: mend that, then run `make update args=--resume`."
        assert (done.returncode, told in done.stdout) == (1, True)
        assert again.returncode == 0, again.stdout

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
    @pytest.mark.parametrize("step", ["generate", "check"])
    def test_killed_in_a_step_it_goes_back_or_on(self, plain: User, tools: Path, tmp_path: Path, step: str) -> None:
        before = settled(plain.path)
        killed = self.update(plain, tools, KILL=step)
        assert killed.returncode == -signal.SIGKILL
        other = User(tmp_path / "other/my-app", plain.python)
        shutil.copytree(plain.path, other.path, symlinks=True)

        assert back(plain.path).returncode == 0
        assert self.update(other, tools, "--resume").returncode == 0

        same(settled(plain.path), before)
        assert git(plain.path, "for-each-ref", "refs/sdd") == ""
        assert (other.path / "contracts/database/schema.sql").read_text("utf-8") == "made anew\n"

    def test_nothing_is_made_or_checked_while_conflicts_are_left(self, user: User, tools: Path) -> None:
        done = self.update(user, tools)

        told = "3. make check: not run while conflicts are left: settle them, then run `make update args=--resume`."
        lists = headings(done.stdout)
        assert told in lists["Left for you"]
        assert "Made anew" not in lists
        assert not (tools / "asked").exists()


class TestForReal:
    def test_a_set_up_project_is_locked_generated_and_checked_and_nothing_is_left(
        self,
        made: Callable[[str], Path],
        tmp_path: Path,
    ) -> None:
        path = tmp_path / "my-app"
        shutil.copytree(made(OLD), path)
        commit(path)
        user = User(path, "")
        user.project.must("make", "setup")
        git(path, "add", "--all")
        git(path, "commit", "--quiet", "-m", "Set up")
        before = settled(path / "contracts")

        done = user.project.run("make", "update")

        assert done.returncode == 0, done.stdout + done.stderr
        assert "Nothing is left for you." in done.stdout
        assert (path / "docs/news.md").exists()
        gone_back = user.project.run("make", "update", "args=--abort")
        assert gone_back.returncode == 0, gone_back.stderr
        assert git(path, "status", "--porcelain") == ""
        same(settled(path / "contracts"), before)
