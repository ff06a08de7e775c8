"""`campaign unload`: whoever is on a list and was not called yet will not be."""

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

from campaign import wiring
from campaign.cli.console import ask, say, somebody_is_there, tell
from campaign.cli.control import owned
from campaign.cli.places import Found, find
from campaign.core.records import Unloaded
from campaign.errors import UsageError
from campaign.intake import Form

DECLINED = 2
STAY = {
    Unloaded.ALREADY: "excluded already",
    Unloaded.DONE: "finished before",
    Unloaded.WAITING: "called before and to be tried again",
    Unloaded.ALIVE: "on the line, or held",
    Unloaded.ABSENT: "not in the campaign",
}


def unload_list(
    file: Path, form: Form, name: str | None, *, simulate: bool, yes: bool, config: Path | None, db: Path | None
) -> None:
    """Through the owner's door, or on the database if nobody owns it. Exits with 2 where nothing was changed."""

    whole = file.resolve()

    async def go() -> int:
        found = await find(name, simulate=simulate, config=config, db=db, bring_up_to_date=True)
        agreed = await _agreed(found, file, form, sure=yes or found.simulated)
        if not agreed:
            say("Nothing was changed.")
            return 0 if agreed is None else DECLINED
        if owner := wiring.owner_of(found.database):
            asked = wiring.ask_owner_to_read(owner, "unload", found.campaign.id, whole, form=asdict(form))
            excluded = (await asked)[Unloaded.EXCLUDED]
        else:
            async with owned(found) as house:
                excluded = (await house.unload(found.campaign, whole, form))[Unloaded.EXCLUDED]
        tell(f"{excluded} excluded: they will not be called.")
        return 0

    sys.exit(asyncio.run(go()))


async def _agreed(found: Found, file: Path, form: Form, *, sure: bool) -> bool | None:
    """Whether those whom it would be shall be excluded; None where it would be nobody."""
    if not (sure or somebody_is_there()):
        raise UsageError("Nobody is at the terminal to ask whether to unload the list.", "--yes answers for you.")
    key = wiring.key_of(found.loaded, found.database)
    async with wiring.reading(found.database) as books:
        counted = await wiring.unloading(books, key, found.campaign, file, form)
    out, all_of_them = counted[Unloaded.EXCLUDED], counted.total()
    say(f"{file.name}: {out} of its {all_of_them} numbers are of people in {found.campaign.name} not called yet.")
    say(*(f"  {counted[fate]} {plain}: nothing changes for them" for fate, plain in STAY.items() if counted[fate]))
    if not out:
        return None
    return sure or ask(f"Exclude these {out}? They will not be called.")
