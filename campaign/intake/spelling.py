"""The usual spellings of an Indian mobile number, told at a glance. Called by `number`, for most cells of most lists.

Only what phonenumbers would certainly find too: the digits are held against the pattern of its own metadata, by which
it finds a mobile number valid. Whatever else a cell may hold is left to it.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache

from phonenumbers import PhoneMetadata

INDIA = "IN"
DIGITS = 10
"""Of a mobile number; they are the end of each usual spelling."""


@cache
def usual(region: str, but: frozenset[str] = frozenset()) -> Callable[[str], re.Match[str] | None]:
    """Whether a cell is a mobile number of India: with +91 anywhere; with 91, the trunk's 0 or nothing, there alone.

    `but`: numbers in E.164 to look at more closely.
    """
    return re.compile(_spelt(region, but), re.ASCII).fullmatch


@cache
def usual_column(region: str, but: frozenset[str] = frozenset()) -> Callable[[Sequence[str]], list[str]]:
    """The same of many cells at once, which takes less time: the ten digits of each, nothing for one that is not."""
    spelt, one = re.compile(rf"^{_spelt(region, but)}$|^.*$", re.ASCII | re.MULTILINE), usual(region, but)
    assert spelt.groups == 1, "each line is found once, as its digits"

    def digits(cells: Sequence[str]) -> list[str]:
        found: list[str] = spelt.findall("\n".join(cells))
        if len(found) == len(cells):
            return found
        return [cell[-DIGITS:] if one(cell) else "" for cell in cells]  # some cell goes on over several lines

    return digits


def _spelt(region: str, but: frozenset[str]) -> str:
    """The pattern, with the digits as its one group."""
    metadata = PhoneMetadata.metadata_for_region(INDIA, None)
    mobile = metadata and metadata.mobile
    assert mobile, "phonenumbers knows the mobile numbers of India"
    assert mobile.possible_length == (DIGITS,), "all of them have as many digits"
    before = r"(?:\+?91|0)?" if region == INDIA else r"\+91"
    spelt = f"{before}({mobile.national_number_pattern})"
    theirs = sorted(number[-DIGITS:] for number in but if re.fullmatch(spelt, number, re.ASCII))
    without = rf"(?!.*(?:{'|'.join(theirs)})$)" if theirs else ""
    return without + spelt
