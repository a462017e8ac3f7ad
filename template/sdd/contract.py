"""The contract's operations, and that requirements, routes and contract name the same ones.

Knows `contracts/api/openapi.yaml` and how a route is declared. What a change of it breaks, `compare` knows.
"""

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import yaml

from sdd import compare
from sdd.documents import data, parsed, visible
from sdd.project import Finding, Project, Refused
from sdd.specs import OPERATION, Requirement, Spec, specs

PATH = "contracts/api/openapi.yaml"
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
ROUTES = {"get", "put", "post", "delete", "options", "head", "patch", "api_route", "route", "websocket"}
ADDS = ("add_api_route", "add_route", "APIRoute", "Route")
SPEAKS = re.compile(
    r"/api/|\b(?:GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH)\b|(?<![\w/.-])(?:API|api)s?(?![\w/-])|\b[Ee]ndpoints?\b"
)
NUMBER = r"(?<![\d.,–-])\b([2-5]\d\d)\b(?![.,–-]?\d)(?! ?%)"
COUNT = r"(?<!than )(?<!most )(?<!least )(?<!to )(?<!exactly )(?<!of )(?<!every )"
STATUS = re.compile(COUNT + NUMBER + r"(?! (?!and|or|with|when|for|on|if|as|until)[a-z])")
ANSWER = re.compile(
    r"(?:(?:with|told|answer|answers|answered|returns) (?=[45])|status (?:code )?(?:is )?)"
    + NUMBER
    + r"(?! \w*s\b| kB| people)"
)
STATUSES = {str(status.value) for status in HTTPStatus}


@dataclass(frozen=True)
class Operation:
    """One thing the API does: its operationId, method in capitals, path, and the line of its operationId."""

    id: str
    method: str
    path: str
    line: int


def read(text: str) -> dict[str, Any]:
    """A contract's text as data. Raises Refused when it is no OpenAPI document with paths."""
    return _checked(parsed(PATH, text))


def _checked(contract: Any) -> dict[str, Any]:
    if not isinstance(contract, dict) or not isinstance(contract.get("paths"), dict):
        action = "Bring it back from git, or write it as OpenAPI 3.1."
        raise Refused(Finding(PATH, 1, "unreadable", "is no OpenAPI document: it has no `paths`.", action))
    return contract


def operations(project: Project) -> dict[str, Operation]:
    """By operationId, in the contract's order; of two with one id, the first. Empty when there is no such contract."""
    found: dict[str, Operation] = {}
    for operation in _operations(project):
        found.setdefault(operation.id, operation)
    found.pop("", None)
    return found


def _operations(project: Project) -> list[Operation]:
    """Every one, also those without an id (an empty one) and with one that is taken."""
    try:
        contract = _checked(data(project, PATH))
    except Refused:
        return []
    return project.once("operations", lambda: list(_listed(contract, project.text(PATH))))


def _listed(contract: dict[str, Any], text: str) -> Iterator[Operation]:
    lines = _lines(text)
    for path, item in contract["paths"].items():
        for method in METHODS:
            operation = item.get(method) if isinstance(item, dict) else None
            if isinstance(operation, dict):
                name = str(operation.get("operationId") or "")
                yield Operation(name, method.upper(), str(path), lines.get((str(path), method), 1))


def _lines(text: str) -> dict[tuple[str, str], int]:
    """Where each path's method says its operationId, or stands itself."""
    found = {}
    for path, item in _children(dict(_children(yaml.compose(text, Loader=yaml.CSafeLoader))).get("paths")):
        for method, operation in _children(item):
            keys = {key: value.start_mark.line + 1 for key, value in _children(operation)}
            found[path, method] = keys.get("operationId", operation.start_mark.line + 1)
    return found


