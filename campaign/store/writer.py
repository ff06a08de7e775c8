"""The one writing connection, and group commit: whoever waits to write shares one transaction and one sync to disk.

An operation is a plain function `(connection, items) -> a verdict per item`. Items that wait for the same operation are
handed to it together. Callbacks go before calls, calls before imports.
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

MOST_LEISURE = 40

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
    commit costs as much as hundreds of lines; the first callback or call takes it back.
    """

    def __init__(self, database: Database) -> None:
        self.leisure = 1
        self._database = database
        self._turn = asyncio.Lock()
        self._queue: list[_Waiting] = []

    async def close(self) -> None:
        async with self._turn:
            await self._database.close()

    @property
    def busy(self) -> bool:
        """Something is being written, or waits to be."""
        return self._turn.locked() or bool(self._queue)

    async def submit(self, rank: Rank, operation: Operation[Item, Verdict], items: Sequence[Item]) -> list[Verdict]:
        """Returns once the verdicts are on disk. Raises CampaignError when the database cannot be written."""
        if not items:
            return []
        waiting = _Waiting(rank, operation, items, asyncio.get_running_loop().create_future())
        waiting.verdicts.add_done_callback(asyncio.Future.exception)  # a caller that was cancelled never asks for it
        self._queue.append(waiting)
        # Whoever comes first commits for all; a caller that is cancelled does not take the others with it.
        await asyncio.shield(self._commit_all())
        return waiting.verdicts.result()

    async def _commit_all(self) -> None:
        async with self._turn:
            batch, self._queue = sorted(self._queue, key=_order), []
            if not batch:  # somebody else has committed for us
                return
            alone = all(waiting.rank is Rank.IMPORTS for waiting in batch)
            self.leisure = min(2 * self.leisure, MOST_LEISURE) if alone else 1
            if not await self._commit(batch):
                for waiting in batch:  # one of them broke the transaction: each alone, so that only it fails
                    await self._commit([waiting], alone=True)

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
