"""The agent hosts, each alone and all together: valid files, the same duties, nothing of a host that was not chosen."""

import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import CATALOGUE, ROOT, Project, choices, copy, tracked

HOSTS = choices("agents")
SETS = [*([host] for host in HOSTS), HOSTS]
NAMES = {"workflow-orchestrator", "database-developer", "backend-api-developer", "frontend-ui-architect"}
FOLDERS = {"claude": {".claude", "CLAUDE.md"}, "copilot": {".github/agents", ".github/skills"}}
FOLDERS["codex"] = {".codex", ".agents"}
ENDS = {"claude": ".md", "copilot": ".agent.md", "codex": ".toml"}

# What each host's reference lists as keys, and which of them it wants (November 2026).
WANTED = {
    "claude": {"name", "description"},
    "copilot": {"description"},
    "codex": {"name", "description", "developer_instructions"},
}
ALLOWED = {
    "claude": {"name", "description", "tools"},
    "copilot": {"name", "description", "include-custom-instructions"},
    "codex": {"name", "description", "developer_instructions"},
}
MOST_LETTERS = 30_000  # of a prompt, on GitHub
Made = Callable[[list[str]], Project]


def head(text: str) -> tuple[dict[str, Any], str]:
    """The keys and the duties of an agent's or a skill's file, read without `sdd`."""
    if text.startswith("---\n"):
        _, above, body = text.split("---\n", 2)
        return yaml.safe_load(above), body
    keys = tomllib.loads(text)
    return keys, str(keys["developer_instructions"])


def agents(project: Project, host: str) -> dict[str, tuple[dict[str, Any], str]]:
    folder = project.path / CATALOGUE[host]["agents_in"]
    return {path.name.removesuffix(ENDS[host]): head(path.read_text("utf-8")) for path in folder.iterdir()}


def skills(project: Project, host: str) -> dict[str, str]:
    folder = project.path / CATALOGUE[host]["skills_in"]
    return {path.parent.name: path.read_text("utf-8") for path in folder.glob("*/SKILL.md")}


def sections(duties: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)\n", f"## given\n{duties}", flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], (part.strip() for part in parts[1::2]), strict=True))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The project of these hosts, made once through the command line, without `--trust`. Who breaks it mends it."""
    projects: dict[str, Project] = {}

    def make(hosts: list[str]) -> Project:
        name = "-".join(hosts)
        if name not in projects:
            path = tmp_path_factory.mktemp(name) / "my-app"
            done = copy(path, "--data", f"agents=[{', '.join(hosts)}]")
            assert done.returncode == 0, done.stderr
            projects[name] = Project(path)
        return projects[name]

    return make


def check(made: Project, project: Project) -> list[dict[str, Any]]:
    """What `sdd check` finds, run by the environment of a project that is set up."""
    done = made.run(str(project.python), "-m", "sdd", "check", "--json")
    assert "Traceback" not in done.stderr, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("hosts", SETS, ids="+".join)
class TestChosen:
    def test_no_file_is_of_a_host_that_was_not_chosen(self, made: Made, hosts: list[str]) -> None:
        files = made(hosts).files()

        for host, folders in FOLDERS.items():
            there = {folder for folder in folders if any(file.startswith(folder) for file in files)}
            assert there == (folders if host in hosts else set())

    def test_no_document_speaks_of_a_host_that_was_not_chosen(self, made: Made, hosts: list[str]) -> None:
        others = [folder for host, folders in FOLDERS.items() if host not in hosts for folder in folders]
        of_all = {"pyproject.toml", "docs/update.md"}  # import rules; whose each file of any project is
        files = [file for file in made(hosts).files() if file.endswith((".md", ".toml")) and file not in of_all]

        texts = {file: (made(hosts).path / file).read_text("utf-8") for file in files}
        assert [(file, other) for file, text in texts.items() for other in others if other in text] == []

    def test_sdd_finds_nothing(self, made: Made, hosts: list[str], project: Project) -> None:
        assert check(made(hosts), project) == []

    def test_every_agent_and_skill_is_there_and_is_what_its_host_reads(self, made: Made, hosts: list[str]) -> None:
        for host in hosts:
            found = agents(made(hosts), host)
            assert found.keys() == NAMES
            for name, (keys, duties) in found.items():
                assert keys.keys() >= WANTED[host], (host, name)
                assert keys.keys() <= ALLOWED[host], (host, name)
                assert keys.get("name", name) == name
                assert 0 < len(duties) <= MOST_LETTERS
            for name, text in skills(made(hosts), host).items():
                keys, body = head(text)
                assert keys.keys() == {"name", "description"}, (host, name)
                assert (keys["name"], bool(body.strip())) == (name, True)
            assert len(skills(made(hosts), host)) == len(list((ROOT / "template/.claude/skills").iterdir()))

    def test_agents_md_says_where_they_are(self, made: Made, hosts: list[str]) -> None:
        text = (made(hosts).path / "AGENTS.md").read_text("utf-8")

        for key in ("agents_in", "skills_in"):
            assert f"`{CATALOGUE[hosts[0]][key]}`" in text


