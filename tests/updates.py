"""Makes projects from the template's releases as users do, and updates them. Knows no scenario's outcome."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from tests.conftest import COPIER, ROOT, choices, commit, outside
from tests.judge import Judge, Report, Tree, tree
from tests.next_releases import NEXT_RELEASE
from tests.releases import Source, changelog, git
from tests.scenarios import Scenario
from tests.test_cookiecutter import COOKIECUTTER, at_home

CURRENT = "this checkout"
RELEASES = [section.version for section in changelog(ROOT) if section.version]
"""The newest first."""


@dataclass(frozen=True)
class Start:
    """What a user starts from: a release, a database, and the door."""

    release: str = RELEASES[0]
    database: str = choices("database")[0]
    door: str = "copier"

    def __str__(self) -> str:
        return f"{self.release}, {self.database}, {self.door}"


@dataclass(frozen=True)
class Ended:
    """An update that has come to its end: its exit code, what it said, and what there is to judge."""

    code: int
    said: str
    judge: Judge
    faults: list[str]


class Updates:
    """Makes projects from a source of releases, edits and updates them."""

    def __init__(self, folder: Path, source: Source, python: str) -> None:
        self._folder = folder
        self.source = source
        self._python = python
        self._made: dict[Start, tuple[Path, Path]] = {}
        self._lock = Lock()
        self._current = source.versions[-1]
        self.next = source.add(lambda clone: NEXT_RELEASE(clone / "template"))

    def made(self, start: Start) -> tuple[Path, Path]:
        """A committed project, and a fresh one of the next release with the same answers. Nothing may change them."""
        with self._lock:
            if start not in self._made:
                folder = self._folder / f"start-{len(self._made)}"
                version = start.release if start.release in self.source.versions else self._current
                self._copy(folder / "next", start, self.next)
                if start.door == "copier":
                    self._copy(folder / "my-app", start, version)
                else:
                    self._bake(folder, start, version)
                commit(folder / "my-app")
                shutil.copytree(folder / "my-app/.git", folder / "next/.git")
                save(folder / "next")
                self._made[start] = folder / "my-app", folder / "next"
            return self._made[start]

    def _address(self, start: Start) -> str:
        return str(self.source.path) if start.door == "copier" else f"git+{self.source.path.as_uri()}"

    def _copy(self, path: Path, start: Start, version: str) -> None:
        answers = ["--defaults", "--data", f"database={start.database}", "--vcs-ref", f"v{version}"]
        command = [*COPIER, "copy", "--quiet", *answers, self._address(start), str(path)]
        subprocess.run(command, env=outside(), check=True, capture_output=True)

    def _bake(self, folder: Path, start: Start, version: str) -> None:
        answers = ["--checkout", f"v{version}", self._address(start), f"database={start.database}"]
        command = [*COOKIECUTTER, "--no-input", "--output-dir", str(folder), *answers]
        subprocess.run(command, env=at_home(folder), check=True, capture_output=True)

    def update(self, project: Path, *options: str) -> subprocess.CompletedProcess[str]:
        """As a person types it; a release that has no such command takes it from a checkout of the template."""
        if (project / "sdd/update.py").exists():
            return self._run(project, "-m", "sdd", "update", "--no-check", *options)
        return self._run(project, str(ROOT / "template/sdd/update.py"), "--no-check", *options)

    def _run(self, project: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self._python, *words],
            cwd=project,
            env=outside() | {"GIT_CONFIG_GLOBAL": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def _does_itself(self, project: Path, *command: str) -> bool:
        """Whether the project has a command that does a user's work. It is done then; 1 may say what is next."""
        done = self._run(project, "-m", "sdd", *command)
        assert done.returncode in (0, 1, 2), done.stdout + done.stderr
        return done.returncode != 2

    def edited_and_updated(self, start: Start, scenario: Scenario, root: Path) -> Ended:
        made, new = self.made(start)
        repository = root / "repository"
        project = repository / scenario.folder
        shutil.copytree(made, project, symlinks=True)
        if project != repository:
            shutil.rmtree(project / ".git")
            (repository / "beside.txt").write_text("Ours\n", "utf-8")
            commit(repository)
        old = tree(project)
        if not (scenario.command and self._does_itself(project, *scenario.command)):
            scenario.does(project)
        save(project)
        mine, before, beside = tree(project), state(repository), all_but(project, root)

        done = self.update(project)

        report = project / "reports/update.md"
        told = Report.read(report.read_text("utf-8") if report.exists() else "")
        judge = Judge(old, mine, tree(new), tree(project), renames(project), renames(new), told)
        faults = list(judge.faults)
        faults += ["What is beside the project is not what it was."] if all_but(project, root) != beside else []
        faults += ["Something is staged or committed."] if state(repository) != before else []
        shutil.rmtree(root)
        return Ended(done.returncode, done.stdout + done.stderr, judge, faults)


def save(project: Path) -> None:
    git(project, "add", "--all", ".")
    git(project, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", "Ours")


def state(repository: Path) -> list[str]:
    return [git(repository, *words.split()) for words in ("rev-parse HEAD", "ls-files -s", "stash list", "branch -a")]


def all_but(folder: Path, root: Path) -> Tree:
    return {path: entry for path, entry in tree(root).items() if not (root / path).is_relative_to(folder)}


def renames(project: Path) -> dict[str, str]:
    """{new path: old path} of what the last commit moved."""
    told = git(project, "diff", "-z", "--relative", "-M", "--name-status", "--diff-filter=R", "HEAD~").split("\0")
    return {told[at + 2]: told[at + 1] for at in range(0, len(told) - 2, 3)}
