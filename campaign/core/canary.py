"""The first calls of a campaign, by which the rest of it is decided: `[pace] canary`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaign.core.attempt import Attempt, AttemptState, Disposition
from campaign.core.failing import LOOK, OF_THE_NUMBER, FailedLimit, Stop

_WORDS = {
    Disposition.COMPLETED: "answered",
    Disposition.BUSY: "busy",
    Disposition.NO_ANSWER: "no answer",
    Disposition.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Trying:
    """Not decided yet: `left` more calls may leave until it is."""

    left: int


@dataclass(frozen=True, slots=True)
class Fine:
    """The campaign goes on, and how the first calls ended."""

    why: str


def judge(attempts: Sequence[Attempt], canary: int, limit: FailedLimit | None, now: datetime) -> Trying | Fine | Stop:
    """Of everything that was sent so far, once nothing of it is on its way.

    It goes on unless a call is in doubt, or the share of `[guard] pause_if_failed` failed or was refused. What is
    refused for the account pauses by itself.
    """
    tried = [each for each in attempts if each.counts or each.refusal in OF_THE_NUMBER]
    doubtful = [each for each in tried if _in_doubt(each, now)]
    if len(tried) < canary or any(each.alive and each not in doubtful for each in tried):
        return Trying(max(0, canary - len(tried)))
    refused = sum(each.state is AttemptState.REFUSED for each in tried)
    ends = [(word, sum(each.disposition is end for each in tried)) for end, word in _WORDS.items()]
    ends += [("refused", refused), ("in doubt", len(doubtful))]
    figures = f"of the first {len(tried)} calls: {', '.join(f'{count} {word}' for word, count in ends if count)}"
    failed = refused + sum(each.disposition is Disposition.FAILED for each in tried)
    if doubtful or (limit and failed >= limit.share * len(tried)):
        return Stop(f"{figures}; {LOOK}")
    return Fine(figures)


def _in_doubt(attempt: Attempt, now: datetime) -> bool:
    """It may have rung and nobody knows; or it must be over and nobody told."""
    if attempt.disposition is Disposition.WRITTEN_OFF:
        return True
    overdue = attempt.latest_end is not None and attempt.latest_end <= now
    return attempt.alive and (attempt.state is AttemptState.UNKNOWN or overdue)
