"""Who waits for a channel. The ledger alone counts them, in the sending commit; this only wakes whoever may ask."""

import asyncio
from collections.abc import Hashable
from datetime import datetime, timedelta

from campaign.core.attempt import AttemptId
from campaign.core.turns import Turns
from campaign.engine.tasks import TurnedAway
from campaign.ports import Clock


class Channels:
    """A mirror of the calls alive, each until its latest end. Those who wait take turns by weight."""

    def __init__(self, limit: int, longest_call: timedelta, clock: Clock) -> None:
        self._limit = limit
        self._longest = longest_call
        self._clock = clock
        self._ends: dict[AttemptId, datetime] = {}
        self._waiting: dict[asyncio.Event, tuple[Hashable, float]] = {}
        self._turns: Turns[Hashable] = Turns()
        self._away: set[Hashable] = set()

    async def enter(self, attempt: AttemptId, who: Hashable, weight: float = 1) -> None:
        """Wait until one seems free, first come first served but for the weights, and take it. Raises TurnedAway."""
        bell = asyncio.Event()
        self._waiting[bell] = who, weight
        try:
            while (full := len(used := self._used()) >= self._limit) or self._first() is not bell:
                await self._clock.wait(min(used) if full else None, bell)
                if who in self._away:
                    raise TurnedAway
            self._turns.took(who, weight)
            self.take(attempt, self._clock.now() + self._longest)
        finally:
            del self._waiting[bell]
            self._wake()

    def take(self, attempt: AttemptId, until: datetime) -> None:
        if attempt in self._ends:
            self._wake()  # it may end earlier than whoever waits was told
        self._ends[attempt] = until

    def leave(self, attempt: AttemptId) -> None:
        """The call is over, or was never placed; leaving twice is leaving once."""
        if self._ends.pop(attempt, None):
            self._wake()

    def turn_away(self, who: Hashable) -> None:
        """Nothing that this one wants to send will be sent any more."""
        self._away.add(who)
        for bell, (whose, _) in self._waiting.items():
            if whose is who:
                bell.set()

    def _wake(self) -> None:
        """Whoever is next looks again, and wakes the one after them."""
        if self._waiting:
            self._first().set()

    def _first(self) -> asyncio.Event:
        who = self._turns.first(dict(self._waiting.values()))
        return next(bell for bell, (whose, _) in self._waiting.items() if whose is who)

    def _used(self) -> list[datetime]:
        now = self._clock.now()
        return [end for end in self._ends.values() if end > now]
