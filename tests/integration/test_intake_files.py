"""Files of all kinds, from the disk to leads and rejects."""

import csv
import os
import re
import sys
from collections import Counter
from io import StringIO
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.core.records import NewLead, Reject, RejectReason
from campaign.errors import ListError, UsageError
from campaign.intake import Form, NumberRules, Sheet, columns_with_numbers, lines, open_sheet, preview, table
from tests.integration.gallery_books import several
from tests.integration.gallery_books import sheet as sheet_of
from tests.integration.gallery_books import table as table_of

IN = NumberRules("IN")
SAMPLE = Path(__file__).parents[2] / "samples" / "leads.csv"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "leads.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(sheet: Sheet) -> list[NewLead | Reject]:
    return list(chain.from_iterable(lines(sheet, rules=IN)))


def test_a_list_becomes_leads_and_rejects_with_their_lines(tmp_path: Path) -> None:
    path = written(tmp_path, "\ufeffname, Phone ,city\n\nAsha,9812300001,Pune\r\nRavi,12,Delhi\nMeena,9812300003\n")
    sheet = open_sheet(path, phone_columns=["Phone"])
    assert (sheet.header, sheet.phone_column, sheet.file_name) == (("name", "Phone", "city"), "Phone", "leads.csv")
    asha, ravi, meena = read(sheet)
    assert isinstance(asha, NewLead)
    assert (asha.source_line, asha.number.e164, asha.cells) == (3, "+919812300001", ("Asha", "9812300001", "Pune"))
    assert isinstance(ravi, Reject)
    assert (ravi.source_line, ravi.column, ravi.value, ravi.cells) == (4, "Phone", "12", ("Ravi", "12", "Delhi"))
    assert isinstance(meena, Reject)
    assert (meena.source_line, meena.reason) == (5, RejectReason.TOO_FEW_FIELDS)
    assert meena.value == "Meena,9812300003"


def test_a_column_priority_is_a_whole_number_or_says_nothing(tmp_path: Path) -> None:
    cells = {"5": 5, " -3 ": -3, "+7": 7, "": 0, "high": 0, "1.5": 0, "5000": 999, "-5000": -999, "٣": 0}
    rows = "".join(f"98123000{row:02},{cell}\n" for row, cell in enumerate(cells, start=1))
    leads = read(open_sheet(written(tmp_path, f"phone,priority\n{rows}")))
    assert [each.priority for each in leads if isinstance(each, NewLead)] == list(cells.values())


def test_a_record_with_too_many_fields_shifts_no_other(tmp_path: Path) -> None:
    sheet = open_sheet(written(tmp_path, "phone,city\n9812300001,Kochi, Kerala\n9812300002,Pune\n"))
    long, good = read(sheet)
    assert isinstance(long, Reject)
    assert (long.source_line, long.reason) == (2, RejectReason.TOO_MANY_FIELDS)
    assert isinstance(good, NewLead)
    assert (good.source_line, good.cells) == (3, ("9812300002", "Pune"))


def test_a_field_for_custom_field_may_have_128_characters_and_another_100_000(tmp_path: Path) -> None:
    rows = [("a" * 128, ""), ("a" * 129, ""), ("", "b" * 100_000), ("", "b" * 100_001)]
    text = "".join(f"9812300001,{tag},{note}\n" for tag, note in rows)
    sheet = open_sheet(written(tmp_path, "phone,tag,note\n" + text), needs=["tag"])
    found = read(sheet)
    assert [getattr(line, "column", None) for line in found] == [None, "tag", None, "note"]
    assert [line.reason for line in found if isinstance(line, Reject)] == [RejectReason.FIELD_TOO_LONG] * 2


