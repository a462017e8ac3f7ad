"""`sdd check` on specs, plans, tasks, waivers, contract, links: each broken promise is found once, with a next step."""

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Project, outside

DRIVER = """
import contextlib, io, json, sys
from sdd.__main__ import main
for line in sys.stdin:
    sys.argv = ["sdd", *line.split()]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        code = main()
    print(json.dumps([code, json.loads(said.getvalue())]), flush=True)
"""
CONTRACT = "contracts/api/openapi.yaml"
SPEC, PLAN, TASKS = (f"specs/900-probe/{part}.md" for part in ("spec", "plan", "tasks"))
TEST = "tests/contract/test_probe.py"
WAIVERS = "specs/waivers.yml"
PROBE = {
    SPEC: """\
---
id: "900"
feature: probe
status: built
---
# Probe

## User stories

### US-1 (P1): See a probe

As a tester, I see a probe, so that I know the checks.

1. Given a probe, when I look, then I see it.

## Requirements

- **FR-001** `list_todos` answers 200 with the probes.
- **FR-002** A probe is shown
  in one line of at most 200 characters.

## Success criteria

- **SC-001** Nine of ten find it.

## Out of scope

- Rockets.
""",
    PLAN: """\
---
spec: "900"
---
# Plan: Probe

## Data flow

```mermaid
flowchart LR
  page --> table
```

## Components and endpoints

| component | operation | service | query |
|---|---|---|---|
| `ProbeList` | `list_todos` | `get_probe` | `PROBES` |

## States

Loading, optimistic, empty, synchronisation: as the todos.

## Errors and recovery

None of its own.

## Order and owners

| step | owner | what |
|---|---|---|
| contract | workflow-orchestrator | nothing: the operations are there |
| database | database-developer | nothing: the tables are there |
| backend | backend-api-developer | the service |
| frontend | frontend-ui-architect | the list |
| integration | workflow-orchestrator | the tests |

## Acceptance checks

- `make test-contract`

## Files

- `database/todos.py`, `backend/todos/`

## Follow-up and risks

None.
""",
    TASKS: """\
---
spec: "900"
---
# Tasks: Probe

- [x] T001 [backend] Show it (900-FR-001, 900-FR-002)
- [x] T002 [record] Write it down
""",
    TEST: """\
import pytest


@pytest.mark.requirement("900-FR-001", "900-FR-002")
def test_a_probe_is_shown():
    pass
""",
}


@dataclass(frozen=True)
class Found:
    """A finding that must come: its rule, its file, its line (0: any), and what it must say."""

    rule: str
    path: str
    line: int
    says: str


@dataclass(frozen=True)
class Mutant:
    """Changes of a clean project, and all that `sdd check` finds then: nothing else may come."""

    changes: tuple[tuple[str, str, str], ...] = ()
    added: tuple[tuple[str, str], ...] = ()
    gone: tuple[str, ...] = ()
    found: tuple[Found, ...] = ()


def broken(path: str, old: str, new: str, *found: Found) -> Mutant:
    return Mutant(changes=((path, old, new),), found=found)


def added(path: str, text: str, *found: Found) -> Mutant:
    return Mutant(added=((path, text),), found=found)


@contextmanager
def changed(project: Project, files: dict[str, str | bytes | None]) -> Iterator[None]:
    """The project with these files written, or taken away (None); as it was at the end."""
    before = {path: (project.path / path).read_bytes() if (project.path / path).exists() else None for path in files}
    folders = [folder for path in files for folder in (project.path / path).parents if not folder.exists()]
    try:
        for path, content in files.items():
            put(project.path / path, content)
        yield
    finally:
        for path, content in before.items():
            put(project.path / path, content)
        for folder in sorted(set(folders), reverse=True):
            shutil.rmtree(folder, ignore_errors=True)


def put(file: Path, content: str | bytes | None) -> None:
    if content is None or file.is_symlink():
        file.unlink(missing_ok=True)
    if content is None:
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())


Findings = list[dict[str, str | int]]


