"""Verification: which promises of built specs are proven by tests that ran and passed on this very tree.

Judges and shows; how tests are found and reports are read, `evidence` knows, and what a spec is, `specs`.
"""

import os
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from sdd import documents, evidence, marks, specs
from sdd.evidence import Results
from sdd.marks import LAYERS, Test
from sdd.project import Finding, Project, Refused

NOT_PASSED = {
    "failed": "failed",
    "error": "ended in an error",
    "skipped": "was skipped",
    "missing": "is not in the report, wholly or with one of its cases: it was left out",
}


@dataclass(frozen=True)
class Row:
    """A promise of a built spec: `state` is proven, unproven, waived or, of a success criterion, unmeasured.

    `proofs`: each test that names it with its outcome: passed, failed, error, skipped, missing or stale (no evidence).
    """

    spec: specs.Spec
    requirement: specs.Requirement
    state: str
    proofs: tuple[tuple[Test, str], ...]


@dataclass(frozen=True)
class Item:
    """A line of the quality checklist: `shown` tells what was found; `lacking`, what no other finding tells of."""

    claim: str
    ticked: bool
    shown: str
    lacking: str


@dataclass(frozen=True)
class Verdict:
    """What `verify` found: nothing when every promise is proven. `summary` is the checklist and the totals, in text."""

    findings: list[Finding]
    rows: list[Row]
    checklist: list[Item]

    @property
    def totals(self) -> str:
        """One sentence of figures."""
        promised = [row for row in self.rows if "-FR-" in row.requirement.id]
        criteria = [row for row in self.rows if row not in promised]
        tests = {test for row in self.rows for test, _ in row.proofs}
        figures = [f"{len(promised)} requirements: {_count(promised, 'proven', 'unproven', 'waived')}"]
        if criteria:
            states = ("proven", "unproven", "waived", "unmeasured")
            figures.append(f"{len(criteria)} success criteria: {_count(criteria, *states)}")
        return "; ".join([*figures, f"{len(tests)} tests name them."])

    @property
    def summary(self) -> str:
        items = [f"[{'x' if item.ticked else ' '}] {item.claim}\n    {item.shown}" for item in self.checklist]
        return "\n".join([*items, self.totals])


def _count(rows: list[Row], *states: str) -> str:
    found = {state: sum(row.state == state for row in rows) for state in states}
    return ", ".join(f"{count} {state}" for state, count in found.items() if count or state in ("proven", "unproven"))


def verify(project: Project) -> Verdict:
    """Judges every built spec and writes `reports/traceability.md` and `.html`. Reads reports only; runs no test.

    In a GitHub job (GITHUB_STEP_SUMMARY) the matrix stands in its summary too.
    """
    reports = {layer: evidence.results(project, layer) for layer in LAYERS if _has_tests(project, layer)}
    rows = _rows(project, reports)
    checklist = [_judge(check, rows, reports) for check in CHECKS]
    found = [*_unreadable(project), *_unclear(project, reports), *marks.findings(project)]
    for report in reports.values():
        found += [report.problem] if report.problem else []
        found += _untold_failures(project, report)
    found += _row_findings(rows)
    for item in checklist if rows and not found else ():  # what else is wrong comes first, and may be the reason
        if item.lacking:
            action = "Write such a requirement, and name it in a test there that passes."
            found.append(Finding(rows[0].spec.path, 1, "checklist", f"“{item.claim}”: {item.lacking}.", action))
    verdict = Verdict(sorted(set(found)), rows, checklist)
    folder = project.root / "reports"
    folder.mkdir(exist_ok=True)
    (folder / "traceability.md").write_text(markdown(verdict), "utf-8", newline="\n")
    (folder / "traceability.html").write_text(page(verdict), "utf-8", newline="\n")
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8", newline="\n") as job:
            job.write(markdown(verdict))
    return verdict


def _has_tests(project: Project, layer: str) -> bool:
    return any(marks.layer_of(path) == layer for path in project.under(LAYERS[layer]))