@pytest.mark.parametrize(
    ("content", "told", "line"),
    [
        (b"", "empty", None),
        (b"\xef\xbb\xbf\n \n", "empty", None),
        (b"phone,name\n\n", "nothing below the header", None),
        (b"name,phone\nAs\0ha,9812300001\n", "NUL", 2),
        (b"name,phone,phone\nAsha,9812300001,\n", "2 columns are called", 1),
        (b'name,phone\nAsha,"9812300001\n', "never closed", 2),
    ],
)
def test_what_is_no_list_is_refused_before_anything_is_read(
    tmp_path: Path, content: bytes, told: str, line: int | None
) -> None:
    with pytest.raises(ListError, match=told) as refused:
        open_sheet(written(tmp_path, content))
    assert "leads.csv" in refused.value.message
    assert refused.value.line == line
    assert refused.value.hint


@pytest.mark.parametrize(
    ("bad", "encoding", "told"),
    [
        (b"Jos\xe9,9812300002\n", "utf-8", "not UTF-8"),
        (b"Jos\x81,9812300002\n", "cp1252", "not CP1252"),
        (b"\0,9812300002\n", "", "NUL"),
        (b'"Ravi,9812300002\n', "", "never closed"),
    ],
)
def test_what_breaks_further_down_is_named_by_its_line(tmp_path: Path, bad: bytes, encoding: str, told: str) -> None:
    good = b"Asha,9812300001\n" * 10_000
    path = written(tmp_path, b"name,phone\n" + good + bad + b"\n" * 3)
    with pytest.raises(ListError, match=told) as refused:
        read(open_sheet(path, form=Form(encoding=encoding)))
    assert refused.value.line == 10_002


def test_the_settings_choose_the_column_and_ask_for_others(tmp_path: Path) -> None:
    path = written(tmp_path, "mobile,telephone\n9812300001,9812300002\n")
    (lead,) = read(open_sheet(path, phone_columns=["telephone"], needs=["mobile"]))
    assert isinstance(lead, NewLead)
    assert lead.number.e164 == "+919812300002"
    with pytest.raises(ListError, match="lacks: “order_id”"):
        open_sheet(path, phone_columns=["telephone"], needs=["order_id"])


TWO = ("mobile", "landline")


def test_several_columns_give_one_lead_its_numbers_in_order(tmp_path: Path) -> None:
    rows = [
        "Asha,9812300001,080 2345 6789",
        "Ravi,,080 2345 6780",
        "Meena,9812300003,",
        "Imran,9812300004,98123 00004",
        "Divya,9.19E+11,9812300005",
        "Kavita,9812300006,call first",
        "Mohan,,n/a",
        "Sunita,12345,n/a",
        "Tenzin,,",
    ]
    path = written(tmp_path, "\n".join(["name,mobile,landline", *rows]))
    sheet = open_sheet(path, phone_columns=TWO)
    assert sheet.phone_columns == TWO
    leads = {line.cells[0]: line for line in read(sheet) if isinstance(line, NewLead)}
    assert {name: [each.e164 for each in (lead.number, *lead.later)] for name, lead in leads.items()} == {
        "Asha": ["+919812300001", "+918023456789"],
        "Ravi": ["+918023456780"],
        "Meena": ["+919812300003"],
        "Imran": ["+919812300004"],
        "Divya": ["+919812300005"],
        "Kavita": ["+919812300006"],
    }
    assert {name: lead.passed_over for name, lead in leads.items() if lead.passed_over} == {
        "Divya": (("mobile", RejectReason.DIGITS_LOST),),
        "Kavita": (("landline", RejectReason.NOT_A_NUMBER),),
    }
    rejects = [(line.column, line.value, line.reason) for line in read(sheet) if isinstance(line, Reject)]
    assert rejects == [
        ("landline", "n/a", RejectReason.NOT_A_NUMBER),
        ("mobile", "12345", RejectReason.INVALID_NUMBER),
        ("mobile", "", RejectReason.EMPTY),
    ]


def test_each_of_several_columns_must_be_there(tmp_path: Path) -> None:
    path = written(tmp_path, "name,mobile\nAsha,9812300001\n")
    with pytest.raises(ListError, match="no column “landline”"):
        open_sheet(path, phone_columns=TWO)


