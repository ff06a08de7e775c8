"""A cell becomes a number that can be dialled, or a reason why not; nothing is guessed. Called by `check`.

What is taken off a cell are marks that spreadsheets and web pages leave around a number; what is inside is read by
phonenumbers, whose metadata knows what every country has assigned.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from unicodedata import category

import phonenumbers

from campaign.core.lead import PhoneNumber
from campaign.core.records import RejectReason


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a cell is no number, and how to mend it."""

    reason: RejectReason
    suggestion: str


_EMPTY = Unfit(RejectReason.EMPTY, "Fill in the phone number, or delete the line.")
_LOST = Unfit(RejectReason.DIGITS_LOST, "The digits are gone; format the column as text and export again.")
_NO_NUMBER = Unfit(RejectReason.NOT_A_NUMBER, "Write one phone number in this cell and nothing else.")

_AROUND = "".join(mark for mark in map(chr, (*range(0x3001), 0xFEFF)) if mark.isspace() or category(mark) == "Cf")
"""Spaces and marks of no width or of direction, as pasted from web pages."""
_AS_FORMULA = re.compile(r'="(.*)"')
_AS_FRACTION = re.compile(r"(\+?\d+)\.0")
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_DIALLABLE = re.compile(r"(?=.*\d)(?!.*[\r\n])\(?[+＋]?[\d\s().‐-―-]+")


def read_number(cell: str, region: str) -> PhoneNumber | Unfit:
    """The number in a cell; one without a country code is read as in `region` (two letters, such as IN)."""
    text = _bare(cell)
    if not text:
        return _EMPTY
    if _SCIENTIFIC.fullmatch(text):
        return _LOST
    if not _DIALLABLE.fullmatch(text):
        return _NO_NUMBER
    with suppress(phonenumbers.NumberParseException, ValueError):  # ValueError: a few are too short for E.164
        parsed = phonenumbers.parse(text, region)
        if phonenumbers.is_valid_number(parsed):
            return PhoneNumber(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return Unfit(
        RejectReason.INVALID_NUMBER,
        f"No such number is in use (read as in {region}); check the digits, and begin a foreign number with + and its "
        "country code.",
    )


def _bare(cell: str) -> str:
    text = cell.strip(_AROUND)
    if formula := _AS_FORMULA.fullmatch(text):
        text = formula[1]
    text = text.removeprefix("'").strip(_AROUND)
    fraction = _AS_FRACTION.fullmatch(text)
    return fraction[1] if fraction else text
