"""A file of text as a table: its letters, its delimiter, its records. Called by `sheet`."""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from campaign.errors import ListError
from campaign.intake import table
from campaign.intake.cells import cells_of, columns_of
from campaign.intake.dialect import DELIMITERS, delimiter_of, said
from campaign.intake.encoding import Encoding, named, recognised
from campaign.intake.file import Bytes, Kind, opened
from campaign.intake.form import Form
from campaign.intake.scan import LONGEST, SAVE_AS_UTF8, Records, Rules, records
from campaign.intake.table import TOO_LONG, Odd, Row, Rows


def read_text(path: Path, name: str, kind: Kind, form: Form, phone_column: str) -> "TextTable":
    """Look at the whole file for its letters, at its beginning for its delimiter. Raises ListError."""
    with opened(path, name, kind) as (_, inside):
        encoding = named(form.encoding, name) if form.encoding else recognised(inside, name)
    found = TextTable(path, name, kind, encoding, multiline=form.multiline)
    with found.reading() as (_, text):
        if delimiter := said(text.readline(LONGEST)):
            return TextTable(path, name, kind, encoding, delimiter, multiline=form.multiline, said=True)
    with found.reading() as (_, text):
        delimiter = delimiter_of(text, phone_column)
    return TextTable(path, name, kind, encoding, delimiter, multiline=form.multiline)


@dataclass(frozen=True, slots=True)
class TextTable:
    """`name`: what the file is called; `said`: the delimiter stands on a line of its own, above everything else."""

    path: Path
    name: str
    kind: Kind
    encoding: Encoding
    delimiter: str = ","
    multiline: bool = False
    said: bool = False

    @property
    def part(self) -> str:
        return ""

    @property
    def told(self) -> str:
        named = DELIMITERS.get(self.delimiter, f"“{self.delimiter}”")
        packed = "packed, " if self.kind is Kind.GZIP else ""
        return f"{packed}{self.encoding.told}, columns separated by {named}"

    @contextmanager
    def reading(self) -> Iterator[tuple[Bytes, TextIO]]:
        """The file's own bytes, which say how far it is, and its text; what does not fit stands in it as surrogates."""
        with opened(self.path, self.name, self.kind) as (raw, inside):
            text = TextIOWrapper(inside, encoding=self.encoding.codec, errors="surrogateescape", newline="")
            try:
                yield raw, text
            except UnicodeDecodeError:
                raise ListError(f"it is not {self.encoding.codec}.", SAVE_AS_UTF8, file=self.name) from None

    def first(self) -> list[Row]:
        found: list[Row] = []
        with self.reading() as (_, text):
            for some in self._records(text):
                for line, fields, record in zip(some.lines, some.fields, some.texts, strict=True):
                    found.append(Row(line, cells_of(record, self.delimiter)))
                    if len(found) == table.PEEK or fields == TOO_LONG:  # no title, so the header stands above it
                        return found
        return found

    def rows(self, width: int, after: int) -> Iterator[tuple[int, Rows]]:
        with self.reading() as (raw, text):
            for some in self._records(text):
                for start in range(bisect_right(some.lines, after), len(some.lines), table.CHUNK):
                    yield raw.tell(), self._rows(some.part(slice(start, start + table.CHUNK)), width)

    def _rows(self, found: Records, width: int) -> Rows:
        if found.fields.count(width) == len(found.fields):
            return Rows(found.lines, columns_of(found.lines, found.texts, width, self.delimiter))
        parts = list(zip(found.lines, found.fields, found.texts, strict=True))
        well = [part for part in parts if part[1] == width]
        odd = [Odd(*part) for part in parts if part[1] != width]
        lines, texts = [line for line, _, _ in well], [text for _, _, text in well]
        return Rows(lines, columns_of(lines, texts, width, self.delimiter), odd)

    def _records(self, text: TextIO) -> Iterator[Records]:
        if self.said:
            text.readline(LONGEST)
        rules = Rules(self.name, self.delimiter, multiline=self.multiline, encoding=self.encoding.codec.upper())
        return records(text, rules, first_line=2 if self.said else 1)
