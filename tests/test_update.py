"""`sdd update`: what it changes, names and refuses. The table of edits stands in test_update_scenarios.py."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
import yaml

from tests.conftest import COPIER, ROOT, Project, commit, outside

OLD, NEW = "v0.1.0", "v0.2.0"
Bytes = dict[str, tuple[int, bytes]]


def git(folder: Path, *words: str) -> str:
    """What git says; it has to succeed."""
    command = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com", *words]
    return subprocess.run(command, cwd=folder, env=outside(), capture_output=True, text=True, check=True).stdout


def everything(folder: Path) -> Bytes:
    """Mode and bytes of every file and link, of those that git ignores too, and of git's index; not git's own files."""
    found: Bytes = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = (0, os.fsencode(path.readlink()))
        elif path.is_file() and ("/.git/" not in f"/{name}" or name.endswith(".git/index")):
            found[name] = (path.stat().st_mode, path.read_bytes())
    return found


def same(left: Bytes, right: Bytes) -> None:
    """Fails with the names of the files that differ."""
    assert {name for name in left.keys() | right.keys() if left.get(name) != right.get(name)} == set()


def headings(report: str) -> dict[str, list[str]]:
    """The lines below each heading of a report."""
    found: dict[str, list[str]] = {}
    for line in report.splitlines():
        if line.startswith("#"):
            found[line.lstrip("# ")] = []
        elif found and re.match(r"- |\d+\. ", line):
            found[list(found)[-1]].append(line.removeprefix("- "))
    return found


def change(template: Path) -> None:
    """The next release: one file changed, one new, one renamed, one deleted, and the program itself."""
    readme = template / "template/contracts/README.md"
    readme.write_text(readme.read_text("utf-8") + "The template's last line.\n", "utf-8", newline="\n")
    (template / "template/docs/news.md").write_text("# News\n", "utf-8", newline="\n")
    for path, old, new in (
        ("pyproject.toml", 'version = "0.1.0"\n', 'version = "0.1.0"\ndescription = "A product"\n'),
        ("frontend/package.json", '"private": true,\n', '"private": true,\n  "description": "The UI",\n'),
    ):
        file = template / "template" / path
        assert old in file.read_text("utf-8"), f"{path} has no {old!r}"
        file.write_text(file.read_text("utf-8").replace(old, new), "utf-8", newline="\n")
    tests = template / "template/database/tests"
    (tests / "test_migrate.py").rename(tests / "test_migrations.py")
    (template / "template/docs/old-news.md").unlink()
    (template / "template/var").mkdir()
    (template / "template/var/notes.md").write_text("git ignores this folder.\n", "utf-8", newline="\n")
    for name in ("update", "merge", "journal"):
        program = template / f"template/sdd/{name}.py"
        program.write_text(program.read_text("utf-8") + "\n\n# newer\n", "utf-8", newline="\n")


@pytest.fixture(scope="session")
def releases(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A template with two releases: this checkout, and one with changes."""
    path = tmp_path_factory.mktemp("releases") / "template"
    shutil.copytree(template, path)
    (path / "template/docs/old-news.md").write_text("# Old news\n", "utf-8", newline="\n")
    git(path, "add", "--all")
    git(path, "commit", "--quiet", "-m", "First")
    git(path, "tag", OLD)
    change(path)
    git(path, "add", "--all")
    git(path, "add", "--force", "template/var")
    git(path, "commit", "--quiet", "-m", "Next")
    git(path, "tag", NEW)
    return path


