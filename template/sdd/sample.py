"""Takes the sample, feature 001-todos, out of every layer: whole files, and what `sample.diff` cuts out of shared ones.

Knows what belongs to the sample and what else may still speak of it. All or nothing. Imports nothing but Python's own,
so that `sdd update` can ask `belongs_to_sample` wherever it runs.
"""

import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sdd.project import Project

CUTS = Path(__file__).with_name("sample.diff")
CONTRACT = "contracts/api/openapi.yaml"
FOLDERS = ("specs/001-todos/", "history/prompts/001-todos/", "backend/todos/", "frontend/src/todos/")
FILES = {
    "database/todos.py",
    "database/migrations/versions/0002_create_todos.py",
    "docs/first-feature.md",
    "tests/e2e/test_forms.py",
    "tests/e2e/test_keyboard.py",
    *(f"{layer}/test_todos.py" for layer in ("database/tests", "backend/tests", "tests/contract", "tests/e2e")),
}
EMPTY_REVISION = "database/migrations/versions/0002_nothing.py"
NOTHING = '''\
"""Nothing. The sample's table began here, so a database may be at this revision: no other one may have its number.

A database that has the table keeps it until somebody drops it.
"""

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
'''
BEGIN = (
    "Begin a feature with `uv run python -m sdd new feature NAME` if it is a list of things that a person keeps "
    "(five operations in every layer), with `uv run python -m sdd new spec NAME` if it is anything else."
)
"""What README.md, the skill `specify` and `make next` say, too."""
AFTERWARDS = f"""\
A database that has the table `todos` keeps it. Delete var/app.db, and `make run` makes a new one.
Now: make check, make test, then commit.
{BEGIN}"""
LEFT_ALONE = ("sdd/", "history/prompts/", "backend/generated/", "frontend/src/api/types.gen.ts", "docs/update.md")
MADE_ANEW = ("frontend/src/api/rules.gen.ts", "contracts/database/schema.sql", "frontend/package-lock.json")
WORD = re.compile(r"(?<![A-Za-z])(?:[A-Za-z]*T|t)odos?(?![a-z])|_todos?\b|\bTODOS\b|\b001-(?:FR|SC)-\d")
"""How a file that was cut would still speak of the sample; a note that says TODO is none."""
USE = re.compile(
    r"\b(?:database|backend)\.todos\b|\b(?:database|backend) import (?:\w+, )*todos\b|['\"./]todos/"
    r"|/api/v1/todos\b|['\"]todos\.\w+['\"]|['\"/](?:New|)Todo(?:Change|Page|)['\"]|\bimport .*\bTodo\b"
    r"|\b(?:list|get|create|update|delete)_todos?\b|\b001-(?:FR|SC)-\d{3}\b|\b001-todos\b"
)
"""How a file of somebody's own would use it."""


@dataclass(frozen=True)
class Obstacle:
    """A place that keeps the sample from going, and what to do about it, each in one sentence.

    `text` is the line there when `line` is counted in what the file would become.
    """

    path: str
    line: int
    message: str
    action: str
    text: str = ""


def belongs_to_sample(path: str) -> bool:
    """Whether a file, told by its path from the project's root, goes with the sample. Pure."""
    return path.startswith(FOLDERS) or path in FILES


def remove(project: "Project") -> tuple[list[Obstacle], str]:
    """What is in the way, or what was done, told to a person. Raises NeedsGit, and Refused for a file without text."""
    if not any(belongs_to_sample(path) for path in project.files):
        return [], "The sample is not here: there is nothing to take out."
    if project.git("status", "--porcelain", "--", "."):
        action = "Commit or stash first: then `git checkout . && git clean -fd .` is the way back."
        return [Obstacle(".", 1, "has changes that are not committed.", action)], ""
    cuts = read_cuts(CUTS.read_text("utf-8"))
    asked = [path for path in project.files if belongs_to_sample(path) or path in cuts or _is_text(project.root / path)]
    planned, left = cut_out({path: project.text(path) for path in asked}, cuts)
    if left:
        return left, ""
    try:
        write(project.root, planned)
    except OSError as error:
        message = f"cannot be written: {error.strerror}. Nothing was changed."
        return [Obstacle(_named(project.root, error), 1, message, "Mend that, then try again.")], ""
    gone = sum(text is None for text in planned.values())
    said = f"The sample is out: {gone} files are gone, {len(planned.keys() - {EMPTY_REVISION}) - gone} are changed"
    if EMPTY_REVISION in planned:
        said += f", and {EMPTY_REVISION} keeps the number of its migration"
    return _made_anew(project.root), f"{said}.\n{AFTERWARDS}"


