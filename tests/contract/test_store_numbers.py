"""Leads with several numbers: which one is called, what is remembered of it, and what two leads may have in common."""

from sqlalchemy import select

from campaign.core.attempt import Disposition, Refusal, ResolvedBy
from campaign.core.events import InDoubt, NotPlaced, Refused
from campaign.core.guard import Finish, HoldBack, Park, Send, Why
from campaign.core.lead import CampaignId, LeadState, Outcome, PhoneNumber
from campaign.core.records import ForgottenCall, NewLead, SharedNumber, Stranger
from campaign.store import tables
from tests.builders import NOON, hours, minutes
from tests.contract.store import KEY, Bench, ended, number, sid


def several(line: int, *counts: int) -> NewLead:
    first, *later = map(number, counts)
    return NewLead(line, first, (first.e164, "Pune"), tuple(later))


async def called(bench: Bench, campaign: CampaignId, day: int, disposition: Disposition) -> PhoneNumber:
    """The next call, every other day, ended so; the number that it went to."""
    at = NOON + hours(48 * day)
    [reserved] = await bench.reserve(campaign, at=at)
    assert await bench.ask([reserved], at) == [Send()]
    await bench.tell(reserved.attempt, ended(disposition, at + minutes(1), call_sid=sid(reserved.attempt)))
    return reserved.number


async def test_a_leads_numbers_are_called_in_order_and_no_more_than_max_attempts(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [several(2, 1, 2)])
    numbers = [await called(bench, spring, day, Disposition.NO_ANSWER) for day in range(1, 5)]
    assert numbers == [number(1), number(1), number(2), number(2)]
    lead = await bench.lead(spring)
    assert (lead.state, lead.outcome, lead.reason) == (LeadState.DONE, Outcome.NO_ANSWER, "4 of 4 calls made")
    assert [each.number for each in lead.attempts] == numbers


async def test_the_report_has_the_number_last_dialled_else_the_first(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [several(2, 1, 2)])
    assert (await bench.lead(spring)).number == number(1)
    await called(bench, spring, 1, Disposition.NO_ANSWER)
    await called(bench, spring, 2, Disposition.NO_ANSWER)
    assert (await bench.lead(spring)).number == number(1)
    await called(bench, spring, 3, Disposition.COMPLETED)
    assert (await bench.lead(spring)).number == number(2)


async def test_a_number_that_is_refused_for_good_makes_way_for_the_next(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [several(2, 1, 2)])
    [first] = await bench.sending(spring)
    [recorded] = await bench.tell(first, Refused(NOON, Refusal.INVALID_NUMBER, "400: From"))
    assert recorded.decision is not None
    assert "number 2 of 2" in recorded.decision.why
    [second] = await bench.reserve(spring)
    assert second.number == number(2)
    events = await bench.events("reserved")
    assert [(each.data, each.number_hash) for each in events] == [
        ({}, KEY.number_hash(number(1))),
        ({"position": 1}, KEY.number_hash(number(2))),
    ]


async def test_settings_that_leave_no_number_end_the_lead_when_its_turn_comes(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [several(2, 1), several(3, 2, 3), several(4, 4, 5)])
    for each in await bench.sending(spring):
        await bench.tell(each, ended(Disposition.BUSY, NOON + minutes(1), call_sid=sid(each)))
    await bench.store.add_policy(spring, {"tries_per_number": 1}, NOON)
    later = NOON + hours(1)
    due = await bench.reserve(spring, at=later)
    assert [each.number for each in due] == [number(1), number(3), number(5)]
    assert await bench.ask(due, later, tries_per_number=1) == [
        Finish(Outcome.BUSY, "each number had its call"),
        Send(),
        Send(),
    ]
    alone, *_ = await bench.leads(spring)
    assert (alone.state, alone.outcome, alone.final_at) == (LeadState.DONE, Outcome.BUSY, later)


async def test_two_leads_with_a_number_in_common_are_never_called_at_it_at_once(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [several(2, 1, 9), several(3, 9)])
    one, two = await bench.sending(spring)
    await bench.tell(one, Refused(NOON, Refusal.INVALID_NUMBER, "400: From"))
    [again] = await bench.reserve(spring)
    assert again.number == number(9)
    [held] = await bench.ask([again])
    assert isinstance(held, HoldBack)
    assert held.why is Why.LIVE
    await bench.tell(two, InDoubt(NOON, "a time-out"))
    late = NOON + hours(1)
    [parked] = await bench.ask([again], late)
    assert isinstance(parked, Park)
    await bench.tell(two, NotPlaced(late, "nobody knows it", ResolvedBy.POLL))
    assert {each.number for each in await bench.reserve(spring, at=late)} == {number(9)}
    assert len(await bench.events("unparked")) == 1


async def test_caps_and_gaps_are_those_of_the_number(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [several(2, 1, 2), several(3, 2)])
    first, other = await bench.sending(spring)
    await bench.tell(other, ended(Disposition.COMPLETED, NOON + minutes(1), call_sid=sid(other)))
    await bench.tell(first, Refused(NOON + minutes(1), Refusal.INVALID_NUMBER, "400: From"))
    [second] = await bench.reserve(spring, at=NOON + minutes(2))
    [verdict] = await bench.ask([second], NOON + minutes(2))
    assert verdict == HoldBack(Why.GAP, NOON + minutes(6))


async def test_numbers_that_leads_have_in_common_are_listed_before_the_file_counts(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [several(2, 1, 9)])
    into = await bench.begin(spring, "more.csv")
    await bench.store.add_lines(into, [several(2, 2, 8), several(3, 3, 8), several(4, 9), several(5, 5, 6)])
    assert await bench.books.shared_numbers(into) == [
        SharedNumber(number(8), [("more.csv", 2), ("more.csv", 3)]),
        SharedNumber(number(9), [("leads.csv", 2), ("more.csv", 4)]),
    ]


async def test_a_call_that_an_older_copy_forgot_is_entered_at_the_number_it_went_to(
    bench: Bench, spring: CampaignId
) -> None:
    await bench.load(spring, [several(2, 1, 2)])
    call = Stranger(sid(7), number(2), "08012300000", "busy", NOON)
    account = await bench.account(spring)
    assert await bench.store.adopt(account, [ForgottenCall(call, Disposition.BUSY)], NOON + minutes(5)) == [True]
    lead = await bench.lead(spring)
    assert lead.number == number(2)
    assert [each.attempt.number_position for each in lead.attempts] == [1]


async def test_everything_of_a_number_has_the_other_numbers_of_its_leads(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [several(2, 1, 2)])
    await called(bench, spring, 1, Disposition.BUSY)
    history = await bench.books.history(KEY.number_hash(number(2)))
    [lead] = history.leads
    assert lead.numbers == [KEY.number_hash(number(1)), KEY.number_hash(number(2))]
    assert [each.number for each in history.dialled] == [KEY.number_hash(number(1))]


async def test_a_discarded_file_leaves_no_number(bench: Bench, spring: CampaignId) -> None:
    into = await bench.begin(spring)
    await bench.store.add_lines(into, [several(2, 1, 2)])
    await bench.store.discard_import(into, NOON)
    assert await bench.rows(select(tables.lead_number)) == []
