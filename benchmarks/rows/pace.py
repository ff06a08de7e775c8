"""How soon an account is done, in virtual time: the span of requests, the length of campaigns. What waiting costs."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from itertools import count

from benchmarks import model
from benchmarks.measure import Measure, Row
from campaign.core.pace import Pace
from campaign.engine.clock import RealClock
from campaign.engine.pacer import Pacer, Rank

REQUESTS = 6000
SEEDS = 3
WATCHED = 10.0
HOUR = timedelta(hours=1)


def span_against_ideal() -> Row:
    return Row("6000 requests at 200/min", "all at the rate", _seeded(_span), lambda: _IDEAL, 1.005, SEEDS)


def rate_bound() -> Row:
    return _campaign("5000 leads, rate-bound", 5000, 100_000, HOUR, 1.06)


def channel_bound() -> Row:
    return _campaign("3000 leads, channel-bound", 3000, 50, HOUR, 1.06)


def bound_by_both() -> Row:
    return _campaign("4000 leads, bound by both", 4000, 120, HOUR, 1.06)


def retries_first() -> Row:
    return _campaign("5000, retries first (slack 0)", 5000, 100_000, timedelta(0), None)


def cost_of_waiting() -> Row:
    return Row(
        "1000 waiting at 200/min, CPU",
        "a core's time",
        lambda: asyncio.run(_waiting()),
        lambda: WATCHED,
        0.003,
        1,
        warm=False,
    )


async def _waiting() -> float:
    """CPU seconds of this process while a thousand workers wait for their place."""
    clock = RealClock()
    pacer = Pacer(Pace(model.RATE), clock)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(pacer.run()), *(group.create_task(pacer.place(Rank.CALL)) for _ in range(1000))]
        await clock.wait(clock.now() + timedelta(seconds=1))
        before = time.process_time()
        await clock.wait(clock.now() + timedelta(seconds=WATCHED))
        spent = time.process_time() - before
        for task in tasks:
            task.cancel()
    return spent


_IDEAL = (REQUESTS - 1) * model.RATE.interval.total_seconds()


def _span(seed: int) -> float:
    line = model.dispatched(REQUESTS, seed)
    refused = [model.refused_by_window(line, fixed=fixed) for fixed in (False, True)] + [model.refused_by_bucket(line)]
    assert refused == [0, 0, 0], f"429s by sliding, fixed and bucket counting: {refused}"
    return line.now


def _campaign(name: str, leads: int, channels: int, slack: timedelta, goal: float | None) -> Row:
    measured = _seeded(lambda seed: model.makespan(model.Town.of(leads, seed), channels, slack, seed))
    against = _seeded(lambda seed: model.Town.of(leads, seed).shortest(channels))
    return Row(name, "lower bound", measured, against, goal, SEEDS)


def _seeded(measure: Callable[[int], float]) -> Measure:
    """Another seed each time, the same ones on both sides."""
    seeds = count()
    return lambda: measure(next(seeds))