def _rows(project: Project, reports: dict[str, Results]) -> list[Row]:
    naming: dict[str, list[tuple[Test, str]]] = {}
    for test in marks.tests(project):
        outcome = reports[test.layer].outcome(test) if reports[test.layer].fresh else "stale"
        for name in test.requirements:
            naming.setdefault(name, []).append((test, outcome))
    waived = specs.waivers(project)
    rows = []
    for spec in (spec for spec in specs.specs(project) if spec.status == "built"):
        for name, requirement in spec.promises.items():
            proofs = tuple(naming.get(name, ()))
            state = "proven" if proofs and all(outcome == "passed" for _, outcome in proofs) else "unproven"
            if not proofs and name in spec.criteria:
                state = "unmeasured"
            rows.append(Row(spec, requirement, "waived" if name in waived else state, proofs))
    return rows


# ---------------------------------------------------------------- findings


def _unreadable(project: Project) -> list[Finding]:
    """Specs that nobody can judge."""
    found = []
    for path in project.under("specs/", "/spec.md"):
        try:
            documents.read(project, path)
        except Refused as error:
            found.append(error.finding)
    return found


def _unclear(project: Project, reports: dict[str, Results]) -> list[Finding]:
    """Requirements that a test names as it runs, and that its source does not show."""
    shown = {
        (test.layer, test.name.rpartition("::")[2], name)  # a class that inherits a test inherits its mark
        for test in marks.tests(project)
        for name in test.requirements
    }
    found = []
    for layer, report in reports.items():
        for case in report.cases if report.fresh else ():
            for name in case.requirements:
                if (layer, case.name.partition("[")[0], name) not in shown:
                    message = f"{case.suite}::{case.name} names {name} as it runs, and its source does not show it."
                    path = evidence.report_of(layer)
                    found.append(Finding(path, 1, "unclear-requirement", message, marks.PYTHON_NEXT))
    return found


def _row_findings(rows: list[Row]) -> list[Finding]:
    found = []
    blocked: dict[tuple[Test, str], list[str]] = {}
    for row in rows:
        name = row.requirement.id
        if row.state == "unproven" and not row.proofs:
            action = f'Mark the test that proves it: `@pytest.mark.requirement("{name}")`, or ` [{name}]` in its title.'
            found.append(
                Finding(
                    row.spec.path, row.requirement.line, "untested", f"{name} is built, and no test names it.", action
                )
            )
        for proof in row.proofs if row.state == "unproven" else ():
            blocked.setdefault(proof, []).append(name)
    for (test, outcome), names in blocked.items():
        if outcome in NOT_PASSED:
            is_are = "is" if len(names) == 1 else "are"
            message = f"`{test.name}` {NOT_PASSED[outcome]}: {', '.join(names)} {is_are} not proven."
            action = f"Mend it and run `make test-{test.layer}`."
            found.append(Finding(test.path, test.line, f"test-{outcome}", message, action))
    return found


def _untold_failures(project: Project, report: Results) -> list[Finding]:
    """Failed tests that name no requirement: a suite that is red holds nothing."""
    named = {id(case) for test in marks.tests(project) if test.layer == report.layer for case in report.of(test)}
    failed = [case for case in report.cases if case.outcome in ("failed", "error") and id(case) not in named]
    if not failed or not report.fresh:
        return []
    names = ", ".join(f"`{case.name}`" for case in failed[:3]) + (" and more" if len(failed) > 3 else "")
    message = f"{len(failed)} of {len(report.cases)} tests of {report.layer} failed that name no requirement: {names}."
    action = f"Mend them and run `make test-{report.layer}`."
    return [Finding(evidence.report_of(report.layer), 1, "test-failed", message, action)]


# ---------------------------------------------------------------- the quality checklist


@dataclass(frozen=True)
class Check:
    """What ticks a claim: every test of `suites` passed, and every requirement that fits `words` is proven.

    In each group of layers of `where` a test proves at least one of those; `about` says which they are, for people.
    """

    claim: str
    suites: tuple[str, ...] = ()
    about: str = ""
    words: str = ""
    where: tuple[tuple[str, ...], ...] = ()


