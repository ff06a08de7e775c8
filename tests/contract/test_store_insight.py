"""Reading: the figures of a campaign, and books that hold still while they are read."""

import pytest

from campaign.core.attempt import AttemptId, Disposition, Refusal
from campaign.core.events import InDoubt, Refused
from campaign.core.lead import CampaignId, CampaignState, LeadState, Outcome
from campaign.core.tally import Tally
from campaign.store import asking, dialling, pages
from tests.builders import LATER, NOON, hours, minutes
from tests.contract.store import Bench, new_lead, number, reject


async def test_calls_alive_in_doubt_or_without_a_price_are_found_without_reading_all_that_were_made(
    bench: Bench, spring: CampaignId
) -> None:
    values = {"account": 1, "campaign": spring, "since": NOON, "last": NOON, "accounts": [1]}
    for query in (asking.LIVE_CALLS, asking.IN_DOUBT, dialling.CHANNELS):
        assert "attempt USING INDEX ix_attempt_alive" in await bench.plan(query, values)
    for query in (asking.LIVE_CALLS, asking.UNDETAILED):
        assert "TEMP B-TREE" not in await bench.plan(query, values), "they come in their order"
    assert "attempt USING INDEX ix_attempt_undetailed" in await bench.plan(asking.UNDETAILED, values)


async def test_a_campaign_without_leads_has_no_figures(bench: Bench, spring: CampaignId) -> None:
    assert await bench.books.tally(spring) == Tally()
    assert await bench.books.next_due(spring) is None


async def test_the_tally_counts_leads_calls_and_why_they_wait(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED)
    await bench.call(spring, 2, Disposition.BUSY)
    await bench.alive(spring, 3)
    [doubtful] = await bench.sending(spring, 4)
    await bench.tell(doubtful, InDoubt(LATER, "connection lost"))
    await bench.load(spring, [new_lead(2, 5), new_lead(3, 6), reject(4)], at=NOON + hours(1))
    tally = await bench.books.tally(spring)
    assert tally.states == {
        LeadState.DONE: 1,
        LeadState.RETRY_WAIT: 1,
        LeadState.IN_FLIGHT: 1,
        LeadState.HELD: 1,
        LeadState.PENDING: 2,
    }
    assert tally.outcomes == {Outcome.COMPLETED: 1}
    assert (tally.attempts, tally.alive, tally.in_doubt) == (4, 2, 1)
    assert tally.waiting == {"not called yet": 2, "a call is alive": 1, "busy, call 1 of 4": 1, "in doubt": 1}
    assert next(iter(tally.waiting)) == "not called yet", "what most wait for comes first"
    assert tally.next_at == await bench.books.next_due(spring) == LATER + minutes(10)


async def test_the_tally_sums_the_outcomes_of_the_done(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED)
    await bench.call(spring, 2, Disposition.COMPLETED)
    await bench.load(spring, [new_lead(2, 3)], at=LATER)
    await bench.store.close_rest(spring, Outcome.EXPIRED, "over", LATER)
    tally = await bench.books.tally(spring)
    assert tally.outcomes == {Outcome.COMPLETED: 2, Outcome.EXPIRED: 1}
    assert (tally.states, tally.next_at, tally.waiting) == ({LeadState.DONE: 3}, None, {})


async def test_the_tally_is_of_one_campaign(bench: Bench, spring: CampaignId) -> None:
    await bench.alive(await bench.campaign("summer"), 1)
    assert await bench.books.tally(spring) == Tally()


async def test_a_snapshot_sees_nothing_that_is_written_meanwhile(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    async with bench.books.snapshot() as still:
        before = await still.tally(spring)
        await bench.load(spring, [new_lead(2, 2)])
        await bench.store.set_state(spring, CampaignState.PAUSED, "lunch", LATER)
        assert await still.tally(spring) == before
        assert [each.state for each in await still.campaigns()] == [CampaignState.RUNNING]
        assert (await bench.books.tally(spring)).total == 2
    assert [each.state for each in await bench.books.campaigns()] == [CampaignState.PAUSED]


async def test_books_come_in_chunks_and_whole(
    bench: Bench, spring: CampaignId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "CHUNK", 2)
    await bench.load(spring, [new_lead(2, 3), reject(3), new_lead(4, 1), reject(5), reject(6)], file="one.csv")
    await bench.load(spring, [new_lead(2, 2), new_lead(3, 5), new_lead(4, 4)], file="two.csv")
    attempts = await bench.sending(spring)
    leads = [[(lead.source_file, lead.source_line) for lead in chunk] async for chunk in bench.books.leads(spring)]
    assert leads == [[("one.csv", 2), ("one.csv", 4)], [("two.csv", 2), ("two.csv", 3)], [("two.csv", 4)]]
    rejects = [[each.reject.source_line for each in chunk] async for chunk in bench.books.rejects(spring)]
    assert rejects == [[3, 5], [6]]
    told: list[list[AttemptId]] = [[each.attempt.id for each in chunk] async for chunk in bench.books.attempts(spring)]
    assert told == [attempts[:2], attempts[2:4], attempts[4:]]


async def test_the_attempts_of_a_lead_are_in_their_order_with_all_that_is_known(
    bench: Bench, spring: CampaignId
) -> None:
    [first] = await bench.sending(spring, 1)
    await bench.tell(first, Refused(NOON, Refusal.LATER, "429"))
    [second] = await bench.alive(spring, at=LATER)
    attempts = [each async for chunk in bench.books.attempts(spring) for each in chunk]
    assert attempts == list((await bench.lead(spring)).attempts)
    assert [(each.attempt.id, each.attempt_no, each.error) for each in attempts] == [(first, 1, "429"), (second, 2, "")]
    assert {each.number for each in attempts} == {number(1)}
    assert [each.policy_version for each in attempts] == [1, 1]
    assert [each.reserved_at for each in attempts] == [NOON, LATER]


async def test_the_newest_instant_is_the_last_events(bench: Bench) -> None:
    assert await bench.books.latest_instant() is None
    spring = await bench.campaign()
    await bench.call(spring, 1, Disposition.BUSY)
    assert await bench.books.latest_instant() == LATER


async def test_books_are_busy_only_while_somebody_asks(bench: Bench, spring: CampaignId) -> None:
    asking = bench.books.tally(spring)
    assert not bench.books.busy
    await asking
    assert not bench.books.busy
