"""Reading: the proofs of `campaign verify`, all of one instant, beside any owner; made with `opened`, called by wiring.

A row that cannot be read at all is a breach of the check that came upon it.
"""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select, union_all
from sqlalchemy.exc import DBAPIError

from campaign.core.attempt import AttemptState, Disposition
from campaign.core.checks import Check, Counted
from campaign.core.lead import CampaignId, LeadState, Outcome
from campaign.core.policy import Policy
from campaign.core.records import CampaignRecord, ImportRecord
from campaign.errors import CampaignError
from campaign.store import campaigns, counts, fold, imports, limits, tables
from campaign.store.rows import AnyRow
from campaign.store.sqlite import Database, one_view

attempt, event, imported, lead, reject = tables.attempt, tables.event, tables.imported, tables.lead, tables.reject

ReadPolicy = Callable[[Mapping[str, Any]], Policy]
_VERDICTS = {None, Disposition.NOT_PLACED, Disposition.WRITTEN_OFF}
_POSSIBLE: dict[str, set[str | None]] = {
    AttemptState.RESERVED: {None},
    AttemptState.SENDING: {None},
    AttemptState.ACCEPTED: {None, *Disposition} - {Disposition.NOT_PLACED},
    AttemptState.REFUSED: {None},
    AttemptState.UNKNOWN: {*_VERDICTS},
}


class Audit:
    """One read transaction."""

    def __init__(self, database: Database, read_policy: ReadPolicy) -> None:
        self._database, self._read_policy = database, read_policy

    async def campaigns(self) -> list[CampaignRecord]:
        return [campaigns.record_of(row) for row in await self._all(campaigns.CAMPAIGNS)]

    async def of_campaign(self, campaign: CampaignId) -> list[Check]:
        """Totals, events and limits of one campaign."""
        checks = [
            await self._sure("lines", self._lines(campaign)),
            await self._sure("leads", self._leads(campaign)),
            await self._sure("attempts", self._attempts(campaign)),
            await self._sure("counters", self._one(counts.kept(self._database, campaign))),
            await self._sure("events", self._one(fold.folded(self._database, campaign))),
        ]
        return [each for group in checks for each in group] + await self._sure("limits", self._limits(campaign))

    async def of_database(self) -> list[Check]:
        """What belongs to no campaign alone."""
        return [
            *await self._sure("channels", self._channels()),
            *await self._sure("stray events", self._stray()),
            *await self._sure("pages", self._pages()),
            *await self._sure("references", self._references()),
        ]

    async def _sure(self, what: str, checking: Awaitable[list[Check]]) -> list[Check]:
        try:
            return await checking
        except CampaignError as unreadable:
            return [Check(what, 0, "could be read", 1, unreadable.message)]
        except (DBAPIError, ValueError, TypeError, LookupError) as unreadable:
            why = getattr(unreadable, "orig", None) or type(unreadable).__name__
            return [Check(what, 0, "could be read", 1, f"the tables cannot be read: {why}")]

    async def _one(self, checking: Awaitable[Check]) -> list[Check]:
        return [await checking]

    async def _all(self, query: Select[*tuple[Any, ...]]) -> Sequence[AnyRow]:
        return await self._database.all(query)

    async def _pragma(self, name: str) -> Sequence[AnyRow]:
        return await self._database.run(lambda connection: connection.exec_driver_sql(f"PRAGMA {name}").all())

    async def _lines(self, campaign: CampaignId) -> list[Check]:
        """Each file now, and as it was when it was loaded."""
        counted, parts = Counted("lines"), Counter[str]()
        files = [imports.record_of(row) for row in await self._all(_files(campaign))]
        loaded = await self._all(_loaded(campaign))
        if len(files) != len(loaded):
            counted.breach(f"{len(loaded)} files were loaded, {len(files)} are there")
        for file, row in zip(files, loaded, strict=False):
            counted.count += file.lines
            parts.update(new=file.new, known=file.known, rejects=file.rejects)
            _same_lines(counted, file, row.data)
        for row in await self._all(_lines_twice(campaign)):
            counted.breach(f"{row.file_name}: line {row.source_line} is there {row.times} times")
        return [counted.check("as when the files were loaded", parts)]

    async def _leads(self, campaign: CampaignId) -> list[Check]:
        counted, parts = Counted("leads"), Counter[str]()
        for row in await self._all(_states(campaign)):
            counted.count += row.leads
            parts[row.outcome or row.state] += row.leads
            known = row.outcome in set(Outcome) if row.state == LeadState.DONE else row.outcome is None
            if row.state not in set(LeadState) or not known:
                counted.breach(f"lead {row.first} is {row.state} with the outcome {row.outcome}")
        return [counted.check("sum of outcomes and states", parts)]

    async def _attempts(self, campaign: CampaignId) -> list[Check]:
        counted, parts = Counted("attempts"), Counter[str]()
        for row in await self._all(_standings(campaign)):
            counted.count += row.attempts
            parts[row.disposition or row.state] += row.attempts
            if wrong := _impossible(row):
                counted.breach(f"attempt {row.first} is {row.state} {wrong}")
        for row in await self._all(_shared(campaign)):
            counted.breach(f"attempts {row.first} and {row.last} have the same call {row.call_sid}")
        for row in await self._all(_without_policy(campaign)):
            counted.breach(f"attempt {row.id} was sent under settings {row.policy_version}, which are not there")
        return [counted.check("by state", parts)]

    async def _limits(self, campaign: CampaignId) -> list[Check]:
        policies = await limits.policies_of(self._database, self._read_policy)
        return await limits.of_campaign(self._database, campaign, policies)

    async def _channels(self) -> list[Check]:
        policies = await limits.policies_of(self._database, self._read_policy)
        return [await limits.channels(self._database, policies)]

    async def _stray(self) -> list[Check]:
        """Events are for ever: each lead and each sent attempt that one names is there."""
        nowhere = event.c.lead_id.is_not(None) & event.c.lead_id.not_in(select(lead.c.id))
        missing = func.count().filter(nowhere).label("missing")
        [row] = await self._all(
            select(func.count().label("events"), missing, func.min(event.c.id).filter(nowhere).label("first"))
        )
        first = f"event {row.first} is about a lead that is not there" if row.missing else ""
        return [Check("stray events", row.events, "events are about leads that are there", row.missing, first)]

    async def _pages(self) -> list[Check]:
        [[pages]] = await self._pragma("page_count")
        found = [row[0] for row in await self._pragma("integrity_check")]
        broken = [words for words in found if words != "ok"]
        return [Check("pages", pages, "SQLite's own integrity check", len(broken), next(iter(broken), ""))]

    async def _references(self) -> list[Check]:
        known = sum(len(table.foreign_keys) for table in tables.metadata.tables.values())
        broken = await self._pragma("foreign_key_check")
        first = (
            f"row {broken[0][1]} of {broken[0][0]} names a row of {broken[0][2]} that is not there" if broken else ""
        )
        return [Check("references", known, "between tables lead somewhere", len(broken), first)]


