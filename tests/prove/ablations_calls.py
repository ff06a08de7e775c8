"""Ablations of the single test call: whose pause it obeys, and that nothing of it is left to be called later."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from campaign.core.lead import CampaignState
from campaign.engine.once import Once
from campaign.engine.run import Ending
from campaign.store.dialling import _Facts
from tests.builders import hours, window
from tests.integration.house import FREELY, a_house
from tests.integration.once import calling
from tests.prove.ablations_kit import Ablation, here, swapped

QUICK: dict[str, Any] = {"rate": FREELY, "max_attempts": 1}


@here
async def paused_elsewhere(folder: Path) -> Sequence[str]:
    """A test call to a number that waits in a campaign that is paused."""
    async with a_house(folder, leads=1, state=CampaignState.PAUSED, **QUICK) as house, calling(house):
        await house.settle()
        return ["C15: a number of a paused campaign was called"] * bool(house.provider.placed)


@here
async def not_now(folder: Path) -> Sequence[str]:
    """A test call outside the calling hours; hours later somebody dials whatever is left."""
    async with a_house(folder, **QUICK, window=window("14:00-21:00")) as house:
        async with calling(house) as it:
            await it.over()
        house.clock.move(hours(3))
        due = await house.books.next_due(house.campaign.id)
        return ["C7: a test call that was not made is still to be made"] * (due is not None)


def _nobody(*_: object) -> set[str]:
    return set()


async def _left_as_it_is(_: Once) -> Ending:
    return Ending.PAUSED


ABLATIONS = (
    Ablation("a test call to whom a pause keeps", swapped(_Facts, "_paused", _nobody), paused_elsewhere, "C15"),
    Ablation("a test call that waits for its hour", swapped(Once, "_conclude", _left_as_it_is), not_now, "C7"),
)
