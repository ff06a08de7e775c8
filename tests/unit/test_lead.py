"""A number is E.164 or nothing, and never shows itself by accident."""

import pytest

from campaign.core.lead import PhoneNumber


@pytest.mark.parametrize("e164", ["+919812300001", "+12025550143", "+1234567", "+123456789012345"])
def test_a_number_in_e164_is_kept_as_it_is(e164: str) -> None:
    assert PhoneNumber(e164).e164 == e164


@pytest.mark.parametrize(
    "text",
    [
        "",
        "919812300001",
        "+0812300001",
        "+91 9812300001",
        "+123456",
        "+1234567890123456",
        "+91981230000a",
        "+919812300001\n",
        "+९१९८१२३००००१",
    ],
)
def test_anything_else_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^not a number in E\.164$"):
        PhoneNumber(text)


def test_a_printed_number_is_masked() -> None:
    number = PhoneNumber("+919812300001")
    assert str(number) == f"{number}" == number.masked == "+91••••••0001"
    assert repr([number]) == "[PhoneNumber(+91••••••0001)]"


def test_equal_numbers_are_one_number() -> None:
    assert len({PhoneNumber("+919812300001"), PhoneNumber("+919812300001"), PhoneNumber("+919812300002")}) == 2
