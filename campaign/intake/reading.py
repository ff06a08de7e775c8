"""A list is read from top to bottom, in chunks, in constant memory. Called by `wiring`, in a thread of its own."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice

from campaign.core.lead import PhoneNumber
from campaign.errors import ListError
from campaign.intake.check import Line, check_rows
from campaign.intake.column import LOOKED_AT, check_numbers
from campaign.intake.file import digest, told
from campaign.intake.number import NumberRules, read_number
from campaign.intake.sheet import Sheet

FEWEST = 2
"""Lines of those shown by which another column is said to have numbers too."""


def lines(sheet: Sheet, *, rules: NumberRules, progress: Callable[[int], None] | None = None) -> Iterator[list[Line]]:
    """Every record below the header as a lead or a reject, in file order; `progress` is told the bytes done so far.

    Raises ListError where the file turns out to be broken, the column not to hold numbers, or it changed since it was
    opened: then nothing of it counts.
    """
    judged = sheet.named
    for done, rows in sheet.table.rows(len(sheet.header), sheet.header_line):
        if progress:
            progress(done)
        found = check_rows(sheet, rows, rules)
        if not judged:
            check_numbers(found[:LOOKED_AT], sheet.phone_column, sheet.file_name)
            judged = True
        yield found
    with told(sheet.file_name):
        same = digest(sheet.path) == sheet.of_bytes
    if not same:
        raise ListError("the file changed while it was read.", "Try again.", file=sheet.file_name)


def preview(sheet: Sheet, *, rules: NumberRules, count: int = 5) -> list[Line]:
    """The first few lines as they are read, for a person to look at."""
    return list(islice(chain.from_iterable(lines(sheet, rules=rules)), count))


def columns_with_numbers(sheet: Sheet, shown: Sequence[Line], rules: NumberRules) -> list[str]:
    """Other columns that have a number wherever they have anything, in two at least of these lines."""
    rows = [line.cells for line in shown if line.cells]
    found = []
    for name, column in zip(sheet.header, zip(*rows, strict=True), strict=True) if rows else ():
        filled = [cell for cell in column if cell.strip()]
        numbers = [cell for cell in filled if isinstance(read_number(cell, rules), PhoneNumber)]
        if name not in sheet.phone_columns and len(numbers) == len(filled) >= FEWEST:
            found.append(name)
    return found
