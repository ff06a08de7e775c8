"""A campaign in virtual time: the real pace and the real order of calls, a network that stalls, a provider that counts.

Pure, from a seed. One-way delays are lognormal around 40 ms, one in a thousand stalls for up to 3 s; a channel frees at
the callback, 0.4 s after a call's end in the mean (the model of the measurements behind the goals).
"""

import heapq
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import log
from random import Random

from campaign.core.lead import LeadId
from campaign.core.order import Waiting, in_turn
from campaign.core.pace import Pace, Wait
from campaign.core.policy import Rate

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
RATE = Rate(200, timedelta(minutes=1))
WAIT = 300.0
MOST_CALLS = 3
FAILING = 0.35
NO_ANSWER = 31.0
"""Seconds, of a call that nobody answers."""


def delay(luck: Random) -> float:
    """One way, in seconds."""
    stall = luck.uniform(0.2, 3) if luck.random() < 0.001 else 0
    return luck.lognormvariate(log(0.04), 0.5) + stall


@dataclass
class Line:
    """What is on its way: the pace, and the provider's count of when each request arrived."""

    luck: Random
    rate: Rate = RATE
    now: float = 0.0
    arrived: list[float] = field(default_factory=list)
    most_in_flight: int = 0

    def __post_init__(self) -> None:
        self.pace = Pace(self.rate)
        self._answers: list[float] = []

    def wait_until(self, until: float) -> None:
        while self._answers and self._answers[0] <= until:
            self.pace.answered(_instant(heapq.heappop(self._answers)))
        self.now = max(self.now, until)

    def next_place(self) -> float:
        """From when on the pace lets one go, as far as is known now; the next answer may tell more."""
        decision = self.pace.decide(_instant(self.now))
        if not isinstance(decision, Wait):
            return self.now
        known = (decision.until - NOON).total_seconds() if decision.until else None
        return min(at for at in (known, *self._answers[:1]) if at is not None)

    def send(self) -> None:
        self.pace.sent(_instant(self.now))
        arrives = self.now + delay(self.luck)
        self.arrived.append(arrives)
        heapq.heappush(self._answers, arrives + delay(self.luck))
        self.most_in_flight = max(self.most_in_flight, len(self._answers))


def _instant(at: float) -> datetime:
    return NOON + timedelta(seconds=at)


def dispatched(requests: int, seed: int) -> Line:
    """So many requests that wait for nothing but their place in the rate."""
    line = Line(Random(seed))
    for _ in range(requests):
        while (at := line.next_place()) > line.now:
            line.wait_until(at)
        line.send()
    return line


def refused_by_window(line: Line, *, fixed: bool) -> int:
    """How many a provider refuses that counts in any period, or in periods that begin on the minute."""
    length, limit, passed, refused = line.rate.period.total_seconds(), line.rate.requests, deque[float](), 0
    for at in sorted(line.arrived):
        while passed and (passed[0] // length < at // length if fixed else passed[0] <= at - length):
            passed.popleft()
        if len(passed) >= limit:
            refused += 1
        else:
            passed.append(at)
    return refused


def refused_by_bucket(line: Line) -> int:
    """As above with a token bucket; its burst is what can be in flight, and the grid's place of catching up."""
    burst, tokens, before, refused = line.most_in_flight + 2, float(line.most_in_flight + 2), 0.0, 0
    for at in sorted(line.arrived):
        tokens = min(burst, tokens + (at - before) * line.rate.requests / line.rate.period.total_seconds())
        before = at
        refused += tokens < 1
        tokens -= tokens >= 1
    return refused


@dataclass(frozen=True)
class Town:
    """How long each call of each lead lasts, in seconds; a lead's last call is answered, or the last there is."""

    calls: Sequence[Sequence[float]]

    @classmethod
    def of(cls, leads: int, seed: int) -> "Town":
        luck = Random(seed)
        return cls([list(_calls(luck)) for _ in range(leads)])

    def shortest(self, channels: int, rate: Rate = RATE) -> float:
        """No runner that does not know outcomes beforehand is done sooner (docs/performance.md)."""
        each, most = rate.interval.total_seconds(), max(map(len, self.calls))
        chains = (place * each + sum(calls) + WAIT * (len(calls) - 1) for place, calls in enumerate(self.calls))
        bounds = [max(chains)]
        for upto in range(1, most + 1):
            made = [last for calls in self.calls for last in calls[:upto]]
            bounds.append(max((len(made) - 1) * each, sum(made) / channels) + (most - upto) * (WAIT + NO_ANSWER))
        return max(bounds)


def _calls(luck: Random) -> Iterator[float]:
    for _ in range(MOST_CALLS):
        if luck.random() >= FAILING:
            yield luck.uniform(3, 18) + luck.uniform(8, 70)
            return
        yield NO_ANSWER


def makespan(town: Town, channels: int, slack: timedelta, seed: int) -> float:
    """From the first request to the end of the last call."""
    campaign = _Campaign(town, channels, slack, Line(Random(seed)))
    while campaign.step():
        pass
    return campaign.over


class _Campaign:
    def __init__(self, town: Town, channels: int, slack: timedelta, line: Line) -> None:
        self.town, self.channels, self.slack, self.line = town, channels, slack, line
        self.fresh = deque(range(len(town.calls)))
        self.retries: list[deque[tuple[float, int]]] = [deque() for _ in range(MOST_CALLS)]  # by calls made, as due
        self.ends: list[float] = []
        self.over = 0.0

    def step(self) -> bool:
        """One call more, or some time passes; False when all are made."""
        line = self.line
        while self.ends and self.ends[0] <= line.now:
            heapq.heappop(self.ends)
        due = [each[0][0] for each in self.retries if each]
        if not self.fresh and not due:
            return False
        ready = line.now if self.fresh else max(line.now, min(due))
        free = self.ends[0] if len(self.ends) >= self.channels else line.now
        if (at := max(ready, free, line.next_place())) > line.now:
            line.wait_until(at)
        else:
            line.send()
            self._call(self._next())
        return True

    def _next(self) -> tuple[int, int]:
        """Whose turn it is, and how many calls they have had."""
        waiting = [Waiting(LeadId(self.fresh[0]), NOON, 0, self.fresh[0])] if self.fresh else []
        for calls, queue in enumerate(self.retries):
            if queue and queue[0][0] <= self.line.now:
                waiting.append(Waiting(LeadId(queue[0][1]), _instant(queue[0][0]), calls))
        chosen = in_turn(waiting, self.slack, _instant(self.line.now))[0]
        (self.fresh if chosen.place is not None else self.retries[chosen.calls]).popleft()
        return chosen.lead, chosen.calls

    def _call(self, whose: tuple[int, int]) -> None:
        lead, made = whose
        calls = self.town.calls[lead]
        end = self.line.now + calls[made]
        heard = end + self.line.luck.expovariate(1 / 0.4)
        heapq.heappush(self.ends, heard)
        self.over = max(self.over, end)
        if made + 1 < len(calls):
            queue = self.retries[made + 1]
            queue.append((heard + WAIT, lead))
            if len(queue) > 1 and queue[-2] > queue[-1]:
                self.retries[made + 1] = deque(sorted(queue))
