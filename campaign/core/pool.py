"""From which of the account's numbers a lead is called. A lead keeps its caller id, for whom people call back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from campaign.core.lead import NumberHash


@dataclass(frozen=True, slots=True)
class Caller:
    """A caller id. `share`: of the leads, against the shares of the others; `channels`: of its own, None: no limit."""

    number: str
    share: float = 1
    channels: int | None = None


def choose(pool: Sequence[Caller], used: Mapping[str, int], own: str | None, luck: float) -> Caller | None:
    """The lead's `own` where it is still in the pool, else one by share; None while it, or all, are in use.

    `used`: calls alive from each number. `luck`: the lead's, in [0, 1).
    """
    theirs = [each for each in pool if each.number == own]
    free = [each for each in theirs or pool if each.channels is None or used.get(each.number, 0) < each.channels]
    sums = list(accumulate(each.share for each in free))
    return next((each for each, upto in zip(free, sums, strict=True) if luck * sums[-1] < upto), None)


def luck(number: NumberHash) -> float:
    """Where a lead falls among the shares: always the same, and nobody's choice."""
    return int(number[:8], 16) / 16**8
