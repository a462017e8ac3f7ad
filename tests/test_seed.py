"""docs/seed.md: each duty of the seed has a place that is there, and a check that exists."""

import ast
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project

SEED = ROOT / "docs/seed.md"
PLACE = re.compile(r"`(?P<file>[^`]+)`(?: § (?P<heading>.+)|, “(?P<words>.+)”)")
LEAST = 110
"""Rows: the seed has so many lines that ask for something."""


@dataclass(frozen=True)
class Duty:
    """A row: what the seed asks, where that stands, what fails when it is not kept."""

    asked: str
    place: str
    check: str


def duties(text: str) -> list[Duty]:
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in text.splitlines() if line.startswith("| ")]
    assert [row for row in rows if len(row) != 3] == []
    return [Duty(*row) for row in rows if row[0] != "the seed asks"]


DUTIES = duties(SEED.read_text("utf-8"))


def missing_place(project: Path, place: str) -> str | None:
    """What of a place is not there."""
    found = PLACE.fullmatch(place)
    if not found:
        return f"{place} is neither `file` § heading nor `file`, “words”"
    file = project / found["file"]
    if not file.is_file():
        return f"there is no {found['file']}"
    text = file.read_text("utf-8")
    if found["heading"]:
        there = re.search(rf"^#+ {re.escape(found['heading'])}$", text, re.MULTILINE)
    else:
        there = re.search(r"\s+".join(map(re.escape, found["words"].split())), text)
    return None if there else f"{found['file']} has no {found['heading'] or found['words']!r}"


def missing_check(project: Path, check: str) -> str | None:
    """What of a check is not there."""
    if check == "a person":
        return None
    kind, _, name = check.strip("`").rpartition(": ")
    if name.startswith("make "):
        tasks = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["tasks"]
        return None if name.removeprefix("make ") in tasks else f"there is no task {name}"
    if kind == "sdd":
        sources = [path.read_text("utf-8") for path in project.glob("sdd/*.py")]
        return None if any(f'"{name}"' in source for source in sources) else f"sdd has no rule {name}"
    return missing_test(ROOT if kind == "template" else project, name)


def missing_test(root: Path, name: str) -> str | None:
    path, *parts = name.split("::")
    if not (root / path).is_file():
        return f"there is no {path}"
    text = (root / path).read_text("utf-8")
    if path.endswith(".py"):
        node: ast.AST = ast.parse(text)
        for part in parts:
            named = {getattr(child, "name", ""): child for child in ast.iter_child_nodes(node)}
            if part not in named:
                return f"{path} has no {part}"
            node = named[part]
        return None
    titles = re.findall(r"describe\('([^']+?)(?: \[[^']*)?'", text)
    return None if parts[0] in titles else f"{path} has no describe('{parts[0]}')"


class TestSeed:
    @pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.asked)
    def test_a_duty_has_a_place_and_a_check_that_exist(self, fresh: Project, duty: Duty) -> None:
        assert [missing_place(fresh.path, duty.place), missing_check(fresh.path, duty.check)] == [None, None]

    def test_every_line_of_the_seed_has_a_row(self) -> None:
        assert len(DUTIES) >= LEAST

    def test_few_duties_are_left_to_judgement(self) -> None:
        judged = [duty for duty in DUTIES if duty.check == "a person"]

        assert len(judged) <= len(DUTIES) // 6

    @pytest.mark.parametrize(
        ("place", "check"),
        [
            ("`AGENTS.md` § Nowhere", "`make nothing`"),
            ("`AGENTS.md`, “never said”", "`sdd: no-such-rule`"),
            ("`nowhere.md` § Steps", "`backend/tests/test_todos.py::TestNothing`"),
            ("AGENTS.md", "`template: tests/test_nothing.py`"),
            ("`AGENTS.md`", "`frontend/src/app.test.tsx::nothing`"),
            ("", ""),
        ],
    )
    def test_a_row_that_points_at_nothing_is_found(self, fresh: Project, place: str, check: str) -> None:
        assert missing_place(fresh.path, place)
        assert missing_check(fresh.path, check)
