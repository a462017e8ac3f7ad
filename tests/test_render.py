"""What `copier copy` writes: a project that looks like the template, the same each time, and small."""

import re
import subprocess
from pathlib import Path

from tests.conftest import ROOT, Project, copy, left_out, tracked

LEAVES = {
    ".copier-answers.yml",
    ".devcontainer/devcontainer.json",
    ".env.example",
    "AGENTS.md",
    "LICENSE",
    "README.md",
    "compose.yaml",
    "history/adr/0001-stack.md",
    "specs/constitution.md",
}
"""The only files that may hold an answer: documents and settings, never code."""

MOST_FILES = 170
TEXT = {".py", ".ts", ".tsx", ".md", ".yml", ".yaml", ".toml", ".json", ".html", ".css", ".sql", ".mako", ".svg", ""}


class TestCopy:
    def test_the_project_is_the_template_file_by_file(self, fresh: Project) -> None:
        template = {name.removesuffix(".jinja") for name in tracked("template")}

        assert fresh.files() == template - {name for name in template if left_out(name, "sqlite", "github", "claude")}

    def test_only_documents_hold_answers(self) -> None:
        template = tracked("template")

        assert {name.removesuffix(".jinja") for name in template if name.endswith(".jinja")} == LEAVES

    def test_every_other_file_is_copied_byte_by_byte(self, fresh: Project) -> None:
        for name in fresh.files() - LEAVES:
            assert (fresh.path / name).read_bytes() == (ROOT / "template" / name).read_bytes(), name

    def test_no_jinja_is_left(self, fresh: Project) -> None:
        for name in LEAVES & fresh.files():
            assert not re.search(r"{{|{%|{#", (fresh.path / name).read_text("utf-8")), name

    def test_the_same_answers_give_the_same_bytes(self, fresh: Project, tmp_path: Path) -> None:
        again = Project(tmp_path / "another-folder")
        copy(again.path)

        assert again.files() == fresh.files()
        for name in fresh.files() - {".copier-answers.yml"}:
            assert (again.path / name).read_bytes() == (fresh.path / name).read_bytes(), name

    def test_an_answer_changes_only_documents(self, fresh: Project, tmp_path: Path) -> None:
        other = Project(tmp_path / "other")
        copy(other.path, "--data", "project_name=Other", "--data", "description=Quite another thing")

        changed = {n for n in fresh.files() if (fresh.path / n).read_bytes() != (other.path / n).read_bytes()}
        assert other.files() == fresh.files()
        assert changed <= LEAVES

    def test_the_files_stay_within_the_budget(self, fresh: Project) -> None:
        assert len(fresh.files()) <= MOST_FILES

    def test_lines_end_as_they_do_on_linux(self, fresh: Project) -> None:
        for name in fresh.files():
            if Path(name).suffix in TEXT:
                assert b"\r" not in (fresh.path / name).read_bytes(), name

    def test_nothing_in_the_template_runs_while_copying(self) -> None:
        settings = (ROOT / "copier.yml").read_text("utf-8")

        assert not re.search(r"^_(tasks|migrations|jinja_extensions)\b", settings, re.MULTILINE)


class TestRepository:
    def test_no_file_names_a_registry(self) -> None:
        hosts = r"//(files|registry|deb)\.[a-z]+\.(org|com)|//p[y]pi\.|npmjs\.(org|com)/"
        found = subprocess.run(["git", "grep", "-nIE", hosts], cwd=ROOT, capture_output=True, text=True, check=False)

        assert found.stdout == ""

    def test_every_way_to_lock_takes_the_same_day(self) -> None:
        places = ("Makefile", "template/Makefile", ".github/workflows/ci.yml")
        day = r'(?:--exclude-newer|UV_EXCLUDE_NEWER:) "?([\d-]+)'
        days = [re.findall(day, (ROOT / place).read_text("utf-8")) for place in places]

        assert days == [days[0]] * 3
        assert len(days[0]) == 1

    def test_tools_that_both_projects_use_have_one_version(self) -> None:
        pins = [
            dict(re.findall(r'"([a-z-]+)==([^"]+)"', (ROOT / name).read_text("utf-8")))
            for name in ("pyproject.toml", "template/pyproject.toml")
        ]

        both = pins[0].keys() & pins[1].keys()
        assert {name: pins[0][name] for name in both} == {name: pins[1][name] for name in both}
