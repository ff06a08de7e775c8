"""What the disk refuses, in a sentence with the next step instead of an error of the system."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from campaign.errors import CampaignError


@contextmanager
def to_write(file: Path) -> Iterator[None]:
    """Raises CampaignError where the block could not write `file`: a full or read-only disk, no permission."""
    try:
        yield
    except (OSError, sqlite3.Error) as broken:
        raise CampaignError(
            f"{file} cannot be written: {_why(broken)}.",
            "Free space or make it and its folder writable, then try again.",
        ) from None


@contextmanager
def to_read(file: Path) -> Iterator[None]:
    """Raises CampaignError where the block could not read `file`."""
    try:
        yield
    except (OSError, UnicodeError, sqlite3.Error) as broken:
        raise CampaignError(
            f"{file} cannot be read: {_why(broken)}.", "Make it readable, or restore it from a copy, then try again."
        ) from None


def _why(broken: Exception) -> str:
    if isinstance(broken, UnicodeError):
        return "it is no text"
    return os.strerror(broken.errno) if isinstance(broken, OSError) and broken.errno else str(broken)
