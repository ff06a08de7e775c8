"""`campaign run` and `campaign resume`: load, ask, dial, and say what became of it."""

import asyncio
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from campaign import wiring
from campaign.cli import progress, results, words
from campaign.cli.console import ask, say, somebody_is_there
from campaign.cli.places import Found, database_of, find
from campaign.core.custom_field import columns_used
from campaign.core.lead import CampaignState
from campaign.core.records import CampaignRecord, ImportRecord, NewImport, NewLead
from campaign.core.tally import forecast
from campaign.engine.loading import Loading
from campaign.engine.run import Ending
from campaign.errors import ListError, UsageError
from campaign.intake import Sheet, lines, open_sheet, preview
from campaign.settings import Settings, load
from campaign.wiring import House, Simulation

EXIT = {
    Ending.DONE: 0,
    Ending.PAUSED: 3,
    Ending.STOPPED: 3,
    Ending.IN_DOUBT: 4,
    Ending.ACCOUNT: 5,
    Ending.INTERRUPTED: 130,
}
DECLINED = 2


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed."""

    name: str
    limit: int | None
    yes: bool
    again: bool
    new_settings: bool


def run_list(
    leads: Path, name: str | None, limit: int | None, *, simulate: bool, speed: float, town: Path | None, yes: bool,
    again: bool, config: Path | None, db: Path | None,
) -> None:  # fmt: skip
    """Exits with the code of how it ended."""
    loaded = load(config, db)
    database = database_of(loaded, db, simulate=simulate)
    sheet = _sheet(leads, loaded.settings)
    settings = wiring.simulated_settings(loaded.settings, sheet.header) if simulate else loaded.settings
    wish = Wish(name or leads.stem, limit, yes or simulate, again, config is not None)
    simulation = Simulation(speed, town) if simulate else None

    async def go() -> int:
        async with wiring.owning(loaded, database, make=True, simulation=simulation) as house:
            if house.made:
                say(f"A new database {database}: it knows of no earlier calls.")
            campaign = await _load(house, sheet, settings, wish)
            return DECLINED if campaign is None else await _dial(house, campaign, wish.limit, database)

    sys.exit(asyncio.run(go()))


def resume_campaign(
    name: str | None, limit: int | None, *, simulate: bool, speed: float, town: Path | None, config: Path | None,
    db: Path | None,
) -> None:  # fmt: skip
    """Exits with the code of how it ended."""

    async def go() -> int:
        found = await find(name, simulate=simulate, config=config, db=db)
        if found.campaign.state is CampaignState.STOPPED:
            raise UsageError(f"The campaign {found.campaign.name} was stopped for good.", "`campaign report` has it.")
        simulation = Simulation(speed, town) if found.simulated else None
        async with wiring.owning(found.loaded, found.database, make=False, simulation=simulation) as house:
            campaign = await house.find(found.campaign.name) or found.campaign
            if config:
                campaign = await _renewed(house, campaign, found.loaded.settings)
            _say_settings(campaign)
            return await _dial(house, campaign, limit, found.database)

    sys.exit(asyncio.run(go()))


def _sheet(leads: Path, settings: Settings) -> Sheet:
    needs = columns_used(settings.provider.custom_field)
    return open_sheet(leads, phone_column=settings.list.phone_column, needs=needs)


async def _load(house: House, sheet: Sheet, settings: Settings, wish: Wish) -> CampaignRecord | None:
    """The campaign with the list in it; None if a person said no, and then nothing stays."""
    before = await house.find(wish.name)
    await _refuse_if_elsewhere(house, sheet, before, wish)
    if before is None or not await _has(house, before, sheet):
        _refuse_unasked(wish, "grew" if before else "is new")
    campaign = await house.open(wish.name, settings)
    if before and wish.new_settings:
        campaign = await _renewed(house, campaign, settings)
    loading = await house.load(
        campaign, _import_of(campaign, sheet, house.clock.now()), lines(sheet, region=settings.provider.region)
    )
    _describe(sheet, loading, settings)
    _say_settings(campaign)
    if isinstance(loading, ImportRecord):
        return campaign
    if not await _wanted(house, loading, campaign, sheet, wish):
        await house.store.discard_import(loading.id, house.clock.now())
        say("Nothing was loaded, nobody is called.")
        return None
    await house.store.finish_import(loading.id, house.clock.now())
    return campaign


def _import_of(campaign: CampaignRecord, sheet: Sheet, now: datetime) -> NewImport:
    return NewImport(campaign.id, sheet.file_name, sheet.sha256, sheet.header, sheet.phone_column, now)


async def _has(house: House, campaign: CampaignRecord, sheet: Sheet) -> bool:
    return await house.books.loaded_in(sheet.sha256, campaign.id)


async def _refuse_if_elsewhere(house: House, sheet: Sheet, before: CampaignRecord | None, wish: Wish) -> None:
    other = await house.books.loaded_elsewhere(sheet.sha256, before.id if before else None)
    if other and not wish.again:
        raise UsageError(
            f"{sheet.file_name} is the list of the campaign {other} already: its people would be called again.",
            f"`campaign resume {other}` goes on with that one; --again calls them under another name.",
        )


def _refuse_unasked(wish: Wish, what: str) -> None:
    if not wish.yes and not somebody_is_there():
        raise UsageError(f"The list {what}, and nobody is at the terminal to ask.", "--yes answers for you.")


async def _wanted(house: House, loading: Loading, campaign: CampaignRecord, sheet: Sheet, wish: Wish) -> bool:
    if not loading.new and not await house.books.imports(campaign.id):
        await house.store.discard_import(loading.id, house.clock.now())
        reasons = ", ".join(f"{count} {reason}" for reason, count in loading.reasons.most_common(3))
        raise ListError(
            f"no line can be called ({reasons}).", "Is it the right column? See docs/lists.md.", file=sheet.file_name
        )
    tally = await house.books.tally(campaign.id)
    _say_forecast(campaign, loading.new, tally.left, house.clock.now())
    return wish.yes or not loading.new or await asyncio.to_thread(ask, f"Call {loading.new} people?")


def _describe(sheet: Sheet, loading: Loading | ImportRecord, settings: Settings) -> None:
    say(f"{sheet.file_name}: the numbers are in the column “{sheet.phone_column}” ({sheet.why_column}). As read:")
    for line in preview(sheet, region=settings.provider.region):
        read = line.number.e164 if isinstance(line, NewLead) else f"rejected: {line.reason}"
        say(f"  line {line.source_line:<4} {read:<18} {', '.join(filter(None, line.cells))[:70]}")
    if isinstance(loading, ImportRecord):
        say(f"The same file is loaded already: {loading.lines} lines known, nothing new.")
        return
    rejects = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in loading.reasons.most_common())
    known = f", {loading.known} known" if loading.known else ""
    say(f"  {loading.new} new{known}, {loading.reasons.total()} rejects{f' ({rejects})' if rejects else ''}")


def _say_settings(campaign: CampaignRecord) -> None:
    settings = wiring.stored(campaign)
    say(
        f"In force (version {campaign.policy_version}):",
        *words.in_force(wiring.policy_of(settings), settings.window.hours),
    )


def _say_forecast(campaign: CampaignRecord, new: int, waiting: int, now: datetime) -> None:
    policy = wiring.policy_of(wiring.stored(campaign))
    expected = forecast(new, waiting, policy, now)
    say(
        f"  {expected.calls_at_least} to {expected.calls_at_most} calls; "
        f"finished {words.finishing(expected, policy.window.zone, now)}"
    )


async def _renewed(house: House, campaign: CampaignRecord, settings: Settings) -> CampaignRecord:
    """A new policy version, and what differs."""
    if campaign.account.simulated:
        settings = wiring.simulated_settings(settings)
    renewed = await house.renew(campaign, settings)
    for line in results.differences(campaign.settings, renewed.settings):
        say(f"  changed: {line}")
    return renewed


async def _dial(house: House, campaign: CampaignRecord, limit: int | None, database: Path) -> int:
    policy = wiring.policy_of(wiring.stored(campaign))
    with progress.display(policy, policy.window.zone) as (show, every):
        ending = await house.run(campaign, limit=limit, show=show, every=every)
    campaign = await house.find(campaign.name) or campaign
    found = Found(house.loaded, database, campaign)
    async with house.books.snapshot() as still:
        await results.finish(still, found, ending, Path("reports") / campaign.name)
    return EXIT[ending]
