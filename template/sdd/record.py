"""Makes records of what was asked: of the prompts that a hook spooled (`sdd spool`), or of one given by hand.

Knows no rule of a record (`history` has them) and sends nothing anywhere. A prompt is kept verbatim, whole, but for
secrets, the characters that no text file can hold, and Windows' line ends, which git would change as well.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from sdd import evidence, history, marks, steps
from sdd.documents import Document
from sdd.history import PROMPTS, ROUTES
from sdd.project import Finding, NeedsGit, Project, Refused
from sdd.redaction import redact

SPOOL = "var/prompts"
TITLE = 72
HALF = re.compile("[\ud800-\udfff]")


def stop(project: Project) -> None:
    """What a `Stop` hook says to the person: `sdd next`, as the host's JSON (`systemMessage`). The caller exits 0."""
    try:
        said = steps.told(project)
    except (Refused, NeedsGit) as error:  # an exit code of 2 would keep the agent from stopping
        said = str(error)
    print(json.dumps({"systemMessage": f"sdd next: {said}"}))


# ------------------------------------------------------------ the record


@dataclass(frozen=True)
class Wish:
    """What a person or an agent said of the record to be made; None is found out, or stays null.

    `prompt` is a file's path, `-` for standard input, `spooled` for what the hook kept. `base` is the commit since
    which files changed.
    """

    stage: str
    feature: str | None = None
    title: str | None = None
    prompt: str = "spooled"
    outcome: str | None = None
    surface: str | None = None
    model: str | None = None
    command: str | None = None
    labels: Sequence[str] = ()
    ticket: str | None = None
    adr: str | None = None
    pr: str | None = None
    base: str | None = None


@dataclass(frozen=True)
class Asked:
    """The prompts of a record, in order, and what their host said of them.

    `kept` are the spool's files; `since` says when the first was asked, in UTC, to the minute.
    """

    prompts: tuple[str, ...]
    since: str | None = None
    surface: str = "manual"
    model: str | None = None
    command: str | None = None
    kept: tuple[Path, ...] = ()
    broken: tuple[str, ...] = ()


def record(project: Project, wish: Wish) -> list[str]:
    """Writes `history/prompts/<feature>/NNNN-slug.<stage>.prompt.md`, whole or not at all; what to tell the person.

    Sources: the spool or the given prompt, git (files, branch, user), the reports of the layers (tests). The spooled
    prompts go once the record is there. Raises Refused when the record would break a rule, NeedsGit without git.
    """
    project.git("rev-parse", "HEAD")
    branch = (project.git("branch", "--show-current") or "").strip() or None
    if wish.feature:
        _known(project, wish.feature)
    changed = _changed(project, wish)
    feature = wish.feature or _feature(wish.stage, branch, changed)
    _known(project, feature)
    files = [path for path in changed if not path.startswith(PROMPTS)]
    if not wish.feature or not wish.base:
        files = [path for path in _changed(project, wish, feature) if not path.startswith(PROMPTS)]
    tests, notes = _tests(project, feature)
    given = None if wish.prompt == "spooled" else _given(project, wish.prompt)  # may wait: not while others do
    with history.alone(project):
        asked = given or _from_spool(project.root / SPOOL)
        if not any(history.is_said(prompt) for prompt in asked.prompts):
            is_blank = not any(prompt.strip() for prompt in asked.prompts)
            message = "holds no prompt." if is_blank else "the prompt is only a placeholder."
            action = "Give the words of the request: `--prompt-file FILE`, or `-` for standard input."
            raise _refused({"spooled": SPOOL, "-": "standard input"}.get(wish.prompt, wish.prompt), message, action)
        title = redact(_relative(project, wish.title or _title(project, asked.prompts, feature, wish.stage)))
        number = history.next_number(project, "record")
        path = f"{PROMPTS}{feature}/{number:04}-{history.slug(title) or wish.stage}.{wish.stage}.prompt.md"
        decided = [file for file in files if history.DECISION_PATH.fullmatch(file)]
        spec = f"specs/{feature}/spec.md"
        outcome = wish.outcome or f"Changed: {_count(files, 'file')}. Ran, of its tests: {_count(tests, 'file')}."
        head = {
            **{"id": f"{number:04}", "title": title, "stage": wish.stage, "date": history.today()},
            **{"surface": wish.surface or asked.surface, "model": wish.model or asked.model, "feature": feature},
            **{"branch": branch, "user": (project.git("config", "user.name") or "").strip() or None},
            **{"command": _clean(project, wish.command or asked.command)},
            **{"labels": list(wish.labels or _labels(feature))},
            "links": {
                "spec": spec if project.has(spec) else None,
                "ticket": wish.ticket,
                "adr": _clean(project, wish.adr) or (decided[0] if len(decided) == 1 else None),
                "pr": wish.pr,
            },
            **{"files": files, "tests": tests},
        }
        text = _text(head, asked.prompts, redact(_relative(project, outcome.strip())))
        _, faults = history.judged(project, _document(path, head, text))
        if faults:  # of a file that is not written: its lines would lead nowhere
            fault = faults[0]
            message = f"no record is made: it {fault.message}"
            raise Refused(Finding(PROMPTS.rstrip("/"), 1, fault.rule, message, fault.next))
        history.put(project.root / path, text)
        for kept in asked.kept:
            kept.unlink(missing_ok=True)
    told = _count(asked.prompts, "prompt") + (f" since {asked.since}" if asked.since else "")
    made = f"{path} is made: {told}, {_count(files, 'file')}, {_count(tests, 'test file')}."
    return [made, *notes, *(f"{name} is no spooled prompt: it stays where it is." for name in asked.broken)]


