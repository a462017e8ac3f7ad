"""After a merge: a number of its own for the later of two records, decisions or specs that share one.

Knows what is numbered and where a number is named, not what a record or decision says.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, partial

from sdd import documents
from sdd.history import DECISION_PATH, DECISIONS, FEATURE, PROMPTS, RECORD_PATH, stuck, unwritable
from sdd.project import Finding, Project, Refused, conflict

DIGITS = {"record": 4, "decision": 4, "spec": 3}
KEPT_KEYS = ("branch:", "command:")  # what a record says of its day stays as it was


@dataclass(frozen=True)
class Numbered:
    """A record or decision (`path` is its file) or a spec (`path` is its folder)."""

    kind: str
    path: str

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def number(self) -> str:
        """The number as it is written."""
        return self.name.partition("-")[0]

    def holds(self, path: str) -> bool:
        """Whether a file is its own: the file itself, what lies in its folder, the records of its feature."""
        return path == self.path or path.startswith((f"{self.path}/", f"{PROMPTS}{self.name}/"))

    def mentions(self) -> list[re.Pattern[str]]:
        """What names it: its name and, for all that share its number, the number alone (`003-FR-001`, `ADR-0007`)."""
        name = re.escape(self.name.removesuffix(".md") if self.kind == "decision" else self.name)
        if self.kind == "record":
            return [re.compile(rf"(?:(?P<route>[\w-]+)/)?(?<![\w-]){name}(?![\w-])")]
        if self.kind == "decision":
            by_number = rf"(?<![\w-])(?:ADR|adr)[- ]?{self.number}(?!\d)"
            return [re.compile(rf"(?<![\w-]){name}(?![\w-]|\.(?!md\b)\w)"), re.compile(by_number)]
        by_number = rf"(?<![\w-]){self.number}-(?=(?P<id>(?:FR|SC|US)-?\d+))"
        return [re.compile(rf"(?<![\w-]){name}(?![\w-])"), re.compile(by_number)]


Moves = dict[Numbered, tuple[str, tuple[Numbered, ...]]]


def renumber(project: Project) -> list[str | Finding]:
    """Gives the later of two with one number (records, decisions, specs) the next free one, wherever it is named.

    What was done, a line each, and a Finding for each mention that may mean either: those stay as they are. The later
    one is the one that git took in later, by ancestry, then by the author's date; without git, the later by name.
    All is planned before anything is written. Raises Refused, with nothing written, for files in conflict.
    """
    past = _Past(project)
    moves = _moves(project, past)
    if not moves:
        return []
    plan = _Plan(project, moves, past)
    for path in project.files:
        plan.take(path)
    plan.write()
    return [*plan.lines(), *plan.unclear]


def _numbered(project: Project) -> Iterator[Numbered]:
    folders = {found[0] for path in project.under("specs/") if (found := re.match(rf"specs/{FEATURE}(?=/)", path))}
    yield from (Numbered("spec", folder) for folder in sorted(folders))
    yield from (Numbered("record", path) for path in project.under(PROMPTS) if RECORD_PATH.fullmatch(path))
    yield from (Numbered("decision", path) for path in project.under(DECISIONS) if DECISION_PATH.fullmatch(path))


def _moves(project: Project, past: "_Past") -> Moves:
    """For each that must give way: its new number, and all that share the old one, the oldest first."""
    groups: dict[tuple[str, int], list[Numbered]] = {}
    highest: dict[str, int] = {}
    for entry in _numbered(project):
        groups.setdefault((entry.kind, int(entry.number)), []).append(entry)
        highest[entry.kind] = max(highest.get(entry.kind, 0), int(entry.number))
    moves: Moves = {}
    for (kind, _), entries in sorted(groups.items()):
        shared = tuple(sorted(entries, key=past.age) if len(entries) > 1 else entries)
        for entry in shared[1:]:
            highest[kind] += 1
            moves[entry] = (f"{highest[kind]:0{DIGITS[kind]}}", shared)
    return moves


class _Past:
    """What git knows of where files and lines come from; nothing without git."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._lines: dict[str, dict[int, str]] = {}

    @cached_property
    def _added(self) -> dict[str, tuple[int, str]]:
        """By path: the commit that added it last, and its place, 0 the newest. A merge that is under way counts."""
        added: dict[str, tuple[int, str]] = {}
        if not self._project.has_git:
            return added
        merging = self._project.git("rev-parse", "--verify", "--quiet", "MERGE_HEAD") is not None
        heads = ("HEAD", "MERGE_HEAD") if merging else ("HEAD",)
        flags = ("--format=%x01%H", "--name-only", "--no-renames", "--diff-filter=A", "--relative", "--full-history")
        log = self._project.git("log", "--author-date-order", *flags, *heads, "--", "specs", "history") or ""
        for place, commit in enumerate(log.split("\x01")[1:]):
            name, *paths = commit.splitlines()
            for path in paths:
                added.setdefault(path, (place, name))
        return added

    def _commit(self, entry: Numbered) -> tuple[int, str] | None:
        """The commit that brought it, and its place; None for what is not committed."""
        main = f"{entry.path}/spec.md" if entry.kind == "spec" else entry.path
        below = (self._added[path] for path in self._added if path.startswith(f"{entry.path}/"))
        return self._added.get(main) or next(below, None)

    def age(self, entry: Numbered) -> tuple[bool, int, str]:
        """What sorts the oldest first: by git, then by name; what is not committed comes last."""
        commit = self._commit(entry)
        return commit is None, -commit[0] if commit else 0, entry.path

    def _tells(self, *question: str) -> bool:
        git = self._project.git
        return self._project.once(question, lambda: git(*question) is not None)

    def _written(self, path: str, line: int) -> str | None:
        """The commit that a line came with; None when it is not committed."""
        if path not in self._lines:
            told = (self._project.git("blame", "--porcelain", "--", path) or "") if self._project.has_git else ""
            found = re.findall(r"^([0-9a-f]{40,64}) \d+ (\d+)", told, re.MULTILINE)
            self._lines[path] = {int(number): commit for commit, number in found if commit.strip("0")}
        return self._lines[path].get(line)

    def is_older(self, path: str, line: int, entries: tuple[Numbered, ...]) -> bool:
        """Whether a line was there before any of them, so that it speaks of none: an example, say."""
        written = self._written(path, line)
        commits = {commit[1] if (commit := self._commit(entry)) else None for entry in entries}
        return written is not None and all(
            commit and commit != written and self._tells("merge-base", "--is-ancestor", written, commit)
            for commit in commits
        )

    def meant(self, path: str, line: int, entries: tuple[Numbered, ...]) -> Numbered | None:
        """Which of them a line speaks of: the one that came with it, or the only one its writer could know."""
        written = self._written(path, line)
        came = [entry for entry in entries if (commit := self._commit(entry)) and commit[1] == written]
        known = came or [
            entry for entry in entries if written and self._tells("cat-file", "-e", f"{written}:./{entry.path}")
        ]
        return known[0] if len(known) == 1 else None


