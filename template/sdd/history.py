"""What was asked and what was decided: records, decisions, their rules and their numbers. Knows no agent host.

A record is `history/prompts/<route>/NNNN-slug.<stage>.prompt.md`, a decision `history/adr/NNNN-slug.md`.
"""

import errno
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any, Literal

from sdd import documents
from sdd.documents import Document
from sdd.project import Finding, Project, Refused

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
        raise unwritable(project, error) from error


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


def stuck(path: str, message: str, action: str) -> Refused:
    return Refused(Finding(path, 1, "not-written", message, action))


def unwritable(project: Project, error: OSError) -> Refused:
    file = Path(error.filename or project.root / "history")
    path = file.relative_to(project.root) if file.is_relative_to(project.root) else file
    return stuck(path.as_posix(), f"cannot be written: {error.strerror}.", "Nothing was changed.")
