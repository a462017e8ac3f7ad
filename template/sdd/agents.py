"""Whether agent, skill and settings files are what their host understands, how much context they cost, and whether what
they name is there. Knows the hosts' keys, tools and events; knows no duty of an agent.

Source: the references of Claude Code, GitHub Copilot and Codex, November 2026. A further host: `hosts`, and its KINDS.
"""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jsonschema_rs

from sdd import hosts
from sdd.documents import Document, closed, data, faults, prose, told
from sdd.hosts import HOSTS, Host
from sdd.project import Finding, Project, Refused

MOST_ALWAYS = 700  # tokens: AGENTS.md, CLAUDE.md and every description
COMMANDS = frozenset(
    {
        *("check", "evidence", "new", "next", "record", "remove-sample", "request", "spool", "suggest", "update"),
        "verify",
    }
)


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


TOOLS = words("""
    Agent Artifact AskUserQuestion Bash BashOutput Cd Edit EnterPlanMode EnterWorktree ExitPlanMode Glob Grep KillShell
    LSP ListMcpResources Monitor MultiEdit NotebookEdit PowerShell Read ReadMcpResource SendMessage Skill Task
    TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TodoWrite ToolSearch WebFetch WebSearch Workflow Write
""")
COPILOT_TOOLS = words("""
    agent bash codebase custom-agent edit editFiles execute fetch glob grep multiedit new notebookedit notebookread
    powershell problems read runCommands runTasks search shell task todo todos todowrite usages view web webfetch
    websearch write
""")
EVENTS = words("""
    ConfigChange CwdChanged DirectoryAdded Elicitation ElicitationResult FileChanged InstructionsLoaded MessageDisplay
    Notification PermissionDenied PermissionRequest PostCompact PostToolBatch PostToolUse PostToolUseFailure PreCompact
    PreToolUse SessionEnd SessionStart Setup Stop StopFailure SubagentStart SubagentStop TaskCompleted TaskCreated
    TeammateIdle UserPromptExpansion UserPromptSubmit WorktreeCreate WorktreeRemove
""")
# What a project has a use for. The host knows a hundred more: only what resembles one of these is a mistake.
SETTINGS = words("""
    $schema agent attribution disableAllHooks effortLevel enableAllProjectMcpServers enabledPlugins env hooks
    includeCoAuthoredBy language model outputStyle permissions sandbox skillOverrides statusLine
""")

# ------------------------------------------------------------ schemas

