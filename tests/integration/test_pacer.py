"""Who gets a place in the rate, in which order, and the guard that holds if the pace is wrong."""

import asyncio
from datetime import datetime, timedelta

import pytest

from campaign.core.pace import Go, Pace, Wait, Why
from campaign.core.policy import Rate
from campaign.engine.clock import RealClock, ticks
from campaign.engine.pacer import Pacer, Place, Rank
from campaign.engine.tasks import TurnedAway, beside, nursery
from tests.builders import NOON, hours, minutes, seconds
from tests.integration.house import StillClock

FAST = Rate(60, minutes(1))
ONE = Rate(1, minutes(1))


class Careless(Pace):
    """A pace that is wrong: everybody may go, always. `left`: when each of them went, in the world's seconds."""

    def __init__(self, rate: Rate) -> None:
        super().__init__(rate)
        self.left: list[float] = []

    def decide(self, now: datetime) -> Go | Wait:
        return Go()

    def sent(self, now: datetime) -> None:
        super().sent(now)
        self.left.append(ticks())


async def turn() -> None:
    """Every task that can go on does."""
    for _ in range(5):
        done = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(done.set_result, None)
        await done


async def waits(pacer: Pacer, rank: Rank, served: list[Rank], places: list[Place] | None = None) -> None:
    place = await pacer.place(rank)
    served.append(rank)
    if places is not None:
        places.append(place)


async def sent(pacer: Pacer) -> None:
    place = await pacer.place(Rank.CALL)
    place.answered()


async def test_the_guard_holds_when_the_pace_is_wrong() -> None:
    requests, period = 5, 0.25
    pace = Careless(Rate(requests, seconds(period)))
    pacer = Pacer(pace, RealClock())
    async with beside(pacer.run()), nursery() as group:
        for _ in range(3 * requests):
            group.create_task(sent(pacer))
    assert len(pace.left) == 3 * requests
    for first, one_too_many in zip(pace.left, pace.left[requests:], strict=False):
        assert one_too_many - first > period - 0.05  # the guard reads its clock a moment before


async def test_the_guard_counts_the_clocks_own_seconds() -> None:
    pace = Careless(Rate(1, hours(1)))
    pacer = Pacer(pace, StillClock(hour=0.1))
    async with beside(pacer.run()), nursery() as group:
        for _ in range(3):
            group.create_task(sent(pacer))
    assert 0.15 < pace.left[2] - pace.left[0] < 5


async def test_a_pause_that_comes_while_the_guard_holds_is_kept() -> None:
    clock, served = StillClock(hour=60), list[Rank]()  # the guard holds for a second
    pacer, places = Pacer(Pace(ONE), clock), list[Place]()
    async with asyncio.timeout(10), beside(pacer.run()), nursery() as group:
        await waits(pacer, Rank.CALL, served, places)
        places[0].withdrawn()
        clock.move(minutes(2))
        second = group.create_task(waits(pacer, Rank.CALL, served))
        await turn()
        assert not second.done()
        pacer.pause(clock.now() + hours(1), Why.ASKED)
        while pacer.waits_for is None and not second.done():
            await RealClock().wait(RealClock().now() + seconds(0.01))
        assert not second.done()
        second.cancel()


async def granted(pacer: Pacer, count: int) -> None:
    for _ in range(count):
        pacer.grant(NOON)
    await turn()


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
async def test_look_ups_take_no_more_than_their_share_while_calls_wait(share: float) -> None:
    served: list[Rank] = []
    pacer = Pacer(Pace(FAST), StillClock(), share)
    async with nursery() as group:
        tasks = [group.create_task(waits(pacer, rank, served)) for rank in (Rank.LOOK_UP, Rank.CALL) for _ in range(80)]
        await turn()
        await granted(pacer, 80)
        assert served.count(Rank.LOOK_UP) == 80 * share
        for task in tasks:
            task.cancel()


