"""Whether an attempt may leave is asked inside the commit that allows it; after `Send` the intent is on disk."""

from datetime import timedelta

import pytest

from campaign.core.attempt import AttemptState, Disposition, Refusal
from campaign.core.events import Accepted, InDoubt, NotPlaced, Refused, WrittenOff
from campaign.core.guard import DAY, PARKED, Finish, HoldBack, Park, Send, Verdict, Why
from campaign.core.lead import CampaignId, CampaignState, LeadState, Outcome
from campaign.core.records import TEST_CALL, Account, Intent, Release
from tests.builders import LATER, NOON, hours, minutes, policy, seconds, window
from tests.contract.store import NOBODY, Bench, ended, new_lead, sid

GONE = HoldBack(Why.GONE)
CHANNELS = HoldBack(Why.CHANNELS)


async def test_the_intent_is_on_disk_when_it_may_leave(bench: Bench, spring: CampaignId) -> None:
    [reserved] = await bench.reserve(spring, 1)
    rules = policy()
    assert await bench.store.begin_sending([Intent(reserved.attempt, rules, 7, LATER)]) == [Send()]
    row = await bench.attempt(reserved.attempt)
    assert (row.state, row.sent_at, row.latest_end) == ("sending", LATER, LATER + rules.longest_call)
    assert (row.policy_version, row.caller_id, row.flow_url) == (7, rules.callers[0].number, rules.flow_url)
    [event] = await bench.events("sent")
    assert (event.attempt_id, event.at, event.number_hash) == (reserved.attempt, LATER, row.number_hash)
    assert event.data == {"latest_end": (LATER + rules.longest_call).isoformat(), "policy": 7}


async def test_what_is_held_back_stays_reserved(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, 1)
    assert await bench.ask(reserved, channels=0) == [CHANNELS]
    assert (await bench.attempt(reserved[0].attempt)).state == "reserved"
    assert await bench.ask(reserved) == [Send()]


async def test_an_attempt_that_is_not_reserved_any_more_is_held_back(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, 1)
    assert await bench.ask(reserved) == [Send()]
    assert await bench.ask(reserved) == [GONE]
    given_back = await bench.reserve(spring, 2)
    await bench.store.release([Release(given_back[0].attempt, None, "next in line", NOON)])
    assert await bench.ask(given_back) == [GONE]
    assert await bench.store.begin_sending([Intent(NOBODY, policy(), 1, NOON)]) == [GONE]


async def test_one_reservation_asked_for_twice_at_once_leaves_once(bench: Bench, spring: CampaignId) -> None:
    [reserved] = await bench.reserve(spring, 1)
    assert await bench.ask([reserved, reserved]) == [Send(), GONE]
    assert len(await bench.events("sent")) == 1


async def test_one_reservation_finished_twice_at_once_is_finished_once(bench: Bench, spring: CampaignId) -> None:
    [reserved] = await bench.reserve(spring, 1)
    [finished, again] = await bench.ask([reserved, reserved], window=window(end=NOON))
    assert isinstance(finished, Finish)
    assert again == GONE
    assert len(await bench.events("finished")) == 1


@pytest.mark.parametrize("state", [state for state in CampaignState if state is not CampaignState.RUNNING])
async def test_only_a_running_campaign_sends(bench: Bench, state: CampaignState) -> None:
    campaign = await bench.campaign(state=state)
    assert await bench.ask(await bench.reserve(campaign, 1)) == [HoldBack(Why.PAUSED)]


@pytest.mark.parametrize(
    ("name", "verdict"), [("spring", Send()), (f"{TEST_CALL}1", HoldBack(Why.ELSEWHERE))], ids=["others", "test calls"]
)
async def test_a_test_call_obeys_the_pause_of_a_campaign_that_its_number_waits_in(
    bench: Bench, name: str, verdict: Verdict
) -> None:
    await bench.load(await bench.campaign("summer", state=CampaignState.PAUSED), [new_lead(2, 1)])
    assert await bench.ask(await bench.reserve(await bench.campaign(name), 1, 2)) == [verdict, Send()]


async def test_but_not_of_one_that_is_done_with_it(bench: Bench) -> None:
    summer = await bench.campaign("summer")
    await bench.call(summer, 1, Disposition.COMPLETED)
    await bench.store.set_state(summer, CampaignState.PAUSED, "", LATER)
    assert await bench.ask(await bench.reserve(await bench.campaign(f"{TEST_CALL}1"), 1), NOON + hours(1)) == [Send()]


async def test_nothing_leaves_outside_the_hours(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, 1)
    assert await bench.ask(reserved, window=window("14:00-21:00")) == [HoldBack(Why.HOURS, NOON + hours(2))]


