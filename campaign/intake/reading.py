"""A list is read from top to bottom, in chunks, in constant memory. Called by `wiring`, in a thread of its own."""

from collections.abc import Callable, Iterator

from campaign.core.records import NewLead, Reject
from campaign.errors import ListError
from campaign.intake.cells import cells_by_line
from campaign.intake.check import check_cells, wrong_width
from campaign.intake.number import NumberRules, read_numbers
from campaign.intake.scan import LONGEST_RECORD, Record
from campaign.intake.sheet import Sheet, digest, opened

CHUNK = 5_000
"""Records; fewer where they are long."""

Line = NewLead | Reject


def lines(sheet: Sheet, *, rules: NumberRules, progress: Callable[[int], None] | None = None) -> Iterator[list[Line]]:
    """Every record below the header as a lead or a reject, in file order; `progress` is told the bytes done so far.

    Raises ListError where the file turns out to be broken, or changed since it was opened: then nothing of it counts.
    """
    with opened(sheet.path) as (raw, found):
        next(found, None)  # the header
        for chunk in _chunks(found):
            if progress:
                progress(raw.tell())
            yield _judge(chunk, sheet, rules)
        if digest(sheet.path) != sheet.sha256:
            raise ListError("the file changed while it was read.", "Try again.", file=sheet.file_name)


def preview(sheet: Sheet, *, rules: NumberRules, count: int = 5) -> list[Line]:
    """The first few lines as they are read, for a person to look at."""
    return next(lines(sheet, rules=rules))[:count]


def _judge(chunk: list[Record], sheet: Sheet, rules: NumberRules) -> list[Line]:
    width = len(sheet.header)
    cells = cells_by_line([record for record in chunk if record.fields == width])
    places = [sheet.header.index(column) for column in sheet.phone_columns]
    columns = [read_numbers([row[place] for row in cells.values()], rules) for place in places]
    read = dict(zip(cells, zip(*columns, strict=True), strict=True))
    return [
        check_cells(sheet, record.line, cells[record.line], read[record.line])
        if record.fields == width
        else wrong_width(sheet, record)
        for record in chunk
    ]


def _chunks(found: Iterator[Record]) -> Iterator[list[Record]]:
    chunk: list[Record] = []
    size = 0
    for record in found:
        chunk.append(record)
        size += len(record.text)
        if len(chunk) == CHUNK or size >= LONGEST_RECORD:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