TEXT = {"type": "string", "minLength": 1}
WORDS = {"type": ["string", "array"], "minLength": 1, "items": TEXT}
FLAG = {"type": "boolean"}
COUNT: dict[str, Any] = {"type": "integer", "minimum": 1}
TABLE: dict[str, Any] = {"type": "object"}
NICKNAME = {"type": "string", "pattern": "^[A-Za-z0-9 _-]*[A-Za-z0-9_-][A-Za-z0-9 _-]*$"}
COMMON: dict[str, Any] = {
    "name": {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$", "maxLength": 64},
    "description": {"type": "string", "pattern": r"\S", "maxLength": 1024},
    "model": TEXT,
    "effort": TEXT,
    "hooks": {"type": "object"},
}
AGENT = COMMON | {
    **{"tools": WORDS, "disallowedTools": WORDS, "skills": WORDS, "mcpServers": {}, "background": FLAG, "color": TEXT},
    **{"maxTurns": COUNT, "memory": {"enum": ["user", "project", "local"]}},
    **{"isolation": TEXT, "permissionMode": TEXT, "initialPrompt": TEXT},
}
COPILOT = {
    **{key: COMMON[key] for key in ("description", "hooks")},
    **{"name": TEXT, "argument-hint": TEXT, "reasoningEffort": TEXT, "model": WORDS, "models": WORDS},
    **{"tools": {"type": ["string", "array"], "items": TEXT}, "agents": {"type": ["string", "array"]}},
    **dict.fromkeys(("disable-model-invocation", "user-invocable", "infer", "include-custom-instructions"), FLAG),
    **dict.fromkeys(("mcp-servers", "metadata", "sidekick"), TABLE),
    **{"target": {"enum": ["vscode", "github-copilot"]}, "modelPolicy": {"enum": ["preferred", "required"]}},
    **{"handoffs": {"type": "array"}},
}
CODEX = {
    **{key: COMMON[key] for key in ("name", "description")},
    **{"developer_instructions": {"type": "string", "pattern": r"\S"}},
    **{"nickname_candidates": {"type": "array", "items": NICKNAME, "minItems": 1, "uniqueItems": True}},
    **{"sandbox_mode": {"enum": ["read-only", "workspace-write", "danger-full-access"]}, "approval_policy": {}},
    **dict.fromkeys(words("model model_provider model_reasoning_effort model_reasoning_summary model_verbosity"), TEXT),
    **dict.fromkeys(words("personality service_tier web_search default_permissions model_instructions_file"), TEXT),
    **dict.fromkeys(words("model_context_window model_auto_compact_token_limit tool_output_token_limit"), COUNT),
    **dict.fromkeys(words("mcp_servers skills tools features sandbox_workspace_write hooks apps plugins"), TABLE),
    **dict.fromkeys(words("shell_environment_policy permissions memories"), TABLE),
}
SKILL = COMMON | {
    **{"when_to_use": TEXT, "argument-hint": TEXT, "arguments": WORDS, "allowed-tools": WORDS, "paths": WORDS},
    **{"disable-model-invocation": FLAG, "user-invocable": FLAG, "context": TEXT, "agent": TEXT, "shell": TEXT},
    **{"license": TEXT, "compatibility": TEXT, "metadata": {"type": "object"}},
}
HOOK: dict[str, Any] = {
    "type": {"enum": ["command", "prompt", "agent", "http", "mcp_tool"]},
    **dict.fromkeys(("command", "prompt", "url", "server", "tool", "if", "model", "shell", "statusMessage"), TEXT),
    **{"timeout": {"type": "number", "exclusiveMinimum": 0}, "args": WORDS, "headers": {}, "input": {}},
    **{"allowedEnvVars": WORDS, "async": FLAG, "asyncRewake": FLAG, "continueOnBlock": FLAG, "once": FLAG},
}
CALL = {
    **{"type": "object", "required": ["type"], "additionalProperties": False, "properties": HOOK},
    **{"if": {"properties": {"type": {"const": "command"}}}, "then": {"required": ["command"]}},
}
MATCHER: dict[str, Any] = {"matcher": {"type": "string"}, "hooks": {"type": "array", "items": CALL, "minItems": 1}}
LISTENERS = {"type": "object", "required": ["hooks"], "additionalProperties": False, "properties": MATCHER}
ON_EVENTS = {event: {"type": "array", "items": LISTENERS} for event in EVENTS}
HOOK_WORDS = (*EVENTS, *MATCHER, *HOOK)
PERMISSIONS: dict[str, Any] = {
    **{key: {"type": "array", "items": TEXT} for key in ("allow", "deny", "ask", "additionalDirectories")},
    **dict.fromkeys(("defaultMode", "disableBypassPermissionsMode", "disableAutoMode"), TEXT),
}


HOOKS, RULES = closed(ON_EVENTS), closed(PERMISSIONS)

# ------------------------------------------------------------ which files, and what each must keep


@dataclass(frozen=True)
class Kind:
    """What a host reads as one kind of file; `tools` are the keys that list tools; `named`: its name is the path's."""

    keys: dict[str, Any]
    required: tuple[str, ...] = ("name", "description")
    tools: tuple[str, ...] = ()
    named: bool = True
    most_tokens: int | None = None
    most_lines: int | None = None

    @cached_property
    def schema(self) -> jsonschema_rs.Validator:
        return closed(self.keys, self.required)


AGENTS = {
    "claude": Kind(AGENT, tools=("tools", "disallowedTools"), most_tokens=1200),
    "copilot": Kind(COPILOT, ("description",), named=False, most_tokens=1200),
    "codex": Kind(CODEX, ("name", "description", "developer_instructions"), most_tokens=1200),
}
SKILLS = Kind(SKILL, tools=("allowed-tools",), most_lines=499)


def skills(project: Project, host: Host) -> dict[str, str]:
    """name → path"""
    files = host.skill_files(project).items()
    return {name.removesuffix("/SKILL.md"): path for name, path in files if re.fullmatch(r"[^/]+/SKILL\.md", name)}


def findings(project: Project) -> Iterator[Finding]:
    """Each fault of agents, skills, settings, AGENTS.md and CLAUDE.md, and where two hosts' files differ."""
    described = []
    for host in HOSTS:
        here = [(AGENTS[host.name], file) for file in host.agent_files(project).items()]
        here += [(SKILLS, file) for file in skills(project, host).items()]
        descriptions = []
        for kind, (name, path) in here:
            try:
                document = hosts.document(project, path)
            except Refused as error:
                yield error.finding
                continue
            descriptions.append(str(document.meta.get("description", "")))
            if path.endswith(".toml"):
                for line, message, action in told(kind.schema, document.meta, tuple(kind.keys), document.line_of_key):
                    yield Finding(path, line, "agent-keys", message, action)
            else:
                yield from faults(document, kind.schema, tuple(kind.keys), "agent-keys")
            yield from _own(kind, name, document)
            yield from _references(project, document)
        described.append(descriptions)
        yield from _nameless_skills(project, host)
    yield from _always_loaded(project, max(described, key=lambda texts: sum(map(tokens, texts))))
    for path in project.under(".claude/settings", ".json"):
        yield from _settings(project, path)
    yield from hosts.findings(project)


def readable(project: Project, path: str) -> Document | None:
    try:
        return hosts.document(project, path) if project.has(path) else None
    except Refused:
        return None


def _own(kind: Kind, name: str, document: Document) -> Iterator[Finding]:
    path, meta = document.path, document.meta
    if kind.named and isinstance(meta.get("name"), str) and meta["name"] != name:
        message = f"is called `{meta['name']}`, and its path says `{name}`."
        yield Finding(path, document.line_of_key("name"), "agent-name", message, "Give both one name.")
    for key in kind.tools:
        for tool in unknown_tools(meta.get(key)):
            near = difflib.get_close_matches(tool, TOOLS, 1)
            action = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(TOOLS)}, and mcp__…"
            yield Finding(path, document.line_of_key(key), "agent-tools", f"`{tool}` is no tool of the host.", action)
    for tool in misspelt_tools(meta.get("tools")) if kind.keys is COPILOT else ():
        action = f"Did you mean `{difflib.get_close_matches(tool.lower(), COPILOT_TOOLS, 1)[0]}`?"
        yield Finding(path, document.line_of_key("tools"), "agent-tools", f"`{tool}` is no tool of the host.", action)
    if isinstance(meta.get("hooks"), dict) and kind.named:
        for line, message, action in told(HOOKS, meta["hooks"], HOOK_WORDS, document.line_of_key):
            yield Finding(path, line, "agent-keys", message, action)
    lines, cost = document.source.count("\n"), tokens(document.source)
    if kind.most_tokens and cost > kind.most_tokens:
        message = f"costs about {cost} tokens, and {kind.most_tokens} are the most."
        yield Finding(path, 1, "agent-budget", message, "Move detail into a skill.")
    if kind.most_lines and lines > kind.most_lines:
        message = f"has {lines} lines, and {kind.most_lines} are the most."
        yield Finding(path, kind.most_lines + 1, "agent-budget", message, "Move parts into files beside it.")


