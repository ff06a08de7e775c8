"""A cell becomes a number that can be dialled, or a reason why not; nothing is guessed. Called by `check`.

Most cells are read at a glance (`spelling`). From the others what is never part of a number is taken off (`damage`),
and phonenumbers reads the rest, whose metadata knows what every country has assigned.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import shortnumberinfo

from campaign.core.lead import PhoneNumber
from campaign.core.records import RejectReason
from campaign.intake.damage import bare, halves, has_extension, has_failed, pieces, was_changed
from campaign.intake.spelling import usual_column


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a cell is no number to call, and how to mend it."""

    reason: RejectReason
    suggestion: str


@dataclass(frozen=True, slots=True)
class NumberRules:
    """How numbers are read. `region`: two letters, such as IN, for a number without a country code.

    `own`: E.164 of our caller ids, which are nobody's. `first_of_several`: of two numbers in one cell, take the first.
    """

    region: str
    own: frozenset[str] = frozenset()
    first_of_several: bool = False
    usual: Callable[[Sequence[str]], list[str]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "usual", usual_column(self.region, self.own))


_EMPTY = Unfit(RejectReason.EMPTY, "Fill in the phone number, or delete the line.")
_LOST = Unfit(
    RejectReason.DIGITS_LOST, "The digits are gone; format the column as text, enter the number again and export again."
)
_NO_NUMBER = Unfit(RejectReason.NOT_A_NUMBER, "Write one phone number in this cell and nothing else.")
_FAILED = Unfit(
    RejectReason.NOT_A_NUMBER, "The formula in this cell failed; mend it, or enter the phone number itself as text."
)
_SEVERAL = Unfit(
    RejectReason.SEVERAL_NUMBERS, 'Keep one number in this cell, or set [list] several = "first" to take the first one.'
)
_EXTENSION = Unfit(RejectReason.EXTENSION, "An extension cannot be dialled; give a number that reaches the person.")
_PREMIUM = Unfit(RejectReason.PREMIUM, "Calls to this number cost extra; give the person's own number.")
_EMERGENCY = Unfit(RejectReason.EMERGENCY, "This is an emergency number; give the person's own number.")
_SHORT = Unfit(RejectReason.SHORT_CODE, "This is a service's short code; give the person's whole number.")
_OWN = Unfit(RejectReason.OWN_NUMBER, "This is your own caller id; give the person's number, or delete the line.")

_DIALLABLE = re.compile(r"(?=.*\d)\(?\+?[\d ().‐-―−-]+")


def rules_for(region: str, callers: Iterable[str] = (), *, first_of_several: bool = False) -> NumberRules:
    """Rules under which none of the `callers`, however they are spelt, is called."""
    read = (read_number(caller, NumberRules(region)) for caller in callers)
    own = frozenset(number.e164 for number in read if isinstance(number, PhoneNumber))
    return NumberRules(region, own, first_of_several)


def read_number(cell: str, rules: NumberRules) -> PhoneNumber | Unfit:
    """The number in a cell."""
    return read_numbers([cell], rules)[0]


def read_numbers(cells: Sequence[str], rules: NumberRules) -> list[PhoneNumber | Unfit]:
    """The number in each cell; a column at once, because a call for each cell is a third of the time."""
    usual = zip(rules.usual(cells), cells, strict=True)
    return [PhoneNumber(f"+91{digits}") if digits else _unusual(cell, rules) for digits, cell in usual]


def _unusual(cell: str, rules: NumberRules) -> PhoneNumber | Unfit:
    found = _closely(cell, rules)
    if isinstance(found, Unfit):
        return found
    return _OWN if found in rules.own else PhoneNumber(found)


def _closely(cell: str, rules: NumberRules) -> str | Unfit:
    text = bare(cell)
    if not text:
        return _EMPTY
    if was_changed(text):
        return _LOST
    if has_failed(text):
        return _FAILED
    if has_extension(text):
        return _EXTENSION
    if several := pieces(text):
        return _closely(several[0], rules) if rules.first_of_several else _SEVERAL
    if not _DIALLABLE.fullmatch(text):
        return _NO_NUMBER
    number = _parsed(text, rules.region)
    if number is None or not phonenumbers.is_valid_number(number):
        return _useless(text, number, rules)
    if phonenumbers.number_type(number) == phonenumbers.PhoneNumberType.PREMIUM_RATE:
        return _PREMIUM
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return e164 if PhoneNumber.fits(e164) else _invalid(rules.region)  # a few in use are shorter than that


def _parsed(text: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None


def _useless(text: str, number: phonenumbers.PhoneNumber | None, rules: NumberRules) -> str | Unfit:
    """What a text is that reads like a number and is none in use."""
    if shortnumberinfo.connects_to_emergency_number(text, rules.region):
        return _EMERGENCY
    if number and shortnumberinfo.is_valid_short_number_for_region(number, rules.region):
        return _SHORT
    for first, second in halves(text):
        one, other = _parsed(first, rules.region), _parsed(second, rules.region)
        if one and other and phonenumbers.is_valid_number(one) and phonenumbers.is_valid_number(other):
            return _closely(first, rules) if rules.first_of_several else _SEVERAL
    return _invalid(rules.region)


def _invalid(region: str) -> Unfit:
    return Unfit(
        RejectReason.INVALID_NUMBER,
        f"No such number is in use (read as in {region}); check the digits, and begin a foreign number with + and its "
        "country code.",
    )
