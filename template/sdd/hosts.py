"""The agent hosts: where each keeps agents and skills, and how the others' files are made from the first chosen one's.

Knows no duty and no key's meaning: a description, the duties and the skills are the same everywhere; every other key
(tools, model) is a host's own and stays as its file has it. Source: the hosts' references, November 2026.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import yaml

from sdd.documents import Document, data, parsed, read
from sdd.project import Finding, Project, Refused

ANSWERS = ".copier-answers.yml"


@dataclass(frozen=True)
class Host:
    """One host: the folders of its agents and skills, how an agent's file ends, the keys that a new one gets."""

    name: str
    agents: str
    end: str
    skills: str
    own: dict[str, Any] = field(default_factory=dict)

    def agent_files(self, project: Project) -> dict[str, str]:
        """name → path; Copilot takes `.md` for `.agent.md`."""
        ends = tuple(dict.fromkeys((self.end, f".{self.end.rpartition('.')[2]}")))
        found: dict[str, str] = {}
        for path in project.under(self.agents):
            file = path.removeprefix(self.agents)
            end = next((end for end in ends if file.endswith(end)), None)
            if end and "/" not in file:
                found[file.removesuffix(end)] = path
        return found

    def skill_files(self, project: Project) -> dict[str, str]:
        """path within the folder → path, of all files of all skills"""
        return {path.removeprefix(self.skills): path for path in project.under(self.skills)}


HOSTS = (
    Host("claude", ".claude/agents/", ".md", ".claude/skills/"),
    # Copilot hands AGENTS.md to a called agent only when its file asks for it.
    Host("copilot", ".github/agents/", ".agent.md", ".github/skills/", {"include-custom-instructions": True}),
    Host("codex", ".codex/agents/", ".toml", ".agents/skills/"),
)


def chosen(project: Project) -> list[Host]:
    """The hosts in the order of the answer `agents`; without answers, those that have agents here."""
    known = {host.name: host for host in HOSTS}
    try:
        answers = data(project, ANSWERS) if project.has(ANSWERS) else None
    except Refused:  # `documents` tells of it
        answers = None
    names = answers.get("agents") if isinstance(answers, dict) else None
    if isinstance(names, list) and names and all(name in known for name in names):
        return [known[name] for name in dict.fromkeys(names)]
    return [host for host in HOSTS if host.agent_files(project)]


# ------------------------------------------------------------ one agent's file


class Toml(Document):
    """A TOML file as a document: its keys are the head, `developer_instructions` the body."""

    def line_of_key(self, key: str) -> int:
        """The line of a key; 1 when it is not there."""
        found = re.search(rf"^{re.escape(key)}\s*=", self.source, re.MULTILINE)
        return self.source.count("\n", 0, found.start()) + 1 if found else 1


def document(project: Project, path: str) -> Document:
    """An agent's or a skill's file. Raises Refused when it cannot be read."""
    if not path.endswith(".toml"):
        return read(project, path)
    keys, source = data(project, path), project.text(path)
    duties = keys.get("developer_instructions")
    place = source.find("developer_instructions")
    first = source.count("\n", 0, max(place, 0)) + 2
    return Toml(path, keys, duties if isinstance(duties, str) else "", first, source)


def said(agent: Document) -> tuple[str, str]:
    """What is the same on every host: the description, and the duties, in one spelling of line ends."""
    return str(agent.meta.get("description", "")).strip(), agent.body.strip() + "\n"


def written(host: Host, name: str, source: Document, before: Document | None) -> str:
    """The text of an agent's file for a host: description and duties of `source`, all other keys of `before`.

    Raises Refused when those cannot be told apart in a TOML file.
    """
    description, duties = said(source)
    ours = {"name": name, "description": description}
    if host.end != ".toml":
        own = {"name": name, **host.own} if before is None or not before.meta else before.meta
        head = yaml.safe_dump({**ours, **own, "description": description}, **DUMP)
        return f"---\n{head}---\n{duties}"
    keys = {**ours, "developer_instructions": duties}
    text = "".join(f"{key} = {_toml(value)}\n" for key, value in keys.items())
    text += OURS.sub("", before.source).lstrip("\n") if before else ""
    if parsed(path := host.agents + name + host.end, text) != (before.meta if before else {}) | keys:
        raise Refused(Finding(path, 1, "agent-drift", "cannot be rewritten.", "Delete it, then run `make generate`."))
    return text


