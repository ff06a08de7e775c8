"""What is going on, for whoever waits for it or shows it: bells for every change, and the last thing worth saying."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from campaign.core.forecast import Forecast
from campaign.core.tally import Tally


class News(Enum):
    """What changed in the ledger."""

    PLACED = auto()
    """A request was answered: a call may be alive."""
    IN_DOUBT = auto()
    """Of a request nobody knows whether it made a call."""
    ENDED = auto()
    """A call's end is known, or given up."""
    LEADS = auto()
    """Leads wait that did not before, or the campaign stands otherwise."""
    DETAILS = auto()
    """What a call took is known."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """One look at a running campaign. `saying` holds until `until`; `sent`: requests answered within one period.

    `expected`: when it will be finished; None where nothing is left to dial.
    `note`: said once, and it stays to be read.
    """

    now: datetime
    tally: Tally
    sent: int
    saying: str
    until: datetime | None
    expected: Forecast | None = None
    note: str = ""


class Feed:
    """The engine's voice."""

    def __init__(self) -> None:
        self.account_refused = ""
        self.saying = ""
        self.until: datetime | None = None
        self._bells: list[tuple[asyncio.Event, frozenset[News]]] = []

    def listen(self, *news: News) -> asyncio.Event:
        """A bell that rings at news of these kinds."""
        bell = asyncio.Event()
        self._bells.append((bell, frozenset(news)))
        return bell

    def changed(self, *news: News) -> None:
        """Whoever listens to any of it looks again."""
        for bell, heard in self._bells:
            if not heard.isdisjoint(news):
                bell.set()

    def say(self, what: str, until: datetime | None) -> None:
        """Worth showing to a person until the instant, or until something else is said."""
        self.saying, self.until = what, until

    def said(self, now: datetime) -> str:
        """What still holds of it."""
        return self.saying if self.until is None or now < self.until else ""
