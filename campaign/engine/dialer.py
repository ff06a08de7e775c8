"""From a lead that is due to a request that has left: claim, channel, place in the rate, commit, send, record."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from campaign.core.attempt import NEVER_LEFT, AttemptState
from campaign.core.call import Placement
from campaign.core.custom_field import fill
from campaign.core.events import InDoubt, Refused
from campaign.core.guard import Finish, HoldBack, Park, Send
from campaign.core.guard import Why as Held
from campaign.core.keyed import PublicId
from campaign.core.lead import Outcome
from campaign.core.policy import Policy
from campaign.core.records import CampaignRecord, Happened, Intent, Release, Reserved
from campaign.core.retry import Retry
from campaign.core.window import Over, Shut
from campaign.engine.desk import Desk
from campaign.engine.feed import News
from campaign.engine.pacer import Place, Rank
from campaign.engine.tasks import TurnedAway
from campaign.ports import Queue

SEND_WITHIN = 2.0  # real seconds from the commit to the first byte
ASK_AGAIN = timedelta(seconds=5)
BUSY = {Held.CHANNELS, Held.CALLER}
NEXT = "next in line"
LOW_WATER, HIGH_WATER = 50, 200


@dataclass(frozen=True, slots=True)
class Orders:
    """One campaign as the engine dials it. `address_of`: where callbacks of an attempt go; None: none are asked for."""

    campaign: CampaignRecord
    policy: Policy
    version: int
    address_of: Callable[[PublicId], str] | None
    limit: int | None = None


class Dialer:
    """`step` claims, `work` dials; `stop` makes sure that nothing leaves any more."""

    def __init__(self, orders: Orders, desk: Desk, queue: Queue) -> None:
        self.orders, self.queue = orders, queue
        self.store, self.insight, self.provider, self.clock = desk.store, desk.insight, desk.provider, desk.clock
        self.pacer, self.channels, self.feed = desk.pacer, desk.channels, desk.feed
        self._heed, self._listen, self._callers_out = desk.heed, desk.listen, desk.callers_out
        self.bell = self.feed.listen(News.ENDED, News.LEADS)
        self.stopped = False
        self._left = orders.limit
        self._dialling = 0
        self._claiming = asyncio.Lock()
        self._quiet = asyncio.Event()
        self._quiet.set()

    @property
    def used_up(self) -> bool:
        """`--limit` leads have been taken."""
        return self._left == 0

    @property
    def dialling(self) -> bool:
        """An attempt is in a worker's hands, or next in line."""
        return self._dialling > 0 or len(self.queue) > 0

    async def stop(self) -> None:
        """No new call. Returns once every request that was committed to be sent has left and was answered."""
        self.forbid()
        async with self._claiming:  # what is just being claimed is in hand too
            await self._give_back(self.queue.drain(), None, NEXT)
        await self._quiet.wait()

    def forbid(self) -> None:
        """No new call; whoever waits for a channel or a place gives its reservation back."""
        self.stopped = True
        self.channels.turn_away(self)
        self.pacer.turn_away(self)

    async def step(self, now: datetime) -> datetime | None:
        """Fill the queue with leads that are due; when to come back, None: when the bell rings."""
        policy, campaign = self.orders.policy, self.orders.campaign
        if self.stopped or self.used_up or len(self.queue) > LOW_WATER:
            return None
        match policy.window.at(now, policy.ring_timeout):
            case Shut(until):
                return until
            case Over(why):
                if await self.store.close_rest(campaign.id, Outcome.EXPIRED, why, now):
                    self.feed.changed(News.LEADS)
                return None
        due = await self.insight.next_due(campaign.id)
        if due is None or due > now:
            return due
        if not await self._claim(now):  # the first calls are waited for
            return now + ASK_AGAIN
        return None if len(self.queue) > LOW_WATER else now

    async def _claim(self, now: datetime) -> int:
        wanted = HIGH_WATER - len(self.queue)
        async with self._claiming:
            if self.stopped:
                return 0
            claimed = await self.store.claim_due(self.orders.campaign.id, now, min(wanted, self._left or wanted))
            self._count(-len(claimed))
            for reserved in claimed:
                await self.queue.put(reserved)
        return len(claimed)

    async def work(self) -> None:
        """One worker, for ever."""
        while True:
            reserved = await self.queue.get()
            if len(self.queue) == LOW_WATER:
                self.bell.set()
            self._dialling += 1
            self._quiet.clear()
            try:
                await self.dial(reserved)
            finally:
                self._dialling -= 1
                if not self._dialling:
                    self._quiet.set()
                self.feed.changed(News.PLACED)

    async def dial(self, reserved: Reserved) -> None:
        """One attempt, from its reservation to what the answer meant."""
        try:
            await self.channels.enter(reserved.attempt, self, self.orders.policy.weight)
            place = await self._place(reserved)
        except TurnedAway:
            place = None
            await self._give_back([reserved], None, NEXT)
        if place:
            await self._commit_and_send(reserved, place)
        else:
            self.channels.leave(reserved.attempt)

    async def _place(self, reserved: Reserved) -> Place | None:
        """A place in the rate; None, and the reservation given back, where calling is not allowed now."""
        policy = self.orders.policy
        opening = policy.window.at(self.clock.now(), policy.ring_timeout)
        if self.stopped:
            raise TurnedAway
        if isinstance(opening, Shut):
            await self._give_back([reserved], opening.until, opening.why)
            return None
        return await self.pacer.place(Rank.CALL, self, policy.weight)

    async def _commit_and_send(self, reserved: Reserved, place: Place) -> None:
        # Taken before the guards are asked: a machine that sleeps in the commit does not send when it wakes.
        send_by = self.clock.ticks() + SEND_WITHIN
        policy = self.orders.policy.without(self._callers_out)
        intent = Intent(reserved.attempt, policy, self.orders.version, self.clock.now())
        verdict = HoldBack(Held.PAUSED) if self.stopped else (await self.store.begin_sending([intent]))[0]
        match verdict:
            case Send(caller_id):
                await self._send(reserved, caller_id, place, send_by)
            case HoldBack(why, until):
                place.withdrawn()
                self.channels.leave(reserved.attempt)
                again = until or (intent.at + ASK_AGAIN if why in BUSY else None)
                await self._give_back([reserved], again, why)
            case Finish() | Park():
                place.withdrawn()
                self.channels.leave(reserved.attempt)
            case _:
                assert_never(verdict)

    async def _send(self, reserved: Reserved, caller_id: str, place: Place, send_by: float) -> None:
        event = await self.provider.place(self._placement(reserved, caller_id, send_by))
        now = self.clock.now()
        if isinstance(event, Refused):  # before its place is free: nobody slips through meanwhile
            await self._heed(event, caller_id, self.orders.policy)
        if isinstance(event, Refused) and event.refusal in NEVER_LEFT:
            place.withdrawn()
        else:
            place.answered(good=not isinstance(event, InDoubt))
            await self._listen()
        if isinstance(event, InDoubt) and event.server_error:
            event = replace(event, latest_end=now + self.orders.policy.longest_ring)
        [recorded] = await self.store.record([Happened(reserved.attempt, event)])
        if recorded.attempt.alive and recorded.attempt.latest_end:
            self.channels.take(reserved.attempt, recorded.attempt.latest_end)
        else:
            self.channels.leave(reserved.attempt)
        if recorded.attempt.state is AttemptState.UNKNOWN:
            self.feed.changed(News.IN_DOUBT)
        if isinstance(event, Refused):
            self._count(isinstance(recorded.decision, Retry))  # not placed: the lead waits as before
            self.feed.changed(News.LEADS)

    def _placement(self, reserved: Reserved, caller_id: str, send_by: float) -> Placement:
        policy, address_of = self.orders.policy, self.orders.address_of
        return Placement(
            attempt=reserved.public_id,
            number=reserved.number,
            caller_id=caller_id,
            flow_url=policy.flow_url,
            ring_timeout=policy.ring_timeout,
            time_limit=policy.time_limit,
            custom_field=fill(policy.custom_field, reserved.public_id, reserved.columns),
            callback_url=address_of(reserved.public_id) if address_of else None,
            send_by=send_by,
        )

    async def _give_back(self, reserved: list[Reserved], due_at: datetime | None, why: str) -> None:
        if not reserved:
            return
        now = self.clock.now()
        await self.store.release([Release(each.attempt, due_at, why, now) for each in reserved])
        self._count(len(reserved))
        self.feed.changed(News.LEADS)

    def _count(self, leads: int) -> None:
        """So many leads more, or less, may still be taken."""
        if self._left is not None:
            self._left += leads
