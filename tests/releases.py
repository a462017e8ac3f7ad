"""The template's releases, rebuilt from history: a release is the commit that adds its heading to CHANGELOG.md.

Knows git and the changelog, nothing of what a project is.
"""

import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from packaging.version import InvalidVersion, Version

from tests.conftest import ROOT, outside

HEADING = re.compile(r"^## (?P<name>.*)$", re.MULTILINE)
DATED = re.compile(r"(?P<version>\S+) - (?P<day>\d{4}-\d{2}-\d{2})")
MOVED = re.compile(r"^### Moved and removed$(?P<text>.*?)(?=^##|\Z)", re.MULTILINE | re.DOTALL)
IDENTITY = ("-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false")


class NoReleasesError(Exception):
    """A checkout whose releases cannot be told. Its text says what to do."""


def git(root: Path, *words: str) -> str:
    """What git says; it has to succeed."""
    command = ["git", *IDENTITY, *words]
    done = subprocess.run(
        command, cwd=root, env=outside(), capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, f"git {' '.join(words)} in {root}:\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Section:
    """What CHANGELOG.md says under one heading of the second level; `version` and `day` are "" for Unreleased."""

    name: str
    version: str
    day: str
    text: str

    @property
    def entries(self) -> list[str]:
        return [line for line in self.text.splitlines() if line.startswith("- ")]

    def names_as_moved(self, path: str) -> bool:
        """Whether a file of the project, or a folder above it (`docs/`), stands in code under "Moved and removed"."""
        spans = [span for moved in MOVED.finditer(self.text) for span in re.findall(r"`([^`]+)`", moved["text"])]
        return any(path == span or (span.endswith("/") and path.startswith(span)) for span in spans)


def sections(changelog: str) -> list[Section]:
    """The newest first, as they stand."""
    found = list(HEADING.finditer(changelog))
    ends = [heading.start() for heading in found[1:]] + [len(changelog)]
    made = []
    for heading, end in zip(found, ends, strict=True):
        dated = DATED.fullmatch(heading["name"])
        version, day = dated.group("version", "day") if dated else ("", "")
        made.append(Section(heading["name"], version, day, changelog[heading.end() : end]))
    return made


def changelog(root: Path) -> list[Section]:
    return sections((root / "CHANGELOG.md").read_text("utf-8"))


def releases(root: Path) -> dict[str, str]:
    """The commit of each version, the oldest first. A heading that is not yet committed is no release."""
    if git(root, "rev-parse", "--is-shallow-repository").strip() == "true":
        raise NoReleasesError(
            f"{root.name} is a shallow clone, and the releases are in its history: git fetch --unshallow."
        )
    commits: dict[str, str] = {}
    for section in reversed(changelog(root)):
        if section.version:
            heading = f"## {section.version} - "
            added = git(root, "log", "--reverse", "--format=%H", f"-S{heading}", "--", "CHANGELOG.md").split()
            commits |= {section.version: added[0]} if added else {}
    return commits


def present(root: Path) -> set[str]:
    """The paths of a checkout that git would not ignore, those not yet committed too."""
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    return {path for path in listed.split("\0") if path and (root / path).is_file()}


def shipped(paths: set[str]) -> set[str]:
    """What of the template's files a project has, by the project's names for them."""
    return {path.removeprefix("template/").removesuffix(".jinja") for path in paths if path.startswith("template/")}


def unnoted(root: Path) -> list[str]:
    """A sentence for each file that a release shipped, that is gone since, and that no later section names."""
    told, now = changelog(root), shipped(present(root))
    last_in = {
        path: version
        for version, commit in releases(root).items()
        for path in shipped(set(git(root, "ls-tree", "-r", "-z", "--name-only", commit, "template/").split("\0")))
    }
    places = [section.version for section in told]
    return [
        f"{path} was in {version} and is gone: say in CHANGELOG.md, under `### Moved and removed` of Unreleased, "
        f"where `{path}` went, or why."
        for path, version in sorted(last_in.items())
        if path not in now and not any(section.names_as_moved(path) for section in told[: places.index(version)])
    ]


def misfits(told: list[Section], package: str) -> list[str]:
    """A sentence for each heading that is no release's; `package` is the version in pyproject.toml."""
    wrong = [
        f"`## {section.name}` is no release: write `## 1.2.3 - 2026-11-22`, the version as PEP 440 has it."
        for section in told
        if section.name != "Unreleased" and not _is_version(section.version)
    ]
    dated = [section for section in told if _is_version(section.version)]
    for newer, older in pairwise(dated):
        if Version(newer.version) <= Version(older.version) or newer.day < older.day:
            wrong.append(f"{newer.version} stands above {older.version}: the newest release comes first.")
    wrong += [f"{section.version} has no entry: say what changed." for section in dated if not section.entries]
    wrong += ["Unreleased comes first."] if "Unreleased" in [section.name for section in told[1:]] else []
    if dated and Version(package) < Version(dated[0].version):
        wrong.append(f"pyproject.toml says {package}, and {dated[0].version} is released: move it.")
    return wrong


def _is_version(text: str) -> bool:
    try:
        return bool(text) and str(Version(text)) == text
    except InvalidVersion:
        return False


@dataclass(frozen=True)
class Source:
    """A clone of the template in which every release has its tag, and to which further ones can be added."""

    path: Path
    versions: list[str]
    """The tags without their v, the oldest first."""

    def add(self, change: Callable[[Path], None]) -> str:
        """The version of one more release: the newest one with this change."""
        newest = Version(self.versions[-1])
        version = f"{newest.major}.{newest.minor + 1}.0"
        change(self.path)
        git(self.path, "add", "--all", "--force", ".")
        git(self.path, "commit", "--quiet", "--allow-empty", "--no-verify", "-m", version)
        git(self.path, "tag", f"v{version}")
        self.versions.append(version)
        return version


def rebuilt(path: Path, root: Path = ROOT) -> Source:
    """Every release of a checkout, and the checkout itself as the newest one, in a clone at `path`."""
    commits = releases(root)
    if not commits:
        raise NoReleasesError("CHANGELOG.md names no release that is committed: nothing can be updated from.")
    git(root, "clone", "--quiet", "--no-tags", str(root), str(path))
    for version, commit in commits.items():
        git(path, "tag", f"v{version}", commit)
    source = Source(path, list(commits))

    def take_over(clone: Path) -> None:
        for old in present(clone):
            (clone / old).unlink()
        for name in present(root):
            (clone / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(root / name, clone / name, follow_symlinks=False)

    source.add(take_over)
    return source