def test_a_dead_link_of_a_skill_is_told_on_every_host(made: Made, project: Project) -> None:
    for host in HOSTS:
        path = f"{CATALOGUE[host]['skills_in']}/fix/SKILL.md"
        with made([host]).broken(path, "The small-change lane.", "The [lane](nowhere.md)."):
            assert [(one["path"], one["rule"]) for one in check(made([host]), project)] == [(path, "link")]


class TestDuties:
    @pytest.mark.parametrize("host", HOSTS[1:])
    @pytest.mark.parametrize("name", sorted(NAMES))
    def test_they_are_the_same_section_by_section(self, made: Made, host: str, name: str) -> None:
        keys, duties = agents(made(HOSTS), host)[name]
        expected, source = agents(made(HOSTS), HOSTS[0])[name]

        assert len(sections(source)) >= 6
        assert sections(duties) == sections(source)
        assert keys["description"] == expected["description"]

    @pytest.mark.parametrize("host", HOSTS[1:])
    def test_skills_are_the_same_word_for_word(self, made: Made, host: str) -> None:
        assert skills(made(HOSTS), host) == skills(made(HOSTS), HOSTS[0])

    @pytest.mark.parametrize("hosts", SETS[1:], ids="+".join)
    def test_a_host_has_the_same_files_alone_and_beside_others(self, made: Made, hosts: list[str]) -> None:
        for host in hosts:
            assert agents(made(hosts), host) == agents(made([host]), host)
            assert skills(made(hosts), host) == skills(made([host]), host)


DATABASE = ".claude/agents/database-developer.md"
MIRROR = ".github/agents/database-developer.agent.md"
CODEX = ".codex/agents/database-developer.toml"
CHANGE = f"says something else than `{DATABASE}`. Change `{DATABASE}`, then run `make generate`."
LAST = len((ROOT / "template" / MIRROR).read_text("utf-8").splitlines())
DRIFTS = {
    "a description": (MIRROR, "Changes tables", "Changes rows", MIRROR, 3, CHANGE),
    "a duty": (MIRROR, "Write the failing test", "Write no test", MIRROR, 11, CHANGE),
    "a last line that is gone": (
        MIRROR,
        "\n- A version checked by a read before the write.",
        "",
        MIRROR,
        LAST - 1,
        CHANGE,
    ),
    "a duty in TOML": (CODEX, "Write the failing test", "Write no test", CODEX, 9, CHANGE),
    "a description in TOML": (CODEX, "Changes tables", "Changes rows", CODEX, 2, CHANGE),
    "a skill": (
        ".agents/skills/fix/SKILL.md",
        "See it fail.",
        "",
        ".agents/skills/fix/SKILL.md",
        1,
        "says something else than `.claude/skills/fix/SKILL.md`."
        " Change `.claude/skills/fix/SKILL.md`, then run `make generate`.",
    ),
}


@contextmanager
def gone(project: Project, path: str) -> Iterator[None]:
    file = project.path / path
    content = file.read_bytes()
    file.unlink()
    try:
        yield
    finally:
        file.write_bytes(content)


