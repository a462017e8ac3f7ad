"""`sdd verify` and `sdd evidence`: a promise is proven by tests that ran and passed on this very tree, by nothing less.

On a small project with the real one's `sdd`, whose reports are written here: no suite of the real project runs.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

import pytest

from tests.conftest import Project

SPEC = """\
---
id: "001"
feature: todos
status: built
---
# Todos

## Requirements

- **FR-001** `create_todo` stores a todo; one that is refused with 422 & <b>error</b> | changes nothing.
- **FR-002** A tick is shown before the server has answered, and is taken back when that failed.
- **FR-003** A todo that was stored survives the sudden end of the server.

## Success criteria

- **SC-001** A stale version never wins.
- **SC-002** Nobody waits.
"""
PYTHON = """\
import pytest


@pytest.mark.requirement({ids})
class TestTodos:
    def test_it_holds(self):
        assert True

    @pytest.mark.parametrize("title", ["Buy milk", "Water the plants"])
    def test_of_every_title(self, title):
        assert title
"""
TYPESCRIPT = """\
describe('ticking', () => {
  it('shows at once [001-FR-002]', () => {})

  describe.each(['today', 'tomorrow'])('a todo due %s [001-FR-001]', () => {
    it.each([
      ['a (', 1],
    ])('says %s', async () => {})
  })
})
"""
SOURCES = {
    "database/tests/test_todos.py": PYTHON.format(ids='"001-FR-001"'),
    "backend/tests/test_todos.py": PYTHON.format(ids='"001-FR-001", "001-SC-001"'),
    "frontend/src/todos.test.tsx": TYPESCRIPT,
    "tests/contract/test_todos.py": PYTHON.format(ids='"001-FR-001"'),
    "tests/integration/test_todos.py": PYTHON.format(ids='"001-FR-003"'),
    "tests/e2e/test_todos.py": PYTHON.format(ids='"001-FR-001", "001-FR-002"'),
    "specs/001-todos/spec.md": SPEC,
    "history/prompts/general/.gitkeep": "",
    "pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["requirement(id)"]\njunit_family = "xunit2"\n',
}
LAYERS = ["database", "backend", "frontend", "contract", "integration", "e2e"]
FRONTEND = {
    "ticking > shows at once [001-FR-002]": "",
    "ticking > a todo due today [001-FR-001] > says a (": "",
    "ticking > a todo due tomorrow [001-FR-001] > says a (": "",
}
BOTH = ("test_of_every_title[Buy milk]", "test_of_every_title[Water the plants]")
HOLDS = "test_it_holds"
BACKEND = "backend/tests/test_todos.py"
Cases = dict[str, str]
Change = Callable[["Small"], None]


def passed(layer: str) -> Cases:
    return dict(FRONTEND) if layer == "frontend" else dict.fromkeys([HOLDS, *BOTH], "")


def junit(suite: str, cases: Cases) -> str:
    """A report: the outcome of a case is the element in it, none when it passed."""
    lines = [
        f"<testcase classname={quoteattr(suite)} name={quoteattr(name)}>{cases[name]}</testcase>" for name in cases
    ]
    head = '<?xml version="1.0" encoding="utf-8"?>'
    return f'{head}<testsuites><testsuite name="pytest">{"".join(lines)}</testsuite></testsuites>'


@dataclass(frozen=True)
class Small(Project):
    """A project of one test file a layer, with all it needs but a database, a backend and a frontend."""

    interpreter: Path

    def sdd(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        return self.run(str(self.interpreter), "-m", "sdd", *command, PYTHONUTF8="1", **more)

    def write(self, path: str, text: str) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8", newline="\n")

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.path / path).read_text("utf-8")
        assert old in text, f"{path} has no {old!r} to break"
        self.write(path, text.replace(old, new))

    def report(self, layer: str, cases: Cases) -> None:
        source = next(path for path in SOURCES if f"{layer}/" in path)
        suite = source.replace("/", ".").removesuffix(".py") + ".TestTodos"
        self.write(f"reports/junit/{layer}.xml", junit("src/todos.test.tsx" if layer == "frontend" else suite, cases))

    def stamp(self) -> None:
        """A fingerprint of this tree beside every report."""
        stamp = (
            "from pathlib import Path; from sdd.project import Project; from sdd import evidence;"
            "project = Project(Path.cwd());"
            "[evidence.stamp(project, path.stem, evidence.fingerprint(project))"
            " for path in Path('reports/junit').glob('*.xml')]"
        )
        self.must(str(self.interpreter), "-c", stamp)

    def found(self) -> list[tuple[str, str, str, str]]:
        """What `sdd verify --json` finds: rule, path, message, next."""
        done = self.sdd("verify", "--json")
        assert done.stderr == ""
        findings = json.loads(done.stdout)
        assert done.returncode == bool(findings)
        return [(found["rule"], found["path"], found["message"], found["next"]) for found in findings]


@pytest.fixture(scope="module")
def proven(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The small project with all its evidence. Nothing may change it."""
    python = project.path / (".venv/Scripts/python.exe" if os.name == "nt" else ".venv/bin/python")
    small = Small(tmp_path_factory.mktemp("proven") / "my-app", python)
    for path, text in SOURCES.items():
        small.write(path, text)
    shutil.copytree(project.path / "sdd", small.path / "sdd", ignore=shutil.ignore_patterns("__pycache__"))
    for path in (".gitignore", "conftest.py"):
        shutil.copy(project.path / path, small.path / path)
    for layer in LAYERS:
        small.report(layer, passed(layer))
    small.stamp()
    return small


