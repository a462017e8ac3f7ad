"""What `sdd check --base` calls breaking: one edit of the project's own contract each, and what a caller would feel."""

import importlib.util
import inspect
import json
import random
import sys
from copy import deepcopy
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.conftest import Project

LIST, CREATE = "GET /api/v1/todos", "POST /api/v1/todos"
GET, UPDATE, DELETE = "GET /api/v1/todos/{todo_id}", "PUT /api/v1/todos/{todo_id}", "DELETE /api/v1/todos/{todo_id}"
WHO, SIGN_IN, SIGN_OUT = "GET /api/v1/session", "POST /api/v1/session", "DELETE /api/v1/session"
ALIVE, READY = "GET /healthz", "GET /readyz"
SIGNED_IN = (LIST, CREATE, GET, UPDATE, DELETE, WHO, SIGN_OUT)
FIRST_ERROR = dict.fromkeys((CREATE, UPDATE, SIGN_IN), 400) | dict.fromkeys((ALIVE, READY), 500)
FIRST_ERROR |= dict.fromkeys((LIST, GET, DELETE, WHO, SIGN_OUT), 401)
TODO = (f"{LIST} response 200 items[]", f"{CREATE} response 201", f"{GET} response 200", f"{UPDATE} response 200")
ASKED = (f"{CREATE} request", f"{UPDATE} request")


@dataclass(frozen=True)
class Edit:
    """One change of the contract's text, and every place where a caller feels it, breaking or not."""

    old: str
    new: str
    breaks: set[str] = field(default_factory=set)
    spares: set[str] = field(default_factory=set)
    first: tuple[str, str] | None = None
    """A change that both contracts have."""


def parsed(text: str) -> Any:
    return yaml.load(text, Loader=yaml.CSafeLoader)


def at(places: tuple[str, ...], name: str) -> set[str]:
    return {f"{place}{'.' if place.endswith('[]') else ' '}{name}" for place in places}


def errors(name: str) -> set[str]:
    """The first error of each operation: the schema is the same for the others, and told of once."""
    return {f"{place} response {status} {name}" for place, status in FIRST_ERROR.items()}


LIMIT = "schema: { type: integer, minimum: 1, maximum: 100, default: 20"
TITLE = "          minLength: 1\n          maxLength: 200\n"
NEW_TODO = "      required: [title]\n      properties:\n        title: &title"
CHANGE = "      required: [title, description, completed, due_on]\n      properties:\n        title: *title"
SHOWN = "      required: [id, title, description, completed, due_on, created_at, updated_at, version]"
VERSION = "        version: { type: integer, minimum: 1,"
COMPLETED = "        completed: &completed { type: boolean,"
DUE_ON = '        due_on: &due_on\n          type: [string, "null"]\n'
BODY = """requestBody:
        required: true
        content: { application/json: { schema: { $ref: "#/components/schemas/NewTodo" } } }"""
CURSOR = '        next_cursor: { type: [string, "null"],'

