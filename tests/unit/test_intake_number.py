"""A cell becomes a number or a reason; nothing is guessed."""

import pytest

from campaign.core.lead import PhoneNumber
from campaign.core.records import RejectReason
from campaign.intake.number import NumberRules, Unfit, read_number, rules_for

ASHA = "+919812300001"
INDIA = NumberRules("IN")


@pytest.mark.parametrize(
    "cell",
    [
        "+919812300001",
        "919812300001",
        "09812300001",
        "9812300001",
        "00919812300001",
        "+91 98123 00001",
        "+91-98123-00001",
        "(+91) 98123.00001",
        "+91 (0) 98123 00001",
        "+91 098123 00001",
        "  9812300001\t",
        "\u00a098123\u00a000001\u00a0",  # no-break spaces
        "98123\u202f00001",  # a narrow one
        "\u202a+919812300001\u202c",  # marks of direction, as WhatsApp copies them
        "\u200f+91\u200e98123\u200b00001",
        "98123\u00ad00001",  # a soft hyphen
        "\ufeff9812300001",
        "98123–00001",
        "'9812300001",
        "’9812300001",
        '"9812300001"',
        '="+919812300001"',
        '="09812300001"',
        '="\'9812300001"',
        "9812300001.0",
        "919812300001,00",
        "tel:+919812300001",
        "p:+919812300001",
        "९८१२३००००१",
        "９８１２３０００01",
        "＋91（98123）00001",
    ],
)
def test_every_usual_spelling_of_a_mobile_number_is_the_same_number(cell: str) -> None:
    assert read_number(cell, INDIA) == PhoneNumber(ASHA)


@pytest.mark.parametrize(
    ("cell", "region", "number"),
    [
        ("080 2345 6789", "IN", "+918023456789"),
        ("022-23456789", "IN", "+912223456789"),
        ("22 2345 6789", "IN", "+912223456789"),  # the leading 0 is gone
        ("+91 080 2345 6789", "IN", "+918023456789"),
        ("9198123000", "IN", "+919198123000"),  # ten digits that begin like the country code
        ("1800 123 4567", "IN", "+9118001234567"),
        ("+1 202 555 0143", "IN", "+12025550143"),
        ("+44 20 7946 0958", "IN", "+442079460958"),
        ("+44 (0)20 7946 0958", "IN", "+442079460958"),
        ("0044 20 7946 0958", "IN", "+442079460958"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("+91 98123 00001", "US", ASHA),
        ("+919812300001", "US", ASHA),
        ("7911 123456", "GB", "+447911123456"),
    ],
)
def test_landlines_and_foreign_numbers_are_read_by_the_region(cell: str, region: str, number: str) -> None:
    assert read_number(cell, NumberRules(region)) == PhoneNumber(number)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", RejectReason.EMPTY),
        (" \u00a0\u200b", RejectReason.EMPTY),
        ("'", RejectReason.EMPTY),
        ('=""', RejectReason.EMPTY),
        ("9.19E+11", RejectReason.DIGITS_LOST),
        ("9,19e+11", RejectReason.DIGITS_LOST),
        ("9E11", RejectReason.DIGITS_LOST),
        ('="9.19E+11"', RejectReason.DIGITS_LOST),
        ("-9812299910", RejectReason.DIGITS_LOST),  # `+91-9812300001`, calculated
        ("9.812300001", RejectReason.DIGITS_LOST),
        ("981230000.1", RejectReason.DIGITS_LOST),
        ("9812300001.5", RejectReason.DIGITS_LOST),
        ("##########", RejectReason.DIGITS_LOST),
        ("call the office", RejectReason.NOT_A_NUMBER),
        ("1-800-FLOWERS", RejectReason.NOT_A_NUMBER),
        ("#N/A", RejectReason.NOT_A_NUMBER),
        ("#DIV/0!", RejectReason.NOT_A_NUMBER),
        ("#NAME?", RejectReason.NOT_A_NUMBER),
        ("#BEZUG!", RejectReason.NOT_A_NUMBER),
        ("Err:502", RejectReason.NOT_A_NUMBER),
        ("-", RejectReason.NOT_A_NUMBER),
        ("12/05/2026", RejectReason.NOT_A_NUMBER),
        ("asha@example.org", RejectReason.NOT_A_NUMBER),
        ("Mob: 9812300001", RejectReason.NOT_A_NUMBER),
        ("98123OOOO1", RejectReason.NOT_A_NUMBER),  # letters O
        ("9,812,300,001", RejectReason.NOT_A_NUMBER),
        ("981230000²", RejectReason.NOT_A_NUMBER),
        ("9812300001 ext 5", RejectReason.EXTENSION),
        ("080 2345 6789 x12", RejectReason.EXTENSION),
        ("080-23456789 Extn. 204", RejectReason.EXTENSION),
        ("+918023456789;ext=12", RejectReason.EXTENSION),
        ("080 2345 6789 #12", RejectReason.EXTENSION),
        ("9812300001 / 9812300002", RejectReason.SEVERAL_NUMBERS),
        ("9812300001,9812300002", RejectReason.SEVERAL_NUMBERS),
        ("9812300001\n9812300002", RejectReason.SEVERAL_NUMBERS),
        ("9812300001 or 9812300002", RejectReason.SEVERAL_NUMBERS),
        ("+919812300001+919812300002", RejectReason.SEVERAL_NUMBERS),
        ("9812300001 9812300002", RejectReason.SEVERAL_NUMBERS),
        ("98123 00001 98123 00002", RejectReason.SEVERAL_NUMBERS),
        ("9812300001-9812300002", RejectReason.SEVERAL_NUMBERS),
        ("080-23456789/90", RejectReason.SEVERAL_NUMBERS),
        ("12345", RejectReason.INVALID_NUMBER),
        ("98123000011", RejectReason.INVALID_NUMBER),
        ("981230000", RejectReason.INVALID_NUMBER),
        ("0000000000", RejectReason.INVALID_NUMBER),
        ("+0 9812300001", RejectReason.INVALID_NUMBER),
        ("20 7946 0958 44", RejectReason.INVALID_NUMBER),
        ("+989601", RejectReason.INVALID_NUMBER),  # in use in Iran, and too short to be E.164 here
        ("9" * 5_000, RejectReason.INVALID_NUMBER),
        ("112", RejectReason.EMERGENCY),
        ("1 0 8", RejectReason.EMERGENCY),
        ("139", RejectReason.SHORT_CODE),
        ("1909", RejectReason.SHORT_CODE),
        ("1861 123 456 789", RejectReason.PREMIUM),
        ("+44 909 879 0879", RejectReason.PREMIUM),
    ],
)
def test_what_is_no_number_gets_the_reason_and_a_way_to_mend_it(cell: str, reason: RejectReason) -> None:
    verdict = read_number(cell, INDIA)
    assert isinstance(verdict, Unfit)
    assert verdict.reason is reason
    assert verdict.suggestion.endswith(".")


