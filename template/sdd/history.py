"""What was asked and what was decided: records, decisions, their rules and their numbers. Knows no agent host.

A record is `history/prompts/<route>/NNNN-slug.<stage>.prompt.md`, a decision `history/adr/NNNN-slug.md`.
"""

import errno
import os
import re
import shutil
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import IO, Any, Literal

from sdd import documents
from sdd.documents import Document
from sdd.project import Finding, Project, Refused, conflict

PROMPTS, DECISIONS = "history/prompts/", "history/adr/"
STAGES = ("constitution", "spec", "plan", "tasks", "red", "green", "refactor", "explainer", "misc", "general")
ROUTES = ("constitution", "general")
FEATURE = r"\d{3}-[a-z0-9]+(?:[-_][a-z0-9]+)*"
NUMBER = r"\d{4}|[1-9]\d{4,}"
SLUG = r"[a-z0-9]+(?:-[a-z0-9]+)*"
NAME = rf"(?P<number>{NUMBER})-{SLUG}"
RECORD_PATH = re.compile(rf"history/prompts/(?P<route>[^/]+)/{NAME}\.(?P<stage>[a-z]+)\.prompt\.md")
DECISION_PATH = re.compile(rf"history/adr/{NAME}\.md")
SECTIONS = ("Context", "Considered options", "Decision", "Consequences", "Confirmation")
PAGE = 60

TEXT = {"type": "string", "minLength": 1}
MAYBE = {"type": ["string", "null"], "minLength": 1}
LIST = {"type": "array", "items": TEXT, "uniqueItems": True}
NAMES = {"anyOf": [TEXT, {"type": "array", "items": TEXT}]}
ROUTE = {"type": "string", "pattern": f"^(constitution|general|{FEATURE})$"}
DAY = {"type": "string", "format": "date"}
LINKS = dict.fromkeys(("spec", "ticket", "adr", "pr"), MAYBE)


RECORD_KEYS = {
    **{"id": {"type": "string", "pattern": f"^({NUMBER})$"}, "title": TEXT, "stage": {"enum": list(STAGES)}},
    **{"date": DAY, "surface": TEXT, "model": MAYBE, "feature": ROUTE, "branch": MAYBE, "user": MAYBE},
    **{"command": MAYBE, "labels": LIST, "links": documents.mapping(LINKS, LINKS), "files": LIST, "tests": LIST},
}
STATUS = r"^(proposed|accepted|rejected|deprecated|superseded by ADR-\d{4,})$"
DECISION_KEYS = {
    **{"status": {"type": "string", "pattern": STATUS}, "feature": ROUTE, "date": DAY},
    **dict.fromkeys(("decision-makers", "consulted", "informed"), NAMES),
}


RECORD_SCHEMA = documents.closed(RECORD_KEYS, RECORD_KEYS)
DECISION_SCHEMA = documents.closed(DECISION_KEYS, ("status", "feature"))

PLACEHOLDER = re.compile(
    r"\{\{.*?\}\}|\[FILL IN\b[^\]]*\]?|\[NEEDS CLARIFICATION\b[^\]]*\]?|\[[A-Z][A-Z0-9_ -]{2,}\](?![(\[])"
    r"|<[a-z][a-z0-9]*(?:[-_ ][a-z0-9]+)*>|\bTBD\b|\bTODO\b"
)
CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.DOTALL)
ROOTED = re.compile(r"[/~\\]|[A-Za-z]:|file:")
ADDRESS = re.compile(r"https?://")
# A path of somebody's machine in running text; `/api/v1/todos` is none.
OF_A_MACHINE = re.compile(
    r"(?<![\w./:-])(?:/(?:home|Users|root|tmp|private|mnt|opt|workspaces?|var/folders)/\S+|~/\S+|[A-Za-z]:[\\/]\S+|file:/\S+)"
)
LAST_RESORT = "Delete it, or name it so."


