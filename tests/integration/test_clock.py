"""The two clocks in real time: a bell wakes whoever waits, and simulated time skips only what is idle."""

import asyncio
from datetime import UTC, datetime
from unittest.mock import patch

from campaign.engine.clock import FastClock, RealClock, ticks
from campaign.engine.tasks import beside, nursery
from campaign.ports import Bell, Clock
from tests.builders import NOON, hours, minutes, seconds


async def ring(bell: Bell) -> None:
    bell.set()


async def woken(clock: Clock, woke: list[datetime], until: datetime) -> None:
    await clock.wait(until)
    woke.append(clock.now())


async def real(span: float) -> None:
    """So much of the world's time."""
    clock = RealClock()
    await clock.wait(clock.now() + seconds(span))


async def test_the_real_clock_tells_the_worlds_time() -> None:
    clock, before = RealClock(), datetime.now(UTC)  # noqa: TID251  what the clock is held against
    assert seconds(0) <= clock.now() - before < seconds(5)
    assert clock.real(minutes(1)) == 60
    assert 0 <= clock.ticks() - ticks() + 1 < 2


class SetClock(RealClock):
    """A real clock that somebody sets."""

    def __init__(self) -> None:
        self.set_by = seconds(0)
        super().__init__()

    def now(self) -> datetime:
        return super().now() + self.set_by


async def test_a_clock_that_is_set_stays_steady_beside() -> None:
    clock = SetClock()
    for set_by in (hours(1), -hours(1)):
        clock.set_by = set_by
        assert abs(clock.now() - clock.steady() - set_by) < seconds(1)


async def test_who_waits_looks_again_when_the_clock_was_set_back() -> None:
    clock, bell = SetClock(), Bell()
    with patch("campaign.engine.clock._SLICE", 0.01):
        async with asyncio.timeout(10), nursery() as group:
            group.create_task(clock.wait(clock.now() + hours(8), bell))
            await real(0.03)
            clock.set_by = -hours(1)


async def test_the_real_clock_waits_until_its_instant() -> None:
    clock = RealClock()
    until = clock.now() + seconds(0.05)
    await clock.wait(until)
    assert clock.now() >= until


async def test_an_instant_that_is_past_is_not_waited_for() -> None:
    for clock in (RealClock(), FastClock(NOON, 1)):
        async with asyncio.timeout(1):
            await clock.wait(clock.now() - seconds(1))


async def test_a_bell_wakes_the_real_clock_and_is_silent_again() -> None:
    clock, bell = RealClock(), Bell()
    async with asyncio.timeout(5), nursery() as group:
        group.create_task(ring(bell))
        await clock.wait(clock.now() + hours(1), bell)
    assert not bell.is_set()


async def test_whoever_is_cancelled_while_the_bell_rings_goes() -> None:
    for clock in (RealClock(), FastClock(NOON, 60)):
        bell = Bell()
        waiter = asyncio.ensure_future(clock.wait(clock.now() + hours(1), bell))
        await real(0.001)
        bell.set()
        waiter.cancel()
        async with asyncio.timeout(5):
            await asyncio.wait([waiter])
        assert waiter.cancelled()


async def test_a_bell_alone_can_be_waited_for() -> None:
    for clock in (RealClock(), FastClock(NOON, 60)):
        bell = Bell()
        async with asyncio.timeout(5), nursery() as group:
            group.create_task(ring(bell))
            await clock.wait(None, bell)
        assert not bell.is_set()


async def test_a_bell_that_rang_before_is_heard_at_once() -> None:
    for clock in (RealClock(), FastClock(NOON, 60)):
        bell = Bell()
        bell.set()
        async with asyncio.timeout(1):
            await clock.wait(None, bell)
        assert not bell.is_set()


async def test_fast_time_passes_so_many_times_faster() -> None:
    clock, before = FastClock(NOON, speed=600), ticks()
    await clock.wait(NOON + minutes(1))
    assert 0.09 < ticks() - before < 5
    assert clock.now() >= NOON + minutes(1)
    assert clock.real(minutes(1)) == 0.1
    assert abs(clock.ticks() - ticks()) < 1  # deadlines towards the network stay real
    assert clock.started() == FastClock(NOON + hours(1), speed=1).started()  # nobody sets simulated time


def test_the_machine_started_when_its_ticks_did() -> None:
    clock = RealClock()
    assert abs(clock.started() + seconds(ticks()) - clock.now()) < seconds(1)


async def test_idle_hours_are_skipped() -> None:
    clock = FastClock(NOON, speed=1)
    async with asyncio.timeout(5), beside(clock.skipping()):
        await clock.wait(NOON + hours(8))
    assert NOON + hours(8) <= clock.now() < NOON + hours(8) + minutes(1)


async def test_time_never_jumps_past_the_one_who_waits_for_the_earliest_instant() -> None:
    clock, woke = FastClock(NOON, speed=1), list[datetime]()
    async with asyncio.timeout(5), beside(clock.skipping()), nursery() as group:
        group.create_task(woken(clock, woke, NOON + hours(5)))
        group.create_task(woken(clock, woke, NOON + hours(2)))
        group.create_task(woken(clock, woke, NOON + hours(3)))
    for count, instant in zip((2, 3, 5), woke, strict=True):
        assert NOON + hours(count) <= instant < NOON + hours(count) + minutes(1)


async def test_nothing_is_skipped_while_somebody_is_busy() -> None:
    looks = 0
    enough = Bell()

    def busy() -> bool:
        nonlocal looks
        looks += 1
        if looks == 6:
            enough.set()
        return True

    clock = FastClock(NOON, speed=1, busy=busy)
    async with asyncio.timeout(5), nursery() as group, beside(clock.skipping()):
        waiter = group.create_task(clock.wait(NOON + hours(1)))
        await enough.wait()
        assert clock.now() < NOON + minutes(1)
        clock.busy = lambda: False
        await waiter
    assert clock.now() >= NOON + hours(1)


async def test_who_waits_only_for_a_bell_lets_no_time_be_skipped() -> None:
    clock, bell = FastClock(NOON, speed=1), Bell()
    async with asyncio.timeout(5), nursery() as group, beside(clock.skipping()):
        waiter = group.create_task(clock.wait(None, bell))
        await real(0.2)
        assert clock.now() < NOON + minutes(1)
        bell.set()
        await waiter


async def test_an_instant_that_is_near_is_not_jumped_to() -> None:
    clock, woke = FastClock(NOON, speed=1), list[datetime]()
    async with asyncio.timeout(5), beside(clock.skipping()):
        before = ticks()
        await woken(clock, woke, NOON + seconds(0.03))
    assert ticks() - before >= 0.03


async def test_who_left_is_not_waited_for() -> None:
    clock = FastClock(NOON, speed=1)
    async with asyncio.timeout(5), nursery() as group, beside(clock.skipping()):
        leaving = group.create_task(clock.wait(NOON + hours(1)))
        await real(0.001)
        leaving.cancel()
        await clock.wait(NOON + hours(2))
    assert clock.now() >= NOON + hours(2)
