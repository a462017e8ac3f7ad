"""Evidence: the requirements that tests name in the sources, what the tests reported, and of which tree.

Knows pytest, Vitest and JUnit. Does not know what a requirement says, nor whether it is proven.
"""

import ast
import hashlib
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, JUnitXmlError, Properties, Skipped
from junitparser.junitparser import Element

from sdd.project import Finding, Project, Refused

LAYERS = {
    "database": "database/",
    "backend": "backend/",
    "frontend": "frontend/",
    "contract": "tests/contract/",
    "integration": "tests/integration/",
    "e2e": "tests/e2e/",
}
NAMED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
TEST_FILE = re.compile(r"(?:.*/)?(?:(?:test_[^/]*|[^/]*_test)\.py|[^/]*\.(?:test|spec)\.[cm]?[jt]sx?)")
UNTOUCHED = "history/prompts/"  # records are written after the tests, and no test reads them
PYTHON_NEXT = (
    'Write `@pytest.mark.requirement("001-FR-003")`, plain strings, on a test or its class in a layer\'s tests.'
)
TYPESCRIPT_NEXT = "End the title of `it`, `test` or `describe` with it, in one plain string: `'… [001-FR-003]'`."


# ---------------------------------------------------------------- tests that name requirements, in the sources


@dataclass(frozen=True, order=True)
class Test:
    """A test in the sources that names requirements.

    `name` as its runner shows it (`TestCreateTodo::test_x`, `adding a todo > shows it`); `suite` and `pattern`, a
    regular expression for the whole name, find its cases in the layer's JUnit file.
    """

    path: str
    line: int
    name: str
    requirements: tuple[str, ...]
    layer: str
    suite: str
    pattern: str


def layer_of(path: str) -> str | None:
    """The layer whose suite collects this file; None for a file that no suite collects."""
    if not TEST_FILE.fullmatch(path):
        return None
    kind = ".py" if path.endswith(".py") else ".ts"
    kinds = {name: ".ts" if name == "frontend" else ".py" for name in LAYERS}
    return next((name for name in LAYERS if path.startswith(LAYERS[name]) and kinds[name] == kind), None)


def tests(project: Project) -> list[Test]:
    """Every test in the sources that names a requirement, by path and line. A file that cannot be read is left out."""
    return list(_scanned(project)[0])


def findings(project: Project) -> Iterator[Finding]:
    """Test files that cannot be read, and requirements named where no program can be sure which test is meant."""
    yield from _scanned(project)[1]


def _scanned(project: Project) -> tuple[tuple[Test, ...], tuple[Finding, ...]]:
    return project.once("tests", lambda: _scan(project))


def _scan(project: Project) -> tuple[tuple[Test, ...], tuple[Finding, ...]]:
    found: list[Test] = []
    unclear: list[Finding] = []
    for path in project.files:
        if not path.endswith((".py", ".ts", ".tsx")) and not TEST_FILE.fullmatch(path):
            continue
        try:
            scan = _scan_python if path.endswith(".py") else _scan_typescript
            more, lines = scan(path, project.text(path), layer_of(path))
        except Refused as error:
            if layer_of(path):
                unclear.append(error.finding)
            continue
        found += more
        what, action = ("a mark", PYTHON_NEXT) if path.endswith(".py") else ("an id", TYPESCRIPT_NEXT)
        message = f"{what} of a requirement stands where it names no test for sure."
        unclear += [Finding(path, line, "unclear-requirement", message, action) for line in sorted(set(lines))]
    return tuple(sorted(found)), tuple(unclear)


# ---------------------------------------------------------------- Python


def _scan_python(path: str, text: str, layer: str | None) -> tuple[list[Test], list[int]]:
    if "mark.requirement" not in text:
        return [], []
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        message = f"is not Python: {error.msg}."
        raise Refused(Finding(path, error.lineno or 1, "unreadable", message, "Mend the syntax.")) from error
    marks = _Marks(path, layer)
    if layer:
        marks.visit_body(tree, (), [])
    every = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_mark(node)]
    return marks.tests, marks.unclear + [node.lineno for node in every if node not in marks.read]


def _is_mark(node: ast.expr) -> bool:
    """Whether it reads `pytest.mark.requirement` or, of an imported mark, `mark.requirement`."""
    return isinstance(node, ast.Attribute) and node.attr == "requirement" and ast.unparse(node.value).endswith("mark")


