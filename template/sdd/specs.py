"""Specs with their plans and tasks, and the waivers: what they hold, what makes them whole, how a new one begins.

Knows no contract and no test's outcome: `contract` judges the operations they name, `verify` the proof.
"""

import keyword
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import pairwise

from sdd import marks
from sdd.documents import Document, Item, closed, data, faults, is_plain, prose, read, told, visible
from sdd.project import Finding, Project, Refused

FOLDER = re.compile(r"(\d{3})-([a-z][a-z0-9]*(?:[-_][a-z0-9]+)*)")
SHORT = re.compile(r"\*\*((?:FR|SC)-\d{3})(?:\*\*:?|:\*\*) +\S")
ALMOST = re.compile(r"[*_\s]*((?:FR|SC)-\d{3})\b[*_:\s]*")
STRONG = re.compile(r"\*\*(.*?)\*\*")
BOLD = re.compile(r"[\s>|#*+\d.)-]*(?:\*\*|__)((?:FR|SC)-\d+)\b")
PLAIN = re.compile(r"[\s>|#*+\d.)-]*(?:\*\*|__)?((?:FR|SC)-\d+)\b")
NAMED = re.compile(r"(?<![\w-])(?:(\d{3})-)?((?:FR|SC)-\d{3})\b")
OPERATION = re.compile(r"(?:list|get|create|update|delete)_[a-z0-9_]+")
NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+")
STORY = re.compile(r"US-\d+ \(P\d\): \S")
TASK = re.compile(r"\[([ xX])\] (T\d{3}) \[([a-z]+)\] (\S.*)")
TASK_LIKE = re.compile(r"\[.?\]|\W*T\d")  # another list item is a note
SAYS_NOTHING = re.compile(r"\W*(?:tbd|todo|n/a|none yet)?\W*", re.IGNORECASE)
WAIVERS = "specs/waivers.yml"
SECTIONS = ("User stories", "Requirements", "Success criteria", "Out of scope")
PLAN = (
    *("Data flow", "Components and endpoints", "States", "Errors and recovery"),
    *("Order and owners", "Acceptance checks", "Files", "Follow-up and risks"),
)
OWNERS = {
    "contract": "workflow-orchestrator",
    "database": "database-developer",
    "backend": "backend-api-developer",
    "frontend": "frontend-ui-architect",
    "integration": "workflow-orchestrator",
}
STEPS = (*OWNERS, "record")
STATUS = ["draft", "accepted", "built"]
NUMBER = {"type": "string", "pattern": "^[0-9]{3}$"}
SPEC_KEYS = {
    "id": NUMBER,
    "feature": {"type": "string", "pattern": "^[a-z][a-z0-9_-]*$"},
    "status": {"enum": STATUS},
}
WAIVER_KEYS = {
    "requirement": {"type": "string", "pattern": "^[0-9]{3}-(FR|SC)-[0-9]{3}$"},
    "reason": {"type": "string", "pattern": "\\S.*\\S"},
    "until": {"type": "string"},
}


SPEC_HEAD, PART_HEAD, WAIVER = (
    closed(SPEC_KEYS, SPEC_KEYS),
    closed({"spec": NUMBER}, ["spec"]),
    closed(WAIVER_KEYS, WAIVER_KEYS),
)


@dataclass(frozen=True)
class Requirement:
    """A promise: its global id (`001-FR-003`), its Markdown on one line, where it stands, the code spans in it."""

    id: str
    text: str
    line: int
    names: tuple[str, ...]

    @property
    def operations(self) -> tuple[str, ...]:
        """The names in it that look like an operation: one of the five verbs first."""
        return tuple(name for name in self.names if OPERATION.fullmatch(name))


@dataclass(frozen=True)
class Row:
    """A row of `Order and owners`."""

    step: str
    owner: str
    what: str
    line: int

    @property
    def is_nothing(self) -> bool:
        """Whether the step has no work; `what` says why."""
        return self.what.lower().startswith("nothing:")


@dataclass(frozen=True)
class Plan:
    """How a spec is to be built: rows in the file's order, operations and files with the line that names them."""

    path: str
    rows: tuple[Row, ...]
    operations: dict[str, int]
    files: dict[str, int]
    document: Document


