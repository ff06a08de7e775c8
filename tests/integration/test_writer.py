"""Group commit: whoever waits shares a transaction, each hears its own verdict, and one that breaks fails alone."""

import asyncio
import gc
import sqlite3
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, column, event, select, table

from campaign.errors import CampaignError
from campaign.store.sqlite import Database, make_room, reading, writing
from campaign.store.writer import ALONE, MOST_LEISURE, Rank, Writer


def keep(connection: Connection, items: Sequence[int]) -> list[int]:
    for item in items:
        connection.exec_driver_sql("INSERT INTO kept VALUES (?)", (item,))
    return [item * 10 for item in items]


def keep_too(connection: Connection, items: Sequence[int]) -> list[int]:
    return keep(connection, items)


def nothing(connection: Connection, items: Sequence[int]) -> list[int]:
    return list(items)


def break_off(connection: Connection, items: Sequence[int]) -> list[int]:
    keep(connection, items)
    raise RuntimeError("broken")


def forget(connection: Connection, items: Sequence[int]) -> list[int]:
    return keep(connection, items)[1:]


class Bench:
    """A writer, the transactions it made, and what is on disk."""

    def __init__(self, writer: Writer, database: Database, file: Path) -> None:
        self.writer = writer
        self.file = file
        self.commits = 0
        event.listen(database.engine, "commit", self._count)

    def _count(self, _connection: Connection) -> None:
        self.commits += 1

    async def kept(self) -> list[int]:
        beside = reading(self.file)
        rows = await beside.all(select(column("item")).select_from(table("kept")).order_by(column("rowid")))
        await beside.close()
        return [row.item for row in rows]


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    file = tmp_path / "kept.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE kept (item INTEGER UNIQUE)")
    database = writing(file)
    writer = Writer(database)
    yield Bench(writer, database, file)
    await writer.close()


async def test_verdicts_are_on_disk_when_they_are_told(bench: Bench) -> None:
    assert await bench.writer.submit(Rank.CALLS, keep, [1, 2]) == [10, 20]
    assert await bench.kept() == [1, 2]


async def test_those_who_wait_share_a_commit_and_hear_their_own_verdicts(bench: Bench) -> None:
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(bench.writer.submit(Rank.CALLS, keep, [0]))
        rest = [tasks.create_task(bench.writer.submit(Rank.CALLS, keep, [n, n + 100])) for n in range(1, 50)]
    assert await first == [0]
    assert [task.result() for task in rest] == [[n * 10, (n + 100) * 10] for n in range(1, 50)]
    assert bench.commits <= 2


async def test_callbacks_go_before_calls_and_calls_before_imports(bench: Bench) -> None:
    async with asyncio.TaskGroup() as tasks:
        for rank, item in ((Rank.IMPORTS, 3), (Rank.CALLS, 2), (Rank.CALLBACKS, 1)):
            tasks.create_task(bench.writer.submit(rank, {1: keep, 2: keep_too, 3: keep}[item], [item]))
    assert await bench.kept() == [1, 2, 3]


async def test_those_who_come_again_and_again_share_every_commit(bench: Bench) -> None:
    async def thrice(first: int) -> None:
        for item in range(first, first + 3):
            await bench.writer.submit(Rank.CALLBACKS, keep, [item])

    async with asyncio.TaskGroup() as tasks:
        for first in range(0, 60, 3):
            tasks.create_task(thrice(first))
    assert bench.commits == 3, "nobody waits for a commit that is not theirs"


async def test_an_import_commits_apart_and_takes_turns_with_the_others(bench: Bench) -> None:
    async def thrice(rank: Rank, first: int) -> None:
        for item in range(first, first + 3):
            await bench.writer.submit(rank, keep, [item])

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(thrice(Rank.IMPORTS, 10))
        tasks.create_task(thrice(Rank.CALLBACKS, 0))
    assert await bench.kept() == [0, 10, 1, 11, 2, 12]
    assert bench.commits == 6


async def test_an_operation_that_breaks_fails_alone_and_the_others_are_stored(bench: Bench) -> None:
    outcomes = await _together(
        bench.writer.submit(Rank.CALLBACKS, keep, [1]),
        bench.writer.submit(Rank.CALLS, break_off, [2]),
        bench.writer.submit(Rank.CALLS, keep_too, [3]),
        bench.writer.submit(Rank.IMPORTS, keep, [4]),
    )
    assert [outcomes[0], outcomes[2], outcomes[3]] == [[10], [30], [40]]
    assert isinstance(outcomes[1], RuntimeError)
    assert sorted(await bench.kept()) == [1, 3, 4]


async def test_of_those_who_share_an_operation_only_the_one_that_breaks_it_fails(bench: Bench) -> None:
    await bench.writer.submit(Rank.CALLS, keep, [7])
    outcomes = await _together(*(bench.writer.submit(Rank.CALLS, keep, items) for items in ([6], [8, 7], [9])))
    assert [outcomes[0], outcomes[2]] == [[60], [90]]
    assert isinstance(outcomes[1], CampaignError)
    assert sorted(await bench.kept()) == [6, 7, 9]


async def test_a_database_that_cannot_be_written_is_said_in_plain_words(bench: Bench) -> None:
    await bench.writer.submit(Rank.CALLS, keep, [1])
    with pytest.raises(CampaignError, match="cannot be written") as refused:
        await bench.writer.submit(Rank.CALLS, keep, [1])
    assert "resume" in refused.value.hint