class _Marks(ast.NodeVisitor):
    """The marks on functions, classes and modules (`pytestmark`); a class's reach its methods."""

    def __init__(self, path: str, layer: str | None) -> None:
        self.path, self.layer = path, layer or ""
        self.tests: list[Test] = []
        self.unclear: list[int] = []
        self.read: set[ast.expr] = set()
        self._classes: tuple[str, ...] = ()
        self._ids: list[str] = []

    def visit_body(self, node: ast.Module | ast.ClassDef, classes: tuple[str, ...], marks: list[ast.expr]) -> None:
        before = self._classes, self._ids, len(self.tests)
        assigned = [part for part in node.body if isinstance(part, ast.Assign)]
        own = [part.value for part in assigned if _names(part.targets) == ["pytestmark"]]
        ids = self._ids_of([*marks, *own])
        self._classes, self._ids = classes, [*self._ids, *ids]
        last = {part.name: part for part in node.body if isinstance(part, NAMED)}
        for part in node.body:
            if not isinstance(part, NAMED) or last[part.name] is part:  # else Python forgets it
                self.visit(part)
        if ids and len(self.tests) == before[2]:
            self.unclear.append(marks[0].lineno if marks else own[0].lineno)
        self._classes, self._ids, _ = before

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        if node.name.startswith("Test") or any(name.endswith("TestCase") for name in _names(node.bases)):
            self.visit_body(node, (*self._classes, node.name), node.decorator_list)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        if not node.name.startswith("test"):
            return
        ids = dict.fromkeys([*self._ids, *self._ids_of(node.decorator_list)])
        if ids:
            name = "::".join([*self._classes, node.name])
            suite = ".".join([self.path.removesuffix(".py").replace("/", "."), *self._classes])
            pattern = re.escape(node.name) + r"(\[.*\])?"
            self.tests.append(Test(self.path, node.lineno, name, tuple(ids), self.layer, suite, pattern))

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def _ids_of(self, marks: Iterable[ast.expr]) -> list[str]:
        ids: list[str] = []
        for node in (part for mark in marks for part in ast.walk(mark)):
            if isinstance(node, ast.Call) and _is_mark(node.func):
                literal = [part.value for part in node.args if isinstance(part, ast.Constant)]
                names = [value for value in literal if isinstance(value, str)]
                if names and len(names) == len(node.args) and not node.keywords:
                    self.read.add(node.func)
                    ids += names
        return ids


def _names(nodes: Iterable[ast.expr]) -> list[str]:
    return [ast.unparse(node) for node in nodes]


# ---------------------------------------------------------------- TypeScript

ID = re.compile(r"\[(\d+-[A-Za-z]+-\d+)\]")
ENDING = re.compile(r"(?:\s*\[\d+-[A-Za-z]+-\d+\])+\s*$")
TOKEN = re.compile(
    r"""
      (?P<comment> //[^\n]* | /\*.*?\*/ )
    | (?P<string> '(?:\\.|[^'\\\n])*' | "(?:\\.|[^"\\\n])*" | `(?:\\.|[^`\\])*` )
    | (?P<regex> (?<=[=(,:\[!&|?{};\s]) / (?![/*>\s]) (?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[])+ /[a-z]* )
    | (?P<call> (?<![\w$.-]) (?P<name>it|test|describe|suite) (?P<modifiers>(?:\s*\.\s*\w+)*) (?=\s*[(<`]) )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    """,
    re.VERBOSE | re.DOTALL,
)
CASES = ("each", "for")  # what stands before the title: cases that fill it in, or a condition
CONDITIONS = ("skipIf", "runIf")
FAILS = re.compile(r"\s*,\s*\{[^{}]*\bfails\b")  # passes when it fails
FILLED = re.compile(r"%[a-zA-Z#$%]|\$[\w.]+")
HOLES = re.compile(r"\$\{[^}]*\}|\\(?:u\{\w+\}|u\w{4}|x\w\w|[bfnrtv0])")