def _count(things: Sequence[str], name: str) -> str:
    return f"{len(things)} {name}{'s' * (len(things) != 1)}"


def _refused(path: str, message: str, action: str) -> Refused:
    return Refused(Finding(path, 1, "record", message, action))


def _document(path: str, head: dict[str, Any], text: str) -> Document:
    body = text.split("---\n", 2)[2]
    return Document(path, head, body, text.count("\n", 0, len(text) - len(body)) + 1, text)


# ------------------------------------------------------------ what was asked


def _given(project: Project, source: str) -> Asked:
    action = "Give a text with the words of the request, in UTF-8."
    name = "standard input" if source == "-" else source
    try:
        content = sys.stdin.buffer.read() if source == "-" else (project.root / source).read_bytes()
        return Asked((_storable(content.decode("utf-8-sig")),))
    except OSError as error:
        raise _refused(name, f"cannot be read: {error.strerror}.", action) from error
    except UnicodeDecodeError as error:
        raise _refused(name, "is not text in UTF-8.", action) from error


def _from_spool(folder: Path) -> Asked:
    """Every spooled prompt, oldest first. A file that is none is named, and left where it is."""
    told: list[tuple[Path, dict[str, Any]]] = []
    broken: list[str] = []
    for file in sorted(folder.glob("*.json")):
        try:
            content = json.loads(file.read_bytes())
            told.append((file, {"prompt": _storable(content.pop("prompt")), **content}))
        except (OSError, ValueError, RecursionError, LookupError, TypeError, AttributeError):
            broken.append(f"{SPOOL}/{file.name}")
    prompts = tuple(content["prompt"] for _, content in told)
    commands = [found[0] for prompt in prompts if (found := re.match(r"/[a-z][\w:-]*(?=\s|\Z)", prompt))]
    last = told[-1][1] if told else {}
    model = next((content["model"] for _, content in reversed(told) if content.get("model")), None)
    kept = tuple(file for file, _ in told)
    since = _minute(told[0][1].get("at")) if told else None
    surface, command = last.get("surface", "manual"), commands[0] if commands else None
    return Asked(prompts, since, surface, model, command, kept, tuple(broken))


def _minute(at: object) -> str | None:
    found = re.match(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d)", str(at))
    return f"{found[1]} {found[2]} UTC" if found else None


def _storable(prompt: str) -> str:
    """Without what a text file cannot hold: a NUL becomes its picture, half a character the mark for it."""
    return HALF.sub("\N{REPLACEMENT CHARACTER}", prompt.replace("\r\n", "\n").replace("\0", "\N{SYMBOL FOR NULL}"))


def _title(project: Project, prompts: tuple[str, ...], feature: str, stage: str) -> str:
    """The first line of the first prompt that can be a title, cut at a word; else the feature and the stage."""
    for line in "\n".join(prompts).splitlines()[:50]:
        words = " ".join(re.sub(r"^[\s#>*/~`-]+", "", _relative(project, line)).split())
        if len(words) > TITLE:
            words = words[: TITLE + 1].rpartition(" ")[0] or words[:TITLE]
        if history.slug(words) and words.isprintable() and not _is_unfit(words):
            return words.rstrip(" .:,;")
    return f"{feature}: {stage}"


def _is_unfit(text: str) -> bool:
    return bool(history.PLACEHOLDER.search(text) or history.OF_A_MACHINE.search(text))


# ------------------------------------------------------------ what git and the reports say


