"""The ledger for writing (`ports.Store`): each method is one operation, and group commit behind it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from campaign.core.allowance import Allowance
from campaign.core.guard import Verdict
from campaign.core.keyed import Key
from campaign.core.lead import CampaignId, CampaignState, Outcome, PhoneNumber
from campaign.core.records import (
    Account,
    AccountId,
    CallbackFate,
    CampaignRecord,
    Details,
    ForgottenCall,
    Happened,
    ImportId,
    ImportRecord,
    InboxId,
    Intent,
    LineFate,
    NewImport,
    NewLead,
    RawCallback,
    Recorded,
    Recovered,
    Reject,
    Release,
    Reserved,
    Stranger,
    Unloaded,
)
from campaign.core.starts import Start
from campaign.store import (
    campaigns,
    claiming,
    dialling,
    guarding,
    imports,
    inbox,
    lines,
    reconciling,
    recording,
    recovery,
    unloading,
)
from campaign.store.rows import ReadPolicy
from campaign.store.sqlite import make_room, writing
from campaign.store.writer import Rank, Writer

LINES_A_COMMIT = 25  # while others write too: a callback that comes behind them waits two milliseconds
NUMBERS_A_COMMIT = 250


class Ledger:
    """`ports.Store` over one writing connection. Make it with `opened`."""

    def __init__(self, writer: Writer, key: Key, read_policy: ReadPolicy) -> None:
        self._writer = writer
        # An operation is made once: those who wait for the same one are served together.
        self._add = partial(lines.add, key.number_hash)
        self._unload = partial(unloading.unload, key.number_hash)
        self._claim_due = partial(guarding.claim_due, read_policy)
        self._record = partial(recording.record, read_policy)
        self._mark_read = partial(inbox.mark_read, read_policy)
        self._recover = partial(recovery.recover, read_policy)
        self._note_strangers = partial(reconciling.note_strangers, key.number_hash)
        self._adopt = partial(reconciling.adopt, key.number_hash, read_policy)

    @property
    def busy(self) -> bool:
        return self._writer.busy

    @property
    def _lines_a_commit(self) -> int:
        return LINES_A_COMMIT * self._writer.leisure

    async def recover(self, now: datetime) -> Recovered:
        [found] = await self._writer.submit(Rank.CALLS, self._recover, [now])
        return found

    async def open_campaign(
        self, name: str, account: Account, settings: Mapping[str, object], now: datetime
    ) -> CampaignRecord:
        new = campaigns.NewCampaign(name, account, settings, now)
        [opened] = await self._writer.submit(Rank.CALLS, campaigns.open_campaigns, [new])
        return opened

    async def add_policy(self, campaign: CampaignId, settings: Mapping[str, object], now: datetime) -> int:
        new = campaigns.NewPolicy(campaign, settings, now)
        [version] = await self._writer.submit(Rank.CALLS, campaigns.add_policies, [new])
        return version

    async def set_state(self, campaign: CampaignId, state: CampaignState, reason: str, now: datetime) -> CampaignState:
        move = campaigns.Move(campaign, state, reason, now)
        [before] = await self._writer.submit(Rank.CALLS, campaigns.move, [move])
        return before

    async def close_rest(self, campaign: CampaignId, outcome: Outcome, why: str, now: datetime) -> int:
        closing = campaigns.Closing(campaign, outcome, why, now)
        [closed] = await self._writer.submit(Rank.CALLS, campaigns.close_rest, [closing])
        return closed

    async def begin_import(self, new: NewImport) -> ImportId | ImportRecord:
        [left] = await self._writer.submit(Rank.IMPORTS, imports.unfinished, [new.campaign])
        for each in left:
            await self._lighten(each)
        [begun] = await self._writer.submit(Rank.IMPORTS, imports.begin, [new])
        await self._writer.submit(Rank.IMPORTS, make_room, [not isinstance(begun, ImportRecord)])
        return begun

    async def add_lines(self, into: ImportId, found: Sequence[NewLead | Reject]) -> list[LineFate]:
        fates: list[LineFate] = []
        while len(fates) < len(found):
            chunk = lines.Chunk(into, found[len(fates) : len(fates) + self._lines_a_commit])
            [theirs] = await self._writer.submit(Rank.IMPORTS, self._add, [chunk])
            fates += theirs
        return fates

    async def finish_import(self, done: ImportId, now: datetime) -> ImportRecord:
        [finished] = await self._writer.submit(Rank.IMPORTS, imports.finish, [(done, now)])
        await self._writer.submit(Rank.IMPORTS, make_room, [False])
        return finished

    async def discard_import(self, unwanted: ImportId, now: datetime) -> None:
        await self._lighten(unwanted)
        await self._writer.submit(Rank.IMPORTS, imports.discard, [(unwanted, now)])
        await self._writer.submit(Rank.IMPORTS, make_room, [False])

    async def _lighten(self, unwanted: ImportId) -> None:
        left = True
        while left:
            some = (unwanted, self._lines_a_commit)
            [left] = await self._writer.submit(Rank.IMPORTS, imports.lighten, [some])

    async def unload(
        self, campaign: CampaignId, numbers: Sequence[PhoneNumber], why: str, now: datetime
    ) -> list[Unloaded]:
        fates: list[Unloaded] = []
        for start in range(0, len(numbers), NUMBERS_A_COMMIT):
            wanted = unloading.Unloading(campaign, numbers[start : start + NUMBERS_A_COMMIT], why, now)
            [theirs] = await self._writer.submit(Rank.CALLS, self._unload, [wanted])
            fates += theirs
        return fates

    async def claim_due(self, campaign: CampaignId, now: datetime, limit: int) -> list[Reserved]:
        claim = claiming.Claim(campaign, now, limit)
        [reserved] = await self._writer.submit(Rank.CALLS, self._claim_due, [claim])
        return reserved

    async def release(self, given_back: Sequence[Release]) -> list[bool]:
        return await self._writer.submit(Rank.CALLS, claiming.release, given_back)

    async def begin_sending(self, intents: Sequence[Intent]) -> list[Verdict]:
        return await self._writer.submit(Rank.CALLS, dialling.begin_sending, intents)

    async def record(self, happened: Sequence[Happened]) -> list[Recorded]:
        return await self._writer.submit(Rank.CALLS, self._record, happened)

    async def add_details(self, details: Sequence[Details]) -> list[bool]:
        return await self._writer.submit(Rank.CALLS, recording.add_details, details)

    async def note_start(self, found: Start, period: timedelta) -> timedelta:
        [set_ahead] = await self._writer.submit(Rank.CALLS, inbox.note_starts, [(found, period)])
        return set_ahead

    async def note_request(self, account: AccountId, sent_at: datetime) -> int:
        [noted] = await self._writer.submit(Rank.CALLS, inbox.note_requests, [(account, sent_at)])
        return noted

    async def note_allowance(self, account: AccountId, allowance: Allowance) -> None:
        await self._writer.submit(Rank.CALLS, campaigns.note_allowances, [(account, allowance)])

    async def note_answer(self, request: int, at: datetime) -> None:
        await self._writer.submit(Rank.CALLS, inbox.note_answers, [(request, at)])

    async def note_strangers(self, account: AccountId, calls: Sequence[Stranger], now: datetime) -> list[bool]:
        seen = [reconciling.Seen(account, call, now) for call in calls]
        noted: list[bool] = []
        for start in range(0, len(seen), NUMBERS_A_COMMIT):
            part = seen[start : start + NUMBERS_A_COMMIT]
            noted += await self._writer.submit(Rank.CALLS, self._note_strangers, part)
        return noted

    async def adopt(self, account: AccountId, calls: Sequence[ForgottenCall], now: datetime) -> list[bool]:
        found = [reconciling.Adoption(account, call, now) for call in calls]
        return await self._writer.submit(Rank.CALLS, self._adopt, found)

    async def note_reconciled(self, account: AccountId, until: datetime) -> None:
        await self._writer.submit(Rank.CALLS, reconciling.note_reconciled, [(account, until)])

    async def keep_callbacks(self, raw: Sequence[RawCallback]) -> list[CallbackFate]:
        return await self._writer.submit(Rank.CALLBACKS, inbox.keep, raw)

    async def mark_read(self, read: Sequence[InboxId], told: Sequence[Happened], now: datetime) -> list[Recorded]:
        [recorded] = await self._writer.submit(Rank.CALLS, self._mark_read, [inbox.Read(read, told, now)])
        return recorded


@asynccontextmanager
async def opened(file: Path, key: Key, read_policy: ReadPolicy) -> AsyncIterator[Ledger]:
    """The ledger in `file`, whose schema must be there (`store.schema.prepare`) and whose lock must be held."""
    writer = Writer(writing(file))
    try:
        yield Ledger(writer, key, read_policy)
    finally:
        await writer.close()
