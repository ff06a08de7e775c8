"""One campaign, from its first call to its end: which tasks run, when it is over, and in which order it stops.

Stopping: no lead is claimed any more; what waits for its turn is given back; what is on its way is answered and
recorded; calls alive are waited for, at most until their latest end; then the tasks are cancelled.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from campaign.core.attempt import AttemptState
from campaign.core.keyed import Key
from campaign.core.lead import CampaignState, Outcome
from campaign.core.pace import Pace, Why
from campaign.core.records import LiveCall, Recorded
from campaign.engine.callbacks import Callbacks
from campaign.engine.channels import Channels
from campaign.engine.details import DetailsFetcher
from campaign.engine.dialer import Dialer, Orders
from campaign.engine.enquiry import Enquiry
from campaign.engine.feed import Feed, Pulse
from campaign.engine.pacer import Pacer
from campaign.engine.queue import InProcessQueue
from campaign.engine.recovery import Recovery
from campaign.engine.tasks import nursery
from campaign.ports import Bell, Clock, Insight, Provider, Store

WORKERS = 64
STOPPED = "the campaign was stopped"
PAUSED_BY_PEOPLE = "paused by its people"


class Ending(StrEnum):
    """How a run ended."""

    DONE = "done"
    IN_DOUBT = "in doubt"
    PAUSED = "paused"
    STOPPED = "stopped"
    ACCOUNT = "account refused"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Wait:
    """Not over: look again at `until`, or when something changes."""

    until: datetime | None


class Run:
    """Everything that one campaign's run needs, wired together inside the engine."""

    def __init__(
        self, orders: Orders, *, store: Store, insight: Insight, provider: Provider, clock: Clock, key: Key
    ) -> None:
        self.orders, self.store, self.insight, self.clock = orders, store, insight, clock
        self.feed = Feed()
        self.bell = self.feed.listen()
        policy, campaign = orders.policy, orders.campaign
        self.pacer = Pacer(Pace(policy.rate), clock)
        self.channels = Channels(policy.channels, policy.longest_call, clock)
        self.dialer = Dialer(
            orders,
            store=store,
            insight=insight,
            provider=provider,
            queue=InProcessQueue(),
            pacer=self.pacer,
            channels=self.channels,
            clock=clock,
            feed=self.feed,
        )
        enquiry = Enquiry(
            campaign.account_id,
            store=store,
            provider=provider,
            pacer=self.pacer,
            clock=clock,
            heed=lambda refused: self.dialer.heed(refused, clock.now()),
        )
        self.recovery = Recovery(
            policy,
            store=store,
            insight=insight,
            enquiry=enquiry,
            clock=clock,
            feed=self.feed,
            settled=self._settled,
        )
        self.callbacks = Callbacks(
            key=key,
            store=store,
            insight=insight,
            provider=provider,
            clock=clock,
            feed=self.feed,
            settled=self._settled,
            ask=self.recovery.ask,
        )
        self.details = DetailsFetcher(
            campaign.id, policy, store=store, insight=insight, enquiry=enquiry, feed=self.feed
        )
        self._interrupted = False
        self._at_once = asyncio.Event()

    async def go(self) -> Ending:
        """Run to the end. Raises CampaignError when the database cannot be written."""
        async with nursery() as group:
            running = group.create_task(self._from_start_to_end(), name="run")
            leaving = group.create_task(self._at_once.wait(), name="second interrupt")
            await asyncio.wait((running, leaving), return_when=asyncio.FIRST_COMPLETED)
            running.cancel()
            leaving.cancel()
        return Ending.INTERRUPTED if running.cancelled() else running.result()

    async def _from_start_to_end(self) -> Ending:
        async with nursery() as group:
            tasks = [group.create_task(self.pacer.run(), name="pacer")]
            await self._start()
            tasks += [group.create_task(each, name=name) for name, each in self._loops()]
            ending = await self._until_over()
            for task in tasks:
                task.cancel()
        return ending

    def interrupt(self) -> None:
        """First: no new call, and wait for those alive. Second: leave at once."""
        if self._interrupted:
            self._at_once.set()
        self._interrupted = True
        self.feed.changed()

    async def pause(self) -> None:
        """Returns once every request that was committed to be sent has left."""
        await self._halt(CampaignState.PAUSED, PAUSED_BY_PEOPLE)

    async def stop(self) -> int:
        """For good; how many leads will not be called."""
        campaign = self.orders.campaign.id
        await self._halt(CampaignState.DRAINING, STOPPED)
        closed = await self.store.close_rest(campaign, Outcome.CANCELED, STOPPED, self.clock.now())
        self.feed.changed()
        return closed

    async def pulse(self) -> Pulse:
        """One look, for whoever shows it."""
        now = self.clock.now()
        saying, until = self.feed.said(now), self.feed.until
        waits = self.pacer.waits_for
        if not saying and waits and waits.why in (Why.ASKED, Why.NO_CONNECTION):
            saying, until = waits.why, waits.until
        tally = await self.insight.tally(self.orders.campaign.id)
        return Pulse(now, tally, self.pacer.pace.used, saying, until)

    async def _start(self) -> None:
        now, campaign = self.clock.now(), self.orders.campaign
        self.pacer.pace.restore(
            await self.insight.recent_requests(campaign.account_id, now - self.orders.policy.rate.period), now
        )
        for call in await self.insight.live_calls():
            self.channels.take(call.attempt.id, call.attempt.latest_end or now)
        nobody_waits = await self.insight.next_due(campaign.id) is None  # its list may have grown
        self.details.late = campaign.state is CampaignState.COMPLETED and nobody_waits
        if campaign.state is not CampaignState.DRAINING:  # what was stopped for good only drains
            await self.store.set_state(campaign.id, CampaignState.RUNNING, "", now)
        await self.callbacks.step(now)
        await self.recovery.first(now)

    def _loops(self) -> list[tuple[str, Coroutine[None, None, None]]]:
        steps: list[Stepping] = [self.dialer, self.callbacks, self.recovery, self.details]
        loops = [(type(each).__name__, _repeat(each, self.clock)) for each in steps]
        workers = min(WORKERS, self.orders.policy.channels)
        return loops + [(f"worker {number}", self.dialer.work()) for number in range(workers)]

    async def _until_over(self) -> Ending:
        while True:
            match await self.step(self.clock.now()):
                case Ending() as ending:
                    return ending
                case Wait(until):
                    await self.clock.wait(until, self.bell)

    async def step(self, now: datetime) -> Ending | Wait:
        """Whether the run is over, and how."""
        if halt := await self._halting():
            return await self._drain(halt, now)
        live = await self._live()
        tally = await self.insight.tally(self.orders.campaign.id)
        if not tally.finished:
            return await self._limited(now) if self.dialer.used_up and not self._in_flight(live, now) else Wait(None)
        undecided = [each for each in live if (end := self._given_up_at(each)) and end > now]
        missing = await self.details.missing(now)
        if undecided or missing:
            return self._settling(undecided, missing)
        return await self._finish(bool(tally.held), now)

    async def _halting(self) -> Ending | None:
        """Why nothing new is dialled any more, if so."""
        if self._interrupted:
            return Ending.INTERRUPTED
        state = await self._state()
        if state is CampaignState.PAUSED:
            return Ending.ACCOUNT if self.feed.account_refused else Ending.PAUSED
        if state is CampaignState.DRAINING:
            return Ending.STOPPED
        return None

    async def _limited(self, now: datetime) -> Ending | Wait:
        await self._halt(CampaignState.PAUSED, f"the limit of {self.orders.limit} leads was reached")
        return await self._drain(Ending.PAUSED, now)

    async def _drain(self, ending: Ending, now: datetime) -> Ending | Wait:
        await self.dialer.stop()
        alive = [each.attempt.latest_end for each in await self._live() if each.attempt.latest_end]
        alive = [end for end in alive if end > now]
        if alive:
            self.feed.say(f"no new calls; waiting for {len(alive)} to end, at the latest", max(alive))
            return Wait(min(alive))
        if ending is Ending.STOPPED:
            await self.store.set_state(self.orders.campaign.id, CampaignState.STOPPED, STOPPED, now)
        return ending

    def _settling(self, undecided: list[LiveCall], missing: list[LiveCall]) -> Wait:
        ends = [end for each in undecided if (end := self._given_up_at(each))]
        ends += [each.attempt.ended_at + self.orders.policy.details_for for each in missing if each.attempt.ended_at]
        what = f"settling {len(undecided)} in doubt" if undecided else f"waiting for {len(missing)} prices"
        self.feed.say(f"all calls made; {what}, at the latest", max(ends))
        return Wait(None if self.details.late else min(ends))

    async def _finish(self, held: bool, now: datetime) -> Ending:
        if held:
            await self._halt(CampaignState.PAUSED, "nothing left to dial, some calls in doubt")
            return Ending.IN_DOUBT
        await self.store.set_state(self.orders.campaign.id, CampaignState.COMPLETED, "every lead is done", now)
        return Ending.DONE

    async def _halt(self, state: CampaignState, reason: str) -> None:
        await self.store.set_state(self.orders.campaign.id, state, reason, self.clock.now())
        await self.dialer.stop()
        self.feed.changed()

    async def _state(self) -> CampaignState:
        return next(each.state for each in await self.insight.campaigns() if each.id == self.orders.campaign.id)

    async def _live(self) -> list[LiveCall]:
        return [each for each in await self.insight.live_calls() if each.campaign == self.orders.campaign.id]

    def _in_flight(self, live: list[LiveCall], now: datetime) -> bool:
        """Something is on its way, or its end may still be told."""
        return self.dialer.dialling or any(
            each.attempt.state is not AttemptState.UNKNOWN and (self._given_up_at(each) or now) > now for each in live
        )

    def _given_up_at(self, call: LiveCall) -> datetime | None:
        end = call.attempt.latest_end
        return end + self.orders.policy.settle_for if end else None

    def _settled(self, recorded: Recorded) -> None:
        if not recorded.attempt.alive:
            self.channels.leave(recorded.attempt.id)


class Stepping(Protocol):
    """A part whose logic is a step, and whose loop is this room's."""

    bell: Bell

    async def step(self, now: datetime) -> datetime | None: ...


async def _repeat(part: Stepping, clock: Clock) -> None:
    while True:
        again = await part.step(clock.now())
        await clock.wait(again, part.bell)
