"""Reading: how many leads and attempts stand how, from the counters that the database keeps with every write."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, case, func, select

from campaign.core.attempt import LIVE_STATES, AttemptState, Disposition
from campaign.core.checks import Check, Counted
from campaign.core.lead import CampaignId, LeadState, Outcome
from campaign.core.tally import Tally
from campaign.store import tables
from campaign.store.rows import AnyRow
from campaign.store.sqlite import Database

attempt, imported, lead = tables.attempt, tables.imported, tables.lead
lead_count, attempt_count = tables.lead_count, tables.attempt_count

_FIGURE = func.sum(lead_count.c.leads)
_KEYS = (lead_count.c.state, lead_count.c.outcome, lead_count.c.reason)
LEADS = (
    select(*_KEYS, _FIGURE.label("n"))
    .join(imported, imported.c.id == lead_count.c.import_id)
    .where(imported.c.campaign_id == bindparam("campaign"), imported.c.visible_at.is_not(None))
    .group_by(*_KEYS)
    .having(_FIGURE != 0)
    .order_by(_FIGURE.desc(), *_KEYS)
)
"""As counted: `state, outcome, reason, n`; of imports that are visible."""
ATTEMPTS = (
    select(attempt_count.c.state, attempt_count.c.disposition, attempt_count.c.attempts.label("n"))
    .where(attempt_count.c.campaign_id == bindparam("campaign"), attempt_count.c.attempts != 0)
    .order_by(attempt_count.c.state, attempt_count.c.disposition)
)
"""As counted: `state, disposition, n`."""
_THERE = (
    lead.c.state,
    func.coalesce(lead.c.outcome, "").label("outcome"),
    case((lead.c.state == LeadState.DONE, ""), else_=lead.c.reason).label("reason"),
)
RECOUNTED_LEADS = (
    select(*_THERE, func.count().label("n"))
    .join(imported, imported.c.id == lead.c.import_id)
    .where(lead.c.campaign_id == bindparam("campaign"), imported.c.visible_at.is_not(None))
    .group_by(*_THERE)
)
"""As `LEADS`, from the leads themselves."""
_MADE = (attempt.c.state, func.coalesce(attempt.c.disposition, "").label("disposition"))
RECOUNTED_ATTEMPTS = (
    select(*_MADE, func.count().label("n")).where(attempt.c.campaign_id == bindparam("campaign")).group_by(*_MADE)
)
"""As `ATTEMPTS`, from the attempts themselves."""


async def kept(database: Database, campaign: CampaignId) -> Check:
    """The counters, held against a recount."""
    counted = Counted("counters")
    for what, counters, true in (
        ("leads", LEADS, RECOUNTED_LEADS),
        ("attempts", ATTEMPTS, RECOUNTED_ATTEMPTS),
    ):
        of = {"campaign": campaign}
        shown, there = _figures(await database.all(counters, of)), _figures(await database.all(true, of))
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