@pytest.mark.parametrize(
    "cell",
    [
        "9812300001 / 9812300002",
        "9812300001, 080 2345 6789",
        "98123-00001/2",
        "98123 00001 98123 00002",
        "9812300001\nask for Asha, 9812300002",
    ],
)
def test_of_several_numbers_the_first_is_taken_where_that_is_wanted(cell: str) -> None:
    assert read_number(cell, NumberRules("IN", first_of_several=True)) == PhoneNumber(ASHA)


def test_a_first_number_that_cannot_be_called_is_not_replaced_by_the_second() -> None:
    verdict = read_number("9.19E+11 / 9812300001", NumberRules("IN", first_of_several=True))
    assert isinstance(verdict, Unfit)
    assert verdict.reason is RejectReason.NOT_A_NUMBER
    verdict = read_number("981230000 / 9812300001", NumberRules("IN", first_of_several=True))
    assert isinstance(verdict, Unfit)
    assert verdict.reason is RejectReason.INVALID_NUMBER


def test_a_formula_that_failed_is_to_be_mended() -> None:
    verdict = read_number(" #N/A ", NumberRules("IN"))
    assert isinstance(verdict, Unfit)
    assert verdict.suggestion.startswith("The formula in this cell failed")


@pytest.mark.parametrize("caller", ["08030000000", "9812300001", "+919812300001"])
@pytest.mark.parametrize("before", ["", "0", "91", "+91", "+91 (0) "])
def test_our_own_caller_id_is_nobody_to_call(caller: str, before: str) -> None:
    verdict = read_number(before + caller[-10:], rules_for("IN", [caller, ""]))
    assert isinstance(verdict, Unfit)
    assert verdict.reason is RejectReason.OWN_NUMBER
