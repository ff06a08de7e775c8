"""Which database a command means, and which campaign in it."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from campaign import wiring
from campaign.core.lead import CampaignState
from campaign.core.records import CampaignRecord
from campaign.errors import UsageError
from campaign.settings import Loaded, load

FINISHED = {CampaignState.COMPLETED, CampaignState.STOPPED}


@dataclass(frozen=True, slots=True)
class Found:
    """A campaign and where it lives."""

    loaded: Loaded
    database: Path
    campaign: CampaignRecord

    @property
    def simulated(self) -> bool:
        return self.campaign.account.simulated

    @property
    def flags(self) -> str:
        """What another command needs to find it again."""
        simulated = " --simulate" if self.simulated else ""
        usual = wiring.SIMULATED_DB if self.simulated else Path("campaign.db")
        elsewhere = "" if self.database == usual else f" --db {shlex.quote(str(self.database))}"
        return f"{shlex.quote(self.campaign.name)}{simulated}{elsewhere}"


def database_of(loaded: Loaded, db: Path | None, *, simulate: bool) -> Path:
    """The file a command is about; simulated campaigns have one of their own."""
    if db or not simulate:
        return loaded.secrets.campaign_db
    return loaded.secrets.campaign_db.with_name(wiring.SIMULATED_DB.name)


def name_of(leads: Path) -> str:
    """What the campaign of a list is called unless it is named."""
    return Path(leads.stem).stem if leads.suffix == ".gz" else leads.stem


async def campaign_named(name: str, database: Path | None) -> CampaignRecord | None:
    """None where it, or the database, is not there yet."""
    if database is None:
        return None
    async with wiring.reading(database) as books:
        return next((each for each in await books.campaigns() if each.name == name), None)


async def everything(loaded: Loaded, db: Path | None) -> list[Found]:
    """All campaigns of the database, test calls too, and, unless one was named, of the simulated one beside it."""
    files = [loaded.secrets.campaign_db]
    if db is None:
        files.append(database_of(loaded, None, simulate=True))
    found = []
    for file in dict.fromkeys(files):
        if file.exists():
            async with wiring.reading(file) as books:
                found += [Found(loaded, file, campaign) for campaign in await books.campaigns()]
    return found


async def find(
    name: str | None, *, simulate: bool, config: Path | None, db: Path | None, bring_up_to_date: bool = False
) -> Found:
    """The campaign of that name; without one the only one, or the only unfinished one. Raises UsageError.

    `bring_up_to_date`: a database of an older version is migrated first.
    """
    loaded = load(config, db)
    database = database_of(loaded, db, simulate=simulate)
    if bring_up_to_date and database.exists():
        wiring.bring_up_to_date(database)
    there = [each for each in await everything(loaded, db) if each.simulated or not simulate]
    there = [each for each in there if not each.campaign.test_call or each.campaign.name == name]
    if not there:
        nothing_kept = "" if database.exists() else " A rehearsal (--speed max) leaves nothing but its report."
        raise UsageError(f"There is no campaign in {database}.", f"`campaign run LEADS.csv` makes one.{nothing_kept}")
    wanted = [each for each in there if name in (None, each.campaign.name)]
    if not wanted:
        raise UsageError(f"There is no campaign {name}.", f"There are: {_names(there)}.")
    return _only(wanted, name)


def _only(wanted: Sequence[Found], name: str | None) -> Found:
    unfinished = [each for each in wanted if each.campaign.state not in FINISHED]
    real = [each for each in wanted if not each.simulated]
    for choice in (wanted, real if name else [], unfinished):
        if len(choice) == 1:
            return choice[0]
    raise UsageError("There are several campaigns.", f"Say which: {_names(wanted)}.")


def _names(found: Sequence[Found]) -> str:
    return ", ".join(sorted(each.flags for each in found))