def _known(project: Project, feature: str) -> None:
    """Raises Refused for a feature that neither is nor was in `specs/`."""
    action = "Name a folder of specs/, or general, or constitution."
    folder = f"specs/{feature}"
    if feature not in ROUTES and not re.fullmatch(history.FEATURE, feature):
        raise _refused("specs", f"`{feature}` is no name of a feature, as `001-todos` is.", action)
    if feature not in ROUTES and not project.has(folder) and not project.had(folder):
        raise _refused("specs", f"there is no {folder}.", action)


def _feature(stage: str, branch: str | None, changed: list[str]) -> str:
    """The feature that the work shows: the one spec that changed, or that the branch is named for."""
    if stage in ROUTES:
        return stage
    named: set[str] = set(re.findall(rf"^specs/({history.FEATURE})/", "\n".join(changed), re.MULTILINE))
    named = named or set(re.findall(rf"(?:^|/)({history.FEATURE})$", branch or ""))
    if len(named) != 1:
        message = "Which feature it belongs to, the changes do not show."
        raise _refused(PROMPTS.rstrip("/"), message, "Say it: `--feature 001-todos`, or `--feature general`.")
    return named.pop()


def _changed(project: Project, wish: Wish, feature: str | None = None) -> list[str]:
    """What differs from the base, in commits and in the tree: paths from the root, sorted.

    The base is the one given; else where the branch left the default branch or, when that is later or there is no
    such place, the last record of the feature; else the last commit.
    """
    base = wish.base or "HEAD"
    if wish.base and project.git("rev-parse", "--verify", "--quiet", f"{wish.base}^{{commit}}") is None:
        raise _refused(
            PROMPTS.rstrip("/"), f"The commit {wish.base} is not known here.", "Name one that `git log` has."
        )
    if not wish.base:
        head = (project.git("rev-parse", "HEAD") or "").strip()
        left = project.branch_point or head
        since = [f"{left}..HEAD"] if left != head else ["HEAD"]
        folder = f"{PROMPTS}{feature}" if feature else PROMPTS
        recorded = (project.git("log", "-1", "--format=%H", *since, "--", folder) or "").strip()
        base = recorded or left
    known = project.git("diff", "--name-only", "-z", "--relative", "--no-renames", base) or ""
    new = project.git("ls-files", "-z", "--others", "--exclude-standard") or ""
    return sorted({*known.split("\0"), *new.split("\0")} - {""})


def _tests(project: Project, feature: str) -> tuple[list[str], list[str]]:
    """(the files of the tests that name the feature and ran, what to say of reports that are of another tree)."""
    ran: set[str] = set()
    notes: list[str] = []
    for test in marks.tests(project):
        results = evidence.results(project, test.layer)
        if any(name.startswith(f"{feature[:3]}-") for name in test.requirements) and feature not in ROUTES:
            if results.outcome(test) in {"passed", "failed", "error"}:
                ran.add(test.path)
            if results.cases and not results.fresh and results.problem:
                notes.append(f"{results.problem.path} {results.problem.message}")
    return sorted(ran), sorted(set(notes))


def _labels(feature: str) -> list[str]:
    return [] if feature in ROUTES else [feature[4:]]


def _clean(project: Project, text: str | None) -> str | None:
    return None if text is None else redact(_relative(project, text))


def _relative(project: Project, text: str) -> str:
    """The text with this project's paths written from its root."""
    for root in {str(project.root), project.root.as_posix(), str(project.root.resolve())}:
        text = re.sub(rf"{re.escape(root)}[\\/]", "", text)
    return text


# ------------------------------------------------------------ its text


def _text(head: dict[str, Any], prompts: tuple[str, ...], outcome: str) -> str:
    told = [redact(prompt) for prompt in prompts]
    longest = max((len(run) for prompt in told for run in re.findall("~+", prompt)), default=0)
    fence = "~" * max(3, longest + 1)
    blocks = "\n".join(f"{fence}text\n{prompt}\n{fence}\n" for prompt in told)
    keys = "".join(_key(name, value) for name, value in head.items())
    return f"---\n{keys}---\n# {head['title']}\n\n## Prompt\n\n{blocks}\n## Outcome\n\n{outcome}\n"


def _key(name: str, value: Any) -> str:
    """One key as YAML; a long list stands below it, an item a line."""
    if name == "date":
        return f"date: {value}\n"
    line = f"{name}: {_yaml(value)}\n"
    if isinstance(value, list) and len(line) > 100:
        return f"{name}:\n" + "".join(f"  - {_yaml(item)}\n" for item in value)
    return line


def _yaml(value: Any) -> str:
    if isinstance(value, str) and value.isdecimal():
        return f'"{value}"'
    text = yaml.safe_dump(value, default_flow_style=True, width=sys.maxsize, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")
