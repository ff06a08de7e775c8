"""Which records a text has, and on which physical line each one starts. Called by `text`.

A CSV reader alone does not say: pandas drops blank lines, fills short rows up, and a stray quote that happens to be
closed some lines later swallows what stands between. So this pass runs before it and counts lines, fields and quotes
by RFC 4180. What a quote does in the middle of an unquoted cell the RFC leaves open: there it is a plain character,
as it is for pandas.

Most blocks of most files hold no quotes, or only cells quoted whole on one line; those are counted by the block. Only
where a quote is left over the block is walked, line by line.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from io import StringIO
from itertools import chain, compress
from typing import NoReturn, TextIO

from campaign.errors import ListError
from campaign.intake.table import TOO_LONG

BLOCK = 1 << 18
"""Characters read at once."""
LONGEST_RECORD = 4_000_000
"""Characters; a longer one is told apart and not read."""
LONGEST = 32_000_000
"""Characters of a line, or of a record; beyond it a file is no list, and memory stays bounded."""
BEGINNING = 1_000
"""Characters kept of a record that is too long."""

SAVE_AS_UTF8 = "Save it as “CSV UTF-8 (comma delimited)” in your spreadsheet program and try again."
MEND = 'Close the quote, remove it, or write it twice ("") where the cell itself contains one.'

_INSIDE = re.compile(r'[^"]*+(?:""[^"]*+)*+')
_SPACES = re.compile(r" *")
_UNDECODED = re.compile(r"[\udc80-\udcff]")
_BREAK = re.compile(r"\r\n|\r|\n")
_A_NUMBER = re.compile(r"\W*\d(?:[\s().-]*\d){8,14}\W*|\d[.,]\d+[eE]\+?\d+")


@dataclass(frozen=True, slots=True)
class Records:
    """Records as written, without their last line break. `lines`: the physical ones they start on, from 1 on.

    `fields`: how many each has, or `TOO_LONG`.
    """

    lines: Sequence[int]
    fields: Sequence[int]
    texts: Sequence[str]

    def part(self, of: slice) -> "Records":
        return Records(self.lines[of], self.fields[of], self.texts[of])

    def shortened(self) -> "Records":
        """Of those that are too long the beginning alone."""
        long = [len(text) > LONGEST_RECORD for text in self.texts]
        fields = [TOO_LONG if cut else count for cut, count in zip(long, self.fields, strict=True)]
        texts = [f"{text[:BEGINNING]}…" if cut else text for cut, text in zip(long, self.texts, strict=True)]
        return Records(self.lines, fields, texts)


@dataclass(frozen=True, slots=True)
class Rules:
    """How a text is to be taken. `multiline`: cells may hold whatever they like; `encoding`: for what is said."""

    file: str
    delimiter: str = ","
    multiline: bool = False
    encoding: str = "UTF-8"


class _End(Enum):
    """Where a line's end leaves the pass."""

    RECORD = "the record is complete"
    INSIDE = "in a quoted cell that goes on"
    BROKEN = "at text after a closing quote"


def records(text: TextIO, rules: Rules, *, first_line: int = 1) -> Iterator[Records]:
    """The records of a text, a block at a time; wholly blank lines are none.

    `text` keeps its line breaks (CRLF, LF or CR), and bytes that are not `encoding` as lone surrogates. Raises
    ListError, naming the line, for a NUL, such a byte, a line without end, a quote that is never closed or closes
    inside a cell, and, unless `multiline`, for a quoted cell of several lines that holds what looks like records.
    """
    return _Scan(text, rules, first_line).records()


