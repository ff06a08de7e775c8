"""Counters, kept by the database itself with every write: how many leads and attempts stand how"""

import sqlalchemy as sa
from alembic import op

from campaign.store.tables import Id

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Of a lead that is done the reason is not counted: nobody asks for it, and there may be many.
LEAD = (
    "{row}.import_id, {row}.state, coalesce({row}.outcome, ''), "
    "CASE {row}.state WHEN 'done' THEN '' ELSE {row}.reason END"
)
ATTEMPT = "{row}.campaign_id, {row}.state, coalesce({row}.disposition, '')"


def upgrade() -> None:
    op.create_table(
        "lead_count",
        sa.Column("import_id", Id, nullable=False, autoincrement=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("leads", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "state", "outcome", "reason", name=op.f("pk_lead_count")),
    )
    op.create_table(
        "attempt_count",
        sa.Column("campaign_id", Id, nullable=False, autoincrement=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "state", "disposition", name=op.f("pk_attempt_count")),
    )
    _keep("lead", LEAD, "import_id, state, outcome, reason", "leads")
    _keep("attempt", ATTEMPT, "campaign_id, state, disposition", "attempts")


def _keep(table: str, key: str, columns: str, figure: str) -> None:
    """Count what is there, and from now on every row that comes, goes or changes its key."""
    grouped = key.format(row=table)
    op.execute(f"INSERT INTO {table}_count SELECT {grouped}, count(*) FROM {table} GROUP BY {grouped}")  # noqa: S608

    def one(row: str, step: str) -> str:
        return (
            f"INSERT INTO {table}_count VALUES ({key.format(row=row)}, {step}) "  # noqa: S608
            f"ON CONFLICT ({columns}) DO UPDATE SET {figure} = {figure} + ({step});"
        )

    watched = columns.replace("campaign_id, ", "").replace("import_id, ", "")
    differs = " OR ".join(f"OLD.{each} IS NOT NEW.{each}" for each in watched.split(", "))
    come, gone = one("NEW", "1"), one("OLD", "-1")
    op.execute(f"CREATE TRIGGER {table}_comes AFTER INSERT ON {table} BEGIN {come} END")
    op.execute(f"CREATE TRIGGER {table}_goes AFTER DELETE ON {table} BEGIN {gone} END")
    op.execute(
        f"CREATE TRIGGER {table}_changes AFTER UPDATE OF {watched} ON {table} WHEN {differs} BEGIN {gone} {come} END"
    )