API, UI = ("backend", "contract"), ("frontend", "e2e")
CHECKS = (
    Check("API contracts match between frontend and backend", suites=("contract", "backend", "frontend")),
    Check(
        "Data flows correctly through all layers",
        suites=("e2e",),
        about="name an operation",
        words=r"`(?:list|get|create|update|delete)_\w+`",
        where=(("database",), API, UI),
    ),
    Check(
        "Error handling is consistent and informative",
        about="speak of a refusal, a failure or an error",
        words=r"\b(?:refus\w*|fail\w*|errors?|wrong|invalid|could not|cannot|alerts?|4\d\d|5\d\d)\b",
        where=(API, UI),
    ),
    Check(
        "Loading states are shown appropriately",
        about="speak of loading, being busy, or what is shown before the answer",
        words=r"\b(?:load(?:s|ed|ing)?|busy|optimistic\w*|at once|before\b.*\banswer\w*|until)\b",
        where=(UI,),
    ),
    Check(
        "State synchronization works correctly",
        about="speak of versions, of changes elsewhere, or of taking back",
        words=r"\b(?:versions?|stale|elsewhere|conflict\w*|same moment|(?:taken|comes?|rolls?) back|synchron\w*)\b",
        where=((*API, "integration"), UI),
    ),
    Check("Integration tests pass", suites=("integration",)),
    Check(
        "No data loss or corruption scenarios",
        about="speak of surviving, losing, overwriting, or happening at the same moment",
        words=r"\b(?:surviv\w*|los[et]\w*|overwrit\w*|corrupt\w*|restart\w*|transactions?|same moment|exactly once)\b",
        where=(("database", "integration"),),
    ),
)


def _judge(check: Check, rows: list[Row], reports: dict[str, Results]) -> Item:
    shown: list[str] = []
    lacking: list[str] = []
    ticked = True
    for layer in check.suites:
        report = reports.get(layer)
        ticked &= report is not None and report.passed
        said = f"{len(report.cases)} tests of {layer}" if report and report.fresh else f"the tests of {layer}"
        shown.append(f"{said} passed" if report and report.passed else f"{said} have not all passed")
        lacking += [] if report else [f"there is no test of {layer}"]
    if check.where:
        about = [row for row in rows if row.state != "unmeasured" and _speaks(check, row)]
        proven = [row for row in about if row.state == "proven"]
        shown.append(f"requirements that {check.about}: {_count(about, 'proven', 'unproven', 'waived')}")
        for group in check.where:
            if any(test.layer in group for row in proven for test, _ in row.proofs):
                continue
            shown.append(f"none by a test of {' or '.join(group)}")
            ticked = False
            if len(proven) == len(about):
                lacking.append(
                    f"of the requirements that {check.about}, none is proven by a test of {' or '.join(group)}"
                )
        ticked &= not any(row.state == "unproven" for row in about)
    return Item(check.claim, ticked, "; ".join(shown), "; ".join(lacking))


def _speaks(check: Check, row: Row) -> bool:
    return re.search(check.words, row.requirement.text, re.IGNORECASE) is not None


# ---------------------------------------------------------------- the matrix

SIGNS = {"passed": "✓", "failed": "✗", "error": "✗", "skipped": "○", "missing": "○", "stale": "?"}


def markdown(verdict: Verdict) -> str:
    """The matrix for a job's summary: totals, checklist, and a table for each spec."""
    lines = ["# Traceability", "", verdict.totals, ""]
    lines += [f"- [{'x' if item.ticked else ' '}] {item.claim}: {item.shown}" for item in verdict.checklist]
    spec = None
    for row in verdict.rows:
        if row.spec is not spec:
            spec = row.spec
            lines += [
                "",
                f"## {spec.folder}",
                "",
                "| requirement | state | what it says | tests |",
                "|---|---|---|---|",
            ]
        proofs = "<br>".join(f"{SIGNS[outcome]} {test.layer}: {_plain(test.name)}" for test, outcome in row.proofs)
        text = row.requirement.text.replace("|", "\\|")
        lines.append(f"| {row.requirement.id} | {row.state} | {text} | {proofs or '–'} |")
    return "\n".join([*lines, ""])


