"""What Alembic runs a migration with. The connection, and its transaction, come from database/migrate.py."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from database.schema import Moment, every_table


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A migration is history: it names no class of ours, which may change."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=every_table(),
    render_as_batch=True,
    render_item=render_item,
    autogenerate_plugins=["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
)
context.run_migrations()
