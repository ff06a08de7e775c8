"""`campaign run` and `campaign resume`: load, ask, dial, and say what became of it.

Beside a process that owns the database already, the campaign is handed over to it and watched (`cli.beside`).
"""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING

from campaign import wiring
from campaign.cli import beside, listing, progress, results
from campaign.cli.console import say
from campaign.cli.places import Found, campaign_named, database_of, find, name_of
from campaign.core.lead import CampaignState
from campaign.core.records import CampaignRecord
from campaign.errors import UsageError
from campaign.intake import Form, Sheet
from campaign.settings import Loaded, Settings, load

if TYPE_CHECKING:  # it loads the database and the network: only when something runs
    from campaign.wiring import House, Simulation

DECLINED = 2
USUAL_SPEED = "60"
PIPE = Path("-")


@dataclass(frozen=True, slots=True)
class Run:
    """What was typed of a run."""

    limit: int | None
    simulation: "Simulation | None"
    new_settings: bool


def run_list(
    leads: Path, form: Form, name: str | None, limit: int | None, *, simulation: "Simulation | None", yes: bool,
    again: bool, accept_rejects: bool, config: Path | None, db: Path | None,
) -> None:  # fmt: skip
    """Exits with the code of how it ended. `form`: what was said of this file."""
    said = {"list": {"phone_column": form.phone_column, "phone_columns": []}} if form.phone_column else {}
    loaded = load(config, db, said)
    database = database_of(loaded, db, simulate=simulation is not None)
    typed = Run(limit, simulation, config is not None)
    with _laid_down(leads, name, form, database) as (file, form):
        called = name or name_of(leads)
        rehearsal = simulation if simulation and simulation.rehearsal else None

        def wished(read_by: Settings) -> tuple[listing.Wish, Sheet]:
            with progress.opening():
                sheet, settings = wiring.sheet_of(file, read_by, form), loaded.settings
            if simulation:
                settings = wiring.simulated_settings(settings, sheet.header, rehearsal=bool(rehearsal))
            sure = yes or simulation is not None
            return listing.Wish(
                file, form, called, settings, read_by, sure=sure, again=again, accept_rejects=accept_rejects
            ), sheet

        if rehearsal:
            sys.exit(asyncio.run(_rehearse(loaded, rehearsal, *wished(loaded.settings), typed)))
        there = database if database.exists() else None
        if there:
            wiring.bring_up_to_date(database)

        async def go() -> int:
            before = await campaign_named(called, there)
            wish, sheet = wished(wiring.stored(before) if before else loaded.settings)
            await listing.refuse_early(wish, sheet, there)
            if owner := wiring.owner_of(database):
                _refuse_new_settings(config)
                return await beside.run_list(wish, sheet, beside.Owned(owner, loaded, database), limit)
            async with wiring.owning(loaded, database, make=True, simulation=typed.simulation) as house:
                if house.made:
                    say(f"A new database {database}: it knows of no earlier calls.")
                return await _take_in_and_dial(house, wish, sheet, typed, database)

        code = asyncio.run(go())
    sys.exit(code)


async def _rehearse(loaded: Loaded, simulation: "Simulation", wish: listing.Wish, sheet: Sheet, typed: Run) -> int:
    say("A rehearsal: time jumps from call to call, nobody is called, and nothing is kept but the report.")
    async with wiring.rehearsing(loaded, simulation) as house:
        return await _take_in_and_dial(house, wish, sheet, typed, None)


def simulation_of(simulate: bool, speed: str | None, town: Path | None) -> "Simulation | None":
    """None for people who are really called. Raises UsageError, also where a simulation seems to be forgotten."""
    if simulate:
        return wiring.Simulation(_speed_of(speed or USUAL_SPEED), town)
    if speed or town:
        raise UsageError("--speed and --town are for --simulate, and without it people are really called.", "Add it.")
    return None


def _speed_of(text: str) -> float:
    """1 to 3600, or infinite for `max`."""
    if text == "max":
        return inf
    try:
        speed = float(text)
    except ValueError:
        speed = nan
    if 1 <= speed <= 3600:
        return speed
    raise UsageError(f"--speed {text} is wrong; right would be: a number from 1 to 3600, or max.")


@contextmanager
def _laid_down(leads: Path, name: str | None, form: Form, database: Path) -> Iterator[tuple[Path, Form]]:
    """The list as a file: what comes through a pipe is kept beside the database meanwhile."""
    if leads != PIPE:
        yield leads, form
        return
    if not name:
        raise UsageError("A list from a pipe has no name.", "Give its campaign one with --name.")
    with wiring.spooled(sys.stdin.buffer, database) as file:
        yield file, replace(form, file_name="stdin")


async def _take_in_and_dial(house: "House", wish: listing.Wish, sheet: Sheet, typed: Run, database: Path | None) -> int:
    """`database`: None for a rehearsal."""
    before = await house.find(wish.name)
    if before:
        house.ours(before)
    with progress.loading(sheet.size) as watch:
        taken = await house.take_in(
            wish.file, wish.name, wish.settings, wish.form, watch.advance, accept_rejects=wish.accept_rejects,
            giving_up=watch.giving_up,
        )  # fmt: skip
    campaign = await house.find(wish.name)
    assert campaign is not None, "it was just opened"
    if before and typed.new_settings:
        campaign = await _renewed(house, campaign, wish.settings)
    if not await listing.agreed(wish, sheet, taken, campaign, await house.books.course(campaign.id)):
        if taken.import_id:
            with progress.giving_up():
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


async def _dial(house: "House", campaign: CampaignRecord, limit: int | None, database: Path | None) -> int:
    policy = wiring.policy_of(wiring.stored(campaign))
    with progress.display(policy, policy.window.zone) as (show, every):
        ending = await wiring.dial(house, campaign, limit=limit, show=show, every=every)
    campaign = await house.find(campaign.name) or campaign
    out = Path("reports") / campaign.name
    async with house.books.snapshot() as still:
        if database is None:
            await results.rehearsed(still, campaign, ending, out, house.clock.now())
        else:
            await results.finish(still, Found(house.loaded, database, campaign), ending, out)
    return results.EXIT[ending]
