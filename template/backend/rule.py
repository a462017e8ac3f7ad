"""The contract's schemas, compiled to judge values. Knows contracts/api/openapi.yaml, no HTTP."""

import json
from pathlib import Path
from typing import Any

import yaml
from jsonschema_rs import Draft202012Validator, ValidationErrorKind

from backend.errors import ValidationError

CONTRACT = Path("contracts/api/openapi.yaml")
DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / CONTRACT).read_text("utf-8"))


class Rule:
    """One schema of the contract, compiled."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self._schema = {**schema, "components": DOCUMENT["components"]}
        self._validator = Draft202012Validator(self._schema, validate_formats=True)

    def check(self, value: object, name: str) -> None:
        """Raises ValidationError about the first part of `value` that breaks the schema; `name` is the whole's."""
        for part, content in value.items() if isinstance(value, dict) else [(name, value)]:
            if has_lone_surrogate([part, content]):
                field = part.encode("utf-8", "backslashreplace").decode()
                raise ValidationError(f"{field} has a character that is not Unicode text.", field)
        if self._validator.is_valid(value):
            return
        error = next(self._validator.iter_errors(value))
        match error.kind:
            case ValidationErrorKind.Required(property=field):
                raise ValidationError(f"{field} is required.", field)
            case ValidationErrorKind.AdditionalProperties(unexpected=[field, *_]):
                raise ValidationError(f"{field} is not a field here.", field)
        field = ".".join(map(str, error.instance_path)) or name
        raise ValidationError(self._refusal(error.evaluation_path) or f"{field} does not follow the contract.", field)

    def _refusal(self, keyword: list[str | int]) -> str | None:
        """The x-refusal that stands nearest above the keyword that failed."""
        node: Any = self._schema
        refusal: str | None = node.get("x-refusal")
        for key in keyword:
            node = look_up(node["$ref"]) if key == "$ref" else node[key]
            refusal = node.get("x-refusal", refusal) if isinstance(node, dict) else refusal
        return refusal


def has_lone_surrogate(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def look_up(reference: str) -> Any:
    """What `#/components/…` points at."""
    node: Any = DOCUMENT
    for key in reference.removeprefix("#/").split("/"):
        node = node[key]
    return node
