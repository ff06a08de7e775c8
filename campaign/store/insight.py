"""The ledger for reading (`ports.Insight`): a connection that cannot write, beside any owner."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select, text, tuple_
from sqlalchemy.exc import DBAPIError

from campaign.core.allowance import Allowance
from campaign.core.attempt import AttemptId, AttemptState, CallSid
from campaign.core.events import Asked
from campaign.core.forecast import Course
from campaign.core.history import History, RejectedLine
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, LeadId, LeadState, NumberHash, Outcome, PhoneNumber
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
    Reject,
    RejectReason,
    RejectRecord,
    SharedNumber,
    StrangerRecord,
    Unloaded,
    UnreadCallback,
)
from campaign.core.tally import Tally
from campaign.errors import CampaignError
from campaign.store import campaigns, counts, course, imports, numbered, tables, unloading
from campaign.store.rows import ALIVE, ATTEMPT_COLUMNS, attempt_of
from campaign.store.sqlite import Database, one_view, reading

attempt, lead, imported = tables.attempt, tables.lead, tables.imported
_DIALLED = (tables.lead_number.c.lead_id == attempt.c.lead_id) & (
    tables.lead_number.c.position == attempt.c.number_position
)
CHUNK = 2000
VISIBLE = imported.c.visible_at.is_not(None)


class Books:
    """`ports.Insight`. Make it with `opened`; inside `snapshot` everything is of one instant."""

    def __init__(self, file: Path, database: Database) -> None:
        self._file, self._database = file, database
        self._asked: set[asyncio.Future[Sequence[Any]]] = set()

    @property
    def busy(self) -> bool:
        """Somebody is waiting for an answer."""
        return bool(self._asked)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator["Books"]:
        """One read transaction: nothing that is written meanwhile is seen."""
        async with one_view(self._file) as database:
            still = Books(self._file, database)
            try:
                yield still
            finally:
                await still.quiet()

    async def _all(self, query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        # A question is answered whole even if nobody waits any more: one broken off would leave its thread behind.
        asked = asyncio.ensure_future(self._answer(query))
        self._asked.add(asked)
        asked.add_done_callback(self._answered)
        return await asyncio.shield(asked)

    async def _answer(self, query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        try:
            return await self._database.all(query)
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
        """Which campaigns have these as the first number of a lead."""
        found: dict[NumberHash, set[CampaignId]] = defaultdict(set)
        first = tables.lead_number
        query = (
            select(first.c.number_hash, first.c.campaign_id)
            .join(lead, lead.c.id == first.c.lead_id)
            .join(imported, (imported.c.id == lead.c.import_id) & VISIBLE)
            .where(first.c.position == 0)
        )
        for start in range(0, len(numbers), CHUNK):
            for row in await self._all(query.where(first.c.number_hash.in_(numbers[start : start + CHUNK]))):
                found[NumberHash(row.number_hash)].add(CampaignId(row.campaign_id))
        return found

    async def tally(self, campaign: CampaignId) -> Tally:
        leads, attempts = await self._all(counts.leads(campaign)), await self._all(counts.attempts(campaign))
        return counts.tally(leads, attempts, await self.next_due(campaign))

    async def course(self, campaign: CampaignId) -> Course:
        asked = (course.ended, course.lengths, course.retries, course.waiting)
        return course.read(*[await self._all(query(campaign)) for query in asked])

    async def next_due(self, campaign: CampaignId) -> datetime | None:
        # In the words of the partial index, so that it serves.
        query = (
            select(lead.c.due_at)
            .join(imported, (imported.c.id == lead.c.import_id) & VISIBLE)
            .where(lead.c.campaign_id == campaign, text(tables.WAITING))
            .order_by(lead.c.due_at)
            .limit(1)
        )
        rows = await self._all(query)
        return rows[0].due_at if rows else None

    async def live_calls(self, account: AccountId) -> list[LiveCall]:
        query = (
            select(*ATTEMPT_COLUMNS)
            .where(ALIVE, attempt.c.account_id == account)
            .order_by(attempt.c.sent_at, attempt.c.id)
        )
        return [_live(row) for row in await self._all(query)]

    async def unread_callbacks(self, limit: int) -> list[UnreadCallback]:
        inbox = tables.inbox
        query = select(inbox).where(inbox.c.read_at.is_(None)).order_by(inbox.c.id).limit(limit)
        return [
            UnreadCallback(InboxId(row.id), AttemptId(row.attempt_id), row.content_type, row.body, row.first_at)
            for row in await self._all(query)
        ]

    async def undetailed(self, campaign: CampaignId, ended_since: datetime | None) -> list[LiveCall]:
        query = (
            select(*ATTEMPT_COLUMNS)
            .where(
                attempt.c.campaign_id == campaign,
                attempt.c.disposition.is_not(None),
                attempt.c.call_sid.is_not(None),
                or_(attempt.c.duration_sec.is_(None), attempt.c.price.is_(None)),
            )
            .order_by(attempt.c.ended_at, attempt.c.id)
        )
        if ended_since:
            query = query.where(attempt.c.ended_at > ended_since)
        return [_live(row) for row in await self._all(query)]

    async def doubts(self, account: AccountId) -> list[Doubt]:
        return await self._held(attempt.c.state == AttemptState.UNKNOWN, attempt.c.account_id == account)

    async def held(self, campaign: CampaignId) -> list[Doubt]:
        return await self._held(lead.c.state == LeadState.HELD, attempt.c.campaign_id == campaign)

    async def _held(self, *where: ColumnElement[bool]) -> list[Doubt]:
        rows = await self._all(
            select(*ATTEMPT_COLUMNS, attempt.c.public_id, attempt.c.caller_id, tables.lead_number.c.number)
            .join(tables.lead_number, _DIALLED)
            .join(lead, lead.c.id == attempt.c.lead_id)
            .where(ALIVE, *where)
            .order_by(attempt.c.sent_at, attempt.c.id)
        )
        if not rows:
            return []
        asked: dict[int, list[Asked]] = {row.id: [] for row in rows}
        event = tables.event
        for row in await self._all(
            select(event.c.attempt_id, event.c.at, event.c.data)
            .where(event.c.lead_id.in_([row.lead_id for row in rows]), event.c.kind == "asked")
            .order_by(event.c.id)
        ):
            if row.attempt_id in asked:
                asked[row.attempt_id].append(Asked(row.at, row.data["found"], row.data["controlled"], row.data["note"]))
        return [_doubt(row, asked[row.id]) for row in rows]

    async def owned(self, calls: Sequence[CallSid]) -> frozenset[CallSid]:
        found: set[CallSid] = set()
        for start in range(0, len(calls), CHUNK):
            rows = await self._all(
                select(attempt.c.call_sid).where(attempt.c.call_sid.in_(calls[start : start + CHUNK]))
            )
            found.update(CallSid(row.call_sid) for row in rows)
        return frozenset(found)

    async def control(self, account: AccountId, since: datetime, before: datetime) -> OwnCall | None:
        query = (
            select(attempt.c.call_sid, attempt.c.caller_id, attempt.c.sent_at, tables.lead_number.c.number)
            .join(tables.lead_number, _DIALLED)
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
        rows = await self._all(query)
        return next((OwnCall(row.call_sid, PhoneNumber(row.number), row.caller_id, row.sent_at) for row in rows), None)

    async def reading(self, account: AccountId, before: datetime | None = None) -> Reading | None:
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
        return next((Reading(*row) for row in await self._all(query)), None)

    async def reconciled_until(self, account: AccountId) -> datetime | None:
        rows = await self._all(select(tables.account.c.reconciled_until).where(tables.account.c.id == account))
        return rows[0].reconciled_until if rows else None

    async def strangers(self, account: AccountId) -> list[StrangerRecord]:
        table = tables.stranger
        ours = select(attempt.c.call_sid).where(attempt.c.call_sid.is_not(None))
        query = (
            select(table)
            .where(table.c.account_id == account, table.c.call_sid.not_in(ours))
            .order_by(table.c.created_at.desc())
        )
        return [
            StrangerRecord(
                CallSid(row.call_sid), NumberHash(row.number_hash), row.caller_id, row.status, row.created_at
            )
            for row in await self._all(query)
        ]

    async def allowance(self, account: AccountId) -> Allowance:
        rows = await self._all(select(tables.account.c.allowance).where(tables.account.c.id == account))
        return campaigns.allowance_of(rows[0].allowance if rows else None)

    async def recent_requests(self, account: AccountId, since: datetime) -> list[datetime]:
        request = tables.request
        both = [
            select(func.coalesce(table.c.replied_at, table.c.sent_at).label("at")).where(
                table.c.account_id == account, or_(table.c.sent_at > since, table.c.replied_at > since)
            )
            for table in (attempt, request)
        ]
        instants: list[datetime] = [row.at for query in both for row in await self._all(query)]
        return sorted(instants)

    async def last_event(self) -> int:
        """The number of the newest event; 0 in a new ledger."""
        [row] = await self._all(select(func.max(tables.event.c.id).label("id")))
        return row.id or 0

    async def latest_instant(self) -> datetime | None:
        """The newest instant of the ledger's events: a simulated campaign goes on from there."""
        [row] = await self._all(select(func.max(tables.event.c.at).label("at")))
        at: datetime | None = row.at
        return at

    async def leads(self, campaign: CampaignId) -> AsyncIterator[Sequence[LeadRecord]]:
        after: tuple[int, int] = (0, 0)
        while rows := await self._all(_leads(campaign, after)):
            after = (rows[-1].import_id, rows[-1].source_line)
            theirs: dict[int, list[AttemptRecord]] = {row.id: [] for row in rows}
            for row in await self._all(_ATTEMPTS.where(attempt.c.lead_id.in_(theirs))):
                theirs[row.lead_id].append(_attempt(row))
            yield [_lead(row, theirs[row.id]) for row in rows]

    async def rejects(self, campaign: CampaignId) -> AsyncIterator[Sequence[RejectRecord]]:
        after: tuple[int, int] = (0, 0)
        while rows := await self._all(_rejects(campaign, after)):
            after = (rows[-1].import_id, rows[-1].source_line)
            yield [_reject(row) for row in rows]

    async def attempts(self, campaign: CampaignId) -> AsyncIterator[Sequence[AttemptRecord]]:
        after: tuple[int, int] = (0, 0)
        query = _ATTEMPTS.where(attempt.c.campaign_id == campaign)
        place = tuple_(attempt.c.lead_id, attempt.c.attempt_no)
        while rows := await self._all(query.where(place > after).limit(CHUNK)):
            after = (rows[-1].lead_id, rows[-1].attempt_no)
            yield [_attempt(row) for row in rows]

    async def shared_numbers(self, of: ImportId) -> list[SharedNumber]:
        theirs, other = tables.lead_number.alias("theirs"), tables.lead_number.alias("other")
        one, two = lead.alias("one"), lead.alias("two")
        rows = await self._all(
            select(theirs.c.number, imported.c.file_name, two.c.source_line)
            .distinct()
            .join(one, (one.c.id == theirs.c.lead_id) & (one.c.import_id == of))
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


def _live(row: Any) -> LiveCall:
    return LiveCall(attempt_of(row), CampaignId(row.campaign_id), LeadId(row.lead_id))


def _doubt(row: Any, asked: Sequence[Asked]) -> Doubt:
    return Doubt(_live(row), PublicId(row.public_id), PhoneNumber(row.number), row.caller_id, asked)


def _leads(campaign: CampaignId, after: tuple[int, int]) -> Select[*tuple[Any, ...]]:
    number, columns = tables.lead_number, tables.lead_columns
    brought = imported.alias("brought")
    return (
        select(lead, imported.c.file_name, number.c.number, columns.c.cells, brought.c.header)
        .join(imported, (imported.c.id == lead.c.import_id) & VISIBLE)
        .join(number, (number.c.lead_id == lead.c.id) & (number.c.position == 0))
        .join(columns, (columns.c.lead_id == lead.c.id) & (columns.c.version == lead.c.columns_version))
        .join(brought, brought.c.id == columns.c.import_id)
        .where(lead.c.campaign_id == campaign, tuple_(lead.c.import_id, lead.c.source_line) > after)
        .order_by(lead.c.import_id, lead.c.source_line)
        .limit(CHUNK)
    )


def _lead(row: Any, attempts: Sequence[AttemptRecord]) -> LeadRecord:
    return LeadRecord(
        id=LeadId(row.id),
        source_file=row.file_name,
        source_line=row.source_line,
        number=attempts[-1].number if attempts else PhoneNumber(row.number),
        state=LeadState(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        due_at=row.due_at,
        final_at=row.final_at,
        header=tuple(row.header),
        cells=tuple(row.cells),
        attempts=tuple(attempts),
    )


def _rejects(campaign: CampaignId, after: tuple[int, int]) -> Select[*tuple[Any, ...]]:
    reject = tables.reject
    return (
        select(reject, imported.c.file_name, imported.c.header)
        .join(imported, (imported.c.id == reject.c.import_id) & VISIBLE)
        .where(imported.c.campaign_id == campaign, tuple_(reject.c.import_id, reject.c.source_line) > after)
        .order_by(reject.c.import_id, reject.c.source_line)
        .limit(CHUNK)
    )


def _reject(row: Any) -> RejectRecord:
    reject = Reject(row.source_line, row.column, row.value, RejectReason(row.reason), row.suggestion, tuple(row.cells))
    return RejectRecord(row.file_name, tuple(row.header), reject)


_ATTEMPTS = (
    select(attempt, tables.lead_number.c.number)
    .join(tables.lead_number, _DIALLED)
    .where(attempt.c.state != AttemptState.RESERVED)
    .order_by(attempt.c.lead_id, attempt.c.attempt_no)
)


def _attempt(row: Any) -> AttemptRecord:
    return AttemptRecord(
        attempt=attempt_of(row),
        public_id=PublicId(row.public_id),
        attempt_no=row.attempt_no,
        lead_id=LeadId(row.lead_id),
        number=PhoneNumber(row.number),
        caller_id=row.caller_id or "",
        flow_url=row.flow_url or "",
        policy_version=row.policy_version,
        provider_status=row.provider_status,
        reserved_at=row.reserved_at,
        started=row.provider_started,
        ended=row.provider_ended,
        duration_sec=row.duration_sec,
        conversation_sec=row.conversation_sec,
        price=row.price,
        recording_url=row.recording_url,
        error=row.error,
    )


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
