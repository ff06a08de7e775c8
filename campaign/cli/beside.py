"""`run` and `resume` beside a process that owns the database: hand the campaign over, and watch it.

It ends as the campaign does. Ctrl-C here stops only the watching.
"""

from collections.abc import Sequence
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
from campaign.engine.tasks import nursery
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
    policy = wiring.policy_of(wiring.stored(campaign))
    with progress.display(policy, policy.window.zone) as (show, every):
        ending = await _watch(owned, campaign, show, every)
    return await _finish(owned, campaign, ending)


async def resume_all(owned: Owned, campaigns: Sequence[CampaignRecord]) -> list[int]:
    """The owner dials all of them; the exit codes of how they ended."""
    for each in campaigns:
        await wiring.ask_owner(owned.owner, "dial", each.id, limit=None)
    say(f"Process {owned.owner.pid} dials them; Ctrl-C here stops only the watching.")
    with progress.displays({each.name: wiring.policy_of(wiring.stored(each)) for each in campaigns}) as (shows, every):
        async with nursery() as group:
            watched = [group.create_task(_watch(owned, each, shows[each.name], every)) for each in campaigns]
    return [await _finish(owned, each, task.result()) for each, task in zip(campaigns, watched, strict=True)]


async def _finish(owned: Owned, campaign: CampaignRecord, ending: Ending) -> int:
    found = Found(owned.loaded, owned.database, await _now(owned, campaign.id))
    async with wiring.reading(owned.database) as books, books.snapshot() as still:
        await results.finish(still, found, ending, Path("reports") / campaign.name)
    return results.EXIT[ending]


async def _watch(owned: Owned, campaign: CampaignRecord, show: progress.Show, every: timedelta) -> Ending:
    policy, clock = wiring.policy_of(wiring.stored(campaign)), RealClock()
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
