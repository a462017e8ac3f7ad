"""The second front door: Cookiecutter asks the same, refuses the same, and the same project comes out."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from cookiecutter.environment import StrictEnvironment

from tests.conftest import CATALOGUE, COPIER, ROOT, Project, choices, commit, copy, outside
from tests.test_questions import NAMES
from tests.test_refusals import REFUSED

SETTINGS: dict[str, Any] = yaml.safe_load((ROOT / "copier.yml").read_text("utf-8"))
DOOR: dict[str, Any] = json.loads((ROOT / "cookiecutter.json").read_text("utf-8"))
ASKED = {name: asked for name, asked in SETTINGS.items() if not name.startswith("_") and asked.get("when", True)}
COOKIECUTTER = [sys.executable, "-m", "cookiecutter"]
Door = Callable[..., subprocess.CompletedProcess[str]]


def at_home(folder: Path) -> dict[str, str]:
    """The environment of a person whose home is empty: Cookiecutter keeps clones and answers there."""
    return outside() | {"HOME": str(folder / "home"), "USERPROFILE": str(folder / "home")}


@pytest.fixture
def door(tmp_path: Path) -> Door:
    """`cookiecutter --no-input` in an empty folder `out`, as a person types it, with a home of its own."""

    def made(address: Path | str, *answers: str, start: Path | None = None) -> subprocess.CompletedProcess[str]:
        (tmp_path / "out").mkdir(exist_ok=True)
        command = [*COOKIECUTTER, "--no-input", "--output-dir", str(tmp_path / "out"), str(address), *answers]
        return subprocess.run(
            command, cwd=start, env=at_home(tmp_path), capture_output=True, text=True, encoding="utf-8", check=False
        )

    return made


def tree(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and ".git" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def labels(name: str) -> dict[str, str]:
    """What Copier shows for each choice."""
    if name == "license":
        return {choice: label for label, choice in ASKED[name]["choices"].items()}
    return {choice: f"{CATALOGUE[choice]['label']}, {CATALOGUE[choice]['help']}" for choice in choices(name)}


class TestQuestions:
    def test_they_are_the_same_in_the_same_order(self) -> None:
        assert [name for name in DOOR if not name.startswith("_")] == list(ASKED)

    @pytest.mark.parametrize("name", ASKED)
    def test_a_question_is_asked_in_the_same_words(self, name: str) -> None:
        prompt = DOOR["__prompts__"][name]
        words = prompt["__prompt__"] if isinstance(prompt, dict) else prompt

        note = f" (one or more of {', '.join(choices(name))}, with commas)" if name == "agents" else ""
        assert words == ASKED[name]["help"] + note

    @pytest.mark.parametrize("name", ["database", "ci", "license"])
    def test_the_choices_and_their_labels_are_the_same_and_the_default_is_the_first(self, name: str) -> None:
        prompt = {choice: label for choice, label in DOOR["__prompts__"][name].items() if choice != "__prompt__"}

        assert prompt == labels(name)
        assert DOOR[name] == list(labels(name))
        assert DOOR[name][0] == ASKED[name]["default"]

    def test_the_default_agents_are_the_same(self) -> None:
        assert DOOR["agents"].split(",") == ASKED["agents"]["default"]

    @pytest.mark.parametrize("name", ["project_name", "description", "author_name"])
    def test_the_default_texts_are_the_same(self, name: str) -> None:
        assert DOOR[name].replace("cookiecutter.", "") == ASKED[name]["default"]

    @pytest.mark.parametrize(
        "name",
        [*NAMES.values(), "My App", "Café  Zürich", "a_b.c/d", "-é-x-", "3D", "x" * 62 + " y", "İstanbul", "a\u2003b"],
    )
    def test_the_slug_follows_from_the_name_in_the_same_way(self, name: str) -> None:
        macro = (ROOT / "hooks/macros.jinja").read_text("utf-8") + "{{ slug(project_name) }}"
        filters = {"regex_replace": lambda text, old, new: re.sub(old, new, text)}
        copiers = StrictEnvironment(context={})
        copiers.filters |= filters | {"regex_search": lambda text, pattern: re.search(pattern, text)}
        copiers.filters |= dict.fromkeys(["fileglob", "from_yaml", "to_json", "combine", "flatten", "mandatory"], str)
        copiers.filters |= {"basename": str, "extract": str}

        theirs = (
            StrictEnvironment(context={}).from_string(DOOR["project_slug"]).render(cookiecutter={"project_name": name})
        )

        assert theirs == copiers.from_string(macro).render(project_name=name).strip()


class TestProject:
    @pytest.mark.parametrize(
        "answers", [{}, {"project_name": 'Ada\'s "best" app', "ci": "gitlab", "license": "Apache-2.0"}]
    )
    def test_it_is_copiers_byte_by_byte(
        self, answers: dict[str, str], door: Door, template: Path, tmp_path: Path
    ) -> None:
        flags = [flag for name, answer in answers.items() for flag in ("--data", f"{name}={answer}")]
        copy(tmp_path / "copied", *flags, template=template)

        done = door(template, *(f"{name}={answer}" for name, answer in answers.items()))

        assert done.returncode == 0, done.stdout + done.stderr
        [made] = (tmp_path / "out").iterdir()
        assert tree(made) == tree(tmp_path / "copied")

    def test_a_relative_path_becomes_one_that_updates_find(self, door: Door, template: Path, tmp_path: Path) -> None:
        done = door("copier-sdd", start=template.parent)

        answers = yaml.safe_load((tmp_path / "out/my-app/.copier-answers.yml").read_text("utf-8"))
        assert done.returncode == 0, done.stdout + done.stderr
        assert answers["_src_path"] == str(template)

    def test_an_address_is_kept_and_a_later_update_works(self, door: Door, template: Path, tmp_path: Path) -> None:
        address = f"git+{template.as_uri()}"

        done = door(address, "ci=none")

        project = Project(tmp_path / "out/my-app")
        assert done.returncode == 0, done.stdout + done.stderr
        assert yaml.safe_load((project.path / ".copier-answers.yml").read_text("utf-8"))["_src_path"] == address
        commit(project.path)
        project.must(*COPIER, "update", "--defaults", "-r", ":current:", "--data", "ci=gitlab")
        copy(tmp_path / "copied", "--data", "ci=gitlab", template=template)
        after = tree(project.path) | {".copier-answers.yml": b""}
        assert after == tree(tmp_path / "copied") | {".copier-answers.yml": b""}


class TestRefused:
    @pytest.mark.parametrize(
        ("answer", "sentences"),
        [
            ("agents=", REFUSED["no agent"][1:]),
            ("agents= , ", REFUSED["no agent"][1:]),
            ("agents=claude, gemini", REFUSED["unknown agent"][1:]),
            ("agents=x,y", [REFUSED["unknown agent"][1].replace("gemini", name) for name in "xy"]),
            ("project_name=   ", REFUSED["blank name"][1:]),
            ("project_slug=MyApp", REFUSED["slug in capitals"][1:]),
        ],
    )
    def test_the_error_is_the_sentence_that_copier_says_and_nothing_is_left(
        self, answer: str, sentences: list[str], door: Door, template: Path, tmp_path: Path
    ) -> None:
        done = door(template, answer)

        said = [line.rpartition("': ")[2] for line in done.stderr.splitlines()]
        assert done.returncode != 0
        assert said[-len(sentences) :] == list(sentences)
        assert list((tmp_path / "out").iterdir()) == []

    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [
            ({"database": "oracle"}, REFUSED["unknown database"][1]),
            ({"agents": ["gemini"]}, REFUSED["unknown agent"][1].replace("gemini", "['gemini']")),
            ({"license": "GPL"}, REFUSED["unknown license"][1]),
            ({"description": None}, "description is no text: write it in one line, in quotes."),
        ],
    )
    def test_a_file_of_answers_is_refused_the_same_way(
        self, answer: dict[str, Any], sentence: str, template: Path, tmp_path: Path
    ) -> None:
        answers = {name: value[0] if isinstance(value, list) else value for name, value in DOOR.items()}
        (tmp_path / "answers.json").write_text(json.dumps({"cookiecutter": answers | {"project_slug": "it"} | answer}))
        (tmp_path / "out").mkdir()

        command = [*COOKIECUTTER, "--replay-file", "answers.json", "--output-dir", "out", str(template)]
        done = subprocess.run(command, cwd=tmp_path, env=at_home(tmp_path), capture_output=True, text=True, check=False)

        assert (done.returncode, done.stderr.splitlines()[-1]) == (1, sentence)
        assert list((tmp_path / "out").iterdir()) == []

    @pytest.mark.parametrize("question", ["database", "ci", "license"])
    def test_an_unknown_choice_is_refused_by_cookiecutter_itself(
        self, question: str, door: Door, template: Path, tmp_path: Path
    ) -> None:
        done = door(template, f"{question}=other")

        assert done.returncode != 0
        last = f"ValueError: other provided for choice variable {question}, but the choices are {DOOR[question]}."
        assert done.stderr.splitlines()[-1] == last
        assert list((tmp_path / "out").iterdir()) == []

    def test_a_choice_without_its_file_is_refused_before_anything_is_written(self, tmp_path: Path) -> None:
        hook = (ROOT / "hooks/pre_gen_project.py").read_text("utf-8")
        answers = {"database": "oracle", "ci": "none", "agents": "claude", "_repo_dir": str(ROOT), "_output_dir": ""}
        (tmp_path / "hook.py").write_text(hook.replace("{{ cookiecutter | tojson }}", json.dumps(answers)), "utf-8")

        done = subprocess.run(
            [sys.executable, tmp_path / "hook.py"], cwd=tmp_path, capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stderr.strip()) == (1, REFUSED["unknown database"][1])

    def test_without_copier_it_is_one_sentence_and_no_project(
        self, door: Door, template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "hidden").mkdir()
        (tmp_path / "hidden/sitecustomize.py").write_text(
            "import importlib.util\nfind = importlib.util.find_spec\n"
            "importlib.util.find_spec = lambda name, *more: None if name == 'copier' else find(name, *more)\n"
        )
        monkeypatch.setenv("PYTHONPATH", str(tmp_path / "hidden"))

        done = door(template)

        sentence = (
            "Copier fills the project in, and Cookiecutter's Python has none: install it there (pip install copier)."
        )
        assert (done.returncode, done.stderr.strip()) == (1, sentence)
        assert list((tmp_path / "out").iterdir()) == []


class TestHooks:
    def test_both_find_the_template_in_the_same_way(self) -> None:
        def finder(hook: str) -> str:
            parsed = ast.parse((ROOT / f"hooks/{hook}_gen_project.py").read_text("utf-8"))
            [found] = [part for part in parsed.body if isinstance(part, ast.FunctionDef) and part.name == "template"]
            return ast.dump(found)

        assert finder("pre") == finder("post")

    def test_neither_lets_copier_run_anything(self) -> None:
        hook = (ROOT / "hooks/post_gen_project.py").read_text("utf-8")

        assert hook.count("unsafe=False") == hook.count("run_copy(") == 1