def _scan_typescript(path: str, text: str, layer: str | None) -> tuple[list[Test], list[int]]:
    if not ID.search(text):
        return [], []
    tokens = [token for token in TOKEN.finditer(text) if token.lastgroup != "comment"]
    ends = _ends(tokens)
    found: list[Test] = []
    titles_of_ids: set[int] = set()  # the tokens whose ids a test or a group of tests carries

    def walk(first: int, last: int, around: tuple[str, ...], patterns: tuple[str, ...]) -> None:
        at = first
        while at < last:
            call, at = tokens[at], at + 1
            if call.lastgroup != "call":
                continue
            title, filled = _title(tokens, ends, at - 1, text)
            if title is None:
                continue
            raw, end = tokens[title][0][1:-1], ends.get(title - 1, last)
            names, shape = (*around, raw), (*patterns, _pattern(raw, filled))
            titles_of_ids.add(title)
            ids = dict.fromkeys(name for part in names for name in _ids_at_the_end(part))
            if call["name"] in ("describe", "suite"):
                walk(title + 1, end, names, shape)
            elif ids and layer:
                line = text.count("\n", 0, call.start()) + 1
                suite = path.removeprefix(LAYERS[layer])
                found.append(Test(path, line, " > ".join(names), tuple(ids), layer, suite, " > ".join(shape)))
            at = end

    walk(0, len(tokens), (), ())
    unclear = [
        text.count("\n", 0, token.start()) + 1
        for index, token in enumerate(tokens)
        if token.lastgroup == "string"
        and (ids := ID.findall(token[0]))
        and not (layer and index in titles_of_ids and ids == _ids_at_the_end(token[0][1:-1]))
    ]
    return found, unclear


def _ends(tokens: list[re.Match[str]]) -> dict[int, int]:
    """Where each open bracket closes. A stray bracket in the page's text is passed over at the next brace."""
    ends: dict[int, int] = {}
    stack: list[int] = []
    for index, token in enumerate(tokens):
        if token.lastgroup == "open":
            stack.append(index)
        elif token.lastgroup == "close":
            sign = {")": "(", "]": "[", "}": "{"}[token[0]]
            while sign == "{" and len(stack) > 1 and tokens[stack[-1]][0] != sign:
                stack.pop()
            if stack and tokens[stack[-1]][0] == sign:
                ends[stack.pop()] = index
    return ends


def _title(tokens: list[re.Match[str]], ends: dict[int, int], call: int, text: str) -> tuple[int | None, bool]:
    """The token that is the call's whole title, if a plain string is; and whether cases fill it in."""
    modifiers = (tokens[call]["modifiers"] or "").replace(".", " ").split()
    filled = bool(modifiers) and modifiers[-1] in CASES
    at = call + 1
    if filled or (modifiers and modifiers[-1] in CONDITIONS):  # skip `([…])` or a table in backticks
        while at < len(tokens) and tokens[at][0][0] not in "(`":  # types in angle brackets
            at = ends.get(at, at) + 1
        at = ends.get(at, at) + 1
    if at + 1 >= len(tokens) or tokens[at][0] != "(" or tokens[at + 1].lastgroup != "string":
        return None, filled
    title = tokens[at + 1]
    if "fails" in modifiers or FAILS.match(text, title.end()):
        return None, filled
    whole = not text[tokens[at].end() : title.start()].strip() and text[title.end() :].lstrip()[:1] in (",", ")")
    return (at + 1 if whole else None), filled


def _ids_at_the_end(title: str) -> list[str]:
    ending = ENDING.search(title)
    return ID.findall(ending[0]) if ending else []


def _pattern(title: str, filled: bool) -> str:
    """A regular expression for what the runner makes of a title as it is written, without its quotes."""
    hole = re.compile(f"{HOLES.pattern}|{FILLED.pattern}") if filled else HOLES
    kept = [re.escape(re.sub(r"\\(.)", r"\1", part)) for part in hole.split(title)]
    return ".*".join(kept)


# ---------------------------------------------------------------- which tree


def fingerprint(project: Project) -> dict[str, str]:
    """SHA-256 (hex) of the listing that `sha256sum` would print of each part of the tree, records left out.

    Parts: `.` is the whole tree; then every file and folder at the root (`backend`, `pyproject.toml`) and every folder
    one below (`contracts/api`). A link counts as where it points to. Raises Refused for a file that cannot be read.
    """
    return project.once("fingerprint", lambda: _fingerprint(project))


def _fingerprint(project: Project) -> dict[str, str]:
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for path in project.files:
        if path.startswith(UNTOUCHED):
            continue
        line = f"{_hash(project.root / path, path)}  {path}\n"
        folders = path.split("/")[:-1]
        for part in {".", path.split("/")[0], "/".join(folders[:2]) or "."}:
            parts[part].append(line)
    return {part: hashlib.sha256("".join(lines).encode()).hexdigest() for part, lines in sorted(parts.items())}


