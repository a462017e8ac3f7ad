"""FastAPI's own reading of the routes means the same as the contract."""

from typing import Any

import pytest
from fastapi.openapi.utils import get_openapi

from backend.contract import METHODS, ContractRoute, NotInContract
from backend.main import create_app
from backend.rule import CONTRACT, DOCUMENT

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
    return "backend/health.py" if tag == "health" else f"backend/{tag}/routes.py"


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
