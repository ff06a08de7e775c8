"""How many calls a broken provider brings into doubt before none leaves any more: a bound, over hours and restarts."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaign import settings
from campaign.core.attempt import Refusal
from campaign.core.breaker import FIRST_WAIT, LONGEST_WAIT
from campaign.core.lead import PhoneNumber
from campaign.core.pace import Wait, Why
from campaign.core.records import CampaignRecord, NewImport, NewLead
from campaign.engine.tasks import beside
from campaign.settings import Loaded, Secrets
from campaign.wiring import floor
from campaign.wiring.house import House as RealHouse
from campaign.wiring.owner import Simulation, owning
from tests.builders import NOON, hours, minutes, policy, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, Answer, House, a_house, accepted, in_doubt, refused, sid

MOST, CHANNELS, MANY = policy().breaker, 8, 1000
BROKEN: dict[str, Callable[[datetime], Answer]] = {
    "a server error each time": in_doubt(server_error=True),
    "never an answer in time": in_doubt(),
}
ALL_AT_ONCE: dict[str, Any] = {"rate": FREELY, "channels": CHANNELS}
TRIES_IN_HALF_AN_HOUR = 6  # after 0.5, 1, 2, 4, 8 and 10 minutes, one after the other


async def _wait_is_over(house: House) -> None:
    house.clock.move(LONGEST_WAIT)
    await house.settle()


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
async def test_of_a_broken_provider_come_the_run_what_was_on_its_way_and_one_a_try(
    tmp_path: Path, broken: Callable[[datetime], Answer]
) -> None:
    async with a_house(tmp_path, leads=60, **ALL_AT_ONCE) as house:
        house.provider.answers.extend([broken] * MANY)
        async with going(house) as it:
            await it.placed(MOST)
            at_first = len(house.provider.placed)
            assert at_first <= MOST + CHANNELS
            await it.passes(*[seconds(30)] * 60)
            assert len(house.provider.placed) <= at_first + TRIES_IN_HALF_AN_HOUR
            for so_many in range(6):  # an hour
                before = len(house.provider.placed)
                await it.passes(LONGEST_WAIT / 2, LONGEST_WAIT / 2)
                assert len(house.provider.placed) <= before + 1, so_many


async def test_of_one_that_fails_every_second_call_come_hardly_more(tmp_path: Path) -> None:
    failed = list[datetime]()

    def fails(now: datetime) -> Answer:
        failed.append(now)
        return in_doubt(server_error=True)(now)

    async with a_house(tmp_path, leads=200, **ALL_AT_ONCE) as house:
        for number in range(MANY):
            house.provider.answers.extend([fails, accepted(sid(number))])
        async with going(house) as it:
            await it.placed(MOST)
            await it.passes(*[seconds(30)] * 60)
            assert len(failed) <= MOST + 1 + CHANNELS + TRIES_IN_HALF_AN_HOUR
            for so_many in range(6):  # an hour
                before = len(failed)
                await it.passes(LONGEST_WAIT / 2, LONGEST_WAIT / 2)
                assert len(failed) <= before + 1, so_many
            assert len(house.provider.placed) > 2 * len(failed) - 2, "between two of them calls were made"


async def test_a_good_answer_lets_the_others_go_on_one_at_a_time(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=12, rate=FREELY, channels=1) as house:
        house.provider.answers.extend([in_doubt(server_error=True)] * (MOST + 1))
        async with going(house) as it:
            await it.placed(1)
            for _ in range(MOST - 1):
                await it.passes(minutes(2))  # its channel is free
            assert len(house.provider.placed) == MOST
            assert it.run.desk.pacer.breaker.until == house.clock.now() + FIRST_WAIT
            await it.passes(minutes(2))
            assert len(house.provider.placed) == MOST + 1
            await it.passes(minutes(2))
            assert len(house.provider.placed) == MOST + 2
            assert it.run.desk.pacer.breaker.until is None
            await it.told(1)
            assert len(house.provider.placed) == MOST + 3


async def test_a_screen_says_why_nobody_is_called(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=20, **ALL_AT_ONCE) as house:
        house.provider.answers.extend([in_doubt(server_error=True)] * MANY)
        async with going(house) as it:
            await it.placed(MOST)
            await it.passes(minutes(2))  # the first try has failed, the channels are free again
            pulse = await it.run.pulse()
            assert (pulse.saying, pulse.until) == (str(Why.TROUBLE), NOON + minutes(3))


async def test_look_ups_go_on_meanwhile(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=20, **ALL_AT_ONCE) as house:
        house.provider.answers.extend([in_doubt()] * MANY)
        async with going(house) as it:
            await it.placed(MOST)
            asked = len(house.provider.listings)
            await it.passes(hours(1))
            assert len(house.provider.listings) > asked


async def test_a_failed_connection_is_no_doubt_and_no_answer(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=20, rate=FREELY, channels=1) as house:
        house.provider.answers.extend([refused(Refusal.NO_CONNECTION)] * MOST)
        async with going(house) as it:
            await it.placed(1)
            for _ in range(MOST):
                await it.passes(seconds(30))
            assert len(house.provider.placed) == MOST + 1
            assert it.run.desk.pacer.breaker.failed == 0


async def test_a_restart_forgets_nothing_of_it(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=60, **ALL_AT_ONCE) as house:
        house.provider.answers.extend([in_doubt(server_error=True)] * MANY)
        async with going(house) as it:
            await it.placed(MOST)
        before = len(house.provider.placed)
        for _ in range(5):  # each time after the channels are free again, and the wait is over
            await _wait_is_over(house)
            await house.store.recover(house.clock.now())
            async with going(house) as it:
                await it.placed(before + 1)
                await it.passes(seconds(1))
                assert len(house.provider.placed) == before + 1
                assert isinstance(it.run.desk.pacer.breaker.decide(house.clock.now()), Wait)
            before += 1


async def test_after_a_crash_one_call_finds_out_at_once_and_alone_whether_there_are_answers(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=60, **ALL_AT_ONCE) as house:
        house.provider.open.clear()
        async with going(house) as it:
            await it.placed(CHANNELS)
        for crashes in (1, 2, 3):
            house.clock.move(minutes(7))  # the channels are free
            await house.store.recover(house.clock.now())
            async with going(house) as it:
                await it.placed(CHANNELS + crashes)
                assert len(house.provider.placed) == CHANNELS + crashes
        house.clock.move(minutes(7))
        house.provider.open.set()
        await house.store.recover(house.clock.now())
        async with going(house) as it:
            await it.placed(CHANNELS + 3 + 2)
            assert it.run.desk.pacer.breaker.until is None


RULES: dict[str, Any] = {
    "provider": {"caller_id": "08012300000", "flow_url": "http://my.exotel.com/simulated/exoml/start_voice/1"},
    "pace": {"channels": CHANNELS},
    "window": {"hours": "00:00-24:00"},
}


@pytest.mark.soak  # its calls take real seconds, which a quick clock multiplies
@pytest.mark.parametrize("fault", ["error_503", "error_500_placed", "answer_lost"])
async def test_so_it_is_with_the_simulator_and_the_client_in_between(tmp_path: Path, fault: str) -> None:
    (tmp_path / "town.toml").write_text(f"[faults]\n{fault} = 1\n")
    loaded = Loaded(settings.parse(RULES, "the test"), Secrets(), None)
    simulation = Simulation(speed=120, town=tmp_path / "town.toml")
    async with owning(loaded, tmp_path / "campaign.db", make=True, simulation=simulation) as house:
        campaign = await house.open("spring", loaded.settings)
        begun = await house.store.begin_import(
            NewImport(campaign.id, "a.csv", "0" * 64, ("phone",), "phone", house.clock.now())
        )
        assert isinstance(begun, int)
        numbers = [PhoneNumber(f"+9198123{number:05d}") for number in range(1, 101)]
        await house.store.add_lines(begun, [NewLead(line, each, ("",)) for line, each in enumerate(numbers, 2)])
        await house.store.finish_import(begun, house.clock.now())
        began = house.clock.now()
        async with beside(_dialled(house, campaign)):
            while not (sent := await _sent_at(house, campaign)) or sent[-1] <= began + minutes(40):
                await house.clock.wait(house.clock.now() + minutes(1))
        assert len([at for at in sent if at <= began + minutes(30)]) <= MOST + CHANNELS + TRIES_IN_HALF_AN_HOUR
        assert len([at for at in sent if at > began + minutes(30)]) <= (sent[-1] - began) / LONGEST_WAIT


async def _sent_at(house: RealHouse, campaign: CampaignRecord) -> list[datetime]:
    attempts = [each.attempt async for chunk in house.books.attempts(campaign.id) for each in chunk]
    return sorted(each.sent_at for each in attempts if each.sent_at)


async def _dialled(house: RealHouse, campaign: CampaignRecord) -> None:
    await floor.dial(house, campaign, limit=None, show=lambda _: None, every=seconds(1))
