"""Reading: the calls that were made, as `core.limits` judges them; a number or a lead at a time."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, func, select

from campaign.core import limits
from campaign.core.attempt import LIVE_STATES, AttemptId, Disposition
from campaign.core.checks import Check, Counted
from campaign.core.lead import CampaignId
from campaign.core.limits import Channels, Dial, Limit, Overturned, Policies
from campaign.core.outcome import OF_REFUSAL
from campaign.core.policy import Policy
from campaign.store import tables
from campaign.store.rows import OURS, AnyRow
from campaign.store.sqlite import Database

attempt, event, stranger = tables.attempt, tables.event, tables.stranger

_ENTERED = and_(
    event.c.lead_id == attempt.c.lead_id, event.c.attempt_id == attempt.c.id, event.c.kind.in_(["sent", "adopted"])
)
_VERDICTS = ["not_placed", "written_off"]
_CHANNELS = ["sent", "in_doubt", "refused", "ended", *_VERDICTS]

HOLDS = {
    Limit.ATTEMPTS: "leads were called no more often than allowed",
    Limit.NUMBERS: "calls went to the number of the lead whose turn it was",
    Limit.HOURS: "calls were sent inside the calling hours",
    Limit.ONE: "numbers had one call at a time",
    Limit.GAP: "numbers had their rest between calls",
    Limit.DAY: "numbers were called no more in any 24 hours than allowed",
    Limit.CHANNELS: "calls found a free channel",
}


async def policies_of(database: Database, read_policy: Callable[[Mapping[str, Any]], Policy]) -> Policies:
    """Every version of every campaign."""
    rows = await database.all(select(tables.policy_version))
    return {(CampaignId(row.campaign_id), row.version): read_policy(row.settings) for row in rows}


async def of_campaign(database: Database, campaign: CampaignId, policies: Policies) -> list[Check]:
    """What the campaign's own calls kept; those of others to the same numbers count."""
    overturned = await _overturned(database)
    counted: dict[Limit, Counted] = {limit: Counted(limit) for limit in Limit if limit is not Limit.CHANNELS}
    async for dials in _by_lead(database, campaign, overturned):
        counted[Limit.ATTEMPTS].count += 1
        counted[Limit.HOURS].count += len(dials)
        counted[Limit.NUMBERS].count += len(dials)
        _note(counted, limits.of_lead(dials, policies), campaign)
    async for dials in _by_number(database, campaign, overturned):
        for limit in (Limit.ONE, Limit.GAP, Limit.DAY):
            counted[limit].count += 1
        _note(counted, limits.of_number(dials, policies), campaign)
    return [each.check(HOLDS[limit]) for limit, each in counted.items()]


def _note(counted: Mapping[Limit, Counted], found: Sequence[limits.Breach], campaign: CampaignId) -> None:
    for breach in found:
        if breach.dial.under and breach.dial.under[0] == campaign:
            counted[breach.limit].breach(f"attempt {breach.dial.attempt} {breach.words}")


async def channels(database: Database, policies: Policies) -> Check:
    """Every account's calls alive, replayed from the events."""
    counted = Counted(Limit.CHANNELS)
    accounts: dict[int, Channels] = defaultdict(Channels)
    query = (
        select(event, attempt.c.account_id, attempt.c.policy_version, attempt.c.latest_end)
        .join(attempt, attempt.c.id == event.c.attempt_id)
        .where(event.c.kind.in_(_CHANNELS))
        .order_by(event.c.id)
    )
    async for row in database.stream(query):
        if "kept" in row.data:
            continue
        account, named = accounts[row.account_id], AttemptId(row.attempt_id)
        policy = policies.get((CampaignId(row.campaign_id), row.policy_version))
        if row.kind == "in_doubt":
            account.shorter(named, row.latest_end)
        elif row.kind != "sent":
            account.over(named)
        elif policy:
            counted.count += 1
            alive = account.sent(named, row.at, row.at + policy.longest_call)
            if alive > policy.channels:
                counted.breach(f"attempt {named} was call {alive} at once, {policy.channels} are allowed")
    return counted.check(HOLDS[Limit.CHANNELS])


