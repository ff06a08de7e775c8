"""The ledger, from the first table on"""

import sqlalchemy as sa
from alembic import op

from campaign.store.tables import Id, Instant

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", Id, nullable=False),
        sa.Column("base_url", sa.Text(), nullable=False),
        sa.Column("account_sid", sa.Text(), nullable=False),
        sa.Column("simulated", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint(
            "base_url", "account_sid", "simulated", name=op.f("uq_account_base_url_account_sid_simulated")
        ),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event",
        sa.Column("id", Id, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", Id, nullable=True),
        sa.Column("lead_id", Id, nullable=True),
        sa.Column("attempt_id", Id, nullable=True),
        sa.Column("number_hash", sa.String(length=32), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_campaign_id"), ["campaign_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_lead_id"), ["lead_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_number_hash"), ["number_hash"], unique=False)

    op.create_table(
        "meta",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meta")),
    )
    op.create_table(
        "campaign",
        sa.Column("id", Id, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_campaign_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("name", name=op.f("uq_campaign_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "request",
        sa.Column("id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("sent_at", Instant(), nullable=False),
        sa.Column("replied_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_request_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.create_index("ix_request_account", ["account_id", "sent_at"], unique=False)

    op.create_table(
        "import",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("file_name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("header", sa.JSON(), nullable=False),
        sa.Column("phone_column", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("visible_at", Instant(), nullable=True),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_import_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("import", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_import_sha256"), ["sha256"], unique=False)

    op.create_table(
        "policy_version",
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_policy_version_campaign_id")),
        sa.PrimaryKeyConstraint("campaign_id", "version", name=op.f("pk_policy_version")),
    )
    op.create_table(
        "lead",
        sa.Column("id", Id, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("import_id", Id, nullable=False),
        sa.Column("source_line", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("columns_version", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("final_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_lead_campaign_id")),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("fk_lead_import_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("lead", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lead_due",
            ["campaign_id", "due_at", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('pending', 'retry_wait')"),
            postgresql_where=sa.text("state IN ('pending', 'retry_wait')"),
        )
        batch_op.create_index("ix_lead_line", ["campaign_id", "import_id", "source_line"], unique=False)
        batch_op.create_index("ix_lead_state", ["campaign_id", "state", "outcome"], unique=False)

    op.create_table(
        "reject",
        sa.Column("import_id", Id, nullable=False),
        sa.Column("source_line", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("column", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("fk_reject_import_id")),
        sa.PrimaryKeyConstraint("import_id", "source_line", name=op.f("pk_reject")),
    )
    op.create_table(
        "attempt",
        sa.Column("id", Id, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("account_id", Id, nullable=False),
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("number_position", sa.Integer(), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.Column("attempt_no", sa.Integer(), nullable=False),
        sa.Column("columns_version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("disposition", sa.String(length=16), nullable=True),
        sa.Column("refusal", sa.String(length=16), nullable=True),
        sa.Column("call_sid", sa.String(length=64), nullable=True),
        sa.Column("caller_id", sa.Text(), nullable=True),
        sa.Column("flow_url", sa.Text(), nullable=True),
        sa.Column("policy_version", sa.Integer(), nullable=True),
        sa.Column("reserved_at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("latest_end", Instant(), nullable=True),
        sa.Column("replied_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("resolved_by", sa.String(length=16), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("provider_status", sa.Text(), nullable=False),
        sa.Column("provider_created", sa.Text(), nullable=True),
        sa.Column("provider_started", sa.Text(), nullable=True),
        sa.Column("provider_ended", sa.Text(), nullable=True),
        sa.Column("duration_sec", sa.Integer(), nullable=True),
        sa.Column("conversation_sec", sa.Integer(), nullable=True),
        sa.Column("price", sa.Text(), nullable=True),
        sa.Column("recording_url", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_attempt_account_id")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_attempt_campaign_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_attempt_lead_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempt")),
        sa.UniqueConstraint("lead_id", "attempt_no", name=op.f("uq_attempt_lead_id_attempt_no")),
        sa.UniqueConstraint("public_id", name=op.f("uq_attempt_public_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("attempt", schema=None) as batch_op:
        batch_op.create_index("ix_attempt_account", ["account_id", "sent_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_attempt_call_sid"), ["call_sid"], unique=False)
        batch_op.create_index("ix_attempt_campaign", ["campaign_id", "state", "disposition"], unique=False)
        batch_op.create_index("ix_attempt_number", ["number_hash", "sent_at"], unique=False)
        batch_op.create_index(
            "uq_attempt_live",
            ["number_hash"],
            unique=True,
            sqlite_where=sa.text("state IN ('sending', 'accepted', 'unknown') AND disposition IS NULL"),
            postgresql_where=sa.text("state IN ('sending', 'accepted', 'unknown') AND disposition IS NULL"),
        )

    op.create_table(
        "lead_columns",
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("import_id", Id, nullable=False),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["import.id"], name=op.f("fk_lead_columns_import_id")),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_columns_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", "version", name=op.f("pk_lead_columns")),
    )
    op.create_table(
        "lead_number",
        sa.Column("lead_id", Id, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("campaign_id", Id, nullable=False),
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("number_hash", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["lead_id"], ["lead.id"], name=op.f("fk_lead_number_lead_id")),
        sa.PrimaryKeyConstraint("lead_id", "position", name=op.f("pk_lead_number")),
    )
    with op.batch_alter_table("lead_number", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_lead_number_number_hash"), ["number_hash"], unique=False)
        batch_op.create_index(
            "uq_lead_number_first",
            ["campaign_id", "number_hash"],
            unique=True,
            sqlite_where=sa.text("position = 0"),
            postgresql_where=sa.text("position = 0"),
        )

    op.create_table(
        "inbox",
        sa.Column("id", Id, nullable=False),
        sa.Column("attempt_id", Id, nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("read_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["attempt_id"], ["attempt.id"], name=op.f("fk_inbox_attempt_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("attempt_id", "body_hash", name=op.f("uq_inbox_attempt_id_body_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("inbox", schema=None) as batch_op:
        batch_op.create_index(
            "ix_inbox_unread",
            ["id"],
            unique=False,
            sqlite_where=sa.text("read_at IS NULL"),
            postgresql_where=sa.text("read_at IS NULL"),
        )
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER event_{change.lower()} BEFORE {change} ON event "
            "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END"
        )
