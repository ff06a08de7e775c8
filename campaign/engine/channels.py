"""Who waits for a channel. The ledger alone counts them, in the sending commit; this only wakes whoever may ask."""

import asyncio
from datetime import datetime, timedelta

from campaign.core.attempt import AttemptId
from campaign.ports import Clock


class Channels:
    """A mirror of the calls alive, each until its latest end."""

    def __init__(self, limit: int, longest_call: timedelta, clock: Clock) -> None:
        self._limit = limit
        self._longest = longest_call
        self._clock = clock
        self._ends: dict[AttemptId, datetime] = {}
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()
        self._closed = False

    async def enter(self, attempt: AttemptId) -> None:
        """Wait until one of them seems free, first come first served, and take it."""
        async with self._turn:
            while len(used := self._used()) >= self._limit and not self._closed:
                await self._clock.wait(min(used), self._freed)
            self.take(attempt, self._clock.now() + self._longest)

    def take(self, attempt: AttemptId, until: datetime) -> None:
        if attempt in self._ends:
            self._freed.set()  # it may end earlier than whoever waits was told
        self._ends[attempt] = until

    def leave(self, attempt: AttemptId) -> None:
        """The call is over, or was never placed; leaving twice is leaving once."""
        if self._ends.pop(attempt, None):
            self._freed.set()

    def close(self) -> None:
        """Nobody need wait any more: the campaign stops."""
        self._closed = True
        self._freed.set()

    def _used(self) -> list[datetime]:
        now = self._clock.now()
        return [end for end in self._ends.values() if end > now]
