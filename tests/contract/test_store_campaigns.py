"""Campaigns, their policy versions, their states, and what closing one does to its leads."""

import pytest

from campaign.core.attempt import Disposition
from campaign.core.guard import HoldBack, Why
from campaign.core.lead import CampaignId, CampaignState, LeadState, Outcome
from campaign.core.records import Account
from tests.builders import LATER, NOON, minutes
from tests.contract.store import ACCOUNT, Bench


async def test_a_new_campaign_is_a_draft_with_its_first_policy(bench: Bench) -> None:
    made = await bench.store.open_campaign("spring", ACCOUNT, {"channels": 3}, NOON)
    assert (made.name, made.account, made.state, made.created_at) == ("spring", ACCOUNT, CampaignState.DRAFT, NOON)
    assert (made.policy_version, made.settings, made.finished_at) == (1, {"channels": 3}, None)
    assert await bench.books.campaigns() == [made]


async def test_opening_it_again_changes_nothing(bench: Bench) -> None:
    made = await bench.store.open_campaign("spring", ACCOUNT, {"channels": 3}, NOON)
    other = Account("https://other.example.test", "other", simulated=True)
    assert await bench.store.open_campaign("spring", other, {"channels": 9}, LATER) == made
    assert len(await bench.events("campaign")) == 1


async def test_two_campaigns_of_one_account_share_it_and_another_account_does_not(bench: Bench) -> None:
    first = await bench.store.open_campaign("spring", ACCOUNT, {}, NOON)
    second = await bench.store.open_campaign("summer", ACCOUNT, {}, NOON)
    rehearsal = Account(ACCOUNT.base_url, ACCOUNT.account_sid, simulated=True)
    third = await bench.store.open_campaign("autumn", rehearsal, {}, NOON)
    assert first.account_id == second.account_id != third.account_id


async def test_a_policy_that_differs_is_a_new_version(bench: Bench, spring: CampaignId) -> None:
    assert await bench.store.add_policy(spring, {"channels": 5}, LATER) == 2
    [record] = await bench.books.campaigns()
    assert (record.policy_version, record.settings) == (2, {"channels": 5})
    assert [row.data for row in await bench.events("policy")] == [{"version": 1}, {"version": 2}]


async def test_the_same_policy_is_no_new_version(bench: Bench, spring: CampaignId) -> None:
    assert await bench.store.add_policy(spring, {}, LATER) == 1


async def test_the_newest_policy_decides_on_retries(bench: Bench, spring: CampaignId) -> None:
    await bench.store.add_policy(spring, {"max_attempts": 1}, LATER)
    await bench.call(spring, 1, Disposition.BUSY)
    assert (await bench.lead(spring)).outcome is Outcome.BUSY


async def test_moving_tells_the_state_before_and_is_an_event(bench: Bench, spring: CampaignId) -> None:
    assert await bench.store.set_state(spring, CampaignState.PAUSED, "lunch", LATER) is CampaignState.RUNNING
    assert await bench.store.set_state(spring, CampaignState.RUNNING, "", LATER) is CampaignState.PAUSED
    moves = [row.data for row in await bench.events("moved")][-2:]
    assert moves[0] == {"from": "running", "to": "paused", "reason": "lunch"}
    assert moves[1] == {"from": "paused", "to": "running", "reason": ""}


async def test_moving_it_to_where_it_is_changes_nothing(bench: Bench, spring: CampaignId) -> None:
    before = await bench.events()
    assert await bench.store.set_state(spring, CampaignState.RUNNING, "", LATER) is CampaignState.RUNNING
    assert await bench.events() == before


async def test_a_new_reason_for_where_it_is_stands_from_then_on(bench: Bench, spring: CampaignId) -> None:
    await bench.store.set_state(spring, CampaignState.PAUSED, "lunch", LATER)
    await bench.store.set_state(spring, CampaignState.PAUSED, "the weekend", LATER)
    assert [each.reason for each in await bench.books.campaigns()] == ["the weekend"]
    assert (await bench.events("moved"))[-1].data == {"from": "paused", "to": "paused", "reason": "the weekend"}


ELSEWHERE = [state for state in CampaignState if state is not CampaignState.STOPPED]


