"""Which of a lead's numbers is called next: the first one that is open and has not had its calls.

Asked by the store when the lead's turn comes and again before its request leaves, by `core.retry` when an attempt is
settled, and by `campaign explain`. Nothing is remembered for it: the lead's attempts say it all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from campaign.core.attempt import Attempt
from campaign.core.outcome import OF_REFUSAL
from campaign.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Use:
    """The number at `position`, the first being 0."""

    position: int
    why: str


ONLY = Use(0, "its only number")


@dataclass(frozen=True, slots=True)
class NoneLeft:
    """Every number is closed, or has had its calls."""

    why: str


def next_number(history: Sequence[Attempt], numbers: int, policy: Policy) -> Use | NoneLeft:
    """Choose for a lead with so many `numbers`, from all its attempts.

    A number is closed once the provider has refused it as invalid or on its do-not-call list. Without
    `tries_per_number` the lead's calls are shared out over its open numbers, rounded up.
    """
    closed = {attempt.number_position for attempt in history if attempt.refusal in OF_REFUSAL}
    left = [position for position in range(numbers) if position not in closed]
    if not left:
        return NoneLeft("refused by the provider")
    tries = policy.tries_per_number or ceil(policy.max_attempts / len(left))
    for position in left:
        calls = sum(attempt.counts and attempt.number_position == position for attempt in history)
        if calls < tries:
            return Use(position, f"number {position + 1} of {numbers}, call {calls + 1} of {tries} to it")
    return NoneLeft(f"each number had its {tries} calls" if tries > 1 else "each number had its call")
