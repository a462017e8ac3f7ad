"""`sdd next` in a small tree of its own: the order of the steps, what sends back, what was skipped or cannot be read.

The spec, plan, tasks and contract are those of docs/first-feature.md; reports of tests are written by hand.
"""

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.conftest import Project
from tests.test_first_feature import PAGE, blocks, change

SPEC = "specs/003-labels/spec.md"
TASKS = "specs/003-labels/tasks.md"
CONTRACT = "contracts/api/openapi.yaml"
TYPES = "frontend/src/api/types.gen.ts"
LABELS = {block.path: block.text for block in blocks(PAGE.read_text("utf-8")) if block.way == "whole"}
MARKED = """import pytest


@pytest.mark.requirement("003-FR-001", "003-FR-002", "003-FR-003")
def test_labels():
    pass
"""
TESTS = {
    "database": ("database/tests/test_labels.py", MARKED),
    "backend": ("backend/tests/test_labels.py", MARKED),
    "frontend": ("frontend/src/labels/labels.test.tsx", "it('adds a label [003-FR-004]', () => {})\n"),
    "contract": ("tests/contract/test_labels.py", MARKED),
    "e2e": ("tests/e2e/test_labels.py", MARKED.replace("003-FR-001", "003-FR-004").replace("003-FR-002", "003-SC-001")),
}
OTHER = '<testcase classname="{}" name="test_order">{}</testcase>'
WRITE = "import sys; open(sys.argv[1], 'w', encoding='utf-8').write(sys.argv[2])"


@dataclass(frozen=True)
class Tree:
    """A project that holds only what `sdd next` reads, and the program of a real one."""

    path: Path
    home: Project

    def run(self, *words: str) -> CompletedProcess[str]:
        return Project(self.path).run(str(self.home.python), "-m", "sdd", *words, PYTHONPATH=str(self.home.path))

    def sdd(self, *words: str) -> str:
        """What the program said; it must end well and without a traceback."""
        done = self.run(*words)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout

    def next(self) -> list[str]:
        """The answer, line by line."""
        return [line.strip() for line in self.sdd("next").splitlines()]

    def write(self, path: str, text: str | bytes) -> None:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def replace(self, path: str, old: str, new: str) -> None:
        text = (self.path / path).read_text("utf-8")
        assert old in text, f"{path} has no {old!r}"
        self.write(path, text.replace(old, new))

    def test(self, layer: str, result: str = "", others: str = "") -> None:
        """The layer's test of labels is run, and reports `result` (nothing: passed); `others` are further cases."""
        path, text = TESTS[layer]
        if not (self.path / path).exists():
            self.write(path, text)
        python = path.endswith(".py")
        suite = path.removesuffix(".py").replace("/", ".") if python else path.removeprefix("frontend/")
        name = "test_labels" if python else "adds a label [003-FR-004]"
        self.report(layer, f'<testcase classname="{suite}" name="{name}">{result}</testcase>{others}')

    def report(self, layer: str, cases: str) -> None:
        report = f"<testsuite>{cases}</testsuite>"
        self.sdd("evidence", layer, "--", str(self.home.python), "-c", WRITE, f"reports/junit/{layer}.xml", report)


@pytest.fixture
def tree(project: Project, tmp_path: Path) -> Tree:
    tree = Tree(tmp_path, project)
    shutil.copytree(project.path / "specs/templates", tmp_path / "specs/templates")
    for path in (CONTRACT, TYPES, ".gitignore"):
        tree.write(path, (project.path / path).read_text("utf-8"))
    return tree


def plan(tree: Tree) -> None:
    for name in ("spec", "plan", "tasks"):
        tree.write(f"specs/003-labels/{name}.md", LABELS[f"specs/003-labels/{name}.md"])


def accept(tree: Tree) -> None:
    plan(tree)
    tree.replace(SPEC, "status: draft", "status: accepted")


def promise(tree: Tree) -> None:
    accept(tree)
    text = (tree.path / CONTRACT).read_text("utf-8")
    for block in blocks(PAGE.read_text("utf-8")):
        if block.path == CONTRACT:
            text = change(text, block.text)
    tree.write(CONTRACT, text)


def generate(tree: Tree) -> None:
    tree.replace(
        TYPES, "export interface operations {", "export interface operations {\n list_labels: 1\n create_label: 1\n"
    )


def prove(tree: Tree) -> None:
    """Every layer's test is run, on one tree."""
    for path, text in TESTS.values():
        if not (tree.path / path).exists():
            tree.write(path, text)
    for layer in TESTS:
        tree.test(layer)


def build(tree: Tree) -> None:
    for path in LABELS:
        if not (tree.path / path).exists():
            tree.write(path, "")
    tree.write("database/migrations/versions/0003_create_labels.py", "")
    tree.replace(SPEC, "status: accepted", "status: built")
    tree.replace(TASKS, "[ ]", "[x]")