REQUESTS = {
    "a new required property": Edit(
        NEW_TODO, NEW_TODO.replace("[title]", "[title, due_on]"), {f"{CREATE} request due_on"}
    ),
    "a property that did not exist and is required": Edit(
        CHANGE,
        CHANGE.replace("due_on]", "due_on, colour]").replace("title: *title", "title: *title\n        colour: {}"),
        {f"{UPDATE} request colour"},
    ),
    "a new optional property": Edit(
        CHANGE,
        CHANGE.replace("title: *title", "title: *title\n        colour: { type: string }"),
        spares={f"{UPDATE} request colour"},
    ),
    "a property that may be left out": Edit(
        CHANGE, CHANGE.replace(", due_on]", "]"), spares={f"{UPDATE} request due_on"}
    ),
    "a property that is gone": Edit(
        "        description: *description\n        completed: &completed",
        "        completed: &completed",
        {f"{UPDATE} request description"},
    ),
    "a shorter text": Edit(TITLE, TITLE.replace("200", "150"), at(ASKED, "title"), at(TODO, "title")),
    "a longer text": Edit(TITLE, TITLE.replace("200", "250"), at(TODO, "title"), at(ASKED, "title")),
    "a smaller maximum": Edit(LIMIT, LIMIT.replace("100", "50"), {f"{LIST} query limit"}),
    "a larger maximum": Edit(LIMIT, LIMIT.replace("100", "500"), spares={f"{LIST} query limit"}),
    "an exclusive maximum of the same number": Edit(
        LIMIT, LIMIT.replace("maximum", "exclusiveMaximum"), {f"{LIST} query limit"}
    ),
    "another default": Edit(LIMIT, LIMIT.replace("20", "50"), {f"{LIST} query limit"}),
    "a default that is gone": Edit(LIMIT, LIMIT.replace(", default: 20", ""), {f"{LIST} query limit"}),
    "a number instead of an integer": Edit(LIMIT, LIMIT.replace("integer", "number"), spares={f"{LIST} query limit"}),
    "a text instead of an integer": Edit(LIMIT, LIMIT.replace("integer", "string"), {f"{LIST} query limit"}),
    "a choice of numbers": Edit(LIMIT, LIMIT.replace("default", "enum: [20, 50], default"), {f"{LIST} query limit"}),
    "another pattern": Edit("{32}$", "{40}$", {f"{LIST} query cursor"}),
    "a pattern that is gone": Edit(', pattern: "^[A-Za-z0-9_-]{32}$"', "", spares={f"{LIST} query cursor"}),
    "a new format": Edit(
        'schema: { type: string, pattern: "^[A-Za',
        'schema: { type: string, format: byte, pattern: "^[A-Za',
        {f"{LIST} query cursor"},
    ),
    "a parameter that is gone": Edit(
        "        - name: completed\n          in: query\n"
        "          description: Only the completed todos, or only the active ones.\n"
        "          schema: { type: boolean, x-refusal: Completed is true or false. }\n",
        "",
        {f"{LIST} query completed"},
    ),
    "a parameter that is required now": Edit(
        "        - name: cursor\n", "        - name: cursor\n          required: true\n", {f"{LIST} query cursor"}
    ),
    "a new optional parameter": Edit(
        "        - name: cursor\n",
        "        - { name: sort, in: query, schema: { type: string } }\n        - name: cursor\n",
        spares={f"{LIST} query sort"},
    ),
    "a new required parameter": Edit(
        "        - name: cursor\n",
        "        - { name: sort, in: query, required: true, schema: { type: string } }\n        - name: cursor\n",
        {f"{LIST} query sort"},
    ),
    "a header that need not be sent": Edit(
        "      in: header\n      required: true\n",
        "      in: header\n",
        spares={f"{UPDATE} header If-Match", f"{DELETE} header If-Match"},
    ),
    "a parameter that is written another way": Edit(
        "        - name: cursor\n", "        - name: cursor\n          style: pipeDelimited\n", {f"{LIST} query cursor"}
    ),
    "a parameter that is written as it was": Edit(
        "        - name: cursor\n", "        - name: cursor\n          explode: true\n"
    ),
    "a list that is written another way": Edit(
        "        - name: cursor\n", "        - name: cursor\n          explode: false\n", {f"{LIST} query cursor"}
    ),
    "a part of the path that is freer": Edit(
        "schema: { type: string, format: uuid, x-refusal",
        "schema: { type: string, x-refusal",
        spares={f"{place} path todo_id" for place in (GET, UPDATE, DELETE)},
    ),
    "a body that need not be sent": Edit(BODY, BODY.replace("true", "false"), spares={f"{CREATE} request"}),
    "a body that must be sent": Edit(
        BODY.replace("true", "false"), BODY, {f"{CREATE} request"}, first=(BODY, BODY.replace("true", "false"))
    ),
    "a body in another media type": Edit(
        BODY,
        BODY.replace("application/json", "text/csv"),
        {f"{CREATE} request application/json"},
        {f"{CREATE} request text/csv"},
    ),
    "a body in one more media type": Edit(
        BODY, BODY.replace("{ application", "{ text/csv: {}, application"), spares={f"{CREATE} request text/csv"}
    ),
    "a body that takes any property": Edit(
        "additionalProperties: false\n" + NEW_TODO, NEW_TODO.lstrip(), spares={f"{CREATE} request application/json"}
    ),
    "a body that took any property and no longer does": Edit(
        NEW_TODO,
        "      additionalProperties: false\n" + NEW_TODO,
        {f"{CREATE} request application/json"},
        first=("      additionalProperties: false\n" + NEW_TODO, NEW_TODO),
    ),
    "a value that may not be null": Edit(
        DUE_ON, DUE_ON.replace('[string, "null"]', "string"), at(ASKED, "due_on"), at(TODO, "due_on")
    ),
    "a sign-in for what everybody could do": Edit(
        "      summary: Sign in\n      security: []\n", "      summary: Sign in\n", {SIGN_IN}
    ),
    "no sign-in": Edit(
        "      summary: Who is signed in\n", "      summary: Who is signed in\n      security: []\n", spares={WHO}
    ),
    "another cookie": Edit("in: cookie, name: session", "in: cookie, name: sid", set(SIGNED_IN)),
}

