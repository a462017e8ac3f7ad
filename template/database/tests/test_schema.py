"""The tables against the contract, against the migrations, and against what they must refuse."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import String, Table, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from database.accounts import accounts, create_session, create_sign_in_failure
from database.engine import writing_engine
from database.schema import every_table
from database.tests.conftest import described
from database.todos import PUBLIC, create_todo, todos

CONTRACT = Path(__file__).parents[2] / "contracts" / "api" / "openapi.yaml"
STORED = {"Account": accounts, "Todo": todos}
LIMITED = [
    column for table in every_table().tables.values() for column in table.c if getattr(column.type, "length", None)
]


def schemas() -> dict[str, Any]:
    contract: dict[str, Any] = yaml.safe_load(CONTRACT.read_text("utf-8"))
    schemas: dict[str, Any] = contract["components"]["schemas"]
    return schemas


def disagreements(name: str, schema: dict[str, Any], table: Table) -> Iterator[str]:
    """What the contract says of a field and the table says otherwise, each with its next step."""
    for field, rule in schema["properties"].items():
        where = f"database/{table.name}.py: {table.name}.{field}"
        then = f"The contract ({name}) decides: change the column, then `make migration m='change {field}'`."
        if field not in table.c:
            yield f"{where} is missing. {then}"
            continue
        column = table.c[field]
        nullable = "null" in rule.get("type", ())
        if column.nullable != nullable:
            yield f"{where} is nullable: {column.nullable}, in the contract: {nullable}. {then}"
        length = column.type.length if isinstance(column.type, String) else None
        if length != rule.get("maxLength") and not {"enum", "$ref"} & rule.keys():
            yield f"{where} holds {length} characters, in the contract {rule.get('maxLength')}. {then}"


class TestContract:
    def test_every_thing_with_an_id_is_stored(self):
        assert {name for name, schema in schemas().items() if "id" in schema.get("properties", {})} == set(STORED)

    @pytest.mark.requirement("001-FR-004")
    @pytest.mark.parametrize("name", STORED)
    def test_a_column_takes_what_the_contract_takes_and_no_more(self, name):
        assert list(disagreements(name, schemas()[name], STORED[name])) == []

    def test_a_todo_is_read_with_the_fields_of_the_contract_and_no_others(self):
        read, promised = {column.name for column in PUBLIC}, set(schemas()["Todo"]["properties"])

        assert read == promised, (
            f"database/todos.py: PUBLIC and the contract's Todo differ in {sorted(read ^ promised)}. Write them in"
            " contracts/api/openapi.yaml and run `make generate`, or leave them out of PUBLIC."
        )

    def test_a_disagreement_is_told_with_both_numbers_and_the_next_step(self):
        schema = {"properties": {"title": {"type": "string", "maxLength": 500}}}

        assert list(disagreements("Todo", schema, todos)) == [
            "database/todos.py: todos.title holds 200 characters, in the contract 500."
            " The contract (Todo) decides: change the column, then `make migration m='change title'`."
        ]


class TestLimits:
    @pytest.fixture
    def filled(self, connection, ada):
        create_session(connection, ada, "a" * 64, datetime.now(UTC))
        create_sign_in_failure(connection, "ada@example.com")
        create_todo(connection, ada, title="Buy milk")
        return connection

    @pytest.mark.requirement("001-FR-004")
    @pytest.mark.parametrize("column", LIMITED, ids=str)
    def test_the_table_itself_takes_the_longest_text_and_refuses_one_more_character(self, filled, column):
        longest = "🥛" * column.type.length

        filled.execute(update(column.table).values({column.name: longest}))

        refusal = f"ck_{column.table.name}_{column.name}_length|character varying.{column.type.length}.$"
        with pytest.raises(DBAPIError, match=f"(?m){refusal}"):
            filled.execute(update(column.table).values({column.name: longest + "x"}))

    @pytest.mark.requirement("001-FR-004")
    def test_an_empty_title_is_refused(self, connection, ada):
        with pytest.raises(IntegrityError, match="ck_todos_title_length"):
            create_todo(connection, ada, title="")


class TestMigratedSchema:
    def test_it_is_what_the_tables_say(self, connection, new_url):
        engine = writing_engine(new_url)
        with engine.begin() as other:
            every_table().create_all(other)
            tables = described(other)
        engine.dispose()

        migrated = {name: made for name, made in described(connection).items() if name != "alembic_version"}

        assert migrated == tables, "database/*.py and database/migrations differ: make migration m='say what changes'"


class TestText:
    def test_it_is_in_order_by_code_point(self, connection, ada):
        titles = ["Zebra", "a", "B", "ab", "a b", "Ä", "é", "e\u0301", "ß", "ss", "\ue000", "🥛", "_", "-a", "10", "9"]
        for title in titles:
            create_todo(connection, ada, title=title)

        assert connection.execute(select(todos.c.title).order_by(todos.c.title)).scalars().all() == sorted(titles)

    def test_only_equal_code_points_are_equal(self, connection, ada):
        create_todo(connection, ada, title="e\u0301")

        assert connection.execute(select(todos).where(todos.c.title == "é")).all() == []
