"""A whole run under way, for tests: what the provider tells it, and time that passes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from campaign.engine.run import Ending, Run
from tests.integration.house import House, ending, report, sid

TOLD: dict[str, Any] = {"duration_sec": 20, "price": "0.55"}


@dataclass
class Going:
    """A run under way, and what its end will be."""

    house: House
    run: Run
    end: "asyncio.Future[Ending]"

    async def placed(self, count: int) -> None:
        await self.house.until(lambda: len(self.house.provider.placed) >= count)
        await self.house.settle()

    async def told(self, number: int, status: str = "completed") -> None:
        """The provider reports the end of its call so numbered, the price with it."""
        self.house.provider.shows[sid(number)] = report(sid(number), **TOLD)
        attempt = next(each for each in await self.house.attempts() if each.attempt.call_sid == sid(number))
        await self.run.desk.callbacks.receive(attempt.public_id, "", ending(sid(number), status))
        await self.house.settle()

    async def passes(self, *spans: timedelta) -> None:
        for span in spans:
            self.house.clock.move(span)
            await self.house.settle()

    async def over(self) -> Ending:
        await self.house.until(self.end.done)
        return self.end.result()


async def go(run: Run) -> Ending:
    async with run.desk.open() as group:
        return await run.go(group)


@asynccontextmanager
async def going(house: House, **how: Any) -> AsyncIterator[Going]:
    async with under_way(house, house.run(**how)) as it:
        yield it


@asynccontextmanager
async def under_way(house: House, run: Run) -> AsyncIterator[Going]:
    end = asyncio.ensure_future(go(run))
    try:
        yield Going(house, run, end)
    finally:
        end.cancel()
        await asyncio.wait([end])
