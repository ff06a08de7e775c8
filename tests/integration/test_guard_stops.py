"""What stops a run before its list is spent."""

from decimal import Decimal
from pathlib import Path
from typing import Any

from campaign.core.call import Balance, LookUpFailed
from campaign.core.failing import FailedLimit
from campaign.core.lead import CampaignState, LeadState
from campaign.core.policy import Rate
from campaign.engine.run import Ending
from tests.builders import NOON, hours, minutes, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, a_house, ending, sid

HALF_OF_FOUR = FailedLimit(0.5, 4)


async def test_a_run_whose_calls_fail_ends_paused_with_most_of_its_list_untouched(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=20, rate=FREELY, channels=2, pause_if_failed=HALF_OF_FOUR) as house:
        async with going(house) as it:
            for number in range(1, 7):
                await it.placed(number)
                if await house.state() is CampaignState.PAUSED:
                    break
                await it.told(number, "failed")
            await it.told(5, "failed")
            assert await it.over() is Ending.PAUSED
        assert len(house.provider.placed) == 5  # the four, and the one beside the last of them
        states = [lead.state for lead in await house.leads()]
        assert states.count(LeadState.PENDING) == 15
        assert await house.state() is CampaignState.PAUSED
        house.campaign = (await house.books.campaigns())[0]
        async with going(house) as it:  # and its people may go on
            await it.placed(7)


async def test_after_a_start_the_rate_rises_and_the_run_says_so(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=40, rate=Rate(60, minutes(1)), ramp=minutes(10)) as house, going(house) as it:
        await house.settle()  # the provider's list is asked for first
        await it.passes(*[seconds(1)] * 10)
        assert len(house.provider.placed) == 1
        pulse = await it.run.pulse()
        assert (pulse.saying, pulse.until) == ("the rate rises: 6/min, all of it", NOON + minutes(10) + seconds(1))
        await it.passes(*[seconds(1)] * 2)
        assert len(house.provider.placed) == 2
        await it.passes(minutes(10), seconds(1), seconds(1))
        assert len(house.provider.placed) > 3
        assert not (await it.run.pulse()).saying


async def test_the_first_calls_go_out_alone_and_when_they_went_well_the_others_follow(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=6, rate=FREELY, canary=2) as house, going(house) as it:
        await it.placed(2)
        assert (await it.run.pulse()).saying == "the first 2 calls show whether it goes on"
        await it.told(1)
        await it.passes(minutes(1))
        assert len(house.provider.placed) == 2
        await it.told(2, "busy")
        await it.placed(6)
        pulse = await it.run.pulse()
        assert (pulse.note, pulse.saying) == ("of the first 2 calls: 1 answered, 1 busy", "")


async def test_when_the_first_calls_fail_it_ends_paused_and_a_resume_makes_the_others(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=6, rate=FREELY, canary=2, pause_if_failed=HALF_OF_FOUR) as house:
        async with going(house) as it:
            await it.placed(2)
            await it.told(1, "failed")
            await it.told(2, "failed")
            assert await it.over() is Ending.PAUSED
        assert len(house.provider.placed) == 2
        house.campaign = (await house.books.campaigns())[0]
        assert house.campaign.reason.startswith("of the first 2 calls: 2 failed; look at")
        async with going(house) as it:
            await it.placed(6)


async def test_a_pause_that_follows_from_what_a_start_takes_up_stands(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=6, rate=FREELY, canary=1, pause_if_failed=HALF_OF_FOUR) as house:
        attempt = await house.call(1)
        await house.callback(attempt.public_id, ending(sid(1), "failed"))
        async with going(house) as it:
            assert await it.over() is Ending.PAUSED
        assert house.provider.placed == []


async def test_with_too_little_money_nothing_is_begun_and_after_a_top_up_it_is(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY, min_balance=Decimal(500)) as house:
        house.provider.money = Decimal("87.2")
        async with going(house) as it:
            assert await it.over() is Ending.PAUSED
        assert house.provider.placed == []
        house.campaign = (await house.books.campaigns())[0]
        assert house.campaign.reason == "the account has INR 87.20 left, less than min_balance 500: top it up"
        house.provider.money = Decimal(500)
        async with going(house) as it:
            await it.placed(3)


async def test_the_balance_is_asked_for_now_and_then_and_pauses_a_run_on_its_way(tmp_path: Path) -> None:
    rules: dict[str, Any] = {"rate": FREELY, "channels": 1, "time_limit": hours(1), "min_balance": Decimal(500)}
    async with a_house(tmp_path, leads=3, **rules) as house:
        async with going(house) as it:
            await it.placed(1)
            await it.passes(minutes(5))
            assert house.provider.balances_asked == 1
            house.provider.money = Decimal(-3)
            await it.passes(minutes(5))
            await it.told(1)
            assert await it.over() is Ending.PAUSED
        assert len(house.provider.placed) == 1


async def test_a_balance_that_is_not_told_stops_nothing_and_is_said(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY, min_balance=Decimal(500)) as house, going(house) as it:
        house.provider.failures.append(LookUpFailed("unexpected answer 404"))
        house.provider.failures.append(LookUpFailed("unexpected answer 404"))
        await it.placed(3)
        assert (await it.run.pulse()).saying == "the account's balance is not told; asking again"


async def test_nobody_asks_for_a_balance_unless_told_to(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY) as house, going(house) as it:
        await it.placed(3)
        assert house.provider.balances_asked == 0


async def test_campaigns_of_one_account_ask_for_it_once_a_minute(tmp_path: Path) -> None:
    async with a_house(tmp_path) as house:
        desk = house.desk()
        async with desk.open() as group:
            asked = [group.create_task(desk.enquiry.balance()) for _ in range(3)]
            assert [await each for each in asked] == [Balance(Decimal(1000), "INR")] * 3
            assert house.provider.balances_asked == 1
            house.clock.move(minutes(1))
            await desk.enquiry.balance()
            assert house.provider.balances_asked == 2
