"""Every operation against every case of refusals.py: the right status, error code and field, and no harm done."""

import json
from uuid import uuid4

import httpx2
import pytest

from tests.contract.contract import (
    A_UUID,
    CASES,
    GOOD_BODIES,
    LISTS,
    MADE_BY,
    METHODS,
    OPERATIONS,
    TOO_LARGE,
    at,
    validator,
)

UNKNOWN_PATHS = [
    "/api",
    "/api/v1",
    "/api/v1/",
    "/api/v1/sessions",
    "/api/v1/session/",
    "/api/v2/session",
    "/api/v1/session/1",
]
UNKNOWN_PATHS += ["/nothing", "/index.html", "/assets/nothing.js", "/assets/%2e%2e/pyproject.toml", "/.env", "/docs/x"]
UNKNOWN_PATHS += ["/%00", "/%ff", "/api/v1/session/%2F", "/api//v1/session", "/API/v1/session", "/healthz/"]
ERROR = validator("Error")


def judge(answer: httpx2.Response, status: int, error_code: str, field: str | None = None) -> None:
    """The answer is this refusal, in the contract's shape."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json"), answer.text
    error = answer.json()
    ERROR.validate(error)
    assert (error["error_code"], error.get("field")) == (error_code, field), error


class TestEveryRefusal:
    @pytest.fixture(scope="class")
    @staticmethod
    def client(base_url):
        with httpx2.Client(base_url=base_url, trust_env=False) as client:
            yield client

    @pytest.fixture(scope="class")
    @staticmethod
    def ids(demo, other):
        def made_by(person: httpx2.Client) -> dict[str, str]:
            made: dict[str, str] = {}
            for name, maker in MADE_BY.items():
                operation = OPERATIONS[maker]
                answer = person.post(at(operation.path, made), json=GOOD_BODIES[operation.body or ""])
                made[name] = answer.raise_for_status().json()["id"]
            return made

        return {"mine": made_by(demo), "theirs": made_by(other), "unknown": dict.fromkeys(MADE_BY, str(uuid4()))}

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

    @pytest.mark.requirement(
        "001-FR-003", "001-FR-011", "001-FR-012", "001-FR-013", "001-FR-014", "002-FR-006", "002-FR-010"
    )
    @pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.operation}: {case.wrong:.60}")
    def test_it_is_named_and_changes_nothing(self, case, client, demo, ids, sessions):
        operation = OPERATIONS[case.operation]
        headers = {**sessions[case.session], "If-Match": '"1"', "Content-Type": "application/json", **case.headers}
        content = case.content
        if content is None:
            content = json.dumps(GOOD_BODIES[operation.body]).encode() if operation.body else b""
        request = client.build_request(
            operation.method,
            at(operation.path, ids.get(case.whose) or dict.fromkeys(MADE_BY, case.whose)) + case.query,
            headers={name: value.encode() for name, value in headers.items() if value is not None},
            content=iter([content]) if case.chunked else content,
        )
        before = [demo.get(path).json() for path in LISTS]

        for _ in range(case.times):
            answer = client.send(request)

        judge(answer, case.status, case.error_code, case.field)
        assert [demo.get(path).json() for path in LISTS] == before

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

        with httpx2.Client(base_url=base_url, trust_env=False) as client:
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


def allowed(path: str) -> set[str]:
    return {operation.method for operation in OPERATIONS.values() if operation.path == path}


PATHS = sorted({operation.path for operation in OPERATIONS.values()})
WRONG = [(method, path) for path in PATHS for method in [*METHODS, "propfind"] if method not in allowed(path)]


class TestWrongMethods:
    @pytest.mark.parametrize(("method", "path"), WRONG)
    def test_they_are_refused_and_the_right_ones_are_named(self, demo, method, path):
        answer = demo.request(method, at(path, dict.fromkeys(MADE_BY, A_UUID)))

        assert {name.strip().lower() for name in answer.headers["allow"].split(",")} == allowed(path)
        if method == "head":
            assert (answer.status_code, answer.content) == (405, b"")
        else:
            judge(answer, 405, "METHOD_NOT_ALLOWED")
