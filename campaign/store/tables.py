"""The schema, as SQLAlchemy sees it. The database is made by the migrations alone; a test holds the two together.

Numbers and the list's cells stand only in `lead_number`, `lead_columns` and `reject`; attempts and events carry ids and
the keyed hash, and raw callback bodies are apart in `inbox`, so that a person can be forgotten and the figures stay.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, as text of one width: it sorts as it reads."""

    impl = String(27)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002  SQLAlchemy's signature
        return None if value is None else self.written(value)

    @staticmethod
    def written(instant: datetime) -> str:
        """As it stands in a table."""
        return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
_IDS: dict[str, Any] = {
    "sqlite_autoincrement": True
}  # an id is never given twice, not even after a reservation is gone

LIVE = "state IN ('sending', 'accepted', 'unknown') AND disposition IS NULL"
UNDETAILED = "disposition IS NOT NULL AND call_sid IS NOT NULL AND (duration_sec IS NULL OR price IS NULL)"
WAITING = "state IN ('pending', 'retry_wait')"
IN_LINE, BY_TIME = f"{WAITING} AND place IS NOT NULL", f"{WAITING} AND place IS NULL"

meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("id", Id, primary_key=True),
    Column("base_url", Text, nullable=False),
    Column("account_sid", Text, nullable=False),
    Column("simulated", Boolean(create_constraint=False), nullable=False),
    Column("reconciled_until", Instant),
    Column("allowance", JSON),
    UniqueConstraint("base_url", "account_sid", "simulated"),
    **_IDS,
)

