"""What stops a run before its list is spent."""

from pathlib import Path

from campaign.core.failing import FailedLimit
from campaign.core.lead import CampaignState, LeadState
from campaign.core.policy import Rate
from campaign.engine.run import Ending
from tests.builders import NOON, minutes, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, a_house

HALF_OF_FOUR = FailedLimit(0.5, 4)


async def test_a_run_whose_calls_fail_ends_paused_with_most_of_its_list_untouched(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=20, rate=FREELY, channels=2, pause_if_failed=HALF_OF_FOUR) as house:
        async with going(house) as it:
            for number in range(1, 7):
                await it.placed(number)
                if await house.state() is CampaignState.PAUSED:
                    break
                await it.told(number, "failed")
            await it.told(5, "failed")
            assert await it.over() is Ending.PAUSED
        assert len(house.provider.placed) == 5  # the four, and the one beside the last of them
        states = [lead.state for lead in await house.leads()]
        assert states.count(LeadState.PENDING) == 15
        assert await house.state() is CampaignState.PAUSED
        house.campaign = (await house.books.campaigns())[0]
        async with going(house) as it:  # and its people may go on
            await it.placed(7)


async def test_after_a_start_the_rate_rises_and_the_run_says_so(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=40, rate=Rate(60, minutes(1)), ramp=minutes(10)) as house, going(house) as it:
        await house.settle()  # the provider's list is asked for first
        await it.passes(*[seconds(1)] * 10)
        assert len(house.provider.placed) == 1
        pulse = await it.run.pulse()
        assert (pulse.saying, pulse.until) == ("the rate rises: 6/min, all of it", NOON + minutes(10) + seconds(1))
        await it.passes(*[seconds(1)] * 2)
        assert len(house.provider.placed) == 2
        await it.passes(minutes(10), seconds(1), seconds(1))
        assert len(house.provider.placed) > 3
        assert not (await it.run.pulse()).saying
