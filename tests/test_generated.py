"""The project of the default answers, judged by its own commands as its README gives them."""

import re
import shutil
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.conftest import Project, commit, copy

LAYERS = ["database", "backend", "frontend", "contract", "integration", "e2e"]
QUALITIES = 7
CLEAN = "Clean: every promise that the tree alone can show is kept.\n"


def proven(project: Project) -> None:
    """Runs `make test`: every layer has tests, none fails or is skipped, and they prove every requirement."""
    done = project.run("make", "test")

    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    for layer in LAYERS:
        suites = list(ET.parse(project.path / f"reports/junit/{layer}.xml").getroot().iter("testsuite"))  # noqa: S314
        count = {
            key: sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")
        }
        assert count.pop("tests") > 0, layer
        assert count == {"failures": 0, "errors": 0, "skipped": 0}, layer
    totals = re.match(r"(\d+) requirements: (\d+) proven, 0 unproven; ", done.stdout.splitlines()[-1])
    assert totals, done.stdout[-2000:]
    assert int(totals[1]) == int(totals[2]) > 40
    assert len(re.findall(r"^\[x\] ", done.stdout, re.MULTILINE)) == QUALITIES


class TestFreshProject:
    def test_every_promise_that_the_tree_shows_is_kept_without_git(
        self, fresh: Project, project: Project, tmp_path: Path
    ) -> None:
        without_git = Project(tmp_path / "my-app")
        shutil.copytree(fresh.path, without_git.path)

        done = without_git.run(str(project.python), "-m", "sdd", "check")

        assert (done.returncode, done.stdout, done.stderr) == (0, CLEAN, "")

    def test_every_promise_that_the_tree_shows_is_kept_with_git(self, project: Project) -> None:
        done = project.run(str(project.python), "-m", "sdd", "check", "--base")

        assert (done.returncode, done.stdout, done.stderr) == (0, CLEAN, "")

    def test_nothing_is_open_in_it(self, project: Project) -> None:
        assert project.must(str(project.python), "-m", "sdd", "next").startswith("Every feature is built and recorded.")


class TestGeneratedProject:
    def test_its_checks_pass(self, project: Project) -> None:
        project.must("make", "check")

    def test_its_tests_pass_in_every_layer_none_is_skipped_and_they_prove_every_requirement(
        self, project: Project
    ) -> None:
        proven(project)

    def test_the_proof_holds_until_the_tree_changes(self, project: Project) -> None:
        verify = (str(project.python), "-m", "sdd", "verify", "--json")
        assert project.must(*verify) == "[]\n"

        with project.added("database/notes.txt", "Not what was tested.\n"):
            stale = project.run(*verify)

        assert stale.returncode == 1
        assert stale.stdout.count('"rule": "evidence-stale"') == len(LAYERS)

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


class TestGeneratedProjectOnPostgreSQL:
    def test_its_tests_pass_in_every_layer_none_is_skipped_and_they_prove_every_requirement(
        self, tmp_path: Path
    ) -> None:
        project = Project(tmp_path / "my-app")
        assert copy(project.path, "--data", "database=postgresql").returncode == 0
        commit(project.path)

        proven(project)

        assert "database.tests.test_postgresql" in (project.path / "reports/junit/database.xml").read_text("utf-8")


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