def unknown_tools(listed: object) -> list[str]:
    """Of a list, or of a text that parts tools by commas or spaces, like `Read, Bash(git diff *)`."""
    if isinstance(listed, list):
        names = [str(entry).partition("(")[0].strip() for entry in listed]
    else:
        names = re.findall(r"[^\s,()]+", re.sub(r"\([^)]*\)", "", listed)) if isinstance(listed, str) else []
    return [name for name in names if name not in TOOLS and not name.startswith("mcp__") and name != "*"]


def misspelt_tools(listed: object) -> list[str]:
    """Of Copilot's: it passes over every name it does not know, so only what resembles a known one is a mistake."""
    names = listed.split(",") if isinstance(listed, str) else listed if isinstance(listed, list) else []
    plain = [str(name).strip() for name in names if re.fullmatch(r"\s*[A-Za-z-]+\s*", str(name))]
    unknown = [name for name in plain if name.lower() not in {tool.lower() for tool in COPILOT_TOOLS}]
    return [name for name in unknown if difflib.get_close_matches(name.lower(), COPILOT_TOOLS, 1, 0.75)]


def _nameless_skills(project: Project, host: Host) -> Iterator[Finding]:
    known = {path.rpartition("/")[0] for path in skills(project, host).values()}
    inside = [path for path in project.under(host.skills) if path.count("/") > 2 or path.endswith(".md")]
    inside = [path for path in inside if not path.startswith(f"{host.skills}README")]
    folders = {"/".join(path.split("/")[:3]): path for path in reversed(inside)}
    for folder in sorted(folders.keys() - known):
        message = "no host finds this skill: its folder has no `SKILL.md`."
        action = f"Write `{host.skills}<name>/SKILL.md`, in this spelling."
        yield Finding(folders[folder], 1, "agent-name", message, action)


