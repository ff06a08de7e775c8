"""The ledger for reading (`ports.Insight`): a connection that cannot write, beside any owner."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import DBAPIError

from campaign.core.allowance import Allowance
from campaign.core.attempt import AttemptId, CallSid
from campaign.core.breaker import Reply
from campaign.core.forecast import Course
from campaign.core.history import History, RejectedLine
from campaign.core.lead import CampaignId, NumberHash
from campaign.core.records import (
    AccountId,
    AttemptRecord,
    CampaignRecord,
    Doubt,
    ImportId,
    ImportRecord,
    InboxId,
    LeadRecord,
    LiveCall,
    OwnCall,
    Reading,
    RejectRecord,
    SharedNumber,
    StrangerRecord,
    Unloaded,
    UnreadCallback,
)
from campaign.core.tally import Tally
from campaign.errors import CampaignError
from campaign.store import (
    asking,
    campaigns,
    counts,
    course,
    holding,
    imports,
    numbered,
    pages,
    tables,
    unloading,
    waiting,
)
from campaign.store.imports import VISIBLE
from campaign.store.rows import Query
from campaign.store.sqlite import CHUNK, Database, one_view, reading

imported, inbox = tables.imported, tables.inbox
_UNREAD = select(inbox).where(inbox.c.read_at.is_(None)).order_by(inbox.c.id).limit(bindparam("limit"))


class Books:
    """`ports.Insight`. Make it with `opened`; inside `snapshot` everything is of one instant.

    `file`: None for a database in memory, of which there is one view only.
    """

    def __init__(self, file: Path | None, database: Database) -> None:
        self._file, self._database = file, database
        self._asked: set[asyncio.Future[Sequence[Any]]] = set()

    @property
    def busy(self) -> bool:
        """Somebody is waiting for an answer."""
        return bool(self._asked)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Books"]:
        """One read transaction: nothing that is written meanwhile is seen."""
        if self._file is None:
            yield self
            return
        async with one_view(self._file) as database:
            still = Books(self._file, database)
            try:
                yield still
            finally:
                await still.quiet()

    async def _all(self, query: Query, values: Mapping[str, Any] | None = None, /) -> Sequence[Any]:
        # A question is answered whole even if nobody waits any more: one broken off would leave its thread behind.
        asked = asyncio.ensure_future(self._answer(query, values))
        self._asked.add(asked)
        asked.add_done_callback(self._answered)
        return await asyncio.shield(asked)

    async def _answer(self, query: Query, values: Mapping[str, Any] | None) -> Sequence[Any]:
        try:
            return await self._database.all(query, values)
        except DBAPIError as broken:
            raise CampaignError(
                f"The database cannot be read: {broken.orig}.",
                "Restore it from a copy; `campaign verify` tells what is damaged.",
            ) from None

    def _answered(self, asked: "asyncio.Future[Sequence[Any]]") -> None:
        self._asked.discard(asked)
        if not asked.cancelled():
            asked.exception()  # whoever waits is told; that nobody waits any more is no fault

    async def quiet(self) -> None:
        """Until every question is answered."""
        while self._asked:
            await asyncio.wait(self._asked)

    async def campaigns(self) -> list[CampaignRecord]:
        return [campaigns.record_of(row) for row in await self._all(campaigns.CAMPAIGNS)]

    async def imports(self, campaign: CampaignId) -> list[ImportRecord]:
        query = imports.IMPORTS.where(imported.c.campaign_id == campaign)
        return [imports.record_of(row) for row in await self._all(query)]

    async def loaded_elsewhere(self, sha256: str, campaign: CampaignId | None) -> str | None:
        rows = await self._all(
            select(tables.campaign.c.name)
            .join(imported, imported.c.campaign_id == tables.campaign.c.id)
            .where(imported.c.sha256 == sha256, VISIBLE, tables.campaign.c.id != (campaign or 0))
            .limit(1)
        )
        return rows[0].name if rows else None

    async def loaded_in(self, sha256: str, campaign: CampaignId) -> bool:
        """Whether the campaign has these very bytes."""
        query = select(imported.c.id).where(imported.c.sha256 == sha256, VISIBLE, imported.c.campaign_id == campaign)
        return bool(await self._all(query))

    async def holders(self, numbers: Sequence[NumberHash]) -> dict[NumberHash, set[CampaignId]]:
        return await holding.holders(self._all, numbers)

    async def newest_columns(
        self, campaign: CampaignId, numbers: Sequence[NumberHash]
    ) -> dict[NumberHash, Mapping[str, str]]:
        return await holding.newest_columns(self._all, campaign, numbers)

    async def tally(self, campaign: CampaignId) -> Tally:
        of = {"campaign": campaign}
        leads, attempts = await self._all(counts.LEADS, of), await self._all(counts.ATTEMPTS, of)
        return counts.tally(leads, attempts, await self.next_due(campaign))

    async def course(self, campaign: CampaignId) -> Course:
        asked = (course.ENDED, course.LENGTHS, course.RETRIES, course.WAITING)
        return course.read(*[await self._all(query, {"campaign": campaign}) for query in asked])

    async def next_due(self, campaign: CampaignId) -> datetime | None:
        rows = await self._all(waiting.NEXT, {"campaign": campaign})
        return rows[0].due_at if rows else None

    async def live_calls(self, account: AccountId) -> list[LiveCall]:
        return await asking.live_calls(self._all, account)

    async def unread_callbacks(self, limit: int) -> list[UnreadCallback]:
        return [
            UnreadCallback(InboxId(row.id), AttemptId(row.attempt_id), row.content_type, row.body, row.first_at)
            for row in await self._all(_UNREAD, {"limit": limit})
        ]

    async def undetailed(self, campaign: CampaignId, ended_since: datetime | None) -> list[LiveCall]:
        return await asking.undetailed(self._all, campaign, ended_since)

    async def doubts(self, account: AccountId) -> list[Doubt]:
        return await asking.held(self._all, asking.IN_DOUBT, account=account)

    async def held(self, campaign: CampaignId) -> list[Doubt]:
        return await asking.held(self._all, asking.HELD, campaign=campaign)

    async def owned(self, calls: Sequence[CallSid]) -> frozenset[CallSid]:
        return await asking.owned(self._all, calls)

    async def control(self, account: AccountId, since: datetime, before: datetime) -> OwnCall | None:
        return await asking.control(self._all, account, since, before)

    async def reading(self, account: AccountId, before: datetime | None = None) -> Reading | None:
        return await asking.reading(self._all, account, before)

    async def reconciled_until(self, account: AccountId) -> datetime | None:
        rows = await self._all(select(tables.account.c.reconciled_until).where(tables.account.c.id == account))
        return rows[0].reconciled_until if rows else None

    async def strangers(self, account: AccountId) -> list[StrangerRecord]:
        return await asking.strangers(self._all, account)

    async def allowance(self, account: AccountId) -> Allowance:
        rows = await self._all(select(tables.account.c.allowance).where(tables.account.c.id == account))
        return campaigns.allowance_of(rows[0].allowance if rows else None)

    async def replies(self, account: AccountId) -> list[Reply]:
        return await asking.replies(self._all, account)

    async def recent_requests(self, account: AccountId, since: datetime) -> list[datetime]:
        return await asking.recent_requests(self._all, account, since)

    async def last_event(self) -> int:
        """The number of the newest event; 0 in a new ledger."""
        [row] = await self._all(select(func.max(tables.event.c.id).label("id")))
        return row.id or 0

    async def latest_instant(self) -> datetime | None:
        """The newest instant of the ledger's events: a simulated campaign goes on from there."""
        [row] = await self._all(select(func.max(tables.event.c.at).label("at")))
        at: datetime | None = row.at
        return at

    def leads(self, campaign: CampaignId) -> AsyncIterator[Sequence[LeadRecord]]:
        return pages.leads(self._all, campaign)

    def rejects(self, campaign: CampaignId) -> AsyncIterator[Sequence[RejectRecord]]:
        return pages.rejects(self._all, campaign)

    def attempts(self, campaign: CampaignId) -> AsyncIterator[Sequence[AttemptRecord]]:
        return pages.attempts(self._all, campaign)

    async def shared_numbers(self, of: ImportId) -> list[SharedNumber]:
        return await numbered.shared(self._all, of)

    async def unloading(self, campaign: CampaignId, numbers: Sequence[NumberHash]) -> list[Unloaded]:
        fates: list[Unloaded] = []
        for start in range(0, len(numbers), CHUNK):
            part = numbers[start : start + CHUNK]
            fates += unloading.fates(await self._all(unloading.theirs(campaign, part)), part)
        return fates

    async def history(self, number: NumberHash) -> History:
        return await numbered.history(self._all, number)

    async def rejected_as(self, values: Sequence[str]) -> list[RejectedLine]:
        return await numbered.rejected_as(self._all, values)


@asynccontextmanager
async def opened(file: Path) -> AsyncIterator[Books]:
    """The books of `file`, which must exist with today's schema (`store.schema.check`)."""
    database = reading(file)
    books = Books(file, database)
    try:
        yield books
    finally:
        await books.quiet()
        await database.close()