@pytest.fixture(scope="session")
def made(releases: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """A version's project as `copier copy` writes it, by its name. Nothing may change it."""
    known: dict[str, Path] = {}

    def make(version: str) -> Path:
        if version not in known:
            path = tmp_path_factory.mktemp("made") / "my-app"
            words = ["copy", "--quiet", "--defaults", "--vcs-ref", version, str(releases), str(path)]
            subprocess.run([*COPIER, *words], env=outside(), check=True)
            known[version] = path
        return known[version]

    return make


class User:
    """Somebody with a committed project of the old release, and its environment's Python."""

    def __init__(self, path: Path, python: str) -> None:
        self.project, self.path, self.python = Project(path), path, python

    def update(self, *options: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.project.run(self.python, "-m", "sdd", "update", *options, **more)

    def merge(self, *options: str) -> dict[str, list[str]]:
        """The report's lists after an update that leaves nothing and stops after the merge."""
        done = self.update("--no-check", *options)
        assert done.returncode == 0, done.stdout + done.stderr
        return headings(done.stdout)

    def write(self, path: str, text: str) -> None:
        (self.path / path).parent.mkdir(parents=True, exist_ok=True)
        (self.path / path).write_text(text, "utf-8", newline="\n")

    def append(self, path: str, text: str) -> None:
        self.write(path, (self.path / path).read_text("utf-8") + text)

    def commit(self) -> None:
        git(self.path, "add", "--all")
        git(self.path, "commit", "--quiet", "-m", "Mine")

    def refused(self, *options: str, **more: str) -> str:
        """The one sentence of an update that is refused, which changes nothing."""
        before = everything(self.path)
        done = self.update(*options, **more)
        same(everything(self.path), before)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stdout + done.stderr
        assert not list((self.path / ".git").glob("sdd-update*")), "an update that was refused leaves nothing behind"
        return done.stderr.strip()


@pytest.fixture
def user(made: Callable[[str], Path], tmp_path: Path, python: str) -> User:
    path = tmp_path / "my-app"
    shutil.copytree(made(OLD), path)
    commit(path)
    return User(path, python)


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
        assert done.stdout.splitlines()[-1] == "Nothing is left for you. Look at git diff, then commit."

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


class TestWhatIsLeft:
    def test_a_file_of_the_template_goes_beside_one_that_git_does_not_know(self, user: User) -> None:
        user.append(".gitignore", "docs/news.md\n")
        user.commit()
        user.write("docs/news.md", "My own news.\n")

        done = user.update("--no-check")

        assert (user.path / "docs/news.md").read_text("utf-8") == "My own news.\n"
        assert (user.path / "docs/news.md.template").read_text("utf-8") == "# News\n"
        told = (
            "docs/news.md: git does not know yours: yours stays, the template's is docs/news.md.template; take what you"
        )
        assert headings(done.stdout)["Left for you"] == [f"1. {told} want of it, and delete it."]
        assert done.returncode == 1

    def test_two_migrations_after_the_same_one_are_told(self, user: User, releases: Path, tmp_path: Path) -> None:
        again = self.next_release(releases, tmp_path, user)
        theirs = again / "template/database/migrations/versions/0003_add_colour.py"
        theirs.write_text('revision = "0003"\ndown_revision = "0002"\n', "utf-8")
        self.tag(again)
        user.write("database/migrations/versions/0003_add_size.py", 'revision = "0003"\ndown_revision = "0002"\n')
        user.commit()

        done = user.update("--no-check")

        told = "it follows 0002, as your database/migrations/versions/0003_add_size.py does: let it follow yours, which"
        told += " your databases may have run, under a revision of its own, then run `make generate`."
        left = headings(done.stdout)["Left for you"]
        assert left == [f"1. database/migrations/versions/0003_add_colour.py: {told}"]

    def test_a_sample_that_was_removed_does_not_come_back(self, user: User, releases: Path, tmp_path: Path) -> None:
        again = self.next_release(releases, tmp_path, user)
        (again / "template/backend/todos/colours.py").write_text('"""Colours of todos."""\n', "utf-8")
        self.tag(again)
        for path in [path for path in user.path.rglob("*") if "todos" in path.name and ".git/" not in str(path)]:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        user.commit()

        lists = user.merge()

        assert not (user.path / "backend/todos").exists()
        assert lists["Kept as you have it"] == ["backend/todos/colours.py: not added, because you removed the sample"]

    def test_what_is_the_users_own_stays_though_the_template_moves_on(
        self, user: User, releases: Path, tmp_path: Path
    ) -> None:
        again = self.next_release(releases, tmp_path, user)
        for path in (again / "template").rglob("constitution.md*"):
            path.write_text("Another constitution.\n", "utf-8")
        (again / "template/LICENSE.jinja").unlink()
        self.tag(again)
        kept = {name: (user.path / name).read_bytes() for name in ("specs/constitution.md", "LICENSE")}

        lists = user.merge()

        assert {name: (user.path / name).read_bytes() for name in kept} == kept
        assert lists["Kept as you have it"] == [
            "LICENSE: it is yours, and the template deleted its own",
            "specs/constitution.md: it is yours, and the template changed its own",
        ]

    def test_a_new_question_takes_its_default_and_is_named(self, user: User, releases: Path, tmp_path: Path) -> None:
        again = self.next_release(releases, tmp_path, user)
        questions = (again / "copier.yml").read_text("utf-8")
        asked = questions.replace(
            "\nlicense:\n", "\ncolour:\n  type: str\n  help: Which?\n  default: blue\n\nlicense:\n"
        )
        (again / "copier.yml").write_text(asked, "utf-8")
        self.tag(again)

        lists = user.merge()

        assert ".copier-answers.yml: the new question colour took 'blue'" in lists["Changed"]
        assert yaml.safe_load((user.path / ".copier-answers.yml").read_text("utf-8"))["colour"] == "blue"

    def next_release(self, releases: Path, tmp_path: Path, user: User) -> Path:
        """A template of which the user has the first release, and that has no second one yet."""
        again = tmp_path / "template"
        shutil.copytree(releases, again)
        git(again, "tag", "--delete", NEW)
        git(again, "checkout", "--quiet", OLD)
        answers = user.path / ".copier-answers.yml"
        user.write(answers.name, answers.read_text("utf-8").replace(str(releases), str(again)))
        user.commit()
        return again

    def tag(self, template: Path) -> None:
        git(template, "add", "--all")
        git(template, "commit", "--quiet", "-m", "Next")
        git(template, "tag", NEW)


@dataclass(frozen=True)
class Outcome:
    """The user's tree after a merge, and what is said of it."""

    files: dict[str, str]
    lists: dict[str, list[str]]
    left: list[str]


Folder = dict[str, str]
LINES = "".join(f"line {number}\n" for number in range(1, 21))
MINE, THEIRS, BOTH = (
    LINES.replace("line 5\n", "mine\n"),
    LINES.replace("line 15\n", "theirs\n"),
    LINES.replace("line 5\n", "mine\n").replace("line 15\n", "theirs\n"),
)
CLASH = LINES.replace("line 5\n", "theirs\n")
MARKED = "<<<<<<< yours\nmine\n=======\ntheirs\n>>>>>>> template v0.2.0\n"
A, B, C = "docs/a.md", "docs/b.md", "docs/c.md"


class TestConflicts:
    """Each kind by itself: a path may begin with `->` for a link; bytes that are no text begin with a NUL."""

    @pytest.fixture
    def merged(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Folder, Folder, Folder], Outcome]:
        monkeypatch.syspath_prepend(str(ROOT / "template"))
        journal, merge = import_module("sdd.journal"), import_module("sdd.merge")

        def write(folder: Path, files: Folder) -> None:
            folder.mkdir(exist_ok=True)
            for path, text in files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                if text.startswith("->"):
                    (folder / path).symlink_to(text[2:])
                else:
                    (folder / path).write_bytes(text.encode())

        def run(old: Folder, user: Folder, new: Folder, agents: tuple[str, ...] = ("claude",)) -> Outcome:
            for name, files in (("old", old), ("new", new), ("user", user)):
                write(tmp_path / name, {"README.md": "# App\n"} | files)
            commit(tmp_path / "user")
            place = journal.Place(tmp_path / "user")
            plan = merge.Plan(OLD, NEW)
            answers = {"agents": list(agents)}
            scratch = merge.Scratch(tmp_path, place.root)
            merge.Merge(scratch, tmp_path, place.tree, plan, place.blocked).judge(answers, answers)
            result = {path: scratch.blob(name).decode() for path, (_, name) in scratch.tree(plan.tree).items()}
            result.pop("README.md")
            lists = {heading: lines for heading, lines in plan.lists.items() if lines} | {"taken": plan.taken}
            left = [f"{left.path}: {left.sentence}" for left in plan.left]
            return Outcome(result, {heading: lines for heading, lines in lists.items() if lines}, left)

        return run

    def test_edits_of_different_lines_are_merged(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {A: MINE}, {A: THEIRS}) == Outcome({A: BOTH}, {"Merged with your edits": [A]}, [])

    def test_the_same_line_is_marked(self, merged: Callable[..., Outcome]) -> None:
        told = f"{A}: a conflict: choose between the markers, and delete them."
        assert merged({A: LINES}, {A: MINE}, {A: CLASH}) == Outcome({A: LINES.replace("line 5\n", MARKED)}, {}, [told])

    def test_two_new_files_of_one_name_are_marked(self, merged: Callable[..., Outcome]) -> None:
        told = f"{A}: a conflict: choose between the markers, and delete them."
        assert merged({}, {A: "mine\n"}, {A: "theirs\n"}) == Outcome({A: MARKED}, {}, [told])

    def test_edits_follow_a_file_that_the_template_renamed(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {A: MINE}, {B: THEIRS}) == Outcome(
            {B: BOTH}, {"Merged with your edits": [f"{B}: was {A}"]}, []
        )

    def test_the_templates_edits_follow_a_file_that_the_user_renamed(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {B: MINE}, {A: THEIRS}) == Outcome(
            {B: BOTH}, {"Merged with your edits": [f"{B}: in the template {A}"]}, []
        )

    def test_a_file_that_both_renamed_stays_where_the_user_has_it(self, merged: Callable[..., Outcome]) -> None:
        told = f"{B}: the template moved {A} to {C}, you moved it here: what follows the template must know yours."
        assert merged({A: LINES}, {B: MINE}, {C: THEIRS}) == Outcome({B: BOTH}, {}, [told])

    def test_a_file_that_the_user_deleted_stays_away(self, merged: Callable[..., Outcome]) -> None:
        assert merged({A: LINES}, {}, {A: THEIRS}) == Outcome({}, {"Kept as you have it": [f"{A}: you deleted it"]}, [])

    def test_a_file_that_the_user_deleted_stays_away_under_a_new_name(self, merged: Callable[..., Outcome]) -> None:
        told = f"{B}: you deleted it as {A}, which the template renamed"
        assert merged({A: LINES}, {}, {B: LINES}) == Outcome({}, {"Kept as you have it": [told]}, [])

    def test_a_file_that_the_template_deleted_and_the_user_changed_stays(self, merged: Callable[..., Outcome]) -> None:
        told = f"{A}: the template deleted it, and you changed it: delete it too, or keep it as your own."
        assert merged({A: LINES}, {A: MINE}, {}) == Outcome({A: MINE}, {}, [told])

    def test_a_file_that_the_template_deleted_and_the_user_renamed_stays(self, merged: Callable[..., Outcome]) -> None:
        told = f"{B}: the template deleted it (there it was {A}): delete it too, or keep it as your own."
        assert merged({A: LINES}, {B: LINES}, {}) == Outcome({B: LINES}, {}, [told])

    @pytest.mark.parametrize(
        ("mine", "theirs"), [("\0mine", "\0theirs"), ("->README.md", THEIRS), (MINE, "->README.md")]
    )
    def test_what_cannot_be_merged_stays_and_the_templates_goes_beside(
        self, merged: Callable[..., Outcome], mine: str, theirs: str
    ) -> None:
        old = "\0" if mine[0] == "\0" else LINES
        why = "the two cannot be merged" if mine[0] == "\0" else "it is another kind of file in the template"
        told = f"{A}: {why}: yours stays, the template's is {A}.template; take what you want of it, and delete it."
        kept = {A: mine.removeprefix("->"), f"{A}.template": theirs.removeprefix("->")}
        assert merged({A: old}, {A: mine}, {A: theirs}) == Outcome(kept, {}, [told])

    def test_a_folder_of_the_template_goes_beside_the_users_file(self, merged: Callable[..., Outcome]) -> None:
        told = (
            "docs/a: it is another kind of file in the template: yours stays, the template's is docs/a.template; take"
        )
        assert merged({}, {"docs/a": "mine"}, {"docs/a/b.md": "theirs"}) == Outcome(
            {"docs/a": "mine", "docs/a.template/b.md": "theirs"}, {}, [f"{told} what you want of it, and delete it."]
        )

    def test_a_file_of_the_template_goes_beside_the_users_folder(self, merged: Callable[..., Outcome]) -> None:
        told = (
            "docs/a: it is another kind of file in the template: yours stays, the template's is docs/a.template; take"
        )
        assert merged({}, {"docs/a/b.md": "mine"}, {"docs/a": "theirs"}) == Outcome(
            {"docs/a/b.md": "mine", "docs/a.template": "theirs"}, {}, [f"{told} what you want of it, and delete it."]
        )

    def test_a_new_file_follows_a_folder_that_the_user_renamed(self, merged: Callable[..., Outcome]) -> None:
        old = {"tools/x/a.md": LINES, "tools/x/b.md": MINE}
        user = {"tools/y/a.md": LINES, "tools/y/b.md": MINE}
        assert merged(old, user, old | {"tools/x/c.md": "new\n"}) == Outcome(
            user | {"tools/y/c.md": "new\n"}, {"Changed": ["tools/y/c.md: new"]}, []
        )

    def test_a_file_of_the_users_own_in_a_folder_that_the_template_renamed_is_named(
        self, merged: Callable[..., Outcome]
    ) -> None:
        old = {"tools/x/a.md": LINES, "tools/x/b.md": MINE}
        new = {"tools/y/a.md": LINES, "tools/y/b.md": MINE}
        moved = ["tools/y/a.md: was tools/x/a.md", "tools/y/b.md: was tools/x/b.md"]
        assert merged(old, old | {"tools/x/c.md": "mine\n"}, new) == Outcome(
            new | {"tools/y/c.md": "mine\n"},
            {"Changed": moved, "Merged with your edits": ["tools/y/c.md: was tools/x/c.md"]},
            [],
        )

    def test_a_new_picture_on_both_sides_is_there_twice_though_nobody_owns_its_path_yet(
        self, merged: Callable[..., Outcome]
    ) -> None:
        path = "pictures/logo.png"
        told = f"the two cannot be merged: yours stays, the template's is {path}.template; take what you want of it"
        assert merged({}, {path: "\0mine"}, {path: "\0theirs"}) == Outcome(
            {path: "\0mine", f"{path}.template": "\0theirs"}, {}, [f"{path}: {told}, and delete it."]
        )

    def test_what_is_made_from_other_files_is_the_templates(self, merged: Callable[..., Outcome]) -> None:
        path = "contracts/database/schema.sql"
        assert merged({path: LINES}, {path: MINE}, {path: CLASH}) == Outcome({path: CLASH}, {"taken": [path]}, [])

    def test_another_hosts_agent_keeps_the_keys_that_the_user_gave_it(self, merged: Callable[..., Outcome]) -> None:
        path = ".codex/agents/worker.toml"
        files: list[Folder] = [{path: LINES}, {path: MINE}, {path: CLASH}]
        assert merged(*files, ("claude", "codex")) == Outcome({path: MINE}, {"taken": [path]}, [])

    def test_the_folders_of_the_agent_hosts_are_the_programs(self, python: str) -> None:
        said = Project(ROOT / "template").must(
            python,
            "-c",
            "from sdd.hosts import HOSTS; from sdd.merge import MIRRORED;"
            "print({host.name: (host.agents, host.skills) for host in HOSTS} == MIRRORED)",
        )

        assert said == "True\n"


class TestRefusals:
    def test_a_tree_that_is_not_committed(self, user: User) -> None:
        user.write("mine.txt", "mine\n")

        assert user.refused() == (
            "Not everything here is committed (mine.txt): commit or stash it, then run this again, because only then"
            " can an update be taken back to the byte."
        )

    def test_no_repository_and_no_commit_are_wrong_usage(self, user: User) -> None:
        sentence = "An update needs git and a first commit: run `git init`, `git add .`, `git commit`, then again.\n"
        shutil.rmtree(user.path / ".git")
        without = user.update()
        git(user.path, "init", "--quiet")
        empty = user.update()

        assert (without.returncode, without.stderr, empty.returncode, empty.stderr) == (2, sentence, 2, sentence)

    def test_git_itself_is_missing(self, user: User) -> None:
        done = user.update(PATH=str(user.path))

        assert (done.returncode, done.stderr) == (2, "An update needs git: install it, then run this again.\n")

    def test_a_folder_that_copier_did_not_make(self, user: User) -> None:
        (user.path / ".copier-answers.yml").unlink()
        user.commit()

        said = user.refused()

        assert said == "There is no .copier-answers.yml here: run this in the root of a project that Copier made."

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            ("_commit: v0.1.0\n", "", "says no version: write the one that the project was made from as `_commit`"),
            ("_src_path: ", "_src_path: ../", "which is relative: write the whole path, and commit it."),
            ("_src_path: ", "_source: ", "names no template: write its address there as `_src_path`, and commit it."),
            ("_commit: ", "_commit: [", "is not YAML: mend it, commit it, then run this again."),
        ],
        ids=["no version", "relative path", "no path", "no YAML"],
    )
    def test_answers_that_lead_to_no_template(self, user: User, old: str, new: str, says: str) -> None:
        answers = user.path / ".copier-answers.yml"
        text = answers.read_text("utf-8")
        if new.endswith("../"):
            old, new = f"_src_path: {text.partition('_src_path: ')[2].splitlines()[0]}", "_src_path: ../template"
        user.write(answers.name, text.replace(old, new))
        user.commit()

        assert says in user.refused()

    @pytest.mark.parametrize("source", ["https://127.0.0.1:9/x.git", "/nowhere/template"])
    def test_a_template_that_cannot_be_reached(self, user: User, releases: Path, source: str) -> None:
        answers = user.path / ".copier-answers.yml"
        user.write(answers.name, answers.read_text("utf-8").replace(str(releases), source))
        user.commit()

        said = user.refused()

        assert said.startswith(f"The template at {source} cannot be read (")
        assert said.endswith("): nothing was changed; try again when it can.")

    def test_a_version_that_there_is_not(self, user: User, releases: Path) -> None:
        said = user.refused("--to", "v9.9.9")

        assert said == f"{releases} has no version v9.9.9: name one of its releases with --to."

    def test_a_version_that_the_template_no_longer_has(self, user: User, releases: Path) -> None:
        answers = user.path / ".copier-answers.yml"
        user.write(answers.name, answers.read_text("utf-8").replace("v0.1.0", "v0.0.1"))
        user.commit()

        says = "has no version v0.0.1, which .copier-answers.yml says as `_commit`: write a release there."
        assert user.refused() == f"{releases} {says}"

    def test_a_version_that_is_older(self, user: User) -> None:
        user.merge()
        user.commit()
        shutil.rmtree(user.path / ".git/sdd-update")

        said = user.refused("--to", OLD)

        assert said == "v0.1.0 is older than v0.2.0, which this project is at: an update goes forward only."

    @pytest.mark.parametrize(("mark", "what"), [("MERGE_HEAD", "merge"), ("CHERRY_PICK_HEAD", "cherry-pick")])
    def test_a_merge_that_is_not_finished(self, user: User, mark: str, what: str) -> None:
        (user.path / ".git" / mark).write_text(git(user.path, "rev-parse", "HEAD"), "utf-8")

        assert user.refused() == f"A {what} is under way here: finish it or take it back, then run this again."

    def test_a_file_that_git_was_told_not_to_look_at(self, user: User) -> None:
        git(user.path, "update-index", "--assume-unchanged", "contracts/README.md")
        user.append("contracts/README.md", "Hidden.\n")

        said = user.refused()

        assert said.startswith("git was told not to look at contracts/README.md, which this update would change: run ")

    def test_a_checkout_of_a_part(self, user: User) -> None:
        git(user.path, "config", "core.sparseCheckout", "true")

        assert user.refused() == "This is a sparse checkout: run `git sparse-checkout disable`, then this again."

    @pytest.mark.parametrize(
        ("meanwhile", "said"),
        [
            ("open('README.md', 'a').write('Mine.')", "README.md was changed"),
            ("open('docs/mine.md', 'w').write('Mine.')", "docs/mine.md was changed"),
            ("import subprocess; subprocess.run([*GIT, '--allow-empty', '-qm', 'Mine'])", "Something was committed"),
        ],
    )
    def test_what_happens_while_it_is_worked_out_is_not_overwritten(
        self, user: User, meanwhile: str, said: str
    ) -> None:
        lines = [
            "from sdd import merge, update",
            "GIT = ('git', '-c', 'user.name=Test', '-c', 'user.email=test@example.com', 'commit')",
            "real = merge.plan",
            "def plan(*words):",
            "    made = real(*words)",
            f"    {meanwhile}",
            "    return made",
            "merge.plan = plan",
            "raise SystemExit(update.main(['--no-check']))",
        ]

        done = user.project.run(user.python, "-c", "\n".join(lines))

        told = "while the update was worked out, so nothing was written: see that all is committed"
        assert (done.returncode, done.stdout, done.stderr) == (1, "", f"{said} {told}, then run this again.\n")
        assert not list((user.path / ".git").glob("sdd-update*"))
        assert OLD in (user.path / ".copier-answers.yml").read_text("utf-8")

    @pytest.mark.parametrize("way", ["--abort", "--resume"])
    def test_a_dry_run_of_a_way_on(self, user: User, way: str) -> None:
        user.merge()
        before = everything(user.path)

        done = user.update(way, "--dry-run")

        same(everything(user.path), before)
        assert (done.returncode, done.stderr) == (
            2,
            "--dry-run shows what a new update would do: leave it out, or leave out the other.\n",
        )

    def test_an_update_of_which_a_part_is_committed_keeps_its_way_back(self, user: User) -> None:
        user.merge()
        git(user.path, "add", "pyproject.toml")
        git(user.path, "commit", "--quiet", "-m", "A part")

        done = user.update("--dry-run")

        assert (done.returncode, done.stderr.startswith("Not everything here is committed (")) == (1, True)
        assert (user.path / ".git/sdd-update/journal.json").exists()

    def test_an_answers_file_that_is_not_utf_8(self, user: User) -> None:
        answers = user.path / ".copier-answers.yml"
        answers.write_bytes(answers.read_bytes() + b"# \xe4\n")
        user.commit()

        done = user.update("--no-check", "--to", "v9.9.9")

        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1), done.stderr

    def test_an_update_that_is_not_committed_yet(self, user: User) -> None:
        user.merge()
        before = everything(user.path)

        done = user.update()

        same(everything(user.path), before)
        assert (done.returncode, done.stderr) == (
            1,
            "The update to v0.2.0 is not committed yet: commit it, or go back with"
            " `python3 .git/sdd-update/sdd/update.py --abort`, then run this again.\n",
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows makes links for administrators only")
class TestLink:
    def test_the_report_does_not_follow_one_out_of_the_project(self, user: User, tmp_path: Path) -> None:
        (tmp_path / "outside").mkdir()
        (user.path / "reports").symlink_to(tmp_path / "outside")
        (user.path / ".git/info").mkdir(exist_ok=True)
        (user.path / ".git/info/exclude").write_text("reports\n", "utf-8")

        user.merge()

        assert list((tmp_path / "outside").iterdir()) == []


class TestResumeThenAbort:
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


class TestEnvironment:
    def test_what_would_lead_git_elsewhere_is_taken_out_and_nothing_else(self, user: User) -> None:
        line = (
            "from sdd.journal import environment; print([name in environment() for name in ('PREFIX', 'GIT_PREFIX')])"
        )

        assert user.project.must(user.python, "-c", line, PREFIX="/opt", GIT_PREFIX="sub/") == "[True, False]\n"


class TestFromOutside:
    def test_a_checkout_updates_a_project_that_has_no_such_command(self, user: User) -> None:
        for name in ("update", "merge", "journal", "ownership"):
            (user.path / f"sdd/{name}.py").unlink()
        user.commit()

        done = user.project.run(COPIER[0], str(ROOT / "template/sdd/update.py"), "--no-check")

        assert done.returncode == 0, done.stderr
        assert (user.path / "docs/news.md").exists()
        back = user.project.run("python3", ".git/sdd-update/sdd/update.py", "--abort")
        assert (back.returncode, git(user.path, "status", "--porcelain")) == (0, "")
