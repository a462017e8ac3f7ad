"""The requirements that tests name in the sources, in Python by a mark, in TypeScript by the end of a title.

Knows pytest and Vitest, not what a requirement says, nor whether its tests ran.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

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
PYTHON_NEXT = (
    'Write `@pytest.mark.requirement("001-FR-003")`, plain strings, on a test or its class in a layer\'s tests.'
)
TYPESCRIPT_NEXT = "End the title of `it`, `test` or `describe` with it, in one plain string: `'… [001-FR-003]'`."


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
