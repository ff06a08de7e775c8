"""Writing: which leads are called next, as `core.order` has it; a few looks into an index, however many wait."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, func, select, text

from campaign.core.lead import CampaignId, LeadId
from campaign.core.order import Waiting, in_turn
from campaign.store import tables

imported, lead = tables.imported, tables.lead
_VISIBLE = (imported.c.id == lead.c.import_id) & imported.c.visible_at.is_not(None)


def next_leads(
    connection: Connection, campaign: CampaignId, now: datetime, limit: int, slack: timedelta
) -> Sequence[LeadId]:
    """At most so many that are due, in the order in which they are called. `slack`: `[pace] retry_slack`."""
    waiting = [each for query in _queries(connection, campaign, now) for each in _found(connection, query.limit(limit))]
    return [each.lead for each in in_turn(waiting, slack, now)[:limit]]


def _queries(connection: Connection, campaign: CampaignId, now: datetime) -> Iterator[Select[*tuple[Any, ...]]]:
    yield line(campaign, now)
    most = connection.execute(
        select(func.max(lead.c.calls)).where(lead.c.campaign_id == campaign, text(tables.BY_TIME))
    ).scalar()
    for calls in range(0 if most is None else most + 1):
        yield after(calls, campaign, now)


def line(campaign: CampaignId, now: datetime) -> Select[*tuple[Any, ...]]:
    """The line of first calls. All of it is due, but for files that were loaded when the clock was ahead."""
    due = func.coalesce(lead.c.due_at, now) <= now  # a bare column would have the wrong index read, and all sorted
    query = _theirs(campaign).where(text(tables.IN_LINE), due)
    return query.join(imported, _VISIBLE).order_by(lead.c.place)


def after(calls: int, campaign: CampaignId, now: datetime) -> Select[*tuple[Any, ...]]:
    """Those with an instant of their own who have had so many calls."""
    query = _theirs(campaign).where(text(tables.BY_TIME), lead.c.calls == calls, lead.c.due_at <= now)
    return query.order_by(lead.c.due_at, lead.c.id)


def _theirs(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    query = select(lead.c.id, lead.c.due_at, lead.c.calls, lead.c.place).where(lead.c.campaign_id == campaign)
    return query.with_for_update(of=lead, skip_locked=True)


def _found(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[Waiting]:
    for row in connection.execute(query):
        yield Waiting(LeadId(row.id), row.due_at, row.calls, row.place)
