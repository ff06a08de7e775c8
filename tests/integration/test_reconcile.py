"""The provider's own list against the ledger: calls that nobody here made count, forgotten ones are entered."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from campaign.core.attempt import Disposition
from campaign.core.call import CallReport, LookUpFailed, Page
from campaign.core.events import Accepted, WrittenOff
from campaign.core.guard import DAY, HoldBack, Send, Verdict, Why
from campaign.core.lead import LeadState, PhoneNumber
from campaign.core.pool import Caller
from campaign.core.records import Happened, Intent, Stranger
from campaign.engine.desk import RECALLING, Desk
from campaign.engine.pacer import Rank
from campaign.engine.run import Ending
from campaign.engine.tasks import beside
from tests.builders import NOON, hours, minutes, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, KEY, House, a_house, in_doubt, report, sid

FIRST = PhoneNumber("+919812300001")


def listed(number: int, wall: str = "11:58:00", to: int = 1, **more: Any) -> CallReport:
    """A call in the provider's list, to the lead so numbered."""
    fields: dict[str, Any] = {"created": f"2026-03-04 {wall}", "number": f"098123{to:05d}"} | more
    return report(sid(number), **fields)


def reading(wall: str) -> datetime:
    """What the provider's clock shows."""
    return datetime.fromisoformat(f"2026-03-04 {wall}")


@asynccontextmanager
async def comparing(folder: Path, leads: int = 1, **changes: Any) -> AsyncIterator[tuple[House, Desk]]:
    async with a_house(folder, leads=leads, rate=FREELY, **changes) as house, at_the_desk(house) as desk:
        yield house, desk


@asynccontextmanager
async def at_the_desk(house: House, *, forgetful: bool = False) -> AsyncIterator[Desk]:
    desk = house.desk(forgetful=forgetful)
    async with beside(desk.pacer.run()):
        yield desk


async def compare(desk: Desk) -> bool:
    return await desk.reconciliation.compare(Rank.DETAILS)


async def verdict(house: House) -> Verdict:
    """What the guards say of the next lead due."""
    now = house.clock.now()
    [reserved] = await house.store.claim_due(house.campaign.id, now, 1)
    [said] = await house.store.begin_sending([Intent(reserved.attempt, house.policy, 1, now)])
    return said


# --- strangers -------------------------------------------------------------------------------------------------------


