"""When a running campaign will be finished: from the ledger, and not reckoned at every look."""

from pathlib import Path
from typing import Any

from campaign.core.forecast import ASSUMED_CALL
from campaign.core.policy import Rate
from campaign.engine.foresight import EVERY, Foresight
from tests.builders import NOON, minutes
from tests.integration.house import House, StillClock, a_house

ONCE: dict[str, Any] = {"rate": Rate(1, minutes(1)), "max_attempts": 1}


class TickingClock(StillClock):
    """Its real seconds are told by the test."""

    told = 0.0

    def ticks(self) -> float:
        return self.told


async def look(house: House, foresight: Foresight) -> object:
    tally = await house.books.tally(house.campaign.id)
    expected = await foresight.look(tally, house.clock.now())
    return expected and expected.finishing


async def test_it_says_when_what_is_left_will_be_over(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, **ONCE) as house:
        foresight = Foresight(house.campaign.id, house.policy, house.books, house.clock)
        assert await look(house, foresight) == NOON + minutes(3) + ASSUMED_CALL


async def test_it_is_reckoned_again_after_a_while(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, **ONCE) as house:
        clock = TickingClock()
        foresight = Foresight(house.campaign.id, house.policy, house.books, clock)
        first = await look(house, foresight)
        await house.load(2, first=4)
        clock.told = EVERY - 1
        assert await look(house, foresight) == first
        clock.told = EVERY
        assert await look(house, foresight) == NOON + minutes(5) + ASSUMED_CALL


async def test_where_nothing_is_left_it_says_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, **ONCE) as house:
        assert await look(house, Foresight(house.campaign.id, house.policy, house.books, house.clock)) is None
