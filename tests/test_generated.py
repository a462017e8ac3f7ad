"""The project of the default answers, judged by its own commands as its README gives them."""

import xml.etree.ElementTree as ET
from pathlib import Path

from tests.conftest import Project, copy

LAYERS = ["database", "backend", "frontend", "contract", "integration", "e2e"]


class TestGeneratedProject:
    def test_its_checks_pass(self, project: Project) -> None:
        project.must("make", "check")

    def test_its_tests_pass_in_every_layer_and_none_is_skipped(self, project: Project) -> None:
        project.must("make", "test")

        for layer in LAYERS:
            suites = list(ET.parse(project.path / f"reports/junit/{layer}.xml").getroot().iter("testsuite"))  # noqa: S314
            count = {
                key: sum(int(suite.get(key, 0)) for suite in suites)
                for key in ("tests", "failures", "errors", "skipped")
            }
            assert count.pop("tests") > 0, layer
            assert count == {"failures": 0, "errors": 0, "skipped": 0}, layer

    def test_working_in_it_leaves_only_the_lock_to_commit(self, project: Project) -> None:
        assert project.must("git", "status", "--porcelain") == "?? uv.lock\n"

    def test_a_folder_of_a_tasks_name_does_not_stop_the_task(self, project: Project) -> None:
        (project.path / "test").mkdir()

        would = project.must("make", "--dry-run", "test")

        (project.path / "test").rmdir()
        assert "poe test" in would

    def test_the_lock_is_the_users_from_then_on(self, project: Project) -> None:
        lock = project.path / "uv.lock"
        before = lock.read_text("utf-8")

        project.must("make", "setup")

        assert lock.read_text("utf-8") == before
        assert "exclude-newer" not in (project.path / "pyproject.toml").read_text("utf-8")


class TestGeneratedProjectOfAStrangeName:
    NAME = """🚀 Ada's "best" <script>alert(1)</script> & Co. #1 $5 100% {{ 7 * 7 }} \\n""".ljust(80, "!")

    def test_its_checks_pass_and_the_name_reaches_the_app_letter_by_letter(self, tmp_path: Path) -> None:
        project = Project(tmp_path / "a folder with spaces")
        done = copy(project.path, "--data", f"project_name={self.NAME}", "--data", f"author_name={self.NAME}")
        assert (done.returncode, len(self.NAME)) == (0, 80), done.stderr

        project.must("make", "check")
        project.must("make", "setup")

        show = "from backend.settings import read_settings; print(ascii(read_settings().product_name))"
        assert ascii(self.NAME) in project.must("uv", "run", "python", "-c", show)