@dataclass(frozen=True)
class Record:
    """A record that keeps its own rules. `prompts` are verbatim, in order; `number` is its id as a number."""

    path: str
    number: int
    title: str
    stage: str
    date: str
    surface: str
    model: str | None
    feature: str
    branch: str | None
    user: str | None
    command: str | None
    labels: tuple[str, ...]
    links: dict[str, str | None]
    files: tuple[str, ...]
    tests: tuple[str, ...]
    prompts: tuple[str, ...]
    outcome: str


@dataclass(frozen=True)
class Decision:
    """A decision whose head is valid. `superseded_by` is a decision's number, or None."""

    path: str
    number: int
    title: str
    status: str
    feature: str
    superseded_by: int | None
    document: Document


def records(project: Project) -> list[Record]:
    """The records that are valid on their own, by path. Source: `history/prompts/`."""
    return [record for record, _ in _all_records(project) if record is not None]


def decisions(project: Project) -> list[Decision]:
    """The decisions whose head is valid, by path. Source: `history/adr/`."""
    return [decision for decision, _ in _all_decisions(project) if decision is not None]


def findings(project: Project) -> Iterator[Finding]:
    """Records and decisions that break a rule; what cannot be read at all, `documents` reports."""
    for _, faults in _all_records(project):
        yield from faults
    for _, faults in _all_decisions(project):
        yield from faults
    yield from _superseded(project)
    for folder, pattern in ((PROMPTS, RECORD_PATH), (DECISIONS, DECISION_PATH)):
        yield from _doubles([path for path in project.under(folder, ".md") if pattern.fullmatch(path)])


def _doubles(paths: list[str]) -> Iterator[Finding]:
    first: dict[int, str] = {}
    for path in paths:
        number = number_of(path)
        other = first.setdefault(number, path)
        if other != path:
            message = f"has the number {number:04} of `{other}`."
            yield Finding(path, 1, "duplicate-id", message, "Run `uv run python -m sdd check --fix`.")


def number_of(path: str) -> int:
    """The number at the head of a record's, a decision's or a spec folder's name."""
    return int(path.rpartition("/")[2].partition("-")[0])


# ------------------------------------------------------------ records


def _all_records(project: Project) -> list[tuple[Record | None, list[Finding]]]:
    paths = [path for path in project.under(PROMPTS) if not path.endswith("/.gitkeep")]
    return project.once("records", lambda: [_record(project, path) for path in paths])


def _record(project: Project, path: str) -> tuple[Record | None, list[Finding]]:
    named = RECORD_PATH.fullmatch(path)
    if named is None or named["stage"] not in STAGES:
        message = "is not named as a record: history/prompts/<route>/NNNN-slug.<stage>.prompt.md."
        return None, [Finding(path, 1, "record-name", message, LAST_RESORT)]
    try:
        return judged(project, documents.read(project, path))
    except Refused:
        return None, []


def judged(project: Project, document: Document) -> tuple[Record | None, list[Finding]]:
    """The record that a document of a record's name is, or all that is wrong with it."""
    faults = list(documents.faults(document, RECORD_SCHEMA, tuple(RECORD_KEYS), "record-keys"))
    if faults:
        return None, faults
    meta, path = document.meta, document.path
    prompts, outcome = _body(document)
    faults += _named(document)
    faults += _said(document, prompts, outcome)
    faults += [fault for name, value in _pointers(meta) for fault in _pointer(project, document, name, value)]
    if faults:
        return None, faults
    values: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in meta.items()}
    return Record(path=path, number=int(values.pop("id")), prompts=prompts, outcome=outcome, **values), []


def _body(document: Document) -> tuple[tuple[str, ...], str]:
    """(the fenced prompts, the outcome). A fence ends at one as long; one that never ends holds nothing."""
    prompt, outcome = (document.sections.get(name) for name in ("Prompt", "Outcome"))
    prompts: list[str] = []
    for fenced in documents.FENCE.finditer(prompt.text if prompt else ""):
        _, *lines, last = fenced[0].split("\n")
        fence = fenced[1] or fenced[2]
        if last.strip().startswith(fence) and not last.strip().strip(fence[0]):
            prompts.append("\n".join(lines))
    return tuple(prompts), documents.prose(outcome.text).strip() if outcome else ""