async def test_what_calls_leave_is_for_look_ups_and_costs_them_nothing_later() -> None:
    served: list[Rank] = []
    pacer = Pacer(Pace(FAST), StillClock(), 0.5)
    async with nursery() as group:
        tasks = [group.create_task(waits(pacer, Rank.LOOK_UP, served)) for _ in range(60)]
        await turn()
        await granted(pacer, 50)
        assert served == [Rank.LOOK_UP] * 50
        tasks += [group.create_task(waits(pacer, Rank.CALL, served)) for _ in range(10)]
        await turn()
        await granted(pacer, 10)
        assert served[50:].count(Rank.LOOK_UP) == 5
        for task in tasks:
            task.cancel()


async def test_campaigns_share_the_rate_by_their_weights() -> None:
    served: list[str] = []
    pacer = Pacer(Pace(FAST), StillClock())

    async def comes(who: str, weight: float) -> None:
        await pacer.place(Rank.CALL, who, weight)
        served.append(who)

    async with nursery() as group:
        tasks = [
            group.create_task(comes(who, weight)) for who, weight in (("heavy", 3), ("light", 1)) for _ in range(40)
        ]
        await turn()
        await granted(pacer, 40)
        assert (served.count("heavy"), served.count("light")) == (30, 10)
        for task in tasks:
            task.cancel()


async def test_look_ups_go_before_calls_and_details_last() -> None:
    clock, served = StillClock(hour=0.0), list[Rank]()
    pacer = Pacer(Pace(FAST), clock)
    async with nursery() as group:
        for rank in (Rank.DETAILS, Rank.CALL, Rank.LOOK_UP, Rank.CALL):
            group.create_task(waits(pacer, rank, served))
        await turn()
        for _ in range(4):
            clock.move(seconds(1))
            assert pacer.step(clock.now()) == Go()
            pacer.grant(clock.now())
    assert served == [Rank.LOOK_UP, Rank.CALL, Rank.CALL, Rank.DETAILS]


async def test_within_a_rank_the_first_to_come_is_the_first_to_go() -> None:
    clock, order = StillClock(), list[int]()
    pacer = Pacer(Pace(FAST), clock)

    async def comes(number: int) -> None:
        await pacer.place(Rank.CALL)
        order.append(number)

    async with nursery() as group:
        for number in range(3):
            group.create_task(comes(number))
        await turn()
        for _ in range(3):
            pacer.step(clock.now())
            pacer.grant(clock.now())
    assert order == [0, 1, 2]


async def test_nobody_is_served_before_the_pace_says_so() -> None:
    clock, served = StillClock(), list[Rank]()
    pacer = Pacer(Pace(FAST), clock)
    async with beside(pacer.run()), nursery() as group:
        group.create_task(waits(pacer, Rank.CALL, served))
        group.create_task(waits(pacer, Rank.CALL, served))
        await turn()
        assert served == [Rank.CALL]
        assert pacer.waits_for == Wait(NOON + seconds(1), Why.GRID)
        clock.move(seconds(1))
        await turn()
        assert served == [Rank.CALL, Rank.CALL]


class SetClock(StillClock):
    """A still clock that somebody sets."""

    set_by = seconds(0)

    def now(self) -> datetime:
        return super().now() + self.set_by

    def steady(self) -> datetime:
        return super().now()


@pytest.mark.parametrize("set_by", [hours(3), -hours(3)])
async def test_a_clock_that_is_set_frees_no_place_and_holds_none(set_by: timedelta) -> None:
    clock, places = SetClock(), list[Place]()
    pacer = Pacer(Pace(ONE), clock)
    async with nursery() as group:
        group.create_task(waits(pacer, Rank.CALL, [], places))
        await turn()
        pacer.grant(clock.steady())
        await turn()
        places[0].answered()
        clock.set_by = set_by
        second = group.create_task(waits(pacer, Rank.CALL, []))
        await turn()
        pacer.step(clock.steady())
        assert pacer.waits_for == Wait(clock.now() + minutes(1), Why.GRID), "told by the clock as it is set"
        clock.move(minutes(1))
        assert pacer.step(clock.steady()) == Go()
        second.cancel()


