"""Every combination of answers that changes files: rendered, read and checked; and each choice flipped by an update."""

import json
import re
import shutil
import tomllib
from itertools import product
from pathlib import Path

import pytest
import yaml
from pytest_copie.plugin import Copie

from tests.conftest import COPIER, Project, choices, commit, copy, left_out, tracked

SUPPORTED = [
    "sqlite github claude",
    "sqlite gitlab claude",
    "sqlite none claude",
    "postgresql github claude",
    "postgresql gitlab claude",
    "postgresql none claude",
    "sqlite github copilot",
    "sqlite github codex",
    "sqlite github claude+copilot+codex",
    "sqlite none copilot",
    "sqlite none codex",
    "sqlite none claude+copilot+codex",
]
UNSUPPORTED = [
    "mysql github claude",
    "sqlite jenkins claude",
    "sqlite github cursor",
    "sqlite github claude+cursor",
    "sqlite github ",
    "SQLite github claude",
    " github claude",
    "sqlite  claude",
]
FLIPS = [
    ("ci", "gitlab"),
    ("ci", "none"),
    ("database", "postgresql"),
    ("agents", "copilot"),
    ("agents", "codex"),
    ("agents", "claude+copilot+codex"),
]
DEFAULTS = {"database": "sqlite", "ci": "github", "agents": "claude"}
BINARY = {".png"}


def answers(combination: str) -> dict[str, str | list[str]]:
    """A combination is `database ci agents`, the agents parted by a plus."""
    database, ci, agents = combination.split(" ")
    return {"database": database, "ci": ci, "agents": agents.split("+") if agents else []}


def flag(question: str, answer: str) -> str:
    return f"{question}=[{answer.replace('+', ', ')}]" if question == "agents" else f"{question}={answer}"


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


class TestLists:
    def test_every_database_with_every_ci_and_every_host_alone_and_all_together_are_in_it(self) -> None:
        hosts = [*choices("agents"), "+".join(choices("agents"))]
        pairs = [f"{database} {ci} claude" for database, ci in product(choices("database"), choices("ci"))]

        assert set(SUPPORTED) == {*pairs, *(f"sqlite {ci} {host}" for ci in ("github", "none") for host in hosts)}

    def test_every_choice_is_flipped_to(self) -> None:
        others = [(question, choice) for question in DEFAULTS for choice in choices(question)[1:]]

        assert set(FLIPS) == {*others, ("agents", "+".join(choices("agents")))}


class TestCombination:
    @pytest.mark.parametrize("combination", SUPPORTED)
    def test_it_is_whole(
        self, combination: str, copie_session: Copie, project: Project, template: Path, types: Path
    ) -> None:
        made = copie_session.copy(extra_answers=answers(combination), template_dir=template)

        assert made.project_dir is not None, made.exception
        assert {key: made.answers[key] for key in DEFAULTS} == answers(combination)
        expected = {path.removesuffix(".jinja") for path in tracked("template")}
        texts = files(made.project_dir)
        assert set(texts) == {path for path in expected if not left_out(path, *re.split("[ +]", combination))}
        assert [path for path in made.project_dir.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
        for path, content in texts.items():
            if Path(path).suffix not in BINARY:
                parsed(path, content.decode("utf-8"))
        judged(Project(made.project_dir), str(project.python), types)

    @pytest.mark.parametrize("combination", UNSUPPORTED)
    def test_another_is_refused_and_nothing_is_written(self, combination: str, copie: Copie, template: Path) -> None:
        made = copie.copy(extra_answers=answers(combination), template_dir=template)

        assert (made.exit_code, made.project_dir) == (-1, None)

    def test_copilot_without_ci_keeps_its_agents(self, copie: Copie, template: Path) -> None:
        made = copie.copy(extra_answers=answers("sqlite none copilot"), template_dir=template)

        assert made.project_dir is not None, made.exception
        assert {path.name for path in (made.project_dir / ".github").iterdir()} == {"agents", "skills"}


def parsed(path: str, text: str) -> None:
    """Reads a file as what it is; no Jinja may be left where Jinja was."""
    match Path(path).suffix:
        case ".json":
            json.loads(text)
        case ".toml":
            tomllib.loads(text)
        case ".yml" | ".yaml":
            yaml.safe_load(text)
        case ".py":
            compile(text, path, "exec")
        case ".md" if not path.startswith("history/prompts/"):
            assert not re.search(r"{%|{#", text), path
    if path in {
        ".devcontainer/devcontainer.json",
        ".env.example",
        "AGENTS.md",
        "LICENSE",
        "README.md",
        "history/adr/0001-stack.md",
    }:
        assert not re.search(r"{{|}}", text), path


@pytest.fixture(scope="module")
def types(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What mypy learned from the combinations before: code differs in few files."""
    return tmp_path_factory.mktemp("types")


def judged(made: Project, python: str, types: Path) -> None:
    """Lint, types and `sdd check`: links, records, decisions, agents. A project that is set up lends its tools."""
    commit(made.path)
    made.must(python, "-m", "sdd", "check")
    made.must(python, "-m", "ruff", "check", "--no-cache")
    made.must(python, "-m", "ruff", "format", "--check", "--no-cache")
    made.must(python, "-m", "mypy", "--cache-dir", str(types))


@pytest.fixture(scope="module")
def first(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the default answers. Nothing may change it."""
    path = tmp_path_factory.mktemp("first") / "my-app"
    assert copy(path, template=template).returncode == 0
    return path


class TestFlip:
    @pytest.mark.parametrize(("question", "answer"), FLIPS)
    def test_an_update_there_and_back_equals_a_fresh_copy(
        self, question: str, answer: str, first: Path, template: Path, tmp_path: Path
    ) -> None:
        there, flipped = tmp_path / "there", Project(tmp_path / "flipped")
        assert copy(there, "--data", flag(question, answer), template=template).returncode == 0
        shutil.copytree(first, flipped.path)
        commit(flipped.path)

        update(flipped, question, answer)
        assert files(flipped.path) == files(there)

        flipped.must("git", "add", ".")
        flipped.must("git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-qm", "Flip")
        update(flipped, question, DEFAULTS[question])
        assert files(flipped.path) == files(first)


def update(project: Project, question: str, answer: str) -> None:
    """As a person types it: without `--trust`."""
    project.must(*COPIER, "update", "--defaults", "-r", ":current:", "--data", flag(question, answer))
