"""Files as people really have them: each says what it is, how it is made, and what becomes of every line of it.

A fate is a line, then the lead's number (`1` is 98123 00001) or the reason of the reject. Whoever adds a file adds its
fate by hand, from the file.
"""

import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campaign.intake import Form

AS_IT_IS = Form()


@dataclass(frozen=True, slots=True)
class Exhibit:
    """`fates`: of every line, in order; or `refused`: what is said of the whole file, beginning with the line."""

    what: str
    content: bytes | Callable[[Path], None]
    fates: str = ""
    refused: str = ""
    form: Form = AS_IT_IS
    suffix: str = ".csv"
    told: str = ""

    def lay(self, folder: Path) -> Path:
        path = folder / f"list{self.suffix}"
        if isinstance(self.content, bytes):
            path.write_bytes(self.content)
        else:
            self.content(path)
        return path


def number(of: int) -> str:
    return f"98123{of:05}"


def text(*lines: str, end: str = "\n", encoding: str = "utf-8", last: bool = True) -> bytes:
    """`#1` stands for 9812300001. `last`: the last line ends too."""
    written = end.join(lines) + (end if last else "")
    return re.sub("#([1-9])", lambda found: number(int(found[1])), written).encode(encoding)


def swollen(small: bytes, by: bytes, times: int, packed: Callable[[bytes], bytes] = bytes) -> Callable[[Path], None]:
    """The sign @ becomes `by`, so many times; not before the file is laid, which most processes of the tests never do."""

    def lay(path: Path) -> None:
        path.write_bytes(packed(small.replace(b"@", by * times)))

    return lay


HEADER = "name,phone,city"
TWO = ("Asha,#1,Pune", "Ravi,#2,Delhi")
NO_HEADER = Form(phone_column="2")