@dataclass(frozen=True)
class Sdd:
    """`sdd` in a folder, as a person starts it."""

    python: str
    folder: Project

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The finished command; a traceback is never an answer."""
        done = self.folder.run(self.python, "-m", "sdd", *arguments)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def check(self, *flags: str) -> Findings:
        done = self.run("check", "--json", *flags)
        found: Findings = json.loads(done.stdout)
        assert done.returncode == (1 if found else 0), done.stderr
        return found


def assert_found(found: Findings, expected: tuple[Found, ...]) -> None:
    said = [(one["rule"], one["path"]) for one in found]
    assert sorted(said) == sorted((one.rule, one.path) for one in expected), json.dumps(found, indent=2)
    for one in expected:
        texts = [f"{it['line']}: {it['message']} {it['next']}" for it in found if it["rule"] == one.rule]
        fits = [text for text in texts if one.says in text and text.startswith(f"{one.line}:" if one.line else "")]
        assert fits, f"{one} is not among {texts}"


@pytest.fixture(scope="module")
def probe(project: Project, python: str) -> Iterator[Project]:
    """The project with a small built feature of its own, and clean."""
    with changed(project, dict(PROBE)):
        assert Sdd(python, project).check() == []
        yield project


@pytest.fixture(scope="module")
def check(probe: Project, python: str) -> Iterator[Callable[[], Findings]]:
    """`sdd check` in the probe, all in one process that starts once."""
    command = [python, "-c", DRIVER]
    with subprocess.Popen(
        command, cwd=probe.path, env=outside(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:

        def run() -> Findings:
            assert process.stdin
            assert process.stdout
            process.stdin.write("check --json\n")
            process.stdin.flush()
            line = process.stdout.readline()
            assert line, "sdd check ended in a traceback"
            code, found = json.loads(line)
            assert code == (1 if found else 0)
            return list(found)

        yield run
        assert process.stdin
        process.stdin.close()


def row(step: str, owner: str, what: str) -> str:
    return f"| {step} | {owner} | {what} |\n"


OUT = "## Out of scope\n\n"
FR_9 = "- **FR-009** Probes are quick.\n\n## Success criteria\n"
OTHER = '---\nid: "{}"\nfeature: {}\nstatus: draft\n---\n# Other\n'
SPECS = {
    "a requirement without a test": broken(
        *(SPEC, "\n## Success criteria\n", FR_9),
        Found(
            "untested",
            SPEC,
            21,
            "900-FR-009 is built, and no test names it. Mark the test that proves it: `@pytest.mark.requirement(",
        ),
    ),
    "a test of an unknown requirement": broken(
        *(TEST, '"900-FR-002"', '"900-FR-002", "900-FR-088"'),
        Found("unknown-requirement", TEST, 0, "names 900-FR-088, and no spec has it."),
    ),
    "a second requirement of one id": broken(
        *(SPEC, "\n## Success criteria\n", "- **FR-001** Again.\n\n## Success criteria\n"),
        Found("duplicate-id", SPEC, 21, "FR-001 stands a second time, after line 18."),
    ),
    "an id with one digit": broken(
        *(SPEC, "\n## Success criteria\n", "- **FR-3** Short.\n\n## Success criteria\n"),
        Found("malformed-id", SPEC, 21, "`FR-3` is no id. Begin it with `**FR-001**`"),
    ),
    "a requirement below another": broken(
        *(SPEC, "200 characters.\n", "200 characters.\n  - **FR-009** Probes are quick.\n"),
        Found("malformed-id", SPEC, 21, "FR-009 stands where no program reads a promise."),
    ),
    "a requirement in a table": broken(
        *(SPEC, "\n## Success criteria\n", "\n| FR-009 | Probes are quick. |\n|---|---|\n\n## Success criteria\n"),
        Found("malformed-id", SPEC, 22, "FR-009 stands where no program reads a promise."),
    ),
    "a requirement in another section": broken(
        *(SPEC, OUT, f"{OUT}- **FR-009**: Probes are quick.\n"),
        Found("malformed-id", SPEC, 28, "Make it a list item of its own below `## Requirements`"),
    ),
    "a requirement whose id is not bold": broken(
        *(SPEC, "**FR-001**", "FR-001"), Found("malformed-id", SPEC, 18, "this promise has no id.")
    ),
    "a requirement with a colon, and one in a remark": broken(
        SPEC, "- **FR-001** ", "<!--\n- **FR-009** Probes are quick.\n-->\n\n- **FR-001**: "
    ),
    "no requirements at all": broken(
        *(SPEC, "## Requirements", "## Rules"), Found("section", SPEC, 1, "lacks the section `Requirements`.")
    ),
    "a requirement without an id": broken(
        *(SPEC, "\n## Success criteria\n", "- No id.\n\n## Success criteria\n"),
        Found("malformed-id", SPEC, 21, "this promise has no id."),
    ),
    "a misspelt key": broken(
        *(SPEC, "status: built", "statsu: built"),
        Found("frontmatter", SPEC, 4, "`statsu` is no key of this file. Did you mean `status`?"),
        Found("frontmatter", SPEC, 1, "lacks a key: `status`"),
    ),
    "an unknown status": broken(
        *(SPEC, "status: built", "status: done"), Found("frontmatter", SPEC, 4, '"done" is not one of "draft"')
    ),
    "an id that YAML reads as a number": broken(
        *(SPEC, 'id: "900"', "id: 900"), Found("frontmatter", SPEC, 2, '`id`: 900 is not of type "string".')
    ),
    "no head": broken(
        *(SPEC, PROBE[SPEC].split("# Probe")[0], ""), Found("frontmatter", SPEC, 1, "has no head. Begin it with `---`")
    ),
    "an id of another folder": broken(
        *(SPEC, 'id: "900"', 'id: "901"'), Found("spec-folder", SPEC, 2, "`id` is 901, and the folder is 900-probe.")
    ),
    "a feature of another folder": broken(
        *(SPEC, "feature: probe", "feature: rocket"), Found("spec-folder", SPEC, 3, "`feature` is rocket")
    ),
    "a plan of another spec": broken(*(PLAN, '"900"', '"901"'), Found("spec-folder", PLAN, 2, "`spec` is 901")),
    "two folders of one number": added(
        *("specs/900-rocket/spec.md", OTHER.format("900", "rocket")),
        Found(
            "duplicate-id",
            "specs/900-rocket",
            1,
            "has the number of specs/900-probe. Run `uv run python -m sdd check --fix`.",
        ),
    ),
    "a folder that is no spec's": added(
        *("specs/9-rocket/spec.md", OTHER.format("009", "rocket")),
        Found("spec-folder", "specs/9-rocket", 1, "Name it like `003-labels`."),
    ),
    "a folder without a spec": added(
        *("specs/901-rocket/plan.md", '---\nspec: "901"\n---\n'),
        Found("spec-folder", "specs/901-rocket", 1, "has no spec.md."),
    ),
    "no section for what is out of scope": broken(
        *(SPEC, "## Out of scope\n\n- Rockets.\n", ""), Found("section", SPEC, 1, "lacks the section `Out of scope`.")
    ),
    "an empty section": broken(*(SPEC, "- Rockets.\n", ""), Found("section", SPEC, 26, "`Out of scope` is empty.")),
    "a story without a priority": broken(
        *(SPEC, "US-1 (P1)", "US-1"), Found("section", SPEC, 10, "`US-1: See a probe` is no user story.")
    ),
    "a story without a scenario": broken(
        *(SPEC, "1. Given", "Given"), Found("section", SPEC, 10, "`US-1 (P1): See a probe` has no acceptance scenario.")
    ),
    "no story": broken(*(SPEC, "### US-1 (P1): See a probe\n", ""), Found("section", SPEC, 8, "holds no user story.")),
    "notes beside the specs": added("specs/notes/idea.md", "# An idea\n"),
    "a placeholder": broken(
        *(SPEC, "Rockets.", "[FILL IN: what]"), Found("placeholder", SPEC, 28, "still says `[FILL IN`.")
    ),
    "an open question": Mutant(
        changes=((SPEC, "built", "accepted"), (SPEC, "Rockets.", "[NEEDS CLARIFICATION: rockets?]")),
        found=(Found("open-question", SPEC, 28, "Ask a person, and write down the answer."),),
    ),
    "an open question in a draft": Mutant(
        changes=((SPEC, "built", "draft"), (SPEC, "Rockets.", "[NEEDS CLARIFICATION: rockets?] [FILL IN]")),
    ),
    "no plan": Mutant(gone=(PLAN,), found=(Found("plan", SPEC, 4, f"is built and has no plan. Write {PLAN}"),)),
    "no tasks": Mutant(gone=(TASKS,), found=(Found("tasks", SPEC, 4, f"is built and has no tasks. Write {TASKS}"),)),
    "an accepted spec needs no tasks yet": Mutant(changes=((SPEC, "built", "accepted"),), gone=(TASKS,)),
    "a draft needs no plan yet": Mutant(changes=((SPEC, "built", "draft"),), gone=(TASKS, PLAN)),
    "a plan without its states": broken(
        *(PLAN, "## States\n", ""), Found("section", PLAN, 1, "lacks the section `States`. Add `## States`.")
    ),
    "a plan that puts its states off": broken(
        *(PLAN, "Loading, optimistic, empty, synchronisation: as the todos.", "TBD"),
        Found("section", PLAN, 19, "`States` is empty."),
    ),
    "a plan with capitals, and a name beside a file": Mutant(
        (
            (PLAN, "| step | owner | what |", "| Step | Owner | What |"),
            (PLAN, "nothing: the tables", "Nothing: the tables"),
            (PLAN, "`backend/todos/`", "`backend/todos/` (adds `list_todos`)"),
        )
    ),
    "a plan in which a layer's work is a dash": broken(
        *(PLAN, "| the list |", "| - |"), Found("plan", PLAN, 0, "does not say what frontend does.")
    ),
    "a plan in another order": broken(
        *(PLAN, "## States\n", "## Follow-up and risks\n\nNone.\n\n## States\n"),
        Found("section", PLAN, 23, "`States` stands after `Follow-up and risks`."),
    ),
    "a plan without a diagram": broken(
        *(PLAN, "```mermaid", "```text"), Found("plan", PLAN, 6, "`Data flow` has no diagram.")
    ),
    "a plan without a table of endpoints": broken(
        *(PLAN, "| operation |", "| route |"), Found("plan", PLAN, 13, "`Components and endpoints` has no table.")
    ),
    "a layer without a row": broken(
        *(PLAN, row("backend", "backend-api-developer", "the service"), ""),
        Found("plan", PLAN, 27, "`Order and owners` has the steps contract, database, frontend, integration."),
    ),
    "layers in another order": Mutant(
        changes=(
            (PLAN, row("backend", "backend-api-developer", "the service"), ""),
            (PLAN, "\n## Acceptance", row("backend", "backend-api-developer", "the service") + "\n## Acceptance"),
        ),
        found=(Found("plan", PLAN, 27, "in this order: contract, database, backend, frontend, integration"),),
    ),
    "a layer that belongs to somebody else": broken(
        *(PLAN, "| backend-api-developer", "| database-developer"),
        Found("plan", PLAN, 33, "backend belongs to backend-api-developer, not to database-developer."),
    ),
    "a layer that does nothing and does not say why": broken(
        *(PLAN, "nothing: the tables are there", "nothing"), Found("plan", PLAN, 32, "does not say what database does.")
    ),
    "a plan's file that is not there": broken(
        *(PLAN, "`backend/todos/`", "`backend/rockets.py`"),
        Found("plan", PLAN, 43, "names `backend/rockets.py`, and there is no such file."),
    ),
    "a plan without files": broken(
        *(PLAN, "- `database/todos.py`, `backend/todos/`", "- none"), Found("plan", PLAN, 41, "`Files` names no file.")
    ),
    "an open question in a plan": broken(
        *(PLAN, "None of its own.", "[NEEDS CLARIFICATION: which?]"), Found("open-question", PLAN, 25, "still says")
    ),
    "an open task": broken(
        *(TASKS, "- [x] T001", "- [ ] T001"), Found("tasks", TASKS, 6, "T001 is open, and the spec is built.")
    ),
    "a record that is still to be written": broken(TASKS, "- [x] T002", "- [ ] T002"),
    "a second task of one id": broken(
        *(TASKS, "T002", "T001"), Found("duplicate-id", TASKS, 7, "T001 stands a second time, after line 6.")
    ),
    "a task of an unknown step": broken(
        *(TASKS, "[record]", "[rocket]"), Found("tasks", TASKS, 7, "T002 names a step `rocket` that is none.")
    ),
    "a task without an id": broken(*(TASKS, "T002 ", ""), Found("malformed-id", TASKS, 7, "is no task.")),
    "notes beside the tasks": broken(TASKS, "- [x] T002", "- Ask Ada first.\n- [x] T002"),
    "a task of an unknown requirement by its short id": broken(
        *(TASKS, "900-FR-002", "FR-077"), Found("unknown-requirement", TASKS, 6, "T001 names 900-FR-077")
    ),
    "an open question in the tasks of a built spec": broken(
        *(TASKS, "Write it down", "Write it down [Needs clarification: where?]"),
        Found("open-question", TASKS, 7, "still says `[NEEDS CLARIFICATION`."),
    ),
    "a task of an unknown requirement": broken(
        *(TASKS, "900-FR-002", "900-FR-077"),
        Found("unknown-requirement", TASKS, 6, "T001 names 900-FR-077, and specs/900-probe/spec.md has none such."),
    ),
    "a tick without a test": Mutant(
        changes=(
            (SPEC, "built", "accepted"),
            (SPEC, "\n## Success criteria\n", FR_9),
            (TASKS, "Write it down", "Be quick (900-FR-009)"),
        ),
        found=(Found("tasks", TASKS, 7, "T002 is ticked, and no test names 900-FR-009."),),
    ),
}
UNTESTED = ((SPEC, "\n## Success criteria\n", FR_9),)


def waived(text: str, *found: Found) -> Mutant:
    return Mutant(changes=UNTESTED, added=((WAIVERS, text),), found=found)


NINE = Found("untested", SPEC, 21, "900-FR-009")
WAIVER = "- {requirement: 900-FR-009, reason: A person measures it., until: 2999-03-31}\n"
WAIVED = {
    "a waiver in force": waived(WAIVER),
    "an expired waiver": waived(
        WAIVER.replace("2999", "2026"),
        NINE,
        Found("waiver", WAIVERS, 1, "the waiver of 900-FR-009 ended on 2026-03-31."),
    ),
    "a waiver without a reason": waived(
        WAIVER.replace("A person measures it.", '" "'), NINE, Found("waiver", WAIVERS, 1, "`reason`")
    ),
    "a waiver with a misspelt key": waived(
        WAIVER.replace("until", "untill"),
        *(
            NINE,
            Found("waiver", WAIVERS, 1, "Did you mean `until`?"),
            Found("waiver", WAIVERS, 1, "lacks a key: `until`"),
        ),
    ),
    "a waiver until no day": waived(
        WAIVER.replace("2999-03-31", "2999-02-30"), NINE, Found("waiver", WAIVERS, 1, "`until: 2999-02-30` is no day.")
    ),
    "a waiver of an unknown requirement": waived(
        WAIVER + WAIVER.replace("FR-009", "FR-099"),
        Found("waiver", WAIVERS, 2, "waives 900-FR-099, and no spec has it."),
    ),
    "two waivers of one requirement": waived(
        WAIVER * 2, Found("waiver", WAIVERS, 2, "waives 900-FR-009 a second time.")
    ),
    "waivers that are no list": waived("900-FR-009\n", NINE, Found("waiver", WAIVERS, 1, "is no list of waivers.")),
}

PATH = "\npaths:\n"
ROCKET = f"""{PATH}  /api/v1/rockets:
    get:
      operationId: list_rockets
      responses: {{ "200": {{ description: All. }} }}