def _hash(file: Path, path: str) -> str:
    try:
        content = str(file.readlink()).encode() if file.is_symlink() else file.read_bytes() if file.is_file() else b""
    except OSError as error:
        message = f"cannot be read: {error.strerror}."
        raise Refused(Finding(path, 1, "unreadable", message, "Make it readable, or delete it.")) from error
    return hashlib.sha256(content).hexdigest()


def report_of(layer: str) -> str:
    """The path of a layer's JUnit file; its fingerprint stands beside it, with the ending `.sha256`."""
    return f"reports/junit/{layer}.xml"


def stamp(project: Project, layer: str, tree: dict[str, str]) -> None:
    """Writes the fingerprint beside a report: lines `hash  path`, of the report itself, then of the tree's parts."""
    report = project.root / report_of(layer)
    lines = {report_of(layer): hashlib.sha256(report.read_bytes()).hexdigest(), **tree}
    text = "".join(f"{value}  {part}\n" for part, value in lines.items())
    report.with_suffix(".sha256").write_text(text, "utf-8", newline="\n")


# ---------------------------------------------------------------- what the tests reported

OUTCOMES = {Error: "error", Failure: "failed", Skipped: "skipped"}  # the worst first


@dataclass(frozen=True)
class Case:
    """One line of a report: `outcome` is passed, failed, error or skipped."""

    suite: str
    name: str
    outcome: str
    requirements: tuple[str, ...]


@dataclass(frozen=True)
class Results:
    """What a layer's tests reported. `problem`: why that is no evidence for this tree, None when it is."""

    layer: str
    cases: tuple[Case, ...]
    problem: Finding | None
    deselected: tuple[str, ...] = ()
    recorded: dict[str, str] = field(default_factory=dict)
    current: dict[str, str] = field(default_factory=dict)

    @property
    def fresh(self) -> bool:
        """Whether the report is whole and of exactly this tree."""
        return self.problem is None

    def fresh_for(self, *folders: str) -> bool:
        """Whether the report is whole and these parts (`database`, `contracts/api`) are still as they were tested."""
        return bool(self.recorded) and all(self.recorded.get(part) == self.current.get(part) for part in folders)

    @property
    def passed(self) -> bool:
        """Whether it is fresh, at least one test passed and none failed."""
        outcomes = {case.outcome for case in self.cases}
        return self.fresh and "passed" in outcomes and outcomes <= {"passed", "skipped"}

    @cached_property
    def _suites(self) -> dict[str, list[Case]]:
        suites: defaultdict[str, list[Case]] = defaultdict(list)
        for case in self.cases:
            suites[case.suite].append(case)
        return suites

    def of(self, test: Test) -> list[Case]:
        """The cases of a test: none, one, or as many as its parameters."""
        return [case for case in self._suites.get(test.suite, ()) if re.fullmatch(test.pattern, case.name, re.DOTALL)]

    def outcome(self, test: Test) -> str:
        """The worst of its cases: error, failed, skipped, missing (it or one of its parameters did not run), passed."""
        found = {case.outcome for case in self.of(test)}
        node = f"{test.path}::{test.name}"
        if not found or any(name == node or name.startswith(f"{node}[") for name in self.deselected):
            found.add("missing")
        return next(outcome for outcome in ("error", "failed", "skipped", "missing", "passed") if outcome in found)


def results(project: Project, layer: str) -> Results:
    """What the layer's report says. Never raises: a report that is missing, malformed or stale has a `problem`."""
    return project.once(("results", layer), lambda: _results(project, layer))


