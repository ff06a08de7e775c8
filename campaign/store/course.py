"""Reading: how a campaign went so far, for the forecast. It costs the same at any size: counters, and samples."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import BindParameter, bindparam, func, select

from campaign.core.attempt import Disposition
from campaign.core.forecast import ASSUMED, Cohort, Course
from campaign.core.lead import LeadState
from campaign.store import tables
from campaign.store.rows import COUNTED, AnyRow

attempt, lead, imported = tables.attempt, tables.lead, tables.imported
count, lead_count = tables.attempt_count, tables.lead_count

CALLS, WAITS = 500, 1000
"""How many are looked at."""

_CAMPAIGN: BindParameter[int] = bindparam("campaign")
ENDED = (
    select(count.c.disposition, func.sum(count.c.attempts).label("n"))
    .where(count.c.campaign_id == _CAMPAIGN, count.c.disposition.in_(list(ASSUMED)))
    .group_by(count.c.disposition)
)
"""`disposition, n` of the calls that ended by themselves."""
_NEWEST = select(attempt).order_by(attempt.c.id.desc()).limit(CALLS).subquery()
LENGTHS = select(_NEWEST.c.sent_at, _NEWEST.c.ended_at).where(
    _NEWEST.c.campaign_id == _CAMPAIGN, _NEWEST.c.disposition.in_(list(ASSUMED)), _NEWEST.c.ended_at.is_not(None)
)
"""`sent_at, ended_at` of its calls among the newest of the database."""
WAITING = (
    select(func.coalesce(func.sum(lead_count.c.leads), 0).label("n"))
    .join(imported, imported.c.id == lead_count.c.import_id)
    .where(imported.c.campaign_id == _CAMPAIGN, lead_count.c.state == LeadState.RETRY_WAIT)
)
"""`n`: how many leads wait for another call."""
_CALLS = select(func.count()).where(attempt.c.lead_id == lead.c.id, COUNTED).correlate(lead).scalar_subquery()
RETRIES = (
    select(lead.c.due_at, _CALLS.label("calls"))
    .where(lead.c.campaign_id == _CAMPAIGN, lead.c.state == LeadState.RETRY_WAIT)
    .limit(WAITS)
)
"""`due_at, calls` of leads that wait for another call."""


def read(
    ended: Sequence[AnyRow], lengths: Sequence[AnyRow], retries: Sequence[AnyRow], waiting: Sequence[AnyRow]
) -> Course:
    """From the rows of the four; the retries looked at stand for all that wait."""
    spans = [row.ended_at - row.sent_at for row in lengths]
    return Course(
        {Disposition(row.disposition): row.n for row in ended},
        max(sum(spans, timedelta()) / len(spans), timedelta(seconds=1)) if spans else None,
        tuple(Cohort(row.due_at, row.calls, waiting[0].n / len(retries)) for row in retries),
    )
