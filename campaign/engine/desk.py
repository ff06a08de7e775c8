"""One account's desk: what all campaigns that are dialled through it share, and the loops that serve them.

One rate and one set of channels, however many campaigns; callbacks, silence, doubts and the provider's list are looked
after for every attempt in the ledger, whichever campaign made it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from campaign.core.attempt import Refusal
from campaign.core.events import Refused
from campaign.core.keyed import Key
from campaign.core.pace import Pace, Why
from campaign.core.policy import Policy
from campaign.core.records import AccountId, Recorded
from campaign.engine.callbacks import Callbacks
from campaign.engine.channels import Channels
from campaign.engine.doubts import Doubts
from campaign.engine.enquiry import Enquiry
from campaign.engine.feed import Feed, News
from campaign.engine.pacer import Pacer, Rank
from campaign.engine.reconcile import Reconciliation
from campaign.engine.recovery import Recovery
from campaign.engine.shared import Shared
from campaign.engine.tasks import nursery
from campaign.ports import Bell, Clock, Insight, Provider, Store

RECALL_EVERY = timedelta(minutes=1)
RECALLING = "this database is an older copy: calls it does not know of must be over and listed first; dialling from"
NO_CONNECTION_WAIT = timedelta(seconds=30)


class Stepping(Protocol):
    """A part whose logic is a step, and whose loop is this room's."""

    bell: Bell

    async def step(self, now: datetime) -> datetime | None: ...


async def repeat(part: Stepping, clock: Clock) -> None:
    """The loop of a part: a step, and a wait until it wants to be asked again."""
    while True:
        again = await part.step(clock.now())
        await clock.wait(again, part.bell)


class Desk:
    """`policy`: whose rate, channels and time-outs are the account's. `since`: when the account was first used.

    `forgotten`: the database is older than what is known of it, and so long may a call last that it has forgotten; the
    provider is asked for them before anything is dialled.
    """

    def __init__(
        self,
        account: AccountId,
        policy: Policy,
        since: datetime,
        *,
        store: Store,
        insight: Insight,
        provider: Provider,
        clock: Clock,
        key: Key,
        forgotten: timedelta | None = None,
    ) -> None:
        self.account, self.policy = account, policy
        self.store, self.insight, self.provider, self.clock = store, insight, provider, clock
        self.feed = Feed()
        self.pacer = Pacer(Pace(policy.rate, policy.ramp), clock, policy.look_up_share, policy.breaker)
        self.channels = Channels(policy.channels, policy.longest_call, clock)
        self.enquiry = Enquiry(
            account,
            policy.provider_zone,
            store=store,
            insight=insight,
            provider=provider,
            pacer=self.pacer,
            clock=clock,
            heed=self.heed,
        )
        shared = Shared(account, policy, store, insight, self.enquiry, clock, self.feed, self._settled)
        self.recovery = Recovery(shared)
        self.callbacks = Callbacks(shared, key, provider, self.recovery.ask)
        self.doubts = Doubts(shared)
        self.reconciliation = Reconciliation(shared, since, forgotten=forgotten)
        self.callers_out: set[str] = set()
        """Caller ids that the provider refuses; the next process tries them again."""
        self.leaving = asyncio.Event()
        self._hurry: Bell = asyncio.Event()
        self._refused: list[Callable[[str], Awaitable[None]]] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator[asyncio.TaskGroup]:
        """What an earlier process left is taken up, then the loops serve until the block ends.

        Raises CampaignError out of the block when the database cannot be written.
        """
        async with nursery() as group:
            tasks = [group.create_task(self.pacer.run(), name="pacer")]
            await self._take_up()
            parts: list[Stepping] = [self.callbacks, self.recovery, self.doubts, self.reconciliation]
            tasks += [group.create_task(repeat(each, self.clock), name=type(each).__name__) for each in parts]
            yield group
            for task in tasks:
                task.cancel()

    def leave(self) -> None:
        """Nothing new is begun here any more."""
        self.leaving.set()
        self._hurry.set()
        self.feed.changed(News.LEADS)

    def when_refused(self, tell: Callable[[str], Awaitable[None]]) -> None:
        """Who must hear that the provider refuses the account, and why."""
        self._refused.append(tell)

    async def heed(self, refused: Refused, caller_id: str = "", policy: Policy | None = None) -> None:
        """What a refusal means for everybody. `caller_id`: of the call that was refused, from the pool of `policy`."""
        now = self.clock.now()
        match refused.refusal:
            case Refusal.CALLER_ID if (policy or self.policy).without({*self.callers_out, caller_id}).callers:
                self.callers_out.add(caller_id)
                self.feed.say(f"the provider refuses {caller_id} as a caller id; going on without it", None)
            case Refusal.LATER:
                wait = refused.retry_after
                until = now + (self.policy.rate.period if wait is None else timedelta(seconds=wait))
                self.pacer.refused(until)
                await self.store.note_allowance(self.account, self.pacer.allowance)
                self.feed.say("the provider asked us to slow down; going on", until)
            case Refusal.NO_CONNECTION:
                until = now + NO_CONNECTION_WAIT
                self.pacer.pause(until, Why.NO_CONNECTION)
                self.feed.say("no connection to the provider; trying again", until)
            case Refusal.ACCOUNT | Refusal.CALLER_ID:
                self.feed.account_refused = refused.reason
                for tell in self._refused:
                    await tell(refused.reason)

    async def listen(self) -> None:
        """What the provider's last answer told of the account's limit is obeyed from now on."""
        told = self.provider.limit
        if told and told != self.pacer.pace.allowance.told:
            self.pacer.pace.allowance = replace(self.pacer.pace.allowance, told=told)
            await self.store.note_allowance(self.account, self.pacer.allowance)

    async def _take_up(self) -> None:
        now = self.clock.now()
        await self.pacer.take_up(self.account, self.store, self.insight)
        for call in await self.insight.live_calls(self.account):
            self.channels.take(call.attempt.id, call.attempt.latest_end or now)
        await self.callbacks.step(now)
        await self.recovery.first(now)
        while self.reconciliation.forgetful and not self.leaving.is_set():
            await self._recall()

    async def _recall(self) -> None:
        """Enter what an older copy of the database has forgotten; while there may be more of it nobody is dialled."""
        if not await self.reconciliation.compare(Rank.LOOK_UP):
            again = self.clock.now() + RECALL_EVERY
            self.feed.say("this database is an older copy, and the provider cannot be asked; trying again", again)
            await self.clock.wait(again, self._hurry)
        elif self.reconciliation.forgetful:
            again = self.reconciliation.whole_at
            self.feed.say(RECALLING, again)
            await self.clock.wait(again, self._hurry)

    def _settled(self, recorded: Recorded) -> None:
        if not recorded.attempt.alive:
            self.channels.leave(recorded.attempt.id)
