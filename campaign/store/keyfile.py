"""The installation's key: from the environment, or made beside the database at its first use."""

import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from campaign.core.keyed import Key
from campaign.errors import SettingsError
from campaign.store import disk

_FILE = "campaign.key"
_MAGIC = b"SQLite format 3\0"


def load(database: Path, given: str | None, *, make: bool) -> Key:
    """The key of `database`. `make`: the database is new, and may get a key.

    A database that remembers none is new too: whoever made it was interrupted before it had one.
    Raises SettingsError when the key is missing, readable by others, or not the one the database was made with;
    CampaignError when the disk refuses.
    """
    remembered = _remembered(database)
    file = file_of(database)
    if remembered is None:
        with _alone(file.parent):
            key = Key(given.encode()) if given else _from_file(file, make=True)
            _remember(database, key)
        return key
    key = Key(given.encode()) if given else _from_file(file, make=make)
    if remembered != key.id:
        raise SettingsError(
            f"The key is not the one {database} was made with, so its numbers cannot be recognised.",
            f"Bring back the right CAMPAIGN_KEY or {_FILE}.",
        )
    return key


def file_of(database: Path) -> Path:
    """The key of every database in this folder."""
    return database.with_name(_FILE)


def remove(database: Path) -> None:
    """The key, which `database` was the first to use, goes as it did; unless there is another one that may use it."""
    with _alone(database.parent):
        if not any(map(_is_database, database.parent.iterdir())):
            file_of(database).unlink(missing_ok=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Nobody else gives a key to a database in this folder, or takes one away."""
    with disk.to_read(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some disks of networks lock no folders
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _is_database(file: Path) -> bool:
    if not file.is_file():
        return False
    with file.open("rb") as opened:
        return opened.read(len(_MAGIC)) == _MAGIC


def _from_file(file: Path, *, make: bool) -> Key:
    if not file.exists():
        if not make:
            raise SettingsError(
                f"{file} is missing: without it, numbers called before cannot be recognised.",
                "Bring it back, or set CAMPAIGN_KEY.",
            )
        with disk.to_write(file):
            _make(file)
    if file.stat().st_mode & 0o077:
        raise SettingsError(f"Others on this machine can read {file}.", f"chmod 600 {file}")
    with disk.to_read(file):
        secret = file.read_text().strip()
    if not secret:
        raise SettingsError(f"{file} is empty.", "Bring back the right one, or set CAMPAIGN_KEY.")
    return Key(secret.encode())


def _make(file: Path) -> None:
    """Whole or not at all: with half a key anybody could sign."""
    unfinished = file.with_name(f"{file.name}.new")
    descriptor = os.open(unfinished, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w") as made:
        made.write(secrets.token_urlsafe(32) + "\n")
        made.flush()
        os.fsync(made.fileno())
    unfinished.replace(file)


def _remembered(database: Path) -> str | None:
    read_only = f"file:{quote(str(database))}?mode=ro"
    with disk.to_read(database), closing(sqlite3.connect(read_only, uri=True)) as connection:
        found: tuple[str] | None = connection.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()
        return found[0] if found else None


def _remember(database: Path, key: Key) -> None:
    with disk.to_write(database), closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("INSERT INTO meta (name, value) VALUES ('key', ?)", (key.id,))
