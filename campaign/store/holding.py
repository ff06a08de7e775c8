"""Reading: whose numbers those of a list are already, and what the lists so far say of them. For `campaign check`."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import select

from campaign.core.lead import CampaignId, NumberHash
from campaign.store import tables
from campaign.store.imports import VISIBLE
from campaign.store.rows import Fetch
from campaign.store.sqlite import CHUNK

imported, lead, lead_columns, lead_number = tables.imported, tables.lead, tables.lead_columns, tables.lead_number


async def holders(fetch: Fetch, numbers: Sequence[NumberHash]) -> dict[NumberHash, set[CampaignId]]:
    """Which campaigns have these as the first number of a lead."""
    found: dict[NumberHash, set[CampaignId]] = defaultdict(set)
    query = (
        select(lead_number.c.number_hash, lead_number.c.campaign_id)
        .join(lead, lead.c.id == lead_number.c.lead_id)
        .join(imported, (imported.c.id == lead.c.import_id) & VISIBLE)
        .where(lead_number.c.position == 0)
    )
    for start in range(0, len(numbers), CHUNK):
        for row in await fetch(query.where(lead_number.c.number_hash.in_(numbers[start : start + CHUNK]))):
            found[NumberHash(row.number_hash)].add(CampaignId(row.campaign_id))
    return found


async def newest_columns(
    fetch: Fetch, campaign: CampaignId, numbers: Sequence[NumberHash]
) -> dict[NumberHash, Mapping[str, str]]:
    """What the campaign's leads with these as their first numbers have in their columns now."""
    found: dict[NumberHash, Mapping[str, str]] = {}
    query = (
        select(lead_number.c.number_hash, lead_columns.c.cells, imported.c.header)
        .join(lead, lead.c.id == lead_number.c.lead_id)
        .join(lead_columns, (lead_columns.c.lead_id == lead.c.id) & (lead_columns.c.version == lead.c.columns_version))
        .join(imported, (imported.c.id == lead_columns.c.import_id) & VISIBLE)
        .where(lead_number.c.campaign_id == campaign, lead_number.c.position == 0)
    )
    for start in range(0, len(numbers), CHUNK):
        for row in await fetch(query.where(lead_number.c.number_hash.in_(numbers[start : start + CHUNK]))):
            found[NumberHash(row.number_hash)] = dict(zip(row.header, row.cells, strict=False))
    return found
