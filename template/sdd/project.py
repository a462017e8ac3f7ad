"""The tree as `sdd` sees it: the files that git would not ignore, their text, and git where there is one.

Knows no format: what a spec or a record is, the other modules say.
"""

import os
import subprocess
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from pathspec import GitIgnoreSpec

CONFLICT = ("<<<<<<< ", ">>>>>>> ")
T = TypeVar("T")


@dataclass(frozen=True, order=True)
class Finding:
    """One broken promise: where it stands (a posix path from the root, a line from 1), which rule, what to do next.

    What a person typed, and not a file, is to blame when the path is empty.
    """

    path: str
    line: int
    rule: str
    message: str
    next: str

    def __str__(self) -> str:
        said = f"{self.message} {self.next}"
        return f"{self.path}:{self.line}: {said} ({self.rule})" if self.path else said

    def as_dict(self) -> dict[str, str | int]:
        """The five keys of `--json`."""
        return asdict(self)


class Refused(Exception):
    """What cannot be used, and why: its one argument is the Finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


class NeedsGit(Exception):
    """A command that compares with the past, in a folder that has none. Its text says what to do."""


class Project:
    """A folder, read once: make a new one after the tree has changed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[str, str] = {}
        self._made: dict[Hashable, Any] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gives, made at the first call with this key."""
        if key not in self._made:
            self._made[key] = make()
        made: T = self._made[key]
        return made

    @cached_property
    def files(self) -> tuple[str, ...]:
        """Posix paths from the root of the files that no `.gitignore` names, sorted; links are not followed."""
        return tuple(sorted(self._walk("", [])))

    @cached_property
    def _names(self) -> frozenset[str]:
        parents = {path.rpartition("/")[0] for path in self.files} - {""}
        folders = {str(folder) for path in parents for folder in (PurePosixPath(path), *PurePosixPath(path).parents)}
        return frozenset(self.files) | folders | {"."}

    @cached_property
    def _past(self) -> frozenset[str]:
        added = self._git("log", "--all", "--format=", "--name-only", "--no-renames", "--diff-filter=A", "--relative")
        return frozenset((added or "").splitlines())

    def had(self, path: str) -> bool:
        """Whether any commit that git holds here added a file of this path, or one below it; False without git."""
        return path in self._past or any(past.startswith(path.rstrip("/") + "/") for past in self._past)

    def _walk(self, folder: str, rules: list[tuple[str, GitIgnoreSpec]]) -> Iterator[str]:
        ignored = self.root / folder / ".gitignore"
        if ignored.is_file():
            rules = [*rules, (folder, _ignoring(ignored.read_text("utf-8", "replace").splitlines()))]
        try:
            entries = list(os.scandir(self.root / folder))
        except OSError as error:
            message = f"cannot be listed: {error.strerror}."
            raise Refused(Finding(folder, 1, "unreadable", message, "Let yourself read this folder.")) from error
        for entry in entries:
            path = folder + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            name = path + "/" if is_folder else path
            if entry.name == ".git" or _is_ignored(name, rules):
                continue
            if is_folder:
                yield from self._walk(name, rules)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():  # no pipe, no socket
                yield path

    def under(self, folder: str, end: str = "") -> list[str]:
        """The files below a folder (`specs/`) whose names end so, sorted."""
        return [path for path in self.files if path.startswith(folder) and path.endswith(end)]

    def has(self, path: str) -> bool:
        """Whether a file or folder of this path is there and not ignored."""
        return path.rstrip("/") in self._names

    def text(self, path: str) -> str:
        """A file's text with `\\n` line ends. Raises Refused when it is no UTF-8 text or holds conflict markers."""
        if path not in self._texts:
            self._texts[path] = self._read(path)
        return self._texts[path]

    def _read(self, path: str) -> str:
        def refused(message: str, action: str, line: int = 1) -> Refused:
            return Refused(Finding(path, line, "unreadable", message, action))

        file = self.root / path
        if (file.is_symlink() and not file.is_file()) or file.is_fifo():
            raise refused("cannot be read: it is, or links to, no plain file.", "Put a plain file there, or delete it.")
        try:
            content = file.read_bytes()
        except OSError as error:
            reason = error.strerror or "unknown reason"
            raise refused(f"cannot be read: {reason}.", "Put a plain file there, or delete it.") from error
        try:
            text = content.decode("utf-8").replace("\r\n", "\n").removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise refused("is not text in UTF-8.", "Save it as UTF-8.", line) from error
        if "\0" in text:
            raise refused("is not text: it holds a NUL.", "Put a text file there.")
        if not path.startswith("history/prompts/"):  # a prompt may quote a conflict: `documents` knows where it ends
            conflict(path, text)
        return text

    # ------------------------------------------------------------ git

    @cached_property
    def has_git(self) -> bool:
        """Whether the project is inside a git work tree with at least one commit."""
        return self._git("rev-parse", "--verify", "--quiet", "HEAD^{commit}") is not None

    @cached_property
    def is_shallow(self) -> bool:
        """Whether git holds only a part of the past."""
        return (self._git("rev-parse", "--is-shallow-repository") or "").strip() == "true"

    def git(self, *arguments: str) -> str | None:
        """What a git command printed, run in the root; None when it failed. Raises NeedsGit where there is no git."""
        if not self.has_git:
            raise NeedsGit("This needs git and a first commit: run `git init`, `git add .`, `git commit`, then again.")
        return self._git(*arguments)

    def _git(self, *arguments: str) -> str | None:
        command = ["git", "-c", "core.quotePath=false", *arguments]
        try:
            done = subprocess.run(command, cwd=self.root, capture_output=True, check=False)
        except FileNotFoundError:
            return None
        return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None

    @cached_property
    def base(self) -> str | None:
        """What a change is compared with: the latest `v*` tag, else where it left the default branch, else None."""
        tag = (self.git("describe", "--tags", "--abbrev=0", "--match", "v*", "HEAD") or "").strip()
        if tag:
            return tag
        return self.branch_point

    @cached_property
    def branch_point(self) -> str | None:
        """The commit at which this branch left the default branch; None when there is no such branch here."""
        branches = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
        return next((at for name in branches if (at := (self.git("merge-base", "HEAD", name) or "").strip())), None)

    def must_know(self, ref: str, path: str) -> None:
        """Raises Refused, about `path`, when git has no such commit to compare with."""
        if self.git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}") is None:
            action = (
                "Get the whole past: `git fetch --unshallow --tags`." if self.is_shallow else "Name another commit."
            )
            raise Refused(Finding(path, 1, "base", f"cannot be compared: git knows no `{ref}` here.", action))

    def at(self, ref: str, path: str) -> str | None:
        """A file's text as it was at a commit; None when it was not there."""
        return self.git("show", f"{ref}:./{path}")


def conflict(path: str, text: str) -> None:
    """Raises Refused at the first conflict marker of git."""
    if any(marker in text for marker in CONFLICT):
        for number, line in enumerate(text.splitlines(), start=1):
            if line.startswith(CONFLICT):
                action = "Settle the conflict and delete the marker."
                raise Refused(Finding(path, number, "unreadable", "holds a conflict marker of git.", action))


def _ignoring(lines: list[str]) -> GitIgnoreSpec:
    """The rules of a `.gitignore`; a line that is no pattern matches nothing, as in git."""
    spec = GitIgnoreSpec([])
    for line in lines:
        with suppress(ValueError):
            spec += GitIgnoreSpec.from_lines([line])
    return spec


def _is_ignored(name: str, rules: list[tuple[str, GitIgnoreSpec]]) -> bool:
    verdict = False
    for folder, spec in rules:
        judged = spec.check_file(name.removeprefix(folder)).include
        verdict = verdict if judged is None else judged
    return verdict
