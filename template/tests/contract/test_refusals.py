"""Every operation against everything a request can get wrong: the right status, error code and field, and no harm done.

The cases are derived from the contract: a new operation needs a line in GOOD_BODIES, a new field one in BAD_VALUES.
"""

import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import pytest

from tests.contract.contract import CONTRACT, METHODS, OPERATIONS, validator

GOOD_BODIES: dict[str, dict[str, Any]] = {
    "NewTodo": {"title": "Buy milk"},
    "TodoChange": {"title": "Buy oat milk", "description": None, "completed": True, "due_on": None},
    "Credentials": {"email": "ada@example.com", "password": "ada-password"},
}

NOT_TEXT = [7, 1.5, True, ["Buy milk"], {"title": "Buy milk"}]
BLANK = ["", " ", "\t\n\r", "\u00a0\u2003\u3000", "\ufeff", "\u0085", "\u2028"]
NOT_A_DAY = [
    "",
    "tomorrow",
    "2027-02-29",
    "2027-13-01",
    "2027-3-1",
    "20270331",
    "0000-01-01",
    "2027-W13-3",
    "12027-03-31",
]
NOT_A_DAY += ["2027-03-31T00:00:00Z", " 2027-03-31", "2027-03-31\n", "２０２７-03-31", "2027-03-31\ud800"]
NOT_AN_EMAIL = ["ada", "ada@", "@example.com", "a@b@c", "a da@example.com", "a" * 250 + "@b.cd", "\ud800@example.com"]
BAD_VALUES: dict[str, list[Any]] = {
    "title": [None, *NOT_TEXT, *BLANK, "a" * 201, "😀" * 201, "Buy\0milk", "Buy \ud800"],
    "description": [*NOT_TEXT, "a" * 2001, "😀" * 2001, "fresh\0", "fresh \udfff"],
    "completed": [None, 0, 1, "true", "", [], {}],
    "due_on": [*NOT_TEXT, *NOT_A_DAY],
    "email": [None, *NOT_TEXT, *BLANK, *NOT_AN_EMAIL],
    "password": [None, *NOT_TEXT, "", "a" * 201, "😀" * 201, "pass\0word", "\ud800"],
}
BAD_QUERY: dict[str, list[str]] = {
    "limit": [
        "0",
        "101",
        "-1",
        "1.5",
        "1e1",
        "ten",
        "",
        "%2B5",
        "٣",
        "%205",
        "007",
        "9" * 5000,
        "%00",
        "%ff",
        "5&limit=6",
    ],
    "cursor": [
        "",
        "x",
        "a" * 31,
        "a" * 33,
        "é" * 32,
        "a" * 31 + "=",
        "a" * 31 + "%00",
        "a" * 32 + "&cursor=" + "b" * 32,
    ],
    "completed": ["", "True", "1", "yes", "null", "%ff", "true&completed=false"],
}
A_UUID = "0195d3a0-7c1e-4b6e-9d1f-3a5b7c9d1e2f"
NOT_A_UUID = [
    "1",
    "buy-milk",
    "%00",
    "%ff",
    "%F0%9F%98%80",
    "0" * 32,
    "g" * 36,
    f"{{{A_UUID}}}",
    A_UUID + "%0A",
    "9" * 3000,
]

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
NOT_JSON_TYPES = [
    None,
    "",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "json",
]
NOT_JSON_TYPES += ["application/jsonx", "application/json; charset=latin-1", "*/*"]
TOO_LARGE = b'{"title": "' + b"a" * 64 * 1024 + b'"}'
STALE = ['"2"', '"0"', '"-1"', "1", 'W/"1"', "*", '"1", "2"', '""', "", '"01"', '"１"', '"' + "9" * 5000 + '"', "é"]
FOREIGN = ["https://evil.example", "http://127.0.0.1:1", "http://localhost", "null", "", "é"]
UNKNOWN_PATHS = ["/api", "/api/v1", "/api/v1/", "/api/v1/todo", "/api/v1/todos/", "/api/v2/todos", "/api/v1/session/1"]
UNKNOWN_PATHS += ["/nothing", "/index.html", "/assets/nothing.js", "/assets/%2e%2e/pyproject.toml", "/.env", "/docs/x"]
UNKNOWN_PATHS += ["/%00", "/%ff", "/api/v1/todos/%2F", "/api//v1/todos", "/API/v1/todos", "/healthz/"]
NO_SESSION = ["none", "empty", "made up", "not text", "another cookie", "signed out"]


class Case(NamedTuple):
    """A request with one thing wrong, and what must be said about it."""

    wrong: str
    operation: str
    status: int
    error_code: str
    field: str | None = None
    query: str = ""
    todo: str = "mine"
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
            yield Case(f"{field} {value}", name, 422, "VALIDATION_ERROR", field, todo=value)
        for whose in ("unknown", "theirs"):
            yield Case(f"{field} {whose}", name, 404, "NOT_FOUND", todo=whose)
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
ERROR = validator("Error")


