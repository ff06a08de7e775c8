"""What is due when: ends of calls, callbacks and their repeats, done in the order of their instants by the clock.

The one place of the simulator that waits.
"""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from itertools import count

from campaign.errors import CampaignError
from campaign.ports import Bell, Clock

Deed = Callable[[], Awaitable[None]]


class Agenda:
    """Deeds by instant; `run` does them for ever, each in a task of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[datetime, int, Deed]] = []
        self._order = count()  # of equal instants the one entered first
        self._bell = Bell()

    def enter(self, at: datetime, deed: Deed) -> None:
        """Do it then; at once if that is past."""
        heapq.heappush(self._due, (at, next(self._order), deed))
        self._bell.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                while self._due and self._due[0][0] <= self._clock.now():
                    deed = heapq.heappop(self._due)[2]
                    group.create_task(_do(deed))
                await self._clock.wait(self._due[0][0] if self._due else None, self._bell)


async def _do(deed: Deed) -> None:
    with suppress(CampaignError):  # the log is full: whoever watches over it ends the simulator
        await deed()
