"""The way back from `sdd update`: the exact bytes, and nothing that was done since is lost."""

import shlex

import pytest

from tests.users import User, edited, everything, git, releases, same, settled
from tests.users import editor as user

__all__ = ["edited", "releases", "user"]

FOLDER = {"mine.md": "Mine.\n", "var/app.db": "git ignores this folder.\n"}


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
