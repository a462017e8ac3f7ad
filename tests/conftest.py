"""One project for each set of answers, made through the command line as a user makes it, and shared by all tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
COPIER = [sys.executable, "-m", "copier"]
CATALOGUE: dict[str, dict[str, Any]] = {
    path.stem: yaml.safe_load(path.read_text("utf-8")) for path in sorted(ROOT.glob("hooks/stacks/*.yml"))
}
"""What each choice's file says, by its name."""


def choices(question: str) -> list[str]:
    """The choices of a question, in their places."""
    names = [name for name, choice in CATALOGUE.items() if choice["question"] == question]
    return sorted(names, key=lambda name: int(CATALOGUE[name]["place"]))


def left_out(path: str, *chosen: str) -> bool:
    """Whether a file of the template belongs to a choice that was not taken."""
    others = [file for name, choice in CATALOGUE.items() if name not in chosen for file in choice["files"]]
    return any(path == file or path.startswith(f"{file}/") for file in others)


def outside() -> dict[str, str]:
    """The environment of a person's shell: nothing of the run that these tests are part of."""
    inner = ("POE_", "PYTEST_", "MAKE", "VIRTUAL_ENV", "MFLAGS", "CI")
    settings = ("APP_ENV", "BASE_URL", "DATABASE_URL", "HOST", "PORT", "PRODUCT_NAME")
    return {name: value for name, value in os.environ.items() if not name.startswith(inner) and name not in settings}


@dataclass(frozen=True)
class Project:
    """A folder in which commands run."""

    path: Path

    @property
    def python(self) -> Path:
        """Of the project's own environment, which `make setup` made: quicker than through uv."""
        return next(
            path for path in (self.path / ".venv/bin/python", self.path / ".venv/Scripts/python.exe") if path.exists()
        )

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """The finished command; its exit code, output and errors are for the test to judge."""
        return subprocess.run(
            command, cwd=self.path, env=outside() | more, capture_output=True, text=True, encoding="utf-8", check=False
        )

    def must(self, *command: str, **more: str) -> str:
        """Output and errors of a command that has to succeed."""
        done = self.run(*command, **more)
        assert done.returncode == 0, f"{' '.join(command)} in {self.path}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def files(self) -> set[str]:
        return {path.relative_to(self.path).as_posix() for path in self.path.rglob("*") if path.is_file()}

    @contextmanager
    def broken(self, path: str, old: str, new: str) -> Iterator[None]:
        """The project with one change in one file, taken back at the end."""
        file = self.path / path
        before = file.read_text("utf-8")
        assert old in before, f"{path} has no {old!r} to break"
        file.write_text(before.replace(old, new, 1), "utf-8", newline="\n")
        try:
            yield
        finally:
            file.write_text(before, "utf-8", newline="\n")

    @contextmanager
    def added(self, path: str, text: str) -> Iterator[None]:
        """The project with one more file, taken away at the end."""
        file = self.path / path
        assert not file.exists(), f"{path} is already there"
        file.write_text(text, "utf-8", newline="\n")
        try:
            yield
        finally:
            file.unlink()


def copy(destination: Path, *flags: str, template: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`copier copy` of this checkout without `--trust`, as a user types it."""
    command = [*COPIER, "copy", "--defaults", "--vcs-ref", "HEAD", *flags, str(template), str(destination)]
    return subprocess.run(command, env=outside(), capture_output=True, text=True, encoding="utf-8", check=False)


def commit(folder: Path) -> None:
    """Makes a folder a repository with one commit of all that is in it."""
    git = ["git", "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for words in (["init", "--quiet", "--initial-branch=main"], ["add", "."], ["commit", "--quiet", "-m", "Start"]):
        subprocess.run([*git, *words], cwd=folder, env=outside(), check=True)


def tracked(folder: str = ".") -> set[str]:
    """The files of this checkout below a folder, those not yet committed too, told from that folder."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT / folder, capture_output=True, text=True, check=True)
    return {line for line in listed.stdout.splitlines() if (ROOT / folder / line).exists()}


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This checkout, committed: the template that a project can be updated from."""
    path = tmp_path_factory.mktemp("template") / "copier-sdd"
    for name in tracked():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, path / name)
    commit(path)
    return path


def committed(project: Project, path: Path) -> Project:
    """A copy of a project, committed: what `copier update` wants."""
    shutil.copytree(project.path, path)
    commit(path)
    return Project(path)


def set_up(project: Project, path: Path) -> Project:
    """A copy of a project, set up and then committed, its lock included."""
    shutil.copytree(project.path, path)
    copied = Project(path)
    copied.must("make", "setup")
    commit(path)
    return copied


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project of the default answers as `copier copy` leaves it. Nothing may change it."""
    path = tmp_path_factory.mktemp("fresh") / "my-app"
    done = copy(path)
    assert done.returncode == 0, done.stderr
    return Project(path)


@pytest.fixture(scope="session")
def project(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same, in git and set up: tests may break it as long as they mend it."""
    project = committed(fresh, tmp_path_factory.mktemp("project") / "my-app")
    project.must("make", "setup")
    return project


@pytest.fixture(scope="session")
def python(project: Project) -> str:
    """The project's interpreter, which judges copies of the project as well."""
    return str(project.python)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What became of the edits that were updated; each one stands in reports/updates.md."""
    reports = [report for found in terminalreporter.stats.values() for report in found]
    called = [report for report in reports if isinstance(report, pytest.TestReport) and report.when == "call"]
    rows: list[Any] = [value for report in called for name, value in report.user_properties if name == "update"]
    for start in dict.fromkeys(row[0] for row in rows):
        of_it = [row for row in rows if row[0] == start]
        outcomes = ("merged", "reported", "untouched")
        counts = [f"{sum(row[2] == outcome for row in of_it)} {outcome}" for outcome in outcomes]
        lost = sum(row[3] for row in of_it)
        terminalreporter.line(f"updates from {start}: {len(of_it)} edits, {', '.join(counts)}, {lost} lost")
    if rows:
        table = ["| from | what the user did | outcome | lost |", "|---|---|---|---|"]
        table += [f"| {' | '.join(map(str, row))} |" for row in rows]
        (ROOT / "reports").mkdir(exist_ok=True)
        (ROOT / "reports/updates.md").write_text("\n".join([*table, ""]), "utf-8", newline="\n")
