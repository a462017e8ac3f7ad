"""Evidence: what the tests reported, and of which tree.

Knows JUnit and where a layer's report lies. Does not know what a requirement says, nor whether it is proven.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, JUnitXmlError, Properties, Skipped
from junitparser.junitparser import Element

from sdd.marks import Test
from sdd.project import Finding, Project, Refused

UNTOUCHED = "history/prompts/"  # records are written after the tests, and no test reads them


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
