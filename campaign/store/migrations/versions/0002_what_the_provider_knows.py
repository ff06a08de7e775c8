"""What the provider knows: how far its list was compared with the ledger, and the calls in it that are not ours"""

import sqlalchemy as sa
from alembic import op

from campaign.store.tables import Id, Instant

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("account") as account:
        account.add_column(sa.Column("reconciled_until", Instant()))
    op.create_table(
        "stranger",
        sa.Column("account_id", Id, nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("caller_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("first_seen_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_stranger_account_id")),
        sa.PrimaryKeyConstraint("account_id", "call_sid", name=op.f("pk_stranger")),
    )
    op.create_index("ix_stranger_number", "stranger", ["number_hash", "created_at"])
