"""`campaign verify`: what the database proves by itself, beside any owner; and the provider's list held against it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from campaign.core.checks import Check
from campaign.core.records import CampaignRecord
from campaign.engine.comparison import compare
from campaign.store import audit, schema
from campaign.store.audit import Audit
from campaign.wiring.house import House
from campaign.wiring.policy import read_policy


@asynccontextmanager
async def auditing(database: Path) -> AsyncIterator[Audit]:
    """Everything inside is of one instant. Raises UsageError if there is no database of today's schema."""
    schema.check(database)
    async with audit.opened(database, read_policy) as opened:
        yield opened


async def compared(house: House, campaign: CampaignRecord) -> list[Check]:
    """The provider's calls and the campaign's. Raises UsageError for another account's campaign."""
    house.ours(campaign)
    assert house.provider is not None, "a house without a provider only writes"
    policy = read_policy(campaign.settings)
    return await compare(
        campaign, policy, store=house.store, insight=house.books, provider=house.provider, clock=house.clock
    )
