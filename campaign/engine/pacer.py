"""Who waits for a place in the rate, and the one task that grants them.

`core.pace` decides, by steady time: setting the clock neither frees a place nor holds one. asyncio-throttle stands
behind it as the guard that holds if the pace is ever wrong. It polls and keeps no order among those who wait on it, so
exactly one task ever does.
"""

import asyncio
from collections import deque
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from asyncio_throttle import Throttler

from campaign.core.allowance import Allowance
from campaign.core.breaker import Breaker, Reply, replayed
from campaign.core.pace import Go, Pace, Wait, Why
from campaign.core.policy import Rate
from campaign.core.records import AccountId
from campaign.core.starts import Start, on_todays_clock
from campaign.core.turns import Turns
from campaign.engine.tasks import TurnedAway
from campaign.ports import Clock, Insight, Store


class Rank(IntEnum):
    """What a place is wanted for. Look-ups and calls share the rate; details take what both leave."""

    LOOK_UP = 0
    CALL = 1
    DETAILS = 2


@dataclass(slots=True)
class _Line:
    """Those who wait for the same: first come, first served. `weight`: against others of the same rank."""

    weight: float
    places: "deque[asyncio.Future[Place]]" = field(default_factory=deque)

    def first(self) -> "asyncio.Future[Place] | None":
        """None once all have gone home."""
        while self.places and self.places[0].done():
            self.places.popleft()
        return self.places[0] if self.places else None


class Place:
    """A place in the rate, held by one request. Exactly one of the two methods is called, once."""

    def __init__(self, pacer: "Pacer", rank: Rank, sent_at: datetime) -> None:
        self._pacer, self._rank, self._sent_at = pacer, rank, sent_at

    def answered(self, *, good: bool = True) -> None:
        """The request's answer, or its time-out, was seen. `good`: of a call, that it is not in doubt."""
        pacer, now = self._pacer, self._pacer.clock.steady()
        pacer.pace.answered(now)
        if self._rank is Rank.CALL:
            pacer.breaker = pacer.breaker.answered(Reply(self._sent_at, now, good))
        pacer.bell.set()

    def withdrawn(self) -> None:
        """The request did not leave."""
        pacer = self._pacer
        pacer.pace.withdrawn(pacer.clock.steady())
        if self._rank is Rank.CALL:
            pacer.breaker = pacer.breaker.withdrawn(self._sent_at)
        pacer.bell.set()


