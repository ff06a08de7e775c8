"""Workbooks and Parquet files, made by the libraries that make them for offices."""

import re
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pyarrow
import xlsxwriter
from pyarrow import parquet

from campaign.intake import Form
from tests.integration import libreoffice
from tests.integration.gallery import Exhibit, number
from tests.integration.libreoffice import EMPTY, SCIENTIFIC, Number, the_third_of_may

Write = Callable[[Any, Any], None]


def sheet(*rows: Sequence[object], top: int = 0, left: int = 0, more: Write | None = None) -> Callable[[Path], None]:
    """A workbook with one sheet; `more`: what else is done to it."""

    def make(path: Path) -> None:
        with xlsxwriter.Workbook(path, {"default_date_format": "dd.mm.yyyy"}) as book:
            page = book.add_worksheet("People")
            for at, row in enumerate(rows, top):
                for place, value in enumerate(row, left):
                    page.write(at, place, value)
            if more:
                more(book, page)

    return make


def with_nul(*rows: Sequence[object]) -> Callable[[Path], None]:
    """A workbook in which every @ is a NUL, as Excel writes one; its library would take it for those seven letters."""

    def make(path: Path) -> None:
        sheet(*rows)(path)
        with ZipFile(path) as archive:
            parts = {each: archive.read(each) for each in archive.namelist()}
        with ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content.replace(b"@", b"_x0000_"))

    return make


def packed(*rows: Sequence[object], flags: int = 0, method: int = 8) -> Callable[[Path], None]:
    """A workbook whose archive says this of each of its parts: 1, that it has a password; how it is packed."""

    def make(path: Path) -> None:
        sheet(*rows)(path)
        archive = bytearray(path.read_bytes())
        for head, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
            for part in re.finditer(re.escape(head), bytes(archive)):
                archive[part.start() + at : part.start() + at + 4] = struct.pack("<HH", flags, method)
        path.write_bytes(archive)

    return make


def several(**sheets: Sequence[Sequence[object]]) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with xlsxwriter.Workbook(path) as book:
            for name, rows in sheets.items():
                page = book.add_worksheet(name)
                for at, row in enumerate(rows):
                    page.write_row(at, 0, row)

    return make