def _results(project: Project, layer: str) -> Results:
    path = report_of(layer)

    def problem(rule: str, message: str) -> Finding:
        return Finding(path, 1, rule, message, f"Run `make test-{layer}`.")

    try:
        content = (project.root / path).read_bytes()
    except OSError:
        return Results(layer, (), problem("evidence-missing", f"is not there: the tests of {layer} have not run."))
    try:
        cases, deselected = _read(content)
        current = fingerprint(project)
    except ValueError as error:
        return Results(layer, (), problem("evidence-malformed", f"is no report of tests: {error}."))
    except Refused as error:
        return Results(layer, (), error.finding)
    recorded = _recorded(project.root / path)
    reported = recorded.pop(path, "")
    if not recorded:
        stale = problem("evidence-stale", "has no fingerprint beside it: nobody knows which tree was tested.")
    elif reported != hashlib.sha256(content).hexdigest():
        recorded = {}
        stale = problem("evidence-stale", "is not the report that the fingerprint beside it was made for.")
    elif recorded.get(".") != current["."]:
        stale = problem("evidence-stale", f"is of another tree: {changed(recorded, current)} changed since.")
    else:
        return Results(layer, cases, None, deselected, recorded, current)
    return Results(layer, cases, stale, deselected, recorded, current)


def changed(before: dict[str, str], after: dict[str, str]) -> str:
    """The parts of the tree that differ, the innermost ones, in words: `backend/todos, uv.lock`."""
    parts = {part for part in before.keys() | after.keys() if before.get(part) != after.get(part)} - {"."}
    inner = sorted(part for part in parts if not any(other.startswith(f"{part}/") for other in parts))
    return ", ".join(inner[:5] or ["a file"]) + (" and more" if len(inner) > 5 else "")


def _recorded(report: Path) -> dict[str, str]:
    try:
        lines = report.with_suffix(".sha256").read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = [re.fullmatch(r"([0-9a-f]{64})  (.+)", line) for line in lines]
    return {match[2]: match[1] for match in found if match} if all(found) else {}


def _read(content: bytes) -> tuple[tuple[Case, ...], tuple[str, ...]]:
    """The cases of a JUnit file and the tests that pytest left out. Raises ValueError, which says why it is none."""
    try:
        if "<!DOCTYPE" in content.decode("utf-8"):
            raise ValueError("it defines a document type of its own")
        report = JUnitXml.fromstring(content)
    except UnicodeDecodeError as error:
        raise ValueError("it is not text in UTF-8") from error
    except (SyntaxError, LookupError) as error:
        raise ValueError(f"it is empty, cut off or not XML ({error})") from error
    except JUnitXmlError as error:
        raise ValueError("its root is neither testsuites nor testsuite") from error
    cases: list[Case] = []
    deselected: list[str] = []
    for suite in report:
        deselected += _properties(suite, "deselected")
        for case in suite:
            outcomes = [OUTCOMES[type(result)] for result in case.result]
            outcome = next((outcome for outcome in OUTCOMES.values() if outcome in outcomes), "passed")
            ids = tuple(_properties(case, "requirement"))
            cases.append(Case(case.classname or "", case.name or "", outcome, ids))
    if not cases:
        raise ValueError("it holds no test")
    return tuple(cases), tuple(deselected)


def _properties(element: Element, name: str) -> list[str]:
    return [part.value or "" for group in element.iterchildren(Properties) for part in group if part.name == name]


# ---------------------------------------------------------------- the wrapper around a suite


def run(project: Project, layer: str, command: list[str]) -> int:
    """Runs a layer's suite (`python -m sdd evidence LAYER -- COMMAND…`) and puts a fingerprint beside its report.

    The exit code is the command's; 2 when there is no such command. The old evidence goes first, and a tree
    that changes during the run gets no fingerprint: nobody knows which of the two was tested.
    """
    command = command[1:] if command[:1] == ["--"] else command
    if not command:
        return _say(f"No command is given. Write it after two dashes: python -m sdd evidence {layer} -- pytest …")
    program = shutil.which(command[0])
    if program is None:
        return _say(f"There is no command {command[0]}, so {layer} was not tested. Run `make setup`, then again.")
    report = project.root / report_of(layer)
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    report.with_suffix(".sha256").unlink(missing_ok=True)
    before = fingerprint(project)
    code = _wait_for([program, *command[1:]], project.root)
    after = fingerprint(Project(project.root))
    if not report.is_file():
        _say(f"{report_of(layer)} was not written: {layer} has no evidence. Mend what the command says above.")
    elif before != after:
        parts = changed(before, after)
        _say(f"{report_of(layer)} is no evidence: {parts} changed during the tests. Run `make test-{layer}` again.")
    else:
        stamp(project, layer, after)
    return code if code >= 0 else 128 - code


def _wait_for(command: list[str], folder: Path) -> int:
    with subprocess.Popen(command, cwd=folder) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # Ctrl-C reaches the command too, which stops what it started and then ends
                continue


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2
