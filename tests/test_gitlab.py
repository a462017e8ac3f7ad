"""GitLab's jobs are GitHub's, one for one: the same commands in the same order, and the same reports kept."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

PATH = ROOT / "template/.gitlab-ci.yml"
SETTINGS = {"workflow", "stages", "default", "variables", "include"}
WORKFLOWS: dict[str, dict[Any, Any]] = {
    name: yaml.safe_load((ROOT / f"template/.github/workflows/{name}.yml").read_text("utf-8"))
    for name in ("ci", "update")
}
GITHUB: dict[str, Any] = WORKFLOWS["ci"]["jobs"] | WORKFLOWS["update"]["jobs"]


def gitlab() -> dict[str, Any]:
    """The jobs as GitLab reads them: with what they extend, and what holds for all."""
    file: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
    jobs = {name: job for name, job in file.items() if name not in SETTINGS and not name.startswith(".")}
    return {name: file["default"] | file.get(job.get("extends"), {}) | job for name, job in jobs.items()}


def schema(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def uploads(job: dict[str, Any]) -> list[str]:
    """What a job of GitHub keeps."""
    return [step["with"]["path"] for step in job["steps"] if "upload-artifact" in step.get("uses", "")]


class TestGitLab:
    def test_its_schema_finds_nothing(self) -> None:
        assert (schema(PATH).returncode, schema(PATH).stderr) == (0, "")

    def test_its_schema_would_find_something(self, tmp_path: Path) -> None:
        broken = tmp_path / ".gitlab-ci.yml"
        broken.write_text(PATH.read_text("utf-8").replace("script: [make check]", "scripts: [make check]"))

        assert schema(broken).returncode == 1

    def test_the_jobs_and_their_commands_are_github_s(self) -> None:
        theirs = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in GITHUB.items()}

        assert {name: job["script"] for name, job in gitlab().items()} == theirs

    def test_the_job_on_a_postgresql_server_has_the_same_commands_and_server(self) -> None:
        file = yaml.safe_load((ROOT / "template/.gitlab/postgresql.yml").read_text("utf-8"))
        theirs = yaml.safe_load((ROOT / "template/.github/workflows/postgresql.yml").read_text("utf-8"))["jobs"]

        assert file.keys() == theirs.keys() == {"postgresql"}
        job, other = file["postgresql"], theirs["postgresql"]
        server = other["services"]["postgres"]
        assert job["script"] == [step["run"] for step in other["steps"] if "run" in step]
        assert [service["name"] for service in job["services"]] == [server["image"]]
        address = other["env"]["DATABASE_URL"].replace("127.0.0.1", "postgres")
        assert job["variables"] == server["env"] | {"DATABASE_URL": address}

    def test_what_is_kept_is_the_same(self) -> None:
        kept = {
            name: [path.replace("$CI_JOB_NAME", name) for path in job.get("artifacts", {}).get("paths", [])]
            for name, job in gitlab().items()
        }

        assert kept == {name: uploads(job) for name, job in GITHUB.items()}
        assert {job["artifacts"]["when"] for job in gitlab().values() if "artifacts" in job} == {"always"}

    def test_every_layer_hands_gitlab_its_report(self) -> None:
        layers = {name: job for name, job in gitlab().items() if job.get("artifacts", {}).get("reports")}

        assert list(layers) == GITHUB["evidence"]["needs"]
        assert [job["artifacts"]["reports"] for job in layers.values()] == [
            {"junit": "reports/junit/$CI_JOB_NAME.xml"}
        ] * len(layers)

    def test_what_waits_for_what_is_the_same(self) -> None:
        assert {name: job.get("needs", []) for name, job in gitlab().items()} == {
            name: job.get("needs", []) for name, job in GITHUB.items()
        }
        assert gitlab()["evidence"]["when"] == "always"

    def test_a_job_has_as_many_minutes(self) -> None:
        assert {name: job["timeout"] for name, job in gitlab().items()} == {
            name: f"{job['timeout-minutes']} minutes" for name, job in GITHUB.items()
        }

    def test_the_check_sees_the_whole_history(self) -> None:
        deep = [name for name, job in GITHUB.items() if job["steps"][0]["with"].get("fetch-depth") == 0]

        assert [name for name, job in gitlab().items() if job.get("variables") == {"GIT_DEPTH": "0"}] == deep

    def test_the_update_comes_in_a_scheduled_pipeline_and_has_the_switch_of_github_s(self) -> None:
        job, theirs = gitlab()["update"], WORKFLOWS["update"]

        assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule" && $TEMPLATE_UPDATES != "off"'}]
        assert theirs["jobs"]["update"]["if"] == "${{ vars.TEMPLATE_UPDATES != 'off' }}"
        assert theirs[True].keys() == {"schedule", "workflow_dispatch"}, "YAML reads `on` as true"
        assert not job["interruptible"]

    @pytest.mark.parametrize("name", gitlab())
    def test_the_image_is_pinned_by_its_version(self, name: str) -> None:
        assert re.fullmatch(r"python:3\.\d+\.\d+-\w+", gitlab()[name]["image"])

    def test_no_secret_is_named(self) -> None:
        named = set(re.findall(r"\$\{?(\w+)", PATH.read_text("utf-8")))

        settings = {"CI_PIPELINE_SOURCE", "CI_COMMIT_BRANCH", "CI_DEFAULT_BRANCH", "CI_JOB_NAME"}
        assert named == settings | {"TEMPLATE_UPDATES"}
