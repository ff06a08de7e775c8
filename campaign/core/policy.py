"""What a campaign was told to do, as plain values: the settings of `design` without their file and their secrets."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from campaign.core.attempt import Disposition
from campaign.core.failing import FailedLimit
from campaign.core.pool import Caller
from campaign.core.window import Window


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any stretch of `period`; what an account is allowed."""

    requests: int
    period: timedelta

    @property
    def interval(self) -> timedelta:
        return self.period / self.requests

    def __str__(self) -> str:
        seconds = self.period.total_seconds()
        return f"{self.requests}/min" if seconds == 60 else f"{self.requests}/{seconds:g}s"


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of a campaign's policy. Every attempt carries the version it was sent under."""

    callers: tuple[Caller, ...]
    flow_url: str
    custom_field: str
    provider_zone: ZoneInfo
    ring_timeout: timedelta
    time_limit: timedelta
    margin: timedelta
    rate: Rate
    look_up_share: float
    channels: int
    retry_slack: timedelta
    weight: float
    max_attempts: int
    waits: Mapping[Disposition, tuple[timedelta, ...]]
    per_day: int
    min_gap: timedelta
    window: Window
    callbacks: bool
    poll_after: timedelta
    poll_every: timedelta
    details_for: timedelta
    settle_for: timedelta
    reached_after: timedelta
    list_lag: timedelta = timedelta(minutes=15)
    """How long after its end a call is in the provider's list, at the latest."""
    tries_per_number: int = 0
    """Calls to each number of a lead; 0: `max_attempts` shared out over them, rounded up."""
    min_balance: Decimal = Decimal()
    """In the account, below which it pauses; none: never asked for."""
    canary: int = 0
    """So many calls first; then it goes on by itself, or waits for its people."""
    ramp: timedelta = timedelta()
    """Over which the rate rises after a start; none: at once."""
    pause_if_failed: FailedLimit | None = None
    breaker: int = 5
    """Calls in doubt, of the account's, before none leaves but one that tries."""

    def without(self, out: Collection[str]) -> "Policy":
        """The same without these caller ids."""
        return replace(self, callers=tuple(each for each in self.callers if each.number not in out)) if out else self

    @property
    def longest_call(self) -> timedelta:
        """From the send until the call must be over, whoever tells or does not tell."""
        return self.ring_timeout + self.time_limit + self.margin

    @property
    def longest_ring(self) -> timedelta:
        return self.ring_timeout + self.margin
