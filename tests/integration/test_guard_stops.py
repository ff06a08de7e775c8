"""What stops a run before its list is spent."""

from pathlib import Path

from campaign.core.failing import FailedLimit
from campaign.core.lead import CampaignState, LeadState
from campaign.engine.run import Ending
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
