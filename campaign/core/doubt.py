"""An attempt in doubt: when the provider is asked about it, and what its answers prove.

A call that is still alive is not in the provider's list, so nothing is asked before the call must be over. Found once,
it is adopted. Found more than once, it goes to a person. Not found proves something only beside a control: an ended
call of ours, created no earlier than the doubtful send, that a query of the same form does return. Two such negatives
are needed. Nothing else ever makes a doubtful request "not placed" (`docs/guarantee.md`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.core.attempt import Attempt, CallSid
from campaign.core.events import Asked
from campaign.core.policy import Policy

NEGATIVES_NEEDED = 2
LONGEST_GAP = timedelta(days=1)
DOUBLINGS = 20  # the shortest call there is, doubled so often, is longer than any gap


@dataclass(frozen=True, slots=True)
class AskAt:
    """Ask the provider at `at`."""

    at: datetime


@dataclass(frozen=True, slots=True)
class NeverPlaced:
    """Proved: no call came of it."""

    evidence: str


@dataclass(frozen=True, slots=True)
class ForAPerson:
    """The provider's answers cannot decide it."""

    why: str


@dataclass(frozen=True, slots=True)
class Query:
    """Calls to one number from one caller id, created between two instants of our own clock."""

    since: datetime
    until: datetime


AROUND = timedelta(minutes=2)
ANSWER_WITHIN = timedelta(minutes=1)  # longer than the connect request's own time-out


def query_for(sent_at: datetime) -> Query:
    """Where a call that came of a request sent then must have been created."""
    return Query(sent_at - AROUND, sent_at + ANSWER_WITHIN + AROUND)


def next_step(attempt: Attempt, asked: Sequence[Asked], policy: Policy) -> AskAt | NeverPlaced | ForAPerson:
    """What follows for an attempt in doubt from all that was asked about it, oldest first."""
    assert attempt.sent_at is not None, "an attempt in doubt was sent"
    if asked and asked[-1].found > 1:
        return ForAPerson(f"{asked[-1].found} calls fit it")
    negatives = [each for each in asked if each.found == 0 and each.controlled]
    if len(negatives) >= NEGATIVES_NEEDED:
        return NeverPlaced(f"not in the provider's list at {', '.join(_minute(each.at) for each in negatives)}")
    must_be_over = attempt.sent_at + policy.longest_call
    if not asked:
        return AskAt(must_be_over)
    gap = min(policy.longest_call * 2 ** min(len(asked) - 1, DOUBLINGS), LONGEST_GAP)
    return AskAt(max(must_be_over, asked[-1].at) + gap)


def fitting(found: Sequence[CallSid], owned: frozenset[CallSid]) -> list[CallSid]:
    """The calls that could be this one: those no other attempt owns."""
    return [sid for sid in dict.fromkeys(found) if sid not in owned]


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}Z"
