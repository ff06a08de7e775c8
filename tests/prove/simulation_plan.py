"""What one seed of the simulation is about: leads, policies, and what people and machines do meanwhile."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cached_property
from random import Random

from campaign.core.policy import Policy, Rate
from campaign.core.pool import Caller
from campaign.core.window import Span, Window, always
from tests.builders import KOLKATA, NOON, hours, minutes, policy, seconds, window
from tests.prove.simulation_world import CALLER_ID


class Remembering(Window):
    """A window that works every day out once, for all seeds with the same hours."""

    def _stretches(self, begin: datetime) -> Iterator[tuple[datetime, datetime]]:
        day = begin.astimezone(self.zone).date()
        if day not in self._days:
            midnight = datetime.combine(day, time(0), self.zone)
            self._days[day] = tuple(Window._stretches(self, midnight))
        return (each for each in self._days[day] if each[1] > begin)

    @cached_property
    def _days(self) -> dict[date, tuple[tuple[datetime, datetime], ...]]:
        return _DAYS.setdefault(self.hours[0], {})


_DAYS: dict[tuple[Span, ...], dict[date, tuple[tuple[datetime, datetime], ...]]] = {}


@dataclass(frozen=True, slots=True)
class Plan:
    """`leads`: campaign and number of each. `doings`: what is done from outside, and when (true time)."""

    seed: int
    start: datetime
    leads: tuple[tuple[int, str], ...]
    policies: tuple[Policy, ...]
    doings: tuple[tuple[datetime, str], ...]
    crash_share: float

    @property
    def campaigns(self) -> int:
        return 1 + max(campaign for campaign, _ in self.leads)


def plan_of(seed: int) -> Plan:
    luck = Random(seed)
    start = NOON + minutes(luck.randint(-120, 700))
    leads = _leads(luck)
    first = _policy(luck, start, len(leads))
    policies = (first, _changed(first, luck))
    return Plan(seed, start, leads, policies, _doings(luck, start), luck.choice((0.0, 0.01, 0.05)))


def _leads(luck: Random) -> tuple[tuple[int, str], ...]:
    count = 200 if luck.random() < 0.01 else luck.choice((2, 6, 12, 12, 12, 18, 24))
    leads = [(0, f"+9198123{number:05d}") for number in range(count)]
    if luck.random() < 0.25:  # a second campaign, some of whose people are those of the first
        leads += [(1, f"+9198123{number + count // 2:05d}") for number in range(max(1, count // 2))]
    return tuple(leads)


def _policy(luck: Random, start: datetime, leads: int) -> Policy:
    end = start + hours(luck.randint(6, 60)) if luck.random() < 0.1 else None
    every_day = luck.choice(("09:00-21:00", "09:00-13:00, 14:00-24:00"))
    shut = luck.random() < 0.5
    return policy(
        callers=(Caller(CALLER_ID),),
        channels=luck.randint(1, 6) if leads < 100 else 30,
        rate=Rate(luck.choice((6, 12, 30, 200)) if leads < 100 else 200, minutes(1)),
        max_attempts=luck.randint(1, 4),
        per_day=luck.randint(1, 3),
        min_gap=minutes(luck.choice((0, 5, 45))),
        time_limit=minutes(luck.choice((3, 5))),
        callbacks=luck.random() < 0.8,
        poll_every=seconds(60),
        window=Remembering(KOLKATA, (window(every_day) if shut else always(KOLKATA)).hours, end=end),
    )


def _changed(first: Policy, luck: Random) -> Policy:
    return replace(first, max_attempts=luck.randint(1, 4), per_day=luck.randint(1, 3), channels=luck.randint(1, 6))


def _doings(luck: Random, start: datetime) -> tuple[tuple[datetime, str], ...]:
    shares = {
        "crash": 0.35,
        "crash again": 0.1,
        "pause": 0.2,
        "stop": 0.04,
        "policy": 0.1,
        "sleep": 0.1,
        "clock": 0.2,
        "write off": 0.3,
    }
    done = [(start + _when(luck, what), what) for what, share in shares.items() if luck.random() < share]
    return tuple(sorted(done))


def _when(luck: Random, what: str) -> timedelta:
    if what == "write off":
        return hours(luck.uniform(20, 40))
    return seconds(luck.expovariate(1 / luck.choice((30, 600, 6000))))
