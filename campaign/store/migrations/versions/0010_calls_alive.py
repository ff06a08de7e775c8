"""Calls alive, and those whose details are not known, are found without reading all that were ever made"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name, columns, which in (
        (
            "ix_attempt_alive",
            ["account_id", "sent_at"],
            "state IN ('sending', 'accepted', 'unknown') AND disposition IS NULL",
        ),
        (
            "ix_attempt_undetailed",
            ["campaign_id", "ended_at"],
            "disposition IS NOT NULL AND call_sid IS NOT NULL AND (duration_sec IS NULL OR price IS NULL)",
        ),
    ):
        where = sa.text(which)
        op.create_index(name, "attempt", columns, sqlite_where=where, postgresql_where=where)
