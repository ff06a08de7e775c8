"""The process that owns a database: what it can do with a campaign."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from campaign.core.attempt import AttemptId, CallSid, ResolvedBy
from campaign.core.custom_field import columns_used
from campaign.core.events import Accepted, Event, NotPlaced, WrittenOff
from campaign.core.keyed import Key
from campaign.core.lead import CampaignId, CampaignState, Outcome
from campaign.core.lifecycle import FOREIGN
from campaign.core.order import Order
from campaign.core.records import (
    TEST_CALL,
    Account,
    CampaignRecord,
    Happened,
    ImportId,
    ImportRecord,
    NewImport,
    RejectReason,
    Unloaded,
)
from campaign.engine.clock import RealClock
from campaign.engine.loading import Loading, load
from campaign.engine.run import PAUSED_BY_PEOPLE, STOPPED
from campaign.errors import ListError, UsageError
from campaign.intake import Form, Sheet, lines
from campaign.ports import Clock, Provider
from campaign.settings import Loaded, Settings, too_many
from campaign.store import lock
from campaign.store.insight import Books
from campaign.store.ledger import Ledger
from campaign.store.mark import Mark
from campaign.wiring.policy import number_rules, numbers_of, read_policy, sheet_of, stored

STOPPING = {CampaignState.DRAINING, CampaignState.STOPPED}
MARK_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A list that was read into a campaign. `import_id`: to be accepted or discarded; None: it was there already.

    `changed`: those of the known that have other columns here. `rejects`: by reason, the commonest first;
    `passed_over`: so for numbers that cannot be called beside one that can. `shared`: the places of leads that have a
    number in common. `waiting`: leads of the campaign not done before.
    """

    campaign: CampaignId
    import_id: ImportId | None
    lines: int
    new: int
    known: int
    waiting: int
    changed: int = 0
    rejects: Mapping[str, int] = field(default_factory=dict)
    passed_over: Mapping[str, int] = field(default_factory=dict)
    shared: Sequence[Sequence[str]] = ()

    def told(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a person found out: the call's Sid if it was `placed`, else whether it certainly was not."""

    reason: str
    placed: str = ""
    written_off: bool = False

    def event(self, now: datetime) -> Event:
        if self.placed:
            return Accepted(now, CallSid(self.placed), ResolvedBy.OPERATOR, reason=self.reason)
        if self.written_off:
            return WrittenOff(now, self.reason)
        return NotPlaced(now, self.reason, ResolvedBy.OPERATOR)


def by_reason(counted: Counter[RejectReason]) -> dict[str, int]:
    return {str(reason): count for reason, count in counted.most_common()}


def refusal_of(loading: Loading, most: str, sheet: Sheet, *, first_file: bool) -> ListError | None:
    """Why a list is not loaded, if what is rejected of it is more than single mistakes."""
    right = f"Is “{sheet.phone_column}” the right column? --phone-column names another."
    if first_file and not loading.new:
        hint = f"{right} See docs/lists.md."
        return ListError(f"no line can be called: {loading.commonest}.", hint, file=sheet.file_name)
    lines = loading.fates.total()
    if not too_many(loading.rejects, lines, most):
        return None
    mend = "Mend them (docs/lists.md says how), or leave them out: --accept-rejects."
    return ListError(
        f"{loading.rejects} of {lines} lines cannot be called, [list] max_rejects is {most}: {loading.commonest}.",
        f"{right} If it is: {mend[0].lower()}{mend[1:]}" if 2 * loading.rejects > lines else mend,
        file=sheet.file_name,
    )


class House:
    """The process that owns a database, with everything a campaign needs. Make it with `owning`."""

    def __init__(
        self, *, store: Ledger, books: Books, clock: Clock, key: Key, loaded: Loaded, account: Account, made: bool,
        held: lock.Lock | None, provider: Provider | None, mark: Mark | None
    ) -> None:  # fmt: skip
        """`held`: None for a rehearsal, of which nothing is kept and nobody else knows."""
        self.store, self.books, self.clock, self.key = store, books, clock, key
        self.loaded, self.account, self.made, self.forgetful = loaded, account, made, False
        self.held, self.provider, self._mark = held, provider, mark
        self._resolving = asyncio.Lock()

    async def look_back(self) -> None:
        """Whether this database is an older copy of itself, or another machine's; if not, how far it has come."""
        if self._mark:
            last = await self.books.last_event()
            self.forgetful = self.forgetful or self._mark.is_behind(last)
            if not self.forgetful:
                self._mark.set(last)

    def since(self, campaign: CampaignRecord) -> datetime:
        """From when on the provider's list is read first: what was forgotten may be older than the campaign."""
        first_used = self._mark.first_used if self._mark and self.forgetful else campaign.created_at
        return min(first_used, campaign.created_at)

    async def forgotten(self) -> timedelta | None:
        """How long calls may last that this database does not know of; None where it knows them all."""
        if not self.forgetful:
            return None
        return max(read_policy(each.settings).longest_call for each in await self.books.campaigns())

    async def remember(self) -> None:
        """The provider was asked for what this database had forgotten."""
        self.forgetful = False
        if self._mark:
            self._mark.set(await self.books.last_event())

    async def find(self, name: str) -> CampaignRecord | None:
        return next((each for each in await self.books.campaigns() if each.name == name), None)

    async def open(self, name: str, settings: Settings) -> CampaignRecord:
        """The campaign, new or not. Raises UsageError if it belongs to another account, or may not be called so."""
        if name.startswith(TEST_CALL):
            raise UsageError(f"“{name}” is the name of a test call.", "Give the campaign another with --name.")
        tables = settings.model_dump(mode="json")
        campaign = await self.store.open_campaign(name, self.account, tables, self.clock.now())
        self.ours(campaign)
        return campaign

    async def renew(self, campaign: CampaignRecord, settings: Settings) -> CampaignRecord:
        """The campaign under these settings: a new policy version where they differ.

        Raises UsageError when CustomField needs a column that a list already loaded does not have.
        """
        for file in await self.books.imports(campaign.id):
            if missing := set(columns_used(settings.provider.custom_field)) - set(file.header):
                raise UsageError(
                    f"provider.custom_field uses {', '.join(sorted(missing))}, which {file.file_name} does not have.",
                    "Leave it out, or give that list its own campaign.",
                )
        await self.store.add_policy(campaign.id, settings.model_dump(mode="json"), self.clock.now())
        found = await self.find(campaign.name)
        assert found is not None, "a campaign does not vanish"
        return found

    async def take_in(
        self,
        file: Path,
        name: str,
        settings: Settings,
        form: Form,
        progress: Callable[[int], None] | None = None,
        *,
        accept_rejects: bool = False,
        giving_up: Callable[[], None] | None = None,
    ) -> TakenIn:
        """Read a list into the campaign of that name, new or not; nothing of it is visible until it is accepted.

        `form`: what was said of this file; `progress` is told the bytes read so far, `giving_up` is called where what
        was loaded is taken away again.
        Raises UsageError for a campaign that was stopped, ListError where the list cannot be read, or too many of its
        lines cannot be called; then nothing of it stays.
        """
        before = await self.find(name)
        if before and before.state in STOPPING:
            raise UsageError(
                f"The campaign {name} was stopped for good.", "Give the list a campaign of another --name."
            )
        sheet = sheet_of(file, stored(before) if before else settings, form)
        campaign = before or await self.open(name, settings)
        tally, first_file = await self.books.tally(campaign.id), not await self.books.imports(campaign.id)
        found = stored(campaign)
        of_file = sheet.file_name, sheet.sha256, sheet.header, sheet.phone_column
        new = NewImport(campaign.id, *of_file, self.clock.now(), Order(found.list.order))
        read = lines(sheet, rules=number_rules(found), progress=progress)
        loading = await load(self.store, new, read, found.provider.custom_field, giving_up)
        if isinstance(loading, ImportRecord):
            return TakenIn(campaign.id, None, loading.lines, 0, loading.lines, tally.left)
        most = "100%" if accept_rejects else found.list.max_rejects
        if refusal := refusal_of(loading, most, sheet, first_file=first_file):
            if giving_up:
                giving_up()
            await self.store.discard_import(loading.id, self.clock.now())
            raise refusal
        return TakenIn(
            campaign.id,
            loading.id,
            loading.fates.total(),
            loading.new,
            loading.known,
            tally.left,
            changed=loading.changed,
            rejects=by_reason(loading.reasons),
            passed_over=by_reason(loading.passed_over),
            shared=await self._shared(loading.id) if len(found.list.columns) > 1 else (),
        )

    async def _shared(self, of: ImportId) -> list[list[str]]:
        return [
            [f"line {line} of {file}" for file, line in each.places] for each in await self.books.shared_numbers(of)
        ]

    async def accept(self, taken: ImportId) -> None:
        await self.store.finish_import(taken, self.clock.now())

    async def discard(self, taken: ImportId) -> None:
        await self.store.discard_import(taken, self.clock.now())

    async def unload(self, campaign: CampaignRecord, file: Path, form: Form) -> Counter[Unloaded]:
        """Who is on this list and was never called will not be. Raises ListError where it cannot be read."""
        counted: Counter[Unloaded] = Counter()
        numbers, why = numbers_of(file, stored(campaign), form), f"unloaded with {file.name}"
        while (chunk := await asyncio.to_thread(next, numbers, None)) is not None:
            counted.update(await self.store.unload(campaign.id, chunk, why, self.clock.now()))
        return counted

    async def pause(self, campaign: CampaignId) -> None:
        """With nobody dialling, the ledger's word is enough."""
        await self.store.set_state(campaign, CampaignState.PAUSED, PAUSED_BY_PEOPLE, self.clock.now())

    async def resolve(self, campaign: CampaignId, attempt: AttemptId, resolution: Resolution) -> None:
        """A person's word on an attempt that is held. Raises UsageError when it is not, or not any more."""
        async with self._resolving:  # of two people only the first is heard: after that the call may be a live one
            why = "the call is not in doubt any more"
            if attempt in [each.call.attempt.id for each in await self.books.held(campaign)]:
                [recorded] = await self.store.record([Happened(attempt, resolution.event(self.clock.now()))])
                if not recorded.kept:
                    return
                why = "that Sid is another attempt's call" if recorded.kept == FOREIGN else why
        raise UsageError(f"Nothing was changed: {why}.", "`campaign unknown list` has what is still open.")

    async def stop(self, campaign: CampaignId) -> int:
        """For good. Calls that were alive when their owner died are settled by the next `resume`."""
        now = self.clock.now()
        [account] = [each.account_id for each in await self.books.campaigns() if each.id == campaign]
        alive = [call for call in await self.books.live_calls(account) if call.campaign == campaign]
        await self.store.set_state(campaign, CampaignState.DRAINING, STOPPED, now)
        closed = await self.store.close_rest(campaign, Outcome.CANCELED, STOPPED, now)
        if not alive:
            await self.store.set_state(campaign, CampaignState.STOPPED, STOPPED, now)
        return closed

    async def keep_mark(self) -> None:
        """For ever, while calls are made: a copy taken now will know that it is one."""
        clock = RealClock()
        while True:
            await self.look_back()
            await clock.wait(clock.now() + MARK_EVERY)

    def ours(self, campaign: CampaignRecord) -> None:
        theirs = campaign.account
        if theirs != self.account:
            whose = "the simulator" if theirs.simulated else f"the account {theirs.account_sid} at {theirs.base_url}"
            raise UsageError(
                f"The campaign {campaign.name} belongs to {whose}, not to the account in your settings.",
                "Use that account's settings, or give this campaign another --name.",
            )
