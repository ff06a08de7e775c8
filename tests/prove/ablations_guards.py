"""Ablations of what stops a campaign before its list is spent."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from campaign.core import failing
from campaign.core.failing import FailedLimit, GoOn
from campaign.core.pace import Pace
from campaign.core.policy import Rate
from campaign.engine import purse
from campaign.store import claiming, dialling
from tests.builders import minutes, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, a_house, in_doubt
from tests.prove.ablations_kit import Ablation, all_of, here, nothing, swapped

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


@here
async def beginning(folder: Path) -> Sequence[str]:
    """The first minute of a run whose rate rises over ten."""
    async with a_house(folder, leads=40, rate=Rate(30, minutes(1)), ramp=minutes(10)) as house:
        async with going(house) as it:
            await it.passes(*[seconds(1)] * 50)
        placed = len(house.provider.placed)
        return [f"C15: {placed} calls in the first minute, of a tenth of 30"] * (placed > 5)


@here
async def first_calls(folder: Path) -> Sequence[str]:
    """Two calls first; the program starts anew with one of them in doubt and the other ended."""
    async with a_house(folder, leads=6, rate=FREELY, channels=4, canary=2) as house:
        await house.call(1, in_doubt())
        async with going(house) as it:
            await it.placed(1)
            await it.told(1)
        placed = len(house.provider.placed)
        return [f"C15: {placed} calls more were made though one of the first two is in doubt"] * (placed > 1)


@here
async def poor(folder: Path) -> Sequence[str]:
    """The account has less than it must have."""
    async with a_house(folder, leads=3, rate=FREELY, min_balance=Decimal(5000)) as house:
        async with going(house):
            await house.settle()
        placed = len(house.provider.placed)
        return [f"C10: {placed} calls were made with too little money"] * bool(placed)


def _many(*_: object) -> int:
    return 100


def _unasked(*_: object) -> None:
    """Nobody asked for a canary."""


def _go_on(*_: object) -> GoOn:
    return GoOn()


ABLATIONS = (
    Ablation("a share of failed calls not heeded", swapped(failing, "decide", _go_on), all_fail, "C15"),
    Ablation(
        "the first calls not waited for",
        all_of(swapped(claiming, "most_to_claim", _many), swapped(dialling, "canary_left", _unasked)),
        first_calls,
        "C15",
    ),
    Ablation("the balance not heeded", swapped(purse, "decide", _go_on), poor, "C10"),
    Ablation("no ramp", swapped(Pace, "calls_begin", nothing), beginning, "C15"),
)