class _Plan:
    """What will be written: new paths, new texts; and the mentions that cannot be decided."""

    def __init__(self, project: Project, moves: Moves, past: _Past) -> None:
        self._project, self._moves, self._past = project, moves, past
        self._files: dict[str, tuple[str, bytes, bytes]] = {}  # by path: the new path, the bytes before and after
        self._mended = 0
        self.unclear: list[Finding] = []
        # What names them; which it may mean; all that share the number.
        self._patterns: list[tuple[re.Pattern[str], tuple[Numbered, ...], tuple[Numbered, ...]]] = []
        for entry, (_, shared) in moves.items():
            same = tuple(other for other in shared if other.name == entry.name)
            self._patterns.append((entry.mentions()[0], same, shared))
        groups = {shared for _, shared in moves.values()}
        self._patterns += [(pattern, shared, shared) for shared in groups for pattern in shared[0].mentions()[1:]]

    def _new_name(self, entry: Numbered) -> str:
        number = self._moves[entry][0] if entry in self._moves else entry.number
        return entry.name.replace(entry.number, number, 1)

    def place(self, path: str) -> str:
        """Where a file, or a spec's folder, will lie."""
        folder, _, name = path.rpartition("/")
        for entry in self._moves:
            if path == entry.path:
                name = self._new_name(entry)
            elif entry.kind == "spec" and entry.holds(path):
                folder = re.sub(rf"^(specs|history/prompts)/{entry.name}", rf"\1/{self._new_name(entry)}", folder)
        return f"{folder}/{name}" if folder else name

    def take(self, path: str) -> None:
        """Plans one file: its place and its text. What is no text only moves. Raises Refused for one in conflict."""
        file, new = self._project.root / path, self.place(path)
        if file.is_symlink() or not file.is_file():
            if new != path:
                raise stuck(path, "is no plain file, so it cannot be moved.", "Move it by hand, then run it again.")
            return
        content = file.read_bytes()
        mended = content
        with suppress(UnicodeDecodeError):  # a picture, say
            text = content.decode("utf-8")
            mended = content if "\0" in text else self._text(path, text).encode()
            if mended != content:
                conflict(path, documents.prose(text) if path.startswith(PROMPTS) else text)
        if new != path or mended != content:
            self._files[path] = (new, content, mended)

    def _text(self, path: str, text: str) -> str:
        own = [entry for entry in self._moves if path == entry.path or path.startswith(f"{entry.path}/")]
        if not own and not any(pattern.search(text) for pattern, *_ in self._patterns):
            return text
        lines, head = text.split("\n"), _head(text)
        kept = _kept(lines, head) if path.startswith(PROMPTS) else frozenset[int]()
        for index, line in enumerate(lines):
            if index not in kept:
                lines[index] = self._line(path, index + 1, line)
            for entry in own if index < head else []:
                key = re.compile(rf"^((?:id|spec)\s*:\s*[\"']?){entry.number}\b")
                lines[index] = key.sub(rf"\g<1>{self._moves[entry][0]}", lines[index])
        return "\n".join(lines)

    def _line(self, path: str, number: int, line: str) -> str:
        for pattern, entries, shared in self._patterns:
            if pattern.search(line) and not self._past.is_older(path, number, shared):
                line = pattern.sub(partial(self._new_number, path, number, entries), line)
        return line

    def _new_number(self, path: str, line: int, entries: tuple[Numbered, ...], found: re.Match[str]) -> str:
        entry = entries[0] if len(entries) == 1 else self._meant(path, line, found, entries)
        if entry is None:
            names = " or ".join(
                f"`{one.path}`" + (f" (now {self._new_name(one)})" if one in self._moves else "") for one in entries
            )
            message = f"`{found[0]}{found.groupdict().get('id') or ''}` may mean {names}."
            action = "Look, and write the number that is meant."
            self.unclear.append(Finding(self.place(path), line, "unclear-number", message, action))
        if entry not in self._moves:
            return found[0]
        self._mended += 1
        start, _, end = found[0].rpartition(entry.number)
        return f"{start}{self._moves[entry][0]}{end}"

    def _meant(self, path: str, line: int, found: re.Match[str], entries: tuple[Numbered, ...]) -> Numbered | None:
        """By path, else by the line's past, else by the only spec that has this requirement; None when none tells."""
        told = found.groupdict()
        folder = told.get("route") or path.rpartition("/")[0].rpartition("/")[2]
        own = [entry for entry in entries if entry.holds(path) and not told.get("route")]
        own = own or [entry for entry in entries if entry.kind == "record" and entry.path.split("/")[2] == folder]
        if len(own) == 1:
            return own[0]
        if meant := self._past.meant(path, line, entries):
            return meant
        has = [entry for entry in entries if told.get("id") and self._defines(entry, told["id"])]
        return has[0] if len(has) == 1 else None

    def _defines(self, entry: Numbered, requirement: str) -> bool:
        try:
            return re.search(rf"\b{requirement}\b", self._project.text(f"{entry.path}/spec.md")) is not None
        except Refused:
            return False

    def write(self) -> None:
        """All of it, or, when a file cannot be written, nothing. Raises Refused."""
        root = self._project.root
        for path, (new, _, _) in self._files.items():
            if new != path and (root / new).exists():
                raise stuck(new, "is in the way of a new number.", "Move it away, then run it again.")
        begun: list[str] = []
        try:
            for path, (new, _, after) in self._files.items():
                begun.append(path)
                (root / new).parent.mkdir(parents=True, exist_ok=True)
                (root / new).write_bytes(after)
                shutil.copymode(root / path, root / new)
            for path in self._files.keys() - {new for new, _, _ in self._files.values()}:
                (root / path).unlink()
        except OSError as error:
            for path in begun:
                new, before, _ = self._files[path]
                if not (root / path).exists() or (root / path).read_bytes() != before:
                    (root / path).write_bytes(before)
                if new != path and (root / new).is_file():
                    (root / new).unlink()
            raise unwritable(self._project, error) from error
        finally:
            folders = {(root / path).parent for old, (new, *_) in self._files.items() for path in (old, new)}
            for folder in sorted(folders, reverse=True):
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()

    def lines(self) -> list[str]:
        """What was done: a line for each new number, and one for what names them."""
        said = [
            f"{entry.path} is now {self.place(entry.path)}: {shared[0].path} had the number {entry.number} first."
            for entry, (_, shared) in self._moves.items()
        ]
        return [*said, f"{self._mended} mentions are mended."]


def _head(text: str) -> int:
    """How many lines the head takes; 0 without one."""
    found = re.match(r"\ufeff?---\r?\n(?:.*\n)*?---\r?(?:\n|\Z)", text)
    return found[0].count("\n") if found else 0


def _kept(lines: list[str], head: int) -> frozenset[int]:
    """The lines of a record, from 0, that stay as they are: its prompts, its branch, its command."""
    plain = documents.prose("\n".join(lines)).split("\n")
    of_its_day = {index for index in range(head) if lines[index].startswith(KEPT_KEYS)}
    return frozenset(of_its_day | {index for index, line in enumerate(plain) if line != lines[index]})