def record(tree: Tree, stage: str) -> None:
    head: dict[str, object] = {
        "id": "0003",
        "title": "Labels",
        "stage": stage,
        "date": "2026-11-22",
        "surface": "manual",
        "model": None,
    }
    head |= {"feature": "003-labels", "branch": None, "user": None, "command": None, "labels": [], "files": [CONTRACT]}
    head |= {"links": {"spec": SPEC, "ticket": None, "adr": None, "pr": None}, "tests": ["tests/e2e/test_labels.py"]}
    body = "# Labels\n\n## Prompt\n\n~~~text\nAdd labels.\n~~~\n\n## Outcome\n\nA list of labels.\n"
    tree.write(f"history/prompts/003-labels/0003-labels.{stage}.prompt.md", f"---\n{json.dumps(head)}\n---\n{body}")


def require(tree: Tree) -> None:
    """One more requirement."""
    tree.replace(SPEC, "## Success criteria", "- **FR-005** A label is short.\n\n## Success criteria")


def expect(tree: Tree, step: str, why: str) -> None:
    title, reason, *_ = tree.next()
    assert title.startswith(f"003-labels: {step} ("), (title, reason)
    assert why in reason


class TestWalk:
    def test_labels_take_every_step_in_order_and_a_changed_contract_sends_them_back(self, tree: Tree) -> None:
        assert tree.next() == [
            "Every feature is built and recorded.",
            "Begin a feature with `uv run python -m sdd new feature NAME` if it is a list of things that a person keeps"
            " (five operations in every layer), with `uv run python -m sdd new spec NAME` if it is anything else.",
        ]
        shutil.copytree(tree.path / "specs/templates", tree.path / "specs/003-labels")
        expect(tree, "spec", "specs/003-labels/spec.md")
        tree.write(SPEC, LABELS[SPEC])
        expect(tree, "plan", "specs/003-labels/plan.md")
        plan(tree)
        expect(tree, "accept", "a person decides")
        accept(tree)
        expect(tree, "contract", "contracts/api/openapi.yaml lacks `create_label`")
        promise(tree)
        expect(tree, "contract", "no code was made from it yet")
        generate(tree)
        expect(tree, "database", "No test in database/ names a requirement of 003-labels.")
        tree.test("database")
        expect(tree, "backend", "No test in backend/ names")
        tree.test("backend")
        expect(tree, "frontend", "No test in frontend/ names")

        tree.replace(CONTRACT, "A label has 1 to 40", "A label has 1 to 30")

        expect(tree, "database", "contracts/api changed since database was tested.")
        tree.test("database")
        expect(tree, "backend", "contracts/api changed since backend was tested.")
        tree.test("backend")
        tree.test("frontend")
        expect(tree, "integration", "No test in tests/ names")
        tree.test("contract")
        tree.test("e2e")
        expect(tree, "integration", "tests changed since contract was tested.")
        tree.test("contract")
        expect(tree, "integration", "the spec does not say so")
        build(tree)
        prove(tree)
        expect(tree, "record", "no record of stage green or refactor tells of it")
        record(tree, "plan")
        expect(tree, "record", "no record of stage green or refactor tells of it")
        record(tree, "green")
        assert tree.next()[0].startswith("Every feature is built and recorded.")


@pytest.fixture
def promised(tree: Tree) -> Tree:
    """Labels are planned, accepted and promised; the database is next."""
    promise(tree)
    generate(tree)
    return tree


