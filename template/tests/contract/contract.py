"""The contract as tables: its operations, and everything a request can get wrong. Asks no server.

A new request body needs a line in GOOD_BODIES, a new field one in BAD_VALUES, a new id in a path one in MADE_BY.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import jsonschema_rs
import yaml

PATH = Path(__file__).parents[2] / "contracts/api/openapi.yaml"
CONTRACT: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


class Operation(NamedTuple):
    method: str
    path: str
    parameters: list[dict[str, Any]]
    body: str | None
    """The name of the request body's schema."""
    signed_in: bool
    statuses: frozenset[int]


def resolve(part: dict[str, Any]) -> dict[str, Any]:
    """The part of the contract that a `$ref` names; any other part as it is."""
    if "$ref" not in part:
        return part
    found = CONTRACT
    for key in part["$ref"].removeprefix("#/").split("/"):
        found = found[key]
    return found


def operations() -> dict[str, Operation]:
    found = {}
    for path, item in CONTRACT["paths"].items():
        for method in item.keys() & set(METHODS):
            operation = item[method]
            body = operation.get("requestBody")
            found[operation["operationId"]] = Operation(
                method,
                path,
                [resolve(parameter) for parameter in item.get("parameters", []) + operation.get("parameters", [])],
                body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2] if body else None,
                bool(operation.get("security", CONTRACT["security"])),
                frozenset(map(int, operation["responses"])),
            )
    return dict(sorted(found.items()))


OPERATIONS = operations()


LISTS = [
    operation.path for name, operation in OPERATIONS.items() if name.startswith("list_") and "{" not in operation.path
]
"""Where one sees what a person has."""


def at(path: str, ids: Mapping[str, str]) -> str:
    """The address of an operation, with an id for each `{thing_id}`."""
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def validator(schema: str) -> jsonschema_rs.Validator:
    """Judges values by a schema of the contract, formats included."""
    return jsonschema_rs.validator_for({**CONTRACT, "$ref": f"#/components/schemas/{schema}"}, validate_formats=True)


GOOD_BODIES: dict[str, dict[str, Any]] = {
    "NewTodo": {"title": "Buy milk"},
    "TodoChange": {"title": "Buy oat milk", "description": None, "completed": True, "due_on": None},
    "Credentials": {"email": "ada@example.com", "password": "ada-password"},
}

MADE_BY: dict[str, str] = {
    # an id in a path: the operation that makes such a thing
    "todo_id": "create_todo",
}

NOT_TEXT = [7, 1.5, True, ["Buy milk"], {"title": "Buy milk"}]
BLANK = ["", " ", "\t\n\r", "\u00a0\u2003\u3000", "\ufeff", "\u0085", "\u2028"]
NOT_A_DAY = [
    "",
    "tomorrow",
    "20270331",
    "0000-01-01",
    "12027-03-31",
    "2027-3-1",
    "2027-02-29",
    "2027-13-01",
    "2027-W13-3",
]
NOT_A_DAY += ["２０２７-03-31", " 2027-03-31", "2027-03-31\n", "2027-03-31\ud800", "2027-03-31T00:00:00Z"]
NOT_AN_EMAIL = ["ada", "ada@", "@example.com", "a@b@c", "a da@example.com", "a" * 250 + "@b.cd", "\ud800@example.com"]
BAD_VALUES: dict[str, list[Any]] = {
    "title": [None, *NOT_TEXT, *BLANK, "a" * 201, "😀" * 201, "Buy\0milk", "Buy \ud800"],
    "description": [*NOT_TEXT, "a" * 2001, "😀" * 2001, "fresh\0", "fresh \udfff"],
    "completed": [None, 0, 1, "true", "", [], {}],
    "due_on": [*NOT_TEXT, *NOT_A_DAY],
    "email": [None, *NOT_TEXT, *BLANK, *NOT_AN_EMAIL],
    "password": [None, *NOT_TEXT, "", "a" * 201, "😀" * 201, "pass\0word", "\ud800"],
}
NOT_A_LIMIT = [
    "",
    "0",
    "101",
    "-1",
    "1.5",
    "1e1",
    "ten",
    "007",
    "٣",
    "%205",
    "%2B5",
    "%00",
    "%ff",
    "9" * 5000,
    "5&limit=6",
]
BAD_QUERY: dict[str, list[str]] = {
    "limit": NOT_A_LIMIT,
    "cursor": ["", "x", *("a" * 31 + end for end in ("", "aa", "=", "é", "%00", "a&cursor=" + "b" * 32))],
    "completed": ["", "True", "1", "yes", "null", "%ff", "true&completed=false"],
}
A_UUID = "0195d3a0-7c1e-4b6e-9d1f-3a5b7c9d1e2f"
NOT_A_UUID = ["1", "%00", "%ff", "%F0%9F%98%80", f"{{{A_UUID}}}", A_UUID + "%0A", "0" * 32, "g" * 36, "9" * 3000]

