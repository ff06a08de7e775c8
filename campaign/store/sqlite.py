"""SQLite: how a file is opened for writing and for reading.

WAL with synchronous FULL: with NORMAL a power cut takes the last commits, here an intent, that is a second call.
One connection writes and checkpoints (SQLite 3.7.0 to 3.51.2 may corrupt a file that two write at once); readers open
it read-only.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from sqlite3 import Connection as Driver
from sqlite3 import connect
from typing import Any, TypeVar
from urllib.parse import quote

import aiosqlite
from sqlalchemy import URL, Connection, Engine, NullPool, Row, Select, StaticPool, create_engine, event

_ON_CONNECT = ("PRAGMA foreign_keys = ON", "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY")
# The hashes of a list's numbers fall all over their indexes: with 32 MB of pages in memory, and 16 MB in the log before
# they are copied to the file, a list writes a third as much. Calls need a quarter of these pages, however many leads.
_FOR_CALLS, _FOR_LISTS = "PRAGMA cache_size = -8192", "PRAGMA cache_size = -32768"
_LOG = "PRAGMA wal_autocheckpoint = 4000"
CHUNK = 2000

Result = TypeVar("Result")


class Database:
    """One connection to a file, on aiosqlite's thread; opened when it is first needed.

    `run` takes a function there. A transaction is one trip; statement by statement each would be four.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._connection: Connection | None = None
        self._thread: aiosqlite.Connection | None = None
        self._opening = asyncio.Lock()

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        """What `work` returns. Raises DBAPIError, also where the file cannot be opened, and whatever `work` raises."""
        thread = self._thread or await self._opened()
        # The only way to aiosqlite's thread for more than one statement.
        result: Result = await thread._execute(work, self._connection)  # type: ignore[no-untyped-call]
        return result

    async def all(
        self, query: Select[*tuple[Any, ...]], values: Mapping[str, Any] | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of one query. `values`: those that it names."""
        return await self.run(lambda connection: connection.execute(query, values).all())

    async def stream(self, query: Select[*tuple[Any, ...]]) -> AsyncIterator[Row[*tuple[Any, ...]]]:
        """The rows of one query, never more than `CHUNK` of them in memory."""
        result = await self.run(lambda connection: connection.execute(query))
        while rows := await self.run(lambda _: result.fetchmany(CHUNK)):
            for row in rows:
                yield row

    async def close(self) -> None:
        if self._thread and self._connection:
            await self.run(Connection.close)
            await self._thread.close()
            self._thread = self._connection = None

    async def _opened(self) -> aiosqlite.Connection:
        async with self._opening:
            if not self._thread:
                self._thread = await aiosqlite.Connection(self._connect, iter_chunk_size=CHUNK)
            return self._thread

    def _connect(self) -> Driver:
        self._connection = self.engine.connect()
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, Driver), "SQLite's own"
        return driver


def writing(file: Path) -> Database:
    """For the owner: one connection, each transaction IMMEDIATE."""
    engine = create_engine(URL.create("sqlite", database=str(file)), poolclass=NullPool)
    durably = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
    _prepare(engine, (*durably, _FOR_CALLS, _LOG, *_ON_CONNECT), "BEGIN IMMEDIATE")
    return Database(engine)


def make_room(connection: Connection, for_lists: Sequence[bool]) -> list[None]:
    """More pages in memory while a list is loaded, and as few as before afterwards."""
    for each in for_lists:
        connection.exec_driver_sql(_FOR_LISTS if each else _FOR_CALLS)
    return [None] * len(for_lists)


def reading(file: Path) -> Database:
    """For everybody: never changes the file, never makes one. Each query is a transaction of its own."""
    read_only = {"mode": "ro", "uri": "true"}
    url = URL.create("sqlite", database=f"file:{quote(str(file.resolve()))}", query=read_only)
    engine = create_engine(url, poolclass=NullPool)
    _prepare(engine, ("PRAGMA query_only = ON",), None)
    return Database(engine)


class InPlace(Database):
    """On no thread of its own: whoever asks is answered at once."""

    async def run(self, work: Callable[[Connection], Result]) -> Result:
        self._connection = self._connection or self.engine.connect()
        return work(self._connection)

    async def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def in_memory() -> tuple[Database, Database]:
    """A new database for writing and for reading, gone when both are closed.

    They are one connection: `InPlace` reads between two transactions, never inside one.
    """
    driver = connect(":memory:")
    writes, reads = (create_engine("sqlite://", creator=lambda: driver, poolclass=StaticPool) for _ in range(2))
    _prepare(writes, _ON_CONNECT, "BEGIN IMMEDIATE")
    return InPlace(writes), InPlace(reads)


def log_is_there(file: Path) -> bool:
    """Whether `file` has a write-ahead log: as long as somebody writes, and after a crash, until it is opened again."""
    log = file.resolve().with_name(f"{file.resolve().name}-wal")
    return log.exists() and log.stat().st_size > 0


@asynccontextmanager
async def one_view(file: Path) -> AsyncIterator[Database]:
    """The file for reading; nothing is seen that is written meanwhile."""
    database = reading(file)
    try:
        await database.run(lambda connection: connection.exec_driver_sql("BEGIN"))
        yield database
    finally:
        await database.close()


def one_transaction(engine: Engine) -> None:
    """For migrations: whole or not at all. By itself the driver commits each change of the schema alone."""
    _prepare(engine, (), "BEGIN IMMEDIATE")


def _prepare(engine: Engine, pragmas: tuple[str, ...], begin: str | None) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins no transaction of its own; `on_begin` does
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()

    if begin:

        @event.listens_for(engine, "begin")
        def on_begin(connection: Connection) -> None:
            connection.exec_driver_sql(begin)
