"""The way back from `sdd update`: the exact bytes, and nothing that was done since is lost."""

import ast
import os
import shlex
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest
from psutil import NoSuchProcess, Process

from tests.conftest import ROOT, commit, outside
from tests.users import BACK, User, edited, everything, git, releases, same, settled
from tests.users import editor as user

__all__ = ["edited", "releases", "user"]

FOLDER = {"mine.md": "Mine.\n", "var/app.db": "git ignores this folder.\n"}

FAILING = """
import os, runpy, sys
from pathlib import Path
real = os.replace
def replace(source, target):
    if Path(target) == Path.cwd() / {0!r}:
        raise OSError({1}, os.strerror({1}), str(target))
    real(source, target)
os.replace = replace
sys.argv, sys.path[0] = ["sdd", "update", "--no-check"], os.getcwd()
runpy.run_module("sdd", run_name="__main__")
"""
"""An update during which one file, by its path and the number of an error, cannot be replaced."""

UNDO_FAILS = """
real = os.replace
from sdd import journal
def undo(self):
    raise OSError(28, "No space left on device", str(self.root / "docs/news.md"))
journal.Journal.undo = undo
"""
PREPARE_FAILS = """
real = os.replace
import shutil
def copyfile(*words, **more):
    raise OSError(28, "No space left on device", "x")
shutil.copyfile = copyfile
"""