ANSWERS = {
    "a new property of a todo": Edit(
        VERSION, "        colour: { type: string }\n" + VERSION, spares=at(TODO, "colour")
    ),
    "a new property that is always there": Edit(
        VERSION,
        "        colour: {}\n" + VERSION,
        spares=at(TODO, "colour"),
        first=(SHOWN, SHOWN.replace("[id", "[colour, id")),
    ),
    "a property that may be missing": Edit(SHOWN, SHOWN.replace(", version", ""), at(TODO, "version")),
    "a required property that is gone": Edit(
        SHOWN + "\n      properties:\n        id: { type: string, format: uuid }\n",
        SHOWN.replace("[id, ", "[") + "\n      properties:\n",
        at(TODO, "id"),
    ),
    "an optional property that is gone": Edit(
        "        field: { type: string, description: The part of the request that was refused. }\n",
        "",
        spares=errors("field"),
    ),
    "a property that is always there now": Edit(
        "required: [detail, error_code]", "required: [detail, error_code, context]", spares=errors("context")
    ),
    "another type": Edit(VERSION, VERSION.replace("integer", "string"), at(TODO, "version")),
    "a wider type": Edit(VERSION, VERSION.replace("integer", "number"), at(TODO, "version")),
    "a smaller minimum": Edit(VERSION, VERSION.replace("1", "0"), at(TODO, "version")),
    "a larger minimum": Edit(VERSION, VERSION.replace("1", "2"), spares=at(TODO, "version")),
    "a value that may be null": Edit(
        COMPLETED,
        COMPLETED.replace("boolean", '[boolean, "null"]'),
        at(TODO, "completed"),
        {f"{UPDATE} request completed"},
    ),
    "a value that is never null": Edit(
        CURSOR, CURSOR.replace('[string, "null"]', "string"), spares={f"{LIST} response 200 next_cursor"}
    ),
    "the same written with anyOf": Edit(
        CURSOR, CURSOR.replace('type: [string, "null"]', 'anyOf: [{ type: "null" }, { type: string }]')
    ),
    "a format that is gone": Edit(
        "required: [id, email]\n      properties:\n        id: { type: string, format: uuid }",
        "required: [id, email]\n      properties:\n        id: { type: string }",
        {f"{WHO} response 200 id", f"{SIGN_IN} response 201 id"},
    ),
    "another constant": Edit(
        "const: ok",
        "const: fine",
        {f"{ALIVE} response 200 status", f"{READY} response 200 status"},
        {f"{ALIVE} response 200 status", f"{READY} response 200 status"},
    ),
    "any text instead of a constant": Edit(
        "type: string, const: ok", "type: string", {f"{ALIVE} response 200 status", f"{READY} response 200 status"}
    ),
    "a new value of an enum": Edit(
        "        - NOT_READY\n",
        "        - NOT_READY\n        - EMAIL_TAKEN\n",
        errors("error_code"),
        first=("      x-may-grow: true", "      x-may-grow: false"),
    ),
    "a new value of an enum that may grow": Edit(
        "        - NOT_READY\n", "        - NOT_READY\n        - EMAIL_TAKEN\n", spares=errors("error_code")
    ),
    "one value less": Edit("        - NOT_READY\n", "", spares=errors("error_code")),
    "longer pages": Edit("maxItems: 100", "maxItems: 200", {f"{LIST} response 200 items"}),
    "a status that is gone": Edit(
        '        "412": { $ref: "#/components/responses/VersionConflict" }\n', "", {f"{UPDATE} response 412"}
    ),
    "another success": Edit(
        '        "204": { description: The todo is gone. }',
        '        "200": { description: The todo is gone. }',
        {f"{DELETE} response 204", f"{DELETE} response 200"},
    ),
    "a new error": Edit(
        '        "204": { description: The todo is gone. }\n',
        '        "204": { description: The todo is gone. }\n        "409": { description: It is locked. }\n',
        spares={f"{DELETE} response 409"},
    ),
    "a header that is gone": Edit(
        "            Location: { required: true, description: Where the todo is., schema: { type: string } }\n",
        "",
        {f"{CREATE} response 201 header Location"},
    ),
    "an optional header that is gone": Edit(
        "            Server-Timing: { schema: { type: string } }\n",
        "",
        {f"{CREATE} response 201 header Server-Timing"},
        first=(
            "            Location: {",
            "            Server-Timing: { schema: { type: string } }\n            Location: {",
        ),
    ),
    "a header that may be missing": Edit(
        "Retry-After: { required: true,",
        "Retry-After: { required: false,",
        {f"{SIGN_IN} response 429 header Retry-After"},
    ),
    "a new header": Edit(
        "            Location: {",
        "            Server-Timing: { schema: { type: string } }\n            Location: {",
        spares={f"{CREATE} response 201 header Server-Timing"},
    ),
    "an answer in another media type": Edit(
        'content: { application/json: { schema: { $ref: "#/components/schemas/TodoPage" } } }',
        'content: { text/csv: { schema: { $ref: "#/components/schemas/TodoPage" } } }',
        {f"{LIST} response 200 application/json"},
        {f"{LIST} response 200 text/csv"},
    ),
    "an answer without a body": Edit(
        '          content: { application/json: { schema: { $ref: "#/components/schemas/TodoPage" } } }\n',
        "",
        {f"{LIST} response 200 application/json"},
    ),
}

