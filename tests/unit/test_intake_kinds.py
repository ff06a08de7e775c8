"""What kind of number it is, and of which country."""

import pytest

from campaign.core.lead import PhoneNumber
from campaign.intake.kinds import country_and_kind


@pytest.mark.parametrize(
    ("number", "country", "kind"),
    [
        ("+919812300001", "IN", "mobile"),
        ("+918023456789", "IN", "landline"),
        ("+911800111109", "IN", "toll-free"),
        ("+447400123456", "GB", "mobile"),
        ("+14155552671", "US", "mobile or landline"),
        ("+80012345678", "001", "toll-free"),
    ],
)
def test_a_number_has_a_country_and_a_kind(number: str, country: str, kind: str) -> None:
    assert country_and_kind(PhoneNumber(number)) == (country, kind)
