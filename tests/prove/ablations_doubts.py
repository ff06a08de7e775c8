"""Ablations of what settles a doubt: real steps and a real ledger, and a provider whose list is late, or blind."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from campaign.core import doubt
from campaign.core.attempt import Disposition, ResolvedBy
from campaign.core.events import Ended
from campaign.core.records import Happened
from campaign.engine import doubts
from campaign.engine.doubts import Doubts
from campaign.engine.enquiry import Enquiry
from tests.builders import minutes, seconds
from tests.integration.house import FREELY, House, a_house, in_doubt, sid
from tests.integration.test_doubts import AGAIN, LONGEST, OVER, at_the_desk, doubting, listed, step, told
from tests.prove.ablations_kit import Ablation, around, here, swapped

PLACED = "C5: proved never placed, and its call was there"


async def _proved_wrongly(house: House, place: int = 0) -> Sequence[str]:
    """The doubtful request did ring a phone, in every scene."""
    doubtful = (await house.attempts())[place].attempt
    return [PLACED] * (doubtful.disposition is Disposition.NOT_PLACED)


@here
async def list_is_late(folder: Path) -> Sequence[str]:
    """The call stands in the list only after it was asked for once; one of ours stands there from the beginning."""
    async with doubting(folder) as (house, desk):
        for at in (OVER, OVER, OVER + seconds(1)):
            await step(house, desk, at)
        house.provider.listed.append(listed(7))
        await step(house, desk, AGAIN)
        return await _proved_wrongly(house)


@here
async def list_is_empty(folder: Path) -> Sequence[str]:
    """The list shows no call at all, for hours."""
    async with doubting(folder) as (house, desk):
        house.provider.listed.clear()
        for hour in range(6):
            await step(house, desk, AGAIN + minutes(60 * hour))
        return await _proved_wrongly(house)


@here
async def clock_was_set(folder: Path) -> Sequence[str]:
    """Our clock is set ahead by two hours meanwhile: the list is asked for another time of day."""
    async with a_house(folder, leads=3, rate=FREELY) as house:
        await house.call(5, told(5))
        house.clock.move(minutes(1))
        await house.call(answer=in_doubt())
        house.clock.move(minutes(121))
        call = await house.call(3, told(3, "12:02:00"))
        over = Ended(house.clock.now() + seconds(10), Disposition.COMPLETED, "completed", ResolvedBy.POLL, sid(3))
        await house.store.record([Happened(call.attempt.id, over)])
        house.provider.listed = [listed(7, to=2, created="12:01:01"), listed(3, to=3, created="12:02:00")]
        async with at_the_desk(house) as desk:
            for hour in range(3, 9):
                await step(house, desk, OVER + minutes(60 * hour))
        return await _proved_wrongly(house, 1)


@here
async def asked_at_once(folder: Path) -> Sequence[str]:
    """While the call is alive it is not in the list."""
    async with doubting(folder) as (house, desk):
        await step(house, desk, OVER - minutes(4))
        early = len(house.provider.listings)
        return ["C5: asked while the call may be alive, when its absence proves nothing"] * bool(early)


@here
async def an_earlier_call(folder: Path) -> Sequence[str]:
    """The same number was called a minute before by another campaign: that call is not the doubtful one."""
    async with a_house(folder, rate=FREELY, min_gap=seconds(0)) as house:
        first = house.campaign
        house.campaign = await house.store.open_campaign("earlier", first.account, {}, house.clock.now())
        await house.store.set_state(house.campaign.id, first.state, "", house.clock.now())
        await house.load(1)
        call = await house.call(7, told(7))
        over = Ended(house.clock.now(), Disposition.BUSY, "busy", ResolvedBy.CALLBACK, sid(7))
        await house.store.record([Happened(call.attempt.id, over)])
        house.clock.move(minutes(1))
        house.campaign = first
        await house.load(1)
        await house.call(answer=in_doubt())
        house.provider.listed = [listed(7), listed(8, created="12:01:01")]
        async with at_the_desk(house) as desk:
            for _ in range(2):
                await step(house, desk, OVER + minutes(1) + LONGEST)
        owned = await house.books.owned([sid(8)])
        return [] if owned else ["D7: the one call that no attempt owned is still nobody's, and its lead is held"]


async def _yes(*_: Any) -> bool:
    return True


def _all(found: Sequence[Any], _owned: object) -> list[Any]:
    return list(found)


def _impatient(next_step: Any) -> Any:
    """The call is believed to be over when it has rung."""
    return lambda attempt, asked, policy: next_step(attempt, asked, replace(policy, time_limit=seconds(1)))


ABLATIONS = (
    Ablation("one negative enough", swapped(doubt, "NEGATIVES_NEEDED", 1), list_is_late, "C5"),
    Ablation("no control call", swapped(Doubts, "_controlled", _yes), list_is_empty, "C5"),
    Ablation("asked before the call must be over", around(doubts, "next_step", _impatient), asked_at_once, "C5"),
    Ablation("a clock that was set not noticed", swapped(Enquiry, "steady_since", _yes), clock_was_set, "C5"),
    Ablation("calls of other attempts not left out", swapped(doubts, "fitting", _all), an_earlier_call, "D7"),
)
