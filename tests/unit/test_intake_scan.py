"""The streaming pass finds the records of a file, and pandas reads exactly those."""

import csv
from io import StringIO
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.errors import ListError
from campaign.intake import scan
from campaign.intake.cells import cells_of, columns_of
from campaign.intake.scan import Rules, records
from campaign.intake.table import TOO_LONG


class Record(NamedTuple):
    line: int
    fields: int
    text: str


def scanned(text: str, delimiter: str = ",", *, multiline: bool = True) -> list[Record]:
    blocks = records(StringIO(text, newline=""), Rules("l.csv", delimiter, multiline=multiline))
    return [Record(*each) for found in blocks for each in zip(found.lines, found.fields, found.texts, strict=True)]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_break_ends_a_record(end: str) -> None:
    assert scanned(f"a,b{end}1,2{end}3,4") == [Record(1, 2, "a,b"), Record(2, 2, "1,2"), Record(3, 2, "3,4")]


def test_blank_lines_are_no_records_and_still_count_as_lines() -> None:
    assert scanned("\n  \na,b\n\n\t\n1,2\n") == [Record(3, 2, "a,b"), Record(6, 2, "1,2")]


def test_a_quoted_empty_cell_is_a_record() -> None:
    assert scanned('phone\n""\n') == [Record(1, 1, "phone"), Record(2, 1, '""')]


def test_a_quoted_line_break_makes_no_second_record_but_moves_the_lines_on() -> None:
    assert [(r.line, r.fields) for r in scanned('a,b\n"x\ny\r\n\rz",2\n3,4\n')] == [(1, 2), (2, 2), (6, 2)]


@pytest.mark.parametrize(
    ("record", "fields"),
    [
        ("", None),
        (",", 2),
        ('"a,b",c', 2),
        ('"a ""b"", c",d', 2),
        ('"",""', 2),
        ('"a" ,b', 2),
        ('5" pipe,"a,b"', 2),
        ('Ravi "Rocky, the" Kumar', 2),
        (' "a,b"', 2),
        ('a,"b', "never closed"),
        ('"a"b,c', "text follows"),
        ('"a" b', "text follows"),
        ('"a"",b', "never closed"),
    ],
)
def test_fields_are_counted_by_rfc_4180(record: str, fields: int | str | None) -> None:
    if isinstance(fields, str):
        with pytest.raises(ListError, match=fields):
            scanned(record)
    else:
        assert [r.fields for r in scanned(record)] == ([] if fields is None else [fields])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a,b\n1,2\n3,"4\n5,6\n', 3),
        ('a,b\n"x\ny","z\n\n', 3),
        ('a,b\n"x\ny","z"\n"5\n', 4),
    ],
)
def test_a_quote_that_never_closes_is_named_by_the_line_it_opened_on(text: str, line: int) -> None:
    with pytest.raises(ListError, match="never closed") as refused:
        scanned(text)
    assert refused.value.line == line


def test_a_stray_quote_that_closes_lines_later_swallows_nobody_silently() -> None:
    with pytest.raises(ListError, match="text follows") as refused:
        scanned('name,phone\n"Asha,9812300001\nRavi "Rocky",9812300002\n')
    assert refused.value.line == 2


def test_a_quote_that_stays_open_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LONGEST", 1_000)
    monkeypatch.setattr(scan, "BLOCK", 100)
    endless = StringIO('a,"b\n' + "more\n" * 1_000)
    with pytest.raises(ListError, match="never closed"):
        list(records(endless, Rules("l.csv")))
    assert len(endless.read()) > 3_500


@pytest.mark.parametrize("block", [1, 7, 100, 10_000])
@pytest.mark.parametrize("long", ["a" * 1_001, '"' + "a\n" * 500 + '"', '5" ' * 400, '"' + '""' * 600 + '",x'])
def test_a_record_that_is_too_long_is_told_apart_and_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch, long: str, block: int
) -> None:
    monkeypatch.setattr(scan, "LONGEST_RECORD", 1_000)
    monkeypatch.setattr(scan, "BLOCK", block)
    found = scanned(f"a,b\n{long}\n1,2\n")
    assert found == [
        Record(1, 2, "a,b"),
        Record(2, TOO_LONG, f"{long[:1_000]}…"),
        Record(3 + long.count("\n"), 2, "1,2"),
    ]