def test_folders_pipes_and_missing_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nowhere.csv")
    for name, told in (
        ("link", "leads nowhere"),
        ("", "not a file"),
        ("pipe", "not a file"),
        ("gone.csv", "no such file"),
        ("a" * 300, "cannot be read"),
    ):
        with pytest.raises(ListError, match=told):
            open_sheet(tmp_path / name)


def test_a_file_that_changes_while_it_is_read_does_not_count(tmp_path: Path) -> None:
    path = written(tmp_path, "phone\n9812300001\n")
    sheet = open_sheet(path)
    path.write_text("phone\n9812300001\n9812300002\n")
    with pytest.raises(ListError, match="changed"):
        read(sheet)


def test_a_file_that_is_gone_before_it_is_read_to_its_end_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = written(tmp_path, "phone\n9812300001\n")
    chunks = lines(open_sheet(path), rules=IN)
    assert len(next(chunks)) == 1
    path.unlink()
    with pytest.raises(ListError, match="cannot be read: No such file"):
        next(chunks)


def test_a_list_comes_in_chunks_and_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "CHUNK", 3)
    sheet = open_sheet(written(tmp_path, "phone\n" + "9812300001\n,\n" * 4))
    done: list[int] = []
    chunks = list(lines(sheet, rules=IN, progress=done.append))
    assert [len(chunk) for chunk in chunks] == [3, 3, 2]
    assert [line.source_line for line in chain.from_iterable(chunks)] == list(range(2, 10))
    assert done[-1] == sheet.size
    assert done == sorted(done)


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet"])
def test_workbooks_and_parquet_say_how_far_they_are_too(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "CHUNK", 2)
    phones = [9_812_300_001, 9_812_300_002, 9_812_300_003]
    make = sheet_of(("phone",), *((each,) for each in phones)) if suffix == ".xlsx" else table_of(phone=phones)
    make(path := tmp_path / f"list{suffix}")
    sheet, done = open_sheet(path), list[int]()
    assert [len(chunk) for chunk in lines(sheet, rules=IN, progress=done.append)] == [2, 1]
    assert done[0] < done[1] == sheet.size


def test_two_sheets_of_one_workbook_are_two_lists(tmp_path: Path) -> None:
    several(May=[["phone"], [9_812_300_001]], June=[["phone"], [9_812_300_002]])(path := tmp_path / "list.xlsx")
    may, june = (open_sheet(path, form=Form(sheet=name)) for name in ("May", "June"))
    assert may.sha256 != june.sha256
    assert may.of_bytes == june.of_bytes
    assert open_sheet(path, form=Form(sheet="May")).sha256 == may.sha256
    assert len(read(may)) == len(read(june)) == 1


@pytest.mark.parametrize(
    ("package", "magic", "told"),
    [("python_calamine", b"PK\x03\x04", "python-calamine"), ("pyarrow", b"PAR1", "pyarrow")],
)
def test_without_the_package_that_reads_a_file_it_is_named(
    tmp_path: Path, package: str, magic: bytes, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError) as refused:
        open_sheet(written(tmp_path, magic))
    assert told in refused.value.hint


def test_empty_columns_before_a_sheets_table_are_none_of_the_list(tmp_path: Path) -> None:
    sheet_of(("name", "phone"), ("Asha", 9_812_300_001), top=3, left=2)(path := tmp_path / "list.xlsx")
    assert open_sheet(path).header == ("name", "phone")


def test_several_columns_may_be_named_by_their_places_too(tmp_path: Path) -> None:
    sheet = open_sheet(written(tmp_path, "Asha,9812300001,080 2345 6789\n"), phone_columns=["3", "2"])
    assert (sheet.header, sheet.phone_columns) == (("1", "2", "3"), ("3", "2"))
    [lead] = read(sheet)
    assert isinstance(lead, NewLead)
    assert [each.e164 for each in (lead.number, *lead.later)] == ["+918023456789", "+919812300001"]


