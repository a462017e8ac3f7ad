<%
def without_banners(lines):
    return "\n".join(line for line in lines.splitlines() if "# ###" not in line).strip()
%>\
"""${message[0].upper() + message[1:]}."""

import sqlalchemy as sa
from alembic import op

${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    ${without_banners(upgrades)}


def downgrade() -> None:
    ${without_banners(downgrades)}