@pytest.fixture
def small(proven: Small, tmp_path: Path) -> Small:
    """A copy to break."""
    shutil.copytree(proven.path, tmp_path / "my-app")
    return Small(tmp_path / "my-app", proven.interpreter)


# ---------------------------------------------------------------- nothing is wrong


class TestProven:
    def test_it_is_clean_and_ends_with_the_totals(self, proven: Small) -> None:
        done = proven.sdd("verify")

        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.count("[x] ") == 7
        assert done.stdout.splitlines()[-1] == (
            "3 requirements: 3 proven, 0 unproven; 2 success criteria: 1 proven, 0 unproven, 1 unmeasured;"
            " 12 tests name them."
        )

    def test_json_is_findings_and_nothing_else(self, proven: Small) -> None:
        assert proven.found() == []

    def test_a_record_of_the_work_does_not_make_the_evidence_stale(self, small: Small) -> None:
        small.write("history/prompts/001-todos/0001-todos.green.prompt.md", "Buy milk\n")

        assert small.found() == []

    def test_the_matrix_is_one_page_in_which_nothing_of_a_spec_is_markup(self, proven: Small) -> None:
        proven.must(str(proven.interpreter), "-m", "sdd", "verify")

        page = (proven.path / "reports/traceability.html").read_text("utf-8")
        table = (proven.path / "reports/traceability.md").read_text("utf-8")
        assert (
            "<code>create_todo</code> stores a todo; one that is refused with 422 &amp; &lt;b&gt;error&lt;/b&gt;"
            in page
        )
        assert "http" not in page.replace("http-equiv", "")
        assert "✓ frontend" in page
        assert "| 001-FR-002 | proven | A tick is shown" in table
        assert "✓ frontend: ticking > shows at once \\[001-FR-002\\]" in table
        assert "error</b> \\| changes nothing" in table

    def test_in_a_github_job_the_matrix_stands_in_its_summary(self, small: Small) -> None:
        summary = small.path.parent / "summary.md"

        small.sdd("verify", GITHUB_STEP_SUMMARY=str(summary))

        assert summary.read_text("utf-8") == (small.path / "reports/traceability.md").read_text("utf-8")

    def test_without_a_built_spec_only_the_suites_are_judged(self, small: Small) -> None:
        small.replace("specs/001-todos/spec.md", "status: built", "status: accepted")
        small.stamp()

        assert small.found() == []
        assert "0 requirements: 0 proven" in small.sdd("verify").stdout

    def test_a_layer_without_a_test_needs_no_evidence_but_ticks_nothing(self, small: Small) -> None:
        (small.path / "tests/integration/test_todos.py").unlink()
        (small.path / "reports/junit/integration.xml").unlink()
        small.replace("specs/001-todos/spec.md", "status: built", "status: draft")
        small.stamp()

        assert small.found() == []
        assert "[ ] Integration tests pass" in small.sdd("verify").stdout