TEXTS = [
    # --- how offices save them
    Exhibit("plain, as most programs write it", text(HEADER, *TWO), "2 1, 3 2", told="UTF-8, columns separated by commas"),
    Exhibit("Excel, “CSV UTF-8”: a mark, CRLF", text(HEADER, *TWO, end="\r\n", encoding="utf-8-sig"), "2 1, 3 2"),
    Exhibit("Excel for Mac of old: CR alone", text(HEADER, *TWO, end="\r"), "2 1, 3 2"),
    Exhibit("all three line ends in one file", text(HEADER + "\r\nAsha,#1,Pune\rRavi,#2,Delhi"), "2 1, 3 2"),
    Exhibit("the last line does not end", text(HEADER, *TWO, last=False), "2 1, 3 2"),
    Exhibit("Excel with the list separator of Europe", text("name;phone;city", "Asha;#1;Pune, MH", "Ravi;#2;"), "2 1, 3 2",
            told="columns separated by semicolons"),
    Exhibit("Excel, “Text (tab delimited)” of Windows", text("name\tphone", "José\t#1", "Zoë, R\t#2", end="\r\n", encoding="cp1252"),
            "2 1, 3 2", told="Windows-1252 by its letters", suffix=".txt"),
    Exhibit("Excel, “Unicode text”: UTF-16, tabs", text("name\tphone", "आशा\t#1", "Ravi\t#2", end="\r\n", encoding="utf-16"),
            "2 1, 3 2", told="UTF-16, columns separated by tabs", suffix=".txt"),
    Exhibit("UTF-16, high byte first, its mark", b"\xfe\xff" + text(HEADER, *TWO, encoding="utf-16-be"), "2 1, 3 2", told="UTF-16"),
    Exhibit("UTF-16 without a mark", text(HEADER, *TWO, encoding="utf-16-le"), "2 1, 3 2", told="UTF-16"),
    Exhibit("UTF-16 without a mark, high byte first", text(HEADER, *TWO, encoding="utf-16-be"), "2 1, 3 2", told="UTF-16"),
    Exhibit("UTF-32", text(HEADER, *TWO, encoding="utf-32"), "2 1, 3 2", told="UTF-32"),
    Exhibit("a database's dump with bars", text("id|name|mobile no", "1|Asha|#1", "2|Ravi|#2"), "2 1, 3 2", told="separated by bars"),
    Exhibit("sep=; above it, as Excel wants it", text("sep=;", "name;phone", "Asha, Pune;#1", "Ravi;#2"), "3 1, 4 2",
            told="semicolons; the header is line 2"),
    Exhibit("sep=; above it, in UTF-16", text("sep=;", "name;phone", "आशा;#1", encoding="utf-16"), "3 1", told="UTF-16, columns separated by semicolons"),
    Exhibit("sep= names a sign of its own, with a mark before", text("sep=^", "name^phone", "Asha^#1", encoding="utf-8-sig"), "3 1"),
    Exhibit("LibreOffice, every text cell quoted", text('"name","phone","city"', '"Asha","#1","Pune"', '"Nair, L",#2,"a ""b"""'), "2 1, 3 2"),
    Exhibit("Polish letters of Windows", text(HEADER, "Jiří Dvořák,#1,Plzeň", "Tomáš Řehoř,#2,Třebíč", encoding="cp1250"), "2 1, 3 2"),
    Exhibit("Cyrillic letters of Windows", text(HEADER, "Иван Петров,#1,Москва", "Ольга Сидорова,#2,Казань", encoding="cp1251"),
            "2 1, 3 2", told="Windows-1251"),
    Exhibit("letters of DOS, as it is said", text(HEADER, "José,#1,Pune", encoding="cp850"), "2 1", form=Form(encoding="cp850"),
            told="cp850, as you say"),
    Exhibit("an encoding that nobody knows", text(HEADER, *TWO), refused="there is no encoding “klingon”", form=Form(encoding="klingon")),
    Exhibit("said to be UTF-8 and is not", text(HEADER, *TWO, "Zoë,#3,", encoding="cp1252"), refused="line 4: it is not UTF-8", form=Form(encoding="utf-8")),
    Exhibit("two files put together, each in its own letters", text(HEADER, "José,#1,") + text("José,#2,", encoding="cp1252"),
            refused="line 3: line 2 is UTF-8 and this one is not"),
    Exhibit("packed", gzip.compress(text(HEADER, *TWO)), "2 1, 3 2", suffix=".csv.gz", told="packed, UTF-8"),
    Exhibit("packed, in UTF-16", gzip.compress(text(HEADER, *TWO, encoding="utf-16")), "2 1, 3 2", suffix=".csv.gz"),
    Exhibit("packed and cut off", gzip.compress(text(HEADER, *TWO))[:-12], refused="this packed file is damaged", suffix=".csv.gz"),
    # --- what stands around the lines
    Exhibit("a title and a blank line above the header", text("Leads of March", "", HEADER, *TWO), "4 1, 5 2",
            told="the header is line 3, below 1 line of title"),
    Exhibit("two title rows as wide as the sheet", text("Leads,,", "Region,,", HEADER, *TWO), "4 1, 5 2",
            told="below 2 lines of title"),
    Exhibit("blank lines everywhere", text("", " ", HEADER, "", TWO[0], "\t", TWO[1], "", ""), "5 1, 7 2"),
    Exhibit("rows of empty cells at the end", text(HEADER, *TWO, ",,", ",,"), "2 1, 3 2, 4 empty, 5 empty"),
    Exhibit("rows of empty cells, one of them wider", text(HEADER, TWO[0], ",,", ",,,", TWO[1]), "2 1, 3 empty, 4 too_many_fields, 5 2"),
    Exhibit("a total below the list", text(HEADER, *TWO, "Total: 2"), "2 1, 3 2, 4 too_few_fields"),
    Exhibit("empty columns at the right", text("name,phone,,", "Asha,#1,,", "Ravi,#2,,"), "2 1, 3 2"),
    Exhibit("no header", text("Asha,#1", "Ravi,#2", "Meena,"), "1 1, 2 2, 3 empty", form=NO_HEADER, told="no header"),
    Exhibit("no header, and nothing but numbers", text("#1", "#2", "n/a"), "1 1, 2 2, 3 not_a_number", form=Form(phone_column="1")),
    Exhibit("a place was given, and there is a header", text("name,phone", "Asha,#1"), "1 not_a_number, 2 1", form=NO_HEADER),
    Exhibit("a place that is not there", text("Asha,#1"), refused="line 1: there is no column 3", form=Form(phone_column="3")),
    Exhibit("the header again in the middle, two files put together", text(HEADER, TWO[0], HEADER, TWO[1]), "2 1, 3 not_a_number, 4 2"),
    # --- which column
    Exhibit("two columns may be it", text("mobile,telephone", "#1,#2"), refused="line 1: several columns"),
    Exhibit("one of them is named", text("mobile,telephone", "#1,#2"), "2 2", form=Form(phone_column="telephone")),
    Exhibit("no header, and nobody says so", text("#1,Asha", "#2,Ravi"), refused="line 1: no column is recognised"),
    Exhibit("no column has a known name", text("name,handset", "Asha,#1"), refused="line 1: no column is recognised"),
    Exhibit("a name that is not there", text(HEADER, *TWO), refused="line 1: there is no column “mobil”", form=Form(phone_column="mobil")),
    Exhibit("serial numbers under the name of numbers", text("number,handset", "1,#1", "2,#2", "3,#3"), refused="only 0 of the first 3 lines"),
    Exhibit("most have no number, and the column is named", text(HEADER, TWO[0], "B,,", "C,-,"), "2 1, 3 empty, 4 not_a_number",
            form=Form(phone_column="phone")),
    Exhibit("two columns of one name", text("name,phone,name", "Asha,#1,A"), refused="line 1: 2 columns are called “name”"),
    # --- damage
    Exhibit("nothing at all", b"", refused="the file is empty"),
    Exhibit("a mark and blank lines", b"\xef\xbb\xbf\r\n \r\n", refused="the file is empty"),
    Exhibit("only a header", text(HEADER, ""), refused="there is nothing below the header"),
    Exhibit("a NUL in a name", text(HEADER, TWO[0], "Ra\0vi,#2,"), refused="line 3: it holds NUL bytes"),
    Exhibit("a field too many, a field too few", text(HEADER, "Asha,#1,Kochi, Kerala", "Ravi,#2", "Meena,#3,Pune"),
            "2 too_many_fields, 3 too_few_fields, 4 3"),
    Exhibit("a quote that never closes", text(HEADER, TWO[0], 'Ravi,#2,"Delhi', "Meena,#3,Pune"), refused="line 3: a quote opens here"),
    Exhibit("a stray quote that a later one happens to close", text(HEADER, '"Asha,#1,Pune', "Ravi,#2,Delhi", 'Meena",#3,Pune'),
            refused="line 2: a quoted cell that begins here goes on"),
    Exhibit("the same, and meant", text(HEADER, '"Asha,#1,Pune', "Ravi,#2,Delhi", 'Meena",#3,Pune', "Tara,#4,"), "2 3, 5 4",
            form=Form(multiline=True)),
    Exhibit("text behind a closing quote", text(HEADER, '"Asha" A,#1,Pune', TWO[1]), refused="line 2: text follows"),
    Exhibit("quotes in the middle of a cell", text(HEADER, 'Ravi "Rocky" K,#1,5" pipe', TWO[1]), "2 1, 3 2"),
    Exhibit("an address on several lines", text("name,address,phone", 'Asha,"12, MG Road\nPune 411001",#1', 'Ravi,"a\r\n\rb",#2', "Tara,,#3"),
            "2 1, 4 2, 7 3"),
    Exhibit("line ends that are none", text(HEADER, "As\x0bha\u2028,#1,Pu\x85ne", "R\x1cavi,#2,"), "2 1, 3 2"),
    Exhibit("a cell of 10 MB", swollen(text(HEADER, TWO[0], "@,#2,", "Meena,#3,"), b"x", 10_000_000), "2 1, 3 field_too_long, 4 3"),
    Exhibit("a quoted cell of 10 MB, on one line", swollen(text(HEADER, TWO[0], '"@"",",#2,', "Meena,#3,"), b"x", 10_000_000), "2 1, 3 field_too_long, 4 3"),
    Exhibit("a quoted cell of 10 MB, on 100,000 lines", swollen(text(HEADER, TWO[0], '"@",#2,', "Meena,#3,"), b"x" * 99 + b"\n", 100_000),
            "2 1, 3 field_too_long, 100004 3"),
    Exhibit("a quoted cell of 5 MB that has swallowed people", swollen(text(HEADER, TWO[0], '"@",#2,'), text("Asha,#4,Pune"), 400_000),
            refused="line 3: a quoted cell that begins here goes on"),
    Exhibit("a quote that never closes, and 10 MB behind it", swollen(text(HEADER, TWO[0], '"Asha,#2,', "@,#3,"), b"x", 10_000_000), refused="line 3: a quote opens here"),
    Exhibit("a cell of 10 MB right below the header, which a title precedes", swollen(text("Leads", HEADER, "Ravi,#1,@", TWO[1]), b"x,", 5_000_000),
            "3 field_too_long, 4 2"),
    Exhibit("a first line of 10 MB", swollen(text("@,#1,", HEADER, TWO[1]), b"x", 10_000_000), refused="line 1: no column is recognised"),
    Exhibit("a cell of 10 MB, packed", swollen(text(HEADER, TWO[0], "@,#2,", "Meena,#3,"), b"x", 10_000_000, gzip.compress), "2 1, 3 field_too_long, 4 3",
            suffix=".csv.gz"),
    Exhibit("a cell of 10 MB in letters of Windows", swollen(text(HEADER, "José,#1,", "@,#2,", "Meena,#3,", encoding="cp1252"), "é".encode("cp1252"), 10_000_000),
            "2 1, 3 field_too_long, 4 3", told="Windows-1252 by its letters"),
    Exhibit("a long note", text(HEADER, f"Asha,#1,{'x' * 100_001}", TWO[1]), "2 field_too_long, 3 2"),
    Exhibit("two thousand columns", text(",".join(["phone", *map(str, range(2_000))]), "#1"), refused="line 1: its first line has 2001"),
    Exhibit("an old workbook", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), refused="a workbook of the old Excel format", suffix=".xls"),
    Exhibit("a PDF", b"%PDF-1.7\n%...", refused="this is a PDF", suffix=".pdf"),
]  # fmt: skip
