"""Reading: what the provider is asked about, and what its answers are held against. Called by `insight`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, or_, select

from campaign.core.attempt import NEVER_LEFT, AttemptState, CallSid
from campaign.core.breaker import Reply
from campaign.core.events import CUT_OFF, Asked
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, LeadId, LeadState, NumberHash, PhoneNumber
from campaign.core.records import AccountId, Doubt, LiveCall, OwnCall, Reading, StrangerRecord
from campaign.store import tables
from campaign.store.rows import ALIVE, ATTEMPT_COLUMNS, DIALLED, OURS, Fetch, Query, attempt_of
from campaign.store.sqlite import CHUNK

attempt, lead = tables.attempt, tables.lead

REPLIES = 100
"""How many are looked at: more than can be on their way at once, and what came after."""


LIVE_CALLS = (
    select(*ATTEMPT_COLUMNS)
    .where(ALIVE, attempt.c.account_id == bindparam("account"))
    .order_by(attempt.c.sent_at, attempt.c.id)
)
UNDETAILED = (
    select(*ATTEMPT_COLUMNS)
    .where(
        attempt.c.campaign_id == bindparam("campaign"),
        attempt.c.disposition.is_not(None),
        attempt.c.call_sid.is_not(None),
        or_(attempt.c.duration_sec.is_(None), attempt.c.price.is_(None)),
        attempt.c.ended_at > func.coalesce(bindparam("since", type_=tables.Instant), ""),
    )
    .order_by(attempt.c.ended_at, attempt.c.id)
)
_HELD = (
    select(*ATTEMPT_COLUMNS, attempt.c.public_id, attempt.c.caller_id, tables.lead_number.c.number)
    .join(tables.lead_number, DIALLED)
    .join(lead, lead.c.id == attempt.c.lead_id)
    .where(ALIVE)
    .order_by(attempt.c.sent_at, attempt.c.id)
)
IN_DOUBT = _HELD.where(attempt.c.state == AttemptState.UNKNOWN, attempt.c.account_id == bindparam("account"))
HELD = _HELD.where(lead.c.state == LeadState.HELD, attempt.c.campaign_id == bindparam("campaign"))


async def live_calls(fetch: Fetch, account: AccountId) -> list[LiveCall]:
    return [_live(row) for row in await fetch(LIVE_CALLS, {"account": account})]


async def undetailed(fetch: Fetch, campaign: CampaignId, ended_since: datetime | None) -> list[LiveCall]:
    return [_live(row) for row in await fetch(UNDETAILED, {"campaign": campaign, "since": ended_since})]


async def held(fetch: Fetch, query: Query, **values: int) -> list[Doubt]:
    """Attempts whose end nobody has told, oldest first, with what was asked about each."""
    rows = await fetch(query, values)
    if not rows:
        return []
    asked: dict[int, list[Asked]] = {row.id: [] for row in rows}
    event = tables.event
    for row in await fetch(
        select(event.c.attempt_id, event.c.at, event.c.data)
        .where(event.c.lead_id.in_([row.lead_id for row in rows]), event.c.kind == "asked")
        .order_by(event.c.id)
    ):
        if row.attempt_id in asked:
            asked[row.attempt_id].append(Asked(row.at, row.data["found"], row.data["controlled"], row.data["note"]))
    return [_doubt(row, asked[row.id]) for row in rows]


async def owned(fetch: Fetch, calls: Sequence[CallSid]) -> frozenset[CallSid]:
    found: set[CallSid] = set()
    for start in range(0, len(calls), CHUNK):
        rows = await fetch(select(attempt.c.call_sid).where(attempt.c.call_sid.in_(calls[start : start + CHUNK])))
        found.update(CallSid(row.call_sid) for row in rows)
    return frozenset(found)


async def control(fetch: Fetch, account: AccountId, since: datetime, before: datetime) -> OwnCall | None:
    query = (
        select(attempt.c.call_sid, attempt.c.caller_id, attempt.c.sent_at, tables.lead_number.c.number)
        .join(tables.lead_number, DIALLED)
        .where(
            attempt.c.account_id == account,
            attempt.c.call_sid.is_not(None),
            attempt.c.disposition.is_not(None),
            attempt.c.sent_at >= since,
            attempt.c.ended_at < before,
        )
        .order_by(attempt.c.sent_at)
        .limit(1)
    )
    rows = await fetch(query)
    return next((OwnCall(row.call_sid, PhoneNumber(row.number), row.caller_id, row.sent_at) for row in rows), None)


async def reading(fetch: Fetch, account: AccountId, before: datetime | None = None) -> Reading | None:
    query = (
        select(attempt.c.provider_created, attempt.c.sent_at, attempt.c.replied_at)
        .where(
            attempt.c.account_id == account,
            attempt.c.provider_created.is_not(None),
            attempt.c.replied_at.is_not(None),
        )
        .order_by(attempt.c.sent_at.desc())
        .limit(1)
    )
    if before:
        query = query.where(attempt.c.sent_at < before)
    return next((Reading(*row) for row in await fetch(query)), None)


async def strangers(fetch: Fetch, account: AccountId) -> list[StrangerRecord]:
    table = tables.stranger
    query = select(table).where(table.c.account_id == account, ~OURS).order_by(table.c.created_at.desc())
    return [
        StrangerRecord(CallSid(row.call_sid), NumberHash(row.number_hash), row.caller_id, row.status, row.created_at)
        for row in await fetch(query)
    ]


async def recent_requests(fetch: Fetch, account: AccountId, since: datetime) -> list[datetime]:
    request = tables.request
    both = [
        select(func.coalesce(table.c.replied_at, table.c.sent_at).label("at")).where(
            table.c.account_id == account, or_(table.c.sent_at > since, table.c.replied_at > since)
        )
        for table in (attempt, request)
    ]
    instants: list[datetime] = [row.at for query in both for row in await fetch(query)]
    return sorted(instants)


async def replies(fetch: Fetch, account: AccountId) -> list[Reply]:
    """By the first event that tells of an answer: what was settled later does not change how it was answered."""
    sent = attempt.c.account_id == account, attempt.c.sent_at.is_not(None)
    newest = select(attempt).where(*sent).order_by(attempt.c.sent_at.desc()).limit(REPLIES).subquery()
    event = tables.event
    theirs = (event.c.lead_id == newest.c.lead_id) & (event.c.attempt_id == newest.c.id)
    query = select(newest.c.id, newest.c.sent_at, event.c.at, event.c.kind, event.c.data).join(event, theirs)
    told = query.where(event.c.kind.in_(["accepted", "refused", "in_doubt"])).order_by(event.c.id)
    first: dict[int, Any] = {}
    for row in await fetch(told):
        first.setdefault(row.id, row)
    return [
        Reply(row.sent_at, row.at, row.kind != "in_doubt", cut_off=row.data.get("reason") == CUT_OFF)
        for row in first.values()
        if row.data.get("refusal") not in NEVER_LEFT
    ]


def _live(row: Any) -> LiveCall:
    return LiveCall(attempt_of(row), CampaignId(row.campaign_id), LeadId(row.lead_id))


def _doubt(row: Any, asked: Sequence[Asked]) -> Doubt:
    return Doubt(_live(row), PublicId(row.public_id), PhoneNumber(row.number), row.caller_id, asked)
