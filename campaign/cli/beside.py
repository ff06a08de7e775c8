"""`run` and `resume` beside a process that owns the database: hand the campaign over, and watch it.

It ends as the campaign does. Ctrl-C here stops only the watching.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from campaign import wiring
from campaign.cli import listing, progress, results
from campaign.cli.console import say
from campaign.cli.places import Found
from campaign.core.lead import CampaignId, CampaignState
from campaign.core.records import CampaignRecord, Owner
from campaign.engine.clock import RealClock
from campaign.engine.feed import Pulse
from campaign.engine.foresight import Foresight
from campaign.engine.run import NOTHING_LEFT, REFUSED, Ending
from campaign.errors import CampaignError
from campaign.intake import Sheet
from campaign.settings import Loaded

DECLINED = 2
NOBODY = CampaignId(0)


@dataclass(frozen=True, slots=True)
class Owned:
    """A database that another process owns."""

    owner: Owner
    loaded: Loaded
    database: Path


@dataclass(frozen=True, slots=True)
class Handed:
    """A list that the owner has read and that was agreed to. `running`: it dials the campaign."""

    taken: "wiring.TakenIn"
    campaign: CampaignRecord
    running: bool


async def load(wish: listing.Wish, sheet: Sheet, owned: Owned, *, dial: bool) -> Handed | None:
    """The owner reads the list into the campaign; None where that was not agreed to. `dial`: to be dialled then."""
    say(f"Process {owned.owner.pid} holds {owned.database}: the list is handed over to it.")
    wanted = {"name": wish.name, "settings": wish.settings.model_dump(mode="json"), "dial": dial}
    wanted |= {"form": asdict(wish.form), "accept_rejects": wish.accept_rejects}
    told = await wiring.ask_owner_to_read(owned.owner, "load", NOBODY, wish.file.resolve(), **wanted)
    taken = wiring.TakenIn(**told)
    campaign = await _now(owned, taken.campaign)
    async with wiring.reading(owned.database) as books:
        course = await books.course(campaign.id)
    agreed = await listing.agreed(wish, sheet, taken, campaign, course)
    if not taken.import_id:
        return Handed(taken, campaign, running=False) if agreed else None
    answer = await wiring.ask_owner(
        owned.owner, "accept" if agreed else "discard", campaign.id, **{"import": taken.import_id}
    )
    return Handed(taken, campaign, answer["running"]) if agreed else None


async def run_list(wish: listing.Wish, sheet: Sheet, owned: Owned, limit: int | None) -> int:
    """The owner reads the list, dials it and is watched; the exit code of how that ended."""
    loaded = await load(wish, sheet, owned, dial=True)
    return await resume(owned, loaded.campaign, limit) if loaded else DECLINED


async def resume(owned: Owned, campaign: CampaignRecord, limit: int | None) -> int:
    """The owner dials it, if it does not already; the exit code of how that ended."""
    answer = await wiring.ask_owner(owned.owner, "dial", campaign.id, limit=limit)
    already = "dials it already" if answer["running"] else "dials it now"
    say(f"Process {owned.owner.pid} {already}; Ctrl-C here stops only the watching.")
    ending = await _watch(owned, campaign)
    found = Found(owned.loaded, owned.database, await _now(owned, campaign.id))
    async with wiring.reading(owned.database) as books, books.snapshot() as still:
        await results.finish(still, found, ending, Path("reports") / campaign.name)
    return results.EXIT[ending]


async def _watch(owned: Owned, campaign: CampaignRecord) -> Ending:
    policy = wiring.policy_of(wiring.stored(campaign))
    clock = RealClock()
    with progress.display(policy, policy.window.zone) as (show, every):
        async with wiring.reading(owned.database) as books:
            foresight = Foresight(campaign.id, policy, books, clock)
            while True:
                state = await _now(owned, campaign.id)
                now, tally = clock.now(), await books.tally(campaign.id)
                show(Pulse(now, tally, 0, "", None, await foresight.look(tally, now)))
                if ending := _ending(state):
                    return ending
                if wiring.owner_of(owned.database) is None:
                    raise CampaignError(
                        f"The process {owned.owner.pid} that was calling has ended before the campaign.",
                        f"`campaign resume {campaign.name}` goes on.",
                    )
                await clock.wait(clock.now() + max(every / 4, timedelta(seconds=0.25)))


async def _now(owned: Owned, campaign: CampaignId) -> CampaignRecord:
    async with wiring.reading(owned.database) as books:
        return next(each for each in await books.campaigns() if each.id == campaign)


def _ending(campaign: CampaignRecord) -> Ending | None:
    match campaign.state:
        case CampaignState.COMPLETED:
            return Ending.DONE
        case CampaignState.STOPPED:
            return Ending.STOPPED
        case CampaignState.PAUSED if campaign.reason.startswith(REFUSED):
            return Ending.ACCOUNT
        case CampaignState.PAUSED if campaign.reason == NOTHING_LEFT:
            return Ending.IN_DOUBT
        case CampaignState.PAUSED:
            return Ending.PAUSED
        case _:
            return None
