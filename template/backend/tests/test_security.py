"""What holds for every answer: headers, the origin of writes, and the contract's error for whatever goes wrong."""

import json

import pytest

from backend import errors
from backend.generated.models import ErrorCode
from backend.security import HEADERS
from backend.tests.conftest import refusal
from backend.todos import service

TODOS = "/api/v1/todos"


class TestGuard:
    @pytest.mark.parametrize("path", ["/healthz", "/", "/nowhere", "/api/v1/todos", "/assets/nothing.js", "/docs"])
    def test_every_answer_forbids_what_is_not_ours(self, visitor, path):
        headers = visitor.get(path).headers

        assert headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert {name: headers[name] for name in HEADERS} == {
            **HEADERS,
            "Content-Security-Policy": headers["Content-Security-Policy"],
        }

    def test_no_cache_keeps_what_belongs_to_a_person(self, ada):
        assert ada.get(TODOS).headers["Cache-Control"] == "no-store"

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "https://my.app.evil.example", "https://my.app:8000", "null", "", "my.app"]
    )
    def test_a_write_from_another_origin_is_refused(self, ada, origin):
        response = ada.post(TODOS, json={"title": "Buy milk"}, headers={"Origin": origin})

        assert refusal(response) == (403, "FORBIDDEN_ORIGIN")
        assert ada.get(TODOS, headers={"Origin": origin}).json()["items"] == []

    def test_without_a_host_no_origin_is_the_own(self, ada):
        response = ada.post(TODOS, json={"title": "Buy milk"}, headers={"Host": "", "Origin": "null"})

        assert refusal(response) == (403, "FORBIDDEN_ORIGIN")

    @pytest.mark.parametrize("origin", ["https://my.app", "https://MY.APP", "https://my.app:443"])
    def test_a_write_from_the_own_origin_is_taken(self, ada, origin):
        response = ada.post(TODOS, json={"title": "Buy milk"}, headers={"Origin": origin})

        assert response.status_code == 201


class TestErrors:
    @pytest.mark.parametrize(
        "path", ["/nowhere", "/api/v1/todos/", "/healthz/", "/healthz%0A", "/redoc", "/assets/%00"]
    )
    def test_an_unknown_path_is_not_found_and_never_a_redirect(self, visitor, path):
        assert refusal(visitor.get(path, follow_redirects=False)) == (404, "NOT_FOUND")

    @pytest.mark.parametrize(
        ("method", "path", "allowed"),
        [
            ("PATCH", TODOS, "GET, POST"),
            ("OPTIONS", TODOS, "GET, POST"),
            ("TRACE", f"{TODOS}/7", "DELETE, GET, PUT"),
            ("PUT", "/api/v1/session", "DELETE, GET, POST"),
            ("POST", "/healthz", "GET"),
            ("POST", "/", "GET, HEAD"),
            ("POST", "/assets/nothing.js", "GET, HEAD"),
            ("MILK", TODOS, "GET, POST"),
        ],
    )
    def test_a_wrong_method_is_told_the_right_ones(self, visitor, method, path, allowed):
        response = visitor.request(method, path)

        assert (*refusal(response), response.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", allowed)

    def test_a_failure_is_told_to_the_log_and_not_to_the_caller(self, ada, monkeypatch):
        def fail(*_arguments):
            raise RuntimeError("the milk is sour")

        monkeypatch.setattr(service, "list_todos", fail)

        response = ada.get(TODOS)

        assert response.status_code == 500
        assert response.json() == {"detail": errors.InternalError.detail, "error_code": "INTERNAL_ERROR"}
        assert response.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]

    def test_every_error_code_of_the_contract_has_one_class(self):
        codes = [refused.error_code for refused in errors.Refused.__subclasses__()]

        assert sorted(codes) == sorted(ErrorCode)

    def test_every_sentence_is_for_people(self):
        for refused in errors.Refused.__subclasses__():
            body = json.loads(bytes(errors.answer(refused(1) if refused is errors.RateLimited else refused()).body))

            assert body == {"detail": refused.detail, "error_code": refused.error_code}
            assert refused.detail.endswith(".")
