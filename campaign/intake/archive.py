"""Whether a workbook is one, and small enough to be unpacked. Called by `workbook` before anything reads it.

A workbook is an archive. The library that reads it keeps room for every cell up to the last one, so a single stray one
in the last corner of a sheet would take all memory there is, and the process, which may be calling, with it.
"""

import re
import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from campaign.errors import ListError

MOST_BYTES = 2_000_000_000
MOST_CELLS = 20_000_000

_BLOCK, _OVERLAP = 1 << 20, 32
_PLACE = re.compile(rb'\sr="([A-Z]{1,3})(\d{1,7})"')
_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml")
_SAVE_AS = "Save it there as “Excel 2007-365 (.xlsx)” or as “Text CSV (.csv)”, and give that file."
_MEND = "Open it in Excel and save it again, or save the sheet as CSV."


def check_archive(path: Path, file: str) -> None:
    """Raises ListError for what is no workbook, or is too large when unpacked."""
    try:
        with ZipFile(path) as archive:
            if "content.xml" in archive.namelist():
                raise ListError("this is a document of LibreOffice's own format.", _SAVE_AS, file=file)
            if "xl/workbook.xml" not in archive.namelist():
                raise ListError("it cannot be read as an Excel workbook.", _MEND, file=file)
            if sum(each.file_size for each in archive.infolist()) > MOST_BYTES:
                raise ListError("unpacked, it is too large for a workbook.", "Save the sheet as CSV.", file=file)
            for name in filter(_SHEET.fullmatch, archive.namelist()):
                columns, rows = _corner(archive, name)
                if columns * rows > MOST_CELLS:
                    raise ListError(
                        f"a sheet reaches down to row {rows} and over {columns} columns.",
                        "Delete the rows and columns behind the last person, or save the sheet as CSV.",
                        file=file,
                    )
    # RuntimeError is zipfile's word for a password, and a kind of it that for a packing it does not know.
    except (BadZipFile, zlib.error, EOFError, RuntimeError):
        raise ListError("it cannot be read as an Excel workbook.", _MEND, file=file) from None


def _corner(archive: ZipFile, name: str) -> tuple[int, int]:
    """The columns and rows up to the last cell of a sheet."""
    columns: set[bytes] = set()
    rows, rest = 0, b""
    with archive.open(name) as sheet:
        while block := sheet.read(_BLOCK):
            found = _PLACE.findall(rest + block)
            columns.update(letters for letters, _ in found)
            rows = max(rows, max((int(row) for _, row in found), default=0))
            rest = block[-_OVERLAP:]
    return max(map(column_of, columns), default=0), rows


def column_of(letters: bytes) -> int:
    """A is 1, AA is 27."""
    place = 0
    for letter in letters:
        place = place * 26 + letter - ord("A") + 1
    return place