@dataclass(frozen=True)
class Task:
    """One piece of work: `step` is a layer's, `requirements` are global ids."""

    id: str
    ticked: bool
    step: str
    text: str
    requirements: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Tasks:
    """A spec's tasks, and the list items that are none."""

    path: str
    items: tuple[Task, ...]
    malformed: tuple[Item, ...]
    document: Document


@dataclass(frozen=True)
class Spec:
    """A feature's promises: FR and SC by global id. `unread` names the parts that are there and cannot be read."""

    path: str
    folder: str
    number: str
    feature: str
    status: str
    requirements: dict[str, Requirement]
    criteria: dict[str, Requirement]
    plan: Plan | None
    tasks: Tasks | None
    document: Document
    unread: frozenset[str] = frozenset()
    misnamed: list[Finding] = field(default_factory=list)

    @property
    def bare(self) -> bool:
        """Whether it says that it is whole, and holds no requirement: what names one is not at fault."""
        return self.status != "draft" and not self.requirements

    @property
    def promises(self) -> dict[str, Requirement]:
        """Requirements and success criteria."""
        return self.requirements | self.criteria


@dataclass(frozen=True)
class Waiver:
    """A requirement that may stay unproven through the day `until`, and why."""

    requirement: str
    reason: str
    until: date
    line: int


# ------------------------------------------------------------ what is there


def specs(project: Project) -> list[Spec]:
    """The specs that can be read, by folder; one whose status is none of the three counts as a draft."""
    return project.once("specs", lambda: [spec for folder in _folders(project) if (spec := _spec(project, folder))])


def _folders(project: Project) -> list[str]:
    found = {path.split("/")[1] for path in project.under("specs/", ".md") if path.count("/") > 1}
    return sorted(found - {"templates"})


def _spec(project: Project, folder: str) -> Spec | None:
    name, path = FOLDER.fullmatch(folder), f"specs/{folder}/spec.md"
    document = _document(project, path)
    if not name or not document:
        return None
    said = document.meta.get("status")
    plan, tasks = _plan(project, f"specs/{folder}/plan.md"), _tasks(project, f"specs/{folder}/tasks.md")
    parts = (part for part, made in (("plan", plan), ("tasks", tasks)) if not made)
    misnamed: list[Finding] = []
    promises = {
        title: dict(_promises(document, title, kind, name[1], misnamed))
        for title, kind in (("Requirements", "FR"), ("Success criteria", "SC"))
    }
    misnamed += _hidden(document, {key[4:] for part in promises.values() for key in part}, misnamed)
    return Spec(
        path=path,
        folder=folder,
        number=name[1],
        feature=name[2],
        status=str(said) if said in STATUS else "draft",
        requirements=promises["Requirements"],
        criteria=promises["Success criteria"],
        plan=plan,
        tasks=tasks,
        document=document,
        unread=frozenset(part for part in parts if f"specs/{folder}/{part}.md" in project.under("specs/", ".md")),
        misnamed=misnamed,
    )


def _document(project: Project, path: str) -> Document | None:
    """None when the file is not there, or cannot be read, which `documents` tells."""
    try:
        return read(project, path) if project.has(path) else None
    except Refused:
        return None


def _promises(
    document: Document, title: str, kind: str, number: str, misnamed: list[Finding]
) -> Iterator[tuple[str, Requirement]]:
    seen: dict[str, int] = {}
    for item in document.items(title):
        match, strong = ALMOST.match(item.text), STRONG.match(item.text)
        fits = match is not None and match[1].startswith(kind)
        if not (fits and SHORT.match(item.text)) and not item.text.startswith("["):  # a placeholder is told of as one
            said = f"`{strong[1]}` is no id" if strong else "this promise has no id"
            action = f"Begin it with `**{kind}-001**`, three digits, and one sentence."
            if match and not fits:
                other = "Success criteria" if title == "Requirements" else "Requirements"
                said, action = f"{match[1]} stands in `{title}`", f"Put it below a heading `## {other}`, with two `#`."
            misnamed.append(Finding(document.path, item.line, "malformed-id", f"{said}.", action))
        if not match or not fits:
            continue
        if match[1] in seen:
            message = f"{match[1]} stands a second time, after line {seen[match[1]]}."
            misnamed.append(Finding(document.path, item.line, "duplicate-id", message, "Give it the next free number."))
        else:
            seen[match[1]] = item.line
            key = f"{number}-{match[1]}"
            yield key, Requirement(key, item.text[match.end() :], item.line, item.code)


