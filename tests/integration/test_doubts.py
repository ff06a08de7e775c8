"""Attempts in doubt, settled by asking: never early, never on one answer, never without a control call."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from campaign.core.attempt import AttemptId, AttemptState, Disposition, ResolvedBy
from campaign.core.call import CallReport, LookUpFailed
from campaign.core.events import Accepted, Ended
from campaign.core.lead import LeadState, Outcome, PhoneNumber
from campaign.core.records import AttemptRecord, Happened
from campaign.engine.desk import Desk
from campaign.engine.run import Ending
from campaign.engine.tasks import beside
from tests.builders import NOON, minutes, seconds
from tests.integration.going import TOLD, going
from tests.integration.house import FREELY, House, a_house, in_doubt, report, sid

LONGEST = minutes(6.5)
OVER = NOON + LONGEST
AGAIN = OVER + LONGEST


def told(number: int, created: str = "12:00:00") -> Callable[[datetime], Accepted]:
    """An answer that tells the provider's clock: it is noon there too."""
    return lambda now: Accepted(now, sid(number), created=f"2026-03-04 {created}")


def listed(number: int, to: int = 1, created: str = "12:00:01", **more: Any) -> CallReport:
    """A call in the provider's list, to the lead so numbered."""
    return report(sid(number), created=f"2026-03-04 {created}", number=f"098123{to:05d}", **more)


OURS = listed(2, to=2, created="12:00:00")


@asynccontextmanager
async def doubting(folder: Path, **changes: Any) -> AsyncIterator[tuple[House, Desk]]:
    """The first lead's attempt is in doubt; the second one's was an ordinary call, which the provider lists."""
    async with a_house(folder, leads=2, rate=FREELY, **changes) as house:
        await house.call(answer=in_doubt())
        await own_call(house)
        house.provider.listed.append(OURS)
        async with at_the_desk(house) as desk:
            yield house, desk


async def own_call(house: House) -> AttemptRecord:
    """A call of ours that ended after a minute; its answer told the provider's clock."""
    call = await house.call(2, told(2))
    over = Ended(house.clock.now() + minutes(1), Disposition.COMPLETED, "completed", ResolvedBy.POLL, sid(2))
    await house.store.record([Happened(call.attempt.id, over)])
    return call


@asynccontextmanager
async def at_the_desk(house: House) -> AsyncIterator[Desk]:
    desk = house.desk()
    async with beside(desk.pacer.run()):
        yield desk


async def step(house: House, desk: Desk, now: datetime) -> datetime | None:
    house.clock.move(now - house.clock.now())
    return await desk.doubts.step(now)


async def answers(house: House) -> list[dict[str, Any]]:
    """What was asked about attempts in doubt, as it is on disk."""
    return [row["data"] for row in await house.rows("event") if row["kind"] == "asked"]


async def the_doubt(house: House) -> AttemptRecord:
    return (await house.attempts())[0]


