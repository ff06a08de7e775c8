"""`campaign add`: more leads for a campaign, also while it runs."""

import asyncio
import sys
from pathlib import Path

from campaign import wiring
from campaign.cli import beside, listing, progress
from campaign.cli.console import tell
from campaign.cli.control import owned
from campaign.cli.places import Found, find
from campaign.intake import Form, Sheet

DECLINED = 2


def add_list(
    leads: Path, form: Form, name: str | None, *, simulate: bool, yes: bool, again: bool, accept_rejects: bool,
    config: Path | None, db: Path | None,
) -> None:  # fmt: skip
    """Through the owner's door, or on the database if nobody owns it. Exits with 2 where nothing was loaded."""

    async def go() -> int:
        found = await find(name, simulate=simulate, config=config, db=db, bring_up_to_date=True)
        settings = wiring.stored(found.campaign)
        with progress.opening():
            sheet = wiring.sheet_of(leads, settings, form)
        wish = listing.Wish(
            leads, form, found.campaign.name, settings, settings, sure=yes or found.simulated, again=again,
            accept_rejects=accept_rejects,
        )  # fmt: skip
        await listing.refuse_early(wish, sheet, found.database)
        if owner := wiring.owner_of(found.database):
            loaded = await beside.load(wish, sheet, beside.Owned(owner, found.loaded, found.database), dial=False)
            return _told(found, loaded.taken, running=loaded.running) if loaded else DECLINED
        return await _by_itself(wish, sheet, found)

    sys.exit(asyncio.run(go()))


async def _by_itself(wish: listing.Wish, sheet: Sheet, found: Found) -> int:
    async with owned(found) as house:
        with progress.loading(sheet.size) as watch:
            taken = await house.take_in(
                wish.file, wish.name, wish.settings, wish.form, watch.advance, accept_rejects=wish.accept_rejects,
                giving_up=watch.giving_up,
            )  # fmt: skip
        course = await house.books.course(found.campaign.id)
        agreed = await listing.agreed(wish, sheet, taken, found.campaign, course)
        if taken.import_id and agreed:
            await house.accept(taken.import_id)
        elif taken.import_id:
            with progress.giving_up():
                await house.discard(taken.import_id)
    return _told(found, taken, running=False) if agreed else DECLINED


def _told(found: Found, taken: "wiring.TakenIn", *, running: bool) -> int:
    if taken.new:
        going_on = "they are called with the others" if running else f"`campaign resume {found.flags}` calls them"
        tell(f"Added to {found.campaign.name}: {listing.figures(taken)}; {going_on}.")
    else:
        tell(f"Nobody new for {found.campaign.name}: {listing.figures(taken)}.")
    return 0
