"""Whether the provider answers calls as it should: after too many that it leaves in doubt, one at a time tries.

A time-out, a lost connection or a server error may have rung a phone, so each costs a lead that is held. A call in
doubt counts one, and `TAKE_BACK` good answers take one back: a provider that leaves more than one call in five in doubt
is found out, always or only now and then. Then none leaves for a while; then one at a time, and the next one in doubt
stops them again, for longer, until as many good answers as it takes have come. A restart goes through the ledger's
newest replies again (`replayed`), and stands where they leave it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaign.core.pace import Go, Wait, Why

FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=10)
DOUBLINGS = 5
"""After so many the longest wait is reached."""
TAKE_BACK = 4
"""So many good answers for one in doubt."""


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
    """`most`: calls in doubt before none leaves; `failed`: how many count, `good`: answers on the way to take one back.

    `stopped`: how often since all was well; while it is not 0 calls leave one at a time, none before `until`. `trying`:
    one is on its way. `since`: when it stopped last; calls that left before tell nothing new.
    """

    most: int
    failed: int = 0
    good: int = 0
    stopped: int = 0
    until: datetime | None = None
    trying: bool = False
    since: datetime | None = None

    def decide(self, now: datetime) -> Go | Wait:
        """Whether a call may leave now. After `Go` call `sent`."""
        if not self.stopped:
            return Go()
        if self.until and now < self.until:
            return Wait(self.until, Why.TROUBLE)
        return Wait(None, Why.TROUBLE) if self.trying else Go()

    def sent(self) -> "Breaker":
        """A call leaves."""
        return replace(self, trying=self.stopped > 0)

    def withdrawn(self, sent_at: datetime) -> "Breaker":
        """It did not leave after all, and tells nothing."""
        return self if self._before(sent_at) else replace(self, trying=False)

    def answered(self, reply: Reply) -> "Breaker":
        """Its answer, or that there is none, was seen."""
        if self._before(reply.sent_at):
            return self
        return self._good() if reply.good else self._failed(reply)

    def _good(self) -> "Breaker":
        if self.until:
            return replace(self, failed=self.most - 1, until=None, trying=False)
        good = (self.good + 1) % TAKE_BACK
        failed = max(0, self.failed - (good == 0))
        return replace(self, failed=failed, good=good, stopped=self.stopped if failed else 0, trying=False)

    def _failed(self, reply: Reply) -> "Breaker":
        failed = self.failed + 1
        if failed < self.most:
            return replace(self, failed=failed, trying=False)
        wait = min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(DOUBLINGS, self.stopped)) * (not reply.cut_off)
        return Breaker(self.most, failed, stopped=self.stopped + 1, until=reply.at + wait, since=reply.at)

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