# ---------------------------------------------------------------- each mutant is caught


@dataclass(frozen=True)
class Mutant:
    """A change before the evidence is made or, `after`, behind its back; finds: rule, path, part of the message."""

    change: Change
    finds: tuple[tuple[str, str, str], ...]
    after: bool = False


def sources(path: str, old: str, new: str) -> Change:
    return lambda small: small.replace(path, old, new)


def outcomes(layer: str, cases: Cases) -> Change:
    return lambda small: small.report(layer, {**passed(layer), **cases})


def only(layer: str, *names: str) -> Change:
    return lambda small: small.report(layer, dict.fromkeys(names, ""))


def file(path: str, text: str | bytes) -> Change:
    def change(small: Small) -> None:
        (small.path / path).write_bytes(text if isinstance(text, bytes) else text.encode())

    return change


def content(name: str, text: str | bytes) -> Change:
    return file(f"reports/junit/{name}", text)


def both(*changes: Change) -> Change:
    def change(small: Small) -> None:
        for each in changes:
            each(small)

    return change


def gone(name: str) -> Change:
    return lambda small: (small.path / f"reports/junit/{name}").unlink()


def malformed(text: str | bytes, message: str) -> Mutant:
    return Mutant(content("backend.xml", text), (("evidence-malformed", "reports/junit/backend.xml", message),))


def waiver(until: str) -> Change:
    def change(small: Small) -> None:
        small.write(
            "specs/waivers.yml", f"- {{requirement: 001-FR-003, reason: The disk is on order., until: {until}}}\n"
        )
        small.report("integration", passed("integration") | {HOLDS: "<failure/>"})

    return change


def mark(text: str) -> Change:
    return sources(BACKEND, '@pytest.mark.requirement("001-FR-001", "001-SC-001")', text)