NOT_JSON = {
    "nothing": b"",
    "cut off": b'{"title": "Buy mi',
    "two values": b'{"title": "Buy milk"} {}',
    "single quotes": b"{'title': 'Buy milk'}",
    "a raw line break": b'{"title": "Buy\nmilk"}',
    "Latin-1": '{"title": "Café"}'.encode("latin-1"),
    "UTF-16": '{"title": "Buy milk"}'.encode("utf-16-le"),
    "a byte order mark": b'\xef\xbb\xbf{"title": "Buy milk"}',
    "a surrogate in UTF-8": b'{"title": "Buy \xed\xa0\x80"}',
    "NaN": b'{"title": NaN}',
    "minus infinity": b'{"title": -Infinity}',
    "60,000 brackets": b'{"title": ' + b"[" * 60_000,
    "60,000 digits": b'{"title": ' + b"9" * 60_000 + b"}",
}
NOT_JSON_TYPES = [None, "", "json", "*/*", "text/plain", "application/jsonx", "application/x-www-form-urlencoded"]
NOT_JSON_TYPES += ["application/json; charset=latin-1", "multipart/form-data; boundary=x"]
TOO_LARGE = b'{"title": "' + b"a" * 64 * 1024 + b'"}'
STALE = ['"2"', '"0"', '"-1"', "1", 'W/"1"', "*", '"1", "2"', '""', "", '"01"', '"１"', '"' + "9" * 5000 + '"', "é"]
FOREIGN = ["https://evil.example", "http://127.0.0.1:1", "http://localhost", "null", "", "é"]
NO_SESSION = ["none", "empty", "made up", "not text", "another cookie", "signed out"]


class Case(NamedTuple):
    """A request with one thing wrong, and what must be said about it."""

    wrong: str
    operation: str
    status: int
    error_code: str
    field: str | None = None
    query: str = ""
    whose: str = "mine"
    session: str = "mine"
    headers: Mapping[str, str | None] = MappingProxyType({})
    content: bytes | None = None
    chunked: bool = False
    times: int = 1


def cases() -> Iterator[Case]:
    for name, operation in OPERATIONS.items():
        if operation.signed_in:
            for session in NO_SESSION:
                yield Case(f"session {session}", name, 401, "UNAUTHENTICATED", session=session)
        if operation.method != "get":
            for origin in FOREIGN:
                yield Case(f"origin {origin!a}", name, 403, "FORBIDDEN_ORIGIN", headers={"Origin": origin})
        for parameter in operation.parameters:
            yield from parameter_cases(name, parameter["in"], parameter["name"])
        if operation.body:
            yield from body_cases(name, operation.body)
    for wrong, email, status, code, times in [
        ("unknown person", "nobody@example.com", 401, "UNAUTHENTICATED", 1),
        ("wrong password", "demo@example.com", 401, "UNAUTHENTICATED", 1),
        ("21st failure", "flood@example.com", 429, "RATE_LIMITED", 21),
    ]:
        content = json.dumps({"email": email, "password": "wrong"}).encode()
        yield Case(wrong, "create_session", status, code, content=content, times=times)


def parameter_cases(name: str, place: str, field: str) -> Iterator[Case]:
    if place == "query":
        for value in BAD_QUERY[field]:
            yield Case(f"{field}={value}", name, 422, "VALIDATION_ERROR", field, query=f"?{field}={value}")
    if place == "path":
        for value in NOT_A_UUID:
            yield Case(f"{field} {value}", name, 422, "VALIDATION_ERROR", field, whose=value)
        for whose in ("unknown", "theirs"):
            yield Case(f"{field} {whose}", name, 404, "NOT_FOUND", whose=whose)
    if field == "If-Match":
        yield Case("If-Match missing", name, 428, "PRECONDITION_REQUIRED", headers={"If-Match": None})
        for value in STALE:
            yield Case(f"If-Match {value}", name, 412, "VERSION_CONFLICT", headers={"If-Match": value})


def body_cases(name: str, schema: str) -> Iterator[Case]:
    for wrong, content in NOT_JSON.items():
        yield Case(wrong, name, 400, "MALFORMED_REQUEST", content=content)
    for type_ in NOT_JSON_TYPES:
        yield Case(f"type {type_}", name, 415, "UNSUPPORTED_MEDIA_TYPE", headers={"Content-Type": type_})
    for chunked in (False, True):
        yield Case(f"too large, {chunked=}", name, 413, "PAYLOAD_TOO_LARGE", content=TOO_LARGE, chunked=chunked)
    good, rules = GOOD_BODIES[schema], CONTRACT["components"]["schemas"][schema]
    bodies: list[tuple[str, object]] = [
        *((field, {**good, field: value}) for field in rules["properties"] for value in BAD_VALUES[field]),
        *((field, {name: good[name] for name in good if name != field}) for field in rules["required"]),
        *((field, {**good, field: "red"}) for field in ("colour", "id", "version", "Title", "__proto__", "\0")),
        ("\\ud800", {**good, "\ud800": "red"}),  # named in its escaped form: no answer can hold it
        *(("body", body) for body in (None, True, 7, "Buy milk", [], [good])),
    ]
    for field, body in bodies:
        content = json.dumps(body).encode()
        yield Case(f"{field!a} in {body!a}", name, 422, "VALIDATION_ERROR", field, content=content)


CASES = list(cases())