async def test_a_call_that_nobody_here_made_is_noted_once(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.provider.listed.append(listed(7, disposition=Disposition.BUSY))
        for _ in range(2):
            assert await compare(desk)
        [row] = await house.rows("stranger")
        assert (row["call_sid"], row["status"], row["created_at"]) == (sid(7), "busy", NOON - minutes(2))
        assert (row["number_hash"], row["caller_id"]) == (KEY.number_hash(FIRST), house.policy.callers[0].number)
        assert [each["kind"] for each in await house.rows("event")].count("stranger") == 1
        assert desk.feed.saying == "calls from your number that nobody here made: 1; `campaign status` counts them"


async def test_the_calls_of_every_caller_id_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with comparing(tmp_path, callers=(Caller("1"), Caller("2"))) as (house, desk):
        asked: list[str] = []
        listing = house.provider.calls_between

        async def noted(since: datetime, until: datetime, caller_id: str, *more: Any) -> Page | LookUpFailed:
            asked.append(caller_id)
            return await listing(since, until, caller_id, *more)

        monkeypatch.setattr(house.provider, "calls_between", noted)
        assert await compare(desk)
        assert asked == ["1", "2"]
        house.provider.failures += [LookUpFailed("503")]
        assert not await compare(desk), "half of the pool is not compared"


async def test_a_call_of_ours_is_no_stranger(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        await house.call(1)
        house.provider.listed.append(listed(1, "12:00:00"))
        await compare(desk)
        assert await house.rows("stranger") == []


async def test_a_stranger_whose_number_cannot_be_read_is_noted_all_the_same(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.provider.listed.append(report(sid(7), created="2026-03-04 11:58:00", number="anonymous"))
        await compare(desk)
        assert [row["number_hash"] for row in await house.rows("stranger")] == [""]


async def test_a_stranger_counts_for_the_gap_of_its_number(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.provider.listed.append(listed(7, "11:58:00"))
        await compare(desk)
        assert await verdict(house) == HoldBack(Why.GAP, NOON - minutes(2) + minutes(5))


async def test_a_stranger_counts_for_the_day_of_its_number(tmp_path: Path) -> None:
    async with comparing(tmp_path, per_day=2) as (house, desk):
        house.clock.move(hours(6))
        house.provider.listed += [listed(7, "13:00:00"), listed(8, "14:00:00")]
        await compare(desk)
        assert await verdict(house) == HoldBack(Why.DAY, NOON + hours(1) + DAY)


async def test_a_stranger_to_another_number_holds_nobody(tmp_path: Path) -> None:
    async with comparing(tmp_path, per_day=1) as (house, desk):
        house.provider.listed.append(listed(7, to=2))
        await compare(desk)
        assert await verdict(house) == Send()


async def test_a_call_that_an_attempt_turns_out_to_own_is_no_stranger_any_more(tmp_path: Path) -> None:
    async with comparing(tmp_path, leads=2, per_day=1) as (house, _):
        seen = Stranger(sid(1), PhoneNumber("+919812300002"), house.policy.callers[0].number, "busy", NOON - minutes(2))
        await house.store.note_strangers(house.campaign.account_id, [seen], NOON)
        assert len(await house.books.strangers(house.campaign.account_id)) == 1
        await house.call(1)  # its answer, late, names that very call
        assert await house.books.strangers(house.campaign.account_id) == []
        assert await verdict(house) == Send()


async def test_a_number_with_an_attempt_in_doubt_is_left_until_that_is_settled(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        doubt = await house.call(answer=in_doubt())
        house.provider.listed += [listed(7, "12:00:01"), listed(8, "12:00:02", to=2)]
        house.clock.move(hours(1))
        await compare(desk)
        assert [row["call_sid"] for row in await house.rows("stranger")] == [sid(8)]
        await house.store.record([Happened(doubt.attempt.id, WrittenOff(house.clock.now(), "nobody knows"))])
        await compare(desk)
        assert {row["call_sid"] for row in await house.rows("stranger")} == {sid(7), sid(8)}


async def test_a_call_to_such_a_number_at_quite_another_time_is_noted(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        await house.call(answer=in_doubt())
        house.provider.listed += [listed(7, "12:00:01"), listed(8, "12:30:00")]
        house.clock.move(hours(1))
        await compare(desk)
        assert [row["call_sid"] for row in await house.rows("stranger")] == [sid(8)]


# --- from where to where ---------------------------------------------------------------------------------------------


async def test_each_comparison_begins_where_the_last_one_ended_with_an_overlap(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        await compare(desk)
        house.clock.move(hours(1))
        await compare(desk)
        house.clock.move(hours(1))
        await compare(desk)
        walls = [(since, until) for since, until, _ in house.provider.listings]
        assert walls == [
            (reading("11:45"), reading("12:00")),
            (reading("11:45"), reading("13:00")),
            (reading("12:45"), reading("14:00")),
        ]
        assert {number for *_, number in house.provider.listings} == {None}


async def test_a_restart_goes_on_from_what_is_on_disk(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.clock.move(hours(1))
        await compare(desk)
        async with at_the_desk(house) as after:
            await compare(after)
        assert house.provider.listings[-1][0] == reading("12:45")


async def test_a_call_in_doubt_keeps_the_mark_at_its_send_and_one_accepted_does_not(tmp_path: Path) -> None:
    async with comparing(tmp_path, leads=2) as (house, desk):
        await house.call(1)
        house.clock.move(minutes(10))
        await house.call(answer=in_doubt())
        house.clock.move(hours(1))
        await compare(desk)
        assert await house.books.reconciled_until(house.campaign.account_id) == NOON + minutes(10)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "UTC"])
async def test_the_providers_clock_is_guessed_by_its_zone_until_it_is_told(tmp_path: Path, zone: str) -> None:
    async with comparing(tmp_path, provider_zone=ZoneInfo(zone)) as (house, desk):
        await compare(desk)
        noon = reading("12:00" if zone == "Asia/Kolkata" else "06:30")
        assert house.provider.listings[-1][1] == noon
        await house.call(answer=lambda now: Accepted(now, sid(1), created="2026-03-04 10:00:00"))
        await compare(desk)
        assert house.provider.listings[-1][1] == reading("10:00")


async def test_a_stranger_stands_at_its_instant_on_our_clock(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        await house.call(answer=lambda now: Accepted(now, sid(1), created="2026-03-04 10:00:00"))
        house.provider.listed.append(listed(7, "09:50:00", to=2))
        await compare(desk)
        assert [row["created_at"] for row in await house.rows("stranger")] == [NOON - minutes(10)]


# --- when, and how ---------------------------------------------------------------------------------------------------


async def test_it_is_done_at_start_and_every_hour(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        assert await desk.reconciliation.step(NOON) == NOON + hours(1)
        assert await desk.reconciliation.step(NOON + minutes(59)) == NOON + hours(1)
        assert len(house.provider.listings) == 1
        assert await desk.reconciliation.step(NOON + hours(1)) == NOON + hours(2)
        assert len(house.provider.listings) == 2


async def test_a_list_that_cannot_be_had_is_asked_for_again_soon_and_nothing_is_taken_for_compared(
    tmp_path: Path,
) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.provider.failures.append(LookUpFailed("500"))
        assert await desk.reconciliation.step(NOON) == NOON + minutes(5)
        assert await house.books.reconciled_until(house.campaign.account_id) is None
        assert await desk.reconciliation.step(NOON + minutes(5)) == NOON + hours(1) + minutes(5)


async def test_every_page_is_read_and_each_holds_a_place_in_the_rate(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.provider.listed += [listed(number, to=number) for number in range(1, 251)]
        assert await compare(desk)
        assert len(await house.rows("stranger")) == 250
        assert len(await house.rows("request")) == len(house.provider.listings) == 3


async def test_a_list_that_breaks_off_is_no_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.provider.listed += [listed(number, to=number) for number in range(1, 251)]
        ask = house.provider.calls_between

        async def breaks_off(*wanted: Any) -> Page | LookUpFailed:
            return LookUpFailed("500") if wanted[4] else await ask(*wanted)

        monkeypatch.setattr(house.provider, "calls_between", breaks_off)
        assert not await compare(desk)
        assert await house.rows("stranger") == []
        assert await house.books.reconciled_until(house.campaign.account_id) is None


async def test_a_list_that_does_not_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.engine.enquiry.MOST_PAGES", 3)
    async with comparing(tmp_path) as (house, desk):
        pages: list[str] = []

        async def endless(*wanted: Any) -> Page:
            pages.append(wanted[4])
            return Page([], "again")

        monkeypatch.setattr(house.provider, "calls_between", endless)
        assert not await compare(desk)
        assert pages == ["", "again", "again"]


# --- a database that is an older copy of itself ----------------------------------------------------------------------


async def test_an_older_copy_enters_the_calls_it_has_forgotten_before_anything_is_dialled(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        house.provider.listed.append(listed(7, disposition=Disposition.BUSY))
        async with going(house, forgetful=True) as it:
            await house.until(lambda: house.provider.listings)
            await house.settle()
            called, _ = await house.leads()
            assert (called.state, house.provider.placed) == (LeadState.RETRY_WAIT, [])
            await it.passes(house.policy.longest_call, house.policy.list_lag)
            await it.placed(1)
            assert "2" in [each.number.e164[-1] for each in house.provider.placed]
        [adopted, *_] = (await house.leads())[0].attempts
        assert (adopted.attempt.call_sid, adopted.attempt.disposition) == (sid(7), Disposition.BUSY)
        assert (adopted.attempt.sent_at, adopted.attempt.counts) == (NOON - minutes(2), True)
        assert await house.rows("stranger") == []


async def test_it_waits_until_the_last_call_it_may_have_forgotten_must_be_over_and_listed(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        async with going(house, forgetful=True) as it:
            await house.settle()
            await it.passes(house.policy.longest_call)
            house.provider.listed.append(listed(7))  # it was alive at the start
            await it.passes(house.policy.list_lag - seconds(1))
            assert house.provider.placed == []
            assert (it.run.feed.saying, it.run.feed.until) == (RECALLING, house.clock.now() + seconds(1))
            await it.passes(seconds(1))
            await it.placed(1)
        assert [each.number.e164[-1] for each in house.provider.placed] == ["2"]
        assert [len(lead.attempts) for lead in await house.leads()] == [1, 1]


async def test_a_call_that_is_listed_alive_first_is_entered_when_it_is_over(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        house.provider.listed.append(listed(7, disposition=None))
        async with going(house, forgetful=True) as it:
            await house.until(lambda: house.provider.listings)
            await house.settle()
            house.provider.listed[:] = [listed(7)]
            await it.passes(house.policy.longest_call, house.policy.list_lag)
            await it.placed(1)
        assert [each.number.e164[-1] for each in house.provider.placed] == ["2"]


async def test_setting_the_clock_ahead_does_not_shorten_the_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house:
        clock = house.clock
        begun = clock.now() - seconds(clock.ticks())
        monkeypatch.setattr(clock, "steady", lambda: begun + seconds(clock.ticks()))
        async with going(house, forgetful=True) as it:
            await house.settle()
            clock.set_ahead(hours(2))
            await house.settle()
            assert house.provider.placed == []
            await it.passes(house.policy.longest_call, house.policy.list_lag)
            await it.placed(1)


async def test_whoever_leaves_does_not_wait_for_it(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, going(house, forgetful=True) as it:
        await house.settle()
        it.run.desk.leave()
        it.run.interrupt()
        assert await it.over() is Ending.INTERRUPTED
        assert (house.provider.placed, it.run.desk.reconciliation.forgetful) == ([], True)


async def test_a_forgotten_call_that_was_answered_ends_its_lead(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, at_the_desk(house, forgetful=True) as desk:
        house.provider.listed.append(listed(7))
        assert await compare(desk)
        assert (await house.leads())[0].state is LeadState.DONE
        assert desk.reconciliation.forgetful
        house.clock.move(house.policy.longest_call + house.policy.list_lag)
        assert await compare(desk)
        assert not desk.reconciliation.forgetful


async def test_a_call_that_fits_no_lead_is_a_stranger_in_an_older_copy_too(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, at_the_desk(house, forgetful=True) as desk:
        house.provider.listed += [listed(7, to=2), listed(8, to=1, disposition=None)]
        await compare(desk)
        assert {row["call_sid"] for row in await house.rows("stranger")} == {sid(7), sid(8)}
        assert (await house.leads())[0].attempts == ()


async def test_a_database_that_is_no_copy_enters_nothing(tmp_path: Path) -> None:
    async with comparing(tmp_path) as (house, desk):
        house.provider.listed.append(listed(7))
        await compare(desk)
        assert (await house.leads())[0].attempts == ()
        assert len(await house.rows("stranger")) == 1


async def test_while_the_provider_cannot_be_asked_an_older_copy_dials_nobody(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        house.provider.failures += [LookUpFailed("500")] * 2
        async with going(house, forgetful=True) as it:
            await house.settle()
            await it.passes(minutes(1))
            assert house.provider.placed == []
            assert it.run.feed.saying.startswith("this database is an older copy, and the provider cannot be asked")
            await it.passes(minutes(1))
            assert it.run.feed.saying == RECALLING
            await it.passes(house.policy.longest_call + house.policy.list_lag)
            await it.placed(2)
