"""How dialling stops: the limit, a pause, a stop; what is in hand is given back, what has left is answered."""

import asyncio
from pathlib import Path

from campaign.core.attempt import Refusal
from campaign.core.lead import CampaignState, LeadState
from campaign.core.pace import Why
from campaign.core.policy import Rate
from campaign.engine.tasks import nursery
from tests.builders import NOON, hours, minutes, seconds
from tests.integration.house import House, a_house, dialling, refused

FAST = Rate(6000, minutes(1))  # an interval of 10 ms


async def states(house: House) -> list[LeadState]:
    return [lead.state for lead in await house.leads()]


async def test_no_more_leads_than_the_limit_are_taken(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=5, rate=FAST) as house, dialling(house, run := house.run(limit=2)):
        await run.dialer.step(NOON)
        assert run.dialer.used_up
        assert run.dialer.dialling  # what waits in the queue is in hand too
        for _ in range(3):
            house.clock.move(seconds(1))
            await house.settle()
            await run.dialer.step(house.clock.now())
        assert len(house.provider.placed) == 2
        assert not run.dialer.dialling


async def test_a_lead_that_was_given_back_is_not_counted_against_the_limit(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=5, rate=FAST) as house:
        run = house.run(limit=2)
        await run.dialer.step(NOON)
        await run.dialer.stop()
        assert not run.dialer.used_up


async def test_a_call_that_was_not_placed_is_not_counted_against_the_limit(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FAST) as house, dialling(house, run := house.run(limit=1)):
        house.provider.answers.append(refused(Refusal.LATER))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        assert not run.dialer.used_up


async def test_stop_gives_everything_in_hand_back(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=6, channels=1, rate=FAST) as house, dialling(house, run := house.run(), 3):
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()  # one is called, two wait for the channel, three are in the queue
        await run.dialer.stop()
        assert await states(house) == [LeadState.IN_FLIGHT] + [LeadState.PENDING] * 5
        assert [row["state"] for row in await house.rows("attempt")] == ["accepted"]
        assert (len(run.dialer.queue), run.dialer.dialling) == (0, False)


async def test_stop_sends_home_who_waits_for_a_place_in_the_rate(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2) as house, dialling(house, run := house.run()):
        run.desk.pacer.pause(NOON + hours(1), Why.ASKED)
        await run.dialer.step(NOON)
        await house.until(lambda: run.desk.pacer.waits_for)
        await run.dialer.stop()
        assert await states(house) == [LeadState.PENDING] * 2
        house.clock.move(hours(1))
        await house.settle()
        assert house.provider.placed == []


async def test_stop_takes_back_a_place_that_was_just_given(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, nursery() as group:
        run = house.run()
        working = group.create_task(run.dialer.work())
        await run.dialer.step(NOON)
        await house.settle()  # it waits for a place
        run.desk.pacer.step(NOON)
        run.desk.pacer.grant(NOON)
        await run.dialer.stop()  # the campaign runs on in the ledger: only this process stops
        assert house.provider.placed == []
        assert await states(house) == [LeadState.PENDING]
        assert run.desk.pacer.pace.used == 0
        working.cancel()


async def test_stop_returns_only_when_what_has_left_is_answered(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()), nursery() as group:
        house.provider.open.clear()
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        stopping = group.create_task(run.dialer.stop())
        await house.settle()
        assert not stopping.done()
        house.provider.open.set()
        await stopping
        assert (await house.rows("attempt"))[0]["state"] == "accepted"


async def test_leads_that_are_claimed_while_it_stops_are_given_back(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3) as house, nursery() as group:
        run = house.run()
        claiming = group.create_task(run.dialer.step(NOON))
        while not house.store.busy:
            await asyncio.wait([claiming], timeout=0)
        await run.dialer.stop()
        assert await states(house) == [LeadState.PENDING] * 3
        assert await house.rows("attempt") == []
        assert len(run.dialer.queue) == 0


async def test_a_pause_that_returned_lets_no_request_leave(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FAST) as house, dialling(house, run := house.run()):
        house.provider.open.clear()
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        async with nursery() as group:
            pausing = group.create_task(run.pause())
            await house.until(lambda: run.dialer.stopped)
            assert not pausing.done()  # a request is on its way
            house.provider.open.set()
        house.clock.move(hours(1))
        await house.settle()
        assert await run.dialer.step(house.clock.now()) is None
        assert len(house.provider.placed) == 1
        assert await house.state() is CampaignState.PAUSED
        assert await states(house) == [LeadState.IN_FLIGHT, LeadState.PENDING, LeadState.PENDING]


async def test_a_pause_written_by_another_command_is_seen_in_the_sending_commit(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        await house.store.set_state(house.campaign.id, CampaignState.PAUSED, "", NOON)
        await run.dialer.step(NOON)
        await house.settle()
        assert house.provider.placed == []
        [lead] = await house.leads()
        assert (lead.state, lead.due_at, lead.reason) == (LeadState.PENDING, NOON, "the campaign is paused")


async def test_a_campaign_that_is_being_stopped_stays_so_when_the_account_is_refused(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()), nursery() as group:
        house.provider.open.clear()
        house.provider.answers.append(refused(Refusal.ACCOUNT))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        stopping = group.create_task(run.stop())
        await house.until(lambda: run.dialer.stopped)
        house.provider.open.set()
        await stopping
        assert await house.state() is CampaignState.DRAINING
