"""A campaign whose calls fail is paused in the commit of the call that is one too many."""

import pytest

from campaign.core.attempt import AttemptId, Disposition, Refusal
from campaign.core.events import InDoubt, Refused
from campaign.core.guard import HoldBack, Send, Why
from campaign.core.lead import CampaignId, CampaignState, LeadState
from campaign.core.records import CampaignRecord, Happened
from tests.builders import LATER, NOON, hours, minutes
from tests.contract.store import Bench, ended, new_lead

HALF_OF_FOUR = (0.5, 4)
FAILED, BUSY = Disposition.FAILED, Disposition.BUSY


@pytest.fixture
async def watched(bench: Bench) -> CampaignId:
    return await bench.campaign(pause_if_failed=HALF_OF_FOUR)


async def now(bench: Bench) -> CampaignRecord:
    [campaign] = await bench.books.campaigns()
    return campaign


async def end(bench: Bench, calls: list[AttemptId], *how: Disposition) -> None:
    for attempt, disposition in zip(calls, how, strict=True):
        await bench.tell(attempt, ended(disposition, LATER))


async def test_it_is_paused_while_somebody_waits_and_who_waits_loses_nothing(bench: Bench, watched: CampaignId) -> None:
    calls = await bench.alive(watched, 1, 2, 3, 4)
    await bench.reserve(watched, 5, 6, limit=1)
    await end(bench, calls, BUSY, FAILED, BUSY, FAILED)
    campaign = await now(bench)
    assert campaign.state is CampaignState.PAUSED
    assert campaign.reason.startswith("of the last 4 calls 2 failed and 0 were refused")
    assert (await bench.events("moved"))[-1].data["reason"] == campaign.reason
    waiting = [lead for lead in await bench.leads(watched) if lead.state in (LeadState.PENDING, LeadState.IN_FLIGHT)]
    assert [lead.state for lead in waiting] == [LeadState.IN_FLIGHT, LeadState.PENDING]
    assert not await bench.contradictions(watched)


async def test_nothing_that_was_reserved_leaves_after_it(bench: Bench, watched: CampaignId) -> None:
    calls = await bench.alive(watched, 1, 2, 3, 4)
    reserved = await bench.reserve(watched, 5, 6)
    await end(bench, calls, FAILED, FAILED, FAILED, FAILED)
    assert await bench.ask(reserved, LATER) == [HoldBack(Why.PAUSED)] * 2


async def test_refusals_of_numbers_count_and_one_commit_may_hold_them_all(bench: Bench, watched: CampaignId) -> None:
    calls = await bench.sending(watched, 1, 2, 3, 4)
    await bench.reserve(watched, 5)
    await bench.store.record([Happened(each, Refused(LATER, Refusal.INVALID_NUMBER, "400")) for each in calls])
    assert (await now(bench)).reason.startswith("of the last 4 calls 0 failed and 4 were refused")


async def test_it_is_not_paused_when_nobody_waits(bench: Bench, watched: CampaignId) -> None:
    calls = await bench.sending(watched, 1, 2, 3, 4)
    await bench.store.record([Happened(each, Refused(LATER, Refusal.DNC, "403")) for each in calls])
    assert (await now(bench)).state is CampaignState.RUNNING


async def test_after_a_resume_only_what_ends_then_counts(bench: Bench, watched: CampaignId) -> None:
    await end(bench, await bench.alive(watched, 1, 2, 3, 4), BUSY, FAILED, BUSY, FAILED)
    await bench.store.set_state(watched, CampaignState.RUNNING, "", LATER)
    calls = await bench.alive(watched, 5, 6, 7, 8, at=LATER)
    await end(bench, calls[:3], FAILED, FAILED, FAILED)
    assert (await now(bench)).state is CampaignState.RUNNING
    await end(bench, calls[3:], FAILED)
    assert (await now(bench)).state is CampaignState.PAUSED


async def test_an_interruption_is_no_resume(bench: Bench, watched: CampaignId) -> None:
    calls = await bench.alive(watched, 1, 2, 3, 4)
    await end(bench, calls[:3], BUSY, FAILED, BUSY)
    await bench.store.recover(LATER)
    await bench.store.set_state(watched, CampaignState.RUNNING, "", LATER)
    await end(bench, calls[3:], FAILED)
    assert (await now(bench)).state is CampaignState.PAUSED


async def test_what_its_people_decided_stands(bench: Bench, watched: CampaignId) -> None:
    calls = await bench.alive(watched, 1, 2, 3, 4)
    await bench.store.set_state(watched, CampaignState.PAUSED, "lunch", LATER)
    await end(bench, calls, FAILED, FAILED, FAILED, FAILED)
    assert (await now(bench)).reason == "lunch"


