"""A team's first day: docs/onboarding.md followed to the letter in a bare clone, CODEOWNERS, the dev container."""

import json
import re
import shutil
import socket
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.conftest import ROOT, Project, commit, copy
from tests.test_first_feature import Follower, blocks

PAGE = ROOT / "template/docs/onboarding.md"
OWNERS = re.compile(r"^# (?P<agent>[a-z-]+)(?::.*)?\n#(?P<path>\S+)$", re.MULTILINE)
OWNED = re.compile(r"^\| `(?P<folder>[a-z]+/)` \|.*\| (?P<agent>[a-z-]+) \|$", re.MULTILINE)


class OnFreePort(Project):
    """A project whose commands find their port free, whatever else runs on this machine."""

    def run(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = str(listener.getsockname()[1])
        return super().run(*command, PORT=port, **more)


@pytest.fixture(scope="module")
def clone(fresh: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """What `git clone` gives: nothing is set up."""
    folder = tmp_path_factory.mktemp("onboarding")
    shutil.copytree(fresh.path, folder / "origin")
    commit(folder / "origin")
    subprocess.run(["git", "clone", "--quiet", str(folder / "origin"), str(folder / "my-app")], check=True)
    clone = OnFreePort(folder / "my-app")
    clone.must("git", "config", "user.name", "Ada")
    clone.must("git", "config", "user.email", "ada@example.com")
    return clone


class TestPage:
    def test_every_block_is_of_a_kind_that_is_followed(self) -> None:
        for block in blocks(PAGE.read_text("utf-8")):
            assert block.way or block.kind in ("sh", "sh fails", "text"), f"line {block.line}: {block.kind}"

    def test_it_leads_from_a_bare_clone_to_a_green_change(self, clone: Project) -> None:
        reader = Follower(clone)

        for block in blocks(PAGE.read_text("utf-8")):
            try:
                reader.follow(block)
            except AssertionError as error:
                pytest.fail(f"docs/onboarding.md, line {block.line}: {error}")

        assert clone.must("git", "log", "-1", "--format=%s") == "Whoever guessed too often reads how long to wait\n"
        assert clone.must("git", "status", "--porcelain") == "?? uv.lock\n"

    def test_every_make_it_names_is_a_task(self, fresh: Project) -> None:
        tasks = tomllib.loads((fresh.path / "pyproject.toml").read_text("utf-8"))["tool"]["poe"]["tasks"]

        named = set(re.findall(r"(?:`| {4}|^)make ([a-z][a-z0-9-]*)", PAGE.read_text("utf-8"), re.MULTILINE))
        assert {"setup", "doctor", "run", "check", "test"} <= named <= tasks.keys()


class TestOwners:
    def test_nobody_is_asked_until_a_team_is_written_in(self, fresh: Project) -> None:
        lines = (fresh.path / "CODEOWNERS").read_text("utf-8").splitlines()

        assert [line for line in lines if line and not line.startswith("#")] == []

    def test_each_path_is_the_agents_that_agents_md_names(self, fresh: Project) -> None:
        owners = {path: agent for agent, path in OWNERS.findall((fresh.path / "CODEOWNERS").read_text("utf-8"))}
        owned = dict(OWNED.findall((fresh.path / "AGENTS.md").read_text("utf-8")))

        assert next(iter(owners)) == "*", "what fits no later path is the first one's"
        assert {path: agent for path, agent in owners.items() if path != "*"} == {
            f"/{folder}": agent for folder, agent in owned.items() if agent != owners["*"]
        }
        assert len(owned) == 7
        assert {path for path in owners if path != "*" and not (fresh.path / path[1:]).is_dir()} == set()


class TestDevContainer:
    def test_it_is_pinned_sets_the_clone_up_and_needs_no_root(self, fresh: Project) -> None:
        container = json.loads((fresh.path / ".devcontainer/devcontainer.json").read_text("utf-8"))

        assert re.fullmatch(r"[\w./-]+/python:\d+\.\d+\.\d+-3\.1[1-9]-[a-z]+", container["image"])
        assert container["postCreateCommand"] == "make setup"
        assert container["forwardPorts"] == [8000]
        assert container["remoteUser"] not in ("", "root")

    def test_its_name_is_the_slug(self, tmp_path: Path) -> None:
        copy(tmp_path / "it", "--data", "project_slug=tide-tables")

        container = json.loads((tmp_path / "it/.devcontainer/devcontainer.json").read_text("utf-8"))
        assert container["name"] == "tide-tables"