def _hidden(document: Document, known: set[str], told_of: list[Finding]) -> Iterator[Finding]:
    """Promises that stand where none is read: nested, in a table, in a paragraph, in another section."""
    if "Requirements" not in document.sections:
        return  # that is told of
    lines, inside = {finding.line for finding in told_of}, False
    for number, line in enumerate(visible(document.body).split("\n"), start=document.first):
        inside = line.strip("# ") in ("Requirements", "Success criteria") if line.startswith("## ") else inside
        found = (PLAIN if inside else BOLD).match(line)
        if found and found[1] not in known and number not in lines:
            message = f"{found[1]} stands where no program reads a promise."
            action = f"Make it a list item of its own below `## Requirements`: `- **{found[1]}** …`."
            yield Finding(document.path, number, "malformed-id", message, action)


def _plan(project: Project, path: str) -> Plan | None:
    document = _document(project, path)
    if not document:
        return None
    rows = [row for row in document.rows("Order and owners") if len(row.cells) >= 3 and row.cells[0].lower() != "step"]
    return Plan(
        path=path,
        rows=tuple(Row(row.cells[0].strip("`"), row.cells[1].strip("`"), row.cells[2], row.line) for row in rows),
        operations={name: line for line, cell in _operation_cells(document) for name in NAME.findall(cell)},
        files={
            name: item.line
            for item in document.items("Files")
            for name in item.code
            if name == item.code[0] or re.search("[./]", name)
        },
        document=document,
    )


def _operation_cells(document: Document) -> Iterator[tuple[int, str]]:
    """The names in the column `operation` of the table of endpoints, in backticks or not."""
    column = None
    for row in document.rows("Components and endpoints"):
        names = [cell.strip().lower() for cell in row.cells]
        if "operation" in names:
            column = names.index("operation")
        elif column is not None and column < len(names):
            for code in re.findall(rf"`([^`]+)`|\b({OPERATION.pattern})\b", row.cells[column]):
                yield row.line, "".join(code)


def _tasks(project: Project, path: str) -> Tasks | None:
    document = _document(project, path)
    if not document:
        return None
    found = [(item, TASK.fullmatch(item.text)) for item in document.items()]
    own = path.split("/")[1][:3]
    items = tuple(
        Task(match[2], match[1] != " ", match[3], match[4], tuple(_named(match[4], own)), item.line)
        for item, match in found
        if match
    )
    return Tasks(path, items, tuple(one for one, match in found if not match and TASK_LIKE.match(one.text)), document)


def _named(text: str, own: str) -> Iterator[str]:
    """The ids in a text; a short one is this spec's own."""
    for number, short in NAMED.findall(text):
        yield f"{number or own}-{short}"


def waivers(project: Project) -> dict[str, Waiver]:
    """The waivers in force today, by requirement."""
    return {waiver.requirement: waiver for waiver in _waivers(project) if _today() <= waiver.until}


def _waivers(project: Project) -> Iterator[Waiver]:
    for entry, line in _waiver_entries(project):
        if isinstance(entry, dict) and WAIVER.is_valid(entry) and (until := _day(entry["until"])):
            yield Waiver(entry["requirement"], entry["reason"], until, line)


def _waiver_entries(project: Project) -> list[tuple[object, int]]:
    try:
        listed = data(project, WAIVERS) if project.has(WAIVERS) else []
    except Refused:
        return []
    lines = (
        [n for n, line in enumerate(project.text(WAIVERS).splitlines(), 1) if line.startswith("-")] if listed else []
    )
    entries = listed if isinstance(listed, list) else [listed] if listed else []
    entries = [entry if is_plain(entry) else None for entry in entries]
    return list(zip(entries, lines if len(lines) == len(entries) else [1] * len(entries), strict=True))


def _today() -> date:
    """Where the person sits."""
    return datetime.now(UTC).astimezone().date()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# ------------------------------------------------------------ what must hold


