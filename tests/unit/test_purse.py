"""Whether the account has money enough."""

from decimal import Decimal

from campaign.core.call import Balance
from campaign.core.failing import GoOn, Stop
from campaign.core.purse import decide


def test_with_as_much_as_it_must_have_it_goes_on_and_with_less_it_stops() -> None:
    assert decide(Balance(Decimal(500), "INR"), Decimal(500)) == GoOn()
    why = "the account has INR 499.99 left, less than min_balance 500: top it up"
    assert decide(Balance(Decimal("499.99"), "INR"), Decimal(500)) == Stop(why)
    owing = decide(Balance(Decimal(-1), ""), Decimal("0.5"))
    assert owing == Stop("the account has -1.00 left, less than min_balance 0.5: top it up")