def _always_loaded(project: Project, descriptions: list[str]) -> Iterator[Finding]:
    cost = sum(map(tokens, descriptions))
    for path in ("AGENTS.md", "CLAUDE.md"):
        document = readable(project, path)
        if document:
            title, _, rest = document.source.partition("\n")  # the title is the product's name, of any length
            cost += tokens(rest if title.startswith("# ") else document.source)
            yield from _references(project, document)
            if path == "CLAUDE.md" and "@AGENTS.md" not in document.source.split("\n"):
                message, action = "does not hand AGENTS.md on.", "Write the line `@AGENTS.md`."
                yield Finding(path, 1, "agent-reference", message, action)
    if project.has("AGENTS.md") and project.has(".claude") and not project.has("CLAUDE.md"):
        message, action = "is missing, and Claude Code reads no AGENTS.md.", "Write it: the one line `@AGENTS.md`."
        yield Finding("CLAUDE.md", 1, "agent-reference", message, action)
    if cost > MOST_ALWAYS:
        message = f"and the {len(descriptions)} descriptions cost about {cost} tokens in every session,"
        action = f"and {MOST_ALWAYS} are the most. Move detail into a skill, shorten descriptions."
        yield Finding("AGENTS.md", 1, "agent-budget", message, action)


def _settings(project: Project, path: str) -> Iterator[Finding]:
    try:
        settings = data(project, path)
    except Refused as error:
        yield error.finding
        return

    def line_of(key: str) -> int:
        text = project.text(path)
        return text.count("\n", 0, max(text.find(f'"{key}"'), 0)) + 1

    def found(key: str, message: str, action: str) -> Finding:
        return Finding(path, line_of(key), "agent-settings", message, action)

    if not isinstance(settings, dict):
        yield found("", "is no JSON object.", "Begin it with `{`.")
        return
    for key in settings.keys() - set(SETTINGS):
        if near := difflib.get_close_matches(key, SETTINGS, 1, 0.8):
            yield found(key, f"`{key}` is no setting of the host.", f"Did you mean `{near[0]}`?")
    for key, schema, known in (("hooks", HOOKS, HOOK_WORDS), ("permissions", RULES, tuple(PERMISSIONS))):
        value = settings.get(key, {})
        if not isinstance(value, dict):
            yield found(key, f"`{key}` is no JSON object.", "Write it as `{…}`.")
            continue
        for line, message, action in told(schema, value, known, line_of):
            yield Finding(path, line, "agent-settings", message, action)
        for listed in ("allow", "deny", "ask") if key == "permissions" else ():
            for tool in unknown_tools(value.get(listed)):
                message = f"`{tool}` in `{listed}` is no tool of the host."
                yield found(listed, message, "Name one, like `Bash(make test)`.")


# ------------------------------------------------------------ what they name

SPAN = re.compile(r"`([^`\n]+)`")
MADE = re.compile(r"\bmake ((?:[a-z][a-z0-9-]*(?: |$))+)")
POE = re.compile(r"\buv run poe ([a-z][a-z0-9-]*)")
SDD = re.compile(r"(?:^|python -m )sdd ([a-z][a-z-]*)")
NAMES = re.compile(r"\b(?:[Ss]kill|[Aa]gent)s? ((?:`[a-z0-9-]+`(?:, | and )?)+)")
PATH = re.compile(r"[\w.@-]+(?:/[\w.@-]+)*/?")
FILE = re.compile(r".+/.+\.(?:css|html|json|md|py|sql|toml|tsx?|ya?ml)")
ABSENT = ("reports/", "var/", "frontend/dist/", "specs/waivers.yml")  # until something makes them


