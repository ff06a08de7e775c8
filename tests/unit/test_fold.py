"""A lead's events, replayed: what the tables must say, and which events cannot have followed one another."""

from typing import Any

import pytest

from campaign.core.attempt import Attempt, AttemptId, AttemptState, Disposition, ResolvedBy
from campaign.core.fold import Contradiction, Dialled, Folded, Lead, Row, fold
from campaign.core.lead import LeadState, Outcome
from campaign.core.lifecycle import FOREIGN
from tests.builders import CALL, LATER, NOON, minutes

ONE, TWO = AttemptId(1), AttemptId(2)
ENDS = NOON + minutes(6)
SENT = {"latest_end": ENDS.isoformat(), "policy": 3}
HOLD = {"hold": "a call is alive"}
ACCEPTED = {"call_sid": CALL, "by": "response", "decision": HOLD}
ANSWERED = {"disposition": "completed", "status": "completed", "by": "callback"} | {
    "decision": {"done": "completed", "why": "answered"}
}
ASKED = {"found": 0, "controlled": True, "note": "", "decision": {"hold": "in doubt"}}


def story(*told: tuple[str, dict[str, Any]] | str, attempt: AttemptId = ONE) -> list[Row]:
    """Events of one attempt; the words alone where there is nothing to tell."""
    pairs = [(each, {}) if isinstance(each, str) else each for each in told]
    return [Row(place, LATER, kind, attempt, "hash", data) for place, (kind, data) in enumerate(pairs, 1)]


def folded(*told: tuple[str, dict[str, Any]] | str) -> Folded:
    return fold(NOON, story(*told))


def again(retry: str = "busy, call 1 of 4") -> dict[str, str]:
    return {"retry": ENDS.isoformat(), "why": retry}


def test_a_lead_without_events_waits_since_its_file_was_loaded() -> None:
    assert folded() == Folded(Lead(LeadState.PENDING, "not called yet", due_at=NOON), {})


def test_a_reservation_takes_the_lead_off_the_line() -> None:
    after = folded("reserved")
    assert after.lead == Lead(LeadState.IN_FLIGHT, "next in line", due_at=NOON)
    assert after.attempts == {ONE: Dialled(Attempt(ONE, AttemptState.RESERVED), "hash")}


@pytest.mark.parametrize(("due_at", "expected"), [(None, NOON), (ENDS.isoformat(), ENDS)])
def test_a_reservation_given_back_is_gone_and_its_lead_waits(due_at: str | None, expected: object) -> None:
    after = folded("reserved", ("released", {"due_at": due_at, "why": "the campaign is paused"}))
    assert (after.lead.state, after.lead.due_at, after.attempts) == (LeadState.PENDING, expected, {})


def test_an_answered_call_ends_its_lead() -> None:
    after = folded("reserved", ("sent", SENT), ("accepted", ACCEPTED), ("ended", ANSWERED))
    assert after.lead == Lead(LeadState.DONE, "answered", outcome=Outcome.COMPLETED, final_at=LATER)
    call = Attempt(
        ONE,
        AttemptState.ACCEPTED,
        Disposition.COMPLETED,
        CALL,
        resolved_by=ResolvedBy.CALLBACK,
        sent_at=LATER,
        ended_at=LATER,
        latest_end=ENDS,
    )
    assert after.attempts == {ONE: Dialled(call, "hash", 3)}


def test_after_a_call_that_counts_the_lead_waits_for_another() -> None:
    busy = ANSWERED | {"disposition": "busy", "decision": again()}
    after = folded("reserved", ("sent", SENT), ("accepted", ACCEPTED), ("ended", busy))
    assert after.lead == Lead(LeadState.RETRY_WAIT, "busy, call 1 of 4", due_at=ENDS)


def test_after_a_refusal_the_lead_waits_as_if_never_called() -> None:
    refused = {"refusal": "later", "reason": "HTTP 429", "decision": again("not placed; no attempt used up")}
    assert folded("reserved", ("sent", SENT), ("refused", refused)).lead.state is LeadState.PENDING


def test_a_call_in_doubt_holds_its_lead_and_may_free_its_channel_early() -> None:
    doubt = {"reason": "HTTP 502", "latest_end": LATER.isoformat(), "decision": {"hold": "in doubt"}}
    after = folded("reserved", ("sent", SENT), ("in_doubt", doubt), ("asked", ASKED))
    assert after.lead == Lead(LeadState.HELD, "in doubt")
    assert after.attempts[ONE].attempt.latest_end == LATER


def test_silence_holds_the_lead() -> None:
    after = folded("reserved", ("sent", SENT), ("accepted", ACCEPTED), ("silent", {"decision": HOLD}))
    assert after.lead == Lead(LeadState.HELD, "its end was never told")


def test_what_was_kept_changes_nothing() -> None:
    told = "reserved", ("sent", SENT), ("accepted", ACCEPTED), ("ended", ANSWERED)
    assert folded(*told, ("ended", {**ANSWERED, "kept": "told twice"})) == folded(*told)