def findings(project: Project) -> Iterator[Finding]:
    """What is wrong with specs, plans, tasks and waivers, and with the ids that tests name."""
    yield from _folder_findings(project)
    for spec in specs(project):
        yield from _head_findings(spec)
        yield from spec.misnamed
        yield from _task_findings(project, spec)
        if spec.status != "draft":
            yield from incomplete(spec)
        if spec.status == "built":
            yield from unbuilt(project, spec)
    yield from _id_findings(project)
    yield from _waiver_findings(project)


def _folder_findings(project: Project) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for folder in _folders(project):
        name, path = FOLDER.fullmatch(folder), f"specs/{folder}/spec.md"
        if not name and not any(project.has(f"specs/{folder}/{part}.md") for part in ("spec", "plan", "tasks")):
            continue  # somebody's notes
        if not name:
            message = f"`{folder}` is no name of a spec."
            yield Finding(f"specs/{folder}", 1, "spec-folder", message, "Name it like `003-labels`.")
            continue
        if not project.has(path):
            action = "Write one as `specs/templates/spec.md` shows."
            yield Finding(f"specs/{folder}", 1, "spec-folder", "has no spec.md.", action)
        other = first.setdefault(name[1], folder)
        if other != folder:
            message = f"has the number of specs/{other}."
            action = "Run `uv run python -m sdd check --fix`."
            yield Finding(f"specs/{folder}", 1, "duplicate-id", message, action)


def _head_findings(spec: Spec) -> Iterator[Finding]:
    yield from faults(spec.document, SPEC_HEAD, tuple(SPEC_KEYS), "frontmatter")
    for key, right in (("id", spec.number), ("feature", spec.feature)):
        said = spec.document.meta.get(key)
        if (
            isinstance(said, str)
            and re.fullmatch(r"\d{3}|[a-z][\w-]*", said)
            and said.replace("_", "-") != right.replace("_", "-")
        ):
            message = f"`{key}` is {said}, and the folder is {spec.folder}."
            action = f"Write `{right.replace('-', '_')}`."
            yield Finding(spec.path, spec.document.line_of_key(key), "spec-folder", message, action)
    for part in (spec.plan, spec.tasks):
        if part:
            yield from faults(part.document, PART_HEAD, ("spec",), "frontmatter")
            said = part.document.meta.get("spec")
            if isinstance(said, str) and said != spec.number and re.fullmatch(NUMBER["pattern"], said):
                line = part.document.line_of_key("spec")
                message = f"`spec` is {said}, and the folder is {spec.folder}."
                yield Finding(part.path, line, "spec-folder", message, f'Write `"{spec.number}"`.')


def _task_findings(project: Project, spec: Spec) -> Iterator[Finding]:
    if not spec.tasks:
        return
    path, first = spec.tasks.path, dict[str, int]()
    for item in spec.tasks.malformed:
        if "[FILL IN" not in item.text:
            action = "Write `- [ ] T001 [backend] What is to be done (001-FR-001)`."
            yield Finding(path, item.line, "malformed-id", "is no task.", action)
    for task in spec.tasks.items:
        if task.id in first:
            message = f"{task.id} stands a second time, after line {first[task.id]}."
            yield Finding(path, task.line, "duplicate-id", message, "Give it the next free number.")
        first.setdefault(task.id, task.line)
        if task.step not in STEPS:
            message = f"{task.id} names a step `{task.step}` that is none."
            yield Finding(path, task.line, "tasks", message, f"Steps are {', '.join(STEPS)}.")
        for name in task.requirements:
            if name not in spec.promises and not spec.bare:
                message = f"{task.id} names {name}, and {spec.path} has none such."
                action = (
                    f"Name one of it, {_span(spec.promises)}." if spec.promises else "Write it into the spec first."
                )
                yield Finding(path, task.line, "unknown-requirement", message, action)
            elif task.ticked and spec.status == "accepted" and name not in _tested(project):
                message = f"{task.id} is ticked, and no test names {name}."
                yield Finding(path, task.line, "tasks", message, "Write the test, or take the tick away.")


