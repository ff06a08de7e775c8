"""The numbers of a list of any length that were seen, in little memory: for `campaign check`, which leaves nothing.

SQLite's own temporary database: beyond its cache it lies in a file without a name, which is gone with the process.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from campaign.core.lead import PhoneNumber


class Seen:
    """Make it with `scratch`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def is_new(self, number: PhoneNumber) -> bool:
        """Whether it was not asked about before."""
        asked = self._connection.execute("INSERT OR IGNORE INTO seen VALUES (?)", (int(number.e164),))
        return asked.rowcount > 0


@contextmanager
def scratch() -> Iterator[Seen]:
    with closing(sqlite3.connect("", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA cache_size = -16384")
        connection.execute("CREATE TABLE seen (number INTEGER PRIMARY KEY)")
        connection.execute("BEGIN")
        yield Seen(connection)
