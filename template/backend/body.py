"""The body of a request: how much of it is read, and what counts as JSON. Knows no schema."""

import json
import re
from collections.abc import Iterable
from math import isinf
from typing import NoReturn

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Message

from backend.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType

BODY_LIMIT = 64 * 1024
DEEPEST = 64
JSON_TYPE = re.compile(r'application/json[ \t]*(;[ \t]*charset=("utf-8"|utf-8)[ \t]*)?', re.IGNORECASE)


async def read_text(request: Request) -> bytes:
    if not JSON_TYPE.fullmatch(", ".join(request.headers.getlist("content-type"))):
        raise UnsupportedMediaType
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > BODY_LIMIT:
        raise PayloadTooLarge
    text = bytearray()
    try:
        async for chunk in request.stream():
            text += chunk
            if len(text) > BODY_LIMIT:
                raise PayloadTooLarge
    except ClientDisconnect as error:
        raise MalformedRequest from error
    return bytes(text)


def read_json(text: bytes) -> object:
    """Stricter than Python's: no byte order mark, no NaN, no Infinity, no deeper than a schema can follow."""
    try:
        value = json.loads(text.decode(), parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:  # also: too many digits
        raise MalformedRequest from error
    level = [value]
    for _ in range(DEEPEST):
        level = [child for node in level for child in _children(node)]
    if level:
        raise MalformedRequest(f"The body is nested deeper than {DEEPEST} levels.")
    return value


def _children(node: object) -> Iterable[object]:
    if isinstance(node, dict):
        return node.values()
    return node if isinstance(node, list) else ()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if isinf(number):
        raise ValueError(f"{digits} is too large a number")
    return number


def with_body(request: Request, body: bytes) -> Request:
    async def replay() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, replay)