def _named(root: Path, error: OSError) -> str:
    file = Path(str(error.filename or root))
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()


def _is_text(file: Path) -> bool:
    with suppress(OSError, UnicodeDecodeError):
        return "\0" not in file.read_text("utf-8")
    return False


def write(root: Path, planned: dict[str, str | None]) -> None:
    """All of it, or nothing: what was there is put back when one file cannot be written. Raises OSError."""
    before = {path: (root / path).read_bytes() if (root / path).exists() else None for path in planned}
    try:
        for path, text in planned.items():
            ends = "\r\n" if b"\r\n" in (before[path] or b"") else "\n"
            _put(root / path, None if text is None else text.replace("\n", ends).encode())
    except OSError:
        for path, content in before.items():
            _put(root / path, content)
        raise
    for path in planned:
        for folder in list(Path(path).parents)[:-1]:
            with suppress(OSError):  # not empty, or gone already
                (root / folder).rmdir()


def _put(file: Path, content: bytes | None) -> None:
    if content is None:
        file.unlink(missing_ok=True)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _made_anew(root: Path) -> list[Obstacle]:
    """Writes what is made from the contract and the migrations; what keeps it from that."""
    reason = "the frontend's packages are not installed"
    if (root / "frontend/node_modules").is_dir():
        done = ran(root, sys.executable, "-m", "contracts.generate")
        if done.returncode == 0:
            return []
        reason = (done.stderr.strip() or "it failed").splitlines()[-1]
    return [Obstacle(CONTRACT, 1, f"is changed, and nothing was made from it yet: {reason}.", "Run `make generate`.")]


