"""Reading: how a campaign went so far, for the forecast. It costs the same at any size: counters, and samples."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select

from campaign.core.attempt import LIVE_STATES, Disposition
from campaign.core.forecast import ASSUMED, Cohort, Course
from campaign.core.lead import CampaignId, LeadState
from campaign.store import tables
from campaign.store.rows import AnyRow

attempt, lead, lead_count, imported = tables.attempt, tables.lead, tables.lead_count, tables.imported

CALLS, RETRIES = 500, 1000
"""How many are looked at."""

Rows = Select[*tuple[Any, ...]]


def ended(campaign: CampaignId) -> Rows:
    """`disposition, n` of the calls that ended by themselves."""
    table = tables.attempt_count
    return (
        select(table.c.disposition, func.sum(table.c.attempts).label("n"))
        .where(table.c.campaign_id == campaign, table.c.disposition.in_(list(ASSUMED)))
        .group_by(table.c.disposition)
    )


def lengths(campaign: CampaignId) -> Rows:
    """`sent_at, ended_at` of its calls among the newest of the database."""
    newest = select(attempt).order_by(attempt.c.id.desc()).limit(CALLS).subquery()
    return select(newest.c.sent_at, newest.c.ended_at).where(
        newest.c.campaign_id == campaign, newest.c.disposition.in_(list(ASSUMED)), newest.c.ended_at.is_not(None)
    )


def waiting(campaign: CampaignId) -> Rows:
    """`n`: how many leads wait for another call."""
    return (
        select(func.coalesce(func.sum(lead_count.c.leads), 0).label("n"))
        .join(imported, imported.c.id == lead_count.c.import_id)
        .where(imported.c.campaign_id == campaign, lead_count.c.state == LeadState.RETRY_WAIT)
    )


def retries(campaign: CampaignId) -> Rows:
    """`due_at, calls` of leads that wait for another call."""
    counted = attempt.c.state.in_(LIVE_STATES) & attempt.c.disposition.is_distinct_from(Disposition.NOT_PLACED)
    calls = select(func.count()).where(attempt.c.lead_id == lead.c.id, counted).correlate(lead).scalar_subquery()
    return (
        select(lead.c.due_at, calls.label("calls"))
        .where(lead.c.campaign_id == campaign, lead.c.state == LeadState.RETRY_WAIT)
        .limit(RETRIES)
    )


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
