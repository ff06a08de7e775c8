"""Damaged lists through the reader of CSV files, against a count of their records that knows nothing of it.

Of a list that is not refused every record comes out once, with the line it starts on, as a lead or a reject, and its
cells as the standard library reads them.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import chain
from pathlib import Path

from campaign.core.records import NewLead, Reject, RejectReason
from campaign.errors import ListError
from campaign.intake import Form, NumberRules, Sheet, lines, open_sheet, preview
from campaign.intake.text import TextTable
from tests.prove.fuzz_limits import Findings, TooSlow, bounded, story

MARKS = ("read", "refused", "lead", "reject", "quoted", "wrong width", "recognised")
IN = NumberRules("IN")
FORMS = (Form(), Form(phone_column="phone", multiline=True))
"""As a person gives it, and so that as little as can be is refused."""
LONGEST_WORDS = 3_000
WIDTHS = (RejectReason.TOO_MANY_FIELDS, RejectReason.TOO_FEW_FIELDS)
_BREAKS = "\r\n"


@dataclass(slots=True)
class Counted:
    """A record by the independent count."""

    line: int
    fields: int


def feed(data: bytes, file: Path, found: Findings) -> None:
    """One list; `file`: where it is laid."""
    file.write_bytes(data)
    for form in FORMS:
        _feed(data, file, form, found)


def _feed(data: bytes, file: Path, form: Form, found: Findings) -> None:
    try:
        breaches = list(_read(data, file, form, found))
    except ListError as refused:
        found.figures["list refused"] += 1
        told = f"{refused.message} {refused.hint}"
        breaches = [] if len(told) < LONGEST_WORDS else ["a refusal longer than a person reads"]
    except (Exception, TooSlow) as broken:  # noqa: BLE001  whatever it is, it is the finding
        breaches = [story(broken)]
    found.figures["lists"] += 1
    for what in breaches:
        found.breach("list", f"list: {what}", data)


def _read(data: bytes, file: Path, form: Form, found: Findings) -> Iterator[str]:
    with bounded():
        sheet = open_sheet(file, form=form)
        got = list(chain.from_iterable(lines(sheet, rules=IN)))
        shown = preview(sheet, rules=IN)
    found.figures["list read"] += 1
    found.figures["list quoted"] += b'"' in data
    if not isinstance(sheet.table, TextTable):
        yield "read as something else than text"
        return
    text, delimiter = data.decode(sheet.table.encoding.codec), sheet.table.delimiter
    found.figures["list recognised"] += sheet.table.encoding.codec not in ("utf-8", "utf-8-sig")
    below = [each for each in records(text, delimiter) if each.line >= sheet.header_line]
    header = below.pop(0)
    if [each.source_line for each in got] != [each.line for each in below]:
        yield f"{len(got)} lines came out of {len(below)} records"
        return
    if header.fields != len(sheet.header):
        yield "another header"
    if shown != got[:5]:
        yield "the preview shows other lines"
    yield from _cells(_by_line(text, delimiter), below, got, sheet, found)


def _cells(
    expected: dict[int, list[str]], below: list[Counted], got: list[NewLead | Reject], sheet: Sheet, found: Findings
) -> Iterator[str]:
    for each, counted in zip(got, below, strict=True):
        found.figures["list lead" if isinstance(each, NewLead) else "list reject"] += 1
        wrong = isinstance(each, Reject) and each.reason in WIDTHS
        found.figures["list wrong width"] += wrong
        if wrong is not (counted.fields != len(sheet.header)):
            yield "a record's width was not seen"
        elif not wrong and list(each.cells) != expected.get(counted.line):
            yield "cells other than the standard library's"
        if isinstance(each, Reject) and len(each.value) + len(each.suggestion) > LONGEST_WORDS:
            yield "a reject longer than a person reads"


def _by_line(text: str, delimiter: str) -> dict[int, list[str]]:
    """The standard library's cells of each record, by the line it starts on."""
    csv.field_size_limit(10_000_000)
    reader, found, line = csv.reader(StringIO(text, newline=""), delimiter=delimiter), {}, 1
    for cells in reader:
        found[line] = cells
        line = reader.line_num + 1
    return found


def records(text: str, delimiter: str) -> list[Counted]:
    """RFC 4180, sign by sign: a quote counts at a cell's beginning only; a line of blanks alone is no record."""
    found: list[Counted] = []
    line, at = 1, 0
    while at < len(text):
        end, fields, breaks = _record(text, at, delimiter)
        if not text[at:end].isspace():
            found.append(Counted(line, fields))
        line, at = line + breaks, end
    return found


def _record(text: str, at: int, delimiter: str) -> tuple[int, int, int]:
    """Behind the record that begins here; its fields; the line breaks in it."""
    fields, breaks, fresh, quoted = 1, 0, True, False
    while at < len(text):
        sign = text[at]
        at += 1
        if sign in _BREAKS:
            if sign == "\r" and text[at : at + 1] == "\n":
                at += 1
            breaks += 1
            if not quoted:
                return at, fields, breaks
        elif sign == '"' and (fresh or quoted):
            quoted = not quoted
            if text[at : at + 1] == '"' and not fresh and not quoted:  # twice: the sign itself
                quoted, at = True, at + 1
        fresh = sign == delimiter and not quoted
        fields += fresh
    return at, fields, breaks