def _children(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        yield from ((str(key.value), value) for key, value in node.value)


# ------------------------------------------------------------ what must hold


def findings(project: Project) -> Iterator[Finding]:
    """Operations without a requirement, requirements without their operation, names and routes the contract lacks."""
    if not project.has(PATH):
        yield Finding(PATH, 1, "contract", "is missing.", "Bring it back from git: it stands between the layers.")
        return
    try:
        _checked(data(project, PATH))
    except Refused as error:
        yield error.finding
        return
    known = operations(project)
    yield from _id_findings(project)
    yield from _promise_findings(project, known)
    for spec in specs(project):
        if spec.status != "draft":
            for requirement in spec.requirements.values():
                yield from _speaking(spec, requirement, known)
        if spec.status == "built":
            yield from _name_findings(spec, known)
    yield from _route_findings(project, known)


def _id_findings(project: Project) -> Iterator[Finding]:
    first: dict[str, Operation] = {}
    for operation in _operations(project):
        where = f"{operation.method} {operation.path}"
        if not operation.id:
            action = "Name it with one of the five verbs, like `create_todo`."
            yield Finding(PATH, operation.line, "operation", f"{where} has no operationId.", action)
        elif operation.id in first:
            message = f"{where} is `{operation.id}`, as {first[operation.id].method} {first[operation.id].path} is."
            yield Finding(PATH, operation.line, "operation", message, "Give it a name of its own.")
        first.setdefault(operation.id, operation)


def _promise_findings(project: Project, known: dict[str, Operation]) -> Iterator[Finding]:
    """Left out while a spec cannot be read: it may be the one that speaks of the operation."""
    if len(specs(project)) < len([path for path in project.under("specs/", "/spec.md") if "/templates/" not in path]):
        return
    named = {name for spec in specs(project) for promise in spec.requirements.values() for name in promise.names}
    for operation in known.values():
        if operation.id not in named:
            message = f"no requirement speaks of `{operation.id}`."
            action = "Name it in backticks in the requirement of a spec that it serves, or take it out."
            yield Finding(PATH, operation.line, "operation-without-requirement", message, action)


def _speaking(spec: Spec, requirement: Requirement, known: dict[str, Operation]) -> Iterator[Finding]:
    if speaks_of_api(requirement.text) and not requirement.operations and not known.keys() & set(requirement.names):
        message = f"{requirement.id} speaks of the API and names no operation."
        action = "Name it by its operationId in backticks, like `create_todo`."
        yield Finding(spec.path, requirement.line, "requirement-without-operation", message, action)


def speaks_of_api(text: str) -> bool:
    """Whether a requirement names a path below /api/, a method, a status (not a count), an API or an endpoint."""
    return bool(SPEAKS.search(text)) or not STATUSES.isdisjoint(STATUS.findall(text) + ANSWER.findall(text))


def _name_findings(spec: Spec, known: dict[str, Operation]) -> Iterator[Finding]:
    named = [(spec.path, line, name) for line, name in _spans(spec)]
    if spec.plan:
        named += [(spec.plan.path, line, name) for name, line in spec.plan.operations.items()]
    for path, line, name in named:
        if name not in known:
            message = f"names the operation `{name}`, and the contract has none such."
            yield Finding(path, line, "unknown-operation", message, f"Mend the name, or write it into {PATH}.")


def _spans(spec: Spec) -> Iterator[tuple[int, str]]:
    """The code spans of a spec that look like operations, each name once; what is out of scope may come some day."""
    seen, later = set(), spec.document.sections.get("Out of scope")
    text = visible(
        spec.document.body.replace(later.text, "\n" * later.text.count("\n")) if later else spec.document.body
    )
    for span in re.finditer(rf"`({OPERATION.pattern})`", text):
        if span[1] not in seen:
            seen.add(span[1])
            yield spec.document.first + text.count("\n", 0, span.start()), span[1]


def _route_findings(project: Project, known: dict[str, Operation]) -> Iterator[Finding]:
    for path in project.under("backend/", ".py"):
        if "/tests/" in path or path.startswith("backend/generated/"):
            continue
        try:
            text = project.text(path)
            routes = list(_routes(ast.parse(text))) if re.search(r"@|add_(?:api_)?route|Route\(", text) else []
        except Refused as error:
            yield error.finding
            continue
        except (SyntaxError, RecursionError) as error:
            line = getattr(error, "lineno", None) or 1
            yield Finding(path, line, "unreadable", "is not Python.", "Mend that line.")
            continue
        for name, how, end, line in routes:
            operation = known.get(name)
            if operation is None:
                message = f"`{name}` serves an operation that the contract lacks."
                action = f"Write it into {PATH} first, with `operationId: {name}`."
                yield Finding(path, line, "outside-contract", message, action)
            elif how not in ("", operation.method) or not _shape(operation.path).endswith(_shape(end)):
                where = f"{operation.method} {operation.path}"
                message = f"`{name}` serves {how or operation.method} …{end}, and the contract says {where}."
                action = f"Give the route a name of its own, and write it into {PATH} first."
                yield Finding(path, line, "outside-contract", message, action)


def _routes(tree: ast.Module) -> Iterator[tuple[str, str, str, int]]:
    """(name, method or nothing, end of the path, line) of each function that a router serves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in ROUTES:
                    method = call.func.attr.upper() if call.func.attr in METHODS else ""
                    yield _text(call, 9, "operation_id") or node.name, method, _text(call, 0, "path"), node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ADDS:
            path, function = _text(node, 0, "path"), _argument(node, 1, "endpoint")
            if function is not None and (path.startswith("/api") or "add_api" in ast.unparse(node.func)):  # no page
                yield _text(node, 9, "operation_id") or ast.unparse(function).rpartition(".")[2], "", path, node.lineno


def _argument(call: ast.Call, place: int, key: str) -> ast.expr | None:
    given = [word.value for word in call.keywords if word.arg == key]
    return given[0] if given else call.args[place] if len(call.args) > place else None


def _text(call: ast.Call, place: int, key: str) -> str:
    """A plain string among the arguments; empty when it is none."""
    value = _argument(call, place, key)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def _shape(path: str) -> str:
    """A path whose parameters have no names."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


# ------------------------------------------------------------ against the past


class Skipped(Exception):
    """There is nothing to compare with; its text says why."""


def compared(project: Project, ref: str | None) -> list[Finding]:
    """Breaking changes since a commit, or since `project.base`, unless the major of `info.version` grew with them.

    Where there is nothing to compare with, a sentence on the error output says why.
    """
    try:
        old, new = _earlier(project, ref), _checked(data(project, PATH))
    except Skipped as why:
        print(f"The contract is not compared with an earlier one: {why}.", file=sys.stderr)
        return []
    except Refused as error:
        return [error.finding]
    if _major(new) > _major(old):
        return []
    lines = {f"{operation.method} {operation.path}": operation.line for operation in _operations(project)}
    action = f"Keep the promise, or let a person raise info.version to {_major(old) + 1}.0.0."
    return [
        Finding(PATH, _line(change.pointer, lines), "breaking", f"{change.pointer}: {change.message}", action)
        for change in compare.breaking(old, new)
        if change.breaking
    ]


def _earlier(project: Project, ref: str | None) -> dict[str, Any]:
    """The contract at a commit, or at the base. Raises Skipped, or Refused for a commit that git does not know."""
    if not project.has_git:
        raise Skipped("there is no git and no commit here")
    base = ref or project.base
    if base is None:
        raise Skipped("there is no `v*` tag and no default branch that this one left")
    project.must_know(base, PATH)
    before = project.at(base, PATH)
    if before is None:
        raise Skipped(f"{base} had no {PATH}")
    try:
        return read(before)
    except Refused as error:
        raise Skipped(f"that of {base} {error.finding.message.rstrip('.')}") from error


def _major(contract: dict[str, Any]) -> int:
    """The first number of `info.version`; 0 when it has none."""
    info = contract.get("info")
    found = re.match(r"\d+", str(info.get("version", "")) if isinstance(info, dict) else "")
    return int(found[0]) if found else 0


def _line(pointer: str, lines: dict[str, int]) -> int:
    """The line of the operation that a change's place begins with; 1 when it is gone."""
    return next((line for where, line in lines.items() if pointer == where or pointer.startswith(where + " ")), 1)
