"""Cells of a workbook whose formula failed: what a person sees in them, `#N/A` or `#REF!`. Called by `workbook`.

The library that reads workbooks leaves such a cell empty; then a person would look for a number that is missing, where
a formula is to be mended.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from zipfile import ZipFile

from campaign.intake.archive import column_of

_BLOCK = 1 << 20
_TAG = r"<(?:\w+:)?{}\s[^>]*>"
_SHEETS, _PARTS = re.compile(_TAG.format("sheet")), re.compile(_TAG.format("Relationship"))
_ATTRIBUTE = re.compile(r'([\w:]+)="([^"]*)"')
_OPENED = b"<c "
_FAILED = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*\bt="e"[^>]*>(?:(?!</c>).)*?<v>([^<]*)</v>', re.DOTALL)


def failed_cells(path: Path, sheet: str) -> dict[int, list[tuple[int, str]]]:
    """Of a sound workbook; by row, each with its column, both from 1 on, and what it shows."""
    found: dict[int, list[tuple[int, str]]] = defaultdict(list)
    with ZipFile(path) as archive:
        for letters, row, shown in _failed(archive, _part(archive, sheet)):
            found[int(row)].append((column_of(letters), unescape(shown.decode())))
    return found


def _part(archive: ZipFile, sheet: str) -> str:
    """The file in the archive that holds this sheet; none where the workbook does not say so plainly."""
    sheets = {each["name"]: each.get("r:id") for each in _tags(archive, "xl/workbook.xml", _SHEETS) if "name" in each}
    parts = {each.get("Id"): each.get("Target", "") for each in _tags(archive, "xl/_rels/workbook.xml.rels", _PARTS)}
    target = parts.get(sheets.get(sheet), "")
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def _tags(archive: ZipFile, name: str, tag: re.Pattern[str]) -> Iterator[dict[str, str]]:
    if name in archive.namelist():
        for found in tag.findall(archive.read(name).decode(errors="replace")):
            yield {key: unescape(value) for key, value in _ATTRIBUTE.findall(found)}


def _failed(archive: ZipFile, part: str) -> Iterator[tuple[bytes, bytes, bytes]]:
    if part not in archive.namelist():
        return
    rest = b""
    with archive.open(part) as sheet:
        while block := sheet.read(_BLOCK):
            whole, _, opened = (rest + block).rpartition(_OPENED)
            yield from _FAILED.findall(whole)
            rest = _OPENED + opened
        yield from _FAILED.findall(rest)
