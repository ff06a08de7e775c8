"""Which leads are called next, and when, as `core.order` has it; a few looks into an index, however many wait."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Integer, bindparam, func, select, text

from campaign.core.lead import CampaignId, LeadId
from campaign.core.order import Waiting, in_turn
from campaign.store import tables
from campaign.store.rows import Query

imported, lead = tables.imported, tables.lead
_VISIBLE = (imported.c.id == lead.c.import_id) & imported.c.visible_at.is_not(None)
_THEIRS, _NOW = lead.c.campaign_id == bindparam("campaign"), bindparam("now", type_=tables.Instant)
_WAITING = (
    select(lead.c.id, lead.c.due_at, lead.c.calls, lead.c.place)
    .where(_THEIRS)
    .limit(bindparam("limit", type_=Integer))
    .with_for_update(of=lead, skip_locked=True)
)
_DUE = func.coalesce(lead.c.due_at, _NOW) <= _NOW  # a bare column would have the wrong index read, and all sorted
LINE = _WAITING.join(imported, _VISIBLE).where(text(tables.IN_LINE), _DUE).order_by(lead.c.place)
"""The line of first calls. All of it is due, but for files that were loaded when the clock was ahead."""
AFTER = _WAITING.where(text(tables.BY_TIME), lead.c.calls == bindparam("calls"), lead.c.due_at <= _NOW).order_by(
    lead.c.due_at, lead.c.id
)
"""Those with an instant of their own who have had so many calls."""
_MOST = select(func.max(lead.c.calls)).where(_THEIRS, text(tables.BY_TIME))
NEXT = (
    select(lead.c.due_at).join(imported, _VISIBLE).where(_THEIRS, text(tables.WAITING)).order_by(lead.c.due_at).limit(1)
)
"""When the first of all that wait is due. In the words of the partial index, so that it serves."""


def next_leads(
    connection: Connection, campaign: CampaignId, now: datetime, limit: int, slack: timedelta
) -> Sequence[LeadId]:
    """At most so many that are due, in the order in which they are called. `slack`: `[pace] retry_slack`."""
    of = {"campaign": campaign, "now": now, "limit": limit}
    waiting = [*_found(connection, LINE, of)]
    most = connection.execute(_MOST, of).scalar()
    for calls in range(0 if most is None else most + 1):
        waiting += _found(connection, AFTER, {**of, "calls": calls})
    return [each.lead for each in in_turn(waiting, slack, now)[:limit]]


def _found(connection: Connection, query: Query, values: Mapping[str, Any]) -> Iterator[Waiting]:
    for row in connection.execute(query, values):
        yield Waiting(LeadId(row.id), row.due_at, row.calls, row.place)
