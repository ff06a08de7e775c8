"""A path becomes bytes, or a sentence. Called by `sheet` and `text`."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from io import BufferedReader
from pathlib import Path

from campaign.errors import ListError

SAVE_AS = "Save it as an Excel workbook (.xlsx) or as “CSV UTF-8 (comma delimited)”, and give that file."


Bytes = BufferedReader | gzip.GzipFile


class Kind(Enum):
    """What a file is, by the bytes it begins with; whatever is none of these is text."""

    TEXT = b""
    GZIP = b"\x1f\x8b"
    WORKBOOK = b"PK\x03\x04"
    PARQUET = b"PAR1"


_OTHER = {
    b"\xd0\xcf\x11\xe0": "this is a workbook of the old Excel format, or one with a password.",
    b"%PDF": "this is a PDF.",
    b"{\\rtf": "this is a text document.",
    b"SQLite format 3\0": "this is a database.",
}


def kind_of(path: Path, name: str) -> Kind:
    """`name`: what it is called. Raises ListError for what is no file, and for files that are never lists."""
    with told(name):
        if not path.exists():
            if path.is_symlink():
                raise ListError("this link leads nowhere.", "Give the file it should lead to.", file=str(path))
            raise ListError("there is no such file.", "Check the name and the folder.", file=str(path))
        if not path.is_file():
            raise ListError("this is not a file.", "Give the path of a list; “-” reads a pipe.", file=str(path))
        with path.open("rb") as raw:
            head = raw.read(16)
    for magic, what in _OTHER.items():
        if head.startswith(magic):
            raise ListError(what, SAVE_AS, file=name)
    return next((kind for kind in reversed(Kind) if head.startswith(kind.value)), Kind.TEXT)


@contextmanager
def opened(path: Path, name: str, kind: Kind) -> Iterator[tuple[Bytes, Bytes]]:
    """A file's own bytes, which say how far it is, and what is in it: the same, or what was packed."""
    with told(name), path.open("rb") as raw:
        if kind is Kind.GZIP:
            with gzip.open(raw) as inside:
                yield raw, inside
        else:
            yield raw, raw


@contextmanager
def told(name: str) -> Iterator[None]:
    """What the system says against a file becomes a ListError."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise ListError("this packed file is damaged.", "Pack or copy it again.", file=name) from None
    except OSError as broken:
        raise ListError(f"it cannot be read: {broken.strerror}.", "Check who may read it.", file=name) from None


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()