class TestStep:
    def test_its_owner_the_reason_and_the_command_that_says_done_are_named(self, promised: Tree) -> None:
        assert promised.next() == [
            "003-labels: database (database-developer)",
            "No test in database/ names a requirement of 003-labels.",
            "Write the test, see it fail, write the code. Then: make test-database, make next",
        ]

    def test_as_json_it_is_a_finding(self, promised: Tree) -> None:
        (found,) = json.loads(promised.sdd("next", "--json"))

        assert (found["rule"], found["path"], found["line"]) == ("next", "database/", 1)
        assert found["message"].startswith("003-labels: database (database-developer). No test in database/")
        assert found["next"].endswith("Then: make test-database, make next")

    def test_a_skipped_layer_is_named(self, promised: Tree) -> None:
        promised.write(*TESTS["backend"])

        expect(promised, "database", "database was skipped: backend names 003-FR-001 already.")

    def test_a_layer_without_work_is_passed_over(self, promised: Tree) -> None:
        promised.replace("specs/003-labels/plan.md", "| table `labels`, one", "| nothing: the labels are files, one")

        expect(promised, "backend", "No test in backend/ names")

    def test_of_several_features_the_lowest_number_comes_first(self, promised: Tree) -> None:
        shutil.copytree(promised.path / "specs/templates", promised.path / "specs/004-tags")

        first, *_, last = promised.next()

        assert first.startswith("003-labels: database")
        assert last == "Open as well: 004-tags (spec)"

    @pytest.mark.parametrize(
        ("result", "why"),
        [("<failure/>", "test_labels: failed."), ("<error/>", "test_labels: error."), ("<skipped/>", ": skipped.")],
    )
    def test_a_test_that_did_not_pass_keeps_its_layer_open(self, promised: Tree, result: str, why: str) -> None:
        promised.test("database", result)

        expect(promised, "database", why)

    def test_a_change_in_a_layer_reopens_it(self, promised: Tree) -> None:
        promised.test("database")
        promised.write("database/labels.py", "labels = None\n")

        expect(promised, "database", "database changed since database was tested.")

    def test_a_requirement_that_no_test_names_keeps_the_integration_open(self, promised: Tree) -> None:
        prove(promised)
        require(promised)
        promised.write(TASKS, (promised.path / TASKS).read_text("utf-8") + "- [x] T006 [database] Done (003-FR-005)\n")

        expect(promised, "integration", "No test names 003-FR-005.")

    @pytest.mark.parametrize("result", ["failure", "error"])
    def test_a_test_of_another_feature_that_fails_keeps_the_layer_open(self, promised: Tree, result: str) -> None:
        promised.test("database", others=OTHER.format("database.tests.test_todos", f"<{result}/>"))

        expect(
            promised, "database", f"database.tests.test_todos test_order: {'error' if result == 'error' else 'failed'}."
        )

    def test_what_failed_in_a_layer_without_work_or_tests_of_the_feature_counts(self, promised: Tree) -> None:
        promised.replace("specs/003-labels/plan.md", "| table `labels`, one", "| nothing: the labels are files, one")
        promised.report("database", OTHER.format("database.tests.test_todos", "<failure/>"))
        expect(promised, "database", "database.tests.test_todos test_order: failed.")
        promised.report("database", OTHER.format("database.tests.test_todos", ""))
        prove(promised)

        promised.report("integration", OTHER.format("tests.integration.test_todos", "<failure/>"))

        expect(promised, "integration", "tests.integration.test_todos test_order: failed.")

    def test_what_failed_on_another_tree_does_not_count(self, promised: Tree) -> None:
        promised.report("integration", OTHER.format("tests.integration.test_todos", "<failure/>"))
        prove(promised)

        expect(promised, "integration", "the spec does not say so")

    def test_an_open_task_keeps_its_layer_open_until_a_test_there_names_its_requirement(self, promised: Tree) -> None:
        promised.write("database/tests/test_labels.py", MARKED.replace('"003-FR-001", ', ""))
        promised.test("database")

        expect(promised, "database", "T002 is open, and no test in database/ names 003-FR-001.")
        promised.replace(TASKS, "[ ] T002", "[x] T002")
        promised.write("backend/tests/test_labels.py", MARKED)
        expect(promised, "backend", "reports/junit/backend.xml is not there")

    def test_a_mark_that_no_spec_has_is_told_at_its_layer(self, promised: Tree) -> None:
        promised.write("database/tests/test_labels.py", MARKED.replace("003-FR-002", "003-FR-009"))

        expect(promised, "database", "`test_labels` names 003-FR-009, and no spec has it.")

    @pytest.mark.parametrize(("layer", "step"), [("backend", "backend"), ("contract", "integration")])
    def test_a_test_file_that_is_no_python_is_told_at_its_layer(self, promised: Tree, layer: str, step: str) -> None:
        prove(promised)
        path, text = TESTS[layer]
        promised.write(path, text + "def (:\n")

        expect(promised, step, f"{path}:7 is not Python: ")


@pytest.fixture
def built(promised: Tree) -> Tree:
    """Labels are built, tested and recorded."""
    for path, text in TESTS.values():
        promised.write(path, text)
    build(promised)
    prove(promised)
    record(promised, "green")
    assert promised.next()[0].startswith("Every feature is built and recorded.")
    return promised


