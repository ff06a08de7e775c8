"""A list that comes through a pipe is kept beside the database while it is loaded. Called by the CLI and `owner`."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO


@contextmanager
def spooled(source: BinaryIO, database: Path) -> Iterator[Path]:
    """All of `source` as a file, 0600, that is gone afterwards; it is locked so that no sweep takes it away."""
    database.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = mkstemp(prefix=_prefix(database), dir=database.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            shutil.copyfileobj(source, file)
            file.flush()
            yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def sweep(database: Path) -> int:
    """Remove what died with its process; the import it belonged to is swept as well. How many there were."""
    left = [file for file in database.parent.glob(f"{_prefix(database)}*") if not _in_use(file)]
    for file in left:
        file.unlink(missing_ok=True)
    return len(left)


def _prefix(database: Path) -> str:
    return f"{database.name}.list-"


def _in_use(file: Path) -> bool:
    with file.open("rb") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
