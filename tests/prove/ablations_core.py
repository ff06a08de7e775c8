"""Ablations of the pure rules, noticed by seeds of the simulation, and of the pace, by a provider's count."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from campaign.core import doubt, guard, lifecycle, order
from campaign.core.allowance import Allowance
from campaign.core.events import Asked, Ended
from campaign.core.guard import Facts
from campaign.core.lead import LeadId
from campaign.core.lifecycle import Standing
from campaign.core.order import Waiting
from campaign.core.pace import Go, Pace, Wait
from campaign.core.policy import Policy, Rate
from campaign.core.turns import Turns
from campaign.engine import pacer
from campaign.engine.clock import RealClock
from campaign.engine.pacer import Pacer, Rank
from campaign.engine.tasks import beside
from tests.builders import NOON, hours, minutes, seconds
from tests.prove.ablations_kit import Ablation, Out, all_of, around, here, nothing, swapped
from tests.prove.simulation import play

SEEDS = range(1, 41)
TRIES = 3
FREE = 10**6
HALF_A_SECOND = Rate(10, seconds(0.5))


def seeds(folder: Path) -> Sequence[str]:
    """Part 1: some seeds of the core simulation, until one breaks something."""
    for seed in SEEDS:
        if failures := play(seed).failures:
            return failures[:3]
    return []


def slow_network(folder: Path) -> Sequence[str]:
    """The provider counts a request when it arrives: anywhere between its send and its answer."""
    luck, pace, now = Random(1), Pace(Rate(6, minutes(1))), NOON
    flying: list[datetime] = []
    arrived: list[datetime] = []
    for _ in range(200):
        while not isinstance(decision := _answered(pace, flying, now).decide(now), Go):
            now = min(each for each in (decision.until, *flying) if each)
        pace.sent(now)
        takes = luck.choice((0.2, 45.0))
        flying.append(now + seconds(takes))
        arrived.append(now + seconds(takes * luck.random()))
    return _too_fast([at.timestamp() for at in arrived], 6, 59.999)


def _answered(pace: Pace, flying: list[datetime], now: datetime) -> Pace:
    for at in sorted(each for each in flying if each <= now):
        pace.answered(at)
        flying.remove(at)
    return pace


def _too_fast(times: Sequence[float], limit: int, period: float) -> list[str]:
    ordered = sorted(times)
    for first, last in zip(ordered, ordered[limit:], strict=False):
        if last - first < period:
            return [f"C8: {limit + 1} requests in {last - first:.2f} s"]
    return []


@here
async def real_pacer(folder: Path) -> Sequence[str]:
    """Many ask for a place in a small rate, in real time."""
    return await _places()


@here
async def wrong_pace(folder: Path) -> Sequence[str]:
    """A pace that says go whenever it is asked: the throttle behind it must hold alone."""
    with patch.object(Pace, "decide", _always_go):
        return await _places()


async def _places() -> Sequence[str]:
    """Real time: a machine that stands still for a moment may look like a breach once, never three times."""
    for _ in range(TRIES):
        if not (breaches := await _in_real_time()):
            return []
    return breaches


async def _in_real_time() -> Sequence[str]:
    granted: list[float] = []
    at_work = Pacer(Pace(HALF_A_SECOND), RealClock())

    async def one() -> None:
        place = await at_work.place(Rank.CALL)
        granted.append(asyncio.get_running_loop().time())
        place.answered()

    async with beside(at_work.run()), asyncio.TaskGroup() as group:
        for _ in range(22):
            group.create_task(one())
    return _too_fast(granted, HALF_A_SECOND.requests, 0.45)


class _Set(RealClock):
    """A clock that somebody sets."""

    set_by = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.set_by


def shared_account(folder: Path) -> Sequence[str]:
    """Somebody else uses half of the account: 429s come until ours halves, and then no more."""
    pace, now, refusals = Pace(Rate(60, minutes(1))), NOON, 0
    passed: list[datetime] = []
    for _ in range(600):
        while not isinstance(decision := pace.decide(now), Go):
            now = max(now + seconds(0.1), decision.until or now)
        pace.sent(now)
        passed = [at for at in passed if at > now - minutes(1)]
        if len(passed) < 30:
            passed.append(now)
        else:
            refusals += 1
            pace.refused(now + seconds(1), now)
        pace.answered(now)
    return [f"C8: {refusals} of 600 requests were refused"] if refusals > 60 else []


def first_calls_without_end(folder: Path) -> Sequence[str]:
    """A retry is due, one call a minute can be made, and new people are added all the time."""
    retry = Waiting(LeadId(1), NOON, calls=1)
    for minute in range(120):
        now = NOON + minutes(minute)
        fresh = Waiting(LeadId(2 + minute), NOON, 0, place=minute)
        if order.in_turn([fresh, retry], hours(1), now)[0] is retry:
            return []
    return ["L1: a retry is starved by first calls"]


def _never_overdue(turn: Any) -> Any:
    return lambda each, _: turn(each, datetime.min.replace(tzinfo=UTC))


@here
async def many_look_ups(folder: Path) -> Sequence[str]:
    """Forty look-ups and forty calls want a place."""
    at_work, served = Pacer(Pace(Rate(60, minutes(1))), RealClock()), list[Rank]()

    async def comes(rank: Rank) -> None:
        await at_work.place(rank)
        served.append(rank)

    waiting = [asyncio.ensure_future(comes(rank)) for rank in (Rank.LOOK_UP, Rank.CALL) for _ in range(40)]
    await asyncio.wait(waiting, timeout=0)
    for _ in range(40):
        at_work.grant(NOON)
    await asyncio.wait(waiting, timeout=0)
    for each in waiting:
        each.cancel()
    look_ups = served.count(Rank.LOOK_UP)
    return [f"C8: {look_ups} of {len(served)} places went to look-ups"] if look_ups > 8 else []


@here
async def clock_set_ahead(folder: Path) -> Sequence[str]:
    """All of the rate is used, and somebody sets the clock a period ahead."""
    clock = _Set()
    at_work = Pacer(Pace(Rate(1, minutes(1))), clock)
    at_work.pace.sent(clock.steady())
    at_work.pace.answered(clock.steady())
    clock.set_by = minutes(2)
    asks = asyncio.ensure_future(at_work.place(Rank.CALL))
    await asyncio.wait([asks], timeout=0)
    leaves = isinstance(at_work.step(clock.steady()), Go)
    asks.cancel()
    return ["C8: setting the clock freed a place"] if leaves else []


def _always_go(*_: Any) -> Go | Wait:
    return Go()


def _guard(change: Callable[[Facts, Policy], tuple[Facts, Policy]]) -> Out:
    """The guards judge by other facts or rules; model and ledger ask the same ones."""

    def make(caps: Any) -> Any:
        return lambda facts, policy, now: caps(*change(facts, policy), now)

    return around(guard, "_caps", make)


def _limit(**changed: Any) -> Out:
    return _guard(lambda facts, policy: (facts, replace(policy, **changed)))


def _no_lock(facts: Facts, policy: Policy) -> tuple[Facts, Policy]:
    return replace(facts, number_busy_until=None), policy


def _without(*rows: tuple[Standing, type]) -> Out:
    kept = {row: after for row, after in lifecycle.TABLE.items() if row not in rows}
    return lambda: patch.dict(lifecycle.TABLE, kept, clear=True)


def _with(row: tuple[Standing, type], after: Standing) -> Out:
    return lambda: patch.dict(lifecycle.TABLE, {row: after})


def _free_at_once(self: Any, now: datetime) -> None:
    """A place is free as soon as its answer is there."""
    self.withdrawn(now)


def _controlled(init: Any) -> Any:
    def made(self: Asked, at: datetime, found: int, controlled: bool, note: str = "") -> None:
        init(self, at, found, True, note)

    return made


class _Unthrottled:
    """Lets everybody through."""

    def __init__(self, **_: Any) -> None:
        """Whatever the rate."""

    async def __aenter__(self) -> None:
        """At once."""

    async def __aexit__(self, *_: object) -> None:
        """And out."""


ABLATIONS = (
    Ablation("calls per lead not counted", _limit(max_attempts=FREE), seeds, "C3"),
    Ablation("live call of a number not seen by the guards", _guard(_no_lock), seeds, "C4"),
    Ablation("min_gap not checked", _limit(min_gap=timedelta(0)), seeds, "C6"),
    Ablation("per_day not checked", _limit(per_day=FREE), seeds, "C13"),
    Ablation("channels not checked", _limit(channels=FREE), seeds, "C9"),
    Ablation(
        "late callback ignored",
        _without((Standing.NOT_PLACED, Ended), (Standing.WRITTEN_OFF, Ended)),
        seeds,
        "D3",
    ),
    Ablation("end without an answer ignored", _without((Standing.SENDING, Ended)), seeds, "D2"),
    Ablation("a second end overwrites the first", _with((Standing.ENDED, Ended), Standing.ENDED), seeds, "D3"),
    Ablation("one negative enough (simulated)", swapped(doubt, "NEGATIVES_NEEDED", 1), seeds, "C5"),
    Ablation("every negative controlled (simulated)", around(Asked, "__init__", _controlled), seeds, "C5"),
    Ablation("pace's memory empty after a restart", swapped(Pace, "restore", lambda *_: None), seeds, "C8"),
    Ablation("places free at the answer", swapped(Pace, "answered", _free_at_once), slow_network, "C8"),
    Ablation("overdue retries not first", around(order, "_turn", _never_overdue), first_calls_without_end, "L1"),
    Ablation("look-ups not held to their share", swapped(Turns, "took", nothing), many_look_ups, "C8"),
    Ablation("pace not halved by a 429", swapped(Allowance, "refused", lambda self, *_: self), shared_account, "C8"),
    Ablation(
        "pace by the clock as it is set", swapped(RealClock, "steady", lambda clock: clock.now()), clock_set_ahead, "C8"
    ),
    Ablation("throttle behind the pace", swapped(pacer, "Throttler", _Unthrottled), wrong_pace, "C8"),
    Ablation(
        "pace and throttle",
        all_of(swapped(Pace, "decide", _always_go), swapped(pacer, "Throttler", _Unthrottled)),
        real_pacer,
        "C8",
    ),
)