def drifts(found: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    return [
        (one["path"], one["line"], f"{one['message']} {one['next']}") for one in found if one["rule"] == "agent-drift"
    ]


class TestDrift:
    @pytest.mark.parametrize(("path", "old", "new", "told", "line", "says"), DRIFTS.values(), ids=DRIFTS)
    def test_a_difference_is_told_where_it_begins(
        self, made: Made, project: Project, path: str, old: str, new: str, told: str, line: int, says: str
    ) -> None:
        with made(HOSTS).broken(path, old, new):
            assert drifts(check(made(HOSTS), project)) == [(told, line, says)]

    def test_a_change_of_the_source_is_told_of_each_other_host(self, made: Made, project: Project) -> None:
        with made(HOSTS).broken(DATABASE, "Write the failing test", "Write a failing test"):
            assert [path for path, _, _ in drifts(check(made(HOSTS), project))] == [CODEX, MIRROR]

    @pytest.mark.parametrize("path", [MIRROR, CODEX, ".github/skills/fix/SKILL.md"])
    def test_a_missing_file_is_told(self, made: Made, project: Project, path: str) -> None:
        with gone(made(HOSTS), path):
            [(told, line, says)] = drifts(check(made(HOSTS), project))

        assert (told, line) == (path, 1)
        assert re.fullmatch(r"is missing, and `\.claude/\S+` is there\. Run `make generate`\.", says)

    @pytest.mark.parametrize("source", [DATABASE, ".claude/skills/fix/SKILL.md"])
    def test_a_file_without_a_source_is_told_of_each_other_host(
        self, made: Made, project: Project, source: str
    ) -> None:
        with gone(made(HOSTS), source):
            found = drifts(check(made(HOSTS), project))

        action = "Delete it; or move it there, then run `make generate`."
        assert [says for _, _, says in found] == [f"is on this host alone: there is no `{source}`. {action}"] * 2

    def test_what_only_a_host_knows_is_its_own(self, made: Made, project: Project) -> None:
        with (
            made(HOSTS).broken(MIRROR, "name: database-developer", "name: Data\ntools: [read, edit]\nmodel: one"),
            made(HOSTS).broken(CODEX, "description", 'model = "two"\ndescription'),
        ):
            assert check(made(HOSTS), project) == []


def agent(name: str, *lines: str) -> str:
    return "\n".join(["---", "description: Tries one fault.", *lines, "---", f"# {name}", ""])


FAULTS = {
    ".github/agents/key.agent.md": (agent("key", "tool: [read]"), "agent-keys", 3, "Did you mean `tools`?"),
    ".github/agents/mute.agent.md": ("---\nname: mute\n---\n", "agent-keys", 1, "`description` is a required"),
    ".github/agents/raed.agent.md": (agent("raed", "tools: [raed]"), "agent-tools", 3, "Did you mean `read`?"),
    ".github/agents/aim.agent.md": (agent("aim", "target: vs-code"), "agent-keys", 3, "`target`:"),
    ".github/agents/short.md": (agent("short", "model: {}"), "agent-keys", 3, "`model`:"),
    ".github/agents/dead.md": (agent("dead") + "`make tset`\n", "agent-reference", 5, "Did you mean `make test`?"),
    ".github/agents/call.md": (agent("call") + "Agent `nobody`\n", "agent-reference", 5, "the agent `nobody`"),
    ".github/agents/long.md": (agent("long") + "one word more " * 400, "agent-budget", 1, "1200 are the most"),
    ".github/agents/own.md": (agent("own", "tools: 'github/*, Bash, azure.x/y, myTool'", "infer: true"), "", 0, ""),
    ".github/skills/lost/skill.md": ("", "agent-name", 1, "Write `.github/skills/<name>/SKILL.md`"),
    ".codex/agents/key.toml": (
        'name = "key"\ndescription = "x"\ndeveloper_instruction = "x"\n',
        "agent-keys",
        1,
        "`developer_instructions` is a required property",
    ),
    ".codex/agents/blank.toml": (
        'name = "blank"\ndescription = "x"\ndeveloper_instructions = " "\n',
        "agent-keys",
        3,
        "`developer_instructions`:",
    ),
    ".codex/agents/box.toml": (
        'name = "box"\ndescription = "x"\ndeveloper_instructions = "x"\nsandbox_mode = "readonly"\n',
        "agent-keys",
        4,
        "`sandbox_mode`:",
    ),
    ".codex/agents/file.toml": (
        'name = "other"\ndescription = "x"\ndeveloper_instructions = "x"\n',
        "agent-name",
        1,
        "is called `other`, and its path says `file`.",
    ),
    ".codex/agents/dead.toml": (
        "name = \"dead\"\ndescription = \"x\"\ndeveloper_instructions = '''\nSee `backend/nothing.py`.\n'''\n",
        "agent-reference",
        4,
        "`backend/nothing.py`",
    ),
    ".codex/agents/toml.toml": ("name = toml\n", "unreadable", 1, "is not TOML"),
    ".codex/agents/own.toml": (
        'name = "own"\ndescription = "x"\ndeveloper_instructions = "x"\nnickname_candidates = ["Own 1"]\n'
        'model_reasoning_effort = "high"\n[mcp_servers.docs]\ncommand = "docs"\n',
        "",
        0,
        "",
    ),
}


@pytest.fixture(scope="module")
def told(made: Made, project: Project) -> list[dict[str, Any]]:
    """What `sdd check` says with all these files at once."""
    files = {made(HOSTS).path / path: text for path, (text, *_) in FAULTS.items()}
    try:
        for file, text in files.items():
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, "utf-8", newline="\n")
        return check(made(HOSTS), project)
    finally:
        for file in files:
            file.unlink()
        (made(HOSTS).path / ".github/skills/lost").rmdir()


