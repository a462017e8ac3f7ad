"""One project for each set of answers, made through the command line as a user makes it, and shared by all tests."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COPIER = [sys.executable, "-m", "copier"]


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


def copy(destination: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    """`copier copy` of this checkout without `--trust`, as a user types it."""
    command = [*COPIER, "copy", "--defaults", "--vcs-ref", "HEAD", *flags, str(ROOT), str(destination)]
    return subprocess.run(command, env=outside(), capture_output=True, text=True, encoding="utf-8", check=False)


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
    path = tmp_path_factory.mktemp("project") / "my-app"
    shutil.copytree(fresh.path, path)
    project = Project(path)
    project.must("git", "init", "--quiet", "--initial-branch=main")
    project.must("git", "add", ".")
    project.must(
        *("git", "-c", "user.name=Test", "-c", "user.email=test@example.com"), *("commit", "--quiet", "-m", "Start")
    )
    project.must("make", "setup")
    return project
