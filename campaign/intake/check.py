"""A row becomes a lead, or a reject that says what is wrong and how to mend it. Called by `reading`."""

import re
from collections.abc import Sequence

from campaign.core.lead import PhoneNumber
from campaign.core.order import HIGHEST_PRIORITY
from campaign.core.records import NewLead, Reject, RejectReason
from campaign.intake.number import NumberRules, Unfit, read_numbers
from campaign.intake.sheet import Sheet
from campaign.intake.table import TOO_LONG, Odd, Rows

PRIORITY = "priority"
_WHOLE = re.compile(r"[+-]?\d{1,9}", re.ASCII)
LONGEST_CELL = 100_000
LONGEST_FIELD = 128
"""Characters of a column that goes into CustomField."""

Line = NewLead | Reject


def check_rows(sheet: Sheet, rows: Rows, rules: NumberRules) -> list[Line]:
    """The verdict on each of these rows, in file order."""
    read = [read_numbers(rows.columns[sheet.header.index(column)], rules) for column in sheet.phone_columns]
    cells = zip(*rows.columns, strict=True)
    found: list[Line]
    plain = len(read) == 1 and PRIORITY not in sheet.header and not _any_too_long(sheet, rows.columns)
    if plain:  # as most are, and a million of them quickly
        found = [
            NewLead(line, number, row) if isinstance(number, PhoneNumber) else check_cells(sheet, line, row, [number])
            for line, row, number in zip(rows.lines, cells, read[0], strict=True)
        ]
    else:
        numbers = zip(*read, strict=True)
        found = [check_cells(sheet, *each) for each in zip(rows.lines, cells, numbers, strict=True)]
    if rows.odd:
        found = sorted([*found, *(wrong_width(sheet, each) for each in rows.odd)], key=lambda line: line.source_line)
    return found


def check_cells(sheet: Sheet, line: int, cells: Sequence[str], read: Sequence[PhoneNumber | Unfit]) -> Line:
    """The verdict on a row as wide as the header; `read`: what each of its phone columns says."""
    for column, cell in zip(sheet.header, cells, strict=True):
        limit = _longest(sheet, column)
        if len(cell) > limit:
            mend = f"{len(cell)} characters are too many here; shorten the cell to {limit} at most."
            return Reject(line, column, _excerpt(cell), RejectReason.FIELD_TOO_LONG, mend, cells)
    numbers = dict.fromkeys(each for each in read if isinstance(each, PhoneNumber))
    unfit = [(column, each) for column, each in zip(sheet.phone_columns, read, strict=True) if isinstance(each, Unfit)]
    written = [(column, each) for column, each in unfit if each.reason is not RejectReason.EMPTY]
    if not numbers:
        column, why = (written or unfit)[0]
        cell = cells[sheet.header.index(column)]
        return Reject(line, column, _excerpt(cell), why.reason, why.suggestion, cells)
    first, *later = numbers
    passed_over = tuple((column, each.reason) for column, each in written)
    return NewLead(line, first, cells, tuple(later), passed_over, _priority(sheet, cells))


def _priority(sheet: Sheet, cells: Sequence[str]) -> int:
    """A whole number in a column `priority`; 0 for whatever else stands there, and where there is none."""
    cell = cells[sheet.header.index(PRIORITY)] if PRIORITY in sheet.header else ""
    found = _WHOLE.fullmatch(cell.strip())
    return max(-HIGHEST_PRIORITY, min(HIGHEST_PRIORITY, int(found[0]))) if found else 0


def wrong_width(sheet: Sheet, record: Odd) -> Reject:
    """The reject for a record with more or fewer fields than the header, or too long; its value: as written."""
    if record.fields == TOO_LONG:
        mend = f"The line is longer than all cells together may be; shorten each to {LONGEST_CELL} characters at most."
        return Reject(record.line, "", _excerpt(record.text), RejectReason.FIELD_TOO_LONG, mend)
    expected = len(sheet.header)
    if record.fields > expected:
        reason, cure = RejectReason.TOO_MANY_FIELDS, "put quotes around a cell that contains what separates the columns"
    else:
        reason, cure = RejectReason.TOO_FEW_FIELDS, "fill the line up with empty cells, and look for a stray quote"
    suggestion = f"The list has {expected} columns and this record {record.fields}; {cure}."
    return Reject(record.line, "", _excerpt(record.text), reason, suggestion)


def _any_too_long(sheet: Sheet, columns: Sequence[Sequence[str]]) -> bool:
    longest = (max(map(len, column), default=0) for column in columns)
    return any(length > _longest(sheet, name) for name, length in zip(sheet.header, longest, strict=True))


def _longest(sheet: Sheet, column: str) -> int:
    return LONGEST_FIELD if column in sheet.needs else LONGEST_CELL


def _excerpt(text: str, most: int = 1_000) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