async def test_retries_of_who_failed_pause_nothing(bench: Bench, watched: CampaignId) -> None:
    calls = await bench.alive(watched, 1, 2, 3, 4, 5)
    await end(bench, calls, FAILED, BUSY, BUSY, BUSY, Disposition.COMPLETED)
    for day in range(1, 4):
        at = NOON + hours(25 * day)
        again = [each for each in await bench.reserve(watched, at=at) if each.number.e164.endswith("001")]
        assert await bench.ask(again, at)
        await bench.tell(again[0].attempt, ended(FAILED, at + minutes(1)))
    assert (await now(bench)).state is CampaignState.RUNNING


async def test_without_a_limit_nothing_is_kept(bench: Bench) -> None:
    careless = await bench.campaign()
    await end(bench, await bench.alive(careless, *range(1, 5)), FAILED, FAILED, FAILED, FAILED)
    assert (await now(bench)).state is CampaignState.RUNNING


# --- the first calls -------------------------------------------------------------------------------------------------


@pytest.fixture
async def tried(bench: Bench) -> CampaignId:
    """A campaign of three leads whose first two calls decide."""
    made = await bench.campaign(canary=2, pause_if_failed=HALF_OF_FOUR)
    await bench.load(made, [new_lead(line, line) for line in (2, 3, 4)])
    return made


async def test_no_more_are_reserved_than_the_first_calls(bench: Bench, tried: CampaignId) -> None:
    assert len(await bench.reserve(tried, limit=1)) == 1
    assert len(await bench.reserve(tried)) == 1
    assert await bench.reserve(tried) == []


async def test_no_more_leave_however_many_were_reserved(bench: Bench) -> None:
    careless = await bench.campaign()
    reserved = await bench.reserve(careless, 1, 2, 3, 4)
    assert await bench.ask(reserved[:3], canary=2) == [Send(), Send(), HoldBack(Why.CANARY)]
    assert await bench.ask(reserved[2:], canary=2) == [HoldBack(Why.CANARY)] * 2


async def test_when_they_went_well_the_others_follow_by_themselves(bench: Bench, tried: CampaignId) -> None:
    await end(bench, await bench.alive(tried), Disposition.COMPLETED, BUSY)
    campaign = await now(bench)
    assert (campaign.state, campaign.tried_out) == (CampaignState.RUNNING, True)
    assert campaign.reason == "of the first 2 calls: 1 answered, 1 busy"
    assert len(await bench.reserve(tried)) == 1


async def test_when_they_did_not_it_waits_for_its_people_and_goes_on_when_they_say_so(
    bench: Bench, tried: CampaignId
) -> None:
    await end(bench, await bench.alive(tried), Disposition.COMPLETED, FAILED)
    campaign = await now(bench)
    assert campaign.state is CampaignState.PAUSED
    assert campaign.reason.startswith("of the first 2 calls: 1 answered, 1 failed; look at")
    await bench.store.set_state(tried, CampaignState.RUNNING, "", LATER)
    assert len(await bench.reserve(tried)) == 1


async def test_one_in_doubt_stops_it_once_the_others_have_ended(bench: Bench, tried: CampaignId) -> None:
    first, second = await bench.sending(tried)
    await bench.tell(first, InDoubt(NOON, "no answer"))
    assert (await now(bench)).state is CampaignState.RUNNING
    await bench.tell(second, Refused(LATER, Refusal.DNC, "403"))
    assert (await now(bench)).reason.startswith("of the first 2 calls: 1 refused, 1 in doubt")


async def test_a_crash_among_them_is_found_by_whoever_goes_on(bench: Bench, tried: CampaignId) -> None:
    first, _ = await bench.sending(tried)
    await bench.tell(first, ended(BUSY, LATER))
    await bench.store.recover(LATER)
    await bench.store.set_state(tried, CampaignState.RUNNING, "", LATER)
    assert await bench.store.claim_due(tried, LATER, 5) == []
    campaign = await now(bench)
    assert campaign.state is CampaignState.PAUSED
    assert campaign.reason.startswith("of the first 2 calls: 1 busy, 1 in doubt")


async def test_their_figures_are_added_to_a_pause_of_its_people(bench: Bench, tried: CampaignId) -> None:
    calls = await bench.alive(tried)
    await bench.store.set_state(tried, CampaignState.PAUSED, "lunch", LATER)
    await end(bench, calls, BUSY, BUSY)
    assert (await now(bench)).reason == "lunch; of the first 2 calls: 2 busy"


async def test_a_campaign_that_had_more_calls_already_is_not_tried_out(bench: Bench) -> None:
    careless = await bench.campaign()
    await end(bench, await bench.alive(careless, 1, 2, 3), BUSY, BUSY, BUSY)
    await bench.store.add_policy(careless, {"canary": 2}, LATER)
    assert len(await bench.reserve(careless, 4, 5, 6)) == 3


async def test_a_list_that_ends_with_them_is_not_paused(bench: Bench) -> None:
    short = await bench.campaign(canary=2, pause_if_failed=HALF_OF_FOUR)
    calls = await bench.sending(short, 1, 2)
    await bench.store.record([Happened(each, Refused(LATER, Refusal.DNC, "403")) for each in calls])
    assert (await now(bench)).state is CampaignState.RUNNING
