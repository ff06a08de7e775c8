"""What spreadsheets, web pages and people leave around a number, or in its place. Pure; called by `number`.

What says nothing about the digits is taken off. Where digits may be gone or changed nothing is put right: only the
person who has the original can.
"""

import re
from unicodedata import category

_NO_WIDTH = {code: None for code in (*range(0x3001), 0xFEFF) if category(chr(code)) == "Cf"}
"""Joiners, soft hyphens and marks of direction, as pasted from web pages."""
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width signs as typed on East Asian keyboards, by the plain one each stands for."""
_QUOTES = " \t\"'`´‘’“”"
_AS_FORMULA = re.compile(r'="(.*)"', re.DOTALL)
_SCHEME = re.compile(r"(?:tel|p):", re.IGNORECASE)  # a link; Facebook's exports of leads
_SPACE = re.compile(r"[^\S\r\n]")
_AS_FRACTION = re.compile(r"(\+?\d+)[.,]0{1,2}")

_CHANGED = re.compile(
    r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+"  # 9.19E+11: as many digits as the column was wide
    r"|[-−]\d+(?:[.,]\d+)?"  # -9812299910: `+91-9812300001` was taken for a sum
    r"|\+?(?:\d[.,]\d{6,}|\d{6,}[.,]\d{1,2})"  # 9.812300001, 981230000.1: divided, or shown with decimals
    r"|#+"  # ########: the column was too narrow to show it
)
_FAILED = re.compile(r"#[^\W\d_][\w/]*[!?]?|err:\d{3}", re.IGNORECASE)  # #N/A, #DIV/0!; LibreOffice: Err:502
_EXTENSION = re.compile(r".*\d\D*?(?:\bext(?:ensio)?n?\b|(?<![a-z])x|#|;ext)[\s.:=#]*\d{1,7}", re.IGNORECASE)
_BETWEEN = re.compile(r"[\r\n/\\,;|&]|\b(?:or|and)\b|(?<=\d)\s*(?=\+)", re.IGNORECASE)
_GAP = re.compile(r"[\s-]+")
_A_NUMBER = 6  # digits; with fewer a piece is the end of the one before (080-23456789/90), or part of a date


def bare(cell: str) -> str:
    """The cell without what is never part of a number; every space is a plain one."""
    text = _SPACE.sub(" ", cell.translate(_NO_WIDTH).translate(_WIDE)).strip()
    if formula := _AS_FORMULA.fullmatch(text):
        text = formula[1]
    text = text.strip(_QUOTES)
    if scheme := _SCHEME.match(text):
        text = text[scheme.end() :].strip()
    fraction = _AS_FRACTION.fullmatch(text)
    return fraction[1] if fraction else text


def was_changed(text: str) -> bool:
    """A spreadsheet has calculated with the number, rounded it, or shown something else in its place."""
    return bool(_CHANGED.fullmatch(text))


def has_failed(text: str) -> bool:
    """What a spreadsheet shows where a formula came to nothing."""
    return bool(_FAILED.fullmatch(text))


def has_extension(text: str) -> bool:
    """Digits to be pressed once somebody answers."""
    return bool(_EXTENSION.fullmatch(text))


def pieces(text: str) -> list[str]:
    """The numbers of a cell that plainly holds several, each as written; else nothing."""
    parts = [part.strip() for part in _BETWEEN.split(text) if re.search(r"\d", part)]
    return parts if len(parts) > 1 and len(re.findall(r"\d", parts[0])) >= _A_NUMBER else []


def halves(text: str) -> list[tuple[str, str]]:
    """Every way to cut a text in two at a space or a hyphen."""
    return [(text[: gap.start()], text[gap.end() :]) for gap in _GAP.finditer(text)]