def ran(root: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A finished command that finds the environment's own programs, npm among them. Raises OSError when it is none."""
    ours = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    return subprocess.run(command, cwd=root, env=ours, capture_output=True, encoding="utf-8", check=False)


def cut_out(texts: dict[str, str], cuts: "dict[str, list[Cut]]") -> tuple[dict[str, str | None], list[Obstacle]]:
    """What each file that changes will hold (None: it goes), and what is in the way: then nothing may be changed.

    `texts` are all text files of the project by their paths, with `\\n` line ends.
    """
    planned: dict[str, str | None] = {path: None for path in texts if belongs_to_sample(path)}
    if any(path.startswith("database/migrations/") for path in planned):
        planned[EMPTY_REVISION] = NOTHING
    left = list[Obstacle]()
    for path in cuts.keys() & texts.keys():
        text = next_major(texts[path]) if path == CONTRACT else texts[path]
        for cut in cuts[path]:
            changed = cut.applied_to(text)
            if changed is None:
                message = f"was changed where the sample is cut out of it:\n{cut.shown}"
                left.append(Obstacle(path, 1, message, "Make this change by hand, commit, then try again."))
            else:
                text = changed
        planned[path] = text
    left = left or [*_unanchored(planned.get(CONTRACT) or ""), *_leftovers({**texts, **planned}, planned)]
    return planned, [replace(one, line=_line_in(texts, one)) if one.text else one for one in left]


def _line_in(texts: dict[str, str], left: "Obstacle") -> int:
    """Where it stands now: it was found in what the file would be."""
    lines = texts[left.path].splitlines()
    return lines.index(left.text) + 1 if left.text in lines else left.line


def next_major(contract: str) -> str:
    """The contract with the version that says: operations are gone."""
    return re.sub(r"(?m)^(  version: )(\d+)\.\d+\.\d+$", lambda at: f"{at[1]}{int(at[2]) + 1}.0.0", contract, count=1)


def _unanchored(contract: str) -> list[Obstacle]:
    """The places that name a YAML anchor which stood in the sample's part of the contract."""
    anchors, found = set(re.findall(r"&(\w+)", contract)), list[Obstacle]()
    for number, line in enumerate(contract.splitlines(), 1):
        for name in re.findall(r":\s+\*(\w+)", line):
            if name not in anchors:
                message = f"uses `*{name}`, which stands in the todos."
                found.append(
                    Obstacle(CONTRACT, number, message, f"Write out what `*{name}` stands for, then try again.", line)
                )
    return found


def _leftovers(texts: dict[str, str | None], planned: dict[str, str | None]) -> list[Obstacle]:
    """The places that would still need the sample. Files made anew from the contract are not asked."""
    found = list[Obstacle]()
    for path, text in sorted(texts.items()):
        if text is None or path.startswith((*LEFT_ALONE, *MADE_ANEW)) or path == EMPTY_REVISION:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if path in planned and WORD.search(line):
                message = f"still speaks of the sample: `{line.strip()}`."
                found.append(Obstacle(path, number, message, "Take it out by hand, commit, then try again.", line))
            elif path not in planned and USE.search(line):
                message = f"depends on the todos: `{line.strip()}`."
                found.append(Obstacle(path, number, message, "Let it do without them, or keep the sample."))
    return found


# ------------------------------------------------------------ cuts

END = "…"


@dataclass(frozen=True)
class Cut:
    """One place of `sample.diff`: lines that stand in the file once, and what takes their place.

    A removed line `…` is all that belongs to the line before it: the deeper lines, and its decorators.
    """

    lines: tuple[tuple[str, str], ...]
    is_optional: bool = False

    @property
    def shown(self) -> str:
        return "\n".join(f"    {sign}{line}" for sign, line in self.lines)

    @property
    def old(self) -> list[str]:
        return [line for sign, line in self.lines if sign in " -" and line != END]

    @property
    def new(self) -> list[str]:
        return [line for sign, line in self.lines if sign in " +"]

    def applied_to(self, text: str) -> str | None:
        """The text with the cut made, or as it is when somebody has made it already; None when it does not fit."""
        lines, old = text.split("\n"), self.old
        places = [at for at in range(len(lines)) if lines[at : at + len(old)] == old]
        if len(places) != 1:
            return text if self.is_optional or self._is_made(lines) else None
        start, end = places[0], places[0] + len(old)
        if ("-", END) in self.lines:
            start, end = _block(lines, start, end)
            if not self.new:
                start, end = _with_blanks(lines, start, end)
        return "\n".join([*lines[:start], *self.new, *lines[end:]])

    def _is_made(self, lines: list[str]) -> bool:
        added = [line for sign, line in self.lines if sign == "+"]
        removed = [line for sign, line in self.lines if sign == "-" and line.strip() not in ("", END)]
        return all(line in lines for line in added) and not any(line in lines for line in removed)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _block(lines: list[str], start: int, end: int) -> tuple[int, int]:
    """From the decorators above `start` to the last line that is deeper than the head, which ends before `end`."""
    own = _indent(lines[end - 1])
    while end < len(lines) and (
        not lines[end].strip() or _indent(lines[end]) > own or (_indent(lines[end]) == own and lines[end][own] in ")]}")
    ):
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    above = start
    while above > 0 and lines[above - 1].strip() and _indent(lines[above - 1]) >= own:
        above -= 1
        if lines[above][own] == "@":
            start = above
    return start, end


def _with_blanks(lines: list[str], start: int, end: int) -> tuple[int, int]:
    """The same with as many blank lines as keep the rest apart as it was."""
    before = next((count for count in range(start) if lines[start - count - 1].strip()), start)
    after = next((count for count in range(len(lines) - end) if lines[end + count].strip()), None)
    if after is None:  # nothing follows
        return start - before, len(lines) - 1
    return (start, end + after) if before >= after or before == 0 else (start - before, end)


def read_cuts(diff: str) -> dict[str, list[Cut]]:
    """The cuts of `sample.diff` by file, in their order: `--- path` opens a file, `@@` a place.

    `@@ where it fits` opens one that may be passed over.
    """
    cuts: dict[str, list[Cut]] = {}
    path, is_optional = "", False
    for is_head, group in groupby(diff.splitlines(), lambda line: line.startswith(("--- ", "@@"))):
        lines = list(group)
        if is_head:
            path = next((line.removeprefix("--- ") for line in lines if line.startswith("--- ")), path)
            is_optional = lines[-1] == "@@ where it fits"
        else:
            cut = Cut(tuple((line[:1] or " ", line[1:]) for line in lines), is_optional)
            cuts.setdefault(path, []).append(cut)
    return cuts
