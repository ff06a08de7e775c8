"""The simulator's own log: JSON lines, what came in and what it did, for tests to judge a campaign by.

Nothing of the client's code has seen a request before it stands here; a simulator starts again from what stands here.
Lines hold whole numbers and callback addresses: the file is private to its owner.
"""

import asyncio
import base64
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from campaign.errors import CampaignError

Line = dict[str, Any]


class Log:
    """Appends to one file, made 0600; without a path it remembers nothing.

    Raises CampaignError where the disk refuses, then and ever after; whoever waits at `broken` hears it too.
    """

    def __init__(self, path: Path | None) -> None:
        self._path, self._refusal, self._refused = path, CampaignError(""), asyncio.Event()
        with self._on_disk():
            self._file = path and os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600), "r+b", 0)

    def lines(self) -> list[Line]:
        """Every line so far; a last one that a crash cut short is taken out of the file."""
        if not self._file:
            return []
        self._file.seek(0)
        whole, _, torn = self._file.read().rpartition(b"\n")
        if torn:
            self._file.truncate(len(whole) + 1 if whole else 0)
        return [json.loads(line) for line in whole.splitlines()]

    def write(self, kind: str, at: datetime, **known: object) -> None:
        """One line, out of this process's hands when it returns."""
        if self._file:
            line = json.dumps({"at": at.isoformat(), "kind": kind, **known}, ensure_ascii=False)
            left = line.encode() + b"\n"
            with self._on_disk():
                while left:
                    left = left[self._file.write(left) :]

    async def write_through(self, kind: str, at: datetime, **known: object) -> None:
        """One line, on the disk when it returns."""
        self.write(kind, at, **known)
        if self._file:
            with self._on_disk():
                await asyncio.to_thread(os.fsync, self._file.fileno())

    async def broken(self) -> None:
        """For ever, unless a line cannot be written: then what comes in is not known any more."""
        await self._refused.wait()
        raise self._refusal

    def close(self) -> None:
        if self._file:
            self._file.close()

    @contextmanager
    def _on_disk(self) -> Iterator[None]:
        if self._refused.is_set():
            raise self._refusal
        try:
            yield
        except OSError as refused:
            self._refusal = CampaignError(
                f"The simulator's log {self._path} cannot be written: {refused.strerror}.",
                "Free space or make it writable, then start again: it goes on from what stands there.",
            )
            self._refused.set()
            raise self._refusal from None


def last_instant(path: Path) -> datetime | None:
    """The newest instant of a log, so that its simulated time can go on from there; None if nothing stands in it."""
    if not path.exists():
        return None
    log = Log(path)
    try:
        return newest(log.lines())
    finally:
        log.close()


def newest(lines: Iterable[Line]) -> datetime | None:
    """The newest instant among lines."""
    return max((datetime.fromisoformat(line["at"]) for line in lines), default=None)


def as_text(body: bytes) -> dict[str, str]:
    """A raw body as a log keeps it: text where it is text, else base64."""
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}
