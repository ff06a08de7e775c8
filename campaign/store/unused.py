"""A database that a command made and that came to hold nothing is taken away again. Called by `wiring.owner`.

So an interrupted first run, or one that was refused or not agreed to, leaves the folder as it was.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from campaign.errors import CampaignError
from campaign.store import keyfile
from campaign.store.lock import Lock

_USED = ("campaign", "attempt", "request", "inbox", "stranger")
"""Tables of which a row says that somebody was called, or is to be."""


@contextmanager
def gone_if_unused(database: Path, held: Lock, *beside: Path) -> Iterator[list[Path]]:
    """`held`: the lock of `database`, in which nobody else can have begun anything. `beside`: files that go with it.

    Nothing goes that was there before, nor anything where the disk refuses. Yields what goes too, to be added to.
    """
    new = [each for each in beside if not each.exists()]
    if database.exists():
        yield new
        return
    key_is_new = not keyfile.file_of(database).exists()
    try:
        yield new
    finally:
        with suppress(OSError, sqlite3.Error, CampaignError):
            if database.exists() and not _used(database):
                database.unlink()
                for each in (
                    *(database.with_name(f"{database.name}{end}") for end in ("-wal", "-shm", "-journal")),
                    *new,
                ):
                    each.unlink(missing_ok=True)
                if key_is_new:
                    keyfile.remove(database)
                held.remove()


def _used(database: Path) -> bool:
    """Asked by who may write: a reader would leave its log behind."""
    with closing(sqlite3.connect(database)) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        return any(
            connection.execute(f"SELECT EXISTS (SELECT 1 FROM {table})").fetchone()[0]  # noqa: S608  one of ours
            for table in _USED
            if table in tables
        )
