"""One owner for a file: an advisory lock that the system frees when the owner dies, and a note of who it is."""

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from campaign.core.lead import CampaignId
from campaign.core.records import Owner
from campaign.errors import Occupied
from campaign.store import disk

TRIES, PATIENCE = 10, 0.2  # seconds
NOTE = 1 << 16  # bytes, at most


class Lock:
    """A held lock. The note in it may be changed while it is held: the owner's door is written into it.

    `abandoned`: whoever held it last did not come to let it go, after it had begun to write what it locks.
    """

    def __init__(self, file: Path, descriptor: int) -> None:
        self._file, self._descriptor = file, descriptor
        self.abandoned = self._wrote = _wrote(os.pread(descriptor, NOTE, 0))

    def note(self, owner: Owner, *, writes: bool = False) -> None:
        """`writes`: what is locked, from now on. Raises CampaignError when the disk refuses."""
        self._wrote |= writes  # an earlier owner's is not forgotten either, until somebody lets it go
        text = {"pid": owner.pid, "since": owner.since.isoformat(), "port": owner.port, "token": owner.token}
        text |= {"campaigns": list(owner.campaigns), "wrote": self._wrote}
        data = json.dumps(text).encode()
        with disk.to_write(self._file):
            os.pwrite(self._descriptor, data, 0)
            os.ftruncate(self._descriptor, len(data))

    def remove(self) -> None:
        """What it locked is gone. Whoever waits for this very file finds that it is another one now."""
        self._file.unlink(missing_ok=True)

    def clear(self) -> None:
        """Nothing to fear for whoever comes next; where the disk refuses, it stays."""
        with suppress(OSError):
            os.ftruncate(self._descriptor, 0)


def lock_file(database: Path) -> Path:
    whole = database.resolve()  # whatever link it is reached by, it is one file
    return whole.with_name(f"{whole.name}.lock")


@contextmanager
def held(file: Path, owner: Owner, what: str, hint: str = "Wait for it to end.") -> Iterator[Lock]:
    """Hold the lock `file`; raises Occupied naming the holder's pid and since when, CampaignError if it cannot be made.

    `what` is locked, and what to do then, for people.
    """
    descriptor = _taken_anew(file, what, hint)
    try:
        lock = Lock(file, descriptor)
        lock.note(owner)
        try:
            yield lock
        finally:
            lock.clear()
    finally:
        os.close(descriptor)


def _taken_anew(file: Path, what: str, hint: str) -> int:
    """Its descriptor. Where the file's owner removed it meanwhile somebody else may hold another of that name."""
    while True:
        with disk.to_write(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        taken = _taken(descriptor)
        if taken and _is(file, descriptor):
            return descriptor
        os.close(descriptor)
        if not taken:
            raise _occupied(file, what, hint)


def _is(file: Path, descriptor: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    return False


def holder(file: Path) -> Owner | None:
    """Who holds the lock now; None if nobody does."""
    with disk.to_read(file):
        try:
            descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)  # who only looks may do so on a read-only disk
        except FileNotFoundError:
            return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(file)
    else:
        return None
    finally:
        os.close(descriptor)


def _wrote(note: bytes) -> bool:
    """What the note of an owner that is gone says; where it cannot be read, the worse."""
    if not note:
        return False
    try:
        return bool(json.loads(note)["wrote"])
    except (ValueError, KeyError, TypeError):
        return True


def _taken(descriptor: int) -> bool:
    """Somebody who only looks holds it for an instant: that is waited for."""
    for _ in range(TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(PATIENCE / TRIES)
    return False


def _read(file: Path) -> Owner | None:
    try:
        text = json.loads(file.read_text())
        campaigns = tuple(CampaignId(each) for each in text["campaigns"])
        return Owner(text["pid"], datetime.fromisoformat(text["since"]), text["port"], text["token"], campaigns)
    except (OSError, ValueError, KeyError):
        return None


def _occupied(file: Path, what: str, hint: str) -> Occupied:
    owner = _read(file)
    who = f"process {owner.pid}, since {owner.since.astimezone():%Y-%m-%d %H:%M}" if owner else "another process"
    return Occupied(f"{what} is in use by {who}.", hint)
