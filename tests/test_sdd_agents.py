"""Agent, skill and settings files broken on purpose, all at once in one project: each fault is told, once."""

import json
import re
from dataclasses import dataclass
from typing import Any

import pytest

from tests.conftest import Project

HEAD = "---\nname: {name}\ndescription: Tries one fault.\n{more}---\n{body}\n"


@dataclass(frozen=True)
class Fault:
    """A file, and what `sdd check` must say about it: (rule, line, words of the message and the next step)."""

    path: str
    content: str | bytes
    says: list[tuple[str, int, str]]


def agent(name: str, *says: tuple[str, int, str], more: str = "", body: str = "Given: nothing.") -> Fault:
    return Fault(f".claude/agents/{name}.md", HEAD.format(name=name, more=more, body=body), list(says))


def skill(name: str, *says: tuple[str, int, str], more: str = "", body: str = "Given: nothing.") -> Fault:
    return Fault(f".claude/skills/{name}/SKILL.md", HEAD.format(name=name, more=more, body=body), list(says))


def settings(name: str, content: object, *says: tuple[str, int, str]) -> Fault:
    text = content if isinstance(content, str) else json.dumps(content, indent=1)
    return Fault(f".claude/settings.{name}.json", text, list(says))


def hook(**keys: object) -> dict[str, Any]:
    return {"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "true"} | keys]}]}}


FAULTS = {
    "a misspelt key of an agent": agent(
        "key", ("agent-keys", 4, "`tool` is no key of this file. Did you mean `tools`?"), more="tool: Read\n"
    ),
    "a key of another host": agent("globs", ("agent-keys", 4, "`globs` is no key of this file."), more="globs: []\n"),
    "a key of the wrong kind": agent("turns", ("agent-keys", 4, "`maxTurns`:"), more="maxTurns: many\n"),
    "an unknown tool": agent(
        "tool", ("agent-tools", 4, "`Raed` is no tool of the host. Did you mean `Read`?"), more="tools: Raed, Bash\n"
    ),
    "an unknown tool in a list": agent("list", ("agent-tools", 4, "`Shell`"), more="tools: [Shell, mcp__git__log]\n"),
    "tools that are a number": agent("five", ("agent-keys", 4, "`tools`: 5 is not of types"), more="tools: 5\n"),
    "an agent's misspelt hook": agent(
        "hook", ("agent-keys", 1, "`Stopp` is no key of this file. Did you mean `Stop`?"), more="hooks: {Stopp: []}\n"
    ),
    "an agent over its budget": agent(
        "long", ("agent-budget", 1, "and 1200 are the most. Move detail into a skill."), body="one word more " * 400
    ),
    "a dead task": agent(
        "task", ("agent-reference", 5, "`make tset`, which is not there. Did you mean `make test`?"), body="`make tset`"
    ),
    "a dead task in fenced code": agent(
        "fence",
        ("agent-reference", 6, "`make all`"),
        body="```sh\nmake all \u2028 \f\nmake test-backend test-database\n```",
    ),
    "a dead command of sdd": agent(
        "command", ("agent-reference", 5, "`sdd chek`"), body="`uv run python -m sdd chek --base`"
    ),
    "a dead path": agent("path", ("agent-reference", 5, "`database/tasks.py`"), body="See `database/tasks.py`."),
    "a dead folder": agent("folder", ("agent-reference", 5, "`backend/tasks/`"), body="See `backend/tasks/`."),
    "a dead skill": agent(
        "skilled", ("agent-reference", 5, "the skill `plann`"), body="Skills `specify` and `plann`, skill `plan`."
    ),
    "a name that is not the file's": Fault(
        ".claude/agents/file.md",
        HEAD.format(name="other", more="", body=""),
        [("agent-name", 2, "is called `other`, and its path says `file`.")],
    ),
    "a name that no host takes": Fault(
        ".claude/agents/My_Agent.md", HEAD.format(name="My_Agent", more="", body=""), [("agent-keys", 2, "`name`:")]
    ),
    "no description": Fault(
        ".claude/agents/mute.md", "---\nname: mute\n---\n", [("agent-keys", 1, "`description` is a required property")]
    ),
    "an empty description": Fault(
        ".claude/agents/empty.md", '---\nname: empty\ndescription: " "\n---\n', [("agent-keys", 3, "`description`:")]
    ),
    "an agent without a head": Fault(".claude/agents/bare.md", "Do it.\n", [("agent-keys", 1, "has no head.")]),
    "an agent of broken YAML": Fault(
        ".claude/agents/yaml.md",
        "---\nname: yaml\ndescription: Changes: forms\n---\n",
        [("unreadable", 3, "is not YAML")],
    ),
    "an agent that is not text": Fault(
        ".claude/agents/bytes.md", b"---\nname: bytes\n\xff\xfe\n---\n", [("unreadable", 3, "is not text in UTF-8.")]
    ),
    "a misspelt key of a skill": skill(
        "keys", ("agent-keys", 4, "Did you mean `allowed-tools`?"), more="allowed-tool: Read\n"
    ),
    "an unknown tool of a skill": skill(
        "tools", ("agent-tools", 4, "`Gerp`"), more="allowed-tools: Bash(git diff *) Gerp Read\n"
    ),
    "a skill of too many lines": skill(
        "lines", ("agent-budget", 500, "has 504 lines, and 499 are the most."), body="\n" * 499
    ),
    "a description of too many characters": Fault(
        ".claude/skills/talk/SKILL.md",
        f"---\nname: talk\ndescription: {'long ' * 205}.\n---\n",
        [("agent-keys", 3, "`description`:")],
    ),
    "a skill whose file no host finds": Fault(
        ".claude/skills/lost/skill.md", "---\nname: lost\n---\n", [("agent-name", 1, "its folder has no `SKILL.md`.")]
    ),
    "a skill without a folder": Fault(
        ".claude/skills/flat.md", "---\nname: flat\n---\n", [("agent-name", 1, "its folder has no `SKILL.md`.")]
    ),
    "a misspelt event": settings(
        "event", {"hooks": {"UserPromtSubmit": []}}, ("agent-settings", 3, "Did you mean `UserPromptSubmit`?")
    ),
    "a misspelt setting": settings("top", {"hook": {}}, ("agent-settings", 2, "`hook` is no setting of the host.")),
    "a misspelt key of a hook": settings("call", hook(comand="x"), ("agent-settings", 9, "Did you mean `command`?")),
    "a hook of no kind": settings("kind", hook(type="comand"), ("agent-settings", 3, "`Stop`:")),
    "a command hook without command": settings(
        "none",
        {"hooks": {"Stop": [{"hooks": [{"type": "command"}]}]}},
        ("agent-settings", 1, "`command` is"),
    ),
    "an event without calls": settings("flat", {"hooks": {"Stop": "true"}}, ("agent-settings", 3, "`Stop`:")),
    "a misspelt permission": settings(
        "rule", {"permissions": {"alow": []}}, ("agent-settings", 3, "Did you mean `allow`?")
    ),
    "a permission for no tool": settings(
        "grant", {"permissions": {"allow": ["Bsh(make test)"]}}, ("agent-settings", 3, "`Bsh` in `allow`")
    ),
    "hooks that are a list": settings("hooks", {"hooks": []}, ("agent-settings", 2, "`hooks` is no JSON object.")),
    "settings of broken JSON": settings("json", '{\n "hooks": {,}\n}', ("unreadable", 2, "is not JSON")),
    "settings that are a list": settings("array", [], ("agent-settings", 1, "is no JSON object.")),
}
SOUND = {
    "a title that is a name": agent("title", body="# My `make nothing`"),
    "every tool form": agent(
        "sound", more='tools: Agent(worker), Bash(git diff *), Read, mcp__db__query\ndisallowedTools: "*"\n'
    ),
    "every reference form": skill(
        "sounds",
        more="allowed-tools: [Read, Grep]\npaths: '*.py'\n",
        body="`make help`, `make migration m='x'`, `uv run poe check --help`, make sure, skill `plan`, `FR-003`,\r\n"
        "`reports/traceability.md`, `specs/NNN-name/spec.md`, `application/json`, `*.gen.ts`, `GET /api/v1/session`.",
    ),
    "settings the host alone knows": settings("own", {"theme": "dark", "env": {}} | hook(timeout=5)),
    "permissions of any form": settings("allow", {"permissions": {"allow": ["Bash(echo (a) b)", "mcp__git", "Read"]}}),
    "a note beside the skills": Fault(".claude/skills/README.md", "What they are for.\n", []),
}
ALL = FAULTS | SOUND


def check(project: Project) -> list[dict[str, Any]]:
    done = project.run("uv", "run", "-q", "python", "-m", "sdd", "check", "--json")
    assert "Traceback" not in done.stderr, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def told(project: Project) -> list[dict[str, Any]]:
    """What `sdd check` says of a project with all these files at once, and with a CLAUDE.md of its own."""
    files = [project.path / fault.path for fault in ALL.values()]
    assert [file for file in files if file.exists()] == []
    try:
        for file, fault in zip(files, ALL.values(), strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(fault.content if isinstance(fault.content, bytes) else fault.content.encode())
        with project.broken("CLAUDE.md", "@AGENTS.md", "Read AGENTS.md."):
            return check(project)
    finally:
        for file in files:
            file.unlink(missing_ok=True)
            if not any(file.parent.iterdir()):
                file.parent.rmdir()


class TestFindings:
    @pytest.mark.parametrize("name", ALL)
    def test_a_fault_is_told_once_with_its_line_and_the_next_step(self, told: list[dict[str, Any]], name: str) -> None:
        fault = ALL[name]
        found = [one for one in told if one["path"] == fault.path]

        assert [(one["rule"], one["line"]) for one in found] == [(rule, line) for rule, line, _ in fault.says], found
        for one, (_, _, says) in zip(found, fault.says, strict=True):
            assert says in f"{one['message']} {one['next']}"

    def test_what_is_always_loaded_has_a_budget(self, told: list[dict[str, Any]]) -> None:
        [found] = [one for one in told if one["rule"] == "agent-budget" and one["path"] == "AGENTS.md"]

        assert re.search(r"descriptions cost about \d+ tokens in every session, and 700 are the most", message(found))

    def test_claude_md_hands_agents_md_on(self, told: list[dict[str, Any]]) -> None:
        [found] = [one for one in told if one["path"] == "CLAUDE.md"]

        assert message(found) == "does not hand AGENTS.md on. Write the line `@AGENTS.md`."

    def test_a_claude_md_that_is_gone_is_told_of(self, project: Project) -> None:
        file = project.path / "CLAUDE.md"
        text = file.read_bytes()
        file.unlink()
        try:
            found = [message(one) for one in check(project) if one["path"] == "CLAUDE.md"]
        finally:
            file.write_bytes(text)

        assert found == ["is missing, and Claude Code reads no AGENTS.md. Write it: the one line `@AGENTS.md`."]


def message(finding: dict[str, Any]) -> str:
    return f"{finding['message']} {finding['next']}"


class TestFresh:
    def test_its_agents_skills_and_settings_are_sound(self, project: Project) -> None:
        places = (".claude/", "AGENTS.md", "CLAUDE.md")

        assert [one for one in check(project) if one["path"].startswith(places)] == []

    def test_the_commands_that_files_may_name_are_those_of_sdd(self, project: Project) -> None:
        told = project.must("uv", "run", "-q", "python", "-m", "sdd", "--help")
        known = project.must("uv", "run", "-q", "python", "-c", "from sdd.agents import COMMANDS; print(*COMMANDS)")

        assert set(re.findall(r"^    ([a-z-]+)(?: |$)", told, re.MULTILINE)) == set(known.split())

    def test_claude_md_is_one_line(self, fresh: Project) -> None:
        assert (fresh.path / "CLAUDE.md").read_text("utf-8") == "@AGENTS.md\n"

    def test_every_agent_and_skill_is_there(self, fresh: Project) -> None:
        agents = {path.stem for path in (fresh.path / ".claude/agents").iterdir()}
        skills = {path.name for path in (fresh.path / ".claude/skills").iterdir()}

        assert agents == {
            "workflow-orchestrator",
            "database-developer",
            "backend-api-developer",
            "frontend-ui-architect",
        }
        assert skills == set(
            "specify clarify plan contract tasks implement verify review adr record orchestrate fix".split()  # noqa: SIM905
        )