@pytest.mark.parametrize("wanted", [state for state in ELSEWHERE if state is not CampaignState.DRAINING])
async def test_a_campaign_that_is_being_stopped_goes_nowhere_else(bench: Bench, wanted: CampaignState) -> None:
    campaign = await bench.campaign()
    await bench.store.set_state(campaign, CampaignState.DRAINING, "stopped", LATER)
    before = await bench.events()
    assert await bench.store.set_state(campaign, wanted, "somebody else", LATER) is CampaignState.DRAINING
    [record] = await bench.books.campaigns()
    assert (record.state, record.reason) == (CampaignState.DRAINING, "stopped")
    assert await bench.events() == before


async def test_a_campaign_that_is_being_stopped_is_stopped_in_the_end(bench: Bench, spring: CampaignId) -> None:
    await bench.store.set_state(spring, CampaignState.DRAINING, "stopped", LATER)
    assert await bench.store.set_state(spring, CampaignState.STOPPED, "stopped", LATER) is CampaignState.DRAINING
    [record] = await bench.books.campaigns()
    assert (record.state, record.finished_at) == (CampaignState.STOPPED, LATER)


@pytest.mark.parametrize("wanted", ELSEWHERE)
async def test_a_stopped_campaign_stays_stopped_whoever_comes_later(bench: Bench, wanted: CampaignState) -> None:
    campaign = await bench.campaign(state=CampaignState.STOPPED)
    before = await bench.events()
    assert await bench.store.set_state(campaign, wanted, "again", LATER) is CampaignState.STOPPED
    [record] = await bench.books.campaigns()
    assert (record.state, record.finished_at) == (CampaignState.STOPPED, NOON)
    assert await bench.events() == before


@pytest.mark.parametrize("state", [CampaignState.COMPLETED, CampaignState.STOPPED, CampaignState.FAILED])
async def test_an_ended_campaign_knows_since_when(bench: Bench, state: CampaignState) -> None:
    campaign = await bench.campaign()
    await bench.store.set_state(campaign, state, "over", LATER)
    assert [each.finished_at for each in await bench.books.campaigns()] == [LATER]


@pytest.mark.parametrize("state", [CampaignState.COMPLETED, CampaignState.FAILED])
async def test_an_ended_campaign_that_goes_on_has_not_ended(bench: Bench, state: CampaignState) -> None:
    campaign = await bench.campaign(state=state)
    await bench.store.set_state(campaign, CampaignState.RUNNING, "", LATER)
    assert [each.finished_at for each in await bench.books.campaigns()] == [None]


async def test_nothing_is_sent_against_a_pause_that_has_returned(bench: Bench, spring: CampaignId) -> None:
    reserved = await bench.reserve(spring, 1)
    await bench.store.set_state(spring, CampaignState.PAUSED, "lunch", NOON)
    assert await bench.ask(reserved) == [HoldBack(Why.PAUSED)]


async def test_closing_ends_every_lead_that_waits_and_those_reserved_and_no_other(
    bench: Bench, spring: CampaignId
) -> None:
    [alive] = await bench.alive(spring, 1)
    await bench.call(spring, 2, Disposition.COMPLETED)
    await bench.call(spring, 3, Disposition.BUSY)
    reserved = await bench.reserve(spring, 4, 5, limit=1)
    assert await bench.store.close_rest(spring, Outcome.CANCELED, "stopped", LATER) == 3
    leads = await bench.leads(spring)
    assert [lead.state for lead in leads] == [LeadState.IN_FLIGHT, *[LeadState.DONE] * 4]
    assert [lead.outcome for lead in leads] == [None, Outcome.COMPLETED, *[Outcome.CANCELED] * 3]
    assert [lead.final_at for lead in leads[2:]] == [LATER] * 3
    assert [row.data["why"] for row in await bench.events("finished")] == ["stopped"] * 3
    assert await bench.ask(reserved) == [HoldBack(Why.GONE)], "the reservation is gone"
    [released] = await bench.events("released")
    assert (released.attempt_id, released.at, released.data["why"]) == (reserved[0].attempt, LATER, "stopped")
    assert not await bench.contradictions(spring)
    assert [call.attempt.id for call in await bench.live(spring)] == [alive]
    assert await bench.store.claim_due(spring, NOON + minutes(60), 10) == []


async def test_closing_leaves_other_campaigns_alone(bench: Bench, spring: CampaignId) -> None:
    summer = await bench.campaign("summer")
    await bench.reserve(summer, 1, 2, limit=1)
    assert await bench.store.close_rest(spring, Outcome.EXPIRED, "over", LATER) == 0
    assert {lead.outcome for lead in await bench.leads(summer)} == {None}