class TestBuilt:
    def test_a_status_that_is_written_too_early_is_told_whatever_was_recorded(self, promised: Tree) -> None:
        promised.replace(SPEC, "status: accepted", "status: built")
        record(promised, "green")

        expect(promised, "spec", "003-FR-001 is built, and no test names it.")

    def test_what_check_has_against_it_is_told(self, built: Tree) -> None:
        for path, old, new, step, why in (
            (TASKS, "[x] T004", "[ ] T004", "integration", "T004 is open, and the spec is built."),
            ("specs/003-labels/plan.md", "`backend/labels/", "`backend/tags/", "plan", "there is no such file."),
            (SPEC, "`list_labels`", "`get_labels`", "spec", "names the operation `get_labels`"),
        ):
            built.replace(path, old, new)
            expect(built, step, why)
            built.replace(path, new, old)

    def test_a_new_requirement_is_led_back_through_the_layers_that_its_tasks_name(self, built: Tree) -> None:
        require(built)
        expect(built, "spec", "003-FR-005 is built, and no test names it.")
        assert "Has it none yet? Write `status: draft`, plan it" in built.next()[2]
        built.replace(SPEC, "status: built", "status: draft")
        expect(built, "plan", "specs/003-labels/tasks.md has no task for 003-FR-005")
        tasks = "".join(
            f"- [ ] T00{at} [{name}] Short (003-FR-005)\n" for at, name in ((6, "database"), (7, "frontend"))
        )
        built.write(TASKS, (built.path / TASKS).read_text("utf-8") + tasks)
        expect(built, "accept", "a person decides")
        built.replace(SPEC, "status: draft", "status: accepted")
        expect(built, "database", "T006 is open, and no test in database/ names 003-FR-005.")
        built.replace("database/tests/test_labels.py", "003-FR-003", "003-FR-005")
        expect(built, "database", "database changed since database was tested.")
        built.test("database")
        expect(built, "frontend", "T007 is open, and no test in frontend/ names 003-FR-005.")
        built.replace("frontend/src/labels/labels.test.tsx", "[003-FR-004]", "[003-FR-004] [003-FR-005]")
        expect(built, "frontend", "frontend changed since frontend was tested.")


class TestNewSpec:
    def test_the_feature_of_a_name_with_hyphens_is_a_module(self, tree: Tree) -> None:
        tree.sdd("new", "spec", "due-dates")

        assert "\nfeature: due_dates\n" in (tree.path / "specs/001-due-dates/spec.md").read_text("utf-8")
        check = tree.run("check")
        assert ("specs/" in check.stdout, check.stderr) == (False, "")

    @pytest.mark.parametrize(
        ("name", "why"),
        [
            ("class", "`class` is a word of Python, so no module can have it."),
            ("import", "`import` is a word of Python, so no module can have it."),
            ("contracts", "`contracts` is taken: contracts/ is something else."),
            ("reports", "`reports` is taken: reports/ is something else."),
            ("settings", "`settings` is taken: backend/settings.py is something else."),
        ],
    )
    def test_a_name_that_no_layer_can_use_is_refused_in_one_sentence(self, tree: Tree, name: str, why: str) -> None:
        tree.write("backend/settings.py", "")

        done = tree.run("new", "spec", name)

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines() == [f"{why} Choose another noun, like `labels`."]
        assert sorted(path.name for path in (tree.path / "specs").iterdir()) == ["templates"]


def cut_off(tree: Tree) -> None:
    tree.test("database")
    tree.write("reports/junit/database.xml", "<testsuites><testsui")


MALFORMED: dict[str, tuple[Callable[[Tree], None], str, str]] = {
    "a spec with a broken head": (lambda tree: tree.write(SPEC, "---\nid: [\n---\n"), "spec", "its head is not YAML"),
    "a binary spec": (lambda tree: tree.write(SPEC, b"\xff\x00"), "spec", "is not text in UTF-8"),
    "an empty spec": (lambda tree: tree.write(SPEC, ""), "spec", "has no head"),
    "an unknown status": (lambda tree: tree.replace(SPEC, "accepted", "done"), "spec", "`status`"),
    "a conflict": (lambda tree: tree.write(SPEC, "<<<<<<< ours\n"), "spec", "conflict marker"),
    "a plan without a section": (
        lambda tree: tree.replace("specs/003-labels/plan.md", "## States", "## Moods"),
        "plan",
        "lacks the section `States`",
    ),
    "a heading with one sign": (
        lambda tree: tree.replace(SPEC, "## Success criteria", "# Success criteria"),
        "spec",
        "SC-001 stands in `Requirements`.",
    ),
    "no tasks": (lambda tree: (tree.path / TASKS).unlink(), "plan", "tasks.md does not list"),
    "a broken contract": (lambda tree: tree.write(CONTRACT, "paths: ["), "contract", "it is not YAML"),
    "a contract without paths": (lambda tree: tree.write(CONTRACT, "[]\n"), "contract", ""),
    "a report that is cut off": (cut_off, "database", "is no report of tests"),
}


class TestMalformed:
    @pytest.mark.parametrize("case", MALFORMED)
    def test_it_is_told_in_one_sentence_at_its_step(self, promised: Tree, case: str) -> None:
        spoil, step, why = MALFORMED[case]
        spoil(promised)

        expect(promised, step, why)
        assert len(promised.next()) == 3
