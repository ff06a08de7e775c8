"""Reading: everything of one number, over all campaigns, for `campaign explain`; and who shares one. For `insight`."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select

from campaign.core.attempt import AttemptId, AttemptState, CallSid
from campaign.core.history import Dialled, EventRecord, History, KnownLead, RejectedLine
from campaign.core.lead import CampaignId, LeadId, LeadState, NumberHash, Outcome, PhoneNumber
from campaign.core.records import (
    AccountId,
    CampaignRecord,
    ImportId,
    Reject,
    RejectReason,
    RejectRecord,
    SharedNumber,
    StrangerRecord,
)
from campaign.store import campaigns, tables
from campaign.store.rows import ALIVE, ATTEMPT_COLUMNS, THEIRS, Fetch, attempt_of

attempt, event, imported, lead = tables.attempt, tables.event, tables.imported, tables.lead


async def history(fetch: Fetch, number: NumberHash) -> History:
    """All of it; nothing at all where the number was never heard of."""
    leads = await _leads(fetch, number)
    numbers = {number, *(each for lead in leads for each in lead.numbers)}
    return History(
        number=number,
        leads=leads,
        events=[_event(row) for row in await fetch(_events(number, leads))],
        dialled=[_dialled(row) for row in await fetch(_attempts(numbers, leads))],
        strangers=[_stranger(row) for row in await fetch(_strangers(numbers))],
        channels=await _channels(fetch, {each.campaign.account_id for each in leads}),
    )


async def rejected_as(fetch: Fetch, values: Sequence[str]) -> list[RejectedLine]:
    """Lines rejected with exactly one of these values in their phone column."""
    reject = tables.reject
    rows = await fetch(
        select(reject, imported.c.file_name, imported.c.header, tables.campaign.c.name)
        .join(imported, (imported.c.id == reject.c.import_id) & imported.c.visible_at.is_not(None))
        .join(tables.campaign, tables.campaign.c.id == imported.c.campaign_id)
        .where(reject.c.value.in_(values))
        .order_by(reject.c.import_id, reject.c.source_line)
    )
    return [_rejected(row) for row in rows]


async def shared(fetch: Fetch, of: ImportId) -> list[SharedNumber]:
    """Numbers that an import brought and that several leads of its campaign have."""
    theirs, other = tables.lead_number.alias("theirs"), tables.lead_number.alias("other")
    brought, two = tables.lead_columns.alias("brought"), lead.alias("two")
    rows = await fetch(
        select(theirs.c.number, imported.c.file_name, two.c.source_line)
        .distinct()
        .join(
            brought,
            (brought.c.import_id == of)
            & (brought.c.lead_id == theirs.c.lead_id)
            & (brought.c.version == theirs.c.version),
        )
        .join(
            other,
            (other.c.number_hash == theirs.c.number_hash)
            & (other.c.campaign_id == theirs.c.campaign_id)
            & (other.c.lead_id != theirs.c.lead_id),
        )
        .join(two, two.c.id.in_([theirs.c.lead_id, other.c.lead_id]))
        .join(imported, imported.c.id == two.c.import_id)
        .order_by(theirs.c.number, imported.c.id, two.c.source_line)
    )
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for row in rows:
        places[row.number].append((row.file_name, row.source_line))
    return [SharedNumber(PhoneNumber(number), where) for number, where in places.items()]


async def _leads(fetch: Fetch, number: NumberHash) -> list[KnownLead]:
    rows = await fetch(
        select(lead, imported.c.file_name)
        .join(tables.lead_number, THEIRS)
        .join(imported, (imported.c.id == lead.c.import_id) & imported.c.visible_at.is_not(None))
        .where(tables.lead_number.c.number_hash == number)
        .order_by(lead.c.id)
    )
    ids = {row.campaign_id for row in rows}
    named = await fetch(campaigns.CAMPAIGNS.where(tables.campaign.c.id.in_(ids)))
    of = {row.id: campaigns.record_of(row) for row in named}
    numbers = await _numbers(fetch, [row.id for row in rows])
    return [_lead(row, of[row.campaign_id], numbers[row.id]) for row in rows]


async def _numbers(fetch: Fetch, leads: Sequence[int]) -> dict[int, list[NumberHash]]:
    """Of each lead, in the order in which they are called."""
    table = tables.lead_number
    numbers: dict[int, list[NumberHash]] = defaultdict(list)
    for row in await fetch(select(table).join(lead, THEIRS).where(lead.c.id.in_(leads)).order_by(table.c.position)):
        numbers[row.lead_id].append(NumberHash(row.number_hash))
    return numbers


def _lead(row: Any, campaign: CampaignRecord, numbers: Sequence[NumberHash]) -> KnownLead:
    return KnownLead(
        id=LeadId(row.id),
        campaign=campaign,
        source_file=row.file_name,
        source_line=row.source_line,
        state=LeadState(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        due_at=row.due_at,
        final_at=row.final_at,
        numbers=numbers,
    )


def _events(number: NumberHash, leads: Sequence[KnownLead]) -> Select[*tuple[Any, ...]]:
    """A campaign's own events too: why nothing happened is often that it was paused."""
    of_campaigns = and_(event.c.campaign_id.in_({each.campaign.id for each in leads}), event.c.lead_id.is_(None))
    theirs = event.c.lead_id.in_([each.id for each in leads])
    return select(event).where(or_(event.c.number_hash == number, theirs, of_campaigns)).order_by(event.c.id)


def _event(row: Any) -> EventRecord:
    return EventRecord(
        at=row.at,
        kind=row.kind,
        campaign=CampaignId(row.campaign_id) if row.campaign_id else None,
        lead=LeadId(row.lead_id) if row.lead_id else None,
        attempt=AttemptId(row.attempt_id) if row.attempt_id else None,
        data=row.data,
    )


def _attempts(numbers: Collection[NumberHash], leads: Sequence[KnownLead]) -> Select[*tuple[Any, ...]]:
    """To any number of the leads, whichever lead they were made for."""
    theirs = attempt.c.number_hash.in_(numbers) | attempt.c.lead_id.in_([each.id for each in leads])
    left = attempt.c.state != AttemptState.RESERVED
    return select(*ATTEMPT_COLUMNS).where(theirs, left).order_by(attempt.c.sent_at, attempt.c.id)


def _dialled(row: Any) -> Dialled:
    return Dialled(attempt_of(row), row.attempt_no, LeadId(row.lead_id), NumberHash(row.number_hash))


def _strangers(numbers: Collection[NumberHash]) -> Select[*tuple[Any, ...]]:
    table = tables.stranger
    return select(table).where(table.c.number_hash.in_(numbers)).order_by(table.c.created_at)


def _stranger(row: Any) -> StrangerRecord:
    number = NumberHash(row.number_hash)
    return StrangerRecord(CallSid(row.call_sid), number, row.caller_id, row.status, row.created_at)


async def _channels(fetch: Fetch, accounts: set[AccountId]) -> dict[AccountId, list[datetime]]:
    used: dict[AccountId, list[datetime]] = {each: [] for each in accounts}
    alive = ALIVE, attempt.c.account_id.in_(accounts), attempt.c.latest_end.is_not(None)
    for row in await fetch(select(attempt.c.account_id, attempt.c.latest_end).where(*alive)):
        used[AccountId(row.account_id)].append(row.latest_end)
    return used


def _rejected(row: Any) -> RejectedLine:
    reject = Reject(row.source_line, row.column, row.value, RejectReason(row.reason), row.suggestion, tuple(row.cells))
    return RejectedLine(row.name, RejectRecord(row.file_name, tuple(row.header), reject))
