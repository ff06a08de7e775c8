"""Reading: every lead and attempt as its table has it, held against what `core.fold` makes of its events."""

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Select, select

from campaign.core.attempt import Attempt, AttemptId
from campaign.core.checks import Check, Counted
from campaign.core.fold import Contradiction, Dialled, Lead, Row, fold
from campaign.core.lead import CampaignId
from campaign.store import tables
from campaign.store.rows import ATTEMPT_COLUMNS, AnyRow
from campaign.store.sqlite import Database

attempt, event, imported, lead = tables.attempt, tables.event, tables.imported, tables.lead
CHUNK = 500

_LEAD = [field.name for field in fields(Lead)]
_ATTEMPT = [field.name for field in fields(Attempt)]


async def folded(database: Database, campaign: CampaignId) -> Check:
    """All leads of a campaign, a chunk at a time."""
    counted, leads, attempts = Counted("events"), 0, 0
    async for rows in _chunks(database, campaign):
        ids = [row.id for row in rows]
        dialled = _by_lead(await database.all(_attempts(ids)))
        events = _by_lead(await database.all(select(event).where(event.c.lead_id.in_(ids)).order_by(event.c.id)))
        leads, attempts = leads + len(rows), attempts + sum(map(len, dialled.values()))
        for row in rows:
            counted.count += len(events[row.id])
            for words in _differences(row, dialled[row.id], events[row.id]):
                counted.breach(words)
    return counted.check(f"the tables say the same: {leads} leads, {attempts} attempts")


async def _chunks(database: Database, campaign: CampaignId) -> AsyncIterator[Sequence[AnyRow]]:
    query = (
        select(lead, imported.c.file_name, imported.c.started_at)
        .join(imported, imported.c.id == lead.c.import_id)
        .where(lead.c.campaign_id == campaign)
        .order_by(lead.c.id)
        .limit(CHUNK)
    )
    after = 0
    while rows := await database.all(query.where(lead.c.id > after)):
        yield rows
        after = rows[-1].id


def _attempts(leads: Sequence[int]) -> Select[*tuple[Any, ...]]:
    query = select(*ATTEMPT_COLUMNS, attempt.c.policy_version).where(attempt.c.lead_id.in_(leads))
    return query.order_by(attempt.c.attempt_no)


def _by_lead(rows: Sequence[AnyRow]) -> defaultdict[int, list[AnyRow]]:
    found: defaultdict[int, list[AnyRow]] = defaultdict(list)
    for row in rows:
        found[row.lead_id].append(row)
    return found


def _differences(there: AnyRow, dialled: Sequence[AnyRow], events: Sequence[AnyRow]) -> list[str]:
    who = f"line {there.source_line} of {there.file_name}"
    try:
        expected = fold(there.started_at, map(_row, events))
    except Contradiction as broken:
        return [f"{who}: {broken}"]
    found = [f"{who}: {words}" for words in _unlike(there, {name: getattr(expected.lead, name) for name in _LEAD})]
    rows = {AttemptId(row.id): row for row in dialled}
    for key in sorted(expected.attempts.keys() | rows.keys()):
        found += [f"{who}, attempt {key}: {words}" for words in _of_attempt(rows.get(key), expected.attempts.get(key))]
    return found


def _of_attempt(there: AnyRow | None, expected: Dialled | None) -> list[str]:
    if there is None or expected is None:
        return ["the events know it, the table does not" if expected else "the table has it, no event made it"]
    values = {name: getattr(expected.attempt, name) for name in _ATTEMPT}
    return _unlike(there, values | {"number_hash": expected.number, "policy_version": expected.policy})


def _unlike(there: AnyRow, expected: Mapping[str, Any]) -> list[str]:
    return [
        f"{name} is {getattr(there, name)}, the events say {value}"
        for name, value in expected.items()
        if getattr(there, name) != value
    ]


def _row(row: AnyRow) -> Row:
    named = AttemptId(row.attempt_id) if row.attempt_id else None
    return Row(row.id, row.at, row.kind, named, row.number_hash, row.data)