@pytest.mark.parametrize("verdict", ["not_placed", "written_off"])
def test_late_truth_after_a_reservation_was_given_back_decides_on_the_lead(verdict: str) -> None:
    doubt = {"reason": "time-out", "decision": {"hold": "in doubt"}}
    settled = {"evidence": "not listed", "reason": "given up", "by": "poll", "decision": again()}
    first = story("reserved", ("sent", SENT), ("in_doubt", doubt), (verdict, settled))
    second = story("reserved", ("released", {"due_at": None, "why": "it was there"}), attempt=TWO)
    after = fold(NOON, [*first, *second, *story(("ended", ANSWERED))])
    assert after.attempts.keys() == {ONE}
    assert after.lead.outcome is Outcome.COMPLETED


FINISHED = Row(9, LATER, "finished", None, "hash", {"outcome": "canceled", "why": "the campaign was stopped"})


def test_a_lead_finished_when_its_turn_came_has_no_attempt() -> None:
    after = folded("reserved", ("finished", dict(FINISHED.data)))
    assert after == Folded(Lead(LeadState.DONE, FINISHED.data["why"], outcome=Outcome.CANCELED, final_at=LATER), {})


def test_a_lead_finished_while_it_waits_keeps_the_attempts_it_had() -> None:
    first = story("reserved", ("sent", SENT), ("ended", ANSWERED | {"disposition": "busy", "decision": again()}))
    after = fold(NOON, [*first, FINISHED])
    assert after.lead.outcome is Outcome.CANCELED
    assert after.attempts.keys() == {ONE}


def test_a_reservation_that_nobody_gave_back_is_there_still_when_its_lead_is_closed() -> None:
    assert fold(NOON, [*story("reserved"), FINISHED]).attempts.keys() == {ONE}


PARKED = ("parked", {"why": "another call to this number is not settled"})


def test_a_parked_lead_is_held_and_its_reservation_gone() -> None:
    assert folded("reserved", PARKED) == Folded(Lead(LeadState.HELD, "another call to this number is not settled"), {})


def test_a_lead_that_is_parked_no_more_is_due_at_once() -> None:
    rows = [*story("reserved", PARKED), Row(9, ENDS, "unparked", None, "hash", {})]
    assert fold(NOON, rows) == Folded(Lead(LeadState.PENDING, "next in line", due_at=ENDS), {})


def test_a_parked_lead_that_was_called_before_waits_for_a_retry() -> None:
    busy = ANSWERED | {"disposition": "busy", "decision": again()}
    first = story("reserved", ("sent", SENT), ("accepted", ACCEPTED), ("ended", busy))
    parked = [*story("reserved", PARKED, attempt=TWO), Row(9, ENDS, "unparked", None, "hash", {})]
    after = fold(NOON, [*first, *parked])
    assert after.lead == Lead(LeadState.RETRY_WAIT, "next in line", due_at=ENDS)
    assert after.attempts.keys() == {ONE}


def test_what_named_another_attempts_call_changes_nothing() -> None:
    told = "reserved", ("sent", SENT)
    assert folded(*told, ("ended", {**ANSWERED, "kept": FOREIGN})) == folded(*told)


def test_late_truth_beside_a_later_call_leaves_the_lead_to_that_one() -> None:
    doubt = {"reason": "time-out", "decision": {"hold": "in doubt"}}
    settled = {"evidence": "not listed", "by": "poll", "decision": again()}
    first = story("reserved", ("sent", SENT), ("in_doubt", doubt), ("not_placed", settled))
    second = story("reserved", ("sent", SENT), ("in_doubt", doubt), attempt=TWO)
    late = story(("ended", ANSWERED | {"decision": {"hold": "in doubt"}}))
    after = fold(NOON, [*first, *second, *late])
    assert after.lead == Lead(LeadState.HELD, "in doubt")
    assert after.attempts[ONE].attempt.disposition is Disposition.COMPLETED


def test_a_call_found_in_the_providers_list_is_entered() -> None:
    after = folded(("adopted", {"call_sid": CALL, "created_at": NOON.isoformat(), "policy": 2}))
    call = Attempt(ONE, AttemptState.ACCEPTED, call_sid=CALL, sent_at=NOON, latest_end=LATER)
    assert after.attempts == {ONE: Dialled(call, "hash", 2)}
    assert after.lead.state is LeadState.IN_FLIGHT


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ([("sent", SENT)], "which was not reserved"),
        (["reserved", ("accepted", ACCEPTED)], "does not follow"),
        (["reserved", ("sent", {**SENT, "kept": "why not"})], "does not follow"),
        (["reserved", ("sent", SENT), ("released", {"due_at": None, "why": ""})], "which was sent"),
        (["reserved", ("sent", {})], r"event 2 \(sent\) cannot be read"),
        (["reserved", "vanished"], r"event 2 \(vanished\) cannot be read"),
        (["reserved", ("sent", SENT), ("refused", {"refusal": "boredom", "reason": ""})], "cannot be read"),
    ],
)
def test_events_that_cannot_have_followed_one_another_are_named(told: list[Any], words: str) -> None:
    with pytest.raises(Contradiction, match=words):
        folded(*told)


def test_an_event_of_a_call_names_it() -> None:
    with pytest.raises(Contradiction, match="names no attempt"):
        fold(NOON, [Row(1, NOON, "reserved", None, None, {})])