OPERATIONS = {
    "an operation that is gone": Edit(
        "    delete:\n      tags: [accounts]\n      operationId: delete_session",
        "    x-later:\n      operationId: delete_session",
        {SIGN_OUT},
    ),
    "another method": Edit(
        "    delete:\n      tags: [accounts]", "    put:\n      tags: [accounts]", {SIGN_OUT}, {"PUT /api/v1/session"}
    ),
    "another path": Edit("  /healthz:\n", "  /health:\n", {ALIVE}, {"GET /health"}),
    "another operationId": Edit("operationId: get_health", "operationId: get_life", {ALIVE}),
    "a new operation": Edit(
        "  /healthz:\n    get:",
        "  /healthz:\n    head: { operationId: check_health, responses: {} }\n    get:",
        spares={"HEAD /healthz"},
    ),
    "another server": Edit("  - url: /\n", "  - url: /v2\n", {*SIGNED_IN, SIGN_IN, ALIVE, READY}),
    "one more server": Edit("  - url: /\n", "  - url: /\n  - url: /v2\n"),
    "texts": Edit("description: How many todos a page holds.", "description: The size of a page."),
    "what a person reads": Edit("x-refusal: A page has 1 to 100 todos.", "x-refusal: At most 100., example: 3"),
    "a tag": Edit("tags: [health]\n      operationId: get_health", "tags: [life]\n      operationId: get_health"),
    "a text of an answer": Edit("description: One page.", "description: A page.", set()),
    "a schema under another name": Edit(
        '        items: { type: array, maxItems: 100, items: { $ref: "#/components/schemas/Todo" } }',
        '        items: { type: array, maxItems: 100, items: { $ref: "#/components/schemas/Row" } }',
        first=("    TodoPage:\n", '    Row: { $ref: "#/components/schemas/Todo" }\n    TodoPage:\n'),
    ),
    "the version of the contract": Edit("version: 1.0.0", "version: 2.0.0"),
}
EDITS = {**REQUESTS, **ANSWERS, **OPERATIONS}


