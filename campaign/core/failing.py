"""Whether so many of the last calls failed that the rest of the list must not be spent: `[guard] pause_if_failed`.

Only calls that tell something new count. Who failed before and is called again fails again, mostly: towards the end of
any campaign nobody else is left, and nothing is wrong.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaign.core.attempt import Attempt, AttemptState, Disposition, Refusal

LOOK = "look at the caller id, the flow and the list; attempts.csv tells how each one ended"
OF_THE_NUMBER = frozenset({Refusal.INVALID_NUMBER, Refusal.DNC})
_ENDS = frozenset({Disposition.COMPLETED, Disposition.BUSY, Disposition.NO_ANSWER, Disposition.FAILED})


@dataclass(frozen=True, slots=True)
class FailedLimit:
    """Pause where `share` (a part of 1) or more of the last `of` ends were failed or refused."""

    share: float
    of: int


class End(StrEnum):
    """What the end of a call says of its campaign, as the ledger keeps the last of them."""

    FAILED = "f"
    REFUSED = "r"
    FINE = "."


@dataclass(frozen=True, slots=True)
class GoOn:
    """Nothing speaks against it."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The campaign is paused, and why: for its people to read."""

    why: str


def end_of(attempt: Attempt, lead: Iterable[Attempt]) -> End | None:
    """What an attempt says now that it is settled; None: nothing. `lead`: all attempts of its lead.

    In doubt, not placed, or refused for a reason of the account's or of the line: no end of a call.
    """
    if attempt.state is AttemptState.REFUSED:
        return End.REFUSED if attempt.refusal in OF_THE_NUMBER else None
    if attempt.disposition not in _ENDS or any(_failed_before(attempt, each) for each in lead):
        return None
    return End.FAILED if attempt.disposition is Disposition.FAILED else End.FINE


def _failed_before(attempt: Attempt, other: Attempt) -> bool:
    same = other.number_position == attempt.number_position
    return same and other.id != attempt.id and other.disposition is Disposition.FAILED


def decide(last: Sequence[str], limit: FailedLimit) -> GoOn | Stop:
    """Of the ends seen since the campaign was begun or resumed, oldest first; with fewer than `of`, nothing is said."""
    ends = last[-limit.of :]
    failed, refused = ends.count(End.FAILED), ends.count(End.REFUSED)
    if len(ends) < limit.of or failed + refused < limit.share * limit.of:
        return GoOn()
    return Stop(f"of the last {limit.of} calls {failed} failed and {refused} were refused: {LOOK}")
