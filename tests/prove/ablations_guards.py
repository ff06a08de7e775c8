"""Ablations of what stops a campaign before its list is spent."""

from collections.abc import Sequence
from pathlib import Path

from campaign.core import failing
from campaign.core.failing import FailedLimit, GoOn
from tests.integration.going import going
from tests.integration.house import FREELY, a_house
from tests.prove.ablations_kit import Ablation, here, swapped

CALLS = 8


@here
async def all_fail(folder: Path) -> Sequence[str]:
    """Every call fails, and four of four are the limit."""
    async with a_house(folder, leads=20, rate=FREELY, channels=1, pause_if_failed=FailedLimit(1, 4)) as house:
        async with going(house) as it:
            for number in range(1, CALLS):
                await house.settle()
                if len(house.provider.placed) < number:
                    break
                await it.told(number, "failed")
        placed = len(house.provider.placed)
        return [f"C15: {placed} calls were made though all failed and four were the limit"] * (placed > 4)


def _go_on(*_: object) -> GoOn:
    return GoOn()


ABLATIONS = (Ablation("a share of failed calls not heeded", swapped(failing, "decide", _go_on), all_fail, "C15"),)
