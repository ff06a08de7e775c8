"""A sheet of an Excel workbook as a table. Called by `sheet`.

Hidden rows and columns are read like the others, a formula is what it came to when the workbook was saved (if it
failed, what is shown: `#N/A`), and of merged cells the first one has the value.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from math import isnan
from pathlib import Path

from campaign.errors import ListError, UsageError
from campaign.intake import table
from campaign.intake.archive import check_archive
from campaign.intake.failed import failed_cells
from campaign.intake.form import Form
from campaign.intake.table import Row, Rows, without_nul

EXACT = 10**15
"""Excel keeps 15 digits of a number; of a longer one those behind them are zeros of its own."""

Value = str | float | bool | date | datetime | time | timedelta


def read_workbook(path: Path, name: str, form: Form) -> "WorkbookTable":
    """The sheet that was named, or the only one with anything in it. Raises ListError."""
    try:
        import python_calamine as calamine
    except ImportError:
        raise UsageError("Excel workbooks need one package more.", "pip install python-calamine") from None

    check_archive(path, name)
    try:
        with calamine.load_workbook(path) as book:
            if form.sheet and form.sheet not in book.sheet_names:
                raise ListError(f"there is no sheet “{form.sheet}”.", _there_are(book.sheet_names), file=name)
            wanted = [form.sheet] if form.sheet else book.sheet_names
            found = {
                each: _filled(book.get_sheet_by_name(each).iter_rows(), failed_cells(path, each)) for each in wanted
            }
    except calamine.CalamineError:
        hint = "Open it in Excel and save it again, or save the sheet as CSV."
        raise ListError("it cannot be read as an Excel workbook.", hint, file=name) from None
    if len(found) > 1:
        found = {each: rows for each, rows in found.items() if rows}
    if len(found) > 1:
        raise ListError("several sheets have something in them.", f"Say --sheet. {_there_are(found)}", file=name)
    sheet, rows = next(iter(found.items()), ("", []))
    return WorkbookTable(name, sheet, rows, path.stat().st_size)


@dataclass(frozen=True, slots=True)
class WorkbookTable:
    """`name`: what the file is called; `size`: in bytes. `filled`: the rows that are not blank, with their numbers, all
    of one width.
    """

    name: str
    sheet: str
    filled: Sequence[tuple[int, Sequence[Value]]]
    size: int

    @property
    def part(self) -> str:
        return self.sheet

    @property
    def told(self) -> str:
        return f"Excel workbook, sheet “{self.sheet}”"

    def first(self) -> list[Row]:
        found = self._rows(self.filled[: table.PEEK])
        return list(map(Row, found.lines, zip(*found.columns, strict=True)))

    def rows(self, width: int, after: int) -> Iterator[tuple[int, Rows]]:
        below = [row for row in self.filled if row[0] > after]
        for start in range(0, len(below), table.CHUNK):
            chunk = below[start : start + table.CHUNK]
            found = self._rows(chunk)
            assert len(found.columns) == width, "a sheet has one width"
            yield self.size * min(start + table.CHUNK, len(below)) // len(below), found

    def _rows(self, some: Sequence[tuple[int, Sequence[Value]]]) -> Rows:
        columns = [list(map(as_text, column)) for column in zip(*(cells for _, cells in some), strict=True)]
        return without_nul(Rows([line for line, _ in some], columns), self.name)


def as_text(value: object) -> str:
    """A cell as its sheet shows it, without a format of its own: a number has all its digits or plainly lacks them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not value.is_integer():
            return "" if isnan(value) else repr(value)
        return str(int(value)) if abs(value) < EXACT else f"{value:.14E}"
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, date | time):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return "" if value is None else str(value)


def _filled(
    rows: Iterable[list[Value]], failed: Mapping[int, Sequence[tuple[int, str]]]
) -> list[tuple[int, Sequence[Value]]]:
    """Those that are not blank, each with its number, the first being 1; `failed`: cells that the library left out."""
    found: list[tuple[int, Sequence[Value]]] = []
    for line, cells in enumerate(rows, 1):
        for column, shown in failed.get(line, ()):
            cells[column - 1] = shown
        if any(cell not in ("", None) for cell in cells):
            found.append((line, cells))
    return found


def _there_are(sheets: Iterable[str]) -> str:
    return f"There are {', '.join(f'“{each}”' for each in sheets)}."
