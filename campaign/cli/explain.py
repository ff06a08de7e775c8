"""`campaign explain`: the story of one number, over all campaigns, simulated ones too."""

import asyncio
from pathlib import Path

from campaign import wiring
from campaign.cli.console import tell
from campaign.cli.places import database_of
from campaign.core.lead import PhoneNumber
from campaign.errors import UsageError
from campaign.intake.number import NumberRules, Unfit, read_number
from campaign.report.story import Today, rejections, story
from campaign.settings import Loaded, load

SPELLINGS = "Write it as on the list, for example 98123 00001 or +91 98123 00001."


def tell_story(spelling: str, *, simulate: bool, config: Path | None, db: Path | None) -> None:
    """Raises UsageError for what is no number, and for a number that was never heard of."""

    async def go() -> None:
        loaded = load(config, db)
        number = read_number(spelling, NumberRules(loaded.settings.provider.region))
        told = [await _told(loaded, file, spelling, number) for file in _files(loaded, db, simulate=simulate)]
        if not any(told):
            raise _unknown(spelling, number)
        tell(number.e164 if isinstance(number, PhoneNumber) else spelling)
        tell(*(line for lines in told for line in lines))

    asyncio.run(go())


def _files(loaded: Loaded, db: Path | None, *, simulate: bool) -> list[Path]:
    simulated = database_of(loaded, db, simulate=True)
    wanted = dict.fromkeys([simulated] if simulate else [loaded.secrets.campaign_db, simulated])
    there = [file for file in wanted if file.exists()]
    if not there:
        raise UsageError(f"There is no database {next(iter(wanted))}.", "`campaign run LEADS.csv` makes one.")
    return there


async def _told(loaded: Loaded, database: Path, spelling: str, number: PhoneNumber | Unfit) -> list[str]:
    """What one database knows of the number, all of one instant."""
    async with wiring.reading(database) as books, books.snapshot() as still:
        if isinstance(number, Unfit):
            return rejections(await still.rejected_as([spelling]))
        known = await still.history(wiring.key_of(loaded, database).number_hash(number))
        rejected = await still.rejected_as([number.e164, spelling])
        simulated = any(lead.campaign.account.simulated for lead in known.leads)
        now = await wiring.today(still, simulated=simulated)
    policies = {lead.campaign.id: wiring.read_policy(lead.campaign.settings) for lead in known.leads}
    standing = Today(now, dialling=wiring.owner_of(database) is not None)
    return [*story(known, policies, standing), *rejections(rejected)]


def _unknown(spelling: str, number: PhoneNumber | Unfit) -> UsageError:
    if isinstance(number, Unfit):
        return UsageError(f"“{spelling}” is no phone number that can be called, and no list has it.", SPELLINGS)
    return UsageError(
        f"{number.e164} is on no list here and was never called.",
        "Is it the right database? `campaign list` shows what there is, --db names another.",
    )