def runs_copier(parent: int) -> bool:
    for child in Process(parent).children(recursive=True):
        with suppress(NoSuchProcess):  # it has ended
            if "copier" in child.cmdline():
                return True
    return False


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

    def test_so_it_does_in_a_folder_of_a_repository(self, user: User, tmp_path: Path) -> None:
        shutil.copytree(user.path, tmp_path / "shop/apps/web", ignore=shutil.ignore_patterns(".git"))
        web = User(tmp_path / "shop/apps/web", user.python)
        commit(tmp_path / "shop")
        web.update("--no-check")
        web.append("sdd/__main__.py", "<<<<<<< yours\n")

        done = web.project.run(web.python, "-m", "poethepoet", "update", args="--abort")

        assert done.returncode == 0, done.stdout + done.stderr
        assert git(tmp_path / "shop", "status", "--porcelain") == ""

    def test_the_task_refuses_another_update_whatever_state_the_program_is_in(self, user: User) -> None:
        task = (user.python, "-m", "poethepoet", "update")
        user.update("--no-check")
        user.append("sdd/__main__.py", "<<<<<<< yours\n")

        refused = user.project.run(*task)
        git(user.path, "checkout", "--quiet", "HEAD", "--", "sdd")
        user.commit()
        again = user.project.run(*task, args="--to=v0.2.0")

        told = "The update to v0.2.0 has left something for you, see reports/update.md: settle it and go on with"
        ways = f"`{' '.join(BACK[:2])} --resume`, or go back with `{' '.join(BACK)}`"
        assert (refused.returncode, refused.stderr) == (1, f"{told} {ways}.\n")
        assert (again.returncode, again.stdout) == (0, "Already up to date: v0.2.0.\n"), again.stderr

    @pytest.mark.skipif(os.name == "nt", reason="needs a process group")
    def test_the_task_says_what_to_do_when_it_is_stopped(self, user: User) -> None:
        before = settled(user.path)
        task = [user.python, "-m", "poethepoet", "update"]
        with subprocess.Popen(
            task, cwd=user.path, env=outside(), stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as running:
            while not runs_copier(running.pid):
                assert running.poll() is None
                time.sleep(0.05)
            os.killpg(running.pid, signal.SIGINT)
            _, said = running.communicate()

        assert (running.returncode != 0, said) == (True, "\nStopped. Nothing was changed: run the same again.\n")
        same(settled(user.path), before)

    def test_the_program_that_began_goes_back_though_a_newer_one_reads_another_journal(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")
        program = (user.path / "sdd/journal.py").read_text("utf-8")
        user.write("sdd/journal.py", program.replace('self.told["draft"]', 'self.told["newer"]'))

        done = user.update("--abort")

        assert done.returncode == 0, done.stderr
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
        head, kept = git(user.path, "rev-parse", "HEAD", "refs/sdd/aborted").split()
        assert done.stdout.splitlines() == [
            "All is as it was before the update to v0.2.0.",
            f"What was changed since is kept as refs/sdd/aborted: git diff {head[:12]} {kept[:12]}",
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

    @pytest.mark.parametrize("path", ["docs/news.md", "pyproject.toml"])
    def test_a_file_that_cannot_be_written_takes_all_back(self, user: User, path: str) -> None:
        before = settled(user.path)

        done = user.project.run(user.python, "-c", FAILING.format(path, 13))

        told = f"{user.path / path} could not be written (Permission denied): all is as it was."
        assert (done.returncode, done.stderr.splitlines()[-1]) == (1, told)
        same(settled(user.path), before)
        assert not list((user.path / ".git").glob("sdd-update*"))

    @pytest.mark.parametrize("tracked", [True, False])
    def test_a_file_that_has_the_name_of_a_draft_is_nobodys_but_the_users(self, user: User, tracked: bool) -> None:
        user.write("contracts/.sdd-update.part", "Mine.\n")
        if tracked:
            user.commit()
        else:
            (user.path / ".git/info/exclude").write_text("*.part\n", "utf-8")
        before = settled(user.path)

        user.update("--no-check")
        during = (user.path / "contracts/.sdd-update.part").read_text("utf-8")
        user.update("--abort")

        assert during == "Mine.\n"
        same(settled(user.path), before)

    def test_a_file_made_since_that_has_the_name_of_a_draft_is_not_lost(self, user: User) -> None:
        (user.path / ".git/info/exclude").write_text("*.part\n", "utf-8")
        user.update("--no-check")
        user.write("contracts/.sdd-update.part", "Mine.\n")

        user.update("--abort")

        assert (user.path / "contracts/.sdd-update.part").read_text("utf-8") == "Mine.\n"

    def test_what_stands_in_a_folder_where_a_file_was_is_kept(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")
        (user.path / "contracts/README.md").unlink()
        user.write("contracts/README.md/mine.md", "Mine.\n")
        user.write("contracts/README.md/var/app.db", "git ignores this folder.\n")

        done = user.update("--abort")

        assert done.returncode == 0, done.stderr
        same(settled(user.path), before)
        kept = {name: git(user.path, "show", f"refs/sdd/aborted:contracts/README.md/{name}") for name in FOLDER}
        assert kept == FOLDER

    def test_a_folder_with_a_repository_where_a_file_was_is_refused_before_anything_is_undone(self, user: User) -> None:
        user.update("--no-check")
        (user.path / "contracts/README.md").unlink()
        user.write("contracts/README.md/mine.md", "Mine.\n")
        git(user.path, "init", "--quiet", "contracts/README.md/ours")
        before = everything(user.path)

        done = user.update("--abort")

        told = "is a folder with a repository in it now: move it away, then run this again."
        assert (done.returncode, done.stderr) == (1, f"contracts/README.md {told}\n")
        same(everything(user.path), before)

    def test_a_hook_that_refuses_does_not_stop_it(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")
        hook = user.path / ".git/hooks/reference-transaction"
        hook.parent.mkdir(exist_ok=True)
        hook.write_text("#!/bin/sh\nexit 1\n", "utf-8", newline="\n")
        hook.chmod(0o755)
        user.write("notes.md", "Mine since.\n")

        done = user.update("--abort")

        assert done.returncode == 0, done.stderr
        same(settled(user.path), before)
        assert git(user.path, "show", "refs/sdd/aborted:notes.md") == "Mine since.\n"

    @pytest.mark.parametrize("behind", [True, False])
    def test_it_is_refused_on_another_branch_and_goes_on_after_the_way_back_to_the_first(
        self, user: User, behind: bool
    ) -> None:
        git(user.path, "switch", "--quiet", "--create", "other")
        user.write("mine.md", "Mine.\n")
        user.commit()
        git(user.path, "switch", "--quiet", "main")
        if behind:
            git(user.path, "commit", "--quiet", "--allow-empty", "-m", "More")
        start = git(user.path, "rev-parse", "HEAD")[:12]
        user.update("--no-check")
        git(user.path, "switch", "--quiet", "other")
        during = settled(user.path)

        refused = user.update("--abort")

        told = f"The update began on the branch main, at {start}: switch back to it, then run this again.\n"
        assert (refused.returncode, refused.stderr) == (1, told)
        same(settled(user.path), during)
        git(user.path, "switch", "--quiet", "main")
        assert user.update("--abort").returncode == 0
        assert git(user.path, "status", "--porcelain") == ""

    def test_work_that_git_cannot_keep_is_named_and_nothing_is_undone(self, user: User) -> None:
        before = settled(user.path)
        user.update("--no-check")
        git(user.path, "init", "--quiet", "ours")
        user.write("ours/mine.md", "Mine.\n")
        during = everything(user.path)

        refused = user.update("--abort")

        assert (refused.returncode, refused.stderr.count("\n")) == (1, 1), refused.stderr
        assert refused.stderr.startswith("What was changed since the update cannot be kept (")
        assert refused.stderr.endswith("): move it out of the project, then run this again.\n")
        same(everything(user.path), during)
        shutil.move(user.path / "ours", user.path.parent)
        assert user.update("--abort").returncode == 0
        same(settled(user.path), before)

    @pytest.mark.parametrize("option", ["--abort", "--resume", "--no-check"])
    def test_a_damaged_journal_is_told_with_the_way_out(self, user: User, option: str) -> None:
        user.update("--no-check")
        journal = user.path / ".git/sdd-update/journal.json"
        journal.write_bytes(journal.read_bytes()[:100])
        before = everything(user.path)

        done = user.update(option)

        way = "`git status` shows what differs, `git restore .` puts it back; then delete"
        told = f"The journal of an update, {journal.parent}, is damaged: {way} {journal.parent}.\n"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", told)
        same(everything(user.path), before)

    def test_a_full_disk_is_told_with_the_ways_on(self, user: User) -> None:
        before = settled(user.path)
        program = FAILING.format("docs/news.md", 28).replace("real = os.replace", UNDO_FAILS)

        done = user.project.run(user.python, "-c", program)

        ways = "Go on with `python3 .git/sdd-update/sdd/update.py --resume`, or go back with"
        told = f"The disk is full ({user.path / 'docs/news.md'}): free some space. {ways}"
        assert done.returncode == 1
        assert done.stderr.splitlines()[-1] == f"{told} `python3 .git/sdd-update/sdd/update.py --abort`."
        assert user.update("--abort").returncode == 0
        same(settled(user.path), before)

    def test_a_disk_that_is_full_before_anything_is_written_leaves_nothing(self, user: User) -> None:
        before = settled(user.path)
        program = FAILING.format("", 28).replace("real = os.replace", PREPARE_FAILS)

        done = user.project.run(user.python, "-c", program)

        told = "The disk is full (x): free some space. Nothing was changed: run the same again."
        assert (done.returncode, done.stderr.splitlines()[-1]) == (1, told)
        same(settled(user.path), before)
        assert not list((user.path / ".git").glob("sdd-update*"))


KNOWS_3_9 = "mypy==1.18.2"  # the last whose list of the standard library has 3.9
COPIER_BRINGS_3_11 = 'No overload variant of "TemporaryDirectory" matches argument types "str", "bool"  [call-overload]'
"""Of the beginning of an update, which needs Copier and so a newer Python."""


class TestOldPython:
    """The way back needs nothing but git and a Python that a system brings, from 3.9 on."""

    def test_it_is_written_in_words_that_3_9_knows(self) -> None:
        judge = ["uv", "tool", "run", "--from", KNOWS_3_9, "mypy", "--python-version=3.9", "--config-file="]
        options = ["--explicit-package-bases", "--follow-imports=silent", f"--cache-dir={os.devnull}"]

        done = subprocess.run(
            [*judge, *options, "sdd/journal.py", "sdd/update.py"],
            cwd=ROOT / "template",
            capture_output=True,
            text=True,
            check=False,
        )

        found = [line.partition("error: ")[2] for line in done.stdout.splitlines() if "error: " in line]
        assert found == [COPIER_BRINGS_3_11], done.stdout + done.stderr

    def test_no_annotation_is_read_when_it_runs(self) -> None:
        for name in ("journal", "update"):
            program = ast.parse((ROOT / f"template/sdd/{name}.py").read_text("utf-8"), feature_version=(3, 9))
            assert "from __future__ import annotations" in [ast.unparse(node) for node in program.body], name
