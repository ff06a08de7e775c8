"""A file that has been opened and found to be a list. Called by `wiring`; nothing of it is loaded yet."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign.errors import ListError, UsageError
from campaign.intake.column import check_header, find_phone_column, header_of, names_of
from campaign.intake.file import Kind, digest, kind_of, told
from campaign.intake.form import Form
from campaign.intake.table import Row, Table
from campaign.intake.text import read_text

MOST_COLUMNS = 1_000
"""Reading a record costs time for every column of the header."""
WHATEVER = Form()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A list. `sha256`: hex, of its bytes and of which part of them it is; `of_bytes`: of all its bytes alone.

    `size`: in bytes; `needs`: columns for CustomField.
    `why_column`, `told` (what kind of file it is): plain phrases; `named`: a person said which column it is.
    `header_line`: where the header stands, 0 if there is none.
    """

    path: Path
    file_name: str
    sha256: str
    of_bytes: str
    size: int
    table: Table
    told: str
    header: tuple[str, ...]
    header_line: int
    phone_column: str
    why_column: str
    named: bool
    needs: tuple[str, ...] = ()
    later_columns: tuple[str, ...] = ()

    @property
    def phone_columns(self) -> tuple[str, ...]:
        """In the order in which a person's numbers are called."""
        return self.phone_column, *self.later_columns


def open_sheet(
    path: Path, *, phone_columns: Sequence[str] = (), needs: Sequence[str] = (), form: Form = WHATEVER
) -> Sheet:
    """Look at a file; `phone_columns`: as `[list]` names them, `needs`: those that custom_field uses.

    Raises ListError, with the next step, for whatever is no list with a phone column, `needs` and at least one record.
    What is wrong further down is found by `reading.lines`.
    """
    wanted = (form.phone_column,) if form.phone_column else tuple(phone_columns)
    name = form.file_name or path.name
    kind = kind_of(path, name)
    with told(name):
        table = _table(path, name, kind, form, wanted)
        rows = table.first()
        of_bytes, size = digest(path), path.stat().st_size
    if not rows:
        raise ListError("the file is empty.", "Its first line names the columns, one of them “phone”.", file=name)
    header = _numbered(rows[0], wanted, name) or header_of(rows, wanted)
    if len(header.cells) > MOST_COLUMNS:
        raise ListError(
            f"its first line has {len(header.cells)} columns.",
            f"Keep those that are needed; {MOST_COLUMNS} at most.",
            file=name,
            line=header.line,
        )
    names = names_of(header.cells)
    check_header(names, needs, name, header.line)
    columns = [find_phone_column(names, column, name, header.line) for column in wanted or [""]]
    if header is rows[-1]:
        raise ListError("there is nothing below the header.", "Add a line for each person to call.", file=name)
    return Sheet(
        path,
        name,
        _identity(of_bytes, table.part),
        of_bytes,
        size,
        table,
        _told(table, header, rows),
        header=names,
        header_line=header.line,
        phone_column=columns[0][0],
        why_column=columns[0][1],
        named=bool(wanted),
        needs=tuple(needs),
        later_columns=tuple(column for column, _ in columns[1:]),
    )


def _table(path: Path, name: str, kind: Kind, form: Form, wanted: Sequence[str]) -> Table:
    """The file as rows of text; what only some files need is imported for them."""
    if kind is Kind.WORKBOOK:
        from campaign.intake.workbook import read_workbook

        return read_workbook(path, name, form)
    if form.sheet:
        raise UsageError("--sheet names a sheet of a workbook, and this is none.", "Leave it out.")
    if kind is Kind.PARQUET:
        from campaign.intake.parquet import read_parquet

        return read_parquet(path, name)
    return read_text(path, name, kind, form, wanted[0] if wanted else "")


def _numbered(first: Row, wanted: Sequence[str], file: str) -> Row | None:
    """Columns named by their places say that there is no header: each is called by its place."""
    if not wanted or not all(column.isdecimal() for column in wanted):
        return None
    width = len(first.cells)
    if beyond := [column for column in wanted if not 1 <= int(column) <= width]:
        raise ListError(
            f"there is no column {beyond[0]}: its first line has {width}.",
            "Count from 1; with a header, name the column by it.",
            file=file,
            line=first.line,
        )
    return Row(0, tuple(str(place) for place in range(1, width + 1)))


def _identity(of_bytes: str, part: str) -> str:
    """Two sheets of one workbook are two lists."""
    return hashlib.sha256(f"{of_bytes} {part}".encode()).hexdigest() if part else of_bytes


def _told(table: Table, header: Row, rows: Sequence[Row]) -> str:
    if header not in rows:
        return f"{table.told}; no header"
    if not header.line:
        return table.told
    above = sum(1 for row in rows if row.line < header.line)
    titles = f", below {above} {'line' if above == 1 else 'lines'} of title" if above else ""
    return f"{table.told}; the header is line {header.line}{titles}"
