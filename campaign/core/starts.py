"""By which clocks instants were written down, across starts of the program.

A clock is known by when it says the machine was booted: set ahead by a minute, it says a minute later. A start that
found another clock than the one before is noted, and the one before is kept for a period more: what was written by it
just before counts so long. So two starts in a row forget nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

STEADY = timedelta(seconds=1)
"""Less is no step, and need not be noted."""


@dataclass(frozen=True, slots=True)
class Start:
    """By its clock the machine was `booted` then, and had been `up` for so long."""

    booted: datetime
    up: timedelta


def noted(starts: Sequence[Start], found: Start, period: timedelta) -> list[Start]:
    """Those to keep, the one whose clock is in force last, once another was `found`."""
    told = [*starts, found] if not starts or abs(found.booted - starts[-1].booted) > STEADY else list(starts)
    replaced = pairwise(told)
    return [start for start, by in replaced if _ago(by, found) <= period] + told[-1:]


def set_ahead(starts: Sequence[Start], booted: datetime) -> timedelta:
    """By how much the clock was set ahead since any of these: the most that anything written down lags behind."""
    return max([timedelta(0), *(booted - start.booted for start in starts)])


def on_todays_clock(at: datetime, now: datetime, set_ahead: timedelta, booted: datetime) -> datetime:
    """An instant that an earlier process wrote down, never earlier than it was, on a clock that was `set_ahead` since.

    Set ahead, the clock makes old what has just been. An instant that would lie in the future was written after the
    clock was set, or before the machine was `booted`, and then nothing of it is younger than that.
    """
    moved = at + set_ahead
    return moved if moved <= now else min(max(at, booted), now)


def _ago(start: Start, now: Start) -> timedelta:
    """How long ago, at the least: a machine that has been up for less was booted anew since."""
    return now.up - start.up if now.up >= start.up else now.up
