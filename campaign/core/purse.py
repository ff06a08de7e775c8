"""Whether the account has money enough to go on: `[guard] min_balance`."""

from decimal import Decimal

from campaign.core.call import Balance
from campaign.core.failing import GoOn, Stop


def decide(balance: Balance, least: Decimal) -> GoOn | Stop:
    """Paused below `least`, in the account's currency."""
    if balance.amount >= least:
        return GoOn()
    has = f"{balance.currency} {balance.amount:.2f}".strip()
    return Stop(f"the account has {has} left, less than min_balance {least.normalize():f}: top it up")
