"""`sdd update`: what it writes, where, and what cannot lead it astray. What it says, test_update_report.py asks."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import COPIER, ROOT, commit
from tests.users import (
    LEFT_OUT,
    NEW,
    OLD,
    User,
    everything,
    git,
    headings,
    made,
    next_release,
    release,
    releases,
    same,
    settled,
    user,
)

__all__ = ["made", "releases", "user"]


class TestMerge:
    def test_an_unedited_project_becomes_a_fresh_copy_of_the_new_release(
        self, user: User, made: Callable[[str], Path]
    ) -> None:
        lists = user.merge()

        shutil.rmtree(user.path / ".git")
        shutil.rmtree(user.path / "reports")
        for cache in user.path.rglob("__pycache__"):
            shutil.rmtree(cache)
        same(everything(user.path), everything(made(NEW)))
        assert lists == {
            "Update from v0.1.0 to v0.2.0": [],
            "Changed": [
                ".copier-answers.yml",
                "contracts/README.md",
                "database/tests/test_migrations.py: was database/tests/test_migrate.py",
                "docs/news.md: new",
                "docs/old-news.md: deleted",
                "frontend/package.json",
                "pyproject.toml",
                "sdd/journal.py",
                "sdd/merge.py",
                "sdd/update.py",
                "var/notes.md: new",
            ],
        }

    def test_nothing_is_staged_or_committed_and_the_report_is_kept(self, user: User) -> None:
        before = git(user.path, "rev-parse", "HEAD"), git(user.path, "ls-files", "--stage")

        done = user.update("--no-check")

        assert (git(user.path, "rev-parse", "HEAD"), git(user.path, "ls-files", "--stage")) == before
        assert (user.path / "reports/update.md").read_text("utf-8") == done.stdout
        assert done.stdout.splitlines()[-1] == LEFT_OUT

    def test_when_nothing_changed_only_the_version_moves(self, user: User, releases: Path, tmp_path: Path) -> None:
        again = tmp_path / "template"
        shutil.copytree(releases, again)
        git(again, "tag", "--delete", NEW)
        git(again, "checkout", "--quiet", OLD)
        git(again, "commit", "--quiet", "--allow-empty", "-m", "Nothing")
        git(again, "tag", NEW)
        answers = user.path / ".copier-answers.yml"
        user.write(answers.name, answers.read_text("utf-8").replace(str(releases), str(again)))
        user.commit()
        before = everything(user.path)

        user.merge()

        after = everything(user.path)
        changed = {name for name in after if after[name] != before.get(name) and "__pycache__" not in name}
        assert changed == {".copier-answers.yml", "reports/update.md"}
        assert after[answers.name][1] == before[answers.name][1].replace(b"v0.1.0", b"v0.2.0")

    def test_there_is_nothing_to_do_at_the_latest_release(self, user: User) -> None:
        user.merge()
        user.commit()
        before = everything(user.path)

        done = user.update()

        same(everything(user.path), before)
        assert (done.returncode, done.stdout) == (0, "Already up to date: v0.2.0.\n")

    @pytest.mark.parametrize("options", [("--no-check",), ()])
    def test_a_dry_run_changes_nothing_and_prints_the_same_lists(self, user: User, options: tuple[str, ...]) -> None:
        user.append("contracts/README.md", "My last line.\n")
        user.append("database/tests/test_migrate.py", "\n\n# My last line.\n")
        (user.path / "contracts/api").rename(user.path / "contracts/http")
        user.commit()
        before = everything(user.path)

        shown = user.update("--dry-run", *options)

        same(everything(user.path), before)
        done = user.update(*options)
        assert headings(shown.stdout) == headings(done.stdout)
        assert (shown.returncode, done.returncode) == (1, 1)

    def test_a_dry_run_tells_of_the_last_commit_when_not_all_is_committed(self, user: User) -> None:
        clean = user.update("--dry-run", "--no-check")
        user.append("contracts/README.md", "Not committed.\n")
        user.write("mine.txt", "Neither is this.\n")
        before = everything(user.path)

        shown = user.update("--dry-run", "--no-check")

        same(everything(user.path), before)
        assert (shown.returncode, headings(shown.stdout)) == (0, headings(clean.stdout))
        assert shown.stdout.splitlines()[-3:] == [
            "Not everything here is committed; this is what would happen to the last commit.",
            "",
            "Nothing was changed: this only showed what would be.",
        ]

    def test_a_dry_run_leaves_an_earlier_update_its_way_back(self, user: User) -> None:
        first = git(user.path, "rev-parse", "HEAD").strip()
        user.merge()
        user.commit()

        shown = user.update("--dry-run")

        assert (shown.returncode, shown.stdout) == (0, "Already up to date: v0.2.0.\n")
        git(user.path, "reset", "--quiet", "--soft", first)
        assert user.update("--abort").returncode == 0
        assert git(user.path, "status", "--porcelain") == ""

    def test_only_the_projects_own_folder_of_a_larger_repository_is_touched(
        self, user: User, made: Callable[[str], Path], tmp_path: Path
    ) -> None:
        inner = tmp_path / "all/apps/mine"
        shutil.copytree(made(OLD), inner)
        (tmp_path / "all/README.md").write_text("# All\n", "utf-8")
        commit(tmp_path / "all")
        (tmp_path / "all/notes.md").write_text("not committed\n", "utf-8")
        other = User(inner, user.python)

        lists = other.merge()

        touched = git(tmp_path / "all", "status", "--porcelain", "--untracked-files=all").splitlines()
        assert "docs/news.md: new" in lists["Changed"]
        assert {line[3:] for line in touched if not line[3:].startswith("apps/mine/")} == {"notes.md"}
        back = other.update("--abort")
        assert (back.returncode, git(tmp_path / "all", "status", "--porcelain")) == (0, "?? notes.md\n")

    def test_a_git_hooks_variables_do_not_lead_it_to_another_repository(self, user: User, tmp_path: Path) -> None:
        (tmp_path / "other").mkdir()
        git(tmp_path / "other", "init", "--quiet")

        done = user.update("--no-check", GIT_DIR=str(tmp_path / "other/.git"), GIT_INDEX_FILE="/nowhere/index")

        assert done.returncode == 0, done.stderr
        assert (user.path / "docs/news.md").exists()
        assert not list((tmp_path / "other/.git").glob("sdd-update*"))

    def test_a_persons_own_settings_of_git_change_nothing(self, user: User, tmp_path: Path) -> None:
        (tmp_path / "hooks").mkdir()
        settings = (
            "[merge]\nconflictStyle = diff3\nrenames = false\n[diff]\nrenames = false\n[core]\nautocrlf = input\n"
        )
        settings += f"hooksPath = {tmp_path / 'hooks'}\n[commit]\ngpgSign = true\n[status]\nshowUntrackedFiles = no\n"
        (tmp_path / "settings").write_text(settings, "utf-8")
        user.append("database/tests/test_migrate.py", "\n\n# My last line.\n")
        user.append("contracts/README.md", "My last line.\n")
        user.commit()

        done = user.update("--no-check", GIT_CONFIG_GLOBAL=str(tmp_path / "settings"))

        assert (
            "database/tests/test_migrations.py: was database/tests/test_migrate.py"
            in headings(done.stdout)["Merged with your edits"]
        )
        text = (user.path / "contracts/README.md").read_text("utf-8")
        ends = "<<<<<<< yours\nMy last line.\n=======\nThe template's last line.\n>>>>>>> template v0.2.0\n"
        assert text.endswith(ends)


class TestTwoProjectsOfOneRepository:
    def test_each_has_its_own_way_back(self, made: Callable[[str], Path], tmp_path: Path, python: str) -> None:
        for name in ("app", "shop"):
            shutil.copytree(made(OLD), tmp_path / "both" / name)
        commit(tmp_path / "both")
        app, shop = (User(tmp_path / "both" / name, python) for name in ("app", "shop"))
        app.merge()
        before = everything(app.path)

        shop.merge()
        back = shop.update("--abort")

        assert back.returncode == 0, back.stderr
        same(everything(app.path), before)
        assert git(shop.path, "status", "--porcelain", "--", ".") == ""
        assert app.update("--abort").returncode == 0
        assert git(tmp_path / "both", "status", "--porcelain") == ""


class TestLargerRepository:
    """A project in a folder of another repository, which has a say in how files are written."""

    @pytest.fixture
    def larger(self, made: Callable[[str], Path], tmp_path: Path, python: str) -> User:
        shutil.copytree(made(OLD), tmp_path / "all/apps/mine")
        (tmp_path / "all/apps/mine/.gitattributes").unlink()
        (tmp_path / "all/.gitattributes").write_text("*.md text eol=crlf\n", "utf-8")
        commit(tmp_path / "all")
        (tmp_path / "all/apps/mine/contracts/README.md").unlink()
        git(tmp_path / "all", "checkout", "--", "apps/mine/contracts/README.md")
        return User(tmp_path / "all/apps/mine", python)

    def test_its_attributes_count_for_what_is_written(self, larger: User) -> None:
        before = (larger.path / "contracts/README.md").read_bytes()

        larger.merge()

        after = (larger.path / "contracts/README.md").read_bytes()
        assert after == before + b"The template's last line.\r\n"
        assert git(larger.path, "status", "--porcelain", "--", "..").count("..") == 0


class TestSubmodule:
    def test_it_stays_where_it_is_in_a_folder_that_the_template_renamed(
        self, user: User, releases: Path, tmp_path: Path
    ) -> None:
        again = next_release(releases, tmp_path / "template", user)
        (again / "template/frontend/src/ui").rename(again / "template/frontend/src/parts")
        release(again)
        (tmp_path / "ours").mkdir()
        (tmp_path / "ours/README.md").write_text("Ours.\n", "utf-8")
        commit(tmp_path / "ours")
        allowed = ("-c", "protocol.file.allow=always")
        git(user.path, *allowed, "submodule", "--quiet", "add", str(tmp_path / "ours"), "frontend/src/ui/ours")
        user.commit()

        lists = user.merge()

        told = "frontend/src/ui/ours: a repository of its own, which stays where it is"
        assert lists["Kept as you have it"] == [told]
        assert (user.path / "frontend/src/ui/ours/README.md").read_text("utf-8") == "Ours.\n"
        assert (user.path / "frontend/src/parts/form.tsx").exists()
        assert user.update("--abort").returncode == 0
        assert git(user.path, "status", "--porcelain") == ""


class TestFolder:
    """A folder of the old release is a file in the new one."""

    @pytest.fixture
    def user(self, user: User, releases: Path, tmp_path: Path) -> User:
        again = next_release(releases, tmp_path / "template", user)
        shutil.rmtree(again / "template/tests/integration")
        (again / "template/tests/integration").write_text("A file.\n", "utf-8", newline="\n")
        release(again)
        return user

    def test_the_file_takes_its_place_and_the_way_back_leads_to_the_folder(self, user: User) -> None:
        before = settled(user.path)

        user.merge()

        assert (user.path / "tests/integration").read_text("utf-8") == "A file.\n"
        assert user.update("--abort").returncode == 0
        same(settled(user.path), before)

    def test_what_git_does_not_know_in_it_stays_and_the_file_goes_beside(self, user: User) -> None:
        user.write("tests/integration/var/app.db", "my data\n")
        before = settled(user.path)

        done = user.update("--no-check")

        assert (user.path / "tests/integration.template").read_text("utf-8") == "A file.\n"
        told = "1. tests/integration: git does not know all that is in yours: yours stays, the template's is"
        told += " tests/integration.template; take what you want of that one, and delete it."
        assert (done.returncode, headings(done.stdout)["Left for you"]) == (1, [told])
        assert (user.path / "tests/integration/var/app.db").read_text("utf-8") == "my data\n"
        assert user.update("--abort").returncode == 0
        same(settled(user.path), before)

    def test_what_python_leaves_in_it_is_not_in_the_way(self, user: User) -> None:
        user.write("tests/integration/__pycache__/test_todos.pyc", "made from test_todos.py\n")

        user.merge()

        assert (user.path / "tests/integration").read_text("utf-8") == "A file.\n"


class TestEnvironment:
    def test_what_would_lead_git_elsewhere_is_taken_out_and_nothing_else(self, user: User) -> None:
        line = (
            "from sdd.journal import environment; print([name in environment() for name in ('PREFIX', 'GIT_PREFIX')])"
        )

        assert user.project.must(user.python, "-c", line, PREFIX="/opt", GIT_PREFIX="sub/") == "[True, False]\n"


class TestFromOutside:
    def test_a_checkout_updates_a_project_that_has_no_such_command(self, user: User) -> None:
        for name in ("update", "merge", "release", "journal", "ownership"):
            (user.path / f"sdd/{name}.py").unlink()
        user.commit()

        done = user.project.run(COPIER[0], str(ROOT / "template/sdd/update.py"), "--no-check")

        assert done.returncode == 0, done.stderr
        assert (user.path / "docs/news.md").exists()
        back = user.project.run("python3", ".git/sdd-update/sdd/update.py", "--abort")
        assert (back.returncode, git(user.path, "status", "--porcelain")) == (0, "")
