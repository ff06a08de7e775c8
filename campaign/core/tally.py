"""The numbers a person wants to see."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from campaign.core.lead import LeadState, Outcome


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
