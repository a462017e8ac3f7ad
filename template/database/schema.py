"""What all tables share: one metadata, the names of constraints, text, and time in UTC. Knows no table by name."""

from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, String, Text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A point in time. Goes in with any time zone, never without one; comes out in UTC from every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone. Use datetime.now(UTC).")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        return value and value.replace(tzinfo=UTC)  # SQLite knows no zone; PostgreSQL is asked for UTC when it connects


@compiles(String, "postgresql")
@compiles(Text, "postgresql")
def by_code_point(kind: String, compiler: Any, **options: Any) -> str:
    """Text is equal and in order by code point, whatever the locale of the database: as it is in SQLite."""
    written = getattr(compiler, f"visit_{kind.__visit_name__}")(kind, **options)
    return written if kind.collation else f'{written} COLLATE "C"'


def every_table() -> MetaData:
    """The metadata after each module of this folder was imported, so that no new table is forgotten."""
    for module in iter_modules([str(Path(__file__).parent)]):
        import_module(f"database.{module.name}")
    return metadata
