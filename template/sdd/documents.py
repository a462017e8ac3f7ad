"""Reads documents: the keys at their head, their sections, lists and tables, and whether what they point to is there.

Knows no spec, record or agent: what a document must hold, other modules say.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import yaml
from frontmatter.default_handlers import YAMLHandler
from markdown_it import MarkdownIt
from markdown_it.token import Token

from sdd.project import Finding, Project, Refused, conflict

FOLDERS = ("specs/", "history/", "contracts/", "docs/", ".claude/", ".agents/", ".github/")
CODE = ("database/", "backend/", "frontend/", "tests/", "tools/", "sdd/")  # of these the READMEs
PROMPTS = "history/prompts/"
FENCE = re.compile(r"^[ \t]*(?:(`{3,})[^`\n]*|(~{3,}).*)\n(?:.*\n)*?(?:[ \t]*(?:\1`*|\2~*)[ \t]*$|.*\Z)", re.MULTILINE)
HEADING = re.compile(r"^ {0,3}## +(.+?)[ #]*$", re.MULTILINE)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
SCHEMA_ERROR = jsonschema_rs.ValidationErrorKind
DEEP = 500
MARKDOWN = MarkdownIt("commonmark").enable("table")
HEAD = YAMLHandler()


class Plain(yaml.CSafeLoader):
    """YAML in which a date stays the text that was written, and a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        names = [key.value for key in keys]
        if len(set(names)) < len(names):
            again = next(key for at, key in enumerate(keys) if key.value in names[:at])
            reason = f"the key `{again.value}` stands twice"
            raise yaml.MarkedYAMLError(problem=reason, problem_mark=again.start_mark)
        return super().construct_mapping(node, deep)


Plain.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True)
class Section:
    """What stands below a `##` heading, up to the next; `line` is the heading's."""

    title: str
    line: int
    text: str


@dataclass(frozen=True)
class Item:
    """A list item or a table's row: where it begins, its text on one line (a row: its cells), its code spans."""

    line: int
    text: str
    code: tuple[str, ...]
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Document:
    """A Markdown file: `meta` is its head (empty when it has none), `first` the line at which `body` begins, from 1."""

    path: str
    meta: dict[str, Any]
    body: str
    first: int
    source: str

    @cached_property
    def sections(self) -> dict[str, Section]:
        """By title, in the file's order; of two with one title, the first. Fenced code holds no heading."""
        marks = list(HEADING.finditer(prose(self.body)))
        ends = [*(mark.start() for mark in marks[1:]), len(self.body)]
        found: dict[str, Section] = {}
        for mark, end in zip(marks, ends, strict=False):
            line = self.first + self.body.count("\n", 0, mark.start())
            found.setdefault(mark[1], Section(mark[1], line, self.body[mark.end() : end]))
        return found

    def line_of(self, text: str) -> int:
        """The first line that holds this text; 1 when none does."""
        return self.source.count("\n", 0, max(self.source.find(text), 0)) + 1

    def line_of_key(self, key: str) -> int:
        """The line of a key of the head; 1 when it is not there."""
        found = re.search(rf"^{re.escape(key)}\s*:", self.source, re.MULTILINE)
        return self.source.count("\n", 0, found.start()) + 1 if found else 1

    def items(self, title: str | None = None) -> list[Item]:
        """The items of a section's lists, or of the whole body's; what stands nested in one belongs to it."""
        return list(self._parts(title, "list_item"))

    def rows(self, title: str) -> list[Item]:
        """The rows of a section's tables, headings too."""
        return list(self._parts(title, "tr"))

    def _parts(self, title: str | None, kind: str) -> Iterator[Item]:
        section = self.sections.get(title, Section(title, 1, "")) if title else Section("", self.first, self.body)
        depth, inside, line = 0, list[Token](), section.line
        for token in MARKDOWN.parse(section.text):
            if token.type == f"{kind}_open":
                if depth == 0:
                    line = section.line + (token.map[0] if token.map else 0)
                depth += 1
            elif token.type == f"{kind}_close":
                depth -= 1
                if depth == 0:
                    texts = tuple(" ".join(part.content.split()) for part in inside)
                    children = [child for part in inside for child in part.children or []]
                    code = tuple(child.content for child in children if child.type == "code_inline")
                    yield Item(line, " ".join(texts), code, texts)
                    inside = []
            elif depth and token.type == "inline":
                inside.append(token)