class Pacer:
    """The account's rate, for everything that is sent. `look_up_share`: at most, while calls wait for a place too.

    `most_in_doubt`: then calls wait (`core.breaker`), and look-ups do not.
    """

    def __init__(self, pace: Pace, clock: Clock, look_up_share: float = 0.2, most_in_doubt: int = 5) -> None:
        self.pace = pace
        self.breaker = Breaker(most_in_doubt)
        self.clock = clock
        self.bell = asyncio.Event()
        self.waits_for: Wait | None = None
        self._lines: dict[tuple[Rank, Hashable], _Line] = {}
        self._shares = {Rank.LOOK_UP: look_up_share, Rank.CALL: 1 - look_up_share}
        self._ranks: Turns[Rank] = Turns()
        self._turns: Turns[tuple[Rank, Hashable]] = Turns()
        self._guard = Throttler(rate_limit=pace.rate.requests, period=clock.real(pace.rate.period))

    async def take_up(self, account: AccountId, store: Store, insight: Insight) -> None:
        """The places of an earlier process, even if the clock was set since, and what it knew of the account."""
        now, booted, period = self.clock.now(), self.clock.started(), self.pace.rate.period
        set_ahead = await store.note_start(Start(booted, now - booted), period)
        earlier = await insight.recent_requests(account, now - set_ahead - period)
        answered = [on_todays_clock(at, now, set_ahead, booted) for at in earlier]
        self.restore(answered, await insight.allowance(account))
        replies = await insight.replies(account)
        self.breaker = replayed(self.breaker.most, replies, now).moved(-self._set_by)

    async def place(self, rank: Rank, who: Hashable = None, weight: float = 1) -> Place:
        """Wait for a place. Raises TurnedAway once `turn_away` is called for whoever waits."""
        place: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        self._lines.setdefault((rank, who), _Line(weight)).places.append(place)
        self.bell.set()
        return await place

    def pause(self, until: datetime, why: Why) -> None:
        """Nothing leaves before `until`, by the clock."""
        self.pace.pause(until - self._set_by, why)
        self.bell.set()

    def turn_away(self, who: Hashable) -> None:
        """All that this one waits for is given up."""
        for (_, whose), line in self._lines.items():
            for place in line.places if whose is who else ():
                if not place.done():
                    place.set_exception(TurnedAway())

    def refused(self, until: datetime) -> None:
        """The provider answered 429: nothing leaves before `until`, by the clock, and less after it."""
        self.pace.refused(until - self._set_by, self.clock.steady())
        self.bell.set()

    def restore(self, answered: Iterable[datetime], allowance: Allowance) -> None:
        """Take up what an earlier process knew: when its requests were answered or given up, by the clock."""
        self.pace.restore([at - self._set_by for at in answered], self.clock.steady())
        self.pace.allowance = _by(allowance, -self._set_by)

    @property
    def allowance(self) -> Allowance:
        """What the account allows, its instant by the clock."""
        return _by(self.pace.allowance, self._set_by)

    @property
    def rate(self) -> Rate:
        """The rate in force now."""
        return self.pace.in_force(self.clock.steady())

    @property
    def rising_until(self) -> datetime | None:
        """While the rate rises: until when, by the clock."""
        ramp = self.pace.ramp
        return ramp.until + self._set_by if ramp and self.clock.steady() < ramp.until else None

    @property
    def _set_by(self) -> timedelta:
        """How far the clock was set since the process began."""
        return self.clock.now() - self.clock.steady()

    def step(self, now: datetime) -> Go | Wait | None:
        """Whether the next one may go at this steady instant; None when nobody waits."""
        self._lines = {key: line for key, line in self._lines.items() if line.first()}
        decision: Go | Wait | None = None
        if self._lines:
            decision = self.pace.decide(now) if self._may_go(now) else self.breaker.decide(now)
        if isinstance(decision, Wait) and decision.until:
            decision = Wait(decision.until + self._set_by, decision.why)  # by the clock
        self.waits_for = decision if isinstance(decision, Wait) else None
        return decision

    def grant(self, now: datetime) -> None:
        """The next one goes, unless all of them left meanwhile."""
        lines = {key: line for key, line in self._may_go(now).items() if line.first()}
        if not lines:
            return
        shares = {rank: share for rank, share in self._shares.items() if any(rank is each for each, _ in lines)}
        rank = self._ranks.first(shares) if shares else Rank.DETAILS
        line = self._turns.first({key: each.weight for key, each in lines.items() if key[0] is rank})
        self._ranks.took(rank, self._shares.get(rank, 1))
        self._turns.took(line, lines[line].weight)
        if rank is Rank.CALL:
            self.pace.calls_begin(now)
            self.breaker = self.breaker.sent()
        self.pace.sent(now)
        lines[line].places.popleft().set_result(Place(self, rank, now))

    def _may_go(self, now: datetime) -> dict[tuple[Rank, Hashable], _Line]:
        """Those whom the breaker does not hold."""
        calls = isinstance(self.breaker.decide(now), Go)
        return {key: line for key, line in self._lines.items() if calls or key[0] is not Rank.CALL}

    async def run(self) -> None:
        while True:
            decision = self.step(self.clock.steady())
            if isinstance(decision, Go):
                async with self._guard:  # a pause may have come meanwhile
                    if isinstance(self.step(self.clock.steady()), Go):
                        self.grant(self.clock.steady())
            else:
                await self.clock.wait(decision.until if decision else None, self.bell)


def _by(allowance: Allowance, moved: timedelta) -> Allowance:
    """The same, told by a clock that says so much more."""
    return replace(allowance, since=allowance.since + moved if allowance.since else None)
