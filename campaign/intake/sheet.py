"""A file that has been opened and found to be a list. Called by `wiring`; nothing of it is loaded yet."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from pathlib import Path

from campaign.errors import ListError
from campaign.intake.cells import cells_by_line
from campaign.intake.column import check_header, find_phone_column
from campaign.intake.scan import LONGEST_RECORD, Record, records

MOST_COLUMNS = 1_000
"""Reading a record costs time for every column of the header."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list. `sha256`: hex, of its bytes; `size`: in bytes; `why_column`: a plain phrase; `needs`: for CustomField."""

    path: Path
    file_name: str
    sha256: str
    size: int
    header: tuple[str, ...]
    phone_column: str
    why_column: str
    needs: tuple[str, ...] = ()
    later_columns: tuple[str, ...] = ()

    @property
    def phone_columns(self) -> tuple[str, ...]:
        """In the order in which a person's numbers are called."""
        return self.phone_column, *self.later_columns


def open_sheet(path: Path, *, phone_columns: Sequence[str] = (), needs: Sequence[str] = ()) -> Sheet:
    """Look at a file's beginning; `phone_columns`: as `[list]` names them, `needs`: those that custom_field uses.

    Raises ListError, with the next step, for whatever is no CSV list in UTF-8 with a phone column, `needs` and at
    least one record. What is wrong further down is found by `reading.lines`.
    """
    with opened(path) as (_, found):
        title, first = next(found, None), next(found, None)
    if title is None:
        raise ListError("the file is empty.", "Its first line names the columns, one of them “phone”.", file=path.name)
    if title.fields > MOST_COLUMNS:
        raise ListError(
            f"its first line has {title.fields} columns.",
            f"Keep those that are needed; {MOST_COLUMNS} at most.",
            file=path.name,
            line=title.line,
        )
    header = tuple(name.strip() for name in cells_by_line([title])[title.line])
    check_header(header, needs, path.name, title.line)
    columns = [find_phone_column(header, named, path.name, title.line) for named in phone_columns or [""]]
    if first is None:
        raise ListError("there is nothing below the header.", "Add a line for each person to call.", file=path.name)
    column, why = columns[0] if len(columns) == 1 else (columns[0][0], "named by [list] phone_columns")
    later = tuple(name for name, _ in columns[1:])
    return Sheet(path, path.name, digest(path), path.stat().st_size, header, column, why, tuple(needs), later)


@contextmanager
def opened(path: Path) -> Iterator[tuple[BufferedReader, Iterator[Record]]]:
    """A file's bytes and, read from them as it is asked for, its records with the header. Raises ListError."""
    try:
        if not path.exists():
            raise ListError("there is no such file.", "Check the name and the folder.", file=str(path))
        if not path.is_file():
            raise ListError("this is not a file.", "Give the path of a CSV file.", file=str(path))
        with path.open("rb") as raw:
            text = TextIOWrapper(raw, encoding="utf-8-sig", errors="surrogateescape", newline="")
            yield raw, records(iter(lambda: text.readline(LONGEST_RECORD), ""), path.name)
    except OSError as broken:
        raise ListError(f"it cannot be read: {broken.strerror}.", "Check who may read it.", file=str(path)) from None


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as raw:
        return hashlib.file_digest(raw, "sha256").hexdigest()