def _references(project: Project, document: Document) -> Iterator[Finding]:
    def missing(line: int, what: str, action: str) -> Finding:
        return Finding(document.path, line, "agent-reference", f"names {what}, which is not there.", action)

    tasks, tops = _tasks(project), {path.partition("/")[0] for path in project.files}
    for line, code in _code(document):
        made = [name for call in MADE.findall(code) for name in call.split()]
        for name in [*made, *POE.findall(code)]:
            if tasks and name not in tasks | {"help"}:
                yield missing(line, f"`make {name}`", _nearest(name, tasks, "make "))
        for name in SDD.findall(code):
            if name not in COMMANDS:
                yield missing(line, f"`sdd {name}`", _nearest(name, COMMANDS, "sdd "))
        is_path = PATH.fullmatch(code) and "/" in code and "NNN" not in code and not code.startswith(ABSENT)
        if is_path and (code.partition("/")[0] in tops or FILE.fullmatch(code)) and not project.has(code):
            yield missing(line, f"`{code}`", "Mend the path: it counts from the root.")
    for line, text, _ in _lines(document):
        for call in NAMES.finditer(text):
            what = "skill" if call[0].lower().startswith("skill") else "agent"
            known = project.once(("names", what), partial(_names, project, what))
            for name in SPAN.findall(call[1]):
                if name not in known:
                    yield missing(line, f"the {what} `{name}`", _nearest(name, known, ""))


def _names(project: Project, what: str) -> frozenset[str]:
    """The skills or the agents of any host."""
    return frozenset(
        name for host in HOSTS for name in (skills(project, host) if what == "skill" else host.agent_files(project))
    )


def _lines(document: Document) -> Iterator[tuple[int, str, bool]]:
    """(line, text, whether it is fenced code); not the title, which may be any name."""
    pairs = zip(document.source.split("\n"), prose(document.source).split("\n"), strict=True)
    for number, (text, outside) in enumerate(pairs, start=1):
        if not text.startswith("# "):
            yield number, text, text != outside


def _code(document: Document) -> Iterator[tuple[int, str]]:
    """(line, text) of each code span and each line of fenced code."""
    for line, text, is_fenced in _lines(document):
        for code in [text.strip()] if is_fenced else SPAN.findall(text):
            yield line, code


def _tasks(project: Project) -> frozenset[str]:
    try:
        tasks = data(project, "pyproject.toml")["tool"]["poe"]["tasks"] if project.has("pyproject.toml") else {}
    except (Refused, KeyError, TypeError):
        return frozenset()
    return frozenset(name for name in tasks if not name.startswith("_"))


def _nearest(name: str, known: Any, before: str) -> str:
    near = difflib.get_close_matches(name, sorted(known), 1)
    return f"Did you mean `{before}{near[0]}`?" if near else f"Known are {', '.join(sorted(known))}."


# ------------------------------------------------------------ what they cost

PIECE = re.compile(r" ?[A-Z]?[a-z]+| ?[A-Z]+|\d{1,3}|[^\W\d_A-Za-z]+| ?(?:[^\w\s]|_)+[\n/]*|\s*\n|\s+")


def tokens(text: str) -> int:
    """About how many tokens a model reads: an estimate, 1 to 7 % above o200k on English prompt files, never below.

    Exact counts need a vocabulary of megabytes. Here a word is one token, a long one two; up to four signs in a row
    are one. Too many, to be safe: one for five letters of another alphabet, one for each sign of Chinese or Japanese.
    """
    return -(-sum(map(_cost, PIECE.findall(text))) * 21 // 20)


def _cost(piece: str) -> int:
    word = piece.strip()
    if not word or word.isdigit():
        return 1
    if not word[0].isalpha():
        return -(-len(word) // 4)
    if word.isascii():
        return -(-len(word) // (13 if piece[0] == " " else 9))
    return len(word) if word[0] >= "\u2e80" else -(-len(word) // 5)
