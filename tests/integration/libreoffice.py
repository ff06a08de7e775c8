"""What LibreOffice makes of a sheet: as text, as its settings are at first, and as a workbook.

`test_libreoffice` holds all of it against the program itself, where there is one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr
from zipfile import ZipFile

COMMAS, SEMICOLONS_AND_QUOTES, TABS_IN_UTF_16 = (
    "44,34,76,1,,0,false,true", "59,34,76,1,,0,true,true", "9,34,65535,1,,0,false,true",
)  # fmt: skip
"""The program's words for it: delimiter, quote, letters, first line; whether all text is quoted, and cells as seen."""


@dataclass(frozen=True, slots=True)
class Number:
    """`shown`: what is seen, and written into a text; `said`: what the sheet's own format calls it, if not a number."""

    value: int | float
    shown: str = ""
    style: int = 0
    said: str = ""

    @property
    def seen(self) -> str:
        return self.shown or str(self.value)


Cell = str | Number
EMPTY = ""
DATE, SCIENTIFIC = 1, 2
_STYLES = {DATE: "dd/mm/yyyy", SCIENTIFIC: "0.00E+00"}


def the_third_of_may() -> Number:
    return Number(46_145, "03/05/2026", DATE, 'office:value-type="date" office:date-value="2026-05-03"')


def as_text(rows: Sequence[Sequence[Cell]], delimiter: str = ",", *, quoted: bool = False) -> str:
    """A line for every row, also for those without anything in them; `quoted`: every cell of text is."""

    def written(cell: Cell) -> str:
        if isinstance(cell, Number):
            return cell.seen
        needed = any(sign in cell for sign in (delimiter, '"', "\n"))
        return f'"{cell.replace(chr(34), chr(34) * 2)}"' if needed or (quoted and cell) else cell

    width = max(map(len, rows))
    return "".join(f"{delimiter.join([*map(written, row), *[''] * (width - len(row))])}\n" for row in rows)


def as_workbook(rows: Sequence[Sequence[Cell]]) -> Callable[[Path], None]:
    """The parts of the archive that anybody reads, as the program writes them."""

    def make(path: Path) -> None:
        with ZipFile(path, "w") as archive:
            for name, content in parts(rows).items():
                archive.writestr(name, f"{_XML}{content}")

    return make


_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
STRINGS, SHEET = "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"


def parts(rows: Sequence[Sequence[Cell]]) -> dict[str, str]:
    texts = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str) and cell))
    used = sum(1 for row in rows for cell in row if isinstance(cell, str) and cell)
    formats = "".join(f'<numFmt numFmtId="{164 + at}" formatCode="{code}"/>' for at, code in _STYLES.items())
    styles = "".join(f'<xf numFmtId="{164 + at}"/>' for at in (0, *_STYLES))
    strings = "".join(f'<si><t xml:space="preserve">{_escaped(text)}</t></si>' for text in texts)
    related = ("styles", "worksheet", "sharedStrings")
    targets = ("styles.xml", "worksheets/sheet1.xml", "sharedStrings.xml")
    relations = "".join(
        f'<Relationship Id="rId{at}" Type="{_RELATION}/{kind}" Target="{target}"/>'
        for at, (kind, target) in enumerate(zip(related, targets, strict=True), 1)
    )
    return {
        "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
        f'Type="{_RELATION}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {_MAIN} xmlns:r="{_RELATION}"><workbookPr date1904="false"/><sheets>'
        '<sheet name="People" sheetId="1" state="visible" r:id="rId2"/></sheets></workbook>',
        "xl/styles.xml": f"<styleSheet {_MAIN}><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>",
        SHEET: f"<worksheet {_MAIN}><sheetData>{_rows(rows, texts)}</sheetData></worksheet>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">{relations}</Relationships>',
        STRINGS: f'<sst {_MAIN} count="{used}" uniqueCount="{len(texts)}">{strings}</sst>',
    }


def _escaped(text: str) -> str:
    return escape(text, {'"': "&quot;", "\n": "&#10;"})


def _rows(rows: Sequence[Sequence[Cell]], texts: Sequence[str]) -> str:
    """Rows and cells without anything in them are left out."""

    def cell(place: str, content: Cell) -> str:
        if isinstance(content, Number):
            return f'<c r="{place}" s="{content.style}" t="n"><v>{content.value}</v></c>'
        return f'<c r="{place}" s="0" t="s"><v>{texts.index(content)}</v></c>'

    return "".join(
        f'<row r="{line}" customFormat="false" hidden="false">'
        + "".join(cell(f"{chr(ord('A') + at)}{line}", content) for at, content in enumerate(row) if content != EMPTY)
        + "</row>"
        for line, row in enumerate(rows, 1)
        if any(content != EMPTY for content in row)
    )


def as_its_own(rows: Sequence[Sequence[Cell]]) -> str:
    """The sheet in the program's own format, on one page of XML (`.fods`): what it is asked to convert."""
    of = "urn:oasis:names:tc:opendocument:xmlns"
    spaces = {each: f"{of}:{each}:1.0" for each in ("office", "table", "text", "style")}
    names = " ".join(f"xmlns:{name}={quoteattr(space)}" for name, space in spaces.items())
    parts = (f"<number:{each} number:style='long'/>" for each in ("day", "month", "year"))
    date = "<number:text>/</number:text>".join(parts)
    digits = {"decimal-places": 2, "min-decimal-places": 2, "min-integer-digits": 1, "min-exponent-digits": 2}
    power = " ".join(f"number:{name}='{count}'" for name, count in digits.items())
    styles = "".join(
        f"<style:style style:name='C{at}' style:family='table-cell' style:data-style-name='N{at}'/>" for at in _STYLES
    )

    def cell(content: Cell) -> str:
        if content == EMPTY:
            return "<table:table-cell/>"
        if isinstance(content, Number):
            style = f"table:style-name='C{content.style}' " if content.style else ""
            said = content.said or f'office:value-type="float" office:value="{content.value}"'
            return f"<table:table-cell {style}{said}/>"
        paragraphs = "".join(f"<text:p>{escape(each)}</text:p>" for each in content.split("\n"))
        return f'<table:table-cell office:value-type="string">{paragraphs}</table:table-cell>'

    lines = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in rows)
    return (
        f'{_XML}<office:document {names} xmlns:number="{of}:datastyle:1.0" office:version="1.3" '
        'office:mimetype="application/vnd.oasis.opendocument.spreadsheet">'
        f"<office:automatic-styles><number:date-style style:name='N{DATE}'>{date}</number:date-style>"
        f"<number:number-style style:name='N{SCIENTIFIC}'><number:scientific-number {power}/></number:number-style>"
        f"{styles}</office:automatic-styles><office:body><office:spreadsheet>"
        f'<table:table table:name="People">{lines}</table:table></office:spreadsheet></office:body></office:document>'
    )
