"""A cell becomes a number or a reason; nothing is guessed."""

import pytest

from campaign.core.lead import PhoneNumber
from campaign.core.records import RejectReason
from campaign.intake.number import Unfit, read_number

ASHA = "+919812300001"


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
        "  9812300001\t",
        "\u00a09812300001\u00a0",
        "\u202a+919812300001\u202c",
        "\ufeff9812300001",
        "'9812300001",
        '="+919812300001"',
        '="09812300001"',
        "9812300001.0",
        "919812300001.0",
        "९८१२३००००१",
    ],
)
def test_every_usual_spelling_of_a_mobile_number_is_the_same_number(cell: str) -> None:
    assert read_number(cell, "IN") == PhoneNumber(ASHA)


@pytest.mark.parametrize(
    ("cell", "region", "number"),
    [
        ("080 2345 6789", "IN", "+918023456789"),
        ("022-23456789", "IN", "+912223456789"),
        ("+91 080 2345 6789", "IN", "+918023456789"),
        ("9198123000", "IN", "+919198123000"),  # ten digits that begin like the country code
        ("+1 202 555 0143", "IN", "+12025550143"),
        ("+44 20 7946 0958", "IN", "+442079460958"),
        ("0044 20 7946 0958", "IN", "+442079460958"),
        ("(202) 555-0143", "US", "+12025550143"),
        ("+91 98123 00001", "US", ASHA),
    ],
)
def test_landlines_and_foreign_numbers_are_read_by_the_region(cell: str, region: str, number: str) -> None:
    assert read_number(cell, region) == PhoneNumber(number)


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
        ("call the office", RejectReason.NOT_A_NUMBER),
        ("1-800-FLOWERS", RejectReason.NOT_A_NUMBER),
        ("tel:+919812300001", RejectReason.NOT_A_NUMBER),
        ("9812300001 ext 5", RejectReason.NOT_A_NUMBER),
        ("9812300001 / 9812300002", RejectReason.NOT_A_NUMBER),
        ("9812300001\n9812300002", RejectReason.NOT_A_NUMBER),
        ("-", RejectReason.NOT_A_NUMBER),
        ("12345", RejectReason.INVALID_NUMBER),
        ("112", RejectReason.INVALID_NUMBER),
        ("100", RejectReason.INVALID_NUMBER),
        ("98123000011", RejectReason.INVALID_NUMBER),
        ("9812300001 9812300002", RejectReason.INVALID_NUMBER),
        ("9812300001.5", RejectReason.INVALID_NUMBER),
        ("+0 9812300001", RejectReason.INVALID_NUMBER),
        ("+989601", RejectReason.INVALID_NUMBER),  # in use in Iran, and too short to be E.164 here
        ("9" * 5_000, RejectReason.INVALID_NUMBER),
    ],
)
def test_what_is_no_number_gets_the_reason_and_a_way_to_mend_it(cell: str, reason: RejectReason) -> None:
    verdict = read_number(cell, "IN")
    assert isinstance(verdict, Unfit)
    assert verdict.reason is reason
    assert verdict.suggestion.endswith(".")
