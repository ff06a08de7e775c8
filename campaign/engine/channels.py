"""Who waits for a channel. The ledger alone counts them, in the sending commit; this only wakes whoever may ask."""

import asyncio
from datetime import datetime, timedelta

from campaign.core.attempt import AttemptId
from campaign.engine.tasks import TurnedAway
from campaign.ports import Clock


class Channels:
    """A mirror of the calls alive, each until its latest end."""

    def __init__(self, limit: int, longest_call: timedelta, clock: Clock) -> None:
        self._limit = limit
        self._longest = longest_call
        self._clock = clock
        self._ends: dict[AttemptId, datetime] = {}
        self._waiting: dict[asyncio.Event, object] = {}
        self._away: set[object] = set()

    async def enter(self, attempt: AttemptId, who: object) -> None:
        """Wait until one seems free, first come first served, and take it. Raises TurnedAway."""
        bell = asyncio.Event()
        self._waiting[bell] = who
        try:
            while len(used := self._used()) >= self._limit:
                await self._clock.wait(min(used), bell)
                if who in self._away:
                    raise TurnedAway
        finally:
            del self._waiting[bell]
        self.take(attempt, self._clock.now() + self._longest)

    def take(self, attempt: AttemptId, until: datetime) -> None:
        if attempt in self._ends:
            self._wake()  # it may end earlier than whoever waits was told
        self._ends[attempt] = until

    def leave(self, attempt: AttemptId) -> None:
        """The call is over, or was never placed; leaving twice is leaving once."""
        if self._ends.pop(attempt, None):
            self._wake()

    def turn_away(self, who: object) -> None:
        """Nothing that this one wants to send will be sent any more."""
        self._away.add(who)
        self._wake()

    def _wake(self) -> None:
        for bell in self._waiting:
            bell.set()

    def _used(self) -> list[datetime]:
        now = self._clock.now()
        return [end for end in self._ends.values() if end > now]