BOMB = '<!DOCTYPE a [<!ENTITY a "b"><!ENTITY c "&a;&a;&a;">]><testsuites>&c;</testsuites>'
TODOS = junit("backend.tests.test_todos.TestTodos", passed("backend"))
TWICE = '    @pytest.mark.requirement("001-FR-001")\n    def test_twice(self): ...\n\n    def test_twice(self): ...\n\n'
UNCLEAR = (("unclear-requirement", BACKEND, "names no test for sure"),)
IN_FULL = ("001-FR-001, 001-SC-001 are not proven",)
FAILED = "`TestTodos::test_of_every_title` failed: 001-FR-001, 001-SC-001 are not proven."
MUTANTS = {
    "a requirement without a test": Mutant(
        sources("tests/integration/test_todos.py", '"001-FR-003"', '"001-FR-001"'),
        (("untested", "specs/001-todos/spec.md", "001-FR-003 is built, and no test names it."),),
    ),
    "a skipped test": Mutant(
        outcomes("backend", {HOLDS: '<skipped type="pytest.skip"/>'}),
        (("test-skipped", BACKEND, f"`TestTodos::test_it_holds` was skipped: {IN_FULL[0]}."),),
    ),
    "a test that is expected to fail": Mutant(
        outcomes("backend", {HOLDS: '<skipped type="pytest.xfail"/>'}), (("test-skipped", BACKEND, "was skipped"),)
    ),
    "a failed test": Mutant(
        outcomes("backend", {HOLDS: '<failure message="no">1 == 2</failure>'}),
        (("test-failed", BACKEND, f"`TestTodos::test_it_holds` failed: {IN_FULL[0]}."),),
    ),
    "a test that ended in an error": Mutant(
        outcomes("backend", {HOLDS: "<error/>"}), (("test-error", BACKEND, "ended in an error"),)
    ),
    "a deselected test": Mutant(
        only("backend", *BOTH), (("test-missing", BACKEND, "`TestTodos::test_it_holds` is not in the report"),)
    ),
    "half a parametrized test fails": Mutant(
        outcomes("backend", {BOTH[1]: "<failure/>"}), (("test-failed", BACKEND, FAILED),)
    ),
    "half a parametrized test is left out, which pytest tells": Mutant(
        content(
            "backend.xml",
            TODOS.replace(
                '<testsuite name="pytest">',
                '<testsuite name="pytest"><properties><property name="deselected"'
                f' value="{BACKEND}::TestTodos::{BOTH[0]}"/></properties>',
            ),
        ),
        (("test-missing", BACKEND, "`TestTodos::test_of_every_title` is not in the report, wholly or with one"),),
    ),
    "a success criterion whose test fails": Mutant(
        both(mark('@pytest.mark.requirement("001-SC-001")'), outcomes("backend", {HOLDS: "<failure/>"})),
        (("test-failed", BACKEND, "001-SC-001 is not proven"),),
    ),
    "a failed test that names nothing": Mutant(
        outcomes("backend", {"test_of_something_else": "<failure/>"}),
        (("test-failed", "reports/junit/backend.xml", "1 of 4 tests of backend failed that name no requirement"),),
    ),
    "a skipped test of the page": Mutant(
        outcomes("frontend", {"ticking > shows at once [001-FR-002]": "<skipped/>"}),
        (("test-skipped", "frontend/src/todos.test.tsx", "`ticking > shows at once [001-FR-002]` was skipped"),),
    ),
    "one case of the page's fails": Mutant(
        outcomes("frontend", {"ticking > a todo due tomorrow [001-FR-001] > says a (": "<failure/>"}),
        (("test-failed", "frontend/src/todos.test.tsx", "a todo due %s [001-FR-001] > says %s` failed: 001-FR-001"),),
    ),
    "a test of the page that did not run": Mutant(
        only("frontend", *list(FRONTEND)[1:]),
        (("test-missing", "frontend/src/todos.test.tsx", "shows at once [001-FR-002]` is not in the report"),),
    ),
    "an id of the page in the middle of a title": Mutant(
        sources("frontend/src/todos.test.tsx", "shows at once [001-FR-002]'", "[001-FR-002] shows at once'"),
        (("unclear-requirement", "frontend/src/todos.test.tsx", "an id of a requirement stands where it names no"),),
    ),
    "a report that is missing": Mutant(
        gone("backend.xml"), (("evidence-missing", "reports/junit/backend.xml", "the tests of backend have not run"),)
    ),
    "evidence of another tree": Mutant(
        sources("frontend/src/todos.test.tsx", "'a ('", "'b ('"),
        tuple(
            ("evidence-stale", f"reports/junit/{layer}.xml", "is of another tree: frontend/src changed since.")
            for layer in sorted(LAYERS)
        ),
        after=True,
    ),
    "a file more than was tested": Mutant(
        lambda small: small.write("uv.lock", ""),
        tuple(("evidence-stale", f"reports/junit/{layer}.xml", "uv.lock changed since") for layer in sorted(LAYERS)),
        after=True,
    ),
    "a report without a fingerprint": Mutant(
        gone("backend.sha256"),
        (("evidence-stale", "reports/junit/backend.xml", "has no fingerprint beside it"),),
        after=True,
    ),
    "a fingerprint that is none": Mutant(
        content("backend.sha256", "42  .\n"),
        (("evidence-stale", "reports/junit/backend.xml", "has no fingerprint beside it"),),
        after=True,
    ),
    "a fingerprint that is no text": Mutant(
        content("backend.sha256", b"\xff\xfe\x00"),
        (("evidence-stale", "reports/junit/backend.xml", "has no fingerprint beside it"),),
        after=True,
    ),
    "a fingerprint of another report": Mutant(
        outcomes("backend", {"test_of_something_else": ""}),
        (
            (
                "evidence-stale",
                "reports/junit/backend.xml",
                "is not the report that the fingerprint beside it was made for",
            ),
        ),
        after=True,
    ),
    "a report of nothing": malformed("", "it is empty, cut off or not XML"),
    "a report that is cut off": malformed(TODOS[: len(TODOS) // 2], "it is empty, cut off or not XML"),
    "a report that is not XML": malformed("3 passed in 0.02s", "it is empty, cut off or not XML"),
    "a report of another kind": malformed("<coverage/>", "its root is neither testsuites nor testsuite"),
    "a report without a test": malformed("<testsuites><testsuite/></testsuites>", "it holds no test"),
    "a report that is not UTF-8": malformed(TODOS.encode("utf-16"), "it is not text in UTF-8"),
    "a report of an encoding that is none": malformed(TODOS.replace("utf-8", "utf-99"), "it is empty, cut off or not"),
    "a report that defines entities": malformed(BOMB, "it defines a document type of its own"),
    "a waiver that has ended": Mutant(
        waiver("2026-01-31"),
        (("test-failed", "tests/integration/test_todos.py", "`TestTodos::test_it_holds` failed: 001-FR-003 is not"),),
    ),
    "a test that another of its name hides": Mutant(
        both(
            sources(BACKEND, "    @pytest.mark.parametrize", f"{TWICE}    @pytest.mark.parametrize"),
            outcomes("backend", {"test_twice": ""}),
        ),
        UNCLEAR,
    ),
    "a mark that a program cannot read": Mutant(mark("@pytest.mark.requirement(TODOS)"), UNCLEAR),
    "a mark on a helper": Mutant(
        sources(
            BACKEND,
            "    @pytest.mark.param",
            "    @pytest.mark.requirement('001-FR-001')\n    def help(self):\n        pass\n\n    @pytest.mark.param",
        ),
        UNCLEAR,
    ),
    "a mark on a class of no test": Mutant(
        lambda small: small.write(
            BACKEND, "import pytest\n\n\n@pytest.mark.requirement('001-FR-001')\nclass Todos: ...\n"
        ),
        UNCLEAR,
    ),
    "a mark in a file that no suite collects": Mutant(
        lambda small: small.write("backend/todos.py", PYTHON.format(ids='"001-FR-001"')),
        (("unclear-requirement", "backend/todos.py", "names no test for sure"),),
    ),
    "a requirement that only the report names": Mutant(
        content(
            "backend.xml",
            TODOS.replace(
                "></testcase>",
                '><properties><property name="requirement" value="001-FR-003"/></properties></testcase>',
                1,
            ),
        ),
        (("unclear-requirement", "reports/junit/backend.xml", "names 001-FR-003 as it runs, and its source does not"),),
    ),
    "a test file that is not Python": Mutant(
        lambda small: small.write(BACKEND, "mark.requirement(\n"), (("unreadable", BACKEND, "is not Python"),)
    ),
    "a test file that is not text": Mutant(
        file(BACKEND, b"\xff mark.requirement"),
        (("unreadable", BACKEND, "is not text in UTF-8."),),
    ),
    "a spec that is not text": Mutant(
        file("specs/001-todos/spec.md", b"---\n\xff"),
        (("unreadable", "specs/001-todos/spec.md", "is not text in UTF-8."),),
    ),
    "no requirement speaks of loading": Mutant(
        sources("specs/001-todos/spec.md", " is shown before the server has answered, and", ""),
        (
            (
                "checklist",
                "specs/001-todos/spec.md",
                "“Loading states are shown appropriately”: of the requirements that",
            ),
        ),
    ),
}


class TestMutants:
    @pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS.keys())
    def test_it_is_found_alone_and_the_next_step_is_named(self, small: Small, mutant: Mutant) -> None:
        mutant.change(small)
        if not mutant.after:
            small.stamp()

        found = small.found()

        assert [(rule, path) for rule, path, _, _ in found] == [(rule, path) for rule, path, _ in mutant.finds], found
        assert [
            part for (_, _, part), (_, _, said, _) in zip(mutant.finds, found, strict=True) if part not in said
        ] == []
        layer_s = ("evidence", "test-failed", "test-skipped", "test-missing", "test-error")
        for rule, path, _, action in found:
            if rule.startswith(layer_s):
                layer = next(layer for layer in LAYERS if layer in path)
                assert f"`make test-{layer}`" in action

    def test_a_waived_requirement_is_shown_as_waived(self, small: Small) -> None:
        waiver("2099-12-31")(small)
        small.stamp()

        done = small.sdd("verify")

        assert "3 requirements: 2 proven, 0 unproven, 1 waived;" in done.stdout
        assert "| 001-FR-003 | waived |" in (small.path / "reports/traceability.md").read_text("utf-8")
        assert done.returncode == 0, done.stdout


# ---------------------------------------------------------------- marks of every shape


GROUP = """\
describe('a list [001-FR-002]', () => {
  const half = (a: number) => a / 2
  test('of one', () => { render(<p>it's :( here</p>); /[)'"]/.test('') })
  test('of two', () => {})
})
"""


class TestMarks:
    @pytest.mark.parametrize(
        "source",
        [
            'pytestmark = pytest.mark.requirement("001-FR-001", "001-SC-001")\n\n\nclass TestTodos:\n',
            'class TestTodos:\n    pytestmark = [mark.requirement("001-FR-001", "001-SC-001")]\n',
            '@mark.requirement("001-SC-001")\n@pytest.mark.requirement("001-FR-001")\nclass TestTodos:\n',
        ],
        ids=["of the module", "in the class", "two on the class"],
    )
    def test_they_reach_the_tests_below(self, small: Small, source: str) -> None:
        small.write(
            BACKEND, f"{source}\n    async def test_it_holds(self): ...\n    def test_of_every_title(self): ...\n"
        )
        small.report("backend", passed("backend") | {HOLDS: "<failure/>"})
        small.stamp()

        said = f"`TestTodos::test_it_holds` failed: {IN_FULL[0]}."
        assert [(rule, message) for rule, _, message, _ in small.found()] == [("test-failed", said)]

    def test_a_class_that_inherits_a_test_inherits_its_mark(self, small: Small) -> None:
        case = '<testcase classname="backend.tests.test_todos.TestMore" name="test_it_holds"><properties>'
        case += '<property name="requirement" value="001-FR-001"/></properties></testcase></testsuite>'
        content("backend.xml", TODOS.replace("</testsuite>", case))(small)
        small.stamp()

        assert small.found() == []

    @pytest.mark.parametrize(
        ("source", "name"),
        [
            ("it.only(`adds ${count} [001-FR-002]`, () => {})", "adds 3 [001-FR-002]"),
            ("it.skip('adds\\'s \"it\" [001-FR-002]', () => {})", 'adds\'s "it" [001-FR-002]'),
            (GROUP, "a list [001-FR-002] > of two"),
            ("it.each<[string, number]>([['a', 1]])(\n  'adds %s of %d [001-FR-002]',\n)", "adds a of 1 [001-FR-002]"),
            ("it.each`\n  a\n  ${1}\n`('adds $a [001-FR-002]', () => {})", "adds 1 [001-FR-002]"),
            ("test.skipIf(is())('adds [001-FR-002] [001-FR-001]', () => {})", "adds [001-FR-002] [001-FR-001]"),
            ("// it('[001-FR-003] is a remark', () => {})\nit('adds [001-FR-002]', () => {})", "adds [001-FR-002]"),
        ],
        ids=["template", "quotes", "group", "each", "table", "condition", "remark"],
    )
    def test_titles_of_the_page_are_found_however_they_are_written(self, small: Small, source: str, name: str) -> None:
        small.write("frontend/src/todos.test.tsx", source)
        small.report("frontend", {"a list [001-FR-002] > of one": "", name: "<failure/>"})
        small.stamp()

        found = small.found()

        assert [(rule, path) for rule, path, _, _ in found] == [("test-failed", "frontend/src/todos.test.tsx")]
        assert "001-FR-002" in found[0][2]

    @pytest.mark.parametrize(
        "source",
        [
            "it('adds [001-FR-002]' + more, () => {})",
            "it(title(' [001-FR-002]'), () => {})",
            "say('adds [001-FR-002]')",
            "it.fails('adds [001-FR-002]', () => {})",
            "it('adds [001-FR-002]', { timeout: 5, fails: true }, () => {})",
        ],
    )
    def test_a_title_that_is_no_plain_string_is_refused(self, small: Small, source: str) -> None:
        small.write("frontend/src/todos.test.tsx", source)
        small.report("frontend", {"adds [001-FR-002]": ""})
        small.stamp()

        assert ("unclear-requirement", "frontend/src/todos.test.tsx") in [found[:2] for found in small.found()]


# ---------------------------------------------------------------- the wrapper around a suite


class TestEvidence:
    def write(self, small: Small, *more: str) -> list[str]:
        """A command that writes a whole report of the integration tests, then does more."""
        small.report("integration", passed("integration"))
        report = small.path / "reports/junit/integration.xml"
        kept = small.path / "var/report.xml"
        kept.parent.mkdir()
        report.rename(kept)
        script = ["from pathlib import Path", "import sys", f"Path({str(report)!r}).write_text({kept.read_text()!r})"]
        return [str(small.interpreter), "-c", "; ".join([*script, *more])]

    def test_what_passed_on_this_tree_is_evidence(self, small: Small) -> None:
        done = small.sdd("evidence", "integration", "--", *self.write(small))

        assert (done.returncode, done.stderr) == (0, "")
        assert small.found() == []
        parts = [
            line[66:] for line in (small.path / "reports/junit/integration.sha256").read_text("utf-8").splitlines()
        ]
        assert parts[:4] == ["reports/junit/integration.xml", ".", ".gitignore", "backend"]
        assert {"database", "frontend", "tests", "tests/contract"} < set(parts)

    def test_the_exit_code_is_the_commands_and_a_failure_is_evidence_too(self, small: Small) -> None:
        done = small.sdd("evidence", "integration", "--", *self.write(small, "sys.exit(7)"))

        assert done.returncode == 7
        assert small.found() == []

    def test_a_tree_that_changes_meanwhile_gets_no_fingerprint(self, small: Small) -> None:
        command = self.write(small, "Path('backend/new.py').write_text('')")

        done = small.sdd("evidence", "integration", "--", *command)

        assert done.returncode == 0
        assert done.stderr == (
            "reports/junit/integration.xml is no evidence: backend changed during the tests."
            " Run `make test-integration` again.\n"
        )
        assert not (small.path / "reports/junit/integration.sha256").exists()

    def test_the_old_evidence_goes_before_the_command_runs(self, small: Small) -> None:
        done = small.sdd("evidence", "integration", "--", str(small.interpreter), "-c", "raise SystemExit(3)")

        assert done.returncode == 3
        assert "reports/junit/integration.xml was not written: integration has no evidence." in done.stderr
        assert [path.name for path in (small.path / "reports/junit").glob("integration.*")] == []

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["backend", "--"], "No command is given."),
            (["backend", "--", "no-such-command"], "There is no command no-such-command, so backend was not tested."),
        ],
    )
    def test_what_cannot_run_is_said_in_one_sentence(self, small: Small, arguments: list[str], sentence: str) -> None:
        before = small.files()

        done = small.sdd("evidence", *arguments)

        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(sentence)
        assert done.stderr.count("\n") == 1
        assert small.files() == before

    def test_a_layer_that_is_none_is_wrong_usage(self, small: Small) -> None:
        done = small.sdd("evidence", "mobile", "--", "pytest")

        assert (done.returncode, done.stdout) == (2, "")
        assert "invalid choice: 'mobile'" in done.stderr

    def test_pytest_tells_what_it_left_out_and_which_requirements_it_ran(self, small: Small) -> None:
        suite = [str(small.interpreter), "-m", "pytest", "-q", "tests/integration", "--import-mode=importlib"]

        done = small.sdd(
            "evidence", "integration", "--", *suite, "--junitxml=reports/junit/integration.xml", "-k", "not milk"
        )

        assert done.returncode == 0, done.stdout + done.stderr
        report = (small.path / "reports/junit/integration.xml").read_text("utf-8")
        assert report.count('<property name="requirement" value="001-FR-003" />') == 2
        assert [found[:2] for found in small.found()] == [("test-missing", "tests/integration/test_todos.py")]

    def test_the_fingerprint_is_in_the_lines_of_sha256sum(self, proven: Small) -> None:
        lines = (proven.path / "reports/junit/backend.sha256").read_text("utf-8").splitlines()

        report = hashlib.sha256((proven.path / "reports/junit/backend.xml").read_bytes()).hexdigest()
        lock = hashlib.sha256((proven.path / "conftest.py").read_bytes()).hexdigest()
        listing = hashlib.sha256(f"{lock}  conftest.py\n".encode()).hexdigest()
        assert lines[0] == f"{report}  reports/junit/backend.xml"
        assert f"{listing}  conftest.py" in lines

    def test_a_link_to_its_own_folder_is_no_loop(self, small: Small) -> None:
        (small.path / "backend/again").symlink_to(small.path / "backend", target_is_directory=True)
        small.stamp()

        assert small.found() == []