async def test_an_operation_that_forgets_a_verdict_is_refused(bench: Bench) -> None:
    with pytest.raises(RuntimeError, match="2 items, 1 verdicts"):
        await bench.writer.submit(Rank.CALLS, forget, [1, 2])
    assert await bench.kept() == []


async def test_the_writer_goes_on_after_a_failure(bench: Bench) -> None:
    with pytest.raises(RuntimeError):
        await bench.writer.submit(Rank.CALLS, break_off, [1])
    assert await bench.writer.submit(Rank.CALLS, keep, [1]) == [10]


async def test_a_caller_that_is_cancelled_does_not_take_the_others_with_it(bench: Bench) -> None:
    leaving = asyncio.ensure_future(bench.writer.submit(Rank.CALLS, keep, [1]))
    staying = asyncio.ensure_future(bench.writer.submit(Rank.CALLS, keep, [2]))
    while not bench.writer.busy:
        await _a_turn_of_the_loop()
    leaving.cancel()
    assert await staying == [20]
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await bench.kept() == [1, 2]


async def test_what_broke_for_a_caller_that_is_gone_is_nobodys_surprise(bench: Bench) -> None:
    surprises: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, surprise: surprises.append(surprise))
    leaving = asyncio.ensure_future(bench.writer.submit(Rank.CALLS, break_off, [1]))
    while not bench.writer.busy:
        await _a_turn_of_the_loop()
    leaving.cancel()
    await asyncio.wait([leaving])
    assert await bench.writer.submit(Rank.CALLS, keep, [2]) == [20]
    del leaving
    gc.collect()
    assert surprises == []


async def test_nothing_to_write_is_no_commit(bench: Bench) -> None:
    assert await bench.writer.submit(Rank.CALLS, keep, []) == []
    assert bench.commits == 0


async def test_the_writer_is_busy_while_somebody_waits(bench: Bench) -> None:
    waiting = asyncio.ensure_future(bench.writer.submit(Rank.CALLS, keep, [1]))
    assert not bench.writer.busy
    await _a_turn_of_the_loop()
    assert bench.writer.busy
    await waiting
    assert not bench.writer.busy


async def test_closing_waits_for_what_is_being_written(bench: Bench) -> None:
    waiting = asyncio.ensure_future(bench.writer.submit(Rank.CALLS, keep, [1]))
    await _a_turn_of_the_loop()
    await _a_turn_of_the_loop()
    await bench.writer.close()
    assert await waiting == [10]
    assert await bench.kept() == [1]


async def test_a_writer_that_never_wrote_closes_and_makes_no_file(tmp_path: Path) -> None:
    await Writer(writing(tmp_path / "never.db")).close()
    assert not (tmp_path / "never.db").exists()


async def _together(*submitted: Coroutine[None, None, list[int]]) -> list[list[int] | BaseException]:
    tasks = [asyncio.ensure_future(each) for each in submitted]
    await asyncio.wait(tasks)
    return [task.exception() or task.result() for task in tasks]


async def _a_turn_of_the_loop() -> None:
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turned.set_result, None)
    await turned


async def test_an_import_may_write_more_at_once_while_nobody_else_does(bench: Bench) -> None:
    grown = []
    for item in range(8):
        await bench.writer.submit(Rank.IMPORTS, keep, [item])
        grown.append(bench.writer.leisure)
    assert grown == [2, 4, 8, 16, 32, 64, 128, 256]
    await bench.writer.submit(Rank.IMPORTS, keep, [8])
    assert bench.writer.leisure == MOST_LEISURE
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(bench.writer.submit(Rank.IMPORTS, keep, [9]))
        tasks.create_task(bench.writer.submit(Rank.CALLBACKS, keep_too, [10]))
    assert bench.writer.leisure == 1


async def test_once_somebody_wrote_beside_an_import_it_stays_short_until_nobody_came_for_long(bench: Bench) -> None:
    await bench.writer.submit(Rank.CALLS, keep_too, [0])
    await bench.writer.submit(Rank.IMPORTS, keep, [1])
    assert bench.writer.leisure == 2, "what came before it does not count"
    await bench.writer.submit(Rank.CALLBACKS, keep_too, [2])
    for item in range(ALONE):
        await bench.writer.submit(Rank.IMPORTS, nothing, [item])
        assert bench.writer.leisure == 1
    await bench.writer.submit(Rank.IMPORTS, nothing, [ALONE])
    assert bench.writer.leisure == 2


async def test_a_list_has_more_pages_in_memory_and_gives_them_back(bench: Bench) -> None:
    def pages(connection: Connection, items: Sequence[int]) -> list[int]:
        return [connection.exec_driver_sql("PRAGMA cache_size").scalar_one() for _ in items]

    [calls] = await bench.writer.submit(Rank.CALLS, pages, [1])
    await bench.writer.submit(Rank.IMPORTS, make_room, [True])
    [lists] = await bench.writer.submit(Rank.CALLS, pages, [1])
    await bench.writer.submit(Rank.IMPORTS, make_room, [False])
    assert await bench.writer.submit(Rank.CALLS, pages, [1]) == [calls]
    assert lists == 4 * calls