DUMP: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 10_000}
OURS = re.compile(
    r"^(?:name|description|developer_instructions)[ \t]*=[ \t]*"
    r'(?:"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\')[^\n]*(?:\n|\Z)',
    re.MULTILINE | re.DOTALL,
)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def _toml(text: str) -> str:
    """A text as TOML writes it: several lines between ''' where that can be, for people to read."""
    if text.endswith("\n") and "'''" not in text and not CONTROL.search(text):
        return f"'''\n{text}'''"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = CONTROL.sub(lambda sign: f"\\u{ord(sign[0]):04x}", escaped)
    return f'"""\n{escaped}"""' if text.endswith("\n") else '"' + escaped.replace("\n", "\\n") + '"'


# ------------------------------------------------------------ the other hosts' files


def made(project: Project) -> dict[str, bytes]:
    """path → content of each file that is missing or differs; empty when all hosts say the same.

    Deletes nothing: what no source has, somebody wrote. Raises Refused when an agent of the source cannot be read,
    or one of another host not be rewritten.
    """
    files: dict[str, bytes] = {}
    first, *others = chosen(project) or HOSTS[:1]
    sources = {name: document(project, path) for name, path in first.agent_files(project).items()}
    skills = {name: _content(project, path) for name, path in first.skill_files(project).items()}
    for host in others:
        there, copies = host.agent_files(project), host.skill_files(project)
        for name, source in sources.items():
            before = _readable(project, there.get(name))
            if before is None or said(before) != said(source):
                path = there.get(name, f"{host.agents}{name}{host.end}")
                files[path] = written(host, name, source, before).encode()
        for name, content in skills.items():
            if name not in copies or _content(project, copies[name]) != content:
                files[host.skills + name] = content
    return files


def _content(project: Project, path: str) -> bytes:
    """A file's bytes; of a link to nothing, none: a program that reads skills finds none there either."""
    file = project.root / path
    return file.read_bytes() if file.is_file() else b""


def _readable(project: Project, path: str | None) -> Document | None:
    try:
        return document(project, path) if path else None
    except Refused:
        return None


def findings(project: Project) -> Iterator[Finding]:
    """Each file of another host that is missing, differs from the first one's, or has no source there."""
    first, *others = chosen(project) or HOSTS[:1]
    for host in others:
        sources, copies = first.agent_files(project), host.agent_files(project)
        yield from _surplus({path: f"{first.agents}{name}{first.end}" for name, path in copies.items()}, sources)
        for name, path in sources.items():
            source, copy = _readable(project, path), _readable(project, copies.get(name))
            if name not in copies:
                yield _drift(f"{host.agents}{name}{host.end}", 1, f"is missing, and `{path}` is there.")
            elif source and copy and said(source) != said(copy):
                message = f"says something else than `{path}`."
                yield _drift(copy.path, _line(source, copy), message, f"Change `{path}`, then run `make generate`.")
        sources, copies = first.skill_files(project), host.skill_files(project)
        yield from _surplus({path: first.skills + name for name, path in copies.items()}, sources)
        for name, path in sources.items():
            if name not in copies:
                yield _drift(host.skills + name, 1, f"is missing, and `{path}` is there.")
            elif _content(project, path) != _content(project, copies[name]):
                message = f"says something else than `{path}`."
                yield _drift(copies[name], 1, message, f"Change `{path}`, then run `make generate`.")


def _surplus(copies: dict[str, str], sources: dict[str, str]) -> Iterator[Finding]:
    for path in sorted(copies.keys()):
        if copies[path] not in sources.values():
            action = "Delete it; or move it there, then run `make generate`."
            yield _drift(path, 1, f"is on this host alone: there is no `{copies[path]}`.", action)


def _drift(path: str, line: int, message: str, action: str = "Run `make generate`.") -> Finding:
    return Finding(path, line, "agent-drift", message, action)


def _line(source: Document, copy: Document) -> int:
    """The line of the copy at which it begins to differ."""
    (description, duties), (other, others) = said(source), said(copy)
    if description != other:
        return copy.line_of_key("description")
    pairs = zip_longest(duties.splitlines(), others.splitlines())
    at = next(at for at, (one, two) in enumerate(pairs) if one != two)
    blank = copy.body[: len(copy.body) - len(copy.body.lstrip())].count("\n")
    return min(copy.first + blank + at, copy.source.count("\n"))
