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

HOSTS = [[host] for host in choices("agents")]
ALL_HOSTS = [choices("agents")] if len(HOSTS) > 1 else []
SUPPORTED = [
    *[{"database": one, "ci": other, "agents": HOSTS[0]} for one, other in product(choices("database"), choices("ci"))],
    *[{"database": "sqlite", "ci": "github", "agents": hosts} for hosts in HOSTS[1:] + ALL_HOSTS],
    *[{"database": "sqlite", "ci": "none", "agents": hosts} for hosts in HOSTS[1:] + ALL_HOSTS],
]
DEFAULTS: dict[str, str | list[str]] = {"database": "sqlite", "ci": "github", "agents": ["claude"]}
FLIPS = [
    *[("ci", ci) for ci in choices("ci")[1:]],
    *[("database", database) for database in choices("database")[1:]],
    *[("agents", hosts) for hosts in HOSTS[1:] + ALL_HOSTS],
]
BINARY = {".png"}


def name(answers: dict[str, str | list[str]]) -> str:
    return " ".join("+".join(answer) if isinstance(answer, list) else answer for answer in answers.values())


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def flag(answer: str | list[str]) -> str:
    return f"[{', '.join(answer)}]" if isinstance(answer, list) else answer


class TestCombination:
    @pytest.mark.parametrize("answers", SUPPORTED, ids=name)
    def test_it_is_whole(
        self, answers: dict[str, str | list[str]], copie_session: Copie, project: Project, template: Path
    ) -> None:
        made = copie_session.copy(extra_answers=answers, template_dir=template)

        assert made.project_dir is not None, made.exception
        assert {key: made.answers[key] for key in answers} == answers
        chosen = [one for answer in answers.values() for one in ([answer] if isinstance(answer, str) else answer)]
        expected = {path.removesuffix(".jinja") for path in tracked("template")}
        texts = files(made.project_dir)
        assert set(texts) == {path for path in expected if not left_out(path, *chosen)}
        assert [path for path in made.project_dir.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
        for path, content in texts.items():
            if Path(path).suffix not in BINARY:
                parsed(path, content.decode("utf-8"))
        judged(Project(made.project_dir), project)


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


def judged(made: Project, project: Project) -> None:
    """`sdd check` of the made project, in the environment of one that is set up: links, records, decisions, agents."""
    commit(made.path)
    python = next(project.path.glob(".venv/bin/python"), project.path / ".venv/Scripts/python.exe")
    made.must(str(python), "-m", "sdd", "check")


@pytest.fixture(scope="module")
def first(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project of the default answers. Nothing may change it."""
    path = tmp_path_factory.mktemp("first") / "my-app"
    assert copy(path, template=template).returncode == 0
    return path


class TestFlip:
    @pytest.mark.parametrize(("question", "answer"), FLIPS, ids=lambda value: flag(value))
    def test_an_update_there_and_back_equals_a_fresh_copy(
        self, question: str, answer: str | list[str], first: Path, template: Path, tmp_path: Path
    ) -> None:
        there, flipped = tmp_path / "there", Project(tmp_path / "flipped")
        assert copy(there, "--data", f"{question}={flag(answer)}", template=template).returncode == 0
        shutil.copytree(first, flipped.path)
        commit(flipped.path)

        update(flipped, question, answer)
        assert files(flipped.path) == files(there)

        flipped.must("git", "add", ".")
        flipped.must("git", "-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-qm", "Flip")
        update(flipped, question, DEFAULTS[question])
        assert files(flipped.path) == files(first)


def update(project: Project, question: str, answer: str | list[str]) -> None:
    """As a person types it: without `--trust`."""
    project.must(*COPIER, "update", "--defaults", "-r", ":current:", "--data", f"{question}={flag(answer)}")
