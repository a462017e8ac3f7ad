"""What `sdd update` does after the merge: locks, generated files, checks."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import commit, outside
from tests.users import (
    OLD,
    User,
    back,
    git,
    headings,
    made,
    releases,
    same,
    settled,
    user,
)

__all__ = ["made", "releases", "user"]


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

    def test_a_lock_that_does_not_fit_any_more_is_left_when_nothing_is_to_be_made(
        self, plain: User, tools: Path
    ) -> None:
        shown = self.update(plain, tools, "--no-check", "--dry-run")
        done = self.update(plain, tools, "--no-check")
        again = self.update(plain, tools, "--resume")

        told = "not made anew, because of --no-check: run `make update args=--resume`."
        left = [f"1. uv.lock: {told}", f"2. frontend/package-lock.json: {told}"]
        assert (shown.returncode, done.returncode, again.returncode) == (1, 1, 0), again.stdout
        assert headings(shown.stdout)["Left for you"] == headings(done.stdout)["Left for you"] == left
        assert "Left for you" not in headings(again.stdout)

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
        user.append("contracts/README.md", "My last line.\n")
        user.commit()

        done = self.update(user, tools)

        told = "2. make check: not run while conflicts are left: settle them, then run `make update args=--resume`."
        lists = headings(done.stdout)
        assert told in lists["Left for you"]
        assert "Made anew" not in lists
        assert not (tools / "asked").exists()


class TestResumeThenAbort:
    def test_nothing_is_kept_when_a_person_did_nothing_in_between(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")

        resumed = user.update("--resume", "--no-check")
        back = user.update("--abort")

        assert (resumed.returncode, back.stdout) == (0, "All is as it was before the update to v0.2.0.\n")
        same(settled(user.path), before)

    def test_what_a_person_did_in_between_is_kept(self, user: User) -> None:
        pyproject = (user.path / "pyproject.toml").read_text("utf-8")
        user.write(
            "pyproject.toml", pyproject.replace('version = "0.1.0"\n', 'version = "0.1.0"\ndescription = "Mine"\n')
        )
        user.commit()
        conflict = user.update("--no-check")
        user.write(
            "pyproject.toml", pyproject.replace('version = "0.1.0"\n', 'version = "0.1.0"\ndescription = "Both"\n')
        )
        user.write("note.txt", "Precious.\n")

        resumed = user.update("--resume", "--no-check")
        back = user.update("--abort")

        assert (conflict.returncode, resumed.returncode, back.returncode) == (1, 0, 0), resumed.stdout + back.stderr
        assert git(user.path, "status", "--porcelain") == ""
        assert git(user.path, "show", "refs/sdd/aborted:note.txt") == "Precious.\n"
        assert 'description = "Both"' in git(user.path, "show", "refs/sdd/aborted:pyproject.toml")
        assert "refs/sdd/aborted" in back.stdout


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
