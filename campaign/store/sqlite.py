"""SQLite: how a file is opened for writing and for reading.

WAL with synchronous FULL: with NORMAL a power cut takes the last commits, here an intent, that is a second call.
One connection writes and checkpoints (SQLite 3.7.0 to 3.51.2 may corrupt a file that two write at once); readers open
it read-only.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

_ON_CONNECT = ("PRAGMA foreign_keys = ON", "PRAGMA secure_delete = ON", "PRAGMA temp_store = MEMORY")


def writing_engine(file: Path) -> AsyncEngine:
    """For the owner: one connection, each transaction IMMEDIATE."""
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(file)), pool_size=1, max_overflow=0)
    durably = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
    _prepare(engine.sync_engine, (*durably, *_ON_CONNECT), "BEGIN IMMEDIATE")
    return engine


def reading_engine(file: Path) -> AsyncEngine:
    """For everybody: never changes the file, never makes one. Each query is a transaction of its own."""
    read_only = {"mode": "ro", "uri": "true"}
    url = URL.create("sqlite+aiosqlite", database=f"file:{quote(str(file.resolve()))}", query=read_only)
    engine = create_async_engine(url, pool_size=2, pool_reset_on_return=None, skip_autocommit_rollback=True)
    _prepare(engine.sync_engine, ("PRAGMA query_only = ON",), None)
    return engine


@asynccontextmanager
async def one_view(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A connection of a reading engine on which nothing is seen that is written meanwhile."""
    async with engine.connect() as connection:
        await connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            await connection.exec_driver_sql("ROLLBACK")


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
