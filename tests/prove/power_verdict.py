"""Whether what a power cut left still holds what had been said: `power` asks it of every image."""

import asyncio
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

from campaign.core.keyed import Key
from campaign.settings import Loaded, Secrets, Settings
from campaign.wiring import owning
from tests.prove.power_disk import DATABASE, KEY
from tests.prove.power_promises import Answered, Posted, Promise

SENT = {"sending", "accepted", "unknown", "refused"}


def lay(files: Mapping[str, bytes], folder: Path) -> Path:
    """The image as files in a folder that holds nothing else; where its database would be."""
    for old in folder.iterdir():
        old.unlink()
    for name, data in files.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600)
    return folder / DATABASE


def breaches(files: Mapping[str, bytes], promised: Sequence[Promise], folder: Path) -> list[str]:
    """What was said and is not there, read with SQLite itself."""
    database = lay(files, folder)
    if not database.exists():
        return [f"no database, after {len(promised)} promises"] if promised else []
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA synchronous = OFF")
            return [*_damage(connection), *_forgotten(connection, promised), *_key(connection, files.get(KEY))]
    except sqlite3.Error as broken:
        return [f"it cannot be read: {broken}"]


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    [(integrity,)] = connection.execute("PRAGMA integrity_check(1)")
    if integrity != "ok":
        yield "SQLite finds it damaged"
    if connection.execute("PRAGMA foreign_key_check").fetchone():
        yield "a row refers to one that is not there"


def _forgotten(connection: sqlite3.Connection, promised: Sequence[Promise]) -> Iterator[str]:
    if not promised:
        return
    states: dict[str, str] = dict(connection.execute("SELECT public_id, state FROM attempt"))
    told = set(connection.execute("SELECT public_id, body FROM inbox JOIN attempt ON attempt.id = inbox.attempt_id"))
    for promise in promised:
        match promise:
            case Posted(attempt) if states.get(attempt) not in SENT:
                yield f"a connect request had left, and its attempt is {states.get(attempt, 'not there')}"
            case Answered(attempt, body) if (attempt, body) not in told:
                yield "a callback had been answered 200, and is not in the inbox"


def _key(connection: sqlite3.Connection, key: bytes | None) -> Iterator[str]:
    with suppress(sqlite3.OperationalError):  # no such table yet
        for (known,) in connection.execute("SELECT value FROM meta WHERE name = 'key'"):
            if key is None or Key(key.strip()).id != known:
                yield f"the database knows a key, and {KEY} does not hold it"


def refusal(files: Mapping[str, bytes], folder: Path) -> str:
    """Why the program itself would not own this image; empty when it would."""
    database = lay(files, folder)

    async def own() -> None:
        async with owning(Loaded(Settings(), Secrets(), None), database, make=True, dial=False):
            pass

    try:
        asyncio.run(own())
    except Exception as refused:  # noqa: BLE001  whatever it says to this, nobody can call
        return str(refused).splitlines()[0].replace(f"{folder}/", "")
    return "" if (folder / KEY).read_bytes().strip() else "its key is empty"