async def test_after_the_end_the_lead_is_done_and_its_reservation_gone(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, 1)
    [verdict] = await bench.ask(reserved, window=window(end=NOON))
    assert isinstance(verdict, Finish)
    lead = await bench.lead(spring)
    assert (lead.state, lead.outcome, lead.reason) == (LeadState.DONE, Outcome.EXPIRED, verdict.why)
    assert (lead.final_at, lead.due_at, lead.attempts) == (NOON, None, ())
    assert await bench.ask(reserved) == [GONE]
    [event] = await bench.events("finished")
    assert (event.lead_id, event.data) == (lead.id, {"outcome": "expired", "why": verdict.why})


async def test_calls_to_one_lead_are_limited_by_max_attempts(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)
    retry = await bench.reserve(spring, at=NOON + minutes(30))
    assert await bench.ask(retry, NOON + minutes(30), max_attempts=1) == [Finish(Outcome.BUSY, "1 of 1 calls made")]
    assert (await bench.lead(spring)).outcome is Outcome.BUSY


async def test_a_refused_call_does_not_count_against_max_attempts(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, Refused(NOON, Refusal.LATER, "429"))
    again = await bench.reserve(spring, at=LATER)
    assert await bench.ask(again, LATER, max_attempts=1, per_day=1) == [Send()]
    assert (await bench.attempt(again[0].attempt)).attempt_no == 2


async def test_channels_are_counted_over_all_campaigns_of_the_account(bench: Bench, spring: CampaignId) -> None:
    await bench.alive(spring, 1)
    await bench.sending(spring, 2)
    summer = await bench.reserve(await bench.campaign("summer"), 3)
    assert await bench.ask(summer, channels=2) == [CHANNELS]
    assert await bench.ask(summer, channels=3) == [Send()]


async def test_channels_of_another_account_are_its_own(bench: Bench, spring: CampaignId) -> None:
    await bench.alive(spring, 1)
    theirs = await bench.campaign("theirs", account=Account("https://api.example.test", "other", simulated=False))
    assert await bench.ask(await bench.reserve(theirs, 2), channels=1) == [Send()]


async def test_an_ended_call_frees_its_channel(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED)
    assert await bench.ask(await bench.reserve(spring, 2), channels=1) == [Send()]


async def test_a_silent_call_frees_its_channel_after_its_latest_end(bench: Bench, spring: CampaignId) -> None:
    await bench.alive(spring, 1)
    other = await bench.reserve(spring, 2)
    over = NOON + policy().longest_call
    assert await bench.ask(other, over - seconds(1), channels=1) == [CHANNELS]
    assert await bench.ask(other, over, channels=1) == [Send()]


