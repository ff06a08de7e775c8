"""Who waits for a place in the rate, and the one task that grants them.

`core.pace` decides, by steady time: setting the clock neither frees a place nor holds one. asyncio-throttle stands
behind it as the guard that holds if the pace is ever wrong. It polls and keeps no order among those who wait on it, so
exactly one task ever does.
"""

import asyncio
import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import count

from asyncio_throttle import Throttler

from campaign.core.allowance import Allowance
from campaign.core.pace import Go, Pace, Wait, Why
from campaign.core.policy import Rate
from campaign.engine.tasks import TurnedAway
from campaign.ports import Clock


class Rank(IntEnum):
    """Who is served first."""

    LOOK_UP = 0
    CALL = 1
    DETAILS = 2


@dataclass(order=True, slots=True)
class _Waiting:
    rank: Rank
    order: int
    who: object = field(compare=False)
    place: "asyncio.Future[Place]" = field(compare=False)


class Place:
    """A place in the rate, held by one request. Exactly one of the two methods is called, once."""

    def __init__(self, pacer: "Pacer") -> None:
        self._pacer = pacer

    def answered(self) -> None:
        """The request's answer, or its time-out, was seen."""
        self._pacer.pace.answered(self._pacer.clock.steady())
        self._pacer.bell.set()

    def withdrawn(self) -> None:
        """The request did not leave."""
        self._pacer.pace.withdrawn(self._pacer.clock.steady())
        self._pacer.bell.set()


class Pacer:
    """The account's rate, for everything that is sent."""

    def __init__(self, pace: Pace, clock: Clock) -> None:
        self.pace = pace
        self.clock = clock
        self.bell = asyncio.Event()
        self.waits_for: Wait | None = None
        self._waiting: list[_Waiting] = []
        self._order = count()
        self._guard = Throttler(rate_limit=pace.rate.requests, period=clock.real(pace.rate.period))

    async def place(self, rank: Rank, who: object = None) -> Place:
        """Wait for a place. Raises TurnedAway once `turn_away` is called for whoever waits."""
        waiting = _Waiting(rank, next(self._order), who, asyncio.get_running_loop().create_future())
        heapq.heappush(self._waiting, waiting)
        self.bell.set()
        return await waiting.place

    def pause(self, until: datetime, why: Why) -> None:
        """Nothing leaves before `until`, by the clock."""
        self.pace.pause(until - self._set_by, why)
        self.bell.set()

    def turn_away(self, who: object) -> None:
        """All that this one waits for is given up."""
        for waiting in self._waiting:
            if waiting.who is who and not waiting.place.done():
                waiting.place.set_exception(TurnedAway())

    def refused(self, until: datetime) -> None:
        """The provider answered 429: nothing leaves before `until`, by the clock, and less after it."""
        self.pace.refused(until - self._set_by, self.clock.steady())
        self.bell.set()

    def restore(self, answered: Iterable[datetime], allowance: Allowance) -> None:
        """Take up what an earlier process knew: when its requests were answered or given up, by the clock."""
        self.pace.restore([at - self._set_by for at in answered], self.clock.steady())
        self.pace.allowance = allowance

    @property
    def allowance(self) -> Allowance:
        """What the account allows, its instant by the clock."""
        known = self.pace.allowance
        return replace(known, since=known.since + self._set_by) if known.since else known

    @property
    def rate(self) -> Rate:
        """The rate in force now."""
        return self.pace.allowance.of(self.pace.rate, self.clock.steady())

    @property
    def _set_by(self) -> timedelta:
        """How far the clock was set since the process began."""
        return self.clock.now() - self.clock.steady()

    def step(self, now: datetime) -> Go | Wait | None:
        """Whether the first in line may go at this steady instant; None when nobody waits."""
        while self._waiting and self._waiting[0].place.done():
            heapq.heappop(self._waiting)
        decision = self.pace.decide(now) if self._waiting else None
        if isinstance(decision, Wait) and decision.until:
            decision = Wait(decision.until + self._set_by, decision.why)  # by the clock
        self.waits_for = decision if isinstance(decision, Wait) else None
        return decision

    def grant(self, now: datetime) -> None:
        """The first in line goes, unless they left meanwhile."""
        waiting = heapq.heappop(self._waiting)
        if not waiting.place.done():
            self.pace.sent(now)
            waiting.place.set_result(Place(self))

    async def run(self) -> None:
        while True:
            decision = self.step(self.clock.steady())
            if isinstance(decision, Go):
                async with self._guard:  # a pause may have come meanwhile
                    if isinstance(self.step(self.clock.steady()), Go):
                        self.grant(self.clock.steady())
            else:
                await self.clock.wait(decision.until if decision else None, self.bell)
