"""A list is read from top to bottom, in chunks, in constant memory. Called by `wiring`, in a thread of its own."""

from collections.abc import Callable, Iterator

from campaign.core.records import NewLead, Reject
from campaign.errors import ListError
from campaign.intake.cells import cells_by_line
from campaign.intake.check import check_cells, wrong_width
from campaign.intake.scan import LONGEST_RECORD, Record
from campaign.intake.sheet import Sheet, digest, opened

CHUNK = 5_000
"""Records; fewer where they are long."""

Line = NewLead | Reject


def lines(sheet: Sheet, *, region: str, progress: Callable[[int], None] | None = None) -> Iterator[list[Line]]:
    """Every record below the header as a lead or a reject, in file order; `progress` is told the bytes done so far.

    Raises ListError where the file turns out to be broken, or changed since it was opened: then nothing of it counts.
    """
    with opened(sheet.path) as (raw, found):
        next(found, None)  # the header
        for chunk in _chunks(found):
            if progress:
                progress(raw.tell())
            yield _judge(chunk, sheet, region)
        if digest(sheet.path) != sheet.sha256:
            raise ListError("the file changed while it was read.", "Try again.", file=sheet.file_name)


def preview(sheet: Sheet, *, region: str, count: int = 5) -> list[Line]:
    """The first few lines as they are read, for a person to look at."""
    return next(lines(sheet, region=region))[:count]


def _judge(chunk: list[Record], sheet: Sheet, region: str) -> list[Line]:
    width = len(sheet.header)
    cells = cells_by_line([record for record in chunk if record.fields == width])
    return [
        check_cells(sheet, region, record.line, cells[record.line])
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
