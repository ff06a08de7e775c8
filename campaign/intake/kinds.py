"""What kind of number one is, and of which country; for `campaign check`."""

import phonenumbers
from phonenumbers import PhoneNumberType

from campaign.core.lead import PhoneNumber
from campaign.intake.spelling import INDIA, usual

MOBILE = "mobile"
_KINDS = {
    PhoneNumberType.MOBILE: MOBILE,
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "mobile or landline",
    PhoneNumberType.TOLL_FREE: "toll-free",
    PhoneNumberType.VOIP: "internet",
}


def country_and_kind(number: PhoneNumber) -> tuple[str, str]:
    """The country as two letters, and a plain word."""
    if usual(INDIA)(number.e164):
        return INDIA, MOBILE
    read = phonenumbers.parse(number.e164)
    return phonenumbers.region_code_for_number(read) or "", _KINDS.get(phonenumbers.number_type(read), "other")
