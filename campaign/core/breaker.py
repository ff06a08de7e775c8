"""Whether the provider answers calls at all: after a run of calls that it leaves in doubt, one at a time tries.

A time-out, a lost connection or a server error may have rung a phone, so each costs a lead that is held. Of a provider
that answers so always, no more calls come into doubt than the run and those on their way when it was noticed; then one
a probe, at growing gaps. A restart goes through the ledger's newest replies again (`replayed`): it forgets nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaign.core.pace import Go, Wait, Why

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=10)
DOUBLINGS = 5
"""After so many the longest wait is reached."""


@dataclass(frozen=True, slots=True)
class Reply:
    """How the request of a call was answered. `good`: whatever was said, it left no doubt.

    `cut_off`: it was not heard because this program ended: no reason to wait, but one to try with one call alone.
    """

    sent_at: datetime
    at: datetime
    good: bool
    cut_off: bool = False


@dataclass(frozen=True, slots=True)
class Breaker:
    """`most`: calls in doubt in a row before none leaves; `failed`: how many there were.

    `until`: none leaves before; None: all may. `trying`: one is on its way to find out. `since`: when it changed last;
    calls that left before tell nothing new.
    """

    most: int
    failed: int = 0
    until: datetime | None = None
    trying: bool = False
    since: datetime | None = None

    def decide(self, now: datetime) -> Go | Wait:
        """Whether a call may leave now. After `Go` call `sent`."""
        if self.until is None:
            return Go()
        if now < self.until:
            return Wait(self.until, Why.TROUBLE)
        return Wait(None, Why.TROUBLE) if self.trying else Go()

    def sent(self) -> "Breaker":
        """A call leaves."""
        return replace(self, trying=self.until is not None)

    def withdrawn(self, sent_at: datetime) -> "Breaker":
        """It did not leave after all, and tells nothing."""
        return self if self._before(sent_at) else replace(self, trying=False)

    def answered(self, reply: Reply) -> "Breaker":
        """Its answer, or that there is none, was seen."""
        if self._before(reply.sent_at):
            return self
        if reply.good:
            return Breaker(self.most, since=reply.at if self.until else self.since)
        failed = self.failed + 1
        if failed < self.most:
            return replace(self, failed=failed)
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(DOUBLINGS, failed - self.most)) * (not reply.cut_off)
        return Breaker(self.most, failed, until=reply.at + wait, since=reply.at)

    def moved(self, by: timedelta) -> "Breaker":
        """The same, told by a clock that says so much more."""
        return replace(self, until=self.until and self.until + by, since=self.since and self.since + by)

    def _before(self, sent_at: datetime) -> bool:
        return self.since is not None and sent_at <= self.since


def replayed(most: int, replies: Iterable[Reply], now: datetime) -> Breaker:
    """As these replies leave it, oldest first. What a clock set back since puts into the future was just now."""
    breaker = Breaker(most)
    for each in replies:
        breaker = breaker.answered(replace(each, sent_at=min(each.sent_at, now), at=min(each.at, now)))
    return breaker
