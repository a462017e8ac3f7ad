"""The catalogue of choices, hooks/stacks/: each file is whole, and all that is said of a choice comes from it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.conftest import CATALOGUE, COPIER, ROOT, Project, choices, copy, outside

KEYS = {"question", "place", "label", "help", "version", "why", "follows", "for_agents", "files"}
QUESTIONS = ["database", "ci", "agents"]
SETTINGS = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


class TestCatalogue:
    @pytest.mark.parametrize("name", CATALOGUE)
    def test_every_file_says_all_that_is_asked_of_it(self, name: str) -> None:
        choice = CATALOGUE[name]

        more = {"database": {"settings"}, "agents": {"agents_in", "skills_in"}}.get(choice["question"], set())
        assert choice.keys() == KEYS | more
        assert choice["question"] in QUESTIONS
        for key in ("why", "follows"):
            assert re.fullmatch(r"[A-Z`].+\.", choice[key]), f"{name}: {key} is a sentence"
        for key in ("label", "help", "for_agents"):
            assert "," not in choice["label"], "the label is parted from its help by a comma"
            assert not choice[key].endswith("."), f"{name}: {key} stands in a list"

    @pytest.mark.parametrize("question", QUESTIONS)
    def test_the_choices_of_a_question_have_places_from_1_on(self, question: str) -> None:
        places = [CATALOGUE[name]["place"] for name in choices(question)]

        assert places == list(range(1, len(places) + 1))

    @pytest.mark.parametrize("name", CATALOGUE)
    def test_its_files_are_in_the_template_and_nobody_elses(self, name: str) -> None:
        shared = [other for other in CATALOGUE if other != name]

        for file in CATALOGUE[name]["files"]:
            assert (ROOT / "template" / file).exists() or (ROOT / f"template/{file}.jinja").exists(), file
            assert [other for other in shared if file in CATALOGUE[other]["files"]] == []

    def test_every_database_says_where_its_data_is(self) -> None:
        assert [name for name in choices("database") if "DATABASE_URL" not in CATALOGUE[name]["settings"]] == []

    def test_the_default_is_the_first_place(self) -> None:
        defaults = {question: SETTINGS[question]["default"] for question in QUESTIONS}

        assert defaults == {
            "database": choices("database")[0],
            "ci": choices("ci")[0],
            "agents": choices("agents")[:1],
        }

    def test_a_choice_is_offered_as_soon_as_its_file_is_there(self, tmp_path: Path) -> None:
        for name in ("copier.yml", "hooks", "template/.env.example.jinja", "template/AGENTS.md.jinja"):
            copied = tmp_path / "template repository [1]" / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, copied)
        root = tmp_path / "template repository [1]"
        more = CATALOGUE["sqlite"] | {"place": 9, "for_agents": "DuckDB", "settings": {"DATABASE_URL": "duckdb:///it"}}
        (root / "hooks/stacks/duckdb.yml").write_text(yaml.safe_dump(more), "utf-8", newline="\n")

        command = [*COPIER, "copy", "--defaults", "--data", "database=duckdb", str(root), str(tmp_path / "it")]
        subprocess.run(command, env=outside(), capture_output=True, check=True)

        assert "DATABASE_URL=duckdb:///it" in (tmp_path / "it/.env.example").read_text("utf-8")
        assert "DuckDB" in (tmp_path / "it/AGENTS.md").read_text("utf-8")


class TestWhatIsWritten:
    def test_the_table_of_the_readme_is_the_catalogue(self) -> None:
        text = (ROOT / "README.md").read_text("utf-8")
        table = re.search(r"^\| question \| choice \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", text, re.MULTILINE)

        names = [name for question in QUESTIONS for name in choices(question)]
        assert table
        assert table[1].splitlines() == [
            row(f"`{choice['question']}`", f"`{name}`", f"{choice['label']}, {choice['help']}", choice["why"])
            for name, choice in ((name, CATALOGUE[name]) for name in names)
        ]

    @pytest.mark.parametrize("ci", choices("ci"))
    def test_the_project_says_what_was_chosen(self, ci: str, tmp_path: Path) -> None:
        copy(tmp_path / "it", "--data", f"ci={ci}")

        chosen = CATALOGUE[ci]
        readme = (tmp_path / "it/README.md").read_text("utf-8")
        assert row("CI", f"{chosen['label']}, {chosen['help']}", str(chosen["version"])) in readme
        assert f"; {chosen['for_agents']}." in (tmp_path / "it/AGENTS.md").read_text("utf-8")

    def test_the_first_decision_names_the_chosen_the_others_and_what_follows(self, fresh: Project) -> None:
        decision = (fresh.path / "history/adr/0001-stack.md").read_text("utf-8")

        taken = {"sqlite", "github", "claude"}
        for name, choice in CATALOGUE.items():
            label = f"**{choice['label']}**" if name in taken else choice["label"]
            assert f"- {choice['question']}: {label}. {choice['why']}\n" in decision
            assert (f"- {choice['label']}: {choice['follows']}\n" in decision) == (name in taken)