class TestFaults:
    @pytest.mark.parametrize("path", FAULTS)
    def test_a_fault_is_told_with_its_line_and_the_next_step(self, told: list[dict[str, Any]], path: str) -> None:
        _, rule, line, says = FAULTS[path]
        found = [one for one in told if one["path"] == path and one["rule"] != "agent-drift"]

        if not rule:
            assert found == []
        else:
            assert (found[0]["rule"], found[0]["line"]) == (rule, line), found
            assert says in f"{found[0]['message']} {found[0]['next']}"


class TestGenerate:
    @pytest.fixture
    def three(self, project: Project) -> Iterator[Project]:
        """The project that is set up, answered with all hosts, but with the first one's files only."""
        answer = "\n".join(f"- {host}" for host in HOSTS)
        with project.broken(".copier-answers.yml", f"- {HOSTS[0]}", answer):
            try:
                yield project
            finally:
                for folder in (folder for host in HOSTS[1:] for folder in FOLDERS[host]):
                    shutil.rmtree(project.path / folder, ignore_errors=True)

    def test_it_writes_the_other_hosts_files_as_the_template_ships_them(self, three: Project) -> None:
        before = three.files()

        three.must("make", "generate")

        shipped = [f"template/{folder}" for host in HOSTS[1:] for folder in FOLDERS[host]]
        expected = {file for folder in shipped for file in (f"{folder}/{name}" for name in tracked(folder))}
        assert {f"template/{file}" for file in three.files() - before} == expected
        for file in expected:
            assert (three.path / file.removeprefix("template/")).read_bytes() == (ROOT / file).read_bytes(), file
        assert drifts(check(three, three)) == []

    def test_it_brings_duties_and_keeps_what_is_a_hosts_own(self, three: Project) -> None:
        write(three.path / MIRROR, agent("old", "tools: [read, edit]", "model: one"))
        ours = 'model = "two" # quick\ndeveloper_instructions = """\nname = "old"\n"""\nname = "old"\n'
        table = "[mcp_servers.docs]\ncommand = 'docs'\n"
        write(three.path / CODEX, f'{ours}description = "x"\n{table}')
        write(three.path / ".github/agents/mine.agent.md", agent("mine"))
        told = "Ends with ''' and \\ and \"quotes\".\n"

        with three.broken(DATABASE, "Given: the feature's spec", f"{told}Given: the feature's spec"):
            three.must("make", "generate")
            source = head((three.path / DATABASE).read_text("utf-8"))
            copilot = head((three.path / MIRROR).read_text("utf-8"))
            codex = head((three.path / CODEX).read_text("utf-8"))

        said = source[0]["description"]
        own = {"tools": ["read", "edit"], "model": "one"}
        assert copilot == ({"name": "database-developer", "description": said} | own, source[1])
        assert codex[1] == source[1]
        assert codex[0]["model"] == "two"
        assert codex[0]["mcp_servers"] == {"docs": {"command": "docs"}}
        assert "# quick" in (three.path / CODEX).read_text("utf-8")
        assert (three.path / ".github/agents/mine.agent.md").exists()


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8", newline="\n")
