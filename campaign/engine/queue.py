"""Between claiming and dialling, in one process: an asyncio queue (`ports.Queue`)."""

import asyncio

from campaign.core.records import Reserved


class InProcessQueue:
    """Reservations in the order in which they were claimed."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Reserved] = asyncio.Queue()

    async def put(self, reserved: Reserved) -> None:
        await self._queue.put(reserved)

    async def get(self) -> Reserved:
        return await self._queue.get()

    def drain(self) -> list[Reserved]:
        return [self._queue.get_nowait() for _ in range(self._queue.qsize())]

    def __len__(self) -> int:
        return self._queue.qsize()
