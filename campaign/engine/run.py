"""One campaign at the account's desk, from its first call to its end: when it is over, and in which order it stops.

Stopping: no lead is claimed any more; what waits for its turn is given back; what is on its way is answered and
recorded; calls alive are waited for, at most until their latest end; then its tasks are cancelled.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from campaign.core.attempt import AttemptState
from campaign.core.lead import CampaignState, Outcome
from campaign.core.pace import Why
from campaign.core.records import CampaignRecord, LiveCall
from campaign.core.window import Shut
from campaign.engine.desk import Desk, repeat
from campaign.engine.details import DetailsFetcher
from campaign.engine.dialer import Dialer, Orders
from campaign.engine.feed import News, Pulse
from campaign.engine.foresight import Foresight
from campaign.engine.pacer import Rank
from campaign.engine.purse import Purse
from campaign.engine.queue import InProcessQueue

WORKERS = 64
STOPPED = "the campaign was stopped"
PAUSED_BY_PEOPLE = "paused by its people"
NOTHING_LEFT = "nothing left to dial, some calls in doubt"
REFUSED = "account refused: "


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
    """One campaign being dialled. `go` inside the desk's block."""

    def __init__(self, orders: Orders, desk: Desk) -> None:
        self.orders, self.desk = orders, desk
        self.store, self.insight, self.clock, self.feed = desk.store, desk.insight, desk.clock, desk.feed
        self.bell = desk.feed.listen(*News)
        self.dialer = Dialer(orders, desk, InProcessQueue())
        self.details = DetailsFetcher(
            orders.campaign.id,
            orders.policy,
            store=desk.store,
            insight=desk.insight,
            enquiry=desk.enquiry,
            feed=desk.feed,
        )
        self._foresight = Foresight(orders.campaign.id, orders.policy, desk.insight, desk.clock)
        least = Decimal() if orders.campaign.test_call else orders.policy.min_balance
        self.purse = Purse(least, desk.enquiry, desk.feed, self._too_little)
        desk.when_refused(self._refused)
        self._interrupted = False
        self._compared = False
        self._note = ""

    async def go(self, group: asyncio.TaskGroup) -> Ending:
        """Run to the end, with tasks in the desk's group."""
        await self._start()
        workers = min(WORKERS, self.orders.policy.channels)
        tasks = [group.create_task(self.dialer.work(), name=f"worker {number}") for number in range(workers)]
        tasks += [group.create_task(repeat(each, self.clock)) for each in (self.dialer, self.details, self.purse)]
        try:
            return await self._until_over()
        finally:
            for task in tasks:
                task.cancel()

    def interrupt(self) -> None:
        """No new call; the run ends when those alive have, or at their latest end."""
        self._interrupted = True
        self.feed.changed(News.LEADS)

    async def pause(self) -> None:
        """Returns once every request that was committed to be sent has left."""
        await self._halt(CampaignState.PAUSED, PAUSED_BY_PEOPLE)

    async def stop(self) -> int:
        """For good; how many leads will not be called."""
        campaign = self.orders.campaign.id
        await self._halt(CampaignState.DRAINING, STOPPED)
        closed = await self.store.close_rest(campaign, Outcome.CANCELED, STOPPED, self.clock.now())
        self.feed.changed(News.LEADS)
        return closed

    async def pulse(self) -> Pulse:
        """One look, for whoever shows it."""
        now = self.clock.now()
        saying = self.feed.said(now)
        until = self.feed.until if saying else None
        waits = self.desk.pacer.waits_for
        if not saying and waits and waits.why in (Why.ASKED, Why.NO_CONNECTION, Why.TROUBLE):
            saying, until = waits.why, waits.until
        whole_at = self.desk.pacer.allowance.whole_at(self.desk.policy.rate.period)
        if not saying and whole_at and whole_at > now:
            saying, until = f"slower after too many requests: {self.desk.pacer.rate}, all of the rate again", whole_at
        if not saying and (rising := self.desk.pacer.rising_until):
            saying, until = f"the rate rises: {self.desk.pacer.rate}, all of it", rising
        tally = await self.insight.tally(self.orders.campaign.id)
        opening = self.orders.policy.window.at(now, self.orders.policy.ring_timeout)
        if isinstance(opening, Shut) and not tally.finished and until is None:
            saying, until = f"{opening.why}: calling goes on", opening.until
        expected = await self._foresight.look(tally, now)
        return Pulse(now, tally, self.desk.pacer.pace.used, saying, until, expected, self._note)

    async def _start(self) -> None:
        campaign = self.orders.campaign
        nobody_waits = await self.insight.next_due(campaign.id) is None  # its list may have grown
        self.details.late = campaign.state is CampaignState.COMPLETED and nobody_waits
        if not nobody_waits:
            await self.purse.step(self.clock.now())
        now_paused = (await self._campaign()).state is CampaignState.PAUSED is not campaign.state
        if not self.dialer.stopped and not now_paused:  # a pause that came first stands
            await self.store.set_state(campaign.id, CampaignState.RUNNING, "", self.clock.now())
        if self.orders.policy.canary and not campaign.tried_out and not campaign.test_call:
            self.feed.say(f"the first {self.orders.policy.canary} calls show whether it goes on", None)

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
        if not self.dialer.used_up and await self.insight.next_due(self.orders.campaign.id):
            return Wait(None)
        live = await self._live()
        tally = await self.insight.tally(self.orders.campaign.id)
        if not tally.finished:
            return await self._limited(now) if self.dialer.used_up and not self._in_flight(live, now) else Wait(None)
        undecided = [each for each in live if (end := self._given_up_at(each)) and end > now]
        missing = await self.details.missing(now)
        if undecided or missing:
            return self._settling(undecided, missing)
        if not self._compared:
            self._compared = True
            await self.desk.doubts.step(now)  # one that is overdue may be settled yet
            await self.desk.reconciliation.compare(Rank.DETAILS)
            return Wait(now)
        return await self._finish(bool(tally.held), now)

    async def _halting(self) -> Ending | None:
        """Why nothing new is dialled any more, if so."""
        if self._interrupted:
            return Ending.INTERRUPTED
        campaign = await self._campaign()
        state = campaign.state
        if state is CampaignState.RUNNING and campaign.reason not in ("", self._note):
            self._note = campaign.reason
            self.feed.say("", None)
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
            await self._close(now)
        return ending

    async def _close(self, now: datetime) -> None:
        """For good: nobody takes this campaign up again, so what is still open is asked for once, then held."""
        campaign = self.orders.campaign.id
        await self.desk.recovery.settle(campaign)
        await self.store.close_rest(campaign, Outcome.CANCELED, STOPPED, now)
        await self.store.set_state(campaign, CampaignState.STOPPED, STOPPED, now)

    def _settling(self, undecided: list[LiveCall], missing: list[LiveCall]) -> Wait:
        ends = [end for each in undecided if (end := self._given_up_at(each))]
        ends += [each.attempt.ended_at + self.orders.policy.details_for for each in missing if each.attempt.ended_at]
        what = f"settling {len(undecided)} in doubt" if undecided else f"prices still to come: {len(missing)}"
        self.feed.say(f"all calls made; {what}, at the latest", max(ends))
        return Wait(None if self.details.late else min(ends))

    async def _finish(self, held: bool, now: datetime) -> Ending:
        if held:
            await self._halt(CampaignState.PAUSED, NOTHING_LEFT)
            return Ending.IN_DOUBT
        await self.store.set_state(self.orders.campaign.id, CampaignState.COMPLETED, "every lead is done", now)
        return Ending.DONE

    async def _halt(self, state: CampaignState, reason: str) -> None:
        await self.store.set_state(self.orders.campaign.id, state, reason, self.clock.now())
        await self.dialer.stop()
        self.feed.changed(News.LEADS)

    async def _refused(self, reason: str) -> None:
        """Nothing more is sent, and the campaign waits for its people."""
        halted = self.dialer.stopped
        self.dialer.forbid()
        if not halted:  # what its people decided stands
            refused = f"{REFUSED}{reason}"
            await self.store.set_state(self.orders.campaign.id, CampaignState.PAUSED, refused, self.clock.now())
        self.feed.changed(News.LEADS)

    async def _too_little(self, why: str) -> None:
        """In the account, to go on; what its people decided stands."""
        if not self.dialer.stopped:
            await self._halt(CampaignState.PAUSED, why)

    async def _campaign(self) -> CampaignRecord:
        return next(each for each in await self.insight.campaigns() if each.id == self.orders.campaign.id)

    async def _live(self) -> list[LiveCall]:
        account = self.orders.campaign.account_id
        return [each for each in await self.insight.live_calls(account) if each.campaign == self.orders.campaign.id]

    def _in_flight(self, live: list[LiveCall], now: datetime) -> bool:
        """Something is on its way, or its end may still be told."""
        return self.dialer.dialling or any(
            each.attempt.state is not AttemptState.UNKNOWN and (self._given_up_at(each) or now) > now for each in live
        )

    def _given_up_at(self, call: LiveCall) -> datetime | None:
        end = call.attempt.latest_end
        return end + self.orders.policy.settle_for if end else None
