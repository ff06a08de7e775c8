"""A test call under way, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from campaign.core.records import TEST_CALL, CampaignRecord, NewImport, NewLead
from campaign.engine.dialer import Orders
from campaign.engine.once import Once
from tests.builders import NUMBER
from tests.integration.going import Going, under_way
from tests.integration.house import House


async def _a_test_call(house: House) -> CampaignRecord:
    campaign = await house.store.open_campaign(f"{TEST_CALL}1", house.campaign.account, {}, house.clock.now())
    into = await house.store.begin_import(
        NewImport(campaign.id, campaign.name, "f" * 64, ("phone",), "phone", house.clock.now())
    )
    assert isinstance(into, int)
    await house.store.add_lines(into, [NewLead(1, NUMBER, ["", ""])])
    await house.store.finish_import(into, house.clock.now())
    return campaign


@asynccontextmanager
async def calling(house: House) -> AsyncIterator[Going]:
    """A test call to `NUMBER` under way; the house's own campaign is not dialled."""
    house.campaign = await _a_test_call(house)
    run = Once(Orders(house.campaign, house.policy, 1, lambda attempt: f"https://example/{attempt}"), house.desk())
    async with under_way(house, run) as it:
        yield it
