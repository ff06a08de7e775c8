"""Which records a file has, and on which physical line each one starts. Called by `sheet` and `reading`.

A CSV reader alone does not say: pandas drops blank lines, fills short rows up, and a stray quote that happens to be
closed some lines later swallows what stands between. So this pass runs before it and counts lines, fields and quotes
by RFC 4180. What a quote does in the middle of an unquoted cell the RFC leaves open: there it is a plain character,
as it is for pandas.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum

from campaign.errors import ListError

LONGEST_RECORD = 4_000_000
"""Characters; beyond it a file is no list, and memory stays bounded."""

SAVE_AS_UTF8 = "Save it as “CSV UTF-8 (comma delimited)” in your spreadsheet program and try again."
MEND = 'Close the quote, remove it, or write it twice ("") where the cell itself contains one.'

_INSIDE = re.compile(r'(?:[^"]|"")*+')
_SPACES = re.compile(r" *")
_PLAIN = re.compile(r"[^,\r\n]*")
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_AFTER_A_CELL = ("", ",", "\r", "\n")

_Numbered = Iterator[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Record:
    """A record as written, without its last line break. `line`: the physical one it starts on, the first being 1."""

    line: int
    fields: int
    text: str


class _End(Enum):
    """Where a line's end leaves the pass."""

    RECORD = "the record is complete"
    INSIDE = "in a quoted cell that goes on"
    BROKEN = "at text after a closing quote"


def records(physical: Iterable[str], file: str) -> Iterator[Record]:
    """The records of a file's lines; wholly blank lines are none.

    `physical` keeps its line breaks (CRLF, LF or CR), and bytes that are not UTF-8 as lone surrogates. Raises
    ListError, naming the line, for a NUL, such a byte, or a quote that is never closed or closes inside a cell.
    """
    numbered = _legible(physical, file)
    for number, line in numbered:
        if line.isspace():
            continue
        if '"' in line:
            yield _quoted(number, line, numbered, file)
        else:
            yield Record(number, line.count(",") + 1, line.rstrip("\r\n"))


def _quoted(start: int, line: str, following: _Numbered, file: str) -> Record:
    """A record with quotes, which goes on over as many lines as they say."""
    parts, size, commas = [line], len(line), 0
    number = opened = start
    end = _End.RECORD
    while True:
        inside = end is _End.INSIDE
        passed, end = _walk(line, inside)
        commas += passed
        if passed or not inside:  # a quote opens at the start of a cell only
            opened = number
        if end is _End.RECORD:
            return Record(start, commas + 1, "".join(parts).rstrip("\r\n"))
        if end is _End.BROKEN:
            raise ListError("text follows the closing quote of the cell begun here.", MEND, file=file, line=opened)
        number, line = next(following, (number, ""))
        parts.append(line)
        size += len(line)
        if not line or size > LONGEST_RECORD:
            raise ListError("a quote opens here and is never closed.", MEND, file=file, line=opened)


def _walk(line: str, inside: bool) -> tuple[int, _End]:
    """The commas between cells in this line, and where its end leaves us; `inside`: it begins in a quoted cell."""
    at = commas = 0
    while True:
        if inside or line.startswith('"', at):
            at = _end(_INSIDE, line, at if inside else at + 1)
            if at == len(line):
                return commas, _End.INSIDE
            at = _end(_SPACES, line, at + 1)
            if line[at : at + 1] not in _AFTER_A_CELL:
                return commas, _End.BROKEN
        else:
            at = _end(_PLAIN, line, at)
        if line[at : at + 1] != ",":
            return commas, _End.RECORD
        commas, at, inside = commas + 1, at + 1, False


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    found = pattern.match(line, at)
    assert found is not None  # every one of them matches nothing at all
    return found.end()


def _legible(physical: Iterable[str], file: str) -> _Numbered:
    for number, line in enumerate(physical, 1):
        if "\0" in line:
            raise ListError("it holds NUL bytes, as a file in UTF-16 does.", SAVE_AS_UTF8, file=file, line=number)
        if not line.isascii() and _UNDECODED.search(line):
            raise ListError("it is not UTF-8 but, perhaps, Windows-1252.", SAVE_AS_UTF8, file=file, line=number)
        if len(line) >= LONGEST_RECORD:
            raise ListError("this line is too long for a list.", SAVE_AS_UTF8, file=file, line=number)
        yield number, line
