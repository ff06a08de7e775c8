"""Whose turn it is: a place in the line of first calls, and by how many calls the others have had"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("import", sa.Column("call_order", sa.String(length=8), nullable=False, server_default="file"))
    op.add_column("lead", sa.Column("place", sa.BigInteger(), nullable=True))
    op.add_column("lead", sa.Column("calls", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE lead SET place = id WHERE state = 'pending'")
    op.execute(
        "UPDATE lead SET calls = (SELECT count(*) FROM attempt WHERE attempt.lead_id = lead.id "
        "AND attempt.state IN ('sending', 'accepted', 'unknown') "
        "AND (attempt.disposition IS NULL OR attempt.disposition <> 'not_placed')) WHERE state = 'retry_wait'"
    )
    for name, columns, which in (
        ("ix_lead_place", ["campaign_id", "place"], "place IS NOT NULL"),
        ("ix_lead_calls", ["campaign_id", "calls", "due_at", "id"], "place IS NULL"),
    ):
        where = sa.text(f"state IN ('pending', 'retry_wait') AND {which}")
        op.create_index(name, "lead", columns, sqlite_where=where, postgresql_where=where)