@asynccontextmanager
async def opened(file: Path, read_policy: ReadPolicy) -> AsyncIterator[Audit]:
    """An audit of `file`, which must have today's schema (`store.schema.check`)."""
    async with one_view(file) as database:
        yield Audit(database, read_policy)


def _same_lines(counted: Counted, file: ImportRecord, loaded: Mapping[str, Any]) -> None:
    for what in ("new", "known", "changed", "rejects"):
        now, then = getattr(file, what), loaded.get(what, 0)
        if now != then:
            counted.breach(f"{file.file_name}: {now} {what}, {then} when it was loaded")


def _impossible(row: AnyRow) -> str:
    if row.disposition not in _POSSIBLE.get(row.state, set()):
        return f"and {row.disposition}"
    if row.sent != (row.state != AttemptState.RESERVED):
        return "and was sent" if row.sent else "and was never sent"
    refused = row.state == AttemptState.REFUSED
    if row.refused != refused:
        return "and refused" if row.refused else "with no refusal"
    if row.over != (refused or row.disposition is not None):
        return "with an end" if row.over else "and over, with no end"
    return ""


def _files(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    return (
        imports.IMPORTS.where(imported.c.campaign_id == campaign)
        .order_by(None)
        .order_by(imported.c.visible_at, imported.c.id)
    )


def _loaded(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    return select(event).where(event.c.campaign_id == campaign, event.c.kind == "imported").order_by(event.c.id)


def _lines_twice(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    """A line is a lead or a reject, once."""
    both = union_all(
        *(select(table.c.import_id, table.c.source_line) for table in (lead, reject)),
    ).subquery()
    times = func.count().label("times")
    return (
        select(imported.c.file_name, both.c.source_line, times)
        .join(imported, imported.c.id == both.c.import_id)
        .where(imported.c.campaign_id == campaign)
        .group_by(both.c.import_id, both.c.source_line)
        .having(times > 1)
    )


def _states(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    return (
        select(lead.c.state, lead.c.outcome, func.count().label("leads"), func.min(lead.c.id).label("first"))
        .join(imported, (imported.c.id == lead.c.import_id) & imported.c.visible_at.is_not(None))
        .where(lead.c.campaign_id == campaign)
        .group_by(lead.c.state, lead.c.outcome)
    )


def _standings(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    kinds = (
        attempt.c.state,
        attempt.c.disposition,
        attempt.c.sent_at.is_not(None).label("sent"),
        attempt.c.refusal.is_not(None).label("refused"),
        attempt.c.ended_at.is_not(None).label("over"),
    )
    counts = func.count().label("attempts"), func.min(attempt.c.id).label("first")
    return select(*kinds, *counts).where(attempt.c.campaign_id == campaign).group_by(*kinds)


def _shared(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    """Calls that two attempts own."""
    ours = func.sum(attempt.c.campaign_id == campaign)
    return (
        select(attempt.c.call_sid, func.min(attempt.c.id).label("first"), func.max(attempt.c.id).label("last"))
        .where(attempt.c.call_sid.is_not(None))
        .group_by(attempt.c.account_id, attempt.c.call_sid)
        .having(func.count() > 1, ours > 0)
    )


def _without_policy(campaign: CampaignId) -> Select[*tuple[Any, ...]]:
    policy = tables.policy_version
    there = (policy.c.campaign_id == attempt.c.campaign_id) & (policy.c.version == attempt.c.policy_version)
    return (
        select(attempt.c.id, attempt.c.policy_version)
        .outerjoin(policy, there)
        .where(attempt.c.campaign_id == campaign, attempt.c.sent_at.is_not(None), policy.c.version.is_(None))
        .order_by(attempt.c.id)
    )