def test_a_sheet_is_only_asked_of_a_workbook(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--sheet"):
        open_sheet(written(tmp_path, "phone\n9812300001\n"), form=Form(sheet="June"))


def test_the_preview_is_the_first_lines_as_they_are_read() -> None:
    sheet = open_sheet(SAMPLE)
    assert preview(sheet, rules=IN) == read(sheet)[:5]


def test_the_preview_has_five_lines_however_long_they_are(tmp_path: Path) -> None:
    long = "".join(f"981230000{number},{'n' * 90_000}\n" for number in range(6))
    sheet = open_sheet(written(tmp_path, f"phone,note\n{long}"))
    assert preview(sheet, rules=IN) == read(sheet)[:5]


def test_the_sample_has_twenty_four_people_and_six_lines_that_cannot_be_called() -> None:
    sheet = open_sheet(SAMPLE)
    found = read(sheet)
    assert [line.source_line for line in found] == list(range(2, 32))
    numbers = Counter(line.number for line in found if isinstance(line, NewLead))
    assert sorted(numbers.values()) == [1] * 23 + [2]  # the store makes the second one a duplicate
    assert [line.reason for line in found if isinstance(line, Reject)] == [
        RejectReason.EMPTY,
        RejectReason.DIGITS_LOST,
        RejectReason.NOT_A_NUMBER,
        RejectReason.TOO_MANY_FIELDS,
        RejectReason.INVALID_NUMBER,
    ]
    simulated = [line.cells[sheet.header.index("simulate")] for line in found if isinstance(line, NewLead)]
    assert sum(1 for word in simulated if word) == 18


CELL = st.one_of(
    st.sampled_from(["9812300001", "+919812300002", "9.19E+11", "NA", "", '"', "a\r\nb", "x,y", "007", " "]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8),
)


@settings(database=None, deadline=None, max_examples=60)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=12), end=st.sampled_from(["\r\n", "\n", "\r"]))
def test_any_table_gives_one_verdict_a_record_on_the_right_line(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], end: str
) -> None:
    text, line, expected = f"name,phone{end}", 2, []
    for row in rows:
        out = StringIO(newline="")
        csv.writer(out, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(row)
        text += out.getvalue()
        expected.append((line, row))
        line += len(re.findall(r"\r\n|\r|\n", out.getvalue()))
    folder = tmp_path_factory.getbasetemp()
    found = read(open_sheet(written(folder, text), phone_columns=["phone"], form=Form(multiline=True)))
    assert [(verdict.source_line, verdict.cells) for verdict in found] == expected


@settings(database=None, deadline=None, max_examples=60)
@given(st.lists(st.lists(CELL, min_size=2, max_size=3), min_size=1, max_size=8))
def test_ragged_tables_lose_no_record(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    out = StringIO(newline="")
    csv.writer(out).writerows([["name", "phone"], *rows])
    path = written(tmp_path_factory.getbasetemp(), out.getvalue())
    found = read(open_sheet(path, phone_columns=["phone"], form=Form(multiline=True)))
    wrong = [line for line in found if isinstance(line, Reject) and line.reason is RejectReason.TOO_MANY_FIELDS]
    assert (len(found), len(wrong)) == (len(rows), sum(1 for row in rows if len(row) == 3))


OTHERS = """name;mobile;alt mobile;pin;due;id
Asha;98123 00001;98123 00002;411001;5000;234567890123
Ravi;98123-00003;;110001;7000;345678901234
Meena;n/a;080 2345 6789;110001;7000;456789012345
Tara;9812300004
"""


@pytest.mark.parametrize(("columns", "found"), [(["mobile"], ["alt mobile"]), (["mobile", "alt mobile"], [])])
def test_another_column_with_numbers_is_found_and_no_other_figures_are(
    tmp_path: Path, columns: list[str], found: list[str]
) -> None:
    (tmp_path / "list.csv").write_text(OTHERS)
    sheet = open_sheet(tmp_path / "list.csv", phone_columns=columns)
    rules = NumberRules("IN")
    assert columns_with_numbers(sheet, preview(sheet, rules=rules), rules) == found
