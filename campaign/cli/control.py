"""`campaign pause` and `campaign stop`: through the owner's door, or on the database if nobody owns it."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from campaign import wiring
from campaign.cli import words
from campaign.cli.console import ask, say, somebody_is_there, tell
from campaign.cli.places import Found, find
from campaign.core.lead import CampaignState
from campaign.errors import UsageError

ENDED = {CampaignState.COMPLETED, CampaignState.STOPPED}


def pause_campaign(name: str | None, *, simulate: bool, config: Path | None, db: Path | None) -> None:
    """Returns once no call leaves any more."""

    async def go() -> None:
        found = await _unfinished(name, simulate=simulate, config=config, db=db)
        if owner := wiring.owner_of(found.database):
            await wiring.ask_owner(owner, "pause", found.campaign.id)
        else:
            async with owned(found) as house:
                await house.pause(found.campaign.id)
        tell(f"Paused: no call leaves any more. `campaign resume {found.flags}` goes on.")

    asyncio.run(go())


def stop_campaign(name: str | None, *, simulate: bool, yes: bool, config: Path | None, db: Path | None) -> None:
    """Asks first; it cannot be taken back."""

    async def go() -> int:
        found = await _unfinished(name, simulate=simulate, config=config, db=db)
        async with wiring.reading(found.database) as books:
            left = (await books.tally(found.campaign.id)).left
        if not yes and not await _agreed(left):
            say("Nothing was changed.")
            return 2
        if owner := wiring.owner_of(found.database):
            closed = (await wiring.ask_owner(owner, "stop", found.campaign.id))["closed"]
        else:
            async with owned(found) as house:
                closed = await house.stop(found.campaign.id)
        tell(f"Stopped for good: {words.many(closed, 'lead')} will not be called.")
        tell(f"`campaign report {found.flags}` has the rest.")
        return 0

    sys.exit(asyncio.run(go()))


async def _unfinished(name: str | None, *, simulate: bool, config: Path | None, db: Path | None) -> Found:
    found = await find(name, simulate=simulate, config=config, db=db)
    if found.campaign.state in ENDED:
        raise UsageError(f"The campaign {found.campaign.name} is over already.", "`campaign status` shows it.")
    return found


async def _agreed(left: int) -> bool:
    if not somebody_is_there():
        raise UsageError("Nobody is at the terminal to ask whether to stop for good.", "--yes answers for you.")
    return ask(f"{words.many(left, 'lead')} will not be called any more. Stop for good?")


def owned(found: Found) -> "AbstractAsyncContextManager[wiring.House]":
    simulation = wiring.Simulation() if found.simulated else None
    return wiring.owning(found.loaded, found.database, make=False, simulation=simulation, dial=False)
