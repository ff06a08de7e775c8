"""A record becomes a lead, or a reject that says what is wrong and how to mend it. Called by `reading`."""

from collections.abc import Sequence

from campaign.core.lead import PhoneNumber
from campaign.core.records import NewLead, Reject, RejectReason
from campaign.intake.number import Unfit
from campaign.intake.scan import Record
from campaign.intake.sheet import Sheet

LONGEST_CELL = 100_000
LONGEST_FIELD = 128
"""Characters of a column that goes into CustomField."""


def check_cells(sheet: Sheet, line: int, cells: Sequence[str], read: Sequence[PhoneNumber | Unfit]) -> NewLead | Reject:
    """The verdict on a record as wide as the header; `read`: what each of its phone columns says."""
    for column, cell in zip(sheet.header, cells, strict=True):
        limit = LONGEST_FIELD if column in sheet.needs else LONGEST_CELL
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
    return NewLead(line, first, cells, tuple(later), tuple((column, each.reason) for column, each in written))


def wrong_width(sheet: Sheet, record: Record) -> Reject:
    """The reject for a record with more or fewer fields than the header; its value is the record as written."""
    expected = len(sheet.header)
    if record.fields > expected:
        reason, cure = RejectReason.TOO_MANY_FIELDS, "put quotes around a cell that contains a comma"
    else:
        reason, cure = RejectReason.TOO_FEW_FIELDS, "add the missing commas, and look for a stray quote"
    suggestion = f"The header has {expected} columns and this record {record.fields}; {cure}."
    return Reject(record.line, "", _excerpt(record.text), reason, suggestion)


def _excerpt(text: str, most: int = 1_000) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
