"""A ledger in memory: the same statements over the same schema, and nothing of it is kept."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import Connection

from campaign.core.keyed import Key
from campaign.store import schema
from campaign.store.insight import Books
from campaign.store.ledger import Ledger
from campaign.store.rows import ReadPolicy
from campaign.store.sqlite import in_memory
from campaign.store.writer import Writer


@asynccontextmanager
async def opened(key: Key, read_policy: ReadPolicy) -> AsyncIterator[tuple[Ledger, Books]]:
    """A new ledger and its books, gone at the end of the block."""
    writes, reads = in_memory()
    await writes.run(_make)
    books = Books(None, reads)
    try:
        yield Ledger(Writer(writes), key, read_policy), books
    finally:
        await books.quiet()
        await reads.close()
        await writes.close()


def _make(connection: Connection) -> None:
    with connection.begin():
        schema.migrate(connection)