def _named(document: Document) -> Iterator[Finding]:
    named = RECORD_PATH.fullmatch(document.path)
    for key, part in (("id", "number"), ("stage", "stage"), ("feature", "route")):
        if named is not None and document.meta[key] != named[part]:
            message = f"has the {key} `{document.meta[key]}`, and its path says `{named[part]}`."
            line = document.line_of_key(key)
            yield Finding(document.path, line, "record-name", message, "Make them say the same.")


def is_said(prompt: str) -> bool:
    """Whether a prompt has words of its own: it is not blank, and more than a placeholder."""
    return bool(PLACEHOLDER.sub("", prompt).strip())


def _said(document: Document, prompts: tuple[str, ...], outcome: str) -> Iterator[Finding]:
    path = document.path
    if not any(is_said(prompt) for prompt in prompts):
        message = "has no prompt: below `## Prompt` stands no fenced text."
        action = "Put what was asked there, word for word, between `~~~text` and `~~~`."
        yield Finding(path, document.line_of("\n## Prompt") + 1, "record-prompt", message, action)
    elif not outcome.strip():
        yield Finding(
            path, 1, "record-outcome", "says nothing below `## Outcome`.", "Say in a sentence what came of it."
        )
    prose = CODE.sub(lambda code: re.sub(r"[^\n]", " ", code[0]), outcome) if "`" in outcome else outcome
    for name, text in (*_texts(document.meta), ("outcome", prose)):
        if found := PLACEHOLDER.search(text):
            message = f"has the placeholder `{found[0]}` in its {name}."
            yield Finding(
                path, _line(document, name, found[0]), "record-placeholder", message, "Say it, or write null."
            )
        if name not in {"files", "tests", "links"} and (found := OF_A_MACHINE.search(text)):
            message = f"has a path of one machine, `{found[0]}`, in its {name}."
            at = _line(document, name, found[0])
            yield Finding(path, at, "record-path", message, "Write it from the project's root.")


def _line(document: Document, name: str, text: str) -> int:
    """Where a text stands: the outcome's below its heading, a value's at its key."""
    if name != "outcome":
        return document.line_of_key(name)
    start = document.source.rfind("\n## Outcome")
    return document.source.count("\n", 0, document.source.find(text, start)) + 1


