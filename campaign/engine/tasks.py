"""Tasks that live no longer than a block, and errors that come out of it as themselves."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from campaign.errors import CampaignError


class TurnedAway(Exception):
    """What somebody waited for is not given any more: their campaign stops."""


@asynccontextmanager
async def nursery() -> AsyncIterator[asyncio.TaskGroup]:
    """A TaskGroup whose first error leaves it without the group around it, a CampaignError before any other."""
    try:
        async with asyncio.TaskGroup() as group:
            yield group
    except BaseExceptionGroup as several:
        known, other = several.split(CampaignError)
        raise _first(known or other or several) from several


@asynccontextmanager
async def beside(endless: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run an endless task for as long as the block lasts."""
    async with nursery() as group:
        task = group.create_task(endless)
        try:
            yield
        finally:
            task.cancel()


def _first(several: BaseExceptionGroup[BaseException]) -> BaseException:
    first = several.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
