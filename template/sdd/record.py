"""Makes records of what was asked: of the prompts that a hook spooled (`sdd spool`), or of one given by hand.

Knows no rule of a record (`history` has them) and sends nothing anywhere. A prompt is kept verbatim, whole, but for
secrets, the characters that no text file can hold, and Windows' line ends, which git would change as well.
"""

import json
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from sdd import evidence, history, steps
from sdd.documents import Document
from sdd.history import PROMPTS, ROUTES
from sdd.project import Finding, NeedsGit, Project, Refused

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
    for test in evidence.tests(project):
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


# ------------------------------------------------------------ secrets

TOKENS = {
    "private key": r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----"
    r"(?s:.*?)(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY[A-Z ]{0,10}-----|\Z)",
    "AWS key": r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}\b",
    "GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_\w{22,255}",
    "GitLab token": r"\bgl(?:pat|dt|rt|rtr|ptt|ft|soat|cbt|oas|agent|imt|ffct)-[\w.-]{20,300}",
    "Slack token": r"\bxox[a-z]-[\w-]{10,300}|\bxapp-\d-[\w-]{10,300}|\bhooks\.slack\.com/\w{1,20}/[\w/+-]{20,200}",
    "Discord webhook": r"\bdiscord(?:app)?\.com/api/webhooks/\d{5,25}/[\w-]{20,200}",
    "Stripe key": r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{10,250}|\bwhsec_[A-Za-z0-9+/=]{16,100}",
    "API key": r"(?<![\w-])sk-(?=[\w-]{0,300}\d)[\w-]{20,300}"
    r"|\b(?:gsk|r8|pplx|xai|fw|ntn|sntrys|figd|sbp|re)[_-](?=\w{0,300}\d)[A-Za-z0-9]{20,300}\b|\bdapi[0-9a-f]{32}\b",
    "Google key": r"\bAIza[\w-]{35}|\bGOCSPX-[\w-]{20,100}|\bya29\.[\w-]{20,500}",
    "npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "PyPI token": r"\bpypi-[\w-]{32,500}",
    "Hugging Face token": r"\bhf_[A-Za-z0-9]{30,100}\b",
    "SendGrid key": r"\bSG\.[\w-]{16,100}\.[\w-]{16,100}",
    "DigitalOcean token": r"\bdo[opr]_v1_[0-9a-f]{64}\b",
    "Vault token": r"\bhv[sbr]\.[\w-]{20,300}",
    "age key": r"\bAGE-SECRET-KEY-1[0-9A-Z]{20,100}",
    "Telegram token": r"\b\d{8,10}:AA[\w-]{33}\b",
    "JSON web token": r"(?<![\w-])eyJ[\w-]{8,8000}\.[\w-]{8,8000}(?:\.[\w-]{0,8000}){1,3}",
}
DATABASES = r"(?:postgres(?:ql)?|mysql|mariadb|mongodb|rediss?|amqps?|mssql|oracle|cockroachdb|clickhouse|snowflake)"
# A value goes on to the next blank. What closes a sentence or a bracket is no part of it, nor is the next pair.
END = (
    r"(?:[\"'`]{0,2}[.,;:?)}\]>]{0,8}[\"'`]{0,2}(?:\s|\Z)|[\"'`][,;)}\]>]"
    r"|[,;&]{1,2}[\"']?[A-Za-z_][\w.-]{0,60}[\"']?\s{0,3}[=:](?=[ \t]?[^\s=]))"
)
RUN = rf"(?![\"'`])(?:(?!{END})\S){{1,500}}"
VALUE = rf"(?:(?P<quote>[\"'])(?P<quoted>(?:(?!(?P=quote))[^\n]){{1,500}})(?P=quote)|[\"']?(?P<secret>(?!<){RUN}))"
WHOSE = r"(?i:\s{1,3}(?:for|of)\s{1,3}\S{1,60})?\s{1,3}"
WORD = r"(?:pass(?:wor[dt]|wd|phrase)|kennwort|pwd)"
# Said with no sign between: only what nobody takes for a word, a name, an address or a number.
ODD = (
    r"(?:(?=\S*[A-Za-z])(?=\S*\d)(?=\S*[!$%^&*@])(?!\S*/|\S+@\w+\.\w)\S{6}"
    r"|(?=[A-Za-z\d]*[a-z])(?=[A-Za-z\d]*[A-Z])(?=[A-Za-z]*\d[A-Za-z]*\d)[A-Za-z\d]{8})"
)
CONTEXTS = {
    "password": (
        rf"\b{DATABASES}(?:\+\w{{1,20}})?://[^\s:/@]{{0,100}}:(?P<secret>[^\s\"'`<>]{{1,300}})(?=@[\w.\[$-])",
        r"\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,100}:(?P<secret>[^\s/\"'`<>]{1,300})(?=@[\w.\[$-])",
        rf"(?i)(?<![\w-])--(?:password|passwd|pass|secret|token|api-key|access-key)[ =]{VALUE}",
        rf"(?i)\bcurl\b[^\n]{{0,300}}?\s(?:-u|--user)[ =]?[\"']?[^\s:\"']{{1,100}}:(?P<secret>{RUN})",
        rf"(?i)\b{WORD}\s+[`\"'](?P<secret>(?=\S{{0,99}}[\d!@#$%^&*])[^`\"'\s]{{4,100}})[`\"']",
        rf"\b(?i:{WORD}|pw){WHOSE}[\"'`]?(?P<secret>(?={ODD}){RUN})",
    ),
    "authorization": (
        rf"(?i)\bauthorization[\"']?\s{{0,3}}[:=]\s{{0,3}}[\"'`]?(?:bearer|basic|token|bot|apikey|digest)\s{{1,3}}(?P<secret>(?!<){RUN})",
        r"(?i)\bbearer\s{1,3}(?P<secret>(?=\S{0,500}\d)[\w.~+/=-]{16,4000})",
        r"(?i)\b(?:set-)?cookie:\s{0,3}[\w.-]{1,60}=(?P<secret>[^\s;\"']{8,4000})",
    ),
    "secret": (
        rf"(?i)\b(?:{WORD}|secret|token|api[ _-]?key){WHOSE}(?:is|was)\s{{1,3}}[\"'`]?"
        rf"(?P<secret>(?=\S{{0,199}}\d)(?=\S{{0,199}}[A-Za-z])(?=\S{{6}}){RUN})",
        r"(?i)\b(?:(?:api|access|auth|secret)[ _-]?key|token)\s{1,3}[\"'`]?"
        r"(?P<secret>(?=(?:[a-z]*\d){3})(?=\d*[a-z])[a-z\d+/=]{16,500})",
    ),
}
ASSIGNED = re.compile(
    rf"""(?ix)(?:(?P<word>{WORD}|secret(?:[ _-]?(?:access[ _-]?)?key)?)|(?P<short>(?<![a-z\d])pw|(?<=_)pass)
    |(?P<key>token|api[ _-]?key|credentials?|(?:access|account|auth|encryption|private|shared|signing)[ _-]?key))
    ["'`\]*\\]{{0,4}}(?P<sign>[ \t]{{0,3}}(?:=>|:=|=(?!=)|:(?!:))(?:\*\*)?[ \t]{{0,3}})
    (?:[bfu]?(?P<quote>["'`])(?P<quoted>(?=\S)(?:\\.|(?!(?P=quote))[^\n\\]){{1,500}})(?P=quote)
    |(?:["'`](?=\w))?(?P<bare>{RUN}))"""
)
# What stands where a secret could, and is none: a place to fill in, a type, a word of the trade.
HARMLESS = re.compile(
    r"""(?ix)[$%<{\[(*/#|&].*|x{3,}|.*\.{3}|.*…|-+
    |:[a-z_]\w*|option|flag|argument|parameter|to|is|for|and|or|from
    |none|null|nil|true|false|undefined|required|optional|missing|empty|invalid|wrong|correct|expired|weak|strong|hidden
    |str|string|text|bytes|int|integer|number|bool|boolean|any|unknown|never|void|object|secretstr|field|form|query
    |header|headers|cookie|auth|authentication|authorization|bearer|basic|scheme|example|input|output|value|values
    |body|data|hashed|plain|redacted|(?:argon2\w*|bcrypt|scrypt|pbkdf2|sha-?\d+|md5|base64|utf-?8|hs256|rs256|jwt|uuid\d?)(?:-\w+)*
    |(?:[a-z_]+[ _.-]){0,3}(?:(?:password|secret|token|credential)s?|passphrase|pwd|key|hash)"""
)
AROUND = 200  # characters before and after a value, of its line
SENTENCE = re.compile(r"[A-Z]?[a-z'\d]+[,:]?(?: [\w',.:;!?()/-]+){2,}")
SPEECH = re.compile(
    r"(?i)\b(?:a|again|and|are|at|be|enter|for|forgot|has|in|is|it|least|long|must|new|no|not|of|or|please|short|the|to|too|try"
    r"|was|with|wrong|you|your)\b"
)
NAME = re.compile(r"[A-Za-z_][A-Za-z_]*(?:\??\.[A-Za-z_]+)*")
PATTERNS = [
    *((kind, re.compile(pattern)) for kind, pattern in TOKENS.items()),
    *((kind, re.compile(pattern)) for kind, patterns in CONTEXTS.items() for pattern in patterns),
]


