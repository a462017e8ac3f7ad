"""The contract judges every request before FastAPI sees it. Knows contracts/api/openapi.yaml, knows no feature."""

import inspect
import json
import re
from collections.abc import Callable, Coroutine
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import yaml
from fastapi import Request, Response
from fastapi.routing import APIRoute
from jsonschema_rs import Draft202012Validator, ValidationErrorKind
from starlette.concurrency import run_in_threadpool

from backend.body import read_json, read_text, with_body
from backend.caller import SESSION_COOKIE
from backend.errors import PreconditionRequired, Unauthenticated, ValidationError

CONTRACT = Path("contracts/api/openapi.yaml")
DOCUMENT: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / CONTRACT).read_text("utf-8"))
METHODS = {"get", "post", "put", "patch", "delete"}
INTEGER = re.compile("-?(0|[1-9][0-9]{0,17})")
BOOLEANS = {"true": True, "false": False}


class NotInContract(Exception):
    """A route whose name is no operationId."""


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


class Parameter:
    def __init__(self, parameter: dict[str, Any]) -> None:
        self.name, self.place = str(parameter["name"]), parameter["in"]
        self.required = parameter.get("required", False)
        self._type = parameter["schema"].get("type")
        self._rule = Rule(parameter["schema"])

    def check(self, texts: list[str]) -> None:
        if len(texts) > 1:
            raise ValidationError(f"{self.name} may be given once only.", self.name)
        if texts:
            self._rule.check(self._read(texts[0]), self.name)
        elif self.required:
            raise ValidationError(f"{self.name} is required.", self.name)

    def _read(self, text: str) -> object:
        """The JSON value that the text stands for; the text itself, which the rule refuses, when there is none."""
        if self._type == "integer" and INTEGER.fullmatch(text):
            return int(text)
        return BOOLEANS.get(text, text) if self._type == "boolean" else text


class Operation:
    def __init__(self, item: dict[str, Any], operation: dict[str, Any]) -> None:
        listed = [*item.get("parameters", []), *operation.get("parameters", [])]
        parameters = [Parameter(look_up(one["$ref"]) if "$ref" in one else one) for one in listed]
        self._needs_session = bool(operation.get("security", DOCUMENT["security"]))
        self._headers = [one.name for one in parameters if one.place == "header" and one.required]
        self._path = [one for one in parameters if one.place == "path"]
        self._query = [one for one in parameters if one.place == "query"]
        body = operation.get("requestBody")
        self._body = Rule(body["content"]["application/json"]["schema"]) if body else None

    async def judge(self, request: Request) -> Request:
        """The request, its body read. Raises the first refusal, in the order that TestJudge tells."""
        if self._needs_session and not request.cookies.get(SESSION_COOKIE):
            raise Unauthenticated
        if any(name not in request.headers for name in self._headers):
            raise PreconditionRequired
        for name in self._headers:
            if len(request.headers.getlist(name)) > 1:
                raise ValidationError(f"{name} may be given once only.", name)
        text = await read_text(request) if self._body else b""
        body = read_json(text) if self._body else None
        for parameter in self._path:
            parameter.check([request.path_params[parameter.name]])
        if self._query:
            query = parse_qs(request.url.query, keep_blank_values=True, errors="surrogateescape")
            for parameter in self._query:
                parameter.check(query.get(parameter.name, []))
        if self._body is None:
            return request
        self._body.check(body, "body")
        return with_body(request, text)


class ContractRoute(APIRoute):
    """A route whose function is named like its operation."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        name = endpoint.__name__
        if name not in OPERATIONS:
            raise NotInContract(
                f"{endpoint.__module__.replace('.', '/')}.py: {name} is no operationId of {CONTRACT.as_posix()}."
                " Write the operation there first and run `make generate`, or rename the function."
            )
        self._operation = OPERATIONS[name]
        super().__init__(path, in_one_hop(endpoint), **{**options, "operation_id": name})
        self.path_regex = re.compile(self.path_regex.pattern.removesuffix("$") + r"\Z")  # $ takes a line break, too

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def judged(request: Request) -> Response:
            return await handle(await self._operation.judge(request))

        return judged


def in_one_hop(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """FastAPI sends a plain function to a thread, and its answer to a thread again. This spares the second."""
    if inspect.iscoroutinefunction(endpoint):
        return endpoint

    @wraps(endpoint)
    async def hop(**arguments: Any) -> Any:
        return await run_in_threadpool(endpoint, **arguments)

    return hop


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


OPERATIONS = {
    operation["operationId"]: Operation(item, operation)
    for item in DOCUMENT["paths"].values()
    for method, operation in item.items()
    if method in METHODS
}
