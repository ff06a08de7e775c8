"""Writing: leads that are held because another attempt to their number was not settled when their turn came."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from campaign.core.lead import LeadState
from campaign.store import tables
from campaign.store.claiming import counted_calls
from campaign.store.rows import ALIVE, THEIRS, Query, append_events, event_row, set_rows, these

attempt, lead, numbers = tables.attempt, tables.lead, tables.lead_number

PARKED = (lead.c.state == LeadState.HELD) & ~select(attempt.c.id).where(attempt.c.lead_id == lead.c.id, ALIVE).exists()
"""Held, and not because of an attempt of its own."""
_HELD = (
    select(lead.c.id, lead.c.campaign_id, numbers.c.number_hash)
    .join(numbers, THEIRS)
    .where(lead.c.campaign_id.in_(select(tables.campaign.c.id)), PARKED)  # all campaigns: as the index begins
)
_WITH_NUMBERS = _HELD.where(numbers.c.number_hash.in_(these("numbers")))
_OF_LEAD = numbers.alias("of_lead")
_BUSY = select(_OF_LEAD.c.lead_id).join(attempt, attempt.c.number_hash == _OF_LEAD.c.number_hash).where(ALIVE)
_REST = _HELD.where(numbers.c.position == 0, lead.c.id.not_in(_BUSY))


def unpark(connection: Connection, settled: Collection[str], at: datetime) -> None:
    """Leads with one of these numbers, an attempt to which is settled now, are due again."""
    _due_again(connection, _WITH_NUMBERS, at, {"numbers": list(settled)})


def unpark_rest(connection: Connection, at: datetime) -> None:
    """At a start: whoever waits for nobody any more is due again, whichever version held it, and in whatever words."""
    _due_again(connection, _REST, at)


def _due_again(connection: Connection, query: Query, at: datetime, values: Mapping[str, Any] | None = None) -> None:
    parked = connection.execute(query, values).all()
    calls = counted_calls(connection, [each.id for each in parked]) if parked else {}
    for each in parked:
        made = len(calls.get(each.id, ()))
        state = LeadState.RETRY_WAIT if made else LeadState.PENDING
        waiting = {"state": state, "reason": "next in line", "outcome": None, "due_at": at, "final_at": None}
        set_rows(connection, lead, [{"target": each.id, **waiting, "place": None, "calls": made}])
        ids = {"campaign_id": each.campaign_id, "lead_id": each.id, "number_hash": each.number_hash}
        append_events(connection, [event_row(at, "unparked", **ids)])
