"""From a lead that is due to a reservation and back; what a start makes of those it finds."""

from dataclasses import replace

import pytest

from campaign.core.attempt import AttemptState, Disposition
from campaign.core.events import Accepted
from campaign.core.lead import CampaignId, CampaignState, LeadState, PhoneNumber
from campaign.core.order import Order, shuffled
from campaign.core.records import TEST_CALL, NewImport, NewLead, Recovered, Release, Reserved
from campaign.store import waiting
from tests.builders import LATER, NOON, hours, minutes
from tests.contract.store import HEADER, KEY, NOBODY, Bench, ended, new_lead, number, sid


def numbers(reserved: list[Reserved]) -> list[PhoneNumber]:
    return [each.number for each in reserved]


def ranked(line: int, count: int, priority: int) -> NewLead:
    return replace(new_lead(line, count), priority=priority)


async def test_fresh_leads_go_in_the_order_of_their_file(bench: Bench, spring: CampaignId) -> None:
    assert numbers(await bench.reserve(spring, 3, 1, 2)) == [number(3), number(1), number(2)]


async def test_an_earlier_file_goes_before_a_later_one(bench: Bench, spring: CampaignId) -> None:
    for count in (2, 3, 1):
        await bench.load(spring, [new_lead(2, count)])
    assert numbers(await bench.reserve(spring, limit=2)) == [number(2), number(3)]


async def test_a_higher_priority_goes_first_in_whichever_file(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1), ranked(3, 2, -1), ranked(4, 3, 5)])
    await bench.load(spring, [ranked(2, 4, 7), new_lead(3, 5)])
    assert numbers(await bench.reserve(spring)) == [number(each) for each in (4, 3, 1, 5, 2)]


async def test_a_shuffled_file_is_called_in_an_order_of_its_own_and_always_the_same(
    bench: Bench, spring: CampaignId
) -> None:
    into = await bench.store.begin_import(NewImport(spring, "a.csv", "a" * 64, HEADER, "phone", NOON, Order.RANDOM))
    assert isinstance(into, int)
    await bench.store.add_lines(into, [new_lead(line, line) for line in range(2, 42)])
    await bench.store.finish_import(into, NOON)
    reserved = numbers(await bench.reserve(spring))
    shuffle = sorted(reserved, key=lambda each: shuffled(spring, KEY.number_hash(each)))
    assert reserved == shuffle
    assert reserved != [number(line) for line in range(2, 42)]


async def test_first_calls_go_before_retries_and_overdue_retries_before_all(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)  # due ten minutes after its end
    await bench.load(spring, [new_lead(line, line) for line in (2, 3)])
    due = LATER + minutes(10)
    [first] = await bench.reserve(spring, at=due, limit=1)
    assert first.number == number(2)
    await bench.store.release([Release(first.attempt, None, "next in line", due)])
    reserved = await bench.reserve(spring, at=due + hours(1))
    assert numbers(reserved) == [number(1), number(2), number(3)]


async def test_first_retries_go_before_second_ones(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)
    [again] = await bench.sending(spring, at=NOON + minutes(11))
    await bench.tell(again, Accepted(NOON, sid(90)), ended(Disposition.BUSY, NOON + minutes(12)))  # due at 42
    await bench.call(spring, 2, Disposition.BUSY, at=NOON + minutes(33))  # due at 44
    assert numbers(await bench.reserve(spring, at=NOON + minutes(50))) == [number(2), number(1)]


async def test_a_first_call_that_was_put_off_goes_before_the_line_once_it_is_due(
    bench: Bench, spring: CampaignId
) -> None:
    [first, *_] = await bench.reserve(spring, 1, 2, limit=1)
    await bench.store.release([Release(first.attempt, NOON + minutes(5), "too soon", NOON)])
    assert numbers(await bench.reserve(spring, at=NOON + minutes(5))) == [number(1), number(2)]


async def test_a_claim_reads_the_order_from_its_indexes(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)
    due = {"campaign": spring, "now": LATER, "limit": 200, "calls": 1}
    for query, index in zip((waiting.LINE, waiting.AFTER), ("ix_lead_place", "ix_lead_calls"), strict=True):
        assert index in (plan := await bench.plan(query, due))
        assert "TEMP B-TREE" not in plan


async def test_who_is_not_due_yet_is_not_claimed(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)], at=LATER)
    assert await bench.store.claim_due(spring, LATER - minutes(0.001), 10) == []
    assert len(await bench.store.claim_due(spring, LATER, 10)) == 1


async def test_no_more_than_asked_for_and_nobody_twice(bench: Bench, spring: CampaignId) -> None:
    first = await bench.reserve(spring, 1, 2, 3, limit=2)
    second = await bench.reserve(spring)
    assert numbers(first + second) == [number(1), number(2), number(3)]
    assert await bench.reserve(spring) == []


async def test_only_leads_of_that_campaign_are_claimed(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    assert await bench.store.claim_due(await bench.campaign("summer"), LATER, 10) == []


async def test_a_reservation_says_whom_to_call_and_with_which_columns(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1, "Nashik")])
    [reserved] = await bench.reserve(spring, at=LATER)
    [lead] = await bench.leads(spring)
    assert (reserved.lead, reserved.campaign, reserved.number) == (lead.id, spring, number(1))
    assert reserved.columns == dict(zip(HEADER, (number(1).e164, "Nashik"), strict=True))
    assert reserved.due_at == NOON
    assert lead.state is LeadState.IN_FLIGHT
    row = await bench.attempt(reserved.attempt)
    assert (row.state, row.attempt_no, row.public_id, row.reserved_at) == ("reserved", 1, reserved.public_id, LATER)
    [event] = await bench.events("reserved")
    assert (event.lead_id, event.attempt_id, event.at) == (lead.id, reserved.attempt, LATER)