def judge(answer: httpx.Response, status: int, error_code: str, field: str | None = None) -> None:
    """The answer is this refusal, in the contract's shape."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    error = answer.json()
    ERROR.validate(error)
    assert (error["error_code"], error.get("field")) == (error_code, field), error


class TestEveryRefusal:
    @pytest.fixture(scope="class")
    @staticmethod
    def client(base_url):
        with httpx.Client(base_url=base_url, trust_env=False) as client:
            yield client

    @pytest.fixture(scope="class")
    @staticmethod
    def ids(demo, other):
        mine, theirs = (person.post("/api/v1/todos", json=GOOD_BODIES["NewTodo"]).json() for person in (demo, other))
        return {"mine": mine["id"], "theirs": theirs["id"], "unknown": str(uuid4())}

    @pytest.fixture(scope="class")
    @staticmethod
    def sessions(demo, base_url, sign_in):
        left = sign_in(base_url)
        token = left.cookies["session"]
        left.delete("/api/v1/session").raise_for_status()
        return {
            "mine": {"Cookie": f"session={demo.cookies['session']}"},
            "none": {},
            "empty": {"Cookie": "session="},
            "made up": {"Cookie": "session=" + "a" * 43},
            "not text": {"Cookie": "session=é😀"},
            "another cookie": {"Cookie": "theme=dark"},
            "signed out": {"Cookie": f"session={token}"},
        }

    @pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operation}: {case.wrong:.60}")
    def test_it_is_named_and_changes_nothing(self, case, client, demo, ids, sessions):
        operation = OPERATIONS[case.operation]
        headers = {**sessions[case.session], "If-Match": '"1"', "Content-Type": "application/json", **case.headers}
        content = case.content
        if content is None:
            content = json.dumps(GOOD_BODIES[operation.body]).encode() if operation.body else b""
        request = client.build_request(
            operation.method,
            operation.path.format(todo_id=ids.get(case.todo, case.todo)) + case.query,
            headers={name: value.encode() for name, value in headers.items() if value is not None},
            content=iter([content]) if case.chunked else content,
        )

        before = demo.get(f"/api/v1/todos/{ids['mine']}").json()

        for _ in range(case.times):
            answer = client.send(request)

        judge(answer, case.status, case.error_code, case.field)
        assert demo.get(f"/api/v1/todos/{ids['mine']}").json() == before

    def test_every_documented_refusal_is_produced_by_a_case(self):
        nobody_can_cause = {(name, 500) for name in OPERATIONS}  # a failure of the server itself
        elsewhere = {("get_readiness", 503)}  # needs a broken database: tests/integration/test_start.py
        documented = {(name, status) for name, operation in OPERATIONS.items() for status in operation.statuses}

        produced = {(case.operation, case.status) for case in CASES}

        assert produced == {(n, status) for n, status in documented if status >= 400} - nobody_can_cause - elsewhere


class TestPrecedence:
    def test_the_first_thing_that_is_wrong_is_the_one_that_is_named(self, base_url, demo):
        url = f"/api/v1/todos/{uuid4()}"
        valid = json.dumps(GOOD_BODIES["TodoChange"]).encode()
        headers = {"Origin": "https://evil.example", "Content-Type": "text/plain"}
        repairs = [
            ("FORBIDDEN_ORIGIN", {}, TOO_LARGE),
            ("UNAUTHENTICATED", {"Origin": base_url}, TOO_LARGE),
            ("PRECONDITION_REQUIRED", {"Cookie": "session=made-up"}, TOO_LARGE),
            ("UNSUPPORTED_MEDIA_TYPE", {"If-Match": '"7"'}, TOO_LARGE),
            ("PAYLOAD_TOO_LARGE", {"Content-Type": "application/json"}, TOO_LARGE),
            ("MALFORMED_REQUEST", {}, b"{"),
            ("VALIDATION_ERROR", {}, b"{}"),
            ("UNAUTHENTICATED", {}, valid),
            ("NOT_FOUND", {"Cookie": f"session={demo.cookies['session']}"}, valid),
        ]
        named = []

        with httpx.Client(base_url=base_url, trust_env=False) as client:
            for _, repaired, content in repairs:
                headers |= repaired
                named.append(client.put(url, headers=headers, content=content).json()["error_code"])

        assert named == [error_code for error_code, _, _ in repairs]


class TestUnknownPaths:
    @pytest.mark.parametrize("path", UNKNOWN_PATHS)
    def test_they_are_not_found(self, demo, path):
        judge(demo.get(path), 404, "NOT_FOUND")

    @pytest.mark.parametrize("method", sorted({*METHODS, "propfind"} - {"head"}))
    def test_they_are_not_found_by_any_method(self, demo, method):
        judge(demo.request(method, "/api/v1/nothing"), 404, "NOT_FOUND")


class TestWrongMethods:
    PATHS = sorted({operation.path for operation in OPERATIONS.values()})

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("method", [*METHODS, "propfind"])
    def test_they_are_refused_and_the_right_ones_are_named(self, demo, path, method):
        allowed = {operation.method for operation in OPERATIONS.values() if operation.path == path}
        if method in allowed:
            return

        answer = demo.request(method, path.format(todo_id=A_UUID))

        assert {name.strip().lower() for name in answer.headers["allow"].split(",")} == allowed
        if method == "head":
            assert (answer.status_code, answer.content) == (405, b"")
        else:
            judge(answer, 405, "METHOD_NOT_ALLOWED")