@pytest.fixture(scope="module")
def compare(fresh: Project) -> ModuleType:
    """The generated project's own module; it imports nothing but Python's library."""
    spec = importlib.util.spec_from_file_location("generated_compare", fresh.path / "sdd/compare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def contract(fresh: Project) -> str:
    return (fresh.path / "contracts/api/openapi.yaml").read_text("utf-8")


class TestBreaking:
    @pytest.mark.parametrize("name", EDITS)
    def test_every_place_is_named_and_judged(self, compare: ModuleType, contract: str, name: str) -> None:
        edit = EDITS[name]
        if edit.first:
            assert edit.first[0] in contract
            contract = contract.replace(*edit.first, 1)
        assert edit.old in contract

        changes = compare.breaking(parsed(contract), parsed(contract.replace(edit.old, edit.new, 1)))

        assert {change.pointer for change in changes if change.breaking} == edit.breaks
        assert {change.pointer for change in changes if not change.breaking} == edit.spares
        assert all(change.message.endswith(".") for change in changes)

    def test_the_table_is_long_enough(self) -> None:
        assert len(EDITS) >= 30
        assert min(len(REQUESTS), len(ANSWERS)) >= 20

    def test_a_contract_breaks_nothing_against_itself(self, compare: ModuleType, contract: str) -> None:
        assert compare.breaking(parsed(contract), parsed(contract)) == []

    def test_a_message_says_what_changed_and_what_follows(self, compare: ModuleType, contract: str) -> None:
        new = contract.replace(TITLE, TITLE.replace("200", "150"), 1)

        changes = compare.breaking(parsed(contract), parsed(new))

        assert (
            compare.Change(
                f"{CREATE} request title", "maxLength 200 became 150: what was accepted may be refused.", True
            )
            in changes
        )

    def test_junk_is_compared_without_an_exception(self, compare: ModuleType, contract: str) -> None:
        chance = random.Random(1)  # noqa: S311
        junk: list[Any] = [
            None,
            7,
            "text",
            [],
            {},
            [[]],
            {"$ref": "#/nowhere"},
            {"$ref": 7},
            True,
            {"anyOf": []},
            {"allOf": "x"},
        ]
        for _ in range(60):
            document = parsed(contract)
            node: Any = document
            for _ in range(chance.randint(1, 9)):
                key = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
                if not isinstance(node[key], dict | list) or not node[key]:
                    break
                parent, last, node = node, key, node[key]
            parent[last] = chance.choice(junk)

            assert compare.breaking(document, deepcopy(document)) == []
            compare.breaking(parsed(contract), document)


def taking(schema: Any, **schemas: Any) -> dict[str, Any]:
    """A contract with one operation, whose body is this."""
    body = {"content": {"application/json": {"schema": schema}}}
    return {"paths": {"/x": {"post": {"operationId": "x", "requestBody": body}}}, "components": {"schemas": schemas}}


TREE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "children": {"items": {"$ref": "#/components/schemas/Tree"}}},
}
SHORT_TREE = {**TREE, "properties": {**TREE["properties"], "name": {"type": "string", "maxLength": 3}}}  # type: ignore[dict-item]
ROOT = {"$ref": "#/components/schemas/Tree"}
TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
MAP = {"additionalProperties": TEXT}
FREE = {"properties": {"two": TEXT}}
ONE, TWO = ({"type": "object", "required": [name], "properties": {name: TEXT}} for name in ("one", "two"))