async def _by_lead(
    database: Database, campaign: CampaignId, overturned: Mapping[int, Overturned]
) -> AsyncIterator[list[Dial]]:
    query = _dials().where(attempt.c.campaign_id == campaign).order_by(attempt.c.lead_id, attempt.c.attempt_no)
    async for rows in _groups(database, query, "lead_id"):
        yield [_dial(row, overturned) for row in rows]


async def _by_number(
    database: Database, campaign: CampaignId, overturned: Mapping[int, Overturned]
) -> AsyncIterator[list[Dial]]:
    strangers = await _strangers(database)
    theirs = select(attempt.c.number_hash).where(attempt.c.campaign_id == campaign)
    query = _dials().where(attempt.c.number_hash.in_(theirs)).order_by(attempt.c.number_hash, attempt.c.sent_at)
    async for rows in _groups(database, query, "number_hash"):
        yield [*(_dial(row, overturned) for row in rows), *strangers[rows[0].number_hash]]


def _dials() -> Select[*tuple[Any, ...]]:
    names = ("id", "lead_id", "campaign_id", "number_hash", "policy_version", "state", "disposition", "refusal")
    columns = [attempt.c[name] for name in (*names, "sent_at", "ended_at", "latest_end", "number_position")]
    theirs = tables.lead_number.c.lead_id == attempt.c.lead_id
    then = tables.lead_number.c.version <= attempt.c.columns_version
    numbers = select(func.count()).where(theirs, then).scalar_subquery().label("numbers")
    query = select(*columns, numbers, event.c.id.label("known"), event.c.kind).outerjoin(event, _ENTERED)
    return query.where(attempt.c.sent_at.is_not(None))


def _dial(row: AnyRow, overturned: Mapping[int, Overturned]) -> Dial:
    return Dial(
        known=row.known or 0,
        sent_at=row.sent_at,
        over_at=row.ended_at,
        latest_end=row.latest_end or row.sent_at,
        counts=row.state in LIVE_STATES and row.disposition != Disposition.NOT_PLACED,
        attempt=AttemptId(row.id),
        under=None if row.kind == "adopted" else (CampaignId(row.campaign_id), row.policy_version),
        overturned=overturned.get(row.id),
        position=row.number_position,
        numbers=row.numbers,
        closed=row.refusal in OF_REFUSAL,
    )


async def _overturned(database: Database) -> dict[int, Overturned]:
    """The few attempts whose verdict a late callback corrected."""
    corrected = (event.c.kind == "ended", event.c.data["corrected"].as_boolean())
    late = {row.attempt_id: row.id for row in await database.all(select(event).where(*corrected))}
    if not late:
        return {}
    verdicts = select(event).where(event.c.kind.in_(_VERDICTS)).order_by(event.c.id)
    return {
        row.attempt_id: Overturned(late[row.attempt_id], row.at, row.kind != "not_placed")
        async for row in database.stream(verdicts)
        if row.attempt_id in late and "kept" not in row.data
    }


async def _strangers(database: Database) -> defaultdict[str, list[Dial]]:
    """Calls that no attempt made, from the event that noted them; they are few."""
    noted = and_(
        event.c.number_hash == stranger.c.number_hash,
        event.c.kind == "stranger",
        event.c.data["call_sid"].as_string() == stranger.c.call_sid,
    )
    query = select(stranger.c.number_hash, stranger.c.created_at, event.c.id).join(event, noted)
    found: defaultdict[str, list[Dial]] = defaultdict(list)
    for row in await database.all(query.where(~OURS)):
        found[row.number_hash].append(Dial(row.id, row.created_at, row.created_at, row.created_at))
    return found


async def _groups(database: Database, query: Select[*tuple[Any, ...]], key: str) -> AsyncIterator[list[AnyRow]]:
    """Rows that stand together because they have the same `key`."""
    group: list[AnyRow] = []
    async for row in database.stream(query):
        if group and getattr(group[0], key) != getattr(row, key):
            yield group
            group = []
        group.append(row)
    if group:
        yield group
