"""How a run begins: on what is on disk, and on nothing else."""

from datetime import timedelta
from pathlib import Path

from campaign.core.lead import CampaignState
from campaign.core.pace import Wait as Waits
from campaign.core.pace import Why
from campaign.core.policy import Rate
from campaign.engine.run import Ending
from tests.builders import NOON, hours, minutes, seconds
from tests.integration.going import TOLD, going
from tests.integration.house import FREELY, a_house, ending, report, sid


async def test_a_start_takes_up_the_pace_of_what_is_on_disk(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=5, rate=Rate(3, minutes(1))) as house:
        account = house.campaign.account_id
        noted = await house.store.note_request(account, NOON - seconds(50))
        await house.store.note_answer(noted, NOON - seconds(45))
        await house.call(1)
        async with going(house) as it:  # two of the three places are taken; the look-up at start takes the third
            await house.settle()
            await it.passes(seconds(14))
            assert (house.provider.asked, house.provider.placed) == ([(sid(1),)], [])
            await it.passes(seconds(6))  # the request of 45 seconds before noon has left the window
            assert len(house.provider.placed) == 1
            await it.passes(seconds(20), seconds(19))
            assert it.run.desk.pacer.waits_for == Waits(NOON + minutes(1), Why.WINDOW)
            assert len(house.provider.placed) == 1
            await it.passes(seconds(1))
            assert len(house.provider.placed) == 2


async def test_a_start_knows_what_has_just_left_even_if_the_clock_was_set_ahead_since(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=5, rate=Rate(3, minutes(1))) as house:
        await house.run().desk.pacer.take_up(house.campaign.account_id, house.store, house.books)
        for _ in range(3):
            noted = await house.store.note_request(house.campaign.account_id, NOON)
            await house.store.note_answer(noted, NOON)
        house.clock.move(seconds(10))
        house.clock.set_ahead(minutes(2))
        async with going(house) as it:
            await it.passes(seconds(30), seconds(19))
            assert (house.provider.listings, house.provider.placed) == ([], [])
            assert it.run.desk.pacer.waits_for == Waits(house.clock.now() + seconds(1), Why.WINDOW)
            await it.passes(seconds(1))
            assert len(house.provider.listings) + len(house.provider.placed) == 1


async def test_a_restart_never_makes_more_requests_than_the_rate_allows(tmp_path: Path) -> None:
    rate = Rate(3, minutes(1))
    async with a_house(tmp_path, leads=9, rate=rate) as house:
        left_at: list[timedelta] = []
        for _ in range(2):
            async with going(house):
                for _ in range(4):
                    before = len(house.provider.placed) + len(house.provider.asked)
                    house.clock.move(seconds(10))
                    await house.settle()
                    now = len(house.provider.placed) + len(house.provider.asked)
                    left_at += [house.clock.now() - NOON] * (now - before)
            await house.store.recover(house.clock.now())
        assert len(left_at) >= 3
        for first, fourth in zip(left_at, left_at[rate.requests :], strict=False):
            assert fourth - first >= rate.period


async def test_a_start_counts_the_calls_alive_as_channels(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY, channels=1) as house:
        await house.call()
        async with going(house) as it:
            await it.passes(house.policy.longest_call - seconds(1))
            assert house.provider.placed == []
            await it.passes(seconds(1))
            await it.placed(1)


async def test_a_finished_campaign_that_is_taken_up_again_asks_for_late_prices_once(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house:
        call = await house.call()
        await house.callback(call.public_id, ending(sid(1)))
        await house.desk().callbacks.step(NOON)
        house.clock.move(hours(48))
        await house.move_to(CampaignState.COMPLETED)
        house.provider.shows[sid(1)] = report(sid(1), **TOLD)
        async with going(house) as it:
            assert await it.over() is Ending.DONE
        assert house.provider.asked == [(sid(1),)]
        assert (await house.attempts())[0].price == "0.55"


async def test_new_leads_of_a_finished_campaign_get_their_prices_like_all_others(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house:
        await house.move_to(CampaignState.COMPLETED)
        async with going(house) as it:
            await it.placed(1)
            await it.told(1)
            house.provider.shows[sid(1)] = report(sid(1))  # the price is not known yet
            await house.settle()
            await it.passes(minutes(2))
            assert not it.end.done()
            house.provider.shows[sid(1)] = report(sid(1), **TOLD)
            await it.passes(minutes(1))
            assert await it.over() is Ending.DONE
        assert (await house.attempts())[0].price == "0.55"
