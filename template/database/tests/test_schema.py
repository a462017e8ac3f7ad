"""The tables against the contract, against the migrations, and against what they must refuse."""

from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Connection, String, Table, insert, select, update
from sqlalchemy.exc import DBAPIError

from database.accounts import accounts, create_session, create_sign_in_failure, sign_in_failures
from database.engine import writing_engine
from database.schema import every_table
from database.tests.conftest import described
from database.todos import create_todo, todos

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
CONTRACT = Path(__file__).parents[2] / "contracts" / "api" / "openapi.yaml"
STORED = {
    "Account": accounts,
    "Todo": todos,
}
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

    @pytest.mark.parametrize("name", STORED)
    def test_a_thing_is_read_with_the_fields_of_the_contract_and_no_others(self, name):
        """PUBLIC is what a module's queries give; one that has none gives whole answers of its own."""
        module = import_module(f"database.{STORED[name].name}")
        promised = set(schemas()[name]["properties"])

        read = {column.name for column in getattr(module, "PUBLIC", ())} or promised

        assert read == promised, (
            f"database/{STORED[name].name}.py: PUBLIC and the contract's {name} differ in {sorted(read ^ promised)}."
            " Write them in contracts/api/openapi.yaml and run `make generate`, or leave them out of PUBLIC."
        )

    def test_a_disagreement_is_told_with_both_numbers_and_the_next_step(self):
        schema = {"properties": {"email": {"type": "string", "maxLength": 500}}}

        assert list(disagreements("Account", schema, accounts)) == [
            "database/accounts.py: accounts.email holds 254 characters, in the contract 500."
            " The contract (Account) decides: change the column, then `make migration m='change email'`."
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


class TestMigratedSchema:
    def test_it_is_what_the_tables_say(self, connection, new_url):
        engine = writing_engine(new_url)
        with engine.begin() as other:
            every_table().create_all(other)
            tables = described(other)
        engine.dispose()

        migrated = {name: made for name, made in described(connection).items() if name != "alembic_version"}

        assert migrated == tables, "database/*.py and database/migrations differ: make migration m='say what changes'"


EMAIL = sign_in_failures.c.email


def add_failures(connection: Connection, *emails: str) -> None:
    """The one column of any length that a text goes into as it is."""
    connection.execute(insert(sign_in_failures), [{"email": email, "failed_at": NOON} for email in emails])


class TestText:
    def test_it_is_in_order_by_code_point(self, connection):
        words = ["Zebra", "a", "B", "ab", "a b", "Ä", "é", "e\u0301", "ß", "ss", "\ue000", "🥛", "_", "-a", "10", "9"]
        add_failures(connection, *words)

        assert connection.execute(select(EMAIL).order_by(EMAIL)).scalars().all() == sorted(words)

    def test_only_equal_code_points_are_equal(self, connection):
        add_failures(connection, "e\u0301")

        assert connection.execute(select(EMAIL).where(EMAIL == "é")).all() == []
