"""What is going on, for whoever waits for it or shows it: bells for every change, and the last thing worth saying."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from campaign.core.tally import Tally


@dataclass(frozen=True, slots=True)
class Pulse:
    """One look at a running campaign. `saying` holds until `until`; `sent`: requests answered within one period."""

    now: datetime
    tally: Tally
    sent: int
    saying: str
    until: datetime | None


class Feed:
    """The engine's voice."""

    def __init__(self) -> None:
        self.account_refused = ""
        self.saying = ""
        self.until: datetime | None = None
        self._bells: list[asyncio.Event] = []

    def listen(self) -> asyncio.Event:
        """A bell that rings at every change."""
        self._bells.append(asyncio.Event())
        return self._bells[-1]

    def changed(self) -> None:
        """Something in the ledger changed: whoever listens looks again."""
        for bell in self._bells:
            bell.set()

    def say(self, what: str, until: datetime | None) -> None:
        """Worth showing to a person until the instant, or until something else is said."""
        self.saying, self.until = what, until

    def said(self, now: datetime) -> str:
        """What still holds of it."""
        return self.saying if self.until is None or now < self.until else ""
