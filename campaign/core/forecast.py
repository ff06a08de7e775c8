"""How long what is left will take: the rules of `retry`, `window` and `guard` run ahead of the clock.

Nobody is drawn by lot. Leads that stand alike are one cohort, and a call divides it by the shares at which calls end.
Time goes in slots that grow with the open time that has passed, so that a forecast costs the same for a hundred leads
as for five million, and is as exact for an hour as for a month: to half a hundredth.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from math import ceil, floor, log2

from campaign.core.attempt import Disposition
from campaign.core.guard import DAY
from campaign.core.lead import LeadState
from campaign.core.outcome import RETRIED
from campaign.core.policy import Policy
from campaign.core.tally import Tally

ENOUGH = 50
"""Calls that must have ended before their shares say more than those assumed."""
ASSUMED = {
    Disposition.COMPLETED: 0.55,
    Disposition.BUSY: 0.15,
    Disposition.NO_ANSWER: 0.2,
    Disposition.FAILED: 0.1,
}
ASSUMED_CALL = timedelta(seconds=45)
"""From the request until the channel is free again."""

_SHORTEST_SLOT = 10.0
_FINENESS = 200
_NOBODY = 0.5  # of a lead


@dataclass(frozen=True, slots=True)
class Cohort:
    """So many leads that have had so many calls and are due then."""

    due_at: datetime
    calls: int
    leads: float


@dataclass(frozen=True, slots=True)
class Course:
    """How a campaign went so far. `ended`: calls by disposition; `call`: how long one held its channel."""

    ended: Mapping[Disposition, int] = field(default_factory=dict)
    call: timedelta | None = None
    retries: Sequence[Cohort] = ()

    @property
    def tells(self) -> bool:
        """Whether enough calls have ended to go by."""
        return sum(self.ended.values()) >= ENOUGH

    @property
    def shares(self) -> Mapping[Disposition, float]:
        """How calls end: as seen, or as assumed."""
        seen = sum(self.ended.values())
        return {each: self.ended.get(each, 0) / seen for each in ASSUMED} if self.tells else ASSUMED

    @property
    def length(self) -> timedelta:
        """How long a call holds its channel: as seen, or as assumed."""
        return self.call if self.tells and self.call else ASSUMED_CALL


@dataclass(frozen=True, slots=True)
class Forecast:
    """When the last call ends: at the shares of the course, and with all calls of every lead after the longest waits.

    None: not before the campaign's end, or not within a year; `left_over` leads are not through with it then.
    `calls`, `calls_at_most`: how many are made until then. `answered`: the share that it goes by, seen or `assumed`.
    """

    finishing: datetime | None
    latest: datetime | None
    calls: int
    calls_at_most: int
    left_over: int
    answered: float
    assumed: bool


def forecast(fresh: int, course: Course, policy: Policy, now: datetime) -> Forecast:
    """For `fresh` leads that have had no call, and those of the course that wait for another one.

    What earlier calls of a waiting lead leave of its number's day is not known here; calls to come are counted.
    """
    left = [Cohort(now, 0, fresh), *course.retries]
    usual = _Play(policy, now, course.length, _usual(course, policy))
    worst = _Play(policy, now, max(course.length, policy.ring_timeout), _worst(policy))
    finished, finished_late = usual.run(left), worst.run(left)
    finishing = now + timedelta(seconds=finished) + course.length if finished is not None else None
    latest = now + timedelta(seconds=finished_late) + policy.longest_call if finished_late is not None else None
    return Forecast(
        finishing=finishing,
        latest=max(finishing, latest) if finishing and latest else None,
        calls=round(usual.made),
        calls_at_most=round(worst.made),
        left_over=round(usual.left),
        answered=course.shares[Disposition.COMPLETED],
        assumed=not course.tells,
    )


def ahead(tally: Tally, course: Course, policy: Policy, now: datetime) -> Forecast | None:
    """For a campaign that stands so; None where nothing is left to dial."""
    waiting = tally.states.get(LeadState.RETRY_WAIT, 0)
    dialled = tally.left - tally.held
    return forecast(dialled - waiting, course, policy, now) if dialled else None


@dataclass(frozen=True, slots=True)
class _Again:
    """Of those who were called this share is called again, after this wait in seconds."""

    share: float
    wait: float


_After = Sequence[Sequence[_Again]]
"""By the calls a lead has had, from the first on; behind the last nobody is called again."""


def _usual(course: Course, policy: Policy) -> _After:
    return [
        [
            _Again(share, _wait(policy, each, calls))
            for each, share in course.shares.items()
            if each in RETRIED and share and policy.waits.get(each)
        ]
        for calls in range(1, policy.max_attempts)
    ]


def _worst(policy: Policy) -> _After:
    retried = [each for each in RETRIED if policy.waits.get(each)]
    if not retried:
        return ()
    return [
        [_Again(1.0, max(_wait(policy, each, calls) for each in retried))] for calls in range(1, policy.max_attempts)
    ]


def _wait(policy: Policy, disposition: Disposition, calls: int) -> float:
    waits = policy.waits[disposition]
    return max(waits[min(calls, len(waits)) - 1], policy.min_gap).total_seconds()


@dataclass(slots=True)
class _Part:
    """Of a cohort. `begun`: the seconds at which its latest calls began, as many as a number may have in a day."""

    leads: float
    begun: tuple[float, ...] = ()


class _Play:
    """What is left, played once; instants are seconds from `now`."""

    def __init__(self, policy: Policy, now: datetime, call: timedelta, after: _After) -> None:
        self._policy, self._now, self._after = policy, now, after
        self._call = call.total_seconds()
        by_rate, by_channels = policy.rate.interval.total_seconds(), self._call / policy.channels
        self._pace = 1 / max(by_rate, by_channels)
        self._queues = [deque[_Part]() for _ in range(policy.max_attempts)]  # by calls had; the fewest go first
        self._due: list[tuple[float, int]] = []
        self._parts: dict[tuple[float, int], _Part] = {}
        self.left = 0.0
        self.made = 0.0

    def run(self, cohorts: Sequence[Cohort]) -> float | None:
        """When the last call begins; None: not within the slots there are."""
        for each in cohorts:
            if each.leads and each.calls < len(self._queues):
                self.left += each.leads
                self._enter(max(0.0, (each.due_at - self._now).total_seconds()), each.calls, _Part(each.leads))
        if self.left <= _NOBODY:
            return 0.0
        for begins, ends in self._slots():
            served = self._serve(begins, ends)
            if self.left <= _NOBODY:
                return begins + (served + self.left) / self._pace
        return None

    def _slots(self) -> Iterator[tuple[float, float]]:
        """Open time in pieces, the longer the more has passed; the same ones for any number of leads."""
        passed = 0.0
        for opens, shuts in self._policy.window.openings(self._now, self._policy.ring_timeout):
            at, end = ((instant - self._now).total_seconds() for instant in (opens, shuts))
            while at < end:
                slot = min(max(_SHORTEST_SLOT, passed / _FINENESS), end - at)
                yield at, at + slot
                at, passed = at + slot, passed + slot

    def _serve(self, begins: float, ends: float) -> float:
        """The calls of one slot; how many there were."""
        while self._due and self._due[0][0] <= begins:
            key = heappop(self._due)
            self._queues[key[1]].append(self._parts.pop(key))
        able = room = (ends - begins) * self._pace
        for had, queue in enumerate(self._queues):
            while queue and room > 0:
                called = min(queue[0].leads, room)
                self._settle(had + 1, _Part(called, queue[0].begun), ends)
                queue[0].leads -= called
                room -= called
                if queue[0].leads <= 0:
                    queue.popleft()
        return able - room

    def _settle(self, calls: int, part: _Part, ended: float) -> None:
        """They have had one call more, the latest in this slot: some are called again, the others are done."""
        self.made += part.leads
        self.left -= part.leads
        begun = (*part.begun, ended)[-self._policy.per_day :]
        for again in self._after[calls - 1] if calls <= len(self._after) else ():
            due = ended + self._call + again.wait
            if len(begun) == self._policy.per_day:
                due = max(due, begun[0] + DAY.total_seconds())
            self.left += part.leads * again.share
            self._enter(due, calls, _Part(part.leads * again.share, begun))

    def _enter(self, due: float, calls: int, part: _Part) -> None:
        """Those with as many calls who are due in the same moments go on together."""
        grain = _SHORTEST_SLOT * 2 ** floor(log2(max(1.0, due / (_FINENESS * _SHORTEST_SLOT))))
        key = (ceil(due / grain) * grain, calls)
        there = self._parts.get(key)
        if there is None:
            heappush(self._due, key)
            self._parts[key] = part
        else:
            self._parts[key] = _Part(there.leads + part.leads, max(there.begun, part.begun))
