"""The contract as tables, for the suites that judge a server by it. Knows contracts/api/openapi.yaml only."""

from pathlib import Path
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


def validator(schema: str) -> jsonschema_rs.Validator:
    """Judges values by a schema of the contract, formats included."""
    return jsonschema_rs.validator_for({**CONTRACT, "$ref": f"#/components/schemas/{schema}"}, validate_formats=True)
