"""What copier.yml refuses, by flag, by data file and at an update: one sentence, and nothing is written."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from copier import run_copy

from tests.conftest import COPIER, Project, choices, commit, copy

NO_CI = "ci has no choice jenkins: choose github, gitlab or none."
TEXT = "is no text: write it in one line, in quotes."


def listed(last: str, question: str = "agents") -> str:
    """The choices of a question as a sentence lists them."""
    *names, end = choices(question)
    return f"{', '.join(names)} {last} {end}" if names else end


NO_LIST = "agents is no list: write it like [claude]."
REFUSED = {
    "blank name": (
        {"project_name": "   "},
        "project_name is blank: write at least one letter.",
    ),
    "empty name": (
        {"project_name": ""},
        "project_name is blank: write at least one letter.",
    ),
    "81 characters": (
        {"project_name": "x" * 81},
        "project_name has 81 characters, and 80 are the most: shorten it.",
    ),
    "two lines": (
        {"project_name": "My\nApp"},
        "project_name holds a line break or a control character: write it in one plain line.",
    ),
    "name that expands": (
        {"project_name": "My ${HOME}"},
        "project_name holds ${, which .env would replace: write it without.",
    ),
    "slug with a space": (
        {"project_slug": "my app"},
        "project_slug is 1 to 63 lower-case letters, digits and hyphens and starts with a letter:"
        " choose one like my-app.",
    ),
    "slug in capitals": (
        {"project_slug": "MyApp"},
        "project_slug is 1 to 63 lower-case letters, digits and hyphens and starts with a letter:"
        " choose one like my-app.",
    ),
    "slug of 64": (
        {"project_slug": "a" * 64},
        "project_slug is 1 to 63 lower-case letters, digits and hyphens and starts with a letter:"
        " choose one like my-app.",
    ),
    "slug with a line break": (
        {"project_slug": "my-app\n"},
        "project_slug is 1 to 63 lower-case letters, digits and hyphens and starts with a letter:"
        " choose one like my-app.",
    ),
    "description of two lines": (
        {"description": "one\ntwo"},
        "description holds a line break or a control character: write it in one plain line.",
    ),
    "blank author": (
        {"author_name": " "},
        "author_name is blank: write at least one letter.",
    ),
    "unknown database": ({"database": "oracle"}, f"database has no choice oracle: choose {listed('or', 'database')}."),
    "unknown ci": ({"ci": "jenkins"}, NO_CI),
    "blank ci": ({"ci": ""}, 'ci has no choice "": choose github, gitlab or none.'),
    "two databases": (
        {"database": "[sqlite, oracle]"},
        f"database has no choice [sqlite, oracle]: choose {listed('or', 'database')}.",
    ),
    "unknown agent": ({"agents": "[claude, gemini]"}, f"agents has no choice gemini: choose {listed('or')}."),
    "no agent": ({"agents": "[]"}, f"agents is empty: choose at least one of {listed('and')}."),
    "agents without brackets": ({"agents": "claude"}, NO_LIST),
    "agents with half a bracket": ({"agents": "[claude"}, NO_LIST),
    "agents as a mapping": ({"agents": "{claude: true}"}, NO_LIST),
    "unknown license": ({"license": "GPL"}, "license has no choice GPL: choose MIT, Apache-2.0 or proprietary."),
}
REFUSED_IN_A_FILE = {
    "unknown database": ("database: oracle", f"database has no choice oracle: choose {listed('or', 'database')}."),
    "database as a list": (
        "database: [sqlite]",
        f'database has no choice ["sqlite"]: choose {listed("or", "database")}.',
    ),
    "no as YAML reads it": ("ci: no", "ci has no choice false: choose github, gitlab or none."),
    "ci without a value": ("ci:", "ci has no choice null: choose github, gitlab or none."),
    "no agent": ("agents: []", f"agents is empty: choose at least one of {listed('and')}."),
    "unknown agent": ("agents: [gemini]", f"agents has no choice gemini: choose {listed('or')}."),
    "agents as a text": ("agents: claude", NO_LIST),
    "agents as a mapping": ("agents: {claude: true}", NO_LIST),
    "agents as a number": ("agents: 1", NO_LIST),
    "agents without a value": ("agents:", NO_LIST),
    "name as a number": ("project_name: 1.10", f"project_name {TEXT}"),
    "name as a list": ("project_name: [Tide]", f"project_name {TEXT}"),
    "slug without a value": ("project_slug:", f"project_slug {TEXT}"),
    "description as a truth value": ("description: yes", f"description {TEXT}"),
    "author as a mapping": ("author_name: {Ada: 1}", f"author_name {TEXT}"),
    "license as a list": ("license: [MIT]", 'license has no choice ["MIT"]: choose MIT, Apache-2.0 or proprietary.'),
}


def refusal(template: Path, destination: Path, data: dict[str, Any]) -> str:
    """The sentence that refuses the answers, as the command line would end with; nothing is written."""
    with pytest.raises(Exception, match=r"\S") as refused:
        run_copy(str(template), destination, data, vcs_ref="HEAD", defaults=True, quiet=True)

    assert not destination.exists()
    return str(refused.value).splitlines()[-1].removeprefix(f"Validation error for question '{next(iter(data))}': ")


class TestRefusedAnswers:
    @pytest.mark.parametrize(("answers", "sentence"), REFUSED.values(), ids=REFUSED.keys())
    def test_a_flag_is_refused_with_one_sentence(
        self, answers: dict[str, str], sentence: str, template: Path, tmp_path: Path
    ) -> None:
        assert refusal(template, tmp_path / "it", answers) == sentence

    @pytest.mark.parametrize(("answers", "sentence"), REFUSED_IN_A_FILE.values(), ids=REFUSED_IN_A_FILE.keys())
    def test_a_data_file_is_refused_with_one_sentence(
        self, answers: str, sentence: str, template: Path, tmp_path: Path
    ) -> None:
        assert refusal(template, tmp_path / "it", yaml.safe_load(answers)) == sentence

    @pytest.mark.parametrize("case", ["blank name", "unknown ci", "no agent"])
    def test_the_command_line_says_it_last_and_nothing_is_written(self, case: str, tmp_path: Path) -> None:
        [[name, answer]], sentence = REFUSED[case][0].items(), REFUSED[case][1]

        done = copy(tmp_path / "it", "--data", f"{name}={answer}")

        assert done.returncode != 0
        assert done.stderr.strip().splitlines()[-1].endswith(f": {sentence}")
        assert not (tmp_path / "it").exists()

    def test_the_command_line_reads_a_data_file_as_strictly(self, tmp_path: Path) -> None:
        text, sentence = REFUSED_IN_A_FILE["agents as a text"]
        (tmp_path / "answers.yml").write_text(text, "utf-8")

        done = copy(tmp_path / "it", "--data-file", str(tmp_path / "answers.yml"))

        assert done.returncode != 0
        assert done.stderr.strip().splitlines()[-1].endswith(f": {sentence}")
        assert not (tmp_path / "it").exists()

    def test_an_update_is_refused_the_same_way_and_changes_nothing(self, template: Path, tmp_path: Path) -> None:
        project = Project(tmp_path / "it")
        copy(project.path, template=template)
        commit(project.path)

        done = project.run(*COPIER, "update", "--defaults", "-r", ":current:", "--data", "ci=jenkins")

        assert done.returncode != 0
        assert done.stderr.strip().splitlines()[-1].endswith(f": {NO_CI}")
        assert project.must("git", "status", "--porcelain") == ""
