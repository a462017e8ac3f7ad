"""The questions of copier.yml: what they accept becomes a sound project."""

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