"""
ROUTE = "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n\n"
NO_OPERATION = Found("requirement-without-operation", SPEC, 18, "900-FR-001 speaks of the API and names no operation.")
OPERATIONS = {
    "an operation that no requirement speaks of": broken(
        *(CONTRACT, PATH, ROCKET),
        Found("operation-without-requirement", CONTRACT, 0, "no requirement speaks of `list_rockets`."),
    ),
    "an operation without a name": broken(
        *(CONTRACT, PATH, ROCKET.replace("operationId: list_rockets", "summary: All")),
        Found("operation", CONTRACT, 0, "GET /api/v1/rockets has no operationId."),
    ),
    "two operations of one name": broken(
        *(CONTRACT, PATH, ROCKET.replace("list_rockets", "list_todos")),
        Found("operation", CONTRACT, 0, "is `list_todos`, as GET /api/v1/"),
    ),
    "a requirement that names a status alone": broken(SPEC, "`list_todos` answers 200", "It answers 404", NO_OPERATION),
    "a requirement that names a path alone": broken(SPEC, "`list_todos` answers 200", "`/api/v1/x` is", NO_OPERATION),
    "a requirement that names a method alone": broken(SPEC, "`list_todos` answers 200", "A GET gives", NO_OPERATION),
    "a requirement that says endpoint": broken(SPEC, "`list_todos` answers 200", "The endpoint is", NO_OPERATION),
    "a requirement that speaks of something else": broken(SPEC, "`list_todos` answers 200", "The page is shown"),
    "an operation of a spec that the contract lacks": broken(
        *(SPEC, "I see a probe", "I see a probe by `create_rocket`"),
        Found("unknown-operation", SPEC, 12, "names the operation `create_rocket`, and the contract has none such."),
    ),
    "an operation that may come some day": broken(SPEC, "Rockets.", "Rockets, `create_rocket`."),
    "an operation of a plan, without backticks": broken(
        *(PLAN, "`list_todos`", "list_rockets"), Found("unknown-operation", PLAN, 17, "`list_rockets`")
    ),
    "an operation of a plan that the contract lacks": broken(
        *(PLAN, "`list_todos`", "`list_rockets`"),
        Found("unknown-operation", PLAN, 17, "names the operation `list_rockets`, and the contract has none such."),
    ),
    "a route outside the contract": added(
        *("backend/rockets.py", f'{ROUTE}@router.get("/rockets")\ndef list_rockets():\n    return []\n'),
        Found(
            "outside-contract", "backend/rockets.py", 7, "`list_rockets` serves an operation that the contract lacks."
        ),
    ),
    "a route outside the contract, added by a call": added(
        *("backend/rockets.py", f'{ROUTE}router.add_api_route("/rockets", list_rockets)\n'),
        Found("outside-contract", "backend/rockets.py", 6, "`list_rockets` serves"),
    ),
    "a route outside the contract, added by names": added(
        *("backend/rockets.py", f'{ROUTE}router.add_api_route(path="/rockets", endpoint=list_rockets)\n'),
        Found("outside-contract", "backend/rockets.py", 6, "`list_rockets` serves"),
    ),
    "a socket outside the contract": added(
        *("backend/rockets.py", f'{ROUTE}@router.websocket("/rockets")\ndef list_rockets():\n    return []\n'),
        Found("outside-contract", "backend/rockets.py", 7, "`list_rockets` serves"),
    ),
    "a route at another place, by a name of the contract": added(
        *("backend/rockets.py", f'{ROUTE}@router.get("/rockets")\ndef list_todos():\n    return []\n'),
        Found("outside-contract", "backend/rockets.py", 7, "`list_todos` serves GET …/rockets, and the contract says"),
    ),
    "a route of another method, by a name of the contract": added(
        *("backend/rockets.py", f'{ROUTE}@router.post("")\ndef list_todos():\n    return []\n'),
        Found(
            "outside-contract", "backend/rockets.py", 7, "`list_todos` serves POST …, and the contract says GET /api"
        ),
    ),
    "a page, which is no operation": added(
        "backend/rockets.py", f'{ROUTE}@is_page\ndef rocket():\n    router.add_route("/rocket", rocket)\n'
    ),
    "a route of an operation by another name": added(
        "backend/rockets.py",
        f'{ROUTE}@router.get("/todos", operation_id="list_todos")\ndef every_todo():\n    return []\n',
    ),
    "a route in a test": added(
        "backend/tests/rockets.py", f'{ROUTE}@router.get("/rockets")\ndef list_rockets():\n    return []\n'
    ),
    "code that is no Python": added(
        *("backend/rockets.py", "@router.get(\ndef"), Found("unreadable", "backend/rockets.py", 0, "is not Python.")
    ),
}

NOTE = "docs/rockets.md"
DOCUMENTS = {
    "a dead link": added(
        NOTE, "# Note\n\nSee\n[this](gone.md).\n", Found("link", NOTE, 4, "there is no `docs/gone.md`")
    ),
    "a dead link in a remark": added(NOTE, '<!--\n[this](gone.md) <a href="gone.md">that</a> 1:2:gone.py\n-->\n'),
    "a dead link beside the code": added(
        "backend/README.md", "[this](gone.md)\n", Found("link", "backend/README.md", 1, "there is no `backend/gone.md`")
    ),
    "a dead link by reference": added(NOTE, "[this][x]\n\n[x]: gone.md\n", Found("link", NOTE, 1, "`docs/gone.md`")),
    "a dead picture": added(NOTE, "![a rocket](gone.png)\n", Found("link", NOTE, 1, "there is no `docs/gone.png`")),
    "a dead picture in HTML": added(NOTE, '<p><img src="gone.png"></p>\n', Found("link", NOTE, 1, "`docs/gone.png`")),
    "a dead anchor": added(
        NOTE, "[up](#no-such)\n", Found("link", NOTE, 1, "no heading of `docs/rockets.md` is so named")
    ),
    "a dead anchor elsewhere": added(
        NOTE, f"[spec](../{SPEC}#rockets)\n", Found("link", NOTE, 1, f"no heading of `{SPEC}` is so named")
    ),
    "a link out of the project": added(
        NOTE, "[out](../../x.md)\n", Found("link", NOTE, 1, "outside the project. Write the whole address")
    ),
    "links that lead somewhere": added(
        NOTE,
        "# One `two` & three!\n[a](#one-two--three) [b](../README.md) [c](/Makefile) [d](https://x.example/y)\n"
        f"[e](../docs) [f](../{SPEC}#user-stories) [g](mailto:a@example.com) `[h](gone.md)`\n\n"
        "```md\n[i](gone.md) 1:9:gone.py\n```\n",
    ),
    "a citation beyond the end": added(
        NOTE, "See `1:9999:Makefile`.\n", Found("citation", NOTE, 1, "cites `1:9999:Makefile`, which has")
    ),
    "a citation that ends before it begins": added(
        NOTE, "| where |\n|---|\n| 5:2:backend/main.py |\n", Found("citation", NOTE, 3, "`5:2:backend/main.py`")
    ),
    "a citation from line nought": added(
        NOTE, "0:2:backend/main.py.\n", Found("citation", NOTE, 1, "`0:2:backend/main.py`")
    ),
    "a citation of nothing": added(
        NOTE, "As 1:2:backend/rockets.py says.\n", Found("citation", NOTE, 1, "and there is no such file.")
    ),
    "citations and times": added(NOTE, "1:3:backend/main.py, at 12:40:05, 12:40:05.5, 10:30:00Z, a:1:2 and 1:2:3.\n"),
}
MUTANTS = SPECS | WAIVED | OPERATIONS | DOCUMENTS


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
def test_what_is_broken_is_found_and_nothing_else(
    probe: Project, check: Callable[[], Findings], mutant: Mutant
) -> None:
    files: dict[str, str | bytes | None] = dict.fromkeys(mutant.gone)
    for path, old, new in mutant.changes:
        text = files.get(path) or (probe.path / path).read_text("utf-8")
        assert isinstance(text, str)
        assert old in text, f"{path} has no {old!r} to break"
        files[path] = text.replace(old, new, 1)
    files |= dict(mutant.added)

    with changed(probe, files):
        assert_found(check(), mutant.found)


# ------------------------------------------------------------ malformed input

CONFLICT = b"# Todos\n\n<<<<<<< HEAD\nours\n=======\ntheirs\n>>>>>>> branch\n"
MALFORMED: dict[str, tuple[bytes, str]] = {
    "broken YAML": (b'---\nid: "900\nstatus: [\n---\n# X\n', "its head is not YAML:"),
    "a key twice": (b'---\nid: "900"\nid: "901"\n---\n# X\n', "its head is not YAML: the key `id` stands twice."),
    "a head that never ends": (b'---\nid: "900"\n', "opens its head with `---` and does not close it."),
    "a head of items": (b"---\n- one\n---\n", "has a head that is no list of keys."),
    "a head nested without end": (b"---\na: " + b"[" * 200_000 + b"\n---\n", "its head is not YAML:"),
    "a head that holds itself": (b"---\na: &a [*a]\n---\n", "has a head of more than texts, numbers and lists."),
    "a number for a key": (b"---\n1: 2\n---\n", "has a head of more than texts, numbers and lists."),
    "a binary file": (bytes(range(128, 256)), "is not text in UTF-8."),
    "a NUL": (b"# Todos\0\n", "is not text: it holds a NUL."),
    "Latin-1": ("# Käse\n".encode("latin-1"), "is not text in UTF-8."),
    "conflict markers": (CONFLICT, "holds a conflict marker of git."),
}
RECORD = "history/prompts/001-todos/0900-rocket.green.prompt.md"
MARKDOWN = (SPEC, PLAN, TASKS, RECORD, "history/adr/0900-rocket.md", ".claude/agents/database-developer.md")
DATA = {
    CONTRACT: (b"openapi: [", "it is not YAML:"),
    WAIVERS: (b"- a\n b: [", "it is not YAML:"),
    ".claude/settings.json": (b"{", "it is not JSON:"),
    "specs/rocket.toml": (b"[", "it is not TOML:"),
}


def tree(project: Project) -> dict[str, bytes]:
    """Every file that git does not ignore, with its bytes; a link by its name alone."""
    names = project.must("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z").split("\0")
    files = [project.path / name for name in names if name]
    return {str(file): b"" if file.is_symlink() else file.read_bytes() for file in files if file.is_file()}


@pytest.mark.parametrize("path", MARKDOWN)
def test_a_malformed_document_is_told_of_in_one_sentence(
    probe: Project, check: Callable[[], Findings], path: str
) -> None:
    for name, (content, says) in MALFORMED.items():
        with changed(probe, {path: content}):
            before = tree(probe)

            found = check()

            assert [(one["rule"], one["path"]) for one in found] == [("unreadable", path)], (name, found)
            assert str(found[0]["message"]).startswith(says), name
            assert tree(probe) == before


@pytest.mark.parametrize("path", DATA)
def test_malformed_data_is_told_of_in_one_sentence(probe: Project, check: Callable[[], Findings], path: str) -> None:
    for content, says in (DATA[path], *(MALFORMED[name] for name in ("a binary file", "Latin-1", "conflict markers"))):
        with changed(probe, {path: content}):
            found = check()

            assert [(one["rule"], one["path"]) for one in found] == [("unreadable", path)], found
            assert str(found[0]["message"]).startswith(says)


def test_a_contract_of_another_kind_is_told_of_in_one_sentence(probe: Project, check: Callable[[], Findings]) -> None:
    with changed(probe, {CONTRACT: "- a\n"}):
        found = check()

    assert [(one["rule"], one["path"]) for one in found] == [("unreadable", CONTRACT)], found
    assert found[0]["message"] == "is no OpenAPI document: it has no `paths`."


def test_a_missing_contract_is_told_of(probe: Project, check: Callable[[], Findings]) -> None:
    with changed(probe, {CONTRACT: None}):
        found = check()

    assert [one["message"] for one in found if one["path"] == CONTRACT] == ["is missing."]


@pytest.mark.parametrize("path", [SPEC, WAIVERS, "docs/loop.md"])
def test_a_link_to_itself_is_told_of_in_one_sentence(probe: Project, check: Callable[[], Findings], path: str) -> None:
    file = probe.path / path
    with changed(probe, {path: None}):
        file.symlink_to(file.name)

        found = check()

    assert [(one["rule"], one["path"]) for one in found] == [("unreadable", path)], found
    assert str(found[0]["message"]).startswith("cannot be read: ")


def test_a_folder_that_links_to_its_parent_is_not_followed(probe: Project, check: Callable[[], Findings]) -> None:
    loop = probe.path / "specs/900-probe/again"
    loop.symlink_to("..", target_is_directory=True)
    try:
        assert check() == []
    finally:
        loop.unlink()


def test_a_prompt_may_quote_what_its_project_must_not_hold(probe: Project, check: Callable[[], Findings]) -> None:
    record = next((probe.path / "history/prompts/001-todos").glob("*.md"))
    path = record.relative_to(probe.path).as_posix()
    text = record.read_text("utf-8")
    quoted = f"{CONFLICT.decode()}[dead](gone.md) 1:9:gone.py"

    with changed(probe, {path: text.replace("~~~text\n", f"~~~text\n{quoted}\n", 1)}):
        assert check() == []
    with changed(probe, {path: f"{text}\nSee [dead](gone.md) and `1:9:gone/gone.py`.\n"}):
        assert [one["rule"] for one in check()] == ["citation", "link"]


# ------------------------------------------------------------ line ends, and the past


@pytest.fixture
def upstream(probe: Project, python: str, tmp_path: Path) -> Sdd:
    """A copy of the probe with a history of its own: one commit on `main`, tagged v1.0.0."""
    leave = shutil.ignore_patterns(".git", ".venv", "node_modules", "dist", "var", "reports", "__pycache__")
    folder = Project(Path(shutil.copytree(probe.path, tmp_path / "upstream", ignore=leave)))
    folder.must("git", "init", "--quiet", "--initial-branch=main")
    commit(folder)
    folder.must("git", "tag", "v1.0.0")
    return Sdd(python, folder)


def commit(folder: Project) -> None:
    folder.must("git", "add", "--all")
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    folder.must("git", *who, "commit", "--quiet", "--allow-empty", "-m", "Work")


def test_windows_line_ends_are_read_like_any_other(upstream: Sdd) -> None:
    for file in upstream.folder.path.rglob("*"):
        if file.suffix in {".md", ".yml", ".yaml", ".toml", ".json", ".py", ".ts", ".tsx"}:
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))

    assert upstream.check() == []


def test_a_breaking_contract_needs_a_new_major(upstream: Sdd) -> None:
    with upstream.folder.broken(CONTRACT, "maxLength: 200\n", "maxLength: 150\n"):
        found = upstream.check("--base")
        assert {(one["rule"], one["path"]) for one in found} == {("breaking", CONTRACT)}
        assert {"POST /api/v1/todos", "PUT /api/v1/todos/{todo_id}"} <= {
            str(one["message"]).partition(" request")[0] for one in found
        }
        assert all(int(one["line"]) > 1 for one in found)
        assert found[0]["next"] == "Keep the promise, or let a person raise info.version to 2.0.0."
        assert found == upstream.check("--base", "v1.0.0")

        with upstream.folder.broken(CONTRACT, "version: 1.0.0", "version: 2.0.0"):
            assert upstream.check("--base") == []
    with upstream.folder.broken(CONTRACT, "summary: Add a todo", "summary: Add one todo"):
        assert upstream.check("--base") == []


def test_an_unknown_commit_is_named(upstream: Sdd) -> None:
    found = upstream.check("--base", "v9.9.9")

    assert_found(found, (Found("base", CONTRACT, 1, "git knows no `v9.9.9` here. Name another commit."),))


def test_a_shallow_clone_is_told_how_to_get_the_past(upstream: Sdd, tmp_path: Path) -> None:
    commit(upstream.folder)
    upstream.folder.must(
        "git", "clone", "--quiet", "--depth=1", f"file://{upstream.folder.path}", f"{tmp_path}/shallow"
    )
    shallow = Sdd(upstream.python, Project(tmp_path / "shallow"))

    assert shallow.check() == []
    assert shallow.check("--base") == []
    found = shallow.check("--base", "v1.0.0")
    assert_found(found, (Found("base", CONTRACT, 1, "Get the whole past: `git fetch --unshallow --tags`."),))


def test_without_a_base_one_sentence_says_why(upstream: Sdd) -> None:
    def skipped() -> str:
        done = upstream.run("check", "--base", "--json")
        assert (done.returncode, done.stdout) == (0, "[]\n")
        return done.stderr.removeprefix("The contract is not compared with an earlier one: ").strip()

    folder = upstream.folder
    text = (folder.path / CONTRACT).read_text("utf-8")
    for content, why in (("{", "that of v2.0.0 it is not YAML: "), (None, f"v2.0.0 had no {CONTRACT}.")):
        put(folder.path / CONTRACT, content)
        commit(folder)
        folder.must("git", "tag", "--force", "v2.0.0")
        put(folder.path / CONTRACT, text)
        assert skipped().startswith(why)
    folder.must("git", "tag", "--delete", "v1.0.0", "v2.0.0")
    folder.must("git", "branch", "--move", "trunk")
    assert skipped() == "there is no `v*` tag and no default branch that this one left."
    shutil.rmtree(folder.path / ".git")
    assert skipped() == "there is no git and no commit here."
    assert upstream.check() == []


# ------------------------------------------------------------ a new spec


def test_a_new_spec_is_a_draft_with_the_next_free_number(upstream: Sdd) -> None:
    paths = [f"specs/901-live-updates/{part}.md" for part in ("spec", "plan", "tasks")]

    done = upstream.run("new", "spec", "live-updates")

    assert (done.returncode, done.stdout.splitlines()) == (0, paths)
    head = 'id: "901"\nfeature: live_updates\nstatus: draft\n---\n# Live updates\n'
    assert head in (upstream.folder.path / paths[0]).read_text("utf-8")
    assert upstream.check() == []


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Labels", "`Labels` is no name of a feature. Use small letters, digits and hyphens, like `labels`."),
        ("../labels", "`../labels` is no name of a feature."),
        ("templates", "`templates` is no name of a feature."),
        ("x" * 41, "is no name of a feature."),
        ("probe", "specs/900-probe is there already. Choose another name, or go on with that one."),
    ],
)
def test_a_bad_or_taken_name_is_refused_in_one_sentence(probe: Project, python: str, name: str, says: str) -> None:
    before = tree(probe)

    done = Sdd(python, probe).run("new", "spec", name)

    assert done.returncode == 1
    assert says in done.stderr
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert tree(probe) == before