async def test_nothing_is_asked_before_the_call_must_be_over(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        assert await step(house, desk, NOON) == OVER
        assert await step(house, desk, OVER - seconds(1)) == OVER
        assert house.provider.listings == []


async def test_calls_to_the_number_around_the_send_are_asked_for_by_the_providers_clock(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        await step(house, desk, OVER)
        around = (datetime(2026, 3, 4, 11, 58), datetime(2026, 3, 4, 12, 3))  # noqa: DTZ001  readings of a clock
        assert house.provider.listings[0] == (*around, PhoneNumber("+919812300001"))


@pytest.mark.parametrize("disposition", [Disposition.COMPLETED, Disposition.NO_ANSWER])
async def test_the_one_call_that_fits_is_adopted_with_its_end(tmp_path: Path, disposition: Disposition) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.listed.append(listed(7, disposition=disposition))
        assert await step(house, desk, OVER) is None
        adopted = (await the_doubt(house)).attempt
        assert (adopted.state, adopted.disposition) == (AttemptState.ACCEPTED, disposition)
        assert (adopted.call_sid, adopted.resolved_by) == (sid(7), ResolvedBy.POLL)
        assert (await house.leads())[0].state is not LeadState.HELD


async def test_a_call_that_fits_and_is_not_over_is_adopted_and_alive(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.listed.append(listed(7, disposition=None))
        assert await step(house, desk, OVER) is None
        adopted = (await the_doubt(house)).attempt
        assert (adopted.state, adopted.call_sid, adopted.disposition) == (AttemptState.ACCEPTED, sid(7), None)
        assert (await house.leads())[0].state is LeadState.IN_FLIGHT


async def test_a_settled_doubt_frees_its_channel(tmp_path: Path) -> None:
    async with doubting(tmp_path, channels=2) as (house, desk):
        for taken in ((await the_doubt(house)).attempt.id, AttemptId(98)):
            desk.channels.take(taken, NOON + minutes(60))
        house.provider.listed.append(listed(7))
        await step(house, desk, OVER)
        async with asyncio.timeout(1):
            await desk.channels.enter(AttemptId(99), "somebody")


async def test_two_calls_that_fit_go_to_a_person_and_nothing_is_asked_any_more(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.listed += [listed(7), listed(8)]
        assert await step(house, desk, OVER) is None
        asked = len(house.provider.listings)
        assert await step(house, desk, OVER + minutes(100_000)) is None
        assert len(house.provider.listings) == asked
        assert [each["found"] for each in await answers(house)] == [2]
        assert (await the_doubt(house)).attempt.alive
        assert (await house.leads())[0].state is LeadState.HELD


async def test_one_clean_negative_is_not_enough_and_two_prove_that_it_was_never_placed(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        assert await step(house, desk, OVER) == AGAIN
        assert (await the_doubt(house)).attempt.alive
        assert (await house.leads())[0].state is LeadState.HELD
        await step(house, desk, AGAIN)
        await step(house, desk, AGAIN)
        proved = await the_doubt(house)
        assert (proved.attempt.disposition, proved.attempt.resolved_by) == (Disposition.NOT_PLACED, ResolvedBy.POLL)
        assert proved.error == "not in the provider's list at 2026-03-04 06:36Z, 2026-03-04 06:43Z"
        assert [each["controlled"] for each in await answers(house)] == [True, True]


async def test_two_negatives_of_one_moment_are_one(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.clock.move(LONGEST)
        async with asyncio.TaskGroup() as group:
            for _ in range(2):
                group.create_task(desk.doubts.step(OVER))
        assert len(await answers(house)) == 1
        assert (await house.attempts())[0].attempt.disposition is None


async def test_what_was_never_placed_is_due_again_at_once_and_counts_for_nothing(tmp_path: Path) -> None:
    async with doubting(tmp_path, per_day=1) as (house, desk):
        for now in (OVER, AGAIN, AGAIN):
            await step(house, desk, now)
        [lead, _] = await house.leads()
        assert (lead.state, lead.due_at) == (LeadState.PENDING, AGAIN)
        await house.call(9)
        assert (await house.attempts())[1].attempt.call_sid == sid(9)


async def test_a_negative_does_not_count_where_the_control_call_is_not_listed_either(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.listed.clear()  # the list is late, or the question wrong
        again: datetime | None = OVER
        for _ in range(4):
            assert again is not None
            again = await step(house, desk, again)
        assert [each["controlled"] for each in await answers(house)] == [False] * 4
        assert (await the_doubt(house)).attempt.alive


async def test_a_call_of_ours_from_before_the_doubtful_send_is_no_control(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        first = await house.call(1, told(1))
        over = Ended(NOON + minutes(1), Disposition.COMPLETED, "completed", ResolvedBy.POLL, sid(1))
        await house.store.record([Happened(first.attempt.id, over)])
        house.provider.listed.append(listed(1, created="12:00:00"))
        house.clock.move(seconds(1))
        await house.call(answer=in_doubt())
        async with at_the_desk(house) as desk:
            for now in (OVER, AGAIN, AGAIN + minutes(13), AGAIN + minutes(40)):
                await step(house, desk, now + seconds(1))
        assert [each["controlled"] for each in await answers(house)] == [False] * 4
        assert {each["note"] for each in await answers(house)} == {"no ended call of ours to hold it against"}
        assert (await house.attempts())[1].attempt.alive


async def test_a_call_that_has_only_just_ended_is_no_control_yet(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        await house.call(answer=in_doubt())
        call = await house.call(2, told(2))
        house.provider.listed.append(OURS)
        just = Ended(OVER - seconds(30), Disposition.COMPLETED, "completed", ResolvedBy.POLL, sid(2))
        await house.store.record([Happened(call.attempt.id, just)])
        async with at_the_desk(house) as desk:
            await step(house, desk, OVER)
            await step(house, desk, AGAIN)
        assert [each["controlled"] for each in await answers(house)] == [False, True]


async def test_a_call_still_alive_is_no_control(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        await house.call(answer=in_doubt())
        await house.call(2, told(2))
        house.provider.listed.append(OURS)
        async with at_the_desk(house) as desk:
            await step(house, desk, OVER)
        assert [each["controlled"] for each in await answers(house)] == [False]


async def test_a_call_that_another_attempt_owns_does_not_fit(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.listed.append(listed(2))
        await step(house, desk, OVER)
        assert [each["found"] for each in await answers(house)] == [0]
        assert (await the_doubt(house)).attempt.call_sid is None


async def test_a_call_that_another_attempt_owns_leaves_the_one_that_fits(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.listed += [listed(2), listed(7)]
        await step(house, desk, OVER)
        assert (await the_doubt(house)).attempt.call_sid == sid(7)


async def test_while_the_providers_clock_is_not_known_nothing_is_asked(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house:
        await house.call(answer=in_doubt())
        house.provider.listed.append(listed(7))
        async with at_the_desk(house) as desk:
            assert await step(house, desk, OVER) == OVER + minutes(1)
            assert await step(house, desk, OVER + minutes(1)) == OVER + minutes(2)
        assert (house.provider.listings, await answers(house)) == ([], [])
        assert (await house.leads())[0].state is LeadState.HELD


async def test_a_clock_that_is_told_later_lets_it_be_asked(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        await house.call(answer=in_doubt())
        house.provider.listed.append(listed(7))
        async with at_the_desk(house) as desk:
            await step(house, desk, OVER)
            await house.call(2, told(2, "12:06:30"))
            await step(house, desk, OVER + minutes(1))
        assert (await the_doubt(house)).attempt.call_sid == sid(7)


async def test_a_clock_an_hour_off_is_read_as_it_goes(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        await house.call(answer=in_doubt())
        await house.call(2, told(2, "13:00:00"))
        house.provider.listed.append(listed(7, created="13:00:01"))
        async with at_the_desk(house) as desk:
            await step(house, desk, OVER)
        assert (await the_doubt(house)).attempt.call_sid == sid(7)


async def test_a_clock_that_was_set_meanwhile_makes_a_negative_prove_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY) as house:
        before = await house.call(3, told(3))
        house.clock.move(seconds(1))
        await house.call(answer=in_doubt())
        await house.call(2, told(2, "12:10:00"))  # ten minutes on, within a second
        over = [
            Ended(house.clock.now(), Disposition.COMPLETED, "completed", ResolvedBy.POLL, call)
            for call in (sid(2), sid(3))
        ]
        calls = [before.attempt.id, (await house.attempts())[2].attempt.id]
        await house.store.record([Happened(*each) for each in zip(reversed(calls), over, strict=True)])
        house.provider.listed.append(listed(2, to=3, created="12:10:00"))
        async with at_the_desk(house) as desk:
            await step(house, desk, OVER + seconds(1))
        assert [(each["controlled"], each["note"]) for each in await answers(house)] == [
            (False, "the clock was set meanwhile")
        ]


async def test_a_look_up_that_fails_is_no_answer_and_is_tried_again_a_minute_later(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.failures.append(LookUpFailed("500"))
        assert await step(house, desk, OVER) == OVER + minutes(1)
        assert await answers(house) == []
        assert await step(house, desk, OVER + seconds(59)) == OVER + minutes(1)
        assert len(house.provider.listings) == 1
        assert await step(house, desk, OVER + minutes(1)) == OVER + minutes(1) + LONGEST
        assert len(await answers(house)) == 1


async def test_a_control_that_cannot_be_asked_for_is_no_control(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with doubting(tmp_path) as (house, desk):
        ask = house.provider.calls_between

        async def fails_for_the_second(*wanted: Any) -> Any:
            found = await ask(*wanted)
            return LookUpFailed("500") if wanted[3] == PhoneNumber("+919812300002") else found

        monkeypatch.setattr(house.provider, "calls_between", fails_for_the_second)
        await step(house, desk, OVER)
        assert [each["controlled"] for each in await answers(house)] == [False]


async def test_it_is_asked_again_at_growing_gaps(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        house.provider.listed.clear()
        asked_at, again = [], await step(house, desk, NOON)
        for _ in range(5):
            assert again is not None
            asked_at.append((again - OVER) / LONGEST)
            again = await step(house, desk, again)
        assert asked_at == [0, 1, 3, 7, 15]


async def test_what_was_asked_survives_a_restart(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        await step(house, desk, OVER)
        asked = len(house.provider.listings)
        async with at_the_desk(house) as after:
            assert await step(house, after, OVER + minutes(1)) == AGAIN
            assert len(house.provider.listings) == asked
            await step(house, after, AGAIN)
            await step(house, after, AGAIN)
        assert (await the_doubt(house)).attempt.disposition is Disposition.NOT_PLACED


async def test_every_question_holds_a_place_in_the_rate(tmp_path: Path) -> None:
    async with doubting(tmp_path) as (house, desk):
        await step(house, desk, OVER)
        assert len(await house.rows("request")) == len(house.provider.listings) == 2  # one of them for the control


async def test_a_call_proved_never_placed_is_made_again_by_the_run(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        house.provider.answers.extend([in_doubt(), told(2)])
        async with going(house) as it:
            await it.placed(2)
            house.provider.listed.append(OURS)  # not before it was made: it would be a stranger's
            await it.told(2)
            await it.passes(LONGEST)
            assert len(house.provider.placed) == 2
            await it.passes(LONGEST)
            await it.placed(3)
            assert house.provider.placed[2].number == house.provider.placed[0].number
            house.provider.shows[sid(1)] = report(sid(1), **TOLD)
            await it.told(1)
            await it.passes(minutes(2))
            assert await it.over() is Ending.DONE
        assert [lead.outcome for lead in await house.leads()] == [Outcome.COMPLETED] * 2
