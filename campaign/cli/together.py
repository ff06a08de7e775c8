"""`campaign resume --all`: every campaign of a database that is not over, dialled by one owner at one rate."""

import asyncio
import sys
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from campaign import wiring
from campaign.cli import beside, listing, progress, results
from campaign.cli.console import say, tell
from campaign.cli.places import FINISHED, Found, database_of
from campaign.core.records import CampaignRecord
from campaign.errors import UsageError
from campaign.settings import load

if TYPE_CHECKING:  # it loads the database and the network: only when something runs
    from campaign.wiring import House

WORST_FIRST = (130, 5, 3, 4, 0)


def resume_all(
    name: str | None, limit: int | None, *, simulate: bool, speed: float, town: Path | None, config: Path | None,
    db: Path | None,
) -> NoReturn:  # fmt: skip
    """Exits with the worst of the codes of how they ended."""
    if name or limit or config:
        raise UsageError(
            "--all goes on with every campaign, each by its own settings: it takes no NAME, --limit or --config.",
            "`campaign resume NAME` takes them, one campaign at a time.",
        )
    loaded = load(None, db)
    database = database_of(loaded, db, simulate=simulate)
    wiring.bring_up_to_date(database)

    async def go() -> int:
        async with wiring.reading(database) as books:
            campaigns = _unfinished(await books.campaigns())
        if not campaigns:
            tell("Every campaign is over; there is nothing to go on with.")
            return 0
        say(f"Going on with {', '.join(each.name for each in campaigns)}.")
        if owner := wiring.owner_of(database):
            return worst(await beside.resume_all(beside.Owned(owner, loaded, database), campaigns))
        simulation = wiring.Simulation(speed, town) if campaigns[0].account.simulated else None
        async with wiring.owning(loaded, database, make=False, simulation=simulation) as house:
            return worst(await _dial(house, _unfinished(await house.books.campaigns()), database))

    sys.exit(asyncio.run(go()))


def worst(codes: Collection[int]) -> int:
    """Of several exit codes: interrupted, refused, not everybody called, some in doubt, all done."""
    return next((each for each in WORST_FIRST if each in codes), 0)


def _unfinished(campaigns: Sequence[CampaignRecord]) -> list[CampaignRecord]:
    return [each for each in campaigns if each.state not in FINISHED and not each.test_call]


async def _dial(house: "House", campaigns: Sequence[CampaignRecord], database: Path) -> list[int]:
    for each in campaigns:
        say(each.name)
        listing.say_settings(each)
    with progress.displays({each.name: wiring.policy_of(wiring.stored(each)) for each in campaigns}) as (shows, every):
        wanted = [wiring.Wanted(each, None, shows[each.name]) for each in campaigns]
        endings = await wiring.dial_all(house, wanted, every=every)
    named = {each.id: each for each in await house.books.campaigns()}
    async with house.books.snapshot() as still:
        for each, ending in zip(campaigns, endings, strict=True):
            found = Found(house.loaded, database, named[each.id])
            tell("", f"{each.name}:")
            await results.finish(still, found, ending, Path("reports") / each.name)
    return [results.EXIT[each] for each in endings]
