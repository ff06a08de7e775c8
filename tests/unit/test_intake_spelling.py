"""What is told at a glance is what phonenumbers finds, for every cell."""

import random
from collections.abc import Iterator

import phonenumbers
import pytest

from campaign.core.lead import PhoneNumber
from campaign.intake.number import NumberRules, read_numbers
from campaign.intake.spelling import usual, usual_column


def found_by_the_library(cell: str, region: str) -> str | None:
    try:
        number = phonenumbers.parse(cell, region)
    except phonenumbers.NumberParseException:
        return None
    valid = phonenumbers.is_valid_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if valid else None


def spellings(seed: int, count: int) -> Iterator[str]:
    """Of numbers of India that are and are not in use, as people write them; every third a digit too long or short."""
    luck = random.Random(seed)
    for _ in range(count):
        digits = "".join(luck.choices("0123456789", k=luck.choice((10, 10, 10, 10, 9, 11))))
        digits = luck.choice(("", "6", "7", "8", "9", "91", "0")) + digits[luck.randrange(2) :]
        if luck.random() < 0.3:
            cut = luck.randrange(1, len(digits))
            digits = digits[:cut] + luck.choice((" ", "-", "\u00a0", "–")) + digits[cut:]
        yield luck.choice(("", "", "0", "91", "+91", "+91 ", "+91-0", "0091", "+", "(0)")) + digits


def disagreements(cells: list[str], region: str) -> list[str]:
    """Cells told at a glance that the library reads otherwise."""
    told = zip(cells, usual_column(region)(cells), strict=True)
    return [cell for cell, digits in told if digits and found_by_the_library(cell, region) != f"+91{digits}"]


@pytest.mark.parametrize("region", ["IN", "US"])
def test_none_of_100_000_random_spellings_is_read_otherwise_than_by_phonenumbers(region: str) -> None:
    cells = list(spellings(1, 100_000))
    assert sum(bool(usual("IN")(cell)) for cell in cells) > 5_000, "the glance is tried at all"
    assert not disagreements(cells, region)


@pytest.mark.parametrize(("prefixes", "rest"), [(range(1_000, 10_000), "271828"), (range(10_000, 100_000), "31415")])
def test_no_indian_prefix_is_read_otherwise_than_by_phonenumbers(prefixes: range, rest: str) -> None:
    assert not disagreements([f"+91{prefix}{rest}" for prefix in prefixes], "IN")


@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.soak)])
def test_whoever_reads_a_cell_the_number_is_that_of_phonenumbers_or_a_reject(count: int) -> None:
    cells = list(spellings(2, count))
    read = [each.e164 if isinstance(each, PhoneNumber) else None for each in read_numbers(cells, NumberRules("IN"))]
    library = [found_by_the_library(cell, "IN") for cell in cells]
    assert [cell for cell, ours, theirs in zip(cells, read, library, strict=True) if ours not in (None, theirs)] == []


@pytest.mark.parametrize("cell", ["९८१२३००००१", "+91 9812300001", "9812300001\n", " 9812300001", "00919812300001"])
def test_whatever_is_spelt_otherwise_is_looked_at_closely(cell: str) -> None:
    assert not usual("IN")(cell)
    assert not usual_column("IN")([cell])[0]


@pytest.mark.parametrize("odd", ["9812300002\n", "9812300002\n9812300003", "a\rb", "\n", "", "\u2028", "9812300002\r"])
def test_a_column_is_read_as_its_cells_are_one_by_one(odd: str) -> None:
    own = frozenset({"+919812300009"})
    cells = [
        "9812300001",
        odd,
        *(f"{before}9812300009" for before in ("", "0", "91", "+91")),
        "+919812300004",
        odd,
        "x",
    ]
    one = usual("IN", own)
    assert usual_column("IN", own)(cells) == [cell[-10:] if one(cell) else "" for cell in cells]
    assert [bool(one(cell)) for cell in cells] == [True, *[False] * 5, True, False, False]
    assert usual_column("IN")([]) == []