def test_a_line_without_an_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "LONGEST", 1_000)
    with pytest.raises(ListError, match="too long"):
        scanned("a" * 1_000)


def test_pandas_reads_text_as_text() -> None:
    odd = ["NA", "", "007", "+91", "1e5", "\ufeffx", "None", "a\n\rb", "#", "True", "\u2028", "'"]
    line = ",".join(f'"{cell}"' for cell in odd)
    [record] = scanned(f"\n{line}\n")
    assert columns_of([2], [record.text], record.fields) == [[cell] for cell in odd]


def test_a_record_that_pandas_reads_otherwise_is_never_shifted_silently() -> None:
    with pytest.raises(AssertionError, match="disagree"):
        columns_of([1, 2], ["a,b", "c,d\n7,e"], 2)


SEVERAL = [
    'name,phone\n"Asha,9812300001\nRavi,9812300002\nMeena",9812300003\n',
    'name,phone\n"Asha,9812300001\r\nMeena",9812300003\n',
    'name,phone,city\nAsha,9812300001,"Pune\nRavi,98123-00002,Delhi\nMeena,+91 98123 00003,"\n',
    'phone\n"9812300001\n9812300002"\n',
    'name,phone\n"Asha,x\nRavi,9.19E+11\nMeena",9812300003\n',
]


@pytest.mark.parametrize("text", SEVERAL)
def test_a_quoted_cell_that_swallows_what_looks_like_records_is_refused_unless_it_is_meant(text: str) -> None:
    with pytest.raises(ListError, match="look like records") as refused:
        scanned(text, multiline=False)
    assert refused.value.line == 2
    assert len(scanned(text)) == 2


@pytest.mark.parametrize("cell", ["12, MG Road\nPune 411001", "call back on\n9812300001", "a, b\nc, d, 2026-01-02"])
def test_an_address_or_a_note_of_several_lines_is_a_cell(cell: str) -> None:
    assert len(scanned(f'name,note\nAsha,"{cell}"\n9812300001,x\n', multiline=False)) == 3


@pytest.mark.parametrize("delimiter", [";", "\t", "|", "^"])
def test_another_delimiter_takes_the_commas_place_entirely(delimiter: str) -> None:
    text = f'a{delimiter}b\n"1{delimiter}""2""",x{delimiter}3\n"x{delimiter}\ny"{delimiter}1,2\n'.replace('",x', '"')
    assert [(each.line, each.fields) for each in scanned(text, delimiter)] == [(1, 2), (2, 2), (3, 2)]
    assert cells_of(scanned(text, delimiter)[1].text, delimiter) == (f'1{delimiter}"2"', "3")


ANY = st.text(alphabet='ab1 ,,""\r\n\n;é', max_size=60)


@settings(database=None, deadline=None, max_examples=300)
@given(ANY)
def test_any_text_is_refused_or_read_as_the_csv_module_reads_it(text: str) -> None:
    try:
        found = scanned(text)
    except ListError:
        return
    assert "".join("".join(record.text for record in found).split()) == "".join(text.split())
    for record in found:
        (expected,) = csv.reader(StringIO(record.text, newline=""))
        assert record.fields == len(expected)
        assert columns_of([1], [record.text], record.fields) == [[cell] for cell in expected]


@settings(database=None, deadline=None, max_examples=300)
@given(ANY, st.integers(1, 5))
def test_where_the_blocks_end_makes_no_difference(text: str, block: int) -> None:
    def told() -> list[Record] | str:
        try:
            return scanned(text)
        except ListError as refused:
            return f"{refused.message}"

    at_once = told()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(scan, "BLOCK", block)
        assert told() == at_once


@pytest.mark.parametrize(("bad", "told"), [("\0", "NUL"), ("\udce9", "not UTF-8")])
def test_what_no_line_may_hold_is_found_where_a_quoted_cell_goes_on_beyond_a_block(
    bad: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "BLOCK", 5)
    with pytest.raises(ListError, match=told) as refused:
        scanned(f'a,b\n"x\ny\n{bad}z",2\n')
    assert refused.value.line == 4