def incomplete(spec: Spec) -> Iterator[Finding]:
    """What a spec and its plan lack to be accepted, whatever its status says."""
    yield from _sections(spec.document, SECTIONS)
    yield from _open(spec.document)
    yield from _story_findings(spec)
    if "Requirements" in spec.document.sections and not spec.requirements:
        line = spec.document.sections["Requirements"].line
        yield Finding(spec.path, line, "section", "holds no requirement.", "Write `- **FR-001** One sentence.`")
    if spec.plan:
        yield from _plan_findings(spec.plan)
    else:
        yield from _missing(spec, "plan")


def _story_findings(spec: Spec) -> Iterator[Finding]:
    section = spec.document.sections.get("User stories")
    if not section or not section.text.strip():
        return
    stories = re.split(r"^### +", prose(section.text), flags=re.MULTILINE)
    if len(stories) == 1:
        action = "Write `### US-1 (P1): What a person can do`."
        yield Finding(spec.path, section.line, "section", "holds no user story.", action)
    line = section.line + stories[0].count("\n")
    for story in stories[1:]:
        title = story.partition("\n")[0].strip()
        if not STORY.match(title):
            action = "Write `### US-1 (P1): What a person can do`."
            yield Finding(spec.path, line, "section", f"`{title}` is no user story.", action)
        elif not re.search(r"^ *\d+[.)] +\S", story, re.MULTILINE):
            action = "Write `1. Given …, when …, then …`."
            yield Finding(spec.path, line, "section", f"`{title}` has no acceptance scenario.", action)
        line += story.count("\n")


def _missing(spec: Spec, part: str) -> Iterator[Finding]:
    if part in spec.unread:
        return
    line, path = spec.document.line_of_key("status"), f"specs/{spec.folder}/{part}.md"
    message, action = f"is {spec.status} and has no {part}.", f"Write {path} as specs/templates shows."
    yield Finding(spec.path, line, part, message, action)


def _sections(document: Document, titles: tuple[str, ...]) -> Iterator[Finding]:
    for title in titles:
        section = document.sections.get(title)
        if not section:
            yield Finding(document.path, 1, "section", f"lacks the section `{title}`.", f"Add `## {title}`.")
        elif SAYS_NOTHING.fullmatch(section.text):
            yield Finding(document.path, section.line, "section", f"`{title}` is empty.", "Say it in a sentence.")


def _open(document: Document) -> Iterator[Finding]:
    for rule, mark, action in (
        ("placeholder", "[FILL IN", "Write what is meant."),
        ("open-question", "[NEEDS CLARIFICATION", "Ask a person, and write down the answer."),
    ):
        found = [at for at, line in enumerate(document.source.upper().split("\n"), 1) for _ in range(line.count(mark))]
        if found:
            more = f", {len(found)} in all" if len(found) > 1 else ""
            yield Finding(document.path, found[0], rule, f"still says `{mark}`{more}.", action)


def _plan_findings(plan: Plan) -> Iterator[Finding]:
    document, found = plan.document, plan.document.sections
    yield from _sections(document, PLAN)
    yield from _open(document)
    titles = [title for title in found if title in PLAN]
    for before, after in pairwise(titles):
        if PLAN.index(before) > PLAN.index(after):
            message = f"`{after}` stands after `{before}`."
            action = f"The order is {', '.join(PLAN)}."
            yield Finding(plan.path, found[after].line, "section", message, action)
            break
    wanted = {
        "Data flow": (
            "```mermaid" in (found["Data flow"].text if "Data flow" in found else ""),
            "has no diagram",
            "Draw it in a ```mermaid block.",
        ),
        "Components and endpoints": (
            any("operation" in row.text.lower() for row in document.rows("Components and endpoints")),
            "has no table",
            "Make one: component, operation, service, query.",
        ),
        "Acceptance checks": (document.items("Acceptance checks"), "has no list", "List what somebody does and sees."),
        "Files": (plan.files, "names no file", "List the paths in backticks."),
    }
    for title, (there, lack, action) in wanted.items():
        if title in found and found[title].text.strip() and not there:
            yield Finding(plan.path, found[title].line, "plan", f"`{title}` {lack}.", action)
    if "Order and owners" in found and found["Order and owners"].text.strip():
        yield from _row_findings(plan, found["Order and owners"].line)