campaign = Table(
    "campaign",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("policy_version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("last_ends", Text),
    Column("tried_out", Boolean(create_constraint=False)),
    **_IDS,
)

policy_version = Table(
    "policy_version",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaign.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("settings", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
)

imported = Table(
    "import",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False),
    Column("file_name", Text, nullable=False),
    Column("sha256", String(64), nullable=False, index=True),
    Column("header", JSON, nullable=False),
    Column("phone_column", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("visible_at", Instant),
    Column("known", Integer, nullable=False),
    Column("changed", Integer, nullable=False, server_default="0"),
    Column("call_order", String(8), nullable=False, server_default="file"),
    **_IDS,
)

lead = Table(
    "lead",
    metadata,
    Column("id", Id, primary_key=True),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False),
    Column("import_id", Id, ForeignKey("import.id"), nullable=False),
    Column("source_line", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("reason", Text, nullable=False),
    Column("columns_version", Integer, nullable=False),
    Column("due_at", Instant),
    Column("final_at", Instant),
    Column("place", BigInteger),
    Column("calls", Integer, nullable=False, server_default="0"),
    Index("ix_lead_place", "campaign_id", "place", sqlite_where=text(IN_LINE), postgresql_where=text(IN_LINE)),
    Index(
        "ix_lead_calls",
        *("campaign_id", "calls", "due_at", "id"),
        sqlite_where=text(BY_TIME),
        postgresql_where=text(BY_TIME),
    ),
    Index("ix_lead_due", "campaign_id", "due_at", "id", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
    Index("ix_lead_line", "campaign_id", "import_id", "source_line"),
    Index("ix_lead_state", "campaign_id", "state", "outcome"),
    **_IDS,
)

lead_number = Table(
    "lead_number",
    metadata,
    Column("lead_id", Id, ForeignKey("lead.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("campaign_id", Id, nullable=False),
    Column("number", String(16), nullable=False),
    Column("number_hash", String(32), nullable=False, index=True),
    Column("version", Integer, nullable=False, server_default="1"),
    Index(
        "uq_lead_number_first",
        "campaign_id",
        "number_hash",
        unique=True,
        sqlite_where=text("position = 0"),
        postgresql_where=text("position = 0"),
    ),
)

lead_columns = Table(
    "lead_columns",
    metadata,
    Column("lead_id", Id, ForeignKey("lead.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("import_id", Id, ForeignKey("import.id"), nullable=False),
    Column("cells", JSON, nullable=False),
    Column("priority", Integer),
    Index("ix_lead_columns_import", "import_id"),
)

reject = Table(
    "reject",
    metadata,
    Column("import_id", Id, ForeignKey("import.id"), primary_key=True),
    Column("source_line", Integer, primary_key=True, autoincrement=False),
    Column("column", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("suggestion", Text, nullable=False),
    Column("cells", JSON, nullable=False),
)

attempt = Table(
    "attempt",
    metadata,
    Column("id", Id, primary_key=True),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("campaign_id", Id, ForeignKey("campaign.id"), nullable=False),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("lead_id", Id, ForeignKey("lead.id"), nullable=False),
    Column("number_position", Integer, nullable=False),
    Column("number_hash", String(32), nullable=False),
    Column("attempt_no", Integer, nullable=False),
    Column("columns_version", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("disposition", String(16)),
    Column("refusal", String(16)),
    Column("call_sid", String(64), index=True),
    Column("caller_id", Text),
    Column("flow_url", Text),
    Column("policy_version", Integer),
    Column("reserved_at", Instant, nullable=False),
    Column("sent_at", Instant),
    Column("latest_end", Instant),
    Column("replied_at", Instant),
    Column("ended_at", Instant),
    Column("resolved_by", String(16)),
    Column("error", Text, nullable=False),
    Column("provider_status", Text, nullable=False),
    Column("provider_created", Text),
    Column("provider_started", Text),
    Column("provider_ended", Text),
    Column("duration_sec", Integer),
    Column("conversation_sec", Integer),
    Column("price", Text),
    Column("recording_url", Text),
    UniqueConstraint("lead_id", "attempt_no"),
    Index("uq_attempt_live", "number_hash", unique=True, sqlite_where=text(LIVE), postgresql_where=text(LIVE)),
    Index("ix_attempt_alive", "account_id", "sent_at", sqlite_where=text(LIVE), postgresql_where=text(LIVE)),
    Index(
        "ix_attempt_undetailed",
        *("campaign_id", "ended_at"),
        sqlite_where=text(UNDETAILED),
        postgresql_where=text(UNDETAILED),
    ),
    Index("ix_attempt_number", "number_hash", "sent_at"),
    Index("ix_attempt_account", "account_id", "sent_at"),
    Index("ix_attempt_campaign", "campaign_id", "state", "disposition"),
    **_IDS,
)

# Kept by triggers (migration 0004): no write can forget them, and they cost the same at any size.
lead_count = Table(
    "lead_count",
    metadata,
    Column("import_id", Id, primary_key=True, autoincrement=False),
    Column("state", String(16), primary_key=True),
    Column("outcome", String(16), primary_key=True),
    Column("reason", Text, primary_key=True),
    Column("leads", Integer, nullable=False),
)

attempt_count = Table(
    "attempt_count",
    metadata,
    Column("campaign_id", Id, primary_key=True, autoincrement=False),
    Column("state", String(16), primary_key=True),
    Column("disposition", String(16), primary_key=True),
    Column("attempts", Integer, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("campaign_id", Id, index=True),
    Column("lead_id", Id, index=True),
    Column("attempt_id", Id),
    Column("number_hash", String(32), index=True),
    Column("data", JSON, nullable=False),
    **_IDS,
)

inbox = Table(
    "inbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("attempt_id", Id, ForeignKey("attempt.id"), nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("content_type", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("first_at", Instant, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("times", Integer, nullable=False),
    Column("read_at", Instant),
    UniqueConstraint("attempt_id", "body_hash"),
    Index("ix_inbox_unread", "id", sqlite_where=text("read_at IS NULL"), postgresql_where=text("read_at IS NULL")),
    **_IDS,
)

request = Table(
    "request",
    metadata,
    Column("id", Id, primary_key=True),
    Column("account_id", Id, ForeignKey("account.id"), nullable=False),
    Column("sent_at", Instant, nullable=False),
    Column("replied_at", Instant),
    Index("ix_request_account", "account_id", "sent_at"),
    **_IDS,
)

stranger = Table(
    "stranger",
    metadata,
    Column("account_id", Id, ForeignKey("account.id"), primary_key=True),
    Column("call_sid", String(64), primary_key=True),
    Column("number_hash", String(32), nullable=False),
    Column("caller_id", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Index("ix_stranger_number", "number_hash", "created_at"),
)