def redact(text: str) -> str:
    """The text with each secret as `[redacted: kind]`. Source: the issuers' published shapes, and words before values.

    A pattern can miss a secret that looks like a word, and says so nowhere: read a record before you commit it.
    """
    for kind, pattern in PATTERNS:
        text = pattern.sub(partial(_found, kind), text)
    return ASSIGNED.sub(_assigned, text)


def _found(kind: str, found: re.Match[str]) -> str:
    named = found.groupdict()
    group = next((name for name in ("secret", "quoted") if named.get(name)), None)
    if group and _is_harmless(found[group].rstrip(".!?:)")):
        return found[0]
    return _hidden(found, group, kind)


def _hidden(found: re.Match[str], group: str | None, kind: str) -> str:
    start, end = (place - found.start() for place in found.span(group or 0))
    return f"{found[0][:start]}[redacted: {kind}]{found[0][end:]}"


def _assigned(found: re.Match[str]) -> str:
    group = "quoted" if found["quoted"] else "bare"
    value = found[group].rstrip(".!?:")
    certain = _is_quoted_secret(found, value) if group == "quoted" else _is_bare_secret(found, value)
    return _hidden(found, group, "key" if found["key"] else "password") if certain else found[0]


def _is_harmless(value: str) -> bool:
    """Whether it is a place to fill in, a type or a word of the trade, or some of these: `string|null`."""
    return bool(HARMLESS.fullmatch(value)) or all(
        not part or HARMLESS.fullmatch(part) for part in re.split(r"[|&=]|\?\?|[)}\]].*", value)
    )


