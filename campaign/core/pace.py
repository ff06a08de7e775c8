"""When the next request may leave.

Two rules, both needed. *The window*: a request holds one of the account's places from its send until one period after
its answer, or its time-out, was seen; the provider counted it somewhere between, so it can never count more than its
limit in any period, sliding or fixed, whatever the network does. *The grid*: sends are one interval apart, so no burst
rings two hundred phones in one second. A restart reloads the places from the ledger (`restore`). Both follow what the
account allows just now (`core.allowance`).
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from campaign.core.allowance import Allowance, Ramp
from campaign.core.policy import Rate


class Why(StrEnum):
    """What a waiting request waits for; the words a person reads."""

    GRID = "the next place in the rate"
    WINDOW = "the account's limit is used up"
    ASKED = "the provider asked us to wait"
    NO_CONNECTION = "no connection to the provider"
    TROUBLE = "the provider gives calls no proper answer; one call tries again"


@dataclass(frozen=True, slots=True)
class Go:
    """One request may leave now."""


@dataclass(frozen=True, slots=True)
class Wait:
    """None may leave before `until`; `until` is None when an answer must come first."""

    until: datetime | None
    why: Why


class Pace:
    """The places of one account. No clock inside: every method is told the instant, by a clock that nobody sets.

    Should it step back all the same, every remembered instant moves with it, so no time is lost; where it jumps ahead
    (a laptop that slept) one place is granted at once, because the grid never catches up.
    """

    def __init__(self, rate: Rate, rises_over: timedelta = timedelta()) -> None:
        self.rate = rate
        self.allowance = Allowance()
        self.ramp: Ramp | None = None
        self._rises_over = rises_over
        self._seen: datetime | None = None
        self._next: datetime | None = None
        self._flying = 0
        self._leaving: deque[datetime] = deque()
        self._pause: tuple[datetime, Why] | None = None
        self._probing = False
        self._probe_left = False

    @property
    def used(self) -> int:
        """Places held now."""
        return self._flying + len(self._leaving)

    def in_force(self, now: datetime) -> Rate:
        """What may leave just now: the allowance, and less while the rate rises."""
        allowed = self.allowance.of(self.rate, now)
        return self.ramp.of(allowed, now) if self.ramp else allowed

    def calls_begin(self, now: datetime) -> None:
        """From the first call on the rate rises; what is asked before it does not wait."""
        if self._rises_over and not self.ramp:
            self.ramp = Ramp(now, self._rises_over)

    def restore(self, answered: Iterable[datetime], now: datetime) -> None:
        """Take up the requests of an earlier process: the instants at which each was answered or given up."""
        self._leaving.extend(min(at, now) + self.rate.period for at in sorted(answered))
        self._look(now)

    def decide(self, now: datetime) -> Go | Wait:
        """Whether a request may leave now. After `Go` call `sent`."""
        self._look(now)
        if self._pause and now < self._pause[0]:
            return Wait(*self._pause)
        if self._probing and self._flying:
            return Wait(None, Why.NO_CONNECTION)
        if self._next and now < self._next:
            return Wait(self._next, Why.GRID)
        if self.used >= self.in_force(now).requests:
            return Wait(self._leaving[0] if self._leaving else None, Why.WINDOW)
        return Go()

    def sent(self, now: datetime) -> None:
        """A request leaves: it takes a place and the grid moves on, from its own line if that is not yet past."""
        self._look(now)
        interval = self.in_force(now).interval
        line = self._next if self._next and now - self._next < interval else now
        self._next = line + interval
        self._flying += 1
        self._probe_left = self._probing

    def answered(self, now: datetime) -> None:
        """Its answer, or its time-out, was seen: the place is free one period from now."""
        self._look(now)
        self._flying -= 1
        self._probing = self._probing and not self._probe_left
        self._leaving.append(now + self.rate.period)

    def withdrawn(self, now: datetime) -> None:
        """The request did not leave after all: the place is free at once."""
        self._look(now)
        self._flying -= 1

    def refused(self, until: datetime, now: datetime) -> None:
        """A 429: nothing leaves before `until`, and less after it. Those of requests sent before are the same one."""
        self._look(now)
        if not (self._pause and self._pause[1] is Why.ASKED and now < self._pause[0]):
            self.allowance = self.allowance.refused(self.rate.period, now)
        self.pause(until, Why.ASKED)

    def pause(self, until: datetime, why: Why) -> None:
        """Nothing leaves before `until`; where there was no connection, then one request alone until it is answered."""
        self._probing = self._probing or why is Why.NO_CONNECTION
        if self._pause is None or until > self._pause[0]:
            self._pause = (until, why)

    def _look(self, now: datetime) -> None:
        if self._seen and now < self._seen:
            back = self._seen - now
            self._leaving = deque(at - back for at in self._leaving)
            self._next = self._next - back if self._next else None
            self._pause = (self._pause[0] - back, self._pause[1]) if self._pause else None
            since = self.allowance.since
            self.allowance = replace(self.allowance, since=since - back if since else None)
            self.ramp = replace(self.ramp, since=self.ramp.since - back) if self.ramp else None
        self._seen = now
        while self._leaving and self._leaving[0] <= now:
            self._leaving.popleft()