def prose(text: str) -> str:
    """The text with its fenced code blanked out: every other character stays in its place."""
    if "```" not in text and "~~~" not in text:
        return text
    return FENCE.sub(_blank, text)


def visible(text: str) -> str:
    """The prose without its HTML comments, every other character in its place."""
    text = prose(text)
    return COMMENT.sub(_blank, text) if "<!--" in text else text


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def read(project: Project, path: str) -> Document:
    """A Markdown file, read once. Raises Refused when it is no text or its head is no YAML mapping."""
    found = project.once(("document", path), lambda: _read(project, path))
    if isinstance(found, Refused):
        raise found
    return found


def _read(project: Project, path: str) -> Document | Refused:
    try:
        source = project.text(path)
        if path.startswith(PROMPTS):  # a prompt may well quote a conflict
            conflict(path, prose(source))
        if not HEAD.detect(source):
            return Document(path, {}, source, 1, source)
        parts = HEAD.FM_BOUNDARY.split(source, 2)
        if len(parts) < 3:
            raise _unreadable(path, 1, "opens its head with `---` and does not close it.", "Close it with `---`.")
        meta = _parsed(path, parts[1], lambda text: HEAD.load(text, Loader=Plain))
        if not isinstance(meta, dict):
            raise _unreadable(path, 1, "has a head that is no list of keys.", "Write `key: value` lines between `---`.")
        if not is_plain(meta):
            raise _unreadable(path, 1, "has a head of more than texts, numbers and lists.", "Write it in plain YAML.")
    except Refused as error:
        return error
    return Document(path, meta, parts[2], source.count("\n", 0, len(source) - len(parts[2])) + 1, source)


def data(project: Project, path: str) -> Any:
    """What a .yml, .yaml, .toml or .json file holds; dates in YAML stay text. Raises Refused when it cannot be read."""
    found = project.once(("data", path), lambda: _data(project, path))
    if isinstance(found, Refused):
        raise found
    return found


def _data(project: Project, path: str) -> Any:
    try:
        return parsed(path, project.text(path))
    except Refused as error:
        return error


def parsed(path: str, text: str) -> Any:
    """The data that a text of this file's kind holds. Raises Refused, with the line, when it is not of that kind."""
    if path.endswith(".json"):
        return _parsed(path, text, json.loads)
    if path.endswith(".toml"):
        return _parsed(path, text, tomllib.loads)
    return _parsed(path, text, lambda source: yaml.load(source, Loader=Plain))  # noqa: S506, a safe loader's subclass


def _parsed(path: str, text: str, load: Callable[[str], Any]) -> Any:
    kind = {"json": "JSON", "toml": "TOML"}.get(path.rpartition(".")[2], "YAML")
    try:
        if kind == "YAML" and sum(map(text.count, ("[", "{", "- -", "? ?"))) > DEEP:
            _sound(text)
        return load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        reason = error.problem or "it breaks off"
    except json.JSONDecodeError as error:
        line, reason = error.lineno, error.msg
    except RecursionError:  # ours, too: see _sound
        line, reason = 1, "it is nested too deeply"
    except (yaml.YAMLError, ValueError) as error:
        line, reason = 1, str(error).splitlines()[0]
    where = "its head" if path.endswith(".md") else "it"
    raise _unreadable(path, line, f"{where} is not {kind}: {reason}.", "Mend that line.")


def is_plain(value: object) -> bool:
    """Whether data is what JSON can say: texts for keys, no bytes, nothing that holds itself or grows without end."""
    waiting, seen = [value], 0
    while waiting:
        one = waiting.pop()
        seen += 1
        if isinstance(one, dict) and all(isinstance(key, str) for key in one):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        elif not (one is None or isinstance(one, str | int | float)):
            return False
        if seen > 10_000:
            return False
    return True


