"""Rows of the tables as the values of the core, and events as rows."""

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Protocol

from sqlalchemy import (
    BindParameter,
    Connection,
    Dialect,
    Row,
    Select,
    Table,
    Update,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)

from campaign.core.attempt import (
    LIVE_STATES,
    Attempt,
    AttemptId,
    AttemptState,
    CallSid,
    Disposition,
    Refusal,
    ResolvedBy,
)
from campaign.core.events import Event
from campaign.core.policy import Policy
from campaign.store import tables

ReadPolicy = Callable[[Mapping[str, object]], Policy]
"""A stored policy version as the core knows it."""
AnyRow = Row[*tuple[Any, ...]]
Query = Select[*tuple[Any, ...]]
"""What is asked for every call is made once, its values named (`bindparam`, `these`): making a query takes four times
as long as asking it."""


class Fetch(Protocol):
    """Asks the database one question, with the values that it names."""

    async def __call__(self, query: Query, values: Mapping[str, Any] | None = None, /) -> Sequence[Any]: ...


def these(name: str) -> BindParameter[Any]:
    """For `in_`: as many values as the question brings."""
    return bindparam(name, expanding=True)


ATTEMPT = tables.attempt.c
ATTEMPT_COLUMNS = [
    ATTEMPT[name]
    for name in (
        "id", "state", "disposition", "call_sid", "refusal", "resolved_by", "sent_at", "ended_at", "latest_end",
        "number_position", "lead_id", "campaign_id", "account_id", "number_hash", "attempt_no",
    )
]  # fmt: skip


COUNTED = ATTEMPT.state.in_(LIVE_STATES) & ATTEMPT.disposition.is_distinct_from(Disposition.NOT_PLACED)
"""As `Attempt.counts`: what was refused or not placed is no call."""
ALIVE = ATTEMPT.state.in_(
    [literal_column(f"'{each}'") for each in AttemptState if each in LIVE_STATES]
) & ATTEMPT.disposition.is_(None)
"""As `Attempt.alive`: its end is not known. In the words of the partial indexes, so that they serve."""
OURS = select(ATTEMPT.id).where(ATTEMPT.call_sid == tables.stranger.c.call_sid).exists()
"""Of a stranger: an attempt turned out to have made it."""
DIALLED = (tables.lead_number.c.lead_id == ATTEMPT.lead_id) & (tables.lead_number.c.position == ATTEMPT.number_position)
"""To join with the number that an attempt dials."""
THEIRS = (tables.lead_number.c.lead_id == tables.lead.c.id) & (
    tables.lead_number.c.version <= tables.lead.c.columns_version
)
"""To join leads with their numbers; those that an unfinished list brings are of a version to come."""


def attempt_of(row: AnyRow) -> Attempt:
    """The core's attempt from a row that holds at least `ATTEMPT_COLUMNS`."""
    return Attempt(
        id=AttemptId(row.id),
        state=AttemptState(row.state),
        disposition=Disposition(row.disposition) if row.disposition else None,
        call_sid=CallSid(row.call_sid) if row.call_sid else None,
        refusal=Refusal(row.refusal) if row.refusal else None,
        resolved_by=ResolvedBy(row.resolved_by) if row.resolved_by else None,
        sent_at=row.sent_at,
        ended_at=row.ended_at,
        latest_end=row.latest_end,
        number_position=row.number_position,
    )


def columns_of(attempt: Attempt) -> dict[str, Any]:
    """What `attempt_of` reads, as values to write; `target` is the key to find the row by."""
    values = {field.name: getattr(attempt, field.name) for field in fields(attempt)}
    return {("target" if name == "id" else name): _plain(value) for name, value in values.items()}


def data_of(event: Event) -> dict[str, Any]:
    """An event's own fields, plain enough for JSON; its instant has a column of its own."""
    return {
        field.name: value.isoformat() if isinstance(value, datetime) else _plain(value)
        for field in fields(event)
        if field.name != "at" and (value := getattr(event, field.name)) is not None
    }


def set_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Change many rows by one statement; each names its own by `target`, the rest are columns. All have the same."""
    if rows:
        connection.execute(_setting(table), list(rows))


@cache
def _setting(table: Table) -> Update:
    return update(table).where(table.c.id == bindparam("target"))


def insert_many(
    connection: Connection, table: Table, names: tuple[str, ...], rows: Sequence[tuple[object, ...]]
) -> None:
    """Rows of a list, which may have a million: values as the driver takes them, in the order of the table's columns.

    A statement of SQLAlchemy's own takes as long for its values as SQLite for the rows.
    """
    if rows:
        connection.exec_driver_sql(_inserting(connection.dialect, table, names), list(rows))


@cache
def _inserting(dialect: Dialect, table: Table, names: tuple[str, ...]) -> str:
    compiled = insert(table).compile(dialect=dialect, column_keys=names)
    assert tuple(compiled.params) == names, "each value goes into its own column"
    return str(compiled)


def any_of(values: Collection[str]) -> Select[*tuple[Any, ...]]:
    """To look many up: one value for all of them, because one for each costs more than the looking up."""
    return select(func.json_each(json.dumps(list(values))).table_valued("value").c.value)


_APPENDING = insert(tables.event)


def append_events(connection: Connection, rows: Iterable[Mapping[str, Any]]) -> None:
    """Every transition is a row; none is ever changed."""
    if listed := list(rows):
        connection.execute(_APPENDING, listed)


def event_row(at: datetime, kind: str, *, data: Mapping[str, Any] | None = None, **ids: Any) -> dict[str, Any]:
    """`ids`: campaign_id, lead_id, attempt_id, number_hash, as far as they are known."""
    known = dict.fromkeys(("campaign_id", "lead_id", "attempt_id", "number_hash"))
    return {"at": at, "kind": kind, "data": dict(data or {}), **known, **ids}


def position_data(position: int) -> dict[str, Any]:
    """Which of its lead's numbers an attempt dials, for its event; of the first nothing is said."""
    return {"position": position} if position else {}


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return str(value)
    return value
