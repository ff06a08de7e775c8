"""Ten thousand schedules of one account, and a provider that counts: never more than its limit, however it counts.

Virtual time in whole milliseconds; what a schedule meets follows from its number. The clock of the process may be set
either way (the pace is told steady time, as `engine.pacer` tells it); a restart reads the journal by that clock, so
there the clock has only ever been set back.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from datetime import timedelta
from random import Random

from campaign.core.pace import Pace, Wait
from campaign.core.policy import Rate
from tests.builders import NOON, seconds

SCHEDULES = 10_000
PERIOD = 10_000
MS = timedelta(milliseconds=1)


class Account:
    """One schedule. `counted`: true milliseconds at which the provider counted; `flights`: when each is answered."""

    def __init__(self, luck: Random) -> None:
        self.luck = luck
        self.rate = Rate(luck.choice((1, 2, 3, 4, 6)), seconds(PERIOD / 1000))
        self.now = self.set_by = self.set_by_at_start = 0
        self.pace = Pace(self.rate)
        self.flights: list[tuple[int, int]] = []
        self.counted: list[int] = []
        self.journal: list[int] = []
        self.most_in_flight = 0

    def steady(self) -> timedelta:
        """What the process takes for the time: the clock as it stood when it began, and what has passed since."""
        return (self.now + self.set_by_at_start) * MS

    def live_until(self, until: int) -> None:
        self.flights.sort()
        while self.flights and self.flights[0][0] <= until:
            self.now = max(self.now, self.flights.pop(0)[0])
            self.journal.append(self.now + self.set_by)
            self.pace.answered(NOON + self.steady())
        self.now = max(self.now, until)

    def send(self) -> None:
        while isinstance(wait := self.pace.decide(NOON + self.steady()), Wait):
            ends = [end for end, _ in self.flights]
            if wait.until:
                ends.append(self.now - (NOON + self.steady() - wait.until) // MS + 1)
            self.live_until(min(ends))
        self.pace.sent(NOON + self.steady())
        flight = self.luck.choice((40, 90, 200, 1_500, 12_000))
        self.counted.append(self.now + self.luck.randint(0, flight))
        self.flights.append((self.now + flight, self.counted[-1]))
        self.most_in_flight = max(self.most_in_flight, len(self.flights))

    def restart(self) -> None:
        """Connections die with the process: what has not arrived by now never does."""
        lost = [arrival for _, arrival in self.flights if arrival > self.now]
        for arrival in lost:
            self.counted.remove(arrival)
        self.journal += [self.now + self.set_by] * len(self.flights)
        self.flights.clear()
        self.pace, self.set_by_at_start = Pace(self.rate), self.set_by
        since = self.now + self.set_by - PERIOD
        self.pace.restore([NOON + at * MS for at in self.journal if at > since], NOON + self.steady())


def lived(number: int) -> Account:
    luck = Random(number)
    account, restarts, ahead = Account(luck), number % 3 == 0, number % 3 == 1
    for _ in range(2 * account.rate.requests + 2):
        what = luck.random()
        if what < 0.1:
            account.live_until(account.now + luck.randint(1, 2 * PERIOD))
        elif what < 0.2:
            account.set_by += luck.randint(1, 2 * PERIOD) * (luck.choice((1, -1)) if ahead else -1)
        elif what < 0.26 and restarts:
            account.restart()
        account.send()
    return account


def most_in_a_period(counted: Sequence[int]) -> int:
    """In any sliding window, open at its end; a fixed one is one of them."""
    ordered = sorted(counted)
    return max(bisect_right(ordered, first + PERIOD - 1) - place for place, first in enumerate(ordered))


def refused_by_a_bucket(account: Account) -> int:
    """Its burst is the requests in flight, one that arrives as they do, and the grid's one place of catching up."""
    burst, refill = account.most_in_flight + 2, account.rate.requests / PERIOD
    tokens, before, refused = float(burst), 0, 0
    for at in sorted(account.counted):
        tokens = min(burst, tokens + (at - before) * refill)
        before = at
        if tokens < 1 - 1e-9:
            refused += 1
        else:
            tokens -= 1
    return refused


def all_of_them() -> Iterator[Account]:
    return map(lived, range(SCHEDULES))


def test_no_way_of_counting_sees_more_than_the_limit_in_ten_thousand_schedules() -> None:
    over = [
        number
        for number, account in enumerate(all_of_them())
        if most_in_a_period(account.counted) > account.rate.requests
        or (number % 3 and refused_by_a_bucket(account))  # a restart begins its grid anew: one more than a grid
    ]
    assert not over, f"schedules {over[:5]}"
