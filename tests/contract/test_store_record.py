"""What happened to an attempt: attempt, lead and next step change together, whatever the order the news comes in."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from campaign.core.attempt import AttemptId, AttemptState, Disposition, Refusal, ResolvedBy
from campaign.core.events import Accepted, Event, InDoubt, NotPlaced, Refused, Silent, WrittenOff
from campaign.core.guard import HoldBack, Why
from campaign.core.lead import CampaignId, CampaignState, LeadState, Outcome
from campaign.core.records import Happened, Reserved
from campaign.core.retry import Done, Hold, Retry
from tests.builders import LATER, NOON, hours, minutes, seconds
from tests.contract.store import NOBODY, Bench, ended, sid

ANSWERED = NOON + seconds(1)
DOUBT = InDoubt(ANSWERED, "connection lost")
BUSY, COMPLETED = ended(Disposition.BUSY, LATER), ended(Disposition.COMPLETED, LATER)


@dataclass(frozen=True, slots=True)
class Case:
    """What is told of a request that has left, and what the ledger then says."""

    told: tuple[Event, ...]
    attempt: dict[str, Any]
    state: LeadState
    outcome: Outcome | None = None
    lead: dict[str, Any] = field(default_factory=dict)


ACCEPTED = Accepted(ANSWERED, sid(1), created="2026-03-04 12:00:01")
CASES = {
    "accepted": Case(
        (ACCEPTED,),
        {
            "state": "accepted",
            "call_sid": sid(1),
            "replied_at": ANSWERED,
            "provider_created": "2026-03-04 12:00:01",
            "disposition": None,
        },
        LeadState.IN_FLIGHT,
        lead={"reason": "a call is alive", "due_at": None},
    ),
    "number refused": Case(
        (Refused(ANSWERED, Refusal.INVALID_NUMBER, "400: From"),),
        {"state": "refused", "refusal": "invalid_number", "error": "400: From", "replied_at": ANSWERED},
        LeadState.DONE,
        Outcome.INVALID_NUMBER,
        {"final_at": ANSWERED},
    ),
    "refused for now": Case(
        (Refused(ANSWERED, Refusal.LATER, "429", retry_after=7),),
        {"state": "refused", "refusal": "later", "ended_at": ANSWERED, "resolved_by": "response"},
        LeadState.PENDING,
        lead={"due_at": ANSWERED, "reason": "not placed; no attempt used up"},
    ),
    "in doubt": Case(
        (DOUBT,),
        {"state": "unknown", "error": "connection lost", "replied_at": ANSWERED, "latest_end": NOON + minutes(6.5)},
        LeadState.HELD,
        lead={"reason": "in doubt", "due_at": None},
    ),
    "server error": Case(
        (InDoubt(ANSWERED, "502", latest_end=NOON + minutes(2), server_error=True),),
        {"state": "unknown", "latest_end": NOON + minutes(2)},
        LeadState.HELD,
    ),
    "doubt settled": Case(
        (DOUBT, Accepted(LATER, sid(1), ResolvedBy.CALLBACK)),
        {"state": "accepted", "call_sid": sid(1), "replied_at": ANSWERED},
        LeadState.IN_FLIGHT,
    ),
    "answered": Case(
        (ACCEPTED, COMPLETED),
        {"disposition": "completed", "provider_status": "completed", "ended_at": LATER, "resolved_by": "callback"},
        LeadState.DONE,
        Outcome.COMPLETED,
        {"final_at": LATER, "reason": "answered"},
    ),
    "busy": Case(
        (ACCEPTED, BUSY),
        {"disposition": "busy", "call_sid": sid(1)},
        LeadState.RETRY_WAIT,
        lead={"due_at": LATER + minutes(10), "final_at": None},
    ),
    "callback before the answer": Case(
        (ended(Disposition.COMPLETED, ANSWERED, call_sid=sid(1)), Accepted(LATER, sid(1))),
        {"state": "accepted", "disposition": "completed", "call_sid": sid(1), "replied_at": LATER},
        LeadState.DONE,
        Outcome.COMPLETED,
    ),
    "its end was never told": Case(
        (ACCEPTED, Silent(NOON + hours(1))),
        {"state": "accepted", "disposition": None},
        LeadState.HELD,
        lead={"reason": "its end was never told"},
    ),
    "told after all": Case(
        (ACCEPTED, Silent(NOON + hours(1)), ended(Disposition.COMPLETED, NOON + hours(2), ResolvedBy.POLL)),
        {"disposition": "completed", "resolved_by": "poll"},
        LeadState.DONE,
        Outcome.COMPLETED,
    ),
    "proved not placed": Case(
        (DOUBT, NotPlaced(LATER, "not in the list")),
        {"state": "unknown", "disposition": "not_placed", "error": "not in the list", "resolved_by": "poll"},
        LeadState.PENDING,
        lead={"due_at": LATER},
    ),
    "written off": Case(
        (DOUBT, WrittenOff(LATER, "nobody knows")),
        {"state": "unknown", "disposition": "written_off", "error": "nobody knows", "resolved_by": "operator"},
        LeadState.DONE,
        Outcome.UNKNOWN,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("at_once", [False, True], ids=["one by one", "in one commit"])
async def test_attempt_and_lead_say_what_happened(bench: Bench, spring: CampaignId, case: Case, at_once: bool) -> None:
    [attempt] = await bench.sending(spring, 1)
    if at_once:
        await bench.store.record([Happened(attempt, event) for event in case.told])
    else:
        await bench.tell(attempt, *case.told)
    row, lead = await bench.attempt(attempt), await bench.lead(spring)
    assert {name: getattr(row, name) for name in case.attempt} == case.attempt
    assert (lead.state, lead.outcome) == (case.state, case.outcome)
    assert {name: getattr(lead, name) for name in case.lead} == case.lead


async def test_the_verdict_says_what_was_made_of_it_and_what_follows(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    [accepted, busy] = await bench.tell(attempt, ACCEPTED, BUSY)
    assert accepted.decision == Hold("a call is alive")
    assert busy.decision == Retry(LATER + minutes(10), "busy, call 1 of 4")
    assert (busy.attempt.disposition, busy.kept, busy.corrected) == (Disposition.BUSY, "", False)


async def test_the_same_end_twice_changes_nothing_and_is_kept_with_why(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, ACCEPTED, BUSY)
    before = await bench.lead(spring)
    [again] = await bench.tell(attempt, ended(Disposition.BUSY, NOON + hours(1)))
    assert (again.decision, again.kept) == (None, "Ended does not follow ended")
    assert await bench.lead(spring) == before
    [first, second] = await bench.events("ended")
    assert "kept" not in first.data
    assert second.data["kept"] == "Ended does not follow ended"


async def test_an_end_that_contradicts_the_first_changes_nothing(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    [_, first, second] = await bench.tell(attempt, ACCEPTED, COMPLETED, ended(Disposition.FAILED, NOON + hours(1)))
    assert second.attempt == first.attempt
    assert second.kept
    assert (await bench.attempt(attempt)).provider_status == "completed"
    assert (await bench.lead(spring)).outcome is Outcome.COMPLETED


async def test_an_end_that_names_another_call_changes_nothing(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    [_, strange] = await bench.tell(attempt, ACCEPTED, ended(Disposition.BUSY, LATER, call_sid=sid(2)))
    assert strange.kept == "names another call"
    assert (await bench.lead(spring)).state is LeadState.IN_FLIGHT


async def test_an_event_on_a_reservation_changes_nothing(bench: Bench, spring: CampaignId) -> None:
    [reserved] = await bench.reserve(spring, 1)
    [early] = await bench.tell(reserved.attempt, BUSY)
    assert (early.attempt.state, early.kept) == (AttemptState.RESERVED, "Ended does not follow reserved")
    row = await bench.attempt(reserved.attempt)
    assert (row.state, row.disposition) == ("reserved", None)


async def test_twice_in_one_commit_is_once(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.alive(spring, 1)
    [first, second] = await bench.store.record([Happened(attempt, BUSY), Happened(attempt, BUSY)])
    assert (first.kept, second.kept) == ("", "Ended does not follow ended")
    assert len(await bench.events("ended")) == 2


async def test_many_attempts_in_one_call_each_get_their_verdict(bench: Bench, spring: CampaignId) -> None:
    attempts = await bench.alive(spring, 1, 2, 3)
    ends = [COMPLETED, BUSY, ended(Disposition.FAILED, LATER)]
    recorded = await bench.store.record([Happened(each, end) for each, end in zip(attempts, ends, strict=True)])
    assert [each.attempt.id for each in recorded] == attempts
    assert [lead.state for lead in await bench.leads(spring)] == [LeadState.DONE, *[LeadState.RETRY_WAIT] * 2]
    assert [lead.due_at for lead in await bench.leads(spring)] == [None, LATER + minutes(10), LATER + hours(4)]


async def test_an_attempt_that_does_not_exist_is_refused_and_nothing_is_written(
    bench: Bench, spring: CampaignId
) -> None:
    [attempt] = await bench.alive(spring, 1)
    before = await bench.events()
    with pytest.raises((LookupError, SQLAlchemyError)):
        await bench.store.record([Happened(attempt, BUSY), Happened(NOBODY, BUSY)])
    assert await bench.events() == before
    assert (await bench.attempt(attempt)).disposition is None


@pytest.mark.parametrize("verdict", [NotPlaced(LATER, "not in the list"), WrittenOff(LATER, "gave up")])
async def test_late_truth_corrects_a_settled_doubt(
    bench: Bench, spring: CampaignId, verdict: NotPlaced | WrittenOff
) -> None:
    [attempt] = await bench.sending(spring, 1)
    late = ended(Disposition.COMPLETED, NOON + hours(1), call_sid=sid(1))
    recorded = (await bench.tell(attempt, DOUBT, verdict, late))[-1]
    assert recorded.corrected
    assert recorded.decision == Done(Outcome.COMPLETED, "answered")
    row, lead = await bench.attempt(attempt), await bench.lead(spring)
    assert (row.state, row.disposition, row.call_sid) == ("accepted", "completed", sid(1))
    assert (lead.state, lead.outcome, lead.final_at) == (LeadState.DONE, Outcome.COMPLETED, NOON + hours(1))
    assert (await bench.events("ended"))[-1].data["corrected"] is True


async def _second_after_not_placed(bench: Bench, spring: CampaignId) -> tuple[AttemptId, Reserved]:
    """A lead whose first attempt was proved not placed, and that is reserved again."""
    [first] = await bench.sending(spring, 1)
    await bench.tell(first, DOUBT, NotPlaced(LATER, "not in the list"))
    [again] = await bench.reserve(spring, at=LATER)
    return first, again


@pytest.mark.parametrize("disposition", [Disposition.COMPLETED, Disposition.BUSY])
async def test_late_truth_stops_a_retry_that_was_reserved(
    bench: Bench, spring: CampaignId, disposition: Disposition
) -> None:
    first, again = await _second_after_not_placed(bench, spring)
    await bench.tell(first, ended(disposition, NOON + hours(1)))
    assert await bench.store.claim_due(spring, NOON + hours(1), 10) == []
    lead = await bench.lead(spring)
    assert [each.attempt.id for each in lead.attempts] == [first]
    assert lead.state is (LeadState.DONE if disposition is Disposition.COMPLETED else LeadState.RETRY_WAIT)
    assert await bench.ask([again], NOON + hours(2)) == [HoldBack(Why.GONE)], "the reservation is gone"
    *_, released, _ = await bench.events()
    assert (released.kind, released.attempt_id, released.at) == ("released", again.attempt, NOON + hours(1))
    assert released.data == {"due_at": None, "why": "the call before was there after all"}
    assert not await bench.contradictions(spring)


async def test_late_truth_beside_a_live_retry_leaves_the_lead_to_the_retry(bench: Bench, spring: CampaignId) -> None:
    first, _ = await _second_after_not_placed(bench, spring)
    await bench.store.recover(LATER)
    [second] = await bench.sending(spring, at=LATER)
    await bench.tell(second, Accepted(LATER, sid(2)))
    [late] = await bench.tell(first, ended(Disposition.COMPLETED, NOON + hours(1)))
    assert (late.corrected, late.decision) == (True, Hold("a call is alive"))
    assert (await bench.lead(spring)).state is LeadState.IN_FLIGHT
    await bench.tell(second, ended(Disposition.BUSY, NOON + hours(1)))
    assert (await bench.lead(spring)).outcome is Outcome.COMPLETED


@pytest.mark.parametrize("second_is", [[InDoubt(LATER, "lost")], [Accepted(LATER, sid(2)), Silent(NOON + hours(1))]])
async def test_late_truth_beside_a_held_retry_leaves_the_lead_held(
    bench: Bench, spring: CampaignId, second_is: list[Event]
) -> None:
    first, _ = await _second_after_not_placed(bench, spring)
    await bench.store.recover(LATER)
    [second] = await bench.sending(spring, at=LATER)
    await bench.tell(second, *second_is)
    before = await bench.lead(spring)
    assert before.state is LeadState.HELD
    await bench.tell(first, ended(Disposition.BUSY, NOON + hours(2)))
    after = await bench.lead(spring)
    assert (after.state, after.reason) == (LeadState.HELD, before.reason)


@pytest.mark.parametrize("state", [CampaignState.DRAINING, CampaignState.STOPPED])
async def test_where_the_campaign_stops_a_retry_is_canceled(
    bench: Bench, spring: CampaignId, state: CampaignState
) -> None:
    busy, completed = await bench.alive(spring, 1, 2)
    await bench.store.set_state(spring, state, "stopped", LATER)
    [canceled] = await bench.tell(busy, BUSY)
    await bench.tell(completed, COMPLETED)
    assert canceled.decision == Done(Outcome.CANCELED, "the campaign was stopped")
    assert [lead.outcome for lead in await bench.leads(spring)] == [Outcome.CANCELED, Outcome.COMPLETED]


async def test_a_paused_campaign_still_plans_its_retries(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.alive(spring, 1)
    await bench.store.set_state(spring, CampaignState.PAUSED, "lunch", LATER)
    await bench.tell(attempt, BUSY)
    assert (await bench.lead(spring)).state is LeadState.RETRY_WAIT


async def test_the_first_answer_is_the_one_that_counts_for_the_rate(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, ACCEPTED, Accepted(LATER, sid(1)))
    assert (await bench.attempt(attempt)).replied_at == ANSWERED


async def test_an_end_is_no_answer_to_the_request(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    await bench.tell(attempt, COMPLETED)
    assert (await bench.attempt(attempt)).replied_at is None