def _plain(name: str) -> str:
    """A test's name in which nothing is markup."""
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", name).replace("<", "&lt;")


STYLE = """
:root { color-scheme: light dark; --line: light-dark(#e3e6ea, #2c323a); --soft: light-dark(#5d6672, #9aa4b1);
  --good: light-dark(#16794a, #56c98d); --bad: light-dark(#b3261e, #ff8a80); --wait: light-dark(#8a5a00, #f0b952); }
body { font: 15px/1.55 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 2.5rem 1.25rem 5rem;
  background: light-dark(#fbfbfc, #14171b); color: light-dark(#1b1f24, #e6e9ed); }
h1 { font-size: 1.7rem; margin: 0; } h2 { font-size: 1.15rem; margin: 3rem 0 .75rem; }
.totals, small, summary, .name { color: var(--soft); } small { display: block; }
meter { height: .9rem; width: 100%; }
ul { list-style: none; padding: 0; } .checks li { padding: .35rem 0 .35rem 1.8rem; position: relative; }
.checks li::before { content: "✓"; position: absolute; left: .2rem; color: var(--good); font-weight: 700; }
.checks li.open::before { content: "○"; color: var(--bad); }
table { border-collapse: collapse; width: 100%; }
td { border-top: 1px solid var(--line); padding: .8rem 0; vertical-align: top; }
td:first-child { padding-right: 1.5rem; white-space: nowrap; width: 6rem; font-variant-numeric: tabular-nums; }
td p { margin: 0; } details { margin-top: .3rem; font-size: .9rem; } summary { cursor: pointer; width: fit-content; }
details ul { margin: .3rem 0 0; } .name { font-style: normal; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, monospace; }
.proven, .passed { color: var(--good); } .unproven, .failed, .error { color: var(--bad); }
.waived, .unmeasured, .skipped, .missing, .stale { color: var(--wait); }
"""


def page(verdict: Verdict) -> str:
    """The matrix as one page of HTML that needs no other file."""
    checks = "".join(
        f'<li class="{"ticked" if item.ticked else "open"}">{escape(item.claim)}<small>{escape(item.shown)}</small>\n'
        for item in verdict.checklist
    )
    built = list({row.spec.folder: row.spec for row in verdict.rows}.values())
    tables = "".join(_table(spec, [row for row in verdict.rows if row.spec is spec]) for spec in built)
    proven = sum(row.state == "proven" for row in verdict.rows)
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Traceability</title>\n<style>{STYLE}</style>\n<h1>Traceability</h1>\n"
        f'<p class="totals">{escape(verdict.totals)}</p>\n'
        f'<meter aria-label="Proven" value="{proven}" max="{len(verdict.rows) or 1}"></meter>\n'
        f'<ul class="checks">\n{checks}</ul>\n{tables}</html>\n'
    )


def _table(spec: specs.Spec, rows: list[Row]) -> str:
    return f"<h2>{escape(spec.folder)}</h2>\n<table>\n{''.join(map(_line, rows))}</table>\n"


def _line(row: Row) -> str:
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(row.requirement.text))
    name = f'{escape(row.requirement.id)}<br><span class="{row.state}">{row.state}</span>'
    return f"<tr><td>{name}<td><p>{text}</p>{_proofs(row)}</tr>\n"


def _proofs(row: Row) -> str:
    if not row.proofs:
        return "<small>no test names it</small>"
    lines = "".join(
        f'<li><span class="{outcome}">{SIGNS[outcome]} {test.layer}</span> <i class="name">{escape(test.name)}</i>'
        for test, outcome in row.proofs
    )
    passed = sum(outcome == "passed" for _, outcome in row.proofs)
    failed = " open" if any(outcome in NOT_PASSED for _, outcome in row.proofs) else ""
    tests = "1 test" if len(row.proofs) == 1 else f"{len(row.proofs)} tests"
    return f"<details{failed}><summary>{passed} of {tests} passed</summary><ul>{lines}</ul></details>"
