"""What the account allows just now: less than its rate where the provider tells of a lower limit, or answers 429.

A 429 all the same (the limit is shared with somebody, or lower than the settings say) halves the pace; each period
without another one gives a tenth of the rate back. `core.pace` obeys it, the ledger keeps it, `campaign status` tells.
Less, too, while a run that has a ramp begins.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from campaign.core.policy import Rate

WHOLE = 100
GIVEN_BACK = 10
"""Percent of the rate, each period."""
LEAST = 6
"""Percent: what four refusals in a row leave. With less, nobody would see that it goes on."""

AT_FIRST = 10
"""Percent of what is allowed, when a ramp begins."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """`[pace] ramp`: from a tenth of what is allowed at `since` evenly up to all of it, which it never exceeds."""

    since: datetime
    over: timedelta

    @property
    def until(self) -> datetime:
        return self.since + self.over

    def of(self, allowed: Rate, now: datetime) -> Rate:
        passed = min(1.0, max(0.0, (now - self.since) / self.over))
        percent = AT_FIRST + (WHOLE - AT_FIRST) * passed
        return Rate(max(1, int(allowed.requests * percent / WHOLE)), allowed.period)


@dataclass(frozen=True, slots=True)
class Allowance:
    """`told`: the provider's own limit, None: never told. `percent`: what refusals had left of the rate at `since`."""

    told: Rate | None = None
    percent: int = WHOLE
    since: datetime | None = None

    def of(self, rate: Rate, now: datetime) -> Rate:
        """The rate in force: of the settings' one, never more, and never none."""
        told = self.told.requests * rate.period // self.told.period if self.told else rate.requests
        requests = min(rate.requests, told) * self._percent(rate.period, now) // WHOLE
        return Rate(max(1, requests), rate.period)

    def refused(self, period: timedelta, now: datetime) -> "Allowance":
        """A 429: half of what was left."""
        return replace(self, percent=max(LEAST, self._percent(period, now) // 2), since=now)

    def whole_at(self, period: timedelta) -> datetime | None:
        """When nothing is left of the refusals; None where there were none."""
        return self.since + period * -((self.percent - WHOLE) // GIVEN_BACK) if self.since else None

    def _percent(self, period: timedelta, now: datetime) -> int:
        quiet = max(0, (now - self.since) // period) if self.since else 0
        return min(WHOLE, self.percent + GIVEN_BACK * quiet)
