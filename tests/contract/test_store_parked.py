"""A lead whose number is locked by an attempt that nobody could settle is held, and due again once it is settled."""

import pytest

from campaign.core import guard
from campaign.core.attempt import AttemptId, Disposition
from campaign.core.events import Accepted, Asked, Event, InDoubt, NotPlaced, WrittenOff
from campaign.core.guard import PARKED, HoldBack, Park, Send, Why
from campaign.core.lead import CampaignId, LeadState, Outcome
from campaign.store import recording
from tests.builders import NOON, hours, minutes, policy
from tests.contract.store import Bench, ended, sid

DOUBT = InDoubt(NOON, "connection lost")
OVER = NOON + policy().longest_call
SETTLED = NOON + hours(1)


async def parked(bench: Bench, spring: CampaignId) -> tuple[AttemptId, CampaignId]:
    """An attempt of one campaign in doubt, and another campaign whose lead waits for it."""
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, DOUBT)
    summer = await bench.campaign("summer")
    assert await bench.ask(await bench.reserve(summer, 1), OVER) == [Park(PARKED)]
    return attempt, summer


async def test_a_parked_lead_is_held_and_its_reservation_gone(bench: Bench, spring: CampaignId) -> None:
    _, summer = await parked(bench, spring)
    lead = await bench.lead(summer)
    assert (lead.state, lead.reason, lead.outcome, lead.due_at) == (LeadState.HELD, PARKED, None, None)
    assert lead.attempts == ()
    assert await bench.store.claim_due(summer, NOON + hours(1000), 10) == []
    [event] = await bench.events("parked")
    assert (event.lead_id, event.campaign_id, event.at, event.data) == (lead.id, summer, OVER, {"why": PARKED})


async def test_a_parked_lead_is_no_attempt_in_doubt(bench: Bench, spring: CampaignId) -> None:
    attempt, summer = await parked(bench, spring)
    assert await bench.books.held(summer) == []
    assert [doubt.call.attempt.id for doubt in await bench.books.held(spring)] == [attempt]


@pytest.mark.parametrize(
    "event",
    [
        ended(Disposition.COMPLETED, SETTLED, call_sid=sid(1)),
        NotPlaced(SETTLED, "not in the list"),
        WrittenOff(SETTLED, "gave up"),
    ],
)
async def test_once_the_attempt_is_settled_it_is_due_again(bench: Bench, spring: CampaignId, event: Event) -> None:
    attempt, summer = await parked(bench, spring)
    await bench.tell(attempt, event)
    lead = await bench.lead(summer)
    assert (lead.state, lead.reason, lead.due_at) == (LeadState.PENDING, "next in line", SETTLED)
    [told] = await bench.events("unparked")
    assert (told.lead_id, told.campaign_id, told.at) == (lead.id, summer, SETTLED)
    assert await bench.ask(await bench.reserve(summer, at=NOON + hours(2)), NOON + hours(2)) == [Send()]


@pytest.mark.parametrize(
    "event",
    [Asked(SETTLED, found=0, controlled=True), Asked(SETTLED, found=2, controlled=False), Accepted(SETTLED, sid(1))],
)
async def test_what_does_not_settle_it_does_not_wake_it(bench: Bench, spring: CampaignId, event: Event) -> None:
    attempt, summer = await parked(bench, spring)
    await bench.tell(attempt, event)
    assert (await bench.lead(summer)).reason == PARKED
    assert await bench.events("unparked") == []


async def test_the_guards_are_asked_again_afterwards(bench: Bench, spring: CampaignId) -> None:
    attempt, summer = await parked(bench, spring)
    await bench.tell(attempt, ended(Disposition.BUSY, SETTLED, call_sid=sid(1)))
    again = await bench.reserve(summer, at=SETTLED)
    assert await bench.ask(again, SETTLED) == [HoldBack(Why.GAP, SETTLED + minutes(5))]