async def test_a_server_error_frees_its_channel_once_it_must_have_rung_out(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    rung_out = NOON + policy().longest_ring
    await bench.tell(attempt, InDoubt(NOON, "502", latest_end=rung_out, server_error=True))
    other = await bench.reserve(spring, 2)
    assert await bench.ask(other, rung_out - seconds(1), channels=1) == [CHANNELS]
    assert await bench.ask(other, rung_out, channels=1) == [Send()]


async def test_channels_are_counted_at_each_ones_own_instant(bench: Bench, spring: CampaignId) -> None:
    await bench.alive(spring, 1)
    over = NOON + policy().longest_call
    intents = [
        Intent(each.attempt, policy(channels=1), 1, at)
        for each, at in zip(await bench.reserve(spring, 2, 3), (over - seconds(1), over), strict=True)
    ]
    assert await bench.store.begin_sending(intents) == [CHANNELS, Send()]


async def test_so_are_those_that_the_same_batch_sends(bench: Bench, spring: CampaignId) -> None:
    instants = NOON, NOON + policy().longest_call - seconds(1), NOON + policy().longest_call
    intents = [
        Intent(each.attempt, policy(channels=1), 1, at)
        for each, at in zip(await bench.reserve(spring, 1, 2, 3), instants, strict=True)
    ]
    assert await bench.store.begin_sending(intents) == [Send(), CHANNELS, Send()]


async def test_the_last_channel_goes_to_the_first_of_a_batch(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, 1, 2, 3)
    assert await bench.ask(reserved, channels=2) == [Send(), Send(), CHANNELS]


@pytest.mark.parametrize("state", [AttemptState.SENDING, AttemptState.ACCEPTED, AttemptState.UNKNOWN])
async def test_a_number_with_a_live_call_is_locked_in_every_campaign(
    bench: Bench, spring: CampaignId, state: AttemptState
) -> None:
    [attempt] = await bench.sending(spring, 1)
    if state is AttemptState.ACCEPTED:
        await bench.tell(attempt, Accepted(NOON, sid(1)))
    if state is AttemptState.UNKNOWN:
        await bench.tell(attempt, InDoubt(NOON, "connection lost"))
    summer = await bench.reserve(await bench.campaign("summer"), 1)
    over = NOON + policy().longest_call
    assert await bench.ask(summer, over - seconds(1)) == [HoldBack(Why.LIVE, over)]
    assert await bench.ask(summer, over) == [Park(PARKED)]
    for later in (timedelta(0), DAY, 30 * DAY):
        assert await bench.store.claim_due(summer[0].campaign, over + later, 10) == []


async def test_two_leads_of_one_number_asked_for_at_once_get_one_call(bench: Bench, spring: CampaignId) -> None:
    [one] = await bench.reserve(spring, 1)
    [other] = await bench.reserve(await bench.campaign("summer"), 1)
    assert await bench.ask([one, other]) == [Send(), HoldBack(Why.LIVE, NOON + policy().longest_call)]


async def test_after_a_server_error_the_number_is_locked_all_the_same(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    rung_out = NOON + policy().longest_ring
    await bench.tell(attempt, InDoubt(NOON, "502", latest_end=rung_out, server_error=True))
    summer = await bench.reserve(await bench.campaign("summer"), 1)
    assert await bench.ask(summer, rung_out - seconds(1)) == [HoldBack(Why.LIVE, rung_out)]
    assert await bench.ask(summer, rung_out) == [Park(PARKED)]


@pytest.mark.parametrize("evidence", [NotPlaced(LATER, "not in the list"), WrittenOff(LATER, "gave up")])
async def test_a_settled_doubt_unlocks_the_number(
    bench: Bench, spring: CampaignId, evidence: NotPlaced | WrittenOff
) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, InDoubt(NOON, "connection lost"), evidence)
    summer = await bench.reserve(await bench.campaign("summer"), 1)
    assert await bench.ask(summer, NOON + hours(1)) == [Send()]


async def test_calls_a_day_are_counted_for_the_number_over_all_campaigns(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED)
    summer = await bench.campaign("summer")
    await bench.call(summer, 1, Disposition.COMPLETED, at=NOON + hours(1))
    autumn = await bench.reserve(await bench.campaign("autumn"), 1)
    assert await bench.ask(autumn, NOON + hours(2), per_day=2) == [HoldBack(Why.DAY, NOON + DAY)]
    assert await bench.ask(autumn, NOON + DAY, per_day=2) == [Send()]


async def test_a_call_proved_not_placed_is_none_of_the_day(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, InDoubt(NOON, "connection lost"), NotPlaced(LATER, "not in the list"))
    again = await bench.reserve(spring, at=LATER)
    assert await bench.ask(again, LATER, per_day=1, max_attempts=1) == [Send()]


async def test_the_gap_counts_from_the_end_of_the_numbers_last_call(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED, lasts=minutes(3))
    summer = await bench.reserve(await bench.campaign("summer"), 1)
    free = NOON + minutes(3) + minutes(5)
    assert await bench.ask(summer, free - seconds(1), min_gap=minutes(5)) == [HoldBack(Why.GAP, free)]
    assert await bench.ask(summer, free, min_gap=minutes(5)) == [Send()]


@pytest.mark.parametrize("gap", [DAY, 3 * DAY])
async def test_a_gap_of_days_counts_from_the_end_too(bench: Bench, spring: CampaignId, gap: timedelta) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED, lasts=minutes(3))
    summer = await bench.reserve(await bench.campaign("summer"), 1)
    free = NOON + minutes(3) + gap
    assert await bench.ask(summer, free - minutes(1), min_gap=gap) == [HoldBack(Why.GAP, free)]
    assert await bench.ask(summer, free, min_gap=gap) == [Send()]


async def test_the_gap_of_a_batch_is_each_ones_own(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED)
    summer = await bench.reserve(await bench.campaign("summer"), 1, 2)
    at = NOON + hours(2)
    intents = [
        Intent(each.attempt, policy(min_gap=gap), 1, at)
        for each, gap in zip(summer, (hours(3), minutes(5)), strict=True)
    ]
    assert await bench.store.begin_sending(intents) == [HoldBack(Why.GAP, LATER + hours(3)), Send()]


async def test_a_retry_leaves_once_its_wait_is_over(bench: Bench, spring: CampaignId) -> None:
    first = await bench.call(spring, 1, Disposition.BUSY)
    [retry] = await bench.sending(spring, at=LATER + minutes(10))
    await bench.tell(retry, ended(Disposition.COMPLETED, NOON + hours(1)))
    lead = await bench.lead(spring)
    assert [each.attempt.id for each in lead.attempts] == [first, retry]
    assert [each.attempt_no for each in lead.attempts] == [1, 2]
