"""Somebody with a project of the old one of two releases: what the tests of `sdd update` share.

Projects are made once for all of them, and copied. Knows no outcome of an update.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import COPIER, Project, commit, outside

OLD, NEW = "v0.1.0", "v0.2.0"
Bytes = dict[str, tuple[int, bytes]]
BACK = ("python3", ".git/sdd-update/sdd/update.py", "--abort")
LEFT_OUT = (
    "Nothing is left for you but what --no-check left out: "
    "run `make update args=--resume`, look at git status and git diff, then commit."
)


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


def settled(folder: Path) -> Bytes:
    """All of a project but what Python leaves behind when it is run."""
    return {name: content for name, content in everything(folder).items() if "__pycache__" not in name}


def back(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """The way back as printed; where an update left nothing behind yet, there is none, and none is needed."""
    if not (folder / ".git/sdd-update").exists():
        return subprocess.CompletedProcess((), 0, "", "")
    return Project(folder).run(*(command or BACK))


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


@cache
def two_releases(template: Path) -> Path:
    """A template with two releases: this checkout, and one with changes."""
    path = template.parent / "releases"
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


@cache
def project_of(releases: Path, version: str) -> Path:
    """A version's project as `copier copy` writes it."""
    path = releases.parent / f"made-{version}/my-app"
    words = ["copy", "--quiet", "--defaults", "--vcs-ref", version, str(releases), str(path)]
    subprocess.run([*COPIER, *words], env=outside(), check=True)
    return path


@cache
def edited_project(releases: Path) -> Path:
    """A committed project with edits of each kind, ignored files, a link and a file that may be run."""
    path = releases.parent / "edited/my-app"
    shutil.copytree(project_of(releases, OLD), path)
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


@pytest.fixture(scope="session")
def releases(template: Path) -> Path:
    return two_releases(template)


@pytest.fixture(scope="session")
def made(releases: Path) -> Callable[[str], Path]:
    """A version's project, by its name. Nothing may change it."""
    return lambda version: project_of(releases, version)


@pytest.fixture
def user(made: Callable[[str], Path], tmp_path: Path, python: str) -> User:
    path = tmp_path / "my-app"
    shutil.copytree(made(OLD), path)
    commit(path)
    return User(path, python)


@pytest.fixture(scope="session")
def edited(releases: Path) -> Path:
    """A project with edits, two of which meet the template's. Nothing may change it."""
    return edited_project(releases)


@pytest.fixture
def editor(edited: Path, tmp_path: Path, python: str) -> User:
    """Whose project it is."""
    path = tmp_path / "my-app"
    shutil.copytree(edited, path, symlinks=True)
    return User(path, python)


def next_release(releases: Path, path: Path, user: User) -> Path:
    """A template of which the user has the first release, and that has no second one yet."""
    shutil.copytree(releases, path)
    git(path, "tag", "--delete", NEW)
    git(path, "checkout", "--quiet", OLD)
    answers = user.path / ".copier-answers.yml"
    user.write(answers.name, answers.read_text("utf-8").replace(str(releases), str(path)))
    user.commit()
    return path


def release(template: Path) -> None:
    """The second one, as the template is now."""
    git(template, "add", "--all", "--force")
    git(template, "commit", "--quiet", "--allow-empty", "-m", "Next")
    git(template, "tag", NEW)
