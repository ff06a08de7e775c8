"""Duration, price and recording: asked for after a call's end, again, and given up in the end."""

from pathlib import Path
from typing import Any

import pytest

from campaign.core.attempt import Disposition
from campaign.core.call import LookUpFailed
from campaign.engine.tasks import nursery
from tests.builders import NOON, minutes, seconds
from tests.integration.house import FREELY, House, a_house, counted, dialling, ending, report, sid

PRICED: dict[str, Any] = {
    "duration_sec": 34,
    "conversation_sec": 20,
    "price": "0.55",
    "recording_url": "https://rec.example/1",
}


async def ended(house: House, number: int = 1, status: str = "completed") -> None:
    """The next lead's call ended now."""
    call = await house.call(number)
    await house.callback(call.public_id, ending(sid(number), status))
    await house.desk().callbacks.step(house.clock.now())


async def test_nobody_asks_before_the_provider_can_know(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house)
        assert await run.details.step(NOON) == NOON + minutes(2)
        assert await run.details.step(NOON + minutes(2) - seconds(1)) == NOON + minutes(2)
        assert house.provider.asked == []


async def test_one_more_end_is_no_reason_to_read_all_calls_without_a_price_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house)
        assert await run.details.step(NOON) == NOON + minutes(2)
        read = counted(monkeypatch, "undetailed")
        await ended(house, 2)
        assert await run.details.step(NOON + seconds(1)) == NOON + minutes(2)
        assert not read
        await run.details.step(NOON + minutes(2))
        assert house.provider.asked == [(sid(1), sid(2))]


async def test_what_the_provider_tells_is_filled_in(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house)
        house.provider.shows[sid(1)] = report(sid(1), started="2026-03-04 12:00:01", **PRICED)
        now = NOON + minutes(2)
        assert await run.details.step(now) == now
        assert await run.details.step(now) is None
        [call] = await house.attempts()
        assert (call.duration_sec, call.conversation_sec, call.price) == (34, 20, "0.55")
        assert (call.recording_url, call.started) == ("https://rec.example/1", "2026-03-04 12:00:01")
        assert house.provider.asked == [(sid(1),)]


async def test_what_is_missing_is_asked_for_again_a_minute_later(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house)
        house.provider.shows[sid(1)] = report(sid(1), duration_sec=34)  # the price comes later
        now = NOON + minutes(2)
        await run.details.step(now)
        assert await run.details.step(now) == now + minutes(1)
        house.provider.shows[sid(1)] = report(sid(1), duration_sec=99, price="0.55")
        await run.details.step(now + minutes(1))
        [call] = await house.attempts()
        assert (call.duration_sec, call.price) == (34, "0.55")  # what is known stays


async def test_what_nobody_tells_is_given_up(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house)
        assert await run.details.missing(NOON + minutes(5) - seconds(1))
        assert await run.details.missing(NOON + minutes(5)) == []
        assert await run.details.step(NOON + minutes(5)) is None
        assert house.provider.asked == []


async def test_a_call_that_the_list_still_shows_alive_tells_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house)
        house.provider.shows[sid(1)] = report(sid(1), None, duration_sec=3)
        await run.details.step(NOON + minutes(2))
        assert (await house.attempts())[0].duration_sec is None


async def test_a_question_that_fails_is_asked_again(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house)
        house.provider.failures.append(LookUpFailed("500"))
        now = NOON + minutes(2)
        await run.details.step(now)
        assert await run.details.step(now) == now + minutes(1)


async def test_calls_that_were_not_answered_have_details_too(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house, status="no-answer")
        house.provider.shows[sid(1)] = report(sid(1), Disposition.NO_ANSWER, duration_sec=0, price="0.00")
        await run.details.step(NOON + minutes(2))
        [call] = await house.attempts()
        assert (call.duration_sec, call.price) == (0, "0.00")


async def test_a_hundred_are_asked_for_at_a_time_and_the_rest_at_once_after(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=101, rate=FREELY, channels=200) as house,
        dialling(house, run := house.run()),
    ):
        for number in range(1, 102):
            call = await house.call(number)
            await house.callback(call.public_id, ending(sid(number)))
        await run.desk.callbacks.step(NOON)
        now = NOON + minutes(2)
        assert await run.details.step(now) == now
        assert await run.details.step(now) == now + minutes(1)
        assert [len(asked) for asked in house.provider.asked] == [100, 1]


async def test_calls_that_end_one_after_the_other_are_asked_for_together(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY) as house, dialling(house, run := house.run()):
        for number in range(1, 4):
            await ended(house, number)
            house.clock.move(seconds(10))
        now = NOON + minutes(2)
        assert await run.details.step(now) == now
        assert await run.details.step(now) == now + minutes(1)
        await run.details.step(now + minutes(1))
        assert [len(asked) for asked in house.provider.asked] == [1, 3]


async def test_details_come_last_in_the_rate(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house, nursery() as group:
        await ended(house)
        house.clock.move(minutes(2))
        run, now = house.run(), house.clock.now()
        asking = group.create_task(run.details.step(now))
        calling = group.create_task(run.dialer.work())
        await run.dialer.step(now)
        await house.settle()  # both wait for a place, the details for longer
        run.desk.pacer.step(now)
        run.desk.pacer.grant(now)
        await house.until(lambda: house.provider.placed)
        assert house.provider.asked == []
        run.desk.pacer.step(now)
        run.desk.pacer.grant(now)
        await asking
        assert house.provider.asked == [(sid(1),)]
        calling.cancel()


async def test_a_finished_campaign_asks_once_for_each_call_however_old(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house, dialling(house, run := house.run()):
        await ended(house, 1)
        await ended(house, 2)
        house.provider.shows[sid(1)] = report(sid(1), **PRICED)
        house.clock.move(minutes(10_000))
        run.details.late = True
        now = house.clock.now()
        assert await run.details.step(now) == now
        assert await run.details.step(now) is None
        assert await run.details.missing(now) == []  # the second one was asked for, and that is that
        assert house.provider.asked == [(sid(1), sid(2))]
        assert [call.price for call in await house.attempts()] == ["0.55", None]


async def test_a_call_that_is_just_being_asked_for_is_still_worth_waiting_for(tmp_path: Path) -> None:
    async with (
        a_house(tmp_path, leads=1, rate=FREELY) as house,
        dialling(house, run := house.run()),
        nursery() as group,
    ):
        await ended(house)
        run.details.late = True
        house.provider.open.clear()
        asking = group.create_task(run.details.step(NOON))
        await house.until(lambda: house.provider.asked)
        assert await run.details.missing(NOON)
        house.provider.open.set()
        await asking
        assert await run.details.missing(NOON) == []
