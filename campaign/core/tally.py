"""The numbers a person wants to see, and how long what is left will take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from campaign.core.lead import LeadState, Outcome
from campaign.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Tally:
    """A campaign's figures at one instant.

    `alive`: calls that may be ringing or talking. `in_doubt`: attempts whose request may have rung a phone.
    `waiting`: leads not done, by the reason they wait. `next_at`: when the next of them is due.
    """

    states: Mapping[LeadState, int] = field(default_factory=dict)
    outcomes: Mapping[Outcome, int] = field(default_factory=dict)
    attempts: int = 0
    alive: int = 0
    in_doubt: int = 0
    waiting: Mapping[str, int] = field(default_factory=dict)
    next_at: datetime | None = None

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def done(self) -> int:
        return self.states.get(LeadState.DONE, 0)

    @property
    def left(self) -> int:
        return self.total - self.done

    @property
    def held(self) -> int:
        return self.states.get(LeadState.HELD, 0)

    @property
    def answered(self) -> int:
        return self.outcomes.get(Outcome.COMPLETED, 0)

    @property
    def finished(self) -> bool:
        """Every lead is done or held, and no call is alive but in doubt."""
        return self.done + self.held == self.total


@dataclass(frozen=True, slots=True)
class Forecast:
    """`soonest`: every lead answers its first call. `latest`: every lead needs all of them, after the longest waits.

    None: not before the campaign's end.
    """

    calls_at_least: int
    calls_at_most: int
    soonest: datetime | None
    latest: datetime | None


def forecast(fresh: int, waiting: int, policy: Policy, now: datetime) -> Forecast:
    """How long `fresh` leads and `waiting` retries take at the rate, in the hours and with the waits of the policy."""
    least = fresh + waiting
    most = (fresh + waiting) * policy.max_attempts
    return Forecast(
        calls_at_least=least,
        calls_at_most=most,
        soonest=_when(least, policy, now),
        latest=_after_waits(_when(most, policy, now), policy),
    )


def _after_waits(called: datetime | None, policy: Policy) -> datetime | None:
    """The last lead's retries, each after the longest wait that may precede it."""
    chains = [waits for waits in policy.waits.values() if waits]
    for retry in range(policy.max_attempts - 1):
        if called is None or not chains:
            break
        longest = max(waits[min(retry, len(waits) - 1)] for waits in chains)
        called = policy.window.next_opening(called + longest, policy.ring_timeout)
    return called


def _when(calls: int, policy: Policy, now: datetime) -> datetime | None:
    return policy.window.working_time(now, policy.rate.interval * calls)
