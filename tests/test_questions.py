"""The questions of copier.yml: what they accept becomes a sound project, what they refuse leaves nothing behind."""

import re
from pathlib import Path

import pytest
import yaml
from dotenv import dotenv_values

from tests.conftest import copy

NAMES = {
    "plain": "Tide",
    "quotes": """Ada's "best" app""",
    "script": "<script>alert('hi')</script>",
    "emoji": "🚀 Rocket",
    "emoji alone": "🚀🚀",
    "80 characters": "x" * 80,
    "no latin letter": "日本語",
    "digit first": "3D Printer",
    "dollar": "Cash $HOME `id` #1",
    "backslash": r"back\slash\n\'",
    "braces": "{{ 7 * 7 }} {% raw %}",
    "yaml": "- a: [b, *c, &d] | > %e @f !g",
    "markdown": "**bold** | [x](y)",
}

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
}


class TestAcceptedNames:
    @pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
    def test_the_name_reaches_the_app_and_the_answers_letter_by_letter(self, name: str, tmp_path: Path) -> None:
        done = copy(tmp_path / "it", "--data", f"project_name={name}")

        answers = yaml.safe_load((tmp_path / "it/.copier-answers.yml").read_text("utf-8"))
        assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
        assert dotenv_values(tmp_path / "it/.env.example")["PRODUCT_NAME"] == name
        assert answers["project_name"] == name
        assert re.fullmatch(r"[a-z][a-z0-9-]{0,62}", answers["project_slug"])

    def test_no_name_puts_a_tag_into_a_document(self, tmp_path: Path) -> None:
        copy(tmp_path / "it", "--data", f"project_name={NAMES['script']}")

        for document in (tmp_path / "it").rglob("*.md"):
            assert "<script>" not in document.read_text("utf-8"), document

    @pytest.mark.parametrize(
        ("name", "slug"),
        [
            ("My App", "my-app"),
            ("Café Zürich", "caf-zrich"),
            ("3D Printer", "app-3d-printer"),
            ("🚀🚀", "app"),
            ("a_b.c/d", "a-b-c-d"),
            ("Ada's", "adas"),
            ("x" * 80, "x" * 63),
        ],
    )
    def test_the_slug_follows_from_the_name(self, name: str, slug: str, tmp_path: Path) -> None:
        copy(tmp_path / "it", "--data", f"project_name={name}")

        assert yaml.safe_load((tmp_path / "it/.copier-answers.yml").read_text("utf-8"))["project_slug"] == slug


class TestRefusedAnswers:
    @pytest.mark.parametrize(("answers", "sentence"), REFUSED.values(), ids=REFUSED.keys())
    def test_the_last_line_says_what_to_do_and_nothing_is_written(
        self, answers: dict[str, str], sentence: str, tmp_path: Path
    ) -> None:
        flags = [flag for key, value in answers.items() for flag in ("--data", f"{key}={value}")]

        done = copy(tmp_path / "it", *flags)

        assert done.returncode != 0
        assert done.stderr.strip().splitlines()[-1].endswith(sentence)
        assert not (tmp_path / "it").exists()

    def test_an_unknown_license_is_refused(self, tmp_path: Path) -> None:
        done = copy(tmp_path / "it", "--data", "license=GPL")

        assert done.returncode != 0
        assert not (tmp_path / "it").exists()


class TestLicense:
    @pytest.mark.parametrize(
        ("license_name", "first_line"),
        [
            ("MIT", "MIT License"),
            ("Apache-2.0", "Apache License"),
            ("proprietary", "Copyright (c) Grace's team. All rights reserved."),
        ],
    )
    def test_the_license_is_the_chosen_one(self, license_name: str, first_line: str, tmp_path: Path) -> None:
        copy(tmp_path / "it", "--data", f"license={license_name}", "--data", "author_name=Grace's team")

        text = (tmp_path / "it/LICENSE").read_text("utf-8")
        assert text.split("\n")[0].strip() == first_line
        assert "Grace's team" in text
