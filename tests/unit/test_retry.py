"""What follows for a lead, with the arithmetic visible."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.attempt import Attempt, AttemptState, Disposition, Refusal
from campaign.core.lead import Outcome
from campaign.core.retry import Done, Hold, Retry, decide
from campaign.core.window import Open
from tests.builders import NOON, at, attempt, ended, hours, minutes, policy, seconds, window

D = Disposition
NEVER_PLACED = ended(D.NOT_PLACED, state=AttemptState.UNKNOWN)


def refused(refusal: Refusal | None) -> Attempt:
    return attempt(state=AttemptState.REFUSED, refusal=refusal, call_sid=None)


def calls(*dispositions: Disposition) -> list[Attempt]:
    """Calls one after another, the last of which ended at noon."""
    return [ended(one, at=NOON) for one in dispositions]


@pytest.mark.parametrize(
    ("history", "wait"),
    [
        (calls(D.BUSY), minutes(10)),
        (calls(D.BUSY, D.BUSY), minutes(30)),
        (calls(D.BUSY, D.BUSY, D.BUSY), hours(2)),
        (calls(D.BUSY, D.BUSY, D.BUSY, D.BUSY), hours(2)),  # the last one repeats
        (calls(D.NO_ANSWER), minutes(30)),
        (calls(D.FAILED), hours(4)),
        (calls(D.FAILED, D.FAILED), hours(4)),
        (calls(D.BUSY, D.NO_ANSWER), hours(2)),  # the lead's second retry, though the first after no answer
        (calls(D.NO_ANSWER, D.FAILED, D.BUSY), hours(2)),
        ([NEVER_PLACED, *calls(D.BUSY)], minutes(10)),  # what was never placed is no call
        ([refused(Refusal.LATER), *calls(D.BUSY)], minutes(10)),
    ],
)
def test_the_nth_retry_waits_the_nth_wait_after_the_calls_end(history: list[Attempt], wait: timedelta) -> None:
    decision = decide(history, policy(max_attempts=10), NOON + seconds(20))
    assert isinstance(decision, Retry)
    assert decision.at - NOON == wait


def test_a_retry_says_why() -> None:
    assert decide(calls(D.BUSY, D.BUSY), policy(), NOON) == Retry(NOON + minutes(30), "busy, call 2 of 4")


def test_an_end_without_an_instant_is_counted_from_now() -> None:
    assert decide([attempt(disposition=D.BUSY)], policy(), NOON) == Retry(NOON + minutes(10), "busy, call 1 of 4")


@pytest.mark.parametrize(
    ("history", "outcome", "why"),
    [
        (calls(D.COMPLETED), Outcome.COMPLETED, "answered"),
        (calls(D.BUSY, D.COMPLETED), Outcome.COMPLETED, "answered"),
        (calls(D.COMPLETED, D.BUSY), Outcome.COMPLETED, "answered"),
        (calls(D.BUSY, D.BUSY, D.BUSY), Outcome.BUSY, "3 of 3 calls made"),
        (calls(D.BUSY, D.BUSY, D.NO_ANSWER), Outcome.NO_ANSWER, "3 of 3 calls made"),
        (calls(D.BUSY, D.BUSY, D.FAILED), Outcome.FAILED, "3 of 3 calls made"),
        ([*calls(D.WRITTEN_OFF), *calls(D.BUSY, D.BUSY)], Outcome.BUSY, "3 of 3 calls made"),
        (calls(D.WRITTEN_OFF), Outcome.UNKNOWN, "written off"),
        ([refused(Refusal.INVALID_NUMBER)], Outcome.INVALID_NUMBER, "refused by the provider"),
        ([refused(Refusal.DNC)], Outcome.DNC, "refused by the provider"),
        ([*calls(D.BUSY), refused(Refusal.DNC)], Outcome.DNC, "refused by the provider"),
        ([NEVER_PLACED] * 3, Outcome.FAILED, "never_placed"),
        ([*calls(D.BUSY), *[NEVER_PLACED] * 3], Outcome.FAILED, "never_placed"),
    ],
)
def test_a_lead_is_done(history: list[Attempt], outcome: Outcome, why: str) -> None:
    assert decide(history, policy(max_attempts=3), NOON) == Done(outcome, why)


@pytest.mark.parametrize("disposition", [D.BUSY, D.NO_ANSWER, D.FAILED])
@pytest.mark.parametrize("waits", [{}, {D.BUSY: (), D.NO_ANSWER: (), D.FAILED: ()}])
def test_no_waits_mean_no_retry(disposition: Disposition, waits: dict[Disposition, tuple[()]]) -> None:
    expected = Done(Outcome(disposition.value), f"no retry after {disposition}")
    assert decide(calls(disposition), policy(waits=waits), NOON) == expected


def test_what_was_no_call_does_not_use_up_the_calls() -> None:
    history = [refused(Refusal.LATER), NEVER_PLACED, *calls(D.BUSY, D.BUSY)]
    assert decide(history, policy(max_attempts=3), NOON) == Retry(NOON + minutes(30), "busy, call 2 of 3")


def test_a_single_attempt_is_never_repeated() -> None:
    assert decide(calls(D.BUSY), policy(max_attempts=1), NOON) == Done(Outcome.BUSY, "1 of 1 calls made")


@pytest.mark.parametrize("refusal", [Refusal.ACCOUNT, Refusal.LATER, Refusal.NOT_SENT, None])
@pytest.mark.parametrize("earlier", [[], calls(D.BUSY), [refused(Refusal.LATER)] * 20])
def test_a_refusal_that_is_not_the_leads_fault_costs_it_nothing(
    refusal: Refusal | None, earlier: list[Attempt]
) -> None:
    decision = decide([*earlier, refused(refusal)], policy(max_attempts=2), NOON)
    assert decision == Retry(NOON, "not placed; no attempt used up")


@pytest.mark.parametrize(
    "history",
    [
        [NEVER_PLACED],
        [NEVER_PLACED, NEVER_PLACED],
        [NEVER_PLACED, NEVER_PLACED, *calls(D.BUSY), NEVER_PLACED],  # not in a row
        [NEVER_PLACED, NEVER_PLACED, refused(Refusal.LATER), NEVER_PLACED],
    ],
)
def test_what_was_proved_not_placed_is_due_again_at_once(history: list[Attempt]) -> None:
    assert decide(history, policy(max_attempts=3), NOON) == Retry(NOON, "proved not placed")


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (AttemptState.SENDING, "a call is alive"),
        (AttemptState.ACCEPTED, "a call is alive"),
        (AttemptState.UNKNOWN, "in doubt"),
    ],
)
@pytest.mark.parametrize("other", [D.BUSY, D.NOT_PLACED, D.WRITTEN_OFF])
def test_nothing_is_decided_while_a_call_is_alive_or_in_doubt(
    state: AttemptState, why: str, other: Disposition
) -> None:
    live = attempt(state=state)
    assert decide([live, ended(other)], policy(), NOON) == Hold(why)
    assert decide([ended(other), live], policy(), NOON) == Hold(why)


@pytest.mark.parametrize("history", [[attempt(), ended(D.COMPLETED)], [ended(D.COMPLETED), attempt()]])
def test_a_lead_late_known_to_be_answered_waits_for_its_call_that_is_alive(history: list[Attempt]) -> None:
    assert decide(history, policy(), NOON) == Hold("a call is alive")


@pytest.mark.parametrize(
    ("ended_at", "retried_at", "moved"),
    [
        ("2026-03-04 12:00", "2026-03-04 12:30", False),
        ("2026-03-04 20:29", "2026-03-04 20:59", False),
        ("2026-03-04 20:29:30", "2026-03-05 09:00", True),  # it would ring until closing time
        ("2026-03-04 20:30", "2026-03-05 09:00", True),  # 21:00 is shut
        ("2026-03-04 23:00", "2026-03-05 09:00", True),
        ("2026-03-05 08:29", "2026-03-05 09:00", True),  # before the morning
        ("2026-03-05 08:30", "2026-03-05 09:00", False),
        ("2026-03-06 20:45", "2026-03-09 09:00", True),  # over a closed weekend
    ],
)
def test_a_retry_outside_the_hours_moves_to_their_opening(ended_at: str, retried_at: str, moved: bool) -> None:
    week = window("09:00-21:00", days={5: "", 6: ""})
    half_an_hour = policy(waits={D.BUSY: (minutes(30),)}, window=week, ring_timeout=seconds(30))
    why = "busy, call 1 of 4" + ("; moved to the next opening" if moved else "")
    assert decide([ended(D.BUSY, at(ended_at))], half_an_hour, at(ended_at)) == Retry(at(retried_at), why)


@pytest.mark.parametrize(
    ("end", "expired"), [("2026-03-04 12:10", True), ("2026-03-04 12:11", False), ("2026-03-04 12:00", True)]
)
def test_a_retry_due_after_the_campaigns_end_is_expired(end: str, expired: bool) -> None:
    decision = decide(calls(D.BUSY), policy(window=window(end=at(end))), NOON)
    assert (decision == Done(Outcome.EXPIRED, "the next call would fall after the campaign's end")) is expired


WAITS = st.lists(st.integers(0, 3 * 24 * 60).map(minutes), min_size=1, max_size=4).map(tuple)


@given(
    history=st.lists(st.sampled_from([D.BUSY, D.NO_ANSWER, D.FAILED]), min_size=1, max_size=6),
    waits=WAITS,
    ended_at=st.integers(0, 14 * 24 * 60).map(lambda count: NOON + minutes(count)),
    heard=st.integers(0, 3 * 24 * 60).map(minutes),
)
def test_a_retry_is_never_before_its_wait_nor_outside_the_hours(
    history: Sequence[Disposition], waits: tuple[timedelta, ...], ended_at: datetime, heard: timedelta
) -> None:
    week = window("09:00-13:00, 14:00-20:00", days={5: "10:00-12:00", 6: ""})
    strict = policy(max_attempts=7, waits=dict.fromkeys([D.BUSY, D.NO_ANSWER, D.FAILED], waits), window=week)
    decision = decide([ended(one, ended_at) for one in history], strict, ended_at + heard)
    assert isinstance(decision, Retry)
    assert decision.at >= ended_at + waits[min(len(history), len(waits)) - 1]
    assert week.at(decision.at, strict.ring_timeout) == Open()
