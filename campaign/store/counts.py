"""Reading: how many leads and attempts stand how, from the counters that the database keeps with every write."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select

from campaign.core.attempt import LIVE_STATES, AttemptState, Disposition
from campaign.core.checks import Check, Counted
from campaign.core.lead import CampaignId, LeadState, Outcome
from campaign.core.tally import Tally
from campaign.store import tables
from campaign.store.rows import AnyRow
from campaign.store.sqlite import Database

attempt, imported, lead = tables.attempt, tables.imported, tables.lead
lead_count, attempt_count = tables.lead_count, tables.attempt_count

Rows = Select[*tuple[Any, ...]]


def leads(campaign: CampaignId) -> Rows:
    """As counted: `state, outcome, reason, n`; of imports that are visible."""
    figure = func.sum(lead_count.c.leads)
    keys = (lead_count.c.state, lead_count.c.outcome, lead_count.c.reason)
    return (
        select(*keys, figure.label("n"))
        .join(imported, imported.c.id == lead_count.c.import_id)
        .where(imported.c.campaign_id == campaign, imported.c.visible_at.is_not(None))
        .group_by(*keys)
        .having(figure != 0)
        .order_by(figure.desc(), *keys)
    )


def attempts(campaign: CampaignId) -> Rows:
    """As counted: `state, disposition, n`."""
    table = attempt_count
    return (
        select(table.c.state, table.c.disposition, table.c.attempts.label("n"))
        .where(table.c.campaign_id == campaign, table.c.attempts != 0)
        .order_by(table.c.state, table.c.disposition)
    )


def recounted_leads(campaign: CampaignId) -> Rows:
    """As `leads`, from the leads themselves."""
    outcome = func.coalesce(lead.c.outcome, "")
    reason = case((lead.c.state == LeadState.DONE, ""), else_=lead.c.reason)
    keys = (lead.c.state, outcome.label("outcome"), reason.label("reason"))
    return (
        select(*keys, func.count().label("n"))
        .join(imported, imported.c.id == lead.c.import_id)
        .where(lead.c.campaign_id == campaign, imported.c.visible_at.is_not(None))
        .group_by(*keys)
    )


def recounted_attempts(campaign: CampaignId) -> Rows:
    """As `attempts`, from the attempts themselves."""
    keys = (attempt.c.state, func.coalesce(attempt.c.disposition, "").label("disposition"))
    return select(*keys, func.count().label("n")).where(attempt.c.campaign_id == campaign).group_by(*keys)


async def kept(database: Database, campaign: CampaignId) -> Check:
    """The counters, held against a recount."""
    counted = Counted("counters")
    for what, counters, true in (
        ("leads", leads(campaign), recounted_leads(campaign)),
        ("attempts", attempts(campaign), recounted_attempts(campaign)),
    ):
        shown, there = _figures(await database.all(counters)), _figures(await database.all(true))
        counted.count += len(there)
        for key in sorted(shown.keys() | there.keys()):
            if shown.get(key, 0) != there.get(key, 0):
                words = " ".join(filter(None, key))
                counted.breach(f"{what} {words}: {shown.get(key, 0)} by the counter, {there.get(key, 0)} are there")
    return counted.check("say what a recount says")


def _figures(rows: Sequence[AnyRow]) -> dict[tuple[str, ...], int]:
    return {tuple(row[:-1]): row.n for row in rows}


def tally(leads: Sequence[AnyRow], attempts: Sequence[AnyRow], next_at: datetime | None) -> Tally:
    """From the rows of `leads` and `attempts`. A call that was refused or not placed is no call."""
    states, outcomes, waiting = Counter[LeadState](), Counter[Outcome](), Counter[str]()
    for row in leads:
        states[LeadState(row.state)] += row.n
        if row.outcome:
            outcomes[Outcome(row.outcome)] += row.n
        if row.state != LeadState.DONE:
            waiting[row.reason] += row.n
    calls = [row for row in attempts if row.state in LIVE_STATES and row.disposition != Disposition.NOT_PLACED]
    alive = [row for row in calls if not row.disposition]
    return Tally(
        states,
        outcomes,
        sum(row.n for row in calls),
        sum(row.n for row in alive),
        sum(row.n for row in alive if row.state == AttemptState.UNKNOWN),
        dict(waiting.most_common()),
        next_at,
    )
