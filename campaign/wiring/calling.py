"""One test call as the ledger knows it: a campaign of its own, hidden from lists and reports, with a single lead.

So it obeys and counts for everything that any attempt does: window, caps, channels, rate, the lock on its number.
"""

import hashlib

from campaign import settings as settings_of
from campaign.core.custom_field import columns_used
from campaign.core.lead import PhoneNumber
from campaign.core.records import TEST_CALL, CampaignRecord, NewImport, NewLead
from campaign.settings import Settings
from campaign.wiring.house import House


async def test_call(house: House, number: PhoneNumber, settings: Settings) -> CampaignRecord:
    """Ready to be dialled, by these settings; it is not tried again."""
    now = house.clock.now()
    tables = settings.model_dump(mode="json")
    tables["retry"]["max_attempts"] = 1
    tables = settings_of.parse(tables, "the settings").model_dump(mode="json")
    name = f"{TEST_CALL}{now:%Y-%m-%d %H:%M:%S.%f}"
    campaign = await house.store.open_campaign(name, house.account, tables, now)
    columns = tuple(columns_used(settings.provider.custom_field))
    digest = hashlib.sha256(name.encode()).hexdigest()
    into = await house.store.begin_import(NewImport(campaign.id, name, digest, ("phone", *columns), "phone", now))
    assert isinstance(into, int), "its name was never used"
    await house.store.add_lines(into, [NewLead(1, number, [number.e164, *("" for _ in columns)])])
    await house.store.finish_import(into, now)
    return campaign