def _texts(meta: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in meta.items():
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        for text in inner:
            if text is not None:
                yield name, text


def _pointers(meta: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("files", "tests"):
        for path in meta[name]:
            yield name, path
    for name, target in meta["links"].items():
        if target is not None and not ADDRESS.match(target) and (name in {"spec", "adr"} or ROOTED.match(target)):
            yield f"links.{name}", target
    if meta["feature"] not in ROUTES:
        yield "feature", f"specs/{meta['feature']}"


def _pointer(project: Project, document: Document, name: str, target: str) -> Iterator[Finding]:
    """What a path of a record's head breaks: it leads from the root to what is, or was, in the tree."""
    parts = target.rstrip("/").split("/")
    line = document.line_of_key(name) if name == "feature" else document.line_of(target)
    if ROOTED.match(target) or "\\" in target or not {"..", ".", ""}.isdisjoint(parts):
        message = f"has `{target}` in its {name}: that is no path from the project's root."
        action = "Write it so, with `/` and without `..`."
        yield Finding(document.path, line, "record-path", message, action)
    elif not project.has(target) and not project.had(target):
        dead = "record-feature" if name == "feature" else "record-file"
        message = f"names `{target}` in its {name}, which neither the tree nor git's past holds."
        action = "Mend the path."
        if project.is_shallow:
            action = "Mend the path; git has only a part of the past here, so run `git fetch --unshallow` first."
        yield Finding(document.path, line, dead, message, action)


# ------------------------------------------------------------ decisions


def _all_decisions(project: Project) -> list[tuple[Decision | None, list[Finding]]]:
    paths = project.under(DECISIONS, ".md")
    return project.once("decisions", lambda: [_decision(project, path) for path in paths])


def _decision(project: Project, path: str) -> tuple[Decision | None, list[Finding]]:
    if not DECISION_PATH.fullmatch(path):
        return None, [Finding(path, 1, "decision-name", "is not named history/adr/NNNN-slug.md.", LAST_RESORT)]
    try:
        document = documents.read(project, path)
    except Refused:
        return None, []
    faults = list(documents.faults(document, DECISION_SCHEMA, tuple(DECISION_KEYS), "decision-keys"))
    if faults:
        return None, faults
    title = re.search(r"^# +(.+?)[ #]*$", documents.prose(document.body), re.MULTILINE)
    status, feature = document.meta["status"], document.meta["feature"]
    successor = int(status.rpartition("-")[2]) if status.startswith("superseded") else None
    decision = Decision(path, number_of(path), title[1] if title else "", status, feature, successor, document)
    return decision, list(_decided(project, decision))


def _decided(project: Project, decision: Decision) -> Iterator[Finding]:
    document, path = decision.document, decision.path
    if not decision.title:
        yield Finding(path, document.first, "decision-section", "has no title.", "Begin it with `# ` and the decision.")
    for name in SECTIONS:
        section = document.sections.get(name)
        if section is None:
            yield Finding(path, 1, "decision-section", f"lacks the section `## {name}`.", "Add it.")
        elif not section.text.strip():
            yield Finding(path, section.line, "decision-section", f"says nothing below `## {name}`.", "Say it.")
    lines = len(document.source.splitlines())
    if lines > PAGE:
        message = f"is longer than a page: {lines} lines, {PAGE} are allowed."
        yield Finding(path, PAGE + 1, "decision-length", message, "Keep the decision and its reason.")
    folder = f"specs/{decision.feature}"
    if decision.feature not in ROUTES and not project.has(folder) and not project.had(folder):
        message = f"belongs to `{decision.feature}`, and there is no `{folder}`."
        yield Finding(path, document.line_of_key("feature"), "decision-feature", message, "Name a folder of specs/.")
    if decision.status == "accepted":
        found = PLACEHOLDER.search(CODE.sub("", documents.prose(document.body)))
        if found:
            message = f"is accepted and has the placeholder `{found[0]}`."
            yield Finding(path, document.line_of(found[0]), "decision-placeholder", message, "Write what is meant.")
        if "Confirmation" in document.sections:
            yield from _confirmed(project, document)


def _confirmed(project: Project, document: Document) -> Iterator[Finding]:
    """An accepted decision names a test that holds it: a file, a folder, or `path::Class::test`."""
    section = document.sections["Confirmation"]
    action = "Name one in backticks: a path, a folder, or `path::Class::test`."
    tests = 0
    for code in re.finditer(r"`([^`\n]+)`", section.text):
        path, *names = code[1].split("::")
        if " " in path or not ("/" in path or names):
            continue
        line = section.line + section.text.count("\n", 0, code.start())
        if not project.has(path) or (names and not _holds(project, path, names)):
            message = f"names `{code[1]}` in its Confirmation, and there is no such test."
            yield Finding(document.path, line, "decision-test", message, action)
            tests += 1
        tests += _is_test(path)
    if not tests:
        message = "is accepted, and its Confirmation names no test."
        yield Finding(document.path, section.line, "decision-test", message, action)


def _is_test(path: str) -> bool:
    *folders, name = path.rstrip("/").split("/")
    return "tests" in (*folders, name) or name.startswith("test_") or ".test." in name


def _holds(project: Project, path: str, names: list[str]) -> bool:
    try:
        text = project.text(path)
    except Refused:
        return False
    if path.endswith(".py"):
        return all(re.search(rf"\b(?:class|def) {re.escape(name.partition('[')[0])}\b", text) for name in names)
    return all(name in text for name in names)


def _superseded(project: Project) -> Iterator[Finding]:
    numbers = {decision.number for decision in decisions(project)}
    for decision in decisions(project):
        if decision.superseded_by is not None and decision.superseded_by not in numbers - {decision.number}:
            message = f"is superseded by ADR-{decision.superseded_by:04}, and no other decision has that number."
            line = decision.document.line_of_key("status")
            yield Finding(decision.path, line, "decision-status", message, "Name the decision that took its place.")


# ------------------------------------------------------------ numbers and new files

if sys.platform == "win32":
    import msvcrt

    def _hold(file: IO[bytes]) -> None:
        file.seek(0)
        held = False
        while not held:
            with suppress(OSError):  # after ten seconds Windows gives up: ask again
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK, 1)
                held = True
else:
    import fcntl

    def _hold(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX)


@contextmanager
def alone(project: Project) -> Iterator[None]:
    """One writer of numbers at a time. The system frees the lock when its holder ends, however it ends.

    Raises Refused when a file or folder cannot be written.
    """
    lock = project.root / "var" / "numbers.lock"
    try:
        lock.parent.mkdir(exist_ok=True)
        with lock.open("a+b") as file:
            _hold(file)
            yield
    except OSError as error:
        raise _unwritable(project, error) from error


def next_number(project: Project, kind: Literal["record", "decision"]) -> int:
    """One more than the highest number on disk now. Ask while `alone`."""
    folder, names = (PROMPTS, "*/*.prompt.md") if kind == "record" else (DECISIONS, "*.md")
    found = (re.match(r"\d+", path.name) for path in (project.root / folder).glob(names))
    return max((int(number[0]) for number in found if number), default=0) + 1


def slug(title: str) -> str:
    """A title as part of a file's name: letters of English, digits, hyphens, at most 60; may be empty."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain.replace("'", ""))
    while len("-".join(words)) > 60 and len(words) > 1:
        words.pop()
    return "-".join(words)[:60]


def put(path: Path, text: str) -> None:
    """Writes a new file, whole or not at all, and never over another. Call it while `alone`. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


DRAFT = """---
status: proposed
feature: general
date: {today}
---
# {title}

## Context
[FILL IN: what forces a decision, in two or three sentences.]

## Considered options
- **[FILL IN: the option that was taken]**
- [FILL IN: another, and why not]

## Decision
[FILL IN: one sentence that can be quoted, and the reason.]

## Consequences
[FILL IN: what gets easier, what gets harder.]

## Confirmation
Enforced by: [FILL IN: the test, in backticks].
"""


def new_adr(project: Project, title: str) -> list[str]:
    """Writes `history/adr/NNNN-slug.md`, proposed, to be filled in; what to tell the person. Raises Refused."""
    title = " ".join(title.split())
    if not slug(title):
        message = f"`{title}` cannot name a decision: it has no letter or digit of English."
        raise Refused(Finding(DECISIONS.rstrip("/"), 1, "decision-name", message, "Give it a title in plain words."))
    with alone(project):
        path = f"{DECISIONS}{next_number(project, 'decision'):04}-{slug(title)}.md"
        put(project.root / path, DRAFT.format(title=title, today=today()))
    return [f"{path} is made, proposed.", "Fill it in; a person sets `status: accepted` once its test is there."]


def today() -> str:
    """The day, in UTC, as ISO 8601 writes it."""
    return date.isoformat(datetime.now(UTC).date())


# ------------------------------------------------------------ after a merge: a number of one's own for the later one

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
                raise _stuck(path, "is no plain file, so it cannot be moved.", "Move it by hand, then run it again.")
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
                raise _stuck(new, "is in the way of a new number.", "Move it away, then run it again.")
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
            raise _unwritable(self._project, error) from error
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


def _stuck(path: str, message: str, action: str) -> Refused:
    return Refused(Finding(path, 1, "not-written", message, action))


def _unwritable(project: Project, error: OSError) -> Refused:
    file = Path(error.filename or project.root / "history")
    path = file.relative_to(project.root) if file.is_relative_to(project.root) else file
    return _stuck(path.as_posix(), f"cannot be written: {error.strerror}.", "Nothing was changed.")