async def test_a_pause_lasts_as_long_as_was_asked_for_on_a_clock_that_was_set() -> None:
    clock = SetClock()
    clock.set_by = hours(3)
    pacer = Pacer(Pace(FAST), clock)
    pacer.pause(clock.now() + minutes(1), Why.ASKED)
    assert isinstance(pacer.pace.decide(clock.steady()), Wait)
    clock.move(minutes(1))
    assert pacer.pace.decide(clock.steady()) == Go()


async def test_a_place_is_given_again_when_its_answer_was_seen_one_period_ago() -> None:
    clock, served, places = StillClock(), list[Rank](), list[Place]()
    pacer = Pacer(Pace(ONE), clock)
    async with beside(pacer.run()), nursery() as group:
        await waits(pacer, Rank.CALL, served, places)
        group.create_task(waits(pacer, Rank.CALL, served))
        clock.move(hours(1))
        await turn()
        assert (served, pacer.waits_for) == ([Rank.CALL], Wait(None, Why.WINDOW))
        places[0].answered()
        await turn()
        assert pacer.waits_for == Wait(NOON + hours(1) + minutes(1), Why.WINDOW)
        clock.move(minutes(1))
        await turn()
        assert served == [Rank.CALL, Rank.CALL]


async def test_a_place_that_was_not_used_is_given_on_at_once() -> None:
    clock, served, places = StillClock(), list[Rank](), list[Place]()
    pacer = Pacer(Pace(ONE), clock)
    async with beside(pacer.run()), nursery() as group:
        await waits(pacer, Rank.CALL, served, places)
        group.create_task(waits(pacer, Rank.CALL, served))
        clock.move(minutes(1))
        await turn()
        assert served == [Rank.CALL]
        places[0].withdrawn()
        await turn()
        assert served == [Rank.CALL, Rank.CALL]


async def test_only_who_is_turned_away_goes_home() -> None:
    clock, served = StillClock(), list[Rank]()
    us, them = object(), object()
    pacer = Pacer(Pace(FAST), clock)
    pacer.pause(NOON + hours(1), Why.ASKED)
    async with beside(pacer.run()), nursery() as group:
        look_up = group.create_task(waits(pacer, Rank.LOOK_UP, served))
        ours = [asyncio.ensure_future(pacer.place(Rank.CALL, us)) for _ in range(2)]
        theirs = asyncio.ensure_future(pacer.place(Rank.CALL, them))
        await turn()
        pacer.turn_away(us)
        for each in ours:
            with pytest.raises(TurnedAway):
                await each
        assert not look_up.done()
        assert not theirs.done()
        for _ in range(2):
            clock.move(hours(1))
            await turn()
        assert theirs.done()
    assert served == [Rank.LOOK_UP]


async def test_who_went_home_takes_no_place_in_the_rate() -> None:
    clock, served = StillClock(), list[Rank]()
    pacer = Pacer(Pace(ONE), clock)
    async with nursery() as group:
        gone = group.create_task(pacer.place(Rank.CALL))
        stays = group.create_task(waits(pacer, Rank.CALL, served))
        await turn()
        assert pacer.step(NOON) == Go()
        gone.cancel()
        await turn()
        pacer.grant(NOON)  # the first in line left between the question and the answer: it is the next one's
        await stays
    assert pacer.pace.used == 1
    pacer.grant(NOON)  # all left
    assert pacer.pace.used == 1
    assert pacer.step(NOON) is None
    assert pacer.waits_for is None


async def test_without_a_connection_one_request_goes_ahead_alone() -> None:
    clock, served, places = StillClock(), list[Rank](), list[Place]()
    pacer = Pacer(Pace(FAST), clock)
    pacer.pause(NOON + seconds(30), Why.NO_CONNECTION)
    async with beside(pacer.run()), nursery() as group:
        for _ in range(3):
            group.create_task(waits(pacer, Rank.CALL, served, places))
        await turn()
        assert (served, pacer.waits_for) == ([], Wait(NOON + seconds(30), Why.NO_CONNECTION))
        clock.move(hours(1))
        await turn()
        assert (served, pacer.waits_for) == ([Rank.CALL], Wait(None, Why.NO_CONNECTION))
        places[0].answered()
        await turn()
        for _ in range(2):
            clock.move(seconds(1))
            await turn()
    assert len(served) == 3