def document(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w:document/>")


def own_format(path: Path) -> None:
    with ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<office:document-content/>")


def table(**columns: Sequence[object]) -> Callable[[Path], None]:
    return lambda path: parquet.write_table(pyarrow.table(columns), path)


def _hidden(_book: Any, page: Any) -> None:
    page.set_row(2, None, None, {"hidden": True})
    page.set_column("B:B", None, None, {"hidden": True})


def _filtered(_book: Any, page: Any) -> None:
    page.autofilter("A1:B3")
    page.filter_column("A", "x == Asha")
    page.set_row(2, None, None, {"hidden": True})


def _merged(_book: Any, page: Any) -> None:
    page.merge_range("A2:A3", "Asha and Ravi")


def _far_away(_book: Any, page: Any) -> None:
    page.write(1_048_575, 16_383, " ")


def _formulas(_book: Any, page: Any) -> None:
    page.write_formula("B2", '="0"&"9812300001"', None, "09812300001")
    page.write_formula("B3", "=9812300000+2", None, 9_812_300_002)
    page.write_formula("B4", "=1/0", None, "#DIV/0!")


def _failing(path: Path) -> None:
    with xlsxwriter.Workbook(path) as book:
        for name, shown in ("May", "#NUM!"), ("R&D “A<B”", "#N/A"):
            page = book.add_worksheet(name)
            for at, row in enumerate(
                [("name", "", "phone"), ("Asha", "", number(1)), ("B",), ("C",), (), (), ("Ravi", "", number(2))]
            ):
                page.write_row(at, 0, row)
            page.write_formula("C3", "=VLOOKUP(A3,X:Y,2,0)", None, shown)
            page.write_formula("C5", f"=SUM({'#REF!+' * 500}1)", None, "#REF!")
            page.write_formula("D3", "=1/0", None, "#DIV/0!")


def _as_text(book: Any, page: Any) -> None:
    page.write_string("B2", "+91 98123 00001", book.add_format({"num_format": "@"}))
    page.write_string("B3", "09812300002")


def _formatted(book: Any, page: Any) -> None:
    page.write_number("B2", 9_812_300_001, book.add_format({"num_format": "0.00E+00"}))
    page.write_number("B3", 919_812_300_002, book.add_format({"num_format": "#,##0"}))


NAMES = ("name", "phone")
ASHA, RAVI = ("Asha", 9_812_300_001), ("Ravi", 9_812_300_002)

OFFICE: list[tuple[libreoffice.Cell, ...]] = [
    ("name", "phone", "since", "note"),
    ("आशा, Pune", Number(9_812_300_001), the_third_of_may(), 'says "yes"'),
    ("José", "09812300002", EMPTY, "one line\nand another"),
    ("Ravi", Number(919_812_300_003), EMPTY, Number(1.5)),
    ("Meena", Number(9_812_300_004, "9.81E+09", SCIENTIFIC)),
    (),
    ("Tara", EMPTY, the_third_of_may()),
    ("Kiran", "+91 98123 00005"),
]
"""Numbers as numbers and as text, one of them shown with fewer digits than it has, a date, two lines in a cell."""
AS_TEXT = "2 1, 3 2, 5 3, 6 digits_lost, 7 empty, 8 empty, 9 5"
BLANK = "2 1, 3 2, 5 3, 6 digits_lost, 8 empty, 9 5"

BOOKS = [
    Exhibit("LibreOffice, text as it saves it", libreoffice.as_text(OFFICE).encode(), AS_TEXT, told="UTF-8, columns separated by commas"),
    Exhibit("LibreOffice, semicolons, all text quoted", libreoffice.as_text(OFFICE, ";", quoted=True).encode(), AS_TEXT, told="separated by semicolons"),
    Exhibit("LibreOffice, tabs in UTF-16", libreoffice.as_text(OFFICE, "\t").encode("utf-16"), BLANK, told="UTF-16, columns separated by tabs"),
    Exhibit("LibreOffice, a workbook", libreoffice.as_workbook(OFFICE), "2 1, 3 2, 4 3, 5 4, 7 empty, 8 5", suffix=".xlsx",
            told="Excel workbook, sheet “People”; the header is line 1"),
    Exhibit("numbers stored as numbers", sheet(NAMES, ASHA, ("Ravi", 919_812_300_002.0)), "2 1, 3 2", suffix=".xlsx",
            told="Excel workbook, sheet “People”; the header is line 1"),
    Exhibit("numbers stored as text", sheet(NAMES, ("Asha",), ("Ravi",), more=_as_text), "2 1, 3 2", suffix=".xlsx"),
    Exhibit("numbers shown as 9.81E+09, the digits are there", sheet(NAMES, ("Asha",), ("Ravi",), more=_formatted), "2 1, 3 2", suffix=".xlsx"),
    Exhibit("more digits than Excel keeps", sheet(NAMES, ASHA, ("B", 9_198_123_000_012_345), ("C", 9.81230000155e9)),
            "2 1, 3 digits_lost, 4 digits_lost", suffix=".xlsx"),
    Exhibit("dates, truths and nothing where numbers belong",
            sheet(NAMES, ASHA, ("B", date(2026, 1, 2)), ("C", datetime(2026, 1, 2, 3, 4)), ("D", True), ("E", None), RAVI),  # noqa: DTZ001
            "2 1, 3 invalid_number, 4 not_a_number, 5 not_a_number, 6 empty, 7 2", form=Form(phone_column="phone"), suffix=".xlsx"),
    Exhibit("hidden rows and columns", sheet(NAMES, ASHA, RAVI, more=_hidden), "2 1, 3 2", suffix=".xlsx"),
    Exhibit("a filter that shows one of two", sheet(NAMES, ASHA, RAVI, more=_filtered), "2 1, 3 2", suffix=".xlsx"),
    Exhibit("merged cells", sheet(NAMES, ASHA, RAVI, more=_merged), "2 1, 3 2", suffix=".xlsx"),
    Exhibit("formulas, by what they came to", sheet(NAMES, ("A",), ("B",), ("C",), more=_formulas), "2 1, 3 2, 4 not_a_number", suffix=".xlsx"),
    Exhibit("formulas that failed, in one of two sheets", _failing, "2 1, 3 not_a_number, 4 empty, 5 not_a_number, 7 2", suffix=".xlsx",
            form=Form(sheet="R&D “A<B”", phone_column="phone")),
    Exhibit("the table stands in the middle of the sheet", sheet(("Leads",), (), NAMES, ASHA, (), RAVI, top=3, left=2), "7 1, 9 2",
            suffix=".xlsx", told="the header is line 6, below 1 line of title"),
    Exhibit("line breaks and quotes in a cell", sheet(NAMES, ('a\n"b", c', 9_812_300_001), RAVI), "2 1, 3 2", suffix=".xlsx"),
    Exhibit("a column without a name", sheet(("name", "phone", None, "city"), (*ASHA, "x", "Pune")), "2 1", suffix=".xlsx"),
    Exhibit("a sheet without a header", sheet(ASHA, RAVI), "1 1, 2 2", form=Form(phone_column="2"), suffix=".xlsx", told="no header"),
    Exhibit("one sheet of three has something in it", several(Sheet1=[], List=[NAMES, ASHA], Sheet3=[]), "2 1", suffix=".xlsx"),
    Exhibit("two sheets have", several(May=[NAMES, ASHA], June=[NAMES, RAVI]), refused="several sheets have something", suffix=".xlsx"),
    Exhibit("the one that is named", several(May=[NAMES, ASHA], June=[NAMES, RAVI]), "2 2", form=Form(sheet="June"), suffix=".xlsx"),
    Exhibit("a sheet that is not there", several(May=[NAMES, ASHA]), refused="there is no sheet “July”", form=Form(sheet="July"), suffix=".xlsx"),
    Exhibit("an empty workbook", several(Sheet1=[]), refused="the file is empty", suffix=".xlsx"),
    Exhibit("a blank in the last corner of the sheet", sheet(NAMES, ASHA, more=_far_away), refused="a sheet reaches down to row 1048576 and over 16384", suffix=".xlsx"),
    Exhibit("a text document, which is an archive too", document, refused="it cannot be read as an Excel workbook", suffix=".docx"),
    Exhibit("LibreOffice, its own format", own_format, refused="this is a document of LibreOffice's own format", suffix=".ods"),
    Exhibit("a workbook called .csv", sheet(NAMES, ASHA), "2 1"),
    Exhibit("an archive that is no workbook", b"PK\x03\x04" + bytes(100), refused="it cannot be read as an Excel workbook", suffix=".xlsx"),
    Exhibit("a workbook with a password", packed(NAMES, ASHA, flags=1), refused="it cannot be read as an Excel workbook", suffix=".xlsx"),
    Exhibit("a workbook in a packing of the future", packed(NAMES, ASHA, method=99), refused="it cannot be read as an Excel workbook", suffix=".xlsx"),
    Exhibit("a workbook, a NUL in a name", with_nul(NAMES, ASHA, ("Ra@vi", 9_812_300_002)), refused="line 3: it holds NUL bytes", suffix=".xlsx"),
    Exhibit("a workbook, a NUL in its header", with_nul(("na@me", "phone"), ASHA), refused="line 1: it holds NUL bytes", suffix=".xlsx"),
    Exhibit("Parquet, a NUL in a name far down", table(name=["Asha"] * 6_000 + ["Ra\0vi"], phone=[number(1)] * 6_001),
            refused="line 6001: it holds NUL bytes", suffix=".parquet"),
    Exhibit("Parquet, a NUL in the name of a column", table(**{"na\0me": ["Asha"], "phone": [number(1)]}), refused="it holds NUL bytes", suffix=".parquet"),
    Exhibit("Parquet: text, nothing, numbers", table(name=["A", None, "C"], phone=[number(1), None, "9.19E+11"]), "1 1, 2 empty, 3 digits_lost",
            suffix=".parquet", told="Parquet"),
    Exhibit("Parquet: whole numbers and fractions", table(phone=[9_812_300_001.0, 9_812_300_002.0, None], at=[datetime(2026, 1, 2, tzinfo=UTC)] * 3),
            "1 1, 2 2, 3 empty", suffix=".parquet"),
    Exhibit("Parquet: whole numbers, and bytes that are text", table(phone=[9_812_300_001, 919_812_300_002], name=[b"Asha", "आ".encode()]),
            "1 1, 2 2", suffix=".parquet"),
    Exhibit("Parquet, a cell of 10 MB", table(phone=[number(1), number(2)], note=["x" * 10_000_000, "y"]), "1 field_too_long, 2 2", suffix=".parquet"),
    Exhibit("a workbook, its longest cell", sheet(("phone", "note"), (number(1), "x" * 32_767)), "2 1", suffix=".xlsx"),
    Exhibit("Parquet without a row", table(phone=pyarrow.array([], pyarrow.string())), refused="there is nothing below the header", suffix=".parquet"),
    Exhibit("Parquet, cut off", b"PAR1" + bytes(50), refused="it cannot be read as a Parquet file", suffix=".parquet"),
]  # fmt: skip