def _sound(text: str) -> None:
    """Raises RecursionError for YAML that is nested so deeply that libyaml's composer would end the whole process."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEP:
            raise RecursionError


def _unreadable(path: str, line: int, message: str, action: str) -> Refused:
    return Refused(Finding(path, line, "unreadable", message, action))


def mapping(keys: Mapping[str, Any], required: Iterable[str]) -> dict[str, Any]:
    """The JSON Schema of a mapping of these keys and no other."""
    return {"type": "object", "properties": dict(keys), "required": list(required), "additionalProperties": False}


def closed(keys: Mapping[str, Any], required: Iterable[str] = ()) -> jsonschema_rs.Validator:
    """The same, compiled, with formats such as `date` judged: what `faults` and `told` take."""
    return jsonschema_rs.Draft202012Validator(mapping(keys, required), validate_formats=True)


def faults(document: Document, schema: jsonschema_rs.Validator, known: tuple[str, ...], rule: str) -> Iterator[Finding]:
    """What a schema says against a document's head, each with the key's line; a misspelt key with the nearest known."""
    if not document.meta:
        yield Finding(document.path, 1, rule, "has no head.", f"Begin it with `---` and the keys {', '.join(known)}.")
        return
    for line, message, action in told(schema, document.meta, known, document.line_of_key):
        yield Finding(document.path, line, rule, message, action)


def told(
    schema: jsonschema_rs.Validator, value: Any, known: tuple[str, ...], line_of_key: Callable[[str], int]
) -> Iterator[tuple[int, str, str]]:
    """(line, message, next step) for each fault of a mapping."""
    for error in schema.iter_errors(value):
        key = str(error.instance_path[0]) if error.instance_path else ""
        if isinstance(error.kind, SCHEMA_ERROR.AdditionalProperties):
            for name in map(str, error.kind.unexpected):
                near = difflib.get_close_matches(name, known, 1)
                action = f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(known)}."
                yield line_of_key(name), f"`{name}` is no key of this file.", action
        elif isinstance(error.kind, SCHEMA_ERROR.Required):
            yield 1, f"lacks a key: {error.message}.".replace('"', "`"), "Add it."
        else:
            yield line_of_key(key), f"`{key}`: {error.message}.", "Write it as the files beside do."


# ------------------------------------------------------------ links and citations

CITATION = re.compile(r"(?<![\w:./-])(\d{1,7}):(\d{1,7}):([A-Za-z_.][^\s`|()\[\]<>,;\"']*)")
MAY_CITE = re.compile(r"\d:\d+:")
POINTS = re.compile(r"\]\(|\]:|<(?:a|img|source)\s")
HTML = re.compile(r"""<(?:a|img|source)\s[^>]*?(?:href|src|srcset)=["']([^"'\s]+)""")
NAMED = re.compile(r"""\b(?:id|name)=["']([^"']+)""")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:|//")
READ = (".md", ".yml", ".yaml", ".toml", ".json")


def findings(project: Project) -> Iterator[Finding]:
    """Files that cannot be read, links to nothing, citations beyond a file's end."""
    for path in project.files:
        is_ours = path.startswith(FOLDERS) or (path.startswith(CODE) and path.endswith("/README.md"))
        if not path.endswith(READ) or ("/" in path and not is_ours):
            continue
        try:
            if not path.endswith(".md"):
                data_of_any_tag(project, path)
                continue
            document = read(project, path)
        except Refused as error:
            yield error.finding
            continue
        if "[FILL IN" in document.source and path.startswith(("specs/", "history/")):
            continue  # a template, or one that is not filled in yet
        text = visible(document.body)
        if MAY_CITE.search(text):
            yield from citations(project, document, text)
        if POINTS.search(text):
            yield from links(project, document, text)


def data_of_any_tag(project: Project, path: str) -> None:
    """Raises Refused when a file is no YAML, TOML or JSON; YAML may have tags of its own and several documents."""
    text = project.text(path)
    if path.endswith((".json", ".toml")):
        data(project, path)
    else:
        _parsed(path, text, lambda source: list(yaml.compose_all(source, Loader=yaml.CSafeLoader)))


def citations(project: Project, document: Document, text: str) -> Iterator[Finding]:
    """`start:end:path` that leads nowhere. A record tells of its day: there the path must be or have been, no more."""
    record = document.path.startswith(PROMPTS)
    for cited in CITATION.finditer(text):
        start, end, path = int(cited[1]), int(cited[2]), cited[3].rstrip(".:!?*_")
        line = document.first + text.count("\n", 0, cited.start())
        if record and (project.has(path) or project.had(path)):
            continue
        if not re.search("[./]", path) and not project.has(path):
            continue  # a time of day, or something else that is no path
        if path not in project.once("files", lambda: frozenset(project.files)):
            message = f"cites `{start}:{end}:{path}`, and there is no such file."
            yield Finding(document.path, line, "citation", message, "Cite a file by its path from the root.")
            continue
        try:
            last = len(project.text(path).splitlines())
        except Refused:
            last = 0
        if not 1 <= start <= end <= last:
            message = f"cites `{start}:{end}:{path}`, which has {last} lines."
            yield Finding(document.path, line, "citation", message, f"Cite lines from 1 to {last}.")


def links(project: Project, document: Document, text: str) -> Iterator[Finding]:
    """Relative links and pictures that lead to no file, or to no heading of a Markdown file. Code is no link."""
    for line, target in _targets(document, text):
        if SCHEME.match(target):
            continue
        path, _, anchor = target.partition("#")
        path = unquote(path.partition("?")[0])
        found = _resolved(document.path, path)
        if found is None:
            message, action = f"links to `{target}`, outside the project.", "Write the whole address, with https://."
        elif not project.has(found) and not (document.path.startswith(PROMPTS) and project.had(found)):
            message, action = f"links to `{target}`, and there is no `{found}`.", "Mend the path, or make the file."
        elif anchor and found.endswith(".md") and not _has_anchor(project, found, unquote(anchor)):
            message, action = f"links to `{target}`: no heading of `{found}` is so named.", "Mend the part after `#`."
        else:
            continue
        yield Finding(document.path, line, "link", message, action)


def _targets(document: Document, text: str) -> Iterator[tuple[int, str]]:
    if document.path.startswith(PROMPTS):  # they are many: only the lines in question are parsed
        lines = [(at, line) for at, line in enumerate(text.split("\n")) if POINTS.search(line)]
        tokens = [(at, token) for at, line in lines for token in MARKDOWN.parseInline(line)]
    else:
        tokens = [(0, token) for token in MARKDOWN.parse(text)]
    for at, token in tokens:
        line = document.first + at + (token.map[0] if token.map else 0)
        if token.type == "html_block":
            for target in HTML.findall(token.content):
                yield line, target
        for child in token.children or []:
            if child.type in {"softbreak", "hardbreak"}:
                line += 1
            elif child.type == "link_open":
                yield line, str(child.attrs["href"])
            elif child.type == "image":
                yield line, str(child.attrs["src"])
            elif child.type == "html_inline":
                for target in HTML.findall(child.content):
                    yield line, target


def _resolved(source: str, path: str) -> str | None:
    """A link's target from the root; None when it lies outside. An empty path is the file itself."""
    if not path:
        return source
    parts = [] if path.startswith("/") else source.split("/")[:-1]
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts) or "."


def _has_anchor(project: Project, path: str, anchor: str) -> bool:
    try:
        return anchor.lower() in _anchors(read(project, path).body)
    except Refused:
        return True


@cache
def _anchors(text: str) -> frozenset[str]:
    """The names of a text's headings, as GitHub and GitLab make them, and of its HTML."""
    found = {name.lower() for name in NAMED.findall(text)}
    tokens = MARKDOWN.parse(text)
    for opening, title in pairwise(tokens):
        if opening.type == "heading_open":
            words = "".join(child.content for child in title.children or [] if child.type in {"text", "code_inline"})
            name = base = re.sub(r"[^\w\- ]", "", words.lower().strip()).replace(" ", "-")
            count = 0
            while name in found:
                count += 1
                name = f"{base}-{count}"
            found.add(name)
    return frozenset(found)
