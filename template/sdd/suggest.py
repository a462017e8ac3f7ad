"""What a change asks a person to decide, or to write down: read from the difference to an earlier commit.

Knows files, the contract and git; it judges nothing, and writes nothing. A decision that a new or changed file of
history/adr/ names (the operation, the table, the package, the variable, the file) counts as written down.

Of a dependency only a new name counts: a newer version, even a major one, is work for the tests.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from math import inf
from typing import Any, TypeVar

from sdd import compare, contract
from sdd.documents import parsed
from sdd.project import Finding, Project, Refused

T = TypeVar("T")
QUESTION = re.compile(r"\[NEEDS CLARIFICATION:?\s*([^\]\n]*)")
LOSES = {"drop_table", "drop_column", "rename_table", "delete"}
SQL = re.compile(r"\b(DROP\s+(?:TABLE|COLUMN|SCHEMA|DATABASE)|DELETE\s+FROM|TRUNCATE|RENAME)\b", re.IGNORECASE)
STATE = {"redux", "react-redux", "@reduxjs/toolkit", "zustand", "jotai", "recoil", "valtio", "xstate", "@xstate/react"}
STATE |= {"mobx", "mobx-react-lite", "nanostores", "swr", "@apollo/client", "@tanstack/react-store", "effector"}
GUARDS = {"Guard", "is_foreign", "is_own", "SAFE_METHODS", "DEFAULT_PORTS", "HEADERS", "POLICY"}
"""What of backend/browser.py decides who comes in; the rest serves pages."""
SIGN_IN = ("backend/caller.py", "backend/browser.py", "backend/accounts/*.py", "database/accounts.py")
DEPLOY = (
    "*Dockerfile*",
    "*compose*.yml",
    "*compose*.yaml",
    "Procfile",
    "fly.toml",
    "render.yaml",
    "*.tf",
    "k8s/*",
    "*/deploy*.yml",
)

TRADE = ("keep the old beside the new and mark it deprecated", "a new operation", "a new major of info.version")
LOSS = (
    *("expand now and contract in a later release", "copy the data elsewhere first"),
    "accept the loss, with a backup that was read back",
)
RAN = (
    "leave it as it was and write a new one: `make migration`",
    "no database but this machine's ran it: make those anew",
)
ERRORS = (
    "the form says what to change",
    "the client waits and tries again",
    "roll back what was shown, with a message",
)
WAIT = (
    "show it at once and roll back on refusal",
    "wait for the server and show that it works",
    "check in the form, then wait",
)
STATES = ("TanStack Query's cache alone", "React's own state and context", "this library, and what it may hold")
ROLLOUT = ("everybody at once", "behind a flag, for few first", "blue-green, with a way back")
CLEAR = ("answer it in the spec", "put it out of scope", "split it off into a spec of its own")


class Difference:
    """The work tree, with files that git does not know yet, against a commit."""

    def __init__(self, project: Project, base: str) -> None:
        self.project, self.base = project, base
        listed = project.git("diff", "--name-only", "--relative", "--no-renames", "-z", base) or ""
        listed += project.git("ls-files", "--others", "--exclude-standard", "-z") or ""
        self.paths = sorted({path for path in listed.split("\0") if path})
        decisions = [self.now(path) for path in self.paths if fnmatchcase(path, "history/adr/*.md")]
        self._decisions = "\n".join(decisions).lower()

    def stayed(self, path: str) -> bool:
        """Whether the file is changed, neither new nor gone."""
        return path in self.paths and bool(self.was(path)) and bool(self.now(path))

    def of(self, *patterns: str) -> list[str]:
        """The changed files whose paths fit; `*` takes folders, too. Tests never count."""
        fits = (path for path in self.paths if any(fnmatchcase(path, pattern) for pattern in patterns))
        return [path for path in fits if "tests/" not in path and ".test." not in path]

    def was(self, path: str) -> str:
        """The text at the commit; empty when there was none."""
        return self.project.at(self.base, path) or ""

    def sides(self, path: str, read: Callable[[str, str], T]) -> tuple[T, T]:
        """What the file meant at the commit, and what it means now. Raises Refused."""
        try:
            was = read(path, self.was(path))
        except Refused as error:
            message = f"cannot be compared: at {self.base} it {error.finding.message}"
            raise Refused(Finding(path, 1, "base", message, "Name a commit at which it was sound.")) from error
        return was, read(path, self.now(path))

    def now(self, path: str) -> str:
        """The text in the tree; empty when there is none. Raises Refused."""
        return self.project.text(path) if self.project.has(path) else ""

    def told(self, name: str) -> bool:
        """Whether a decision of this difference names it as a word."""
        return re.search(rf"(?<![\w-]){re.escape(name.lower())}(?![\w-])", self._decisions) is not None


def suggest(project: Project, base: str | None = None) -> list[Finding]:
    """Rule `decision`: to be written down; rule `person`: to be asked, with the options. [] when there is neither.

    `base` is a commit; without one, `project.base`, else the last commit. What cannot be read is one finding each.
    Raises NeedsGit, or Refused for a commit that git does not know.
    """
    commit = base or project.base or "HEAD"
    project.must_know(commit, ".")
    found: set[Finding] = set()
    looks = (_contract, _sign_in, _migrations, _packages, _environment, _questions, _waiting, _deployment)
    try:
        difference = Difference(project, commit)
    except Refused as error:
        return [error.finding]
    for look in looks:
        try:
            found |= set(look(difference))
        except Refused as error:
            found.add(error.finding)
    return sorted(found)


def _decision(path: str, line: int, what: str, title: str) -> Finding:
    return Finding(
        path, line, "decision", f"Architectural decision detected: {what}.", f"Write it down: {_new(title)}."
    )


def _person(path: str, line: int, what: str, options: Iterable[str], title: str) -> Finding:
    message = f"needs a person: {what} — options: {'; '.join(options)}."
    return Finding(path, line, "person", message, f"Ask, then write it down: {_new(title)}.")


def _new(title: str) -> str:
    plain = re.sub(r"[^\w /{}.,:@-]", "", title)
    return f'`uv run python -m sdd new adr "{plain}"`'


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")


# ------------------------------------------------------------ the contract


def _contract(difference: Difference) -> Iterator[Finding]:
    path = contract.PATH
    if not difference.stayed(path):
        return
    old, new = difference.sides(path, lambda _, text: contract.read(text))
    before, after = compare.Contract(old), compare.Contract(new)
    was, now = before.operations(), after.operations()

    def open_ones(places: Iterable[str]) -> list[str]:
        """Without those that a decision names, by `POST /path` or by operationId."""
        names = {place: str({**was, **now}.get(place, {}).get("operationId")) for place in places}
        return [place for place, name in names.items() if not difference.told(name) and not difference.told(place)]

    def line(place: str) -> int:
        name = re.compile(rf"operationId: *['\"]?{re.escape(str(now.get(place, {}).get('operationId')))}\b")
        return next((at for at, text in enumerate(difference.now(path).splitlines(), 1) if name.search(text)), 1)

    changed = [place for place in was if place in now and before.ways_in(was[place]) != after.ways_in(now[place])]
    if places := open_ones(changed):
        yield _decision(path, line(places[0]), f"who may call {_some(places)} changes", f"Who may call {places[0]}")
    public = [place for place in now if place not in was and frozenset() in after.ways_in(now[place])]
    if places := open_ones(public):
        yield _decision(
            path,
            line(places[0]),
            f"everybody may call {_some(places)}, signed in or not",
            f"Everybody may call {places[0]}",
        )

    changes = compare.breaking(old, new)
    errors = [change for change in changes if _is_new_error(change, now)]
    if open_ones(dict.fromkeys(_operation(change) for change in errors)):
        what = f"new errors: {_some(dict.fromkeys(_error(change) for change in errors))}; what follows is not decided"
        yield _person(path, line(_operation(errors[0])), what, ERRORS, f"What follows from {_error(errors[0])}")
    breaks = [one for one in changes if one.breaking and one not in errors and not one.message.startswith("security")]
    places = open_ones(dict.fromkeys(_operation(change) for change in breaks))
    if rest := [change for change in breaks if _operation(change) in places]:
        what = f"the contract breaks its callers: {rest[0].pointer}: {rest[0].message.rstrip('.')}"
        what += f", and {len(rest) - 1} more" if rest[1:] else ""
        yield _person(path, line(places[0]), what, TRADE, f"How callers live with the change of {places[0]}")


def _operation(change: compare.Change) -> str:
    return " ".join(change.pointer.split(" ")[:2])


def _is_new_error(change: compare.Change, now: dict[str, Any]) -> bool:
    """An error status or code of an operation that was there before."""
    status = re.search(r"response [45]\d\d$", change.pointer) and change.message == "is new."
    code = change.pointer.endswith("error_code") and change.message.startswith("is also ")
    return _operation(change) in now and bool(status or code)


def _error(change: compare.Change) -> str:
    code = re.match(r'is also "(.*)" now', change.message)
    return code[1] if code else change.pointer.replace(" response", "")


# ------------------------------------------------------------ code, by its syntax tree: comments and form do not count


def _sign_in(difference: Difference) -> Iterator[Finding]:
    for path in difference.of(*SIGN_IN):
        was, now = difference.sides(path, _definitions)
        names = [name for name in {**was, **now} if _dumped(was.get(name)) != _dumped(now.get(name))]
        names = [name for name in names if path != "backend/browser.py" or name in GUARDS]
        if names and not any(difference.told(name) for name in (path, *names)):
            line = next((node.lineno for name in names if (node := now.get(name))), 1)
            what = f"how a person comes in, or is kept out, changes: {_some(names)}"
            yield _decision(path, line, what, f"{names[0]} of {path} works another way")


def _migrations(difference: Difference) -> Iterator[Finding]:
    for path in difference.of("database/migrations/versions/*.py"):
        was, now = difference.sides(path, _losses)
        columns = {text: text.split(" ")[-1] for text in now if "." in text}
        told = {text for text in now if difference.told(text) or (text in columns and difference.told(columns[text]))}
        losses = [text for text in now if text not in was and text not in told]
        before, after = difference.sides(path, _meaning)
        if before and before != after and not difference.told(path):
            what = "a migration that a database may have run already is another one now, and will not run again"
            yield _person(path, 1, what, RAN, f"What becomes of databases that ran {path.rpartition('/')[2]}")
        if losses and not difference.told(path):
            what = f"the migration takes away what a running server may use, or data: {_some(losses)}"
            yield _person(path, now[losses[0]], what, LOSS, f"How {losses[0]} reaches production")


def _meaning(path: str, text: str) -> dict[str, str]:
    """A migration without its comments, docstrings and form; empty when it is gone."""
    return {name: _dumped(node) for name, node in _definitions(path, text).items()}


def _losses(path: str, text: str) -> dict[str, int]:
    """What the upgrade of a migration, and the functions that it calls, take away, each with its line."""
    definitions, calls, names = _definitions(path, text), list[ast.Call](), ["upgrade"]
    for name in names:
        if node := definitions.get(name):
            inside = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
            names += {one.func.id for one in inside if isinstance(one.func, ast.Name)} - {*names}
            calls += inside
    made = {_strings(call)[:1] for call in calls if _called(call) == "create_table"}
    return {loss: call.lineno for call in calls if (loss := _loss(call)) and _strings(call)[:1] not in made}


def _loss(call: ast.Call) -> str:
    """What a call takes away, as `drop_column todos.description`; empty when it takes nothing."""
    name, strings = _called(call), _strings(call)
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in LOSES:
        return f"{name} {'.'.join(strings[:1] if name == 'drop_table' else strings[:2])}".strip()
    if name == "alter_column":
        nullable, kind, old = given.get("nullable"), given.get("type_"), given.get("existing_type")
        filled = isinstance(nullable, ast.Constant) and nullable.value is False
        if filled or "new_column_name" in given or (kind is not None and not _is_wider(old, kind)):
            return f"alter_column {'.'.join(strings[:2])}"
    if name == "execute" and (statement := SQL.search(" ".join(strings))):
        return " ".join(" ".join(strings)[statement.start() :].split()[:3]).rstrip(";")
    return ""


def _is_wider(old: ast.expr | None, new: ast.expr) -> bool:
    """A text type with a larger length, or with none."""
    was, now = (_length(one) for one in (old, new))
    return was is not None and now is not None and now >= was


def _length(kind: ast.expr | None) -> float | None:
    """The length of `String(200)`; infinite for `Text()`; None for what is no text type."""
    if not isinstance(kind, ast.Call) or _called(kind) not in ("String", "Text", "Unicode", "VARCHAR"):
        return None
    given = [*kind.args, *(keyword.value for keyword in kind.keywords if keyword.arg == "length")]
    return next((one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, int)), inf)


def _definitions(path: str, text: str) -> dict[str, ast.stmt]:
    """What stands at the top of a Python module, by name. Raises Refused when it is no Python."""
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise Refused(
            Finding(path, line, "unreadable", "is no Python.", "Mend it: `make check` says where.")
        ) from error
    return {name: node for node in body for name in _bound(node)}


def _bound(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _dumped(node: ast.AST | None) -> str:
    """The same for two pieces of code that do the same but for their comments, docstrings and form."""
    if node is None:
        return ""
    for inner in ast.walk(node):
        if (
            isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and ast.get_docstring(inner) is not None
        ):
            inner.body = inner.body[1:]
    return ast.dump(node)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _strings(call: ast.Call) -> tuple[str, ...]:
    """The texts among its arguments, also those inside `text(...)` and `op.f(...)`."""
    inside = [node for argument in call.args for node in ast.walk(argument) if isinstance(node, ast.Constant)]
    return tuple(node.value for node in inside if isinstance(node.value, str))


# ------------------------------------------------------------ what the product needs from outside


def _packages(difference: Difference) -> Iterator[Finding]:
    for path, read in (("pyproject.toml", _python_packages), ("frontend/package.json", _node_packages)):
        if difference.stayed(path):
            was, now = (read(meant) for meant in difference.sides(path, parsed))
            lines = difference.now(path).lower().splitlines()
            for name in sorted(name for name in now - was if not difference.told(name)):
                line = next((at for at, text in enumerate(lines, start=1) if f'"{name}' in text), 1)
                if name in STATE:
                    what = f"{name} would hold state of the page, beside TanStack Query"
                    yield _person(path, line, what, STATES, f"{name} holds the state of the page")
                else:
                    yield _decision(path, line, f"the product needs {name} to run", f"The product needs {name}")


def _python_packages(project: Any) -> set[str]:
    table = project.get("project") if isinstance(project, dict) else None
    listed = table.get("dependencies") if isinstance(table, dict) else None
    return {re.split(r"[^\w.-]", str(one).strip())[0].lower().replace("_", "-") for one in listed or []}


def _node_packages(package: Any) -> set[str]:
    return {str(name) for name in package.get("dependencies") or {}} if isinstance(package, dict) else set()


def _environment(difference: Difference) -> Iterator[Finding]:
    for path, read in (("backend/settings.py", _settings), (".env.example", _variables)):
        if difference.stayed(path):
            was, now = difference.sides(path, read)
            changed = {name.upper() for name in was.keys() | now.keys() if was.get(name) != now.get(name)}
            if names := sorted(name for name in changed if not difference.told(name)):
                what = f"what is set from outside changes: {_some(names)}"
                yield _decision(path, 1, what, f"What {names[0]} is for")


def _settings(path: str, text: str) -> dict[str, str]:
    """The fields of the settings, and all but the words about each."""
    fields = {}
    for node in _definitions(path, text).values():
        for field in node.body if isinstance(node, ast.ClassDef) else []:
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                if isinstance(field.value, ast.Call):
                    field.value.keywords = [one for one in field.value.keywords if one.arg != "description"]
                fields[field.target.id] = ast.dump(field)
    return fields


def _variables(_path: str, text: str) -> dict[str, str]:
    """The names in .env.example; a value there is an example."""
    return dict.fromkeys(re.findall(r"^(?:export\s+)?([A-Za-z_]\w*)=", text, re.MULTILINE), "")


def _deployment(difference: Difference) -> Iterator[Finding]:
    for path in difference.of(*DEPLOY):
        was, now = (_plain_lines(text) for text in (difference.was(path), difference.now(path)))
        if was != now and not difference.told(path):
            yield _person(
                path, 1, "how the product gets to its users changes", ROLLOUT, f"How {path} brings a release out"
            )


def _plain_lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


# ------------------------------------------------------------ words


def _questions(difference: Difference) -> Iterator[Finding]:
    for path in difference.of("specs/[0-9]*/*.md"):
        known = Counter(QUESTION.findall(difference.was(path)))
        for number, line in enumerate(difference.now(path).splitlines(), start=1):
            for question in QUESTION.findall(line):
                known[question] -= 1
                if known[question] < 0:
                    what = f"an open question: {question.strip() or 'it is not written down yet'}"
                    action = "Ask, then put the answer in the marker's place."
                    message = f"needs a person: {what} — options: {'; '.join(CLEAR)}."
                    yield Finding(path, number, "person", message, action)


def _waiting(difference: Difference) -> Iterator[Finding]:
    """What a page shows before the server has answered."""
    for path in difference.of("frontend/src/*.ts", "frontend/src/*.tsx"):
        was, now = (
            len(re.findall(r"^\s*onMutate\b", text, re.MULTILINE))
            for text in (difference.was(path), difference.now(path))
        )
        if was != now and not difference.told(path):
            what = f"a change is shown {'before' if now > was else 'only after'} the server has taken it"
            yield _person(path, 1, what, WAIT, f"What {path} shows before the server answers")