async def test_another_numbers_call_wakes_nobody(bench: Bench, spring: CampaignId) -> None:
    _, summer = await parked(bench, spring)
    await bench.call(spring, 2, Disposition.COMPLETED, at=SETTLED)
    assert (await bench.lead(summer)).reason == PARKED


async def test_a_lead_in_doubt_itself_is_not_woken(bench: Bench, spring: CampaignId) -> None:
    await parked(bench, spring)
    [other] = await bench.sending(spring, 2, at=SETTLED)
    await bench.tell(other, DOUBT, ended(Disposition.COMPLETED, SETTLED))
    assert (await bench.leads(spring))[0].reason == "in doubt"


async def test_a_parked_lead_that_was_called_before_waits_for_its_retry(bench: Bench, spring: CampaignId) -> None:
    summer = await bench.campaign("summer")
    await bench.call(summer, 1, Disposition.BUSY)
    later = NOON + hours(1)
    [attempt] = await bench.sending(spring, 1, at=later)
    await bench.tell(attempt, InDoubt(later, "connection lost"))
    retry = await bench.reserve(summer, at=later + hours(1))
    assert await bench.ask(retry, later + hours(1)) == [Park(PARKED)]
    await bench.tell(attempt, NotPlaced(later + hours(2), "not in the list"))
    assert (await bench.lead(summer)).state is LeadState.RETRY_WAIT


async def test_a_late_word_on_what_is_settled_already_wakes_nobody(bench: Bench, spring: CampaignId) -> None:
    first = await bench.call(spring, 1, Disposition.BUSY)
    [second] = await bench.sending(spring, at=SETTLED)
    await bench.tell(second, DOUBT)
    summer = await bench.campaign("summer")
    assert await bench.ask(await bench.reserve(summer, 1), SETTLED + hours(1)) == [Park(PARKED)]
    await bench.tell(first, ended(Disposition.BUSY, SETTLED + hours(2)))
    assert (await bench.lead(summer)).reason == PARKED


async def test_closing_the_rest_ends_a_parked_lead_too(bench: Bench, spring: CampaignId) -> None:
    _, summer = await parked(bench, spring)
    assert await bench.store.close_rest(summer, Outcome.CANCELED, "the campaign was stopped", SETTLED) == 1
    lead = await bench.lead(summer)
    assert (lead.state, lead.outcome) == (LeadState.DONE, Outcome.CANCELED)
    assert await bench.store.close_rest(spring, Outcome.CANCELED, "the campaign was stopped", SETTLED) == 0


async def test_a_start_does_not_wake_it(bench: Bench, spring: CampaignId) -> None:
    _, summer = await parked(bench, spring)
    await bench.store.recover(SETTLED)
    assert (await bench.lead(summer)).reason == PARKED


OLD_WORDS = "another call to this number is in doubt"


async def test_one_that_an_older_version_held_in_other_words_is_due_again_too(
    bench: Bench, spring: CampaignId, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as older:
        older.setattr(guard, "PARKED", OLD_WORDS)
        [attempt] = await bench.sending(spring, 1)
        await bench.tell(attempt, DOUBT)
        summer = await bench.campaign("summer")
        assert await bench.ask(await bench.reserve(summer, 1), OVER) == [Park(OLD_WORDS)]
    await bench.tell(attempt, ended(Disposition.COMPLETED, SETTLED))
    assert (await bench.lead(summer)).state is LeadState.PENDING


async def test_a_start_wakes_one_that_waits_for_nobody_any_more(
    bench: Bench, spring: CampaignId, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt, summer = await parked(bench, spring)
    with monkeypatch.context() as older:
        older.setattr(recording, "unpark", lambda *_: None)
        await bench.tell(attempt, ended(Disposition.COMPLETED, SETTLED))
    assert (await bench.lead(summer)).reason == PARKED
    await bench.store.recover(SETTLED + hours(1))
    lead = await bench.lead(summer)
    assert (lead.state, lead.reason, lead.due_at) == (LeadState.PENDING, "next in line", SETTLED + hours(1))
    assert len(await bench.events("unparked")) == 1