def search() -> None:
    """Runs in the project: random pairs of schemas, and values that one takes and the other refuses. Prints a count.

    Source of the truth is jsonschema-rs. Left out are the four things that the module settles by convention.
    """
    import importlib
    import json
    import random

    compare, rust = importlib.import_module("sdd.compare"), importlib.import_module("jsonschema_rs")
    chance = random.Random(3)  # noqa: S311
    plain = ["a", "ab", "abc", "", 0, 1, 2, 3, 1.5, None, True]

    def simple() -> Any:
        kind = chance.choice(["string", "integer", "number", "null", ["string", "null"]])
        return chance.choice(
            [
                *(
                    {},
                    {"type": kind},
                    {"enum": chance.sample(plain, 2)},
                    {"const": chance.choice(plain)},
                    {"not": {"type": kind}},
                ),
                *({"type": "string", "maxLength": chance.choice([1, 2])}, {"type": "string", "minLength": 2}, False),
                *({"minimum": chance.choice([1, 2])}, {"exclusiveMaximum": chance.choice([1, 2])}, {"pattern": "^a"}),
            ]
        )

    def schema(depth: int) -> Any:
        form = chance.choice(["simple", "object", "array", "ref", "allOf", "anyOf", "oneOf"])
        if depth == 0 or form == "simple":
            return simple()
        if form == "object":
            properties = {name: schema(depth - 1) for name in "pq"}
            required = chance.sample("pq", chance.randint(0, 2))
            return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
        if form == "array":
            return {"type": "array", "items": schema(depth - 1), "maxItems": chance.randint(0, 2)}
        if form == "ref":
            return {"$ref": "#/components/schemas/List"}
        return {form: [schema(depth - 1) for _ in range(chance.randint(1, 3))], **chance.choice([{}, {"minLength": 1}])}

    def changed(node: Any) -> Any:
        if not isinstance(node, dict) or chance.random() < 0.25:
            return simple() if chance.random() < 0.5 else node
        copy = dict(node)
        for key, inside in node.items():
            if key == "properties":
                copy[key] = {name: changed(one) for name, one in inside.items()}
            elif key in ("allOf", "anyOf", "oneOf"):
                copy[key] = [changed(one) for one in inside if chance.random() < 0.9] or inside
            elif key == "items":
                copy[key] = changed(inside)
        return copy

    def value(depth: int) -> Any:
        if depth == 0 or chance.random() < 0.4:
            return chance.choice(plain)
        if chance.random() < 0.5:
            return [value(depth - 1) for _ in range(chance.randint(0, 2))]
        return {name: value(depth - 1) for name in chance.sample("pq", chance.randint(0, 2))}

    values = plain + [value(2) for _ in range(150)]
    seen, missed = 0, []
    for _ in range(1500):
        parts = {"List": {"anyOf": [simple(), {"type": "array", "items": {"$ref": "#/components/schemas/List"}}]}}
        old = schema(2)
        new = changed(old)
        takes = [
            rust.Draft202012Validator({"allOf": [one], "components": {"schemas": parts}}).is_valid for one in (old, new)
        ]
        for sent in (True, False):
            body = [{"content": {"application/json": {"schema": one}}} for one in (old, new)]
            operations = [{"requestBody": one} if sent else {"responses": {"200": one}} for one in body]
            documents = [{"paths": {"/x": {"post": one}}, "components": {"schemas": parts}} for one in operations]
            promised, given = takes if sent else reversed(takes)
            witness = [one for one in values if promised(one) and not given(one)]
            seen += bool(witness)
            if witness and not any(change.breaking for change in compare.breaking(*documents)):
                missed.append([old, new, sent, witness[0]])
    print(json.dumps({"seen": seen, "missed": missed}))


