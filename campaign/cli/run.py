"""`campaign run` and `campaign resume`: load, ask, dial, and say what became of it.

Beside a process that owns the database already, the campaign is handed over to it and watched (`cli.beside`).
"""

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaign import wiring
from campaign.cli import beside, listing, progress, results
from campaign.cli.console import say
from campaign.cli.places import Found, database_of, find
from campaign.core.lead import CampaignState
from campaign.core.records import CampaignRecord
from campaign.errors import UsageError
from campaign.intake import Sheet
from campaign.settings import Settings, load

if TYPE_CHECKING:  # it loads the database and the network: only when something runs
    from campaign.wiring import House, Simulation

DECLINED = 2


@dataclass(frozen=True, slots=True)
class Run:
    """What was typed of a run."""

    limit: int | None
    simulation: "Simulation | None"
    new_settings: bool


def run_list(
    leads: Path, name: str | None, limit: int | None, *, simulate: bool, speed: float, town: Path | None, yes: bool,
    again: bool, accept_rejects: bool, config: Path | None, db: Path | None,
) -> None:  # fmt: skip
    """Exits with the code of how it ended."""
    loaded = load(config, db)
    database = database_of(loaded, db, simulate=simulate)
    sheet = wiring.sheet_of(leads, loaded.settings)
    settings = wiring.simulated_settings(loaded.settings, sheet.header) if simulate else loaded.settings
    wish = listing.Wish(
        leads, name or leads.stem, settings, sure=yes or simulate, again=again, accept_rejects=accept_rejects
    )
    typed = Run(limit, wiring.Simulation(speed, town) if simulate else None, config is not None)

    there = database if database.exists() else None
    if there:
        wiring.bring_up_to_date(database)

    async def go() -> int:
        await listing.refuse_early(wish, sheet, there)
        if owner := wiring.owner_of(database):
            _refuse_new_settings(config)
            return await beside.run_list(wish, sheet, beside.Owned(owner, loaded, database), limit)
        async with wiring.owning(loaded, database, make=True, simulation=typed.simulation) as house:
            if house.made:
                say(f"A new database {database}: it knows of no earlier calls.")
            return await _take_in_and_dial(house, wish, sheet, typed, database)

    sys.exit(asyncio.run(go()))


async def _take_in_and_dial(house: "House", wish: listing.Wish, sheet: Sheet, typed: Run, database: Path) -> int:
    before = await house.find(wish.name)
    if before and before.state is CampaignState.STOPPED:
        raise UsageError(f"The campaign {wish.name} was stopped for good.", "Give the list another --name.")
    with progress.loading(sheet.size) as advance:
        taken = await house.take_in(wish.file, wish.name, wish.settings, advance, accept_rejects=wish.accept_rejects)
    campaign = await house.find(wish.name)
    assert campaign is not None, "it was just opened"
    if before and typed.new_settings:
        campaign = await _renewed(house, campaign, wish.settings)
    if not await listing.agreed(wish, sheet, taken, campaign):
        if taken.import_id:
            await house.discard(taken.import_id)
        return DECLINED
    if taken.import_id:
        await house.accept(taken.import_id)
    return await _dial(house, campaign, typed.limit, database)


def resume_campaign(
    name: str | None, limit: int | None, *, simulate: bool, speed: float, town: Path | None, config: Path | None,
    db: Path | None,
) -> None:  # fmt: skip
    """Exits with the code of how it ended."""

    async def go() -> int:
        found = await find(name, simulate=simulate, config=config, db=db, bring_up_to_date=True)
        if found.campaign.state is CampaignState.STOPPED:
            raise UsageError(f"The campaign {found.campaign.name} was stopped for good.", "`campaign report` has it.")
        if owner := wiring.owner_of(found.database):
            _refuse_new_settings(config)
            return await beside.resume(beside.Owned(owner, found.loaded, found.database), found.campaign, limit)
        simulation = wiring.Simulation(speed, town) if found.simulated else None
        async with wiring.owning(found.loaded, found.database, make=False, simulation=simulation) as house:
            campaign = await house.find(found.campaign.name) or found.campaign
            if config:
                campaign = await _renewed(house, campaign, found.loaded.settings)
            listing.say_settings(campaign)
            return await _dial(house, campaign, limit, found.database)

    sys.exit(asyncio.run(go()))


def _refuse_new_settings(config: Path | None) -> None:
    if config:
        raise UsageError(
            "Another process dials, and --config changes what it dials by.",
            "`campaign pause` it first, then `campaign resume --config` with the new settings.",
        )


async def _renewed(house: "House", campaign: CampaignRecord, settings: Settings) -> CampaignRecord:
    """A new policy version, and what differs."""
    if campaign.account.simulated:
        headers = [file.header for file in await house.books.imports(campaign.id)]
        common = set(headers[0]).intersection(*headers[1:]) if headers else set()
        settings = wiring.simulated_settings(settings, sorted(common))
    renewed = await house.renew(campaign, settings)
    for line in results.differences(campaign.settings, renewed.settings):
        say(f"  changed: {line}")
    return renewed


async def _dial(house: "House", campaign: CampaignRecord, limit: int | None, database: Path) -> int:
    policy = wiring.policy_of(wiring.stored(campaign))
    with progress.display(policy, policy.window.zone) as (show, every):
        ending = await wiring.dial(house, campaign, limit=limit, show=show, every=every)
    campaign = await house.find(campaign.name) or campaign
    found = Found(house.loaded, database, campaign)
    async with house.books.snapshot() as still:
        await results.finish(still, found, ending, Path("reports") / campaign.name)
    return results.EXIT[ending]
