"""Calls whose end nobody told: asked for in bulk or by name, at growing gaps, and in the end held."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from campaign.core.attempt import AttemptId, Disposition, Refusal, ResolvedBy
from campaign.core.call import LookUpFailed
from campaign.core.lead import CampaignId, CampaignState, LeadState, Outcome
from campaign.core.pace import Wait, Why
from campaign.core.policy import Rate
from campaign.engine.run import Run
from campaign.engine.tasks import nursery
from tests.builders import NOON, minutes, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, House, a_house, counted, dialling, in_doubt, refused, report, sid

END = NOON + timedelta(minutes=6, seconds=30)
"""The latest end of a call that is made at noon."""


async def step(house: House, run: Run, now: datetime) -> datetime | None:
    house.clock.move(now - house.clock.now())
    return await run.desk.recovery.step(now)


# --- without callbacks: all of them, in bulk -----------------------------------------------------------------------


async def test_without_callbacks_every_call_alive_is_asked_for_every_few_seconds(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=2, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        await house.call(1)
        await house.call(2)
        assert await step(house, run, NOON) == NOON + seconds(10)
        assert house.provider.asked == []
        assert await step(house, run, NOON + seconds(9)) == NOON + seconds(10)
        assert await step(house, run, NOON + seconds(10)) == NOON + seconds(20)
        assert house.provider.asked == [(sid(1), sid(2))]
        assert await step(house, run, NOON + seconds(20)) == NOON + seconds(30)
        assert len(house.provider.asked) == 2


async def test_what_the_bulk_list_tells_ends_the_calls_it_names_and_no_others(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=3, callbacks=False, rate=FREELY, channels=3) as house,
        dialling(house, run := house.run()),
    ):
        for number in (1, 2, 3):
            await house.call(number)
        house.provider.shows = {sid(1): report(sid(1), Disposition.BUSY), sid(3): report(sid(3), None)}
        await step(house, run, NOON + seconds(10))
        first, second, third = (each.attempt for each in await house.attempts())
        assert (first.disposition, first.resolved_by) == (Disposition.BUSY, ResolvedBy.POLL)
        assert first.ended_at == NOON + seconds(10)
        assert second.alive
        assert third.alive  # it is shown, but not over


async def test_a_call_that_the_list_ends_frees_its_channel(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=2, callbacks=False, rate=FREELY, channels=1) as house,
        dialling(house, run := house.run()),
    ):
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        house.provider.shows[sid(1)] = report(sid(1))
        await step(house, run, NOON + seconds(10))
        await house.until(lambda: len(house.provider.placed) == 2)


async def test_at_most_a_hundred_calls_are_asked_for_in_one_request(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=101, callbacks=False, rate=FREELY, channels=200) as house,
        dialling(house, run := house.run()),
    ):
        for number in range(1, 102):
            await house.call(number)
        house.provider.shows[sid(101)] = report(sid(101))
        await step(house, run, NOON + seconds(10))
        assert [len(asked) for asked in house.provider.asked] == [100, 1]
        assert len(await house.live()) == 100


async def test_a_call_in_doubt_has_no_name_to_ask_for(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        await house.call(answer=in_doubt())
        assert await step(house, run, NOON + minutes(60)) is None
        assert house.provider.asked == []
        assert (await house.leads())[0].state is LeadState.HELD


async def test_one_more_call_is_no_reason_to_read_all_calls_alive_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        a_house(tmp_path, leads=3, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        await house.call(1)
        assert await step(house, run, NOON) == NOON + seconds(10)
        read = counted(monkeypatch, "live_calls")
        await house.call(2)
        await house.call(3)
        assert await step(house, run, NOON + seconds(5)) == NOON + seconds(10)
        assert not read
        await step(house, run, NOON + seconds(10))
        assert house.provider.asked == [(sid(1), sid(2), sid(3))]
        assert read


async def test_the_first_call_after_a_silence_is_asked_for_as_soon_as_any_other(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        assert await step(house, run, NOON) is None
        await house.call(1)
        assert await step(house, run, NOON + minutes(1)) == NOON + minutes(1) + seconds(10)
        await step(house, run, NOON + minutes(1) + seconds(10))
        assert house.provider.asked == [(sid(1),)]


# --- with callbacks, and always: by name, after the latest end ------------------------------------------------------


async def test_with_callbacks_nobody_asks_before_a_call_has_been_silent_for_long(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        assert await step(house, run, NOON) == END + minutes(2)
        assert await step(house, run, END + seconds(119)) == END + minutes(2)
        assert house.provider.asked == []
        house.provider.shows[sid(1)] = report(sid(1), Disposition.NO_ANSWER)
        assert await step(house, run, END + minutes(2)) is None
        assert house.provider.asked == [sid(1)]
        assert (await house.attempts())[0].attempt.disposition is Disposition.NO_ANSWER


async def test_a_silent_call_is_asked_for_at_growing_gaps(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY, settle_for=minutes(60)) as house:
        async with dialling(house, run := house.run()):
            await house.call()
            again = await step(house, run, NOON)
            asked_at = []
            for _ in range(4):
                assert again is not None
                asked_at.append(again - END)
                again = await step(house, run, again)
        assert asked_at == [minutes(2), minutes(4), minutes(8), minutes(16)]
        assert len(house.provider.asked) == 4


async def test_without_callbacks_a_silent_call_leaves_the_bulk_list_for_the_same_gaps(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        await house.call()
        await step(house, run, END + minutes(1))
        await step(house, run, END + minutes(2))
        await step(house, run, END + minutes(2) + seconds(30))
        assert house.provider.asked == [(sid(1),), sid(1)]


async def test_a_call_whose_end_nobody_tells_is_held(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        await step(house, run, END + minutes(30) - seconds(1))
        assert (await house.leads())[0].state is LeadState.IN_FLIGHT
        run.bell.clear()
        assert await step(house, run, END + minutes(30)) is None
        [lead] = await house.leads()
        assert (lead.state, lead.reason) == (LeadState.HELD, "its end was never told")
        assert run.bell.is_set()
        await step(house, run, END + minutes(31))
        assert [row["kind"] for row in await house.rows("event")].count("silent") == 1


async def test_a_silent_call_is_held_in_time_however_long_the_gaps_are(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        for minute in (2, 4, 8):
            await step(house, run, END + minutes(minute))
        assert await step(house, run, END + minutes(16)) == END + minutes(30)


async def test_a_held_call_that_is_told_of_after_all_is_no_longer_held(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        await step(house, run, END + minutes(30))
        house.provider.shows[sid(1)] = report(sid(1))
        run.desk.recovery.ask(AttemptId(1))
        await step(house, run, END + minutes(40))
        assert (await house.leads())[0].outcome is Outcome.COMPLETED


# --- at start --------------------------------------------------------------------------------------------------------


async def test_at_start_every_call_alive_is_asked_for_before_anything_is_dialled(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=4, rate=FREELY) as house:
        await house.call(1)
        await house.call(2)
        await house.call(answer=in_doubt())
        house.provider.shows[sid(2)] = report(sid(2))
        house.provider.open.clear()
        async with going(house):
            await house.until(lambda: house.provider.asked)
            await house.settle()
            assert house.provider.placed == []
            house.provider.open.set()
            await house.until(lambda: house.provider.placed)
            assert house.provider.asked == [(sid(1), sid(2))]
            assert [call.attempt.call_sid for call in await house.live()][:2] == [sid(1), None]


async def test_after_the_start_the_next_round_is_one_interval_away(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        await house.call()
        house.clock.move(minutes(1))
        await run.desk.recovery.first(NOON + minutes(1))
        assert await step(house, run, NOON + minutes(1)) == NOON + minutes(1) + seconds(10)
        assert house.provider.asked == [(sid(1),)]


async def test_settling_a_campaign_asks_for_all_its_calls_at_once_and_holds_those_not_told(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY) as house, dialling(house, run := house.run()):
        for number in (1, 2):
            await house.call(number)
        await house.call(answer=in_doubt())
        house.provider.shows = {sid(1): report(sid(1)), sid(2): report(sid(2), None)}
        await run.desk.recovery.settle(house.campaign.id)
        assert house.provider.asked == [(sid(1), sid(2))]
        answered, silent, doubtful = await house.leads()
        assert answered.outcome is Outcome.COMPLETED
        assert (silent.state, silent.reason) == (LeadState.HELD, "its end was never told")
        assert (doubtful.state, doubtful.reason) == (LeadState.HELD, "in doubt")


async def test_settling_one_campaign_leaves_the_calls_of_others_alone(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        await run.desk.recovery.settle(CampaignId(99))
        assert house.provider.asked == []
        assert (await house.leads())[0].state is LeadState.IN_FLIGHT


# --- the rate --------------------------------------------------------------------------------------------------------


async def test_a_look_up_takes_a_place_in_the_rate_and_is_on_disk_before_it_leaves(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, rate=FREELY) as house,
        dialling(house, run := house.run()),
        nursery() as group,
    ):
        await house.call()
        house.provider.open.clear()
        asking = group.create_task(step(house, run, END + minutes(2)))
        await house.until(lambda: house.provider.asked)
        [row] = await house.rows("request")
        assert (row["sent_at"], row["replied_at"]) == (END + minutes(2), None)
        assert run.desk.pacer.pace.used == 1
        house.clock.move(seconds(3))
        house.provider.open.set()
        await asking
        [row] = await house.rows("request")
        assert row["replied_at"] == END + minutes(2) + seconds(3)
        assert run.desk.pacer.pace.used == 1  # for one period more
        since = house.clock.now() - minutes(1)
        assert await house.books.recent_requests(house.campaign.account_id, since) == [row["replied_at"]]


async def test_a_look_up_waits_for_its_place(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, rate=Rate(1, minutes(1))) as house,
        dialling(house, run := house.run()),
        nursery() as group,
    ):
        await house.call()
        run.desk.pacer.pace.sent(END + minutes(2))
        asking = group.create_task(step(house, run, END + minutes(2)))
        await house.until(lambda: run.desk.pacer.waits_for)
        assert (house.provider.asked, await house.rows("request")) == ([], [])
        run.desk.pacer.pace.answered(END + minutes(2))
        house.clock.move(minutes(1))
        await asking
        assert house.provider.asked == [sid(1)]


async def test_a_look_up_that_is_told_to_slow_down_pauses_everything(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        house.provider.failures.append(LookUpFailed("429", limited=True, retry_after=20))
        await step(house, run, END + minutes(2))
        assert run.desk.pacer.pace.decide(house.clock.now()) == Wait(END + minutes(2) + seconds(20), Why.ASKED)


async def test_a_look_up_without_a_connection_makes_everything_wait(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        house.provider.failures.append(LookUpFailed("no connection", no_connection=True))
        await step(house, run, END + minutes(2))
        wait = Wait(END + minutes(2) + seconds(30), Why.NO_CONNECTION)
        assert run.desk.pacer.pace.decide(house.clock.now()) == wait


async def test_a_look_up_that_is_refused_for_the_account_pauses_the_campaign(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        await house.call()
        house.provider.failures.append(LookUpFailed("401", account=True))
        await step(house, run, NOON + seconds(10))
        assert await house.state() is CampaignState.PAUSED
        assert run.feed.account_refused == "401"


async def test_a_look_up_that_fails_otherwise_changes_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await house.call()
        house.provider.failures.append(LookUpFailed("500"))
        assert await step(house, run, END + minutes(2)) == END + minutes(4)
        assert (await house.live())[0].attempt.alive
        assert run.desk.pacer.pace.decide(house.clock.now()).__class__.__name__ == "Go"


async def test_a_refused_call_is_not_asked_for(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, callbacks=False, rate=FREELY) as house,
        dialling(house, run := house.run()),
    ):
        await house.call(answer=refused(Refusal.DNC))
        assert await step(house, run, NOON + minutes(60)) is None
        assert house.provider.asked == []