def _is_mixed(value: str, least: int) -> bool:
    """Whether it looks random: long enough, one word, letters and digits (or very long)."""
    mixed = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
    return " " not in value and len(value) >= least and (bool(mixed) or len(value) >= 24)


def _is_quoted_secret(found: re.Match[str], value: str) -> bool:
    if _is_harmless(value):
        return False
    if found["key"]:
        return _is_mixed(value, 8)
    is_sentence = SENTENCE.fullmatch(value) and SPEECH.search(value) and re.search("[a-z]{4}", value)
    return "phrase" in found[0].lower() or "=" in found["sign"] or not is_sentence


def _is_bare_secret(found: re.Match[str], value: str) -> bool:
    """Without quotes it may be code, a type or a sentence as well: what stands around it decides."""
    text, sign = found.string, found["sign"]
    if _is_harmless(value) or re.match(r"[\w.+/\\\"')}\]-]*[(\[{<]", value):
        return False
    before = text[max(found.start() - AROUND, 0) : found.start()].rpartition("\n")[2]
    is_last = not text[found.end() : found.end() + AROUND].partition("\n")[0].strip(" \t\r.!?:")
    if NAME.fullmatch(value):
        if not found["word"]:  # of the environment: `DB_PASS=swordfish`
            word, least = (found["key"], 8) if found["key"] else (found["short"], 4)
            return sign == "=" and word.isupper() and len(value) >= least
        is_argument = re.search(r"[(,]\s*[\w-]*$", before) is not None
        is_setting = is_last and re.fullmatch(r"[\s\-{]*[\w.-]*", before) is not None
        return "." not in value and (not is_argument if "=" in sign else is_setting)
    if found["key"]:
        return _is_mixed(value, 8 if sign == "=" else 12) or (sign == "=" and value.isdecimal() and len(value) >= 8)
    if found["short"]:
        return len(value) >= 5 and all(re.search(part, value) for part in ("[A-Za-z]", r"[\d!@#$%^&*]"))
    is_set = "=" in sign and not (value.isdecimal() and len(value) < 4)
    return is_set or (len(value) >= 4 and (is_last or re.search("[A-Za-z]", value) is not None))
