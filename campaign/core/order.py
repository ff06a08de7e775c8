"""Who is called next, of those who may be.

Work with the longest chain of calls left goes first: whoever waits for their first call, then first retries, then
second ones. That way the last retries do not begin only when everybody else is done, which makes campaigns of a few
thousand people up to a fifth longer. A retry is never starved: overdue by `[pace] retry_slack`, it goes first.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from campaign.core.lead import CampaignId, LeadId, NumberHash

HIGHEST_PRIORITY = 999
BITS = 40
"""Of a place in the line of first calls that say nothing of the priority."""


class Order(StrEnum):
    """In which order first calls are made: as the file has the people, or shuffled."""

    FILE = "file"
    RANDOM = "random"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A lead that may be called. `place`: in the line of first calls; None: it has an instant of its own, `due_at`.

    `calls`: that were made to it.
    """

    lead: LeadId
    due_at: datetime
    calls: int = 0
    place: int | None = None


def in_turn(waiting: Iterable[Waiting], slack: timedelta, now: datetime) -> list[Waiting]:
    """All of whom `due_at` has come, in the order in which they are called."""
    return sorted(waiting, key=lambda each: _turn(each, now - slack))


def _turn(each: Waiting, overdue: datetime) -> tuple[int, int, datetime, int]:
    if each.place is not None:
        return 2, each.place, each.due_at, each.lead
    if each.due_at <= overdue:
        return 0, 0, each.due_at, each.lead
    if not each.calls:  # put off when its turn had come
        return 1, 0, each.due_at, each.lead
    return 3, each.calls, each.due_at, each.lead


def place(priority: int, number: int) -> int:
    """In the line of first calls, the lowest first: by priority, within it by `number` (below 2**40)."""
    return number - priority * (1 << BITS)


def shuffled(campaign: CampaignId, number: NumberHash) -> int:
    """A number that says nothing of the file's order; the same again for the same person and campaign."""
    digest = hashlib.sha256(f"{campaign} {number}".encode()).digest()
    return int.from_bytes(digest) >> (len(digest) * 8 - BITS)