def _row_findings(plan: Plan, line: int) -> Iterator[Finding]:
    steps = [row.step for row in plan.rows]
    if steps != list(OWNERS):
        message = f"`Order and owners` has the steps {', '.join(steps) or 'none'}."
        action = f"Give each its row, in this order: {', '.join(OWNERS)}; one without work says `nothing: why`."
        yield Finding(plan.path, line, "plan", message, action)
    for row in plan.rows:
        owner = OWNERS.get(row.step, row.owner)
        if row.owner != owner:
            message = f"{row.step} belongs to {owner}, not to {row.owner or 'nobody'}."
            yield Finding(plan.path, row.line, "plan", message, f"Write `{owner}`.")
        if SAYS_NOTHING.fullmatch(row.what) or re.fullmatch(r"(?:nothing|none)\W*", row.what.lower()):
            message = f"does not say what {row.step} does."
            yield Finding(plan.path, row.line, "plan", message, "Say it, or `nothing:` and why.")


def unbuilt(project: Project, spec: Spec) -> Iterator[Finding]:
    """What a spec's promises lack to be built: tests that name them, ticks, files. Outcomes are `verify`'s."""
    waived = waivers(project)
    for name, requirement in spec.requirements.items():
        if name not in _tested(project) and name not in waived:
            message = f"{name} is built, and no test names it."
            action = f'Mark the test that proves it: `@pytest.mark.requirement("{name}")`, or ` [{name}]` in its title.'
            yield Finding(spec.path, requirement.line, "untested", message, action)
    if not spec.tasks:
        yield from _missing(spec, "tasks")
    else:
        yield from _open(spec.tasks.document)
        if not spec.tasks.items:
            yield Finding(spec.tasks.path, 1, "tasks", "holds no task.", "List what was done.")
    for task in spec.tasks.items if spec.tasks else ():
        if not task.ticked and task.step != "record":  # a record is of what is built
            message = f"{task.id} is open, and the spec is built."
            yield Finding(spec.tasks.path if spec.tasks else "", task.line, "tasks", message, "Do it, and tick it.")
    for path, line in spec.plan.files.items() if spec.plan else ():
        if not project.has(path):
            message = f"names `{path}`, and there is no such file."
            yield Finding(spec.plan.path if spec.plan else "", line, "plan", message, "Mend the path.")


def _tested(project: Project) -> frozenset[str]:
    return project.once(
        "tested", lambda: frozenset(name for test in marks.tests(project) for name in test.requirements)
    )


def _id_findings(project: Project) -> Iterator[Finding]:
    """Tests that name a requirement no spec has. A spec that cannot be read, or holds none at all, is told of once."""
    known = {name for spec in specs(project) for name in spec.promises}
    broken = _unread(project) | {spec.number for spec in specs(project) if spec.bare}
    for test in marks.tests(project):
        for name in test.requirements:
            if name not in known and name[:3] not in broken:
                message = f"`{test.name}` names {name}, and no spec has it."
                yield Finding(test.path, test.line, "unknown-requirement", message, "Mend the id, or write the spec.")


def _unread(project: Project) -> set[str]:
    """The numbers of specs that are there and cannot be read."""
    read_ones = Counter(spec.number for spec in specs(project))
    there = Counter(folder[:3] for folder in _folders(project) if project.has(f"specs/{folder}/spec.md"))
    return {number for number in there if there[number] > read_ones[number]}


def _waiver_findings(project: Project) -> Iterator[Finding]:
    if not project.has(WAIVERS):
        return
    try:
        data(project, WAIVERS)
    except Refused as error:
        yield error.finding
        return
    known = {name for spec in specs(project) for name in spec.promises}
    seen = set[str]()
    for entry, line in _waiver_entries(project):

        def found(message: str, action: str, line: int = line) -> Finding:
            return Finding(WAIVERS, line, "waiver", message, action)

        if not isinstance(entry, dict):
            yield found("is no list of waivers.", "Write `- {requirement: …, reason: …, until: …}`.")
            continue
        for _, message, action in told(WAIVER, entry, tuple(WAIVER_KEYS), lambda _: 1):
            yield found(message, action)
        if not WAIVER.is_valid(entry):
            continue
        name, until = entry["requirement"], _day(entry["until"])
        if not until:
            yield found(f"`until: {entry['until']}` is no day.", "Write it like 2027-03-31.")
        elif until < _today():
            yield found(f"the waiver of {name} ended on {until}.", "Prove the requirement, or let a person renew it.")
        if name not in known and name[:3] not in _unread(project):
            yield found(f"waives {name}, and no spec has it.", "Mend the id, or delete the waiver.")
        if name in seen:
            yield found(f"waives {name} a second time.", "Keep one.")
        seen.add(name)


