"""What an update did to a user's work, from four trees and the report alone. Knows no scenario and no program.

The trees: `old`, the release that the user started from; `mine`, what the user made of it; `new`, the next release as a
fresh project has it; `after`, what the update left.
"""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

ENTRY = re.compile(r"(?:-|\d+\.) `?(?P<path>.+?)`?(?:: (?P<sentence>.*))?")
CHANGED, KEPT, MERGED, MADE_ANEW, LEFT = (
    "Changed",
    "Kept as you have it",
    "Merged with your edits",
    "Made anew",
    "Left for you",
)
MADE = ("/generated/", ".gen.ts", "package-lock.json", "schema.sql", "uv.lock")
"""Parts of the paths of what is made from other files: the report may say so instead of keeping an edit."""
HEADINGS = (CHANGED, MERGED, KEPT, MADE_ANEW, LEFT)


@dataclass(frozen=True)
class Entry:
    """A file; of a link, the content is where it points to."""

    kind: Literal["file", "program", "link"]
    content: bytes

    @property
    def lines(self) -> Counter[bytes]:
        return Counter(self.content.split(b"\n"))

    @property
    def text(self) -> Counter[bytes]:
        """Its lines, whatever ends them."""
        return Counter(self.content.replace(b"\r\n", b"\n").split(b"\n"))


Tree = dict[str, Entry]
NOTHING = Entry("file", b"")


def tree(folder: Path) -> Tree:
    """Every file and link below a folder, ignored ones too, but for git's own. Links are not followed."""
    found: Tree = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name != ".git"]
        for name in [*folders, *files]:
            path = Path(place, name)
            key = path.relative_to(folder).as_posix()
            if path.is_symlink():
                found[key] = Entry("link", os.fsencode(path.readlink()))
            elif path.is_file() and name != ".git":
                found[key] = Entry("program" if path.stat().st_mode & 0o100 else "file", path.read_bytes())
    return found


@dataclass(frozen=True)
class Report:
    """What `reports/update.md` says under each heading: {path: sentence}."""

    under: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, text: str) -> "Report":
        under: dict[str, dict[str, str]] = {}
        heading = ""
        for line in text.splitlines():
            if line.lstrip("# ").rstrip(":") in HEADINGS:
                heading = line.lstrip("# ").rstrip(":")
            elif heading and (entry := ENTRY.fullmatch(line)):
                under.setdefault(heading, {})[entry["path"]] = entry["sentence"] or ""
        return cls(under)

    def paths(self, *headings: str) -> list[str]:
        return [path for heading in headings for path in self.under.get(heading, {})]

    def names(self, path: str) -> bool:
        """Whether a path is spoken of where it is said what did not simply go its way."""
        told = [
            (one, sentence)
            for heading in (KEPT, MADE_ANEW, LEFT)
            for one, sentence in self.under.get(heading, {}).items()
        ]
        return any(path == one or path in sentence for one, sentence in told)


@dataclass(frozen=True)
class Judge:
    old: Tree
    mine: Tree
    new: Tree
    after: Tree
    my_moves: Mapping[str, str]
    """{new path: old path} of what the user moved."""
    its_moves: Mapping[str, str]
    """The same of the template."""
    report: Report

    @cached_property
    def touched(self) -> set[str]:
        """Where the user did something."""
        return {path for path in self.old.keys() | self.mine.keys() if self.old.get(path) != self.mine.get(path)}

    @property
    def outcome(self) -> Literal["merged", "reported", "untouched"]:
        if self.report.paths(LEFT) or any(self.report.names(path) for path in self.touched):
            return "reported"
        is_merged = any(self.mine.get(path) != self.after.get(path) for path in self.touched)
        return "merged" if is_merged else "untouched"

    @property
    def faults(self) -> list[str]:
        """A sentence for each thing of the user's, or of the template's, that is gone and that the report owns to."""
        return [*self._lost(), *self._came_back(), *self._missed(), *self._strange()]

    def _places(self, path: str) -> Iterator[Entry]:
        """Where a file of the user's may be now: where it was, or where the report says."""
        for place in (path, *self.report.paths(MERGED, KEPT, LEFT)):
            if place in self.after:
                yield self.after[place]

    def _beside(self) -> list[Entry]:
        """What of the template's was put beside the user's, or came along into a folder that the user moved."""
        asides = tuple(f"{path}.template" for path in self.report.paths(LEFT))
        news = self.report.paths(CHANGED)
        return [entry for path, entry in self.after.items() if path.startswith(asides) or path in news]

    def _lost(self) -> Iterator[str]:
        for path in sorted(self.touched & self.mine.keys()):
            entry = self.mine[path]
            origin = self.my_moves.get(path, path)
            before = self.old.get(origin, NOTHING)
            is_mine_alone = all(self.old.get(one) == self.new.get(one) for one in (path, origin))
            if is_mine_alone or entry.kind == "link" or b"\0" in entry.content:
                if entry not in self._places(path):
                    yield f"{path} is not what the user had."
                continue
            added = entry.lines - before.lines
            missing = [added - place.lines for place in self._places(path)] or [added]
            is_made_anew = any(part in path for part in MADE) and self.report.names(path)
            if all(missing) and not is_made_anew:
                yield f"{path} lost {min((sorted(one) for one in missing), key=len)}."
            if entry.kind != before.kind and all(place.kind != entry.kind for place in self._places(path)):
                yield f"{path} is no {entry.kind} any more."

    def _came_back(self) -> Iterator[str]:
        """What the user took away and has again, without a word."""
        for path in sorted(self.touched & self.old.keys()):
            if path not in self.mine:
                if path in self.after and not self.report.names(path):
                    yield f"{path} is back."
                continue
            before, mine, new = self.old[path].lines, self.mine[path].lines, self.new.get(path, NOTHING).lines
            back = (before - mine) & (self.after.get(path, NOTHING).lines - mine - (new - before))
            if back and not self.report.names(path):
                yield f"{path} has {sorted(back)} again."

    def _missed(self) -> Iterator[str]:
        """What the template did where the user did nothing, and what it added to the user's files."""
        for path in sorted(self.old.keys() | self.new.keys()):
            origin = self.its_moves.get(path, path)
            is_touched = bool({path, origin} & self.touched)
            if self.report.names(path) or (not is_touched and self.after.get(path) == self.new.get(path)):
                continue
            moved_to = [now for now, was in self.my_moves.items() if was == origin]
            places = [place for one in [path, *moved_to] for place in self._places(one)] + self._beside()
            added = self.new.get(path, NOTHING).text - self.old.get(origin, NOTHING).text
            if not is_touched:
                if self.new.get(path) not in places:
                    yield f"{path} is not what the template has."
            elif added and all(added - place.text for place in places):
                yield f"{path} has not got {sorted(added)}."

    def _strange(self) -> Iterator[str]:
        """Files that nobody had, and markers of which nothing is said."""
        known = {*self.mine, *self.new, *self.report.paths(*HEADINGS), "reports/update.md"}
        asides = tuple(f"{path}.template" for path in self.report.paths(LEFT))
        for path, entry in sorted(self.after.items()):
            if path not in known and not path.startswith(asides):
                yield f"{path} is from nowhere."
            is_marked = b"\n<<<<<<< " in b"\n" + entry.content and entry != self.mine.get(path)
            if is_marked and path not in self.report.paths(LEFT):
                yield f"{path} has markers, and nothing is said."
