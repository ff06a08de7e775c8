"""What a refusal means for everybody is heeded before the refused request's place is free for the next."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from campaign.core.attempt import Refusal
from campaign.core.call import LookUpFailed
from campaign.core.events import Refused
from campaign.core.policy import Rate
from campaign.engine.desk import Desk
from campaign.ports import Bell
from tests.builders import NOON, minutes
from tests.integration.house import House, a_house, dialling, refused, sid

ONE_AT_A_TIME = Rate(1, minutes(1))


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Bell:
    """A refusal is heeded once this rings."""
    bell, heed = Bell(), Desk.heed

    async def slowly(self: Desk, refusal: Refused, *of_the_call: Any) -> None:
        await bell.wait()
        await heed(self, refusal, *of_the_call)

    monkeypatch.setattr(Desk, "heed", slowly)
    return bell


async def _a_minute_passes(house: House) -> None:
    """The grid has a place again; the only request that may be on its way still is."""
    await house.settle()
    house.clock.move(minutes(2))
    house.provider.open.set()
    await house.settle()


async def test_when_no_connection_is_to_be_had_no_call_slips_through_meanwhile(tmp_path: Path, heard: Bell) -> None:
    async with a_house(tmp_path, leads=2, rate=ONE_AT_A_TIME) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(Refusal.NO_CONNECTION))
        house.provider.open.clear()
        await run.dialer.step(NOON)
        await _a_minute_passes(house)
        assert len(house.provider.placed) == 1
        heard.set()
        await house.settle()
        assert len(house.provider.placed) == 1
        house.clock.move(minutes(1))
        await house.until(lambda: len(house.provider.placed) == 2)


async def test_nor_after_a_look_up_that_had_no_connection(tmp_path: Path, heard: Bell) -> None:
    async with a_house(tmp_path, leads=1, rate=ONE_AT_A_TIME) as house, dialling(house, run := house.run()):
        house.provider.failures.append(LookUpFailed("refused", no_connection=True))
        house.provider.open.clear()
        async with asyncio.TaskGroup() as group:
            group.create_task(run.desk.enquiry.one(sid(1)))
            await house.until(lambda: house.provider.asked)
            await run.dialer.step(NOON)
            await _a_minute_passes(house)
            assert not house.provider.placed
            heard.set()
        await house.settle()
        assert not house.provider.placed