def _span(promises: dict[str, Requirement]) -> str:
    names = sorted(promises)
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


# ------------------------------------------------------------ a new one


TASKS = """\
---
spec: "NNN"
---
# Tasks: TITLE

Tick a task when its test has been red, and is green. One task is one commit.

- [ ] T001 [contract] [FILL IN: write the operations and schemas, then run make generate] (NNN-FR-001)
- [ ] T002 [database] [FILL IN: migration, queries, their tests] (NNN-FR-001)
- [ ] T003 [backend] [FILL IN: routes, services, errors, their tests] (NNN-FR-001, NNN-FR-002)
- [ ] T004 [frontend] [FILL IN: components, hooks, states, their tests] (NNN-FR-003)
- [ ] T005 [integration] [FILL IN: contract, integration and end-to-end tests; set the spec to built] (NNN-FR-001)
- [ ] T006 [record] [FILL IN: write the record, and a decision where one was made]
"""


def _not_new(message: str, action: str) -> Refused:
    return Refused(Finding("", 1, "new-spec", message, action))


def next_folder(project: Project, name: str) -> str:
    """The folder of the next spec, `003-name`. Raises Refused for a name that no layer can use, or that is taken."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name) or len(name) > 40 or name == "templates":
        raise _not_new(f"`{name}` is no name of a feature.", "Use small letters, digits and hyphens, like `labels`.")
    feature = name.replace("-", "_")
    folders = sorted(path.name for path in (project.root / "specs").glob("*/") if FOLDER.fullmatch(path.name))
    taken = [folder for folder in folders if folder[4:].replace("-", "_") == feature]
    if taken:
        raise _not_new(f"specs/{taken[0]} is there already.", "Choose another name, or go on with that one.")
    if keyword.iskeyword(feature):
        raise _not_new(
            f"`{name}` is a word of Python, so no module can have it.", "Choose another noun, like `labels`."
        )
    ignored = project.text(".gitignore").split() if project.has(".gitignore") else []
    for path in (f"{feature}/", f"backend/{feature}.py"):
        if project.has(path) or path in ignored:
            raise _not_new(f"`{name}` is taken: {path} is something else.", "Choose another noun, like `labels`.")
    number = max((int(folder[:3]) for folder in folders), default=0) + 1
    if number > 999:
        raise _not_new("all numbers up to 999 are taken.", "Merge specs that belong together.")
    return f"{number:03}-{name}"


def new_spec(project: Project, name: str) -> list[str]:
    """Makes `specs/NNN-name/` from the templates, all or nothing; gives the paths. Raises Refused for a bad name.

    The feature is the name as a module: `due-dates` becomes `due_dates`.
    """
    folder = next_folder(project, name)
    texts = {}
    for part in ("spec", "plan", "tasks"):
        path = f"specs/templates/{part}.md"
        if part != "tasks" and not project.has(path):
            raise _not_new(f"{path} is missing.", "Bring it back from the template or from git.")
        title = name.replace("-", " ").capitalize()
        texts[part] = (
            (TASKS if part == "tasks" else project.text(path))
            .replace("NNN", folder[:3])
            .replace("NAME", name.replace("-", "_"))
            .replace("TITLE", title)
        )
    making = project.root / "specs" / f".{name}.new"
    try:
        making.mkdir()
        for part, text in texts.items():
            (making / f"{part}.md").write_text(text, "utf-8", newline="\n")
        making.rename(project.root / "specs" / folder)
    except OSError as error:
        shutil.rmtree(making, ignore_errors=True)
        raise _not_new(f"cannot make specs/{folder}: {error.strerror}.", "Mend that, then try again.") from error
    return [f"specs/{folder}/{part}.md" for part in texts]
