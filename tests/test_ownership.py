"""Whose a file is at an update: the table of the project's docs/update.md, its program, and the files there are."""

import re
import runpy
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project, commit, left_out, tracked
from tests.test_matrix import SUPPORTED

DOCUMENT = ROOT / "template/docs/update.md"
MADE_BY_USERS = {
    "uv.lock": "uv.lock",
    ".env": ".env",
    "var/**": "var/prompts/1.json",
    "reports/**": "reports/update.md",
    "specs/waivers.yml": "specs/waivers.yml",
    "docs/screenshot.png": "docs/screenshot.png",
}
"""The patterns that no file of the template fits, each with a path that a user's does."""


PROGRAM = runpy.run_path(str(ROOT / "template/sdd/ownership.py"))


def table() -> dict[str, tuple[str, ...]]:
    """The patterns of each owner, in the document's order."""
    owners: dict[str, tuple[str, ...]] = {}
    for patterns, owner in re.findall(
        r"^\| (`.+`) \| (ours|merged|yours) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE
    ):
        owners[owner] = owners.get(owner, ()) + tuple(re.findall(r"`([^`]+)`", patterns))
    return owners


TABLE = table()
SHIPPED = sorted(path.removesuffix(".jinja") for path in tracked("template"))


@pytest.fixture(scope="module")
def owners(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """path → its owners by the document's table, as git understands the patterns; of all files of all choices."""
    project = Project(tmp_path_factory.mktemp("paths"))
    for path in SHIPPED + list(MADE_BY_USERS.values()):
        (project.path / path).parent.mkdir(parents=True, exist_ok=True)
        (project.path / path).touch()
    commit(project.path)
    found: dict[str, list[str]] = {path: [] for path in project.files() if not path.startswith(".git/")}
    for owner, patterns in TABLE.items():
        for path in project.must("git", "ls-files", *(f":(glob){pattern}" for pattern in patterns)).splitlines():
            found[path].append(owner)
    return found


class TestOwnership:
    def test_the_document_says_what_the_program_does(self) -> None:
        assert PROGRAM["OWNERSHIP"] == TABLE

    @pytest.mark.parametrize("combination", SUPPORTED)
    def test_every_file_of_a_project_has_one_owner(self, combination: str, owners: dict[str, list[str]]) -> None:
        made = [path for path in SHIPPED if not left_out(path, *re.split("[ +]", combination))]

        assert made
        assert {path: owners[path] for path in made if len(owners[path]) != 1} == {}

    def test_every_pattern_is_of_a_file_that_ships_or_that_a_user_makes(self, tmp_path: Path) -> None:
        project = Project(tmp_path)
        for path in SHIPPED:
            (project.path / path).parent.mkdir(parents=True, exist_ok=True)
            (project.path / path).touch()
        commit(project.path)

        patterns = [pattern for patterns in TABLE.values() for pattern in patterns]
        idle = {pattern for pattern in patterns if not project.must("git", "ls-files", f":(glob){pattern}")}
        assert len(patterns) == len(set(patterns))
        assert idle == set(MADE_BY_USERS)

    def test_the_program_reads_the_patterns_as_git_does(self, owners: dict[str, list[str]]) -> None:
        assert {path: [PROGRAM["owner"](path)] for path in owners} == owners

    @pytest.mark.parametrize(
        "path",
        ["specs/003-labels/spec.md", "backend/labels/routes.py", "frontend/src/labels/queries.ts", "mobile/app.kt"],
    )
    def test_what_nobody_names_is_the_user_s(self, path: str) -> None:
        assert PROGRAM["owner"](path) == "yours"

    def test_what_make_generate_writes_is_ours(self) -> None:
        text = (ROOT / "template/contracts/generate.py").read_text("utf-8")
        written = re.findall(r'^(?:MODELS|TYPES|RULES|SCHEMA) = Path\("(.+)"\)$', text, re.MULTILINE)

        assert {path: PROGRAM["owner"](path) for path in written} == dict.fromkeys(written, "ours")
        assert len(written) == 4

    def test_it_needs_no_package(self) -> None:
        text = (ROOT / "template/sdd/ownership.py").read_text("utf-8")

        assert re.findall(r"^(?:import|from) (\S+)", text, re.MULTILINE) == ["re", "typing"]