async def test_a_reservation_is_no_attempt_in_the_books(bench: Bench, spring: CampaignId) -> None:
    await bench.reserve(spring, 1)
    assert [each async for each in bench.books.attempts(spring)] == []
    assert (await bench.lead(spring)).attempts == ()
    assert (await bench.books.tally(spring)).attempts == 0


async def test_a_reservation_given_back_keeps_its_instant(bench: Bench, spring: CampaignId) -> None:
    [reserved] = await bench.reserve(spring, 1, at=LATER)
    assert await bench.store.release([Release(reserved.attempt, None, "next in line", LATER)]) == [True]
    lead = await bench.lead(spring)
    assert (lead.state, lead.due_at, lead.reason) == (LeadState.PENDING, NOON, "next in line")


async def test_a_reservation_given_back_for_later_waits_until_then(bench: Bench, spring: CampaignId) -> None:
    [reserved] = await bench.reserve(spring, 1)
    until = NOON + minutes(20)
    await bench.store.release([Release(reserved.attempt, until, "too soon", LATER)])
    assert await bench.books.next_due(spring) == until
    assert await bench.store.claim_due(spring, until - minutes(1), 10) == []
    [again] = await bench.store.claim_due(spring, until, 10)
    assert again.attempt != reserved.attempt
    assert again.public_id != reserved.public_id
    [event] = await bench.events("released")
    assert event.data == {"due_at": until.isoformat(), "why": "too soon"}


async def test_a_retry_given_back_still_waits_as_a_retry(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)
    [retry] = await bench.reserve(spring, at=NOON + minutes(30))
    await bench.store.release([Release(retry.attempt, None, "next in line", NOON + minutes(30))])
    lead = await bench.lead(spring)
    assert (lead.state, lead.due_at) == (LeadState.RETRY_WAIT, LATER + minutes(10))


async def test_what_is_not_reserved_any_more_cannot_be_given_back(bench: Bench, spring: CampaignId) -> None:
    [sent] = await bench.sending(spring, 1)
    [reserved] = await bench.reserve(spring, 2)
    gone = [Release(each, None, "next in line", LATER) for each in (sent, NOBODY, reserved.attempt)]
    assert await bench.store.release(gone) == [False, False, True]
    assert await bench.store.release(gone) == [False, False, False]
    assert (await bench.attempt(sent)).state == "sending"


async def test_a_start_frees_reservations_with_their_old_instants(bench: Bench, spring: CampaignId) -> None:
    await bench.reserve(spring, 1, 2, at=LATER)
    assert await bench.store.recover(NOON + minutes(30)) == Recovered(released=2, in_doubt=0, swept=0)
    assert [(lead.state, lead.due_at) for lead in await bench.leads(spring)] == [(LeadState.PENDING, NOON)] * 2
    assert numbers(await bench.reserve(spring, at=NOON + minutes(30))) == [number(1), number(2)]


async def test_a_start_holds_a_request_whose_answer_nobody_heard(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    assert await bench.store.recover(NOON + minutes(30)) == Recovered(released=0, in_doubt=1, swept=0)
    lead = await bench.lead(spring)
    assert (lead.state, lead.reason, lead.due_at) == (LeadState.HELD, "in doubt", None)
    row = await bench.attempt(attempt)
    assert (row.state, row.disposition, row.replied_at) == ("unknown", None, NOON + minutes(30))
    assert "interrupted" in row.error
    assert await bench.reserve(spring, at=NOON + minutes(600)) == [], "and nobody is called again because of it"


async def test_a_start_leaves_answered_calls_alone_and_a_second_start_finds_nothing(
    bench: Bench, spring: CampaignId
) -> None:
    alive = await bench.alive(spring, 1)
    await bench.call(spring, 2, Disposition.COMPLETED)
    before = await bench.events()
    assert await bench.store.recover(LATER) == await bench.store.recover(LATER) == Recovered(0, 0, 0)
    assert await bench.events() == before
    assert [call.attempt.id for call in await bench.live(spring)] == alive


@pytest.mark.parametrize("name", ["Test call June", "TEST CALL June", "a test call June"])
async def test_a_start_leaves_a_campaign_alone_whose_name_is_only_like_that_of_a_test_call(
    bench: Bench, name: str
) -> None:
    campaign = await bench.campaign(name)
    await bench.load(campaign, [new_lead(2, 1)])
    await bench.store.recover(LATER)
    assert [each.state for each in await bench.books.campaigns()] == [CampaignState.RUNNING]
    assert numbers(await bench.store.claim_due(campaign, LATER, 10)) == [number(1)]


@pytest.mark.parametrize(("called", "stands"), [(False, LeadState.DONE), (True, LeadState.HELD)])
async def test_a_start_ends_a_test_call_whose_process_is_gone(bench: Bench, called: bool, stands: LeadState) -> None:
    call = await bench.campaign(f"{TEST_CALL}yesterday")
    await (bench.sending(call, 1) if called else bench.reserve(call, 1))
    await bench.store.recover(LATER)
    [campaign] = await bench.books.campaigns()
    assert (campaign.state, campaign.reason) == (CampaignState.STOPPED, "its process ended before it was told")
    assert [each.state for each in await bench.leads(call)] == [stands]
    assert await bench.store.claim_due(call, LATER, 10) == []


async def test_a_request_found_in_doubt_is_settled_by_its_callback(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.store.recover(LATER)
    [accepted, over] = await bench.tell(
        attempt, Accepted(LATER, sid(1)), ended(Disposition.COMPLETED, LATER, call_sid=sid(1))
    )
    assert accepted.attempt.state is over.attempt.state is AttemptState.ACCEPTED
    assert (await bench.lead(spring)).state is LeadState.DONE