class TestSchemas:
    @pytest.mark.parametrize(
        ("old", "new", "breaks"),
        [
            pytest.param(taking(ROOT, Tree=TREE), taking(ROOT, Tree=SHORT_TREE), True, id="a tree's shorter names"),
            pytest.param(taking(ROOT, Tree=SHORT_TREE), taking(ROOT, Tree=TREE), False, id="a tree's longer names"),
            pytest.param(taking(TEXT), taking({"allOf": [TEXT]}), False, id="the same in allOf"),
            pytest.param(taking(TEXT), taking({"allOf": [TEXT, {"maxLength": 3}]}), True, id="one more in allOf"),
            pytest.param(taking({"allOf": [TEXT, {"maxLength": 3}]}), taking(TEXT), False, id="one less in allOf"),
            pytest.param(taking({"anyOf": [TEXT, NUMBER]}), taking(TEXT), True, id="one less in anyOf"),
            pytest.param(taking(TEXT), taking({"anyOf": [NUMBER, TEXT]}), False, id="one more in anyOf"),
            pytest.param(
                taking({"oneOf": [TEXT, NUMBER]}), taking({"oneOf": [NUMBER, TEXT]}), False, id="oneOf in another order"
            ),
            pytest.param(
                taking({"oneOf": [TEXT, {"maxLength": 3}]}),
                taking({"oneOf": [TEXT, {"maxLength": 4}]}),
                True,
                id="oneOf that overlaps",
            ),
            pytest.param(taking({"not": TEXT}), taking({"not": NUMBER}), True, id="another not"),
            pytest.param(taking(MAP), taking({"additionalProperties": NUMBER}), True, id="other values in a map"),
            pytest.param(taking(MAP), taking({"additionalProperties": {}}), False, id="any values in a map"),
            pytest.param(
                taking({"allOf": [ONE, TWO]}), taking({"allOf": [TWO, ONE]}), False, id="allOf in another order"
            ),
            pytest.param(taking({"allOf": [ONE]}), taking({"allOf": [ONE, TWO]}), True, id="allOf that requires more"),
            pytest.param(
                taking({"allOf": [TWO, ONE]}), taking({"allOf": [FREE, ONE]}), False, id="allOf that requires less"
            ),
            pytest.param(
                taking(ROOT, Tree={"allOf": [ROOT]}), taking(ROOT, Tree={"allOf": [ROOT]}), False, id="itself"
            ),
            pytest.param(taking({"$ref": "other.yaml"}), taking({"$ref": "else.yaml"}), True, id="another file"),
            pytest.param(taking({"$ref": "other.yaml"}), taking({"$ref": "other.yaml"}), False, id="the same file"),
        ],
    )
    def test_combined_schemas_are_judged(
        self, compare: ModuleType, old: dict[str, Any], new: dict[str, Any], breaks: bool
    ) -> None:
        assert any(change.breaking for change in compare.breaking(old, new)) == breaks

    def test_a_value_that_only_one_contract_takes_is_never_missed(self, project: Project) -> None:
        script = f"from typing import Any\n\n{inspect.getsource(search)}\nsearch()"

        counted = json.loads(project.must("uv", "run", "python", "-c", script).splitlines()[-1])

        assert counted["missed"] == []
        assert counted["seen"] > 300
