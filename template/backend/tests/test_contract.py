"""What is refused before any operation, and that the routes mean what the contract says."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from fastapi.openapi.utils import get_openapi

from backend.body import BODY_LIMIT
from backend.contract import CONTRACT, DOCUMENT, METHODS, ContractRoute, NotInContract
from backend.main import create_app
from backend.tests.conftest import PASSWORD, refusal

ROOT = Path(__file__).parents[2]
SESSION = "/api/v1/session"
JSON = {"Content-Type": "application/json"}
ADA = json.dumps({"email": "ada@example.com", "password": PASSWORD}).encode()


class TestJudge:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b'{"email": "ada@example.com",}',
            b"{'email': 'ada@example.com'}",
            b"\xef\xbb\xbf" + ADA,
            b'{"email": "\xff"}',
            b'{"email": "ada\n@example.com"}',
            ADA.decode().encode("utf-16"),
            b'{"email": NaN}',
            b'{"email": -Infinity}',
            b'{"email": 1e999}',
            b'{"email": ' + b"9" * 5000 + b"}",
            b'{"email": ' + b"[" * 64 + b"]" * 64 + b"}",
            b"[" * 60_000,
        ],
    )
    def test_a_body_that_is_not_json_in_utf_8_is_malformed(self, visitor, body):
        assert refusal(visitor.post(SESSION, content=body, headers=JSON)) == (400, "MALFORMED_REQUEST")

    @pytest.mark.parametrize(
        ("body", "field", "detail"),
        [
            ("[]", "body", "body does not follow the contract."),
            ("null", "body", "body does not follow the contract."),
            ('{"email": "ada@example.com"}', "password", "password is required."),
            (ADA.decode().replace("}", ', "colour": 1}'), "colour", "colour is not a field here."),
            ('{"email": 7, "password": "a"}', "email", "An email address looks like name@example.com."),
            ('{"email": " \\ufeff\\u0085", "password": "a"}', "email", "An email address looks like name@example.com."),
            ('{"email": "a\\u0000@b", "password": "a"}', "email", "An email address looks like name@example.com."),
            ('{"email": "a@b", "password": 0}', "password", "Enter a password of 1 to 200 characters."),
            ('{"email": "\\ud800"}', "email", "email has a character that is not Unicode text."),
            ('{"\\udfff": 1}', "\\udfff", "\\udfff has a character that is not Unicode text."),
            ('{"email": [[[{"a": "\\ud800"}]]]}', "email", "email has a character that is not Unicode text."),
        ],
    )
    def test_a_body_that_breaks_the_contract_is_refused_by_its_field(self, visitor, body, field, detail):
        response = visitor.post(SESSION, content=body, headers=JSON)

        assert response.status_code == 422
        assert response.json() == {"detail": detail, "error_code": "VALIDATION_ERROR", "field": field}

    @pytest.mark.parametrize(("password", "status"), [("🥛" * 200, 401), ("\\ud83e\\udd5b", 401), ("🥛" * 201, 422)])
    def test_length_counts_characters(self, visitor, password, status):
        body = f'{{"email": "ada@example.com", "password": "{password}"}}'

        assert visitor.post(SESSION, content=body.encode(), headers=JSON).status_code == status

    @pytest.mark.parametrize(
        "content_type", [None, "", "text/plain", "application/json; charset=latin-1", "application/jsonp", "json"]
    )
    def test_only_json_is_taken(self, visitor, content_type):
        headers = {} if content_type is None else {"Content-Type": content_type}

        response = visitor.post(SESSION, content=ADA, headers=headers)

        assert refusal(response) == (415, "UNSUPPORTED_MEDIA_TYPE")

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
    def test_json_may_say_that_it_is_utf_8(self, ada, content_type):
        response = ada.post(SESSION, content=ADA, headers={"Content-Type": content_type})

        assert response.status_code == 201

    def test_a_body_may_have_64_kib(self, ada):
        body = ADA.ljust(BODY_LIMIT)

        assert ada.post(SESSION, content=body, headers=JSON).status_code == 201
        assert refusal(ada.post(SESSION, content=body + b" ", headers=JSON)) == (413, "PAYLOAD_TOO_LARGE")

    def test_a_body_that_says_it_is_larger_is_not_waited_for(self, visitor):
        response = visitor.post(SESSION, content=b"{}", headers={**JSON, "Content-Length": str(BODY_LIMIT + 1)})

        assert refusal(response) == (413, "PAYLOAD_TOO_LARGE")

    def test_a_body_without_a_length_is_measured_too(self, visitor):
        chunks = (b" " * 1024 for _ in range(65))

        assert refusal(visitor.post(SESSION, content=chunks, headers=JSON)) == (413, "PAYLOAD_TOO_LARGE")


WORDS_FOR_PEOPLE = {"title", "description", "x-refusal"}
FORMATS_OF_PYDANTIC = {"date", "date-time", "uuid"}


def operations(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Path and method by operationId."""
    return {
        operation["operationId"]: (path, method)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def meaning(document: dict[str, Any], name: str) -> dict[str, Any]:
    """What a caller of the operation can rely on, in one spelling."""
    path, method = operations(document)[name]
    item = document["paths"][path]
    operation = item[method]
    parameters = plain([*item.get("parameters", []), *operation.get("parameters", [])], document)
    status, success = next((code, answer) for code, answer in operation["responses"].items() if code.startswith("2"))
    return {
        "address": (method.upper(), path),
        "session": operation.get("security", document.get("security", [])),
        "parameters": {(one["in"], one["name"].lower()): kind(one) for one in parameters},
        "body": plain(operation.get("requestBody", {}).get("content"), document),
        "success": status,
        "answer": plain(success.get("content"), document),
    }


def kind(parameter: dict[str, Any]) -> dict[str, Any]:
    """Limits are not compared: a route has none of its own, the contract has judged before it."""
    schema = parameter["schema"]
    types = set(schema["type"]) - (set() if parameter.get("required") else {"null"})
    return {
        "required": parameter.get("required", False),
        "type": types,
        "format": schema.get("format"),
        "default": schema.get("default"),
    }


def plain(node: Any, document: dict[str, Any]) -> Any:
    """References resolved, words for people dropped, `anyOf` with null and `type` in one spelling."""
    if isinstance(node, list):
        return [plain(one, document) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        found = document
        for key in node["$ref"].removeprefix("#/").split("/"):
            found = found[key]
        return plain(found, document)
    if "properties" in node:
        properties = {name: plain(one, document) for name, one in node["properties"].items()}
        node = {**node, "properties": properties, "required": sorted(node.get("required", []))}
    else:
        node = {key: plain(value, document) for key, value in node.items()}
    if [one.get("type") for one in node.get("anyOf", [])][1:] == [["null"]]:
        value, null = node.pop("anyOf")
        node = {**value, **node, "type": sorted([*value["type"], *null["type"]])}
    if "type" in node:
        node["type"] = sorted([node["type"]] if isinstance(node["type"], str) else node["type"])
    if node.get("format") in FORMATS_OF_PYDANTIC:
        node.pop("pattern", None)  # Pydantic has none beside a format
    if node.get("default", ...) is None:
        del node["default"]
    return {key: value for key, value in node.items() if key not in WORDS_FOR_PEOPLE}


def file_of(name: str) -> str:
    """Where the route is, or should be."""
    path, method = operations(DOCUMENT)[name]
    tag = DOCUMENT["paths"][path][method]["tags"][0]
    return "backend/main.py" if tag == "health" else f"backend/{tag}/routes.py"


class TestServedSchema:
    """FastAPI's own reading of the routes, against the contract."""

    @pytest.fixture
    def served(self, settings) -> dict[str, Any]:
        routes = create_app(settings).routes
        return get_openapi(title="", version="", routes=routes, separate_input_output_schemas=False)

    def test_every_operation_has_a_route(self, served):
        promised, routed = operations(DOCUMENT), operations(served)

        assert set(routed) == set(promised), (
            f"{CONTRACT.as_posix()} promises what no route keeps: {set(promised) - set(routed)}."
            " Write it in backend/<tag>/routes.py, or take it out of the contract."
        )

    @pytest.mark.parametrize("name", operations(DOCUMENT))
    def test_a_route_means_what_the_contract_says(self, served, name):
        promised, routed = meaning(DOCUMENT, name), meaning(served, name)

        different = {part: (promised[part], routed[part]) for part in promised if promised[part] != routed[part]}

        assert not different, (
            f"{file_of(name)}: {name} differs from {CONTRACT.as_posix()} (contract, route): {different}."
            " Change the route; or change the contract first and run `make generate`."
        )

    def test_a_route_outside_the_contract_does_not_start(self):
        def list_colours() -> None: ...

        with pytest.raises(NotInContract) as refused:
            ContractRoute("/colours", list_colours)

        assert str(refused.value) == (
            f"{__name__.replace('.', '/')}.py: list_colours is no operationId of contracts/api/openapi.yaml."
            " Write the operation there first and run `make generate`, or rename the function."
        )

    def test_openapi_json_is_the_contract(self, visitor):
        assert visitor.get("/openapi.json").json() == DOCUMENT


class TestImportRules:
    def test_every_feature_stands_in_them(self):
        rules = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
        features = {f"backend.{routes.parent.name}" for routes in ROOT.glob("backend/*/routes.py")}

        independent = next(rule["modules"] for rule in rules if rule["id"] == "features")

        assert set(independent) == features, "pyproject.toml: list each folder with routes.py under `features`."
