"""One test call: it is made now or not at all, obeys what every call obeys, and leaves nothing to dial later."""

from pathlib import Path
from typing import Any

import pytest

from campaign.core.attempt import Disposition, Refusal
from campaign.core.lead import CampaignState, LeadState, Outcome
from campaign.core.pace import Why
from campaign.engine.once import IN_DOUBT, LEFT, UNTOLD
from campaign.engine.run import REFUSED, Ending
from tests.builders import NOON, hours, minutes, seconds, window
from tests.integration.house import FREELY, House, a_house, in_doubt, refused
from tests.integration.once import calling

QUICK: dict[str, Any] = {"rate": FREELY, "max_attempts": 1}


async def _standing(house: House) -> tuple[CampaignState, str]:
    found = next(each for each in await house.books.campaigns() if each.id == house.campaign.id)
    return found.state, found.reason


async def _lead(house: House) -> tuple[LeadState, Outcome | None]:
    [lead] = await house.leads()
    return lead.state, lead.outcome


async def test_it_waits_for_the_end_and_the_price_and_is_over(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house, calling(house) as it:
        await it.placed(1)
        assert not it.end.done()
        await it.told(1, "busy")
        await it.passes(minutes(1), minutes(1))
        assert await it.over() is Ending.DONE
        assert await _standing(house) == (CampaignState.COMPLETED, "every lead is done")
        assert await _lead(house) == (LeadState.DONE, Outcome.BUSY)
        [attempt] = await house.attempts()
        assert (attempt.duration_sec, attempt.price) == (20, "0.55")


async def test_of_a_price_that_is_not_told_it_waits_no_longer_than_a_run(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house, calling(house) as it:
        await it.placed(1)
        await it.told(1)
        house.provider.shows.clear()
        await it.passes(house.policy.details_for - seconds(1))
        assert not it.end.done()
        await it.passes(seconds(1))
        assert await it.over() is Ending.DONE


async def test_outside_the_hours_nobody_is_called_now_nor_later(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK, window=window("14:00-21:00")) as house, calling(house) as it:
        assert await it.over() is Ending.PAUSED
        why = "not called: outside the calling hours, until Wed 04 Mar 14:00"
        assert await _standing(house) == (CampaignState.STOPPED, why)
        assert await _lead(house) == (LeadState.DONE, Outcome.CANCELED)
        assert not house.provider.placed


async def test_a_number_that_was_just_called_is_not_called(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, **QUICK) as house:
        await house.call()
        async with calling(house) as it:
            assert await it.over() is Ending.PAUSED
            state, why = await _standing(house)
            assert state is CampaignState.STOPPED
            assert why.startswith("not called: another call to this number is alive")
            assert not house.provider.placed


async def test_a_number_that_waits_in_a_paused_campaign_is_not_called(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, state=CampaignState.PAUSED, **QUICK) as house, calling(house) as it:
        assert await it.over() is Ending.PAUSED
        why = "not called: a campaign that this number is to be called in is paused"
        assert await _standing(house) == (CampaignState.STOPPED, why)
        assert not house.provider.placed


async def test_what_is_in_doubt_is_held_and_not_waited_for(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house:
        house.provider.answers.append(in_doubt())
        async with calling(house) as it:
            assert await it.over() is Ending.IN_DOUBT
            assert await _standing(house) == (CampaignState.STOPPED, IN_DOUBT)
            assert await _lead(house) == (LeadState.HELD, None)


async def test_an_end_that_nobody_tells_is_not_waited_for_for_ever(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house, calling(house) as it:
        await it.placed(1)
        await it.passes(*[minutes(1)] * 12)
        assert await it.over() is Ending.IN_DOUBT
        assert await _standing(house) == (CampaignState.STOPPED, UNTOLD)


@pytest.mark.parametrize(
    ("refusal", "ending", "why"),
    [
        (Refusal.ACCOUNT, Ending.ACCOUNT, f"{REFUSED}refused: account"),
        (Refusal.LATER, Ending.PAUSED, "not called: refused: later, until Wed 04 Mar 12:01"),
    ],
)
async def test_a_refusal_ends_it(tmp_path: Path, refusal: Refusal, ending: Ending, why: str) -> None:
    async with a_house(tmp_path, **QUICK) as house:
        house.provider.answers.append(refused(refusal))
        async with calling(house) as it:
            assert await it.over() is ending
            state, told = await _standing(house)
            assert (state, told.partition(", until")[0]) == (CampaignState.STOPPED, why.partition(", until")[0])
            assert await _lead(house) == (LeadState.DONE, Outcome.CANCELED)


async def test_a_number_that_the_provider_refuses_is_done(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house:
        house.provider.answers.append(refused(Refusal.DNC))
        async with calling(house) as it:
            assert await it.over() is Ending.DONE
            assert await _lead(house) == (LeadState.DONE, Outcome.DNC)


async def test_interrupted_while_it_waits_for_its_place_it_does_not_leave(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house, calling(house) as it:
        it.run.desk.pacer.pause(NOON + hours(1), Why.ASKED)
        await house.settle()
        it.run.interrupt()
        assert await it.over() is Ending.INTERRUPTED
        assert not house.provider.placed
        assert await _lead(house) == (LeadState.DONE, Outcome.CANCELED)


async def test_interrupted_while_the_call_is_alive_it_waits_no_longer(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house, calling(house) as it:
        await it.placed(1)
        it.run.interrupt()
        assert await it.over() is Ending.INTERRUPTED
        assert await _standing(house) == (CampaignState.STOPPED, LEFT)
        assert [each.attempt.disposition for each in await house.attempts()] == [None]


async def test_it_counts_for_its_number_in_every_campaign(tmp_path: Path) -> None:
    async with a_house(tmp_path, **QUICK) as house, calling(house) as it:
        await it.placed(1)
        assert [each.campaign for each in await house.live()] == [house.campaign.id]
        await it.told(1)
        [attempt] = await house.attempts()
        assert attempt.attempt.disposition is Disposition.COMPLETED
