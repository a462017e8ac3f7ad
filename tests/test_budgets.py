"""What agents read, counted in tokens of o200k by gpt-tokenizer, and how near `sdd`'s own estimate comes to that."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Project

TOKENIZER = "gpt-tokenizer@4.0.0"
COUNT = """
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { readFileSync } from 'node:fs'
const texts = JSON.parse(readFileSync(0, 'utf8'))
const counts = Object.entries(texts).map(([name, text]) => [name, encode(text).length])
console.log(JSON.stringify(Object.fromEntries(counts)))
"""
ESTIMATE = """
import json, sys
from sdd.agents import tokens
print(json.dumps({name: tokens(text) for name, text in json.load(sys.stdin).items()}))
"""
MOST_AGENT = 1200
MOST_ALWAYS = 700
MOST_ABOVE = 1.12
DESCRIPTION = re.compile(r'^description: "?(.+?)"?$', re.MULTILINE)

Texts = dict[str, str]
Counts = dict[str, int]


@pytest.fixture(scope="module")
def count(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Texts], Counts]:
    """The exact number of tokens of each text."""
    folder = tmp_path_factory.mktemp("tokenizer")
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    subprocess.run(["npm", "install", "--silent", TOKENIZER], cwd=folder, check=True)
    return lambda texts: ask(["node", "--input-type=module", "-e", COUNT], folder, texts)


def ask(command: list[str], folder: Path, texts: Texts) -> Counts:
    done = subprocess.run(
        command, cwd=folder, input=json.dumps(texts), capture_output=True, text=True, encoding="utf-8", check=True
    )
    counts: Counts = json.loads(done.stdout)
    return counts


@pytest.fixture(scope="module")
def texts(fresh: Project) -> Texts:
    """Every file that an agent reads, by its path; and all that is loaded always, as `always`."""
    paths = sorted([*fresh.path.glob(".claude/agents/*.md"), *fresh.path.glob(".claude/skills/*/SKILL.md")])
    files = {path.relative_to(fresh.path).as_posix(): path.read_text("utf-8") for path in paths}
    described = [match[1] for text in files.values() for match in [DESCRIPTION.search(text)] if match]
    assert len(described) == len(files)
    files["AGENTS.md"] = (fresh.path / "AGENTS.md").read_text("utf-8")
    return files | {"always": "\n".join([files["AGENTS.md"], *described])}


class TestBudgets:
    def test_each_agent_is_read_at_little_cost(self, count: Callable[[Texts], Counts], texts: Texts) -> None:
        counts = count({path: text for path, text in texts.items() if "/agents/" in path})
        print(counts)

        assert len(counts) == 4
        assert {path: tokens for path, tokens in counts.items() if tokens > MOST_AGENT} == {}

    def test_what_every_session_loads_is_small(self, count: Callable[[Texts], Counts], texts: Texts) -> None:
        counts = count({"always": texts["always"], "AGENTS.md": texts["AGENTS.md"]})
        print(counts)

        assert counts["always"] <= MOST_ALWAYS

    def test_the_estimate_is_never_below_and_little_above(
        self, count: Callable[[Texts], Counts], texts: Texts, project: Project
    ) -> None:
        exact = count(texts)
        estimated = ask(["uv", "run", "-q", "python", "-c", ESTIMATE], project.path, texts)
        print({path: round(estimated[path] / exact[path], 3) for path in texts})

        assert estimated.keys() == exact.keys()
        for path in texts:
            assert exact[path] <= estimated[path] <= MOST_ABOVE * exact[path], path
