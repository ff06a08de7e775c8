"""What every kind of file is read as: rows of text with the line each starts on. Made by `text`, `workbook`, `parquet`.

Rows come by columns: what is asked of a whole column at once costs a fraction of what it costs cell by cell.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from campaign.errors import ListError

CHUNK = 5_000
"""Rows read at once; fewer where they are long."""
PEEK = 20
"""Rows looked at for the header."""
TOO_LONG = 0
"""Fields of a record that is too long to be read; of its text only the beginning is there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of whatever width."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Odd:
    """A record with another number of fields than the header has, or `TOO_LONG`; `text`: as written."""

    line: int
    fields: int
    text: str


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as wide as the header, in file order. `columns`: each one's cells, exactly as written."""

    lines: Sequence[int]
    columns: Sequence[Sequence[str]]
    odd: Sequence[Odd] = ()


def without_nul(rows: Rows, file: str) -> Rows:
    """The same rows. Raises ListError, naming the line, for a NUL in a cell, as `scan` does for a text."""
    for column in rows.columns:
        if "\0" in "".join(column):
            line = next(line for line, cell in zip(rows.lines, column, strict=True) if "\0" in cell)
            raise ListError(
                "it holds NUL bytes.", "Take them out of their cell, and save the list again.", file=file, line=line
            )
    return rows


class Table(Protocol):
    """A file that can be read from its beginning as often as needed. Every method raises ListError."""

    @property
    def told(self) -> str:
        """What kind of file it is, for a person: encoding, delimiter, sheet."""
        ...

    @property
    def part(self) -> str:
        """Which part of the file it is, where a file has several; else nothing."""
        ...

    def first(self) -> list[Row]:
        """The first `PEEK` rows that are not blank, the header and what stands above it among them."""
        ...

    def rows(self, width: int, after: int) -> Iterator[tuple[int, Rows]]:
        """The rows below line `after`, a chunk at a time, each with the bytes of the file done so far."""
        ...
