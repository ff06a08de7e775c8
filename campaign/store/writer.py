"""The one writing connection, and group commit: whoever waits to write shares one transaction and one sync to disk.

An operation is a plain function `(connection, items) -> a verdict per item`. Items that wait for the same operation are
handed to it together. Callbacks go before calls. An import commits apart from both, so that they do not wait for its
lines, and takes turns with them.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from itertools import groupby
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from campaign.errors import CampaignError
from campaign.store.sqlite import Database

MOST_LEISURE = 400
ALONE = 500  # turns, of two milliseconds each: whoever rings every second still finds short ones

Item = TypeVar("Item")
Verdict = TypeVar("Verdict")
Operation = Callable[[Connection, Sequence[Item]], list[Verdict]]


class Rank(IntEnum):
    """Who goes first within a commit."""

    CALLBACKS = 0
    CALLS = 1
    IMPORTS = 2


@dataclass(eq=False, slots=True)
class _Waiting:
    rank: Rank
    operation: Operation[Any, Any]
    items: Sequence[Any]
    verdicts: asyncio.Future[list[Any]]


class Writer:
    """Has the database to itself until `close`.

    `leisure`: how many times more than usual an import may write at once. It grows while nobody else writes, because a
    commit costs as much as hundreds of lines; the first callback or call takes it back, and then it grows only after
    `ALONE` turns in which nobody else came.
    """

    def __init__(self, database: Database) -> None:
        self.leisure = 1
        self._database = database
        self._queue: list[_Waiting] = []
        self._committing: asyncio.Future[None] | None = None
        self._others_went = self._lists_went = False
        self._alone = ALONE

    async def close(self) -> None:
        while self._committing:
            await self._committing
        await self._database.close()

    @property
    def busy(self) -> bool:
        """Something is being written, or waits to be."""
        return self._committing is not None

    async def submit(self, rank: Rank, operation: Operation[Item, Verdict], items: Sequence[Item]) -> list[Verdict]:
        """Returns once the verdicts are on disk. Raises CampaignError when the database cannot be written."""
        if not items:
            return []
        waiting = _Waiting(rank, operation, items, asyncio.get_running_loop().create_future())
        waiting.verdicts.add_done_callback(asyncio.Future.exception)  # a caller that was cancelled never asks for it
        self._queue.append(waiting)
        if not self._committing:
            self._committing = asyncio.ensure_future(self._commit_all())
        # Each waits for its own commit and no other. A caller that is cancelled takes nothing with it.
        return await asyncio.shield(waiting.verdicts)

    async def _commit_all(self) -> None:
        """Until nobody waits; whoever comes meanwhile shares the next commit."""
        try:
            while self._queue:
                batch = self._next()
                if not await self._commit(batch):
                    for waiting in batch:  # one of them broke the transaction: each alone, so that only it fails
                        await self._commit([waiting], alone=True)
        finally:
            self._committing = None

    def _next(self) -> list[_Waiting]:
        lists = [waiting for waiting in self._queue if waiting.rank is Rank.IMPORTS]
        others = [waiting for waiting in self._queue if waiting.rank is not Rank.IMPORTS]
        if others and not (lists and self._others_went):
            self._queue, self._others_went, self.leisure = lists, True, 1
            self._alone = 0 if self._lists_went else ALONE
            return sorted(others, key=_order)
        if self._alone >= ALONE:
            self.leisure = min(2 * self.leisure, MOST_LEISURE)
        self._queue, self._others_went, self._lists_went, self._alone = others, False, True, self._alone + 1
        return sorted(lists, key=_order)

    async def _commit(self, batch: list[_Waiting], *, alone: bool = False) -> bool:
        """All of the batch in one transaction; False, and nothing changed, if it failed."""
        try:
            verdicts = await self._database.run(partial(_in_one, batch))
        except Exception as broken:  # noqa: BLE001  whoever waits must hear of it, whatever it is
            if alone:
                batch[0].verdicts.set_exception(_for_people(broken))
            return False
        for waiting, verdict in zip(batch, verdicts, strict=True):
            waiting.verdicts.set_result(verdict)
        return True


def _order(waiting: _Waiting) -> tuple[Rank, int]:
    return waiting.rank, hash(waiting.operation)


def _in_one(batch: list[_Waiting], connection: Connection) -> list[list[Any]]:
    """The verdicts of everybody in the batch, in its order."""
    with connection.begin():
        return [
            verdicts
            for operation, group in groupby(batch, key=lambda waiting: waiting.operation)
            for verdicts in _together(connection, operation, list(group))
        ]


def _together(connection: Connection, operation: Operation[Any, Any], group: list[_Waiting]) -> list[list[Any]]:
    items = [item for waiting in group for item in waiting.items]
    found = operation(connection, items)
    if len(found) != len(items):
        raise RuntimeError(f"{len(items)} items, {len(found)} verdicts")
    verdicts = iter(found)
    return [[next(verdicts) for _ in waiting.items] for waiting in group]


def _for_people(broken: Exception) -> Exception:
    if isinstance(broken, DBAPIError):
        return CampaignError(
            f"The database cannot be written: {broken.orig}. Nothing was sent that is not on disk.",
            "Free space or make the file writable, then `campaign resume`.",
        )
    return broken