class _Scan:
    """One pass; `line`: the physical line it is on."""

    def __init__(self, text: TextIO, rules: Rules, line: int) -> None:
        self.text, self.rules, self.line, self.delimiter = text, rules, line, rules.delimiter
        sign = re.escape(rules.delimiter)
        self.plain = re.compile(rf"[^{sign}\r\n]*")
        self.quoted_on_one_line = re.compile(rf'(?<![^{sign}\n])"[^"\n]*+(?:""[^"\n]*+)*+"(?![^{sign}\n])')
        self.cell = re.compile(rf'(?:^|{sign})(?:"([^"]*+(?:""[^"]*+)*+)" *|[^{sign}]*)')

    def records(self) -> Iterator[Records]:
        while block := self.text.read(BLOCK):
            block += self.text.readline(LONGEST)  # whole lines
            self._check(block)
            found = self._at_once(block) or self._by_line(block)
            if found.lines:
                yield found.shortened() if max(map(len, found.texts)) > LONGEST_RECORD else found

    def _check(self, text: str) -> None:
        """Raises ListError for what no line of a list may hold."""
        if (at := text.find("\0")) >= 0:
            self._refuse("it holds NUL bytes.", SAVE_AS_UTF8, self._line_at(text, at))
        if not text.isascii() and (undecoded := _UNDECODED.search(text)):
            hint = "Say --encoding, or save it as “CSV UTF-8 (comma delimited)” in your spreadsheet program."
            self._refuse(f"it is not {self.rules.encoding}.", hint, self._line_at(text, undecoded.start()))
        if len(text) >= LONGEST:
            for number, line in enumerate(StringIO(text, newline=""), self.line):
                if len(line) >= LONGEST:
                    self._refuse("this line is too long for a list.", SAVE_AS_UTF8, number)

    def _at_once(self, block: str) -> Records | None:
        """The records of a block where every one of them is a line; None where a quote may say otherwise."""
        text = block.replace("\r\n", "\n").replace("\r", "\n") if "\r" in block else block
        text = text.removesuffix("\n")
        bare = self.quoted_on_one_line.sub("", text) if '"' in text else text
        if '"' in bare:
            return None
        texts = text.split("\n")
        lines: Sequence[int] = range(self.line, self.line + len(texts))
        fields = [line.count(self.delimiter) + 1 for line in bare.split("\n")]
        self.line += len(texts)
        if "" in texts or any(map(str.isspace, texts)):
            there = [bool(line) and not line.isspace() for line in texts]
            lines, fields = list(compress(lines, there)), list(compress(fields, there))
            texts = list(compress(texts, there))
        return Records(lines, fields, texts)

    def _by_line(self, block: str) -> Records:
        lines, fields, texts = [], [], []
        own = StringIO(block, newline="")
        following = chain(own, iter(lambda: self.text.readline(LONGEST), ""))
        for line in own:
            start, count, record = self.line, line.count(self.delimiter) + 1, line
            if '"' in line:
                count, record = self._quoted(line, following)
            elif line.isspace():
                count = 0
            self.line += 1
            if count:
                lines.append(start)
                fields.append(count)
                texts.append(record.rstrip("\r\n"))
        return Records(lines, fields, texts)

    def _quoted(self, line: str, following: Iterator[str]) -> tuple[int, str]:
        """The fields and text of a record with quotes, which goes on over as many lines as they say."""
        parts, size, delimiters = [line], len(line), 0
        opened = self.line
        end = _End.RECORD
        while True:
            inside = end is _End.INSIDE
            passed, end = self._walk(line, inside)
            delimiters += passed
            if passed or not inside:  # a quote opens at the start of a cell only
                opened = self.line
            if end is _End.BROKEN:
                self._refuse("text follows the closing quote of the cell begun here.", MEND, opened)
            if end is _End.RECORD:
                break
            line = next(following, "")
            parts.append(line)
            size += len(line)
            if not line or size > LONGEST:
                self._refuse("a quote opens here and is never closed.", MEND, opened)
            self.line += 1
            self._check(line)
        record = "".join(parts)
        if len(parts) > 1 and not self.rules.multiline and self._swallows(record, delimiters + 1):
            self._refuse(
                "a quoted cell that begins here goes on over lines that look like records of their own.",
                "Remove the stray quote; or --multiline, if the line breaks are meant.",
                self.line - len(parts) + 1,
            )
        return delimiters + 1, record

    def _swallows(self, record: str, fields: int) -> bool:
        """Whether a line within one of its cells has a cell of its own that is a number."""
        within = chain.from_iterable(_BREAK.split(cell) for cell in self.cell.findall(record) if _BREAK.search(cell))
        return any(
            any(map(_A_NUMBER.fullmatch, line.split(self.delimiter)))
            for line in within
            if self.delimiter in line or fields == 1
        )

    def _walk(self, line: str, inside: bool) -> tuple[int, _End]:
        """The delimiters between cells in this line, and where its end leaves us; `inside`: it begins in a cell."""
        at = delimiters = 0
        while True:
            if inside or line.startswith('"', at):
                at = _end(_INSIDE, line, at if inside else at + 1)
                if at == len(line):
                    return delimiters, _End.INSIDE
                at = _end(_SPACES, line, at + 1)
                if line[at : at + 1] not in ("", self.delimiter, "\r", "\n"):
                    return delimiters, _End.BROKEN
            else:
                at = _end(self.plain, line, at)
            if line[at : at + 1] != self.delimiter:
                return delimiters, _End.RECORD
            delimiters, at, inside = delimiters + 1, at + 1, False

    def _line_at(self, text: str, at: int) -> int:
        return self.line + len(_BREAK.findall(text, 0, at))

    def _refuse(self, what: str, hint: str, line: int) -> NoReturn:
        raise ListError(what, hint, file=self.rules.file, line=line)


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    found = pattern.match(line, at)
    assert found is not None  # every one of them matches nothing at all
    return found.end()
