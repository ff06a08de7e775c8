"""Which of a lead's numbers is called next."""

import pytest

from campaign.core.attempt import Attempt, AttemptState, Disposition, Refusal
from campaign.core.lead import Outcome
from campaign.core.numbers import NoneLeft, Use, next_number
from campaign.core.retry import Done, Retry, decide
from tests.builders import NOON, attempt, ended, hours, minutes, policy, window

D = Disposition


def call(position: int, disposition: Disposition = D.NO_ANSWER) -> Attempt:
    return ended(disposition, at=NOON, number_position=position)


def refused(position: int, refusal: Refusal = Refusal.INVALID_NUMBER) -> Attempt:
    return attempt(state=AttemptState.REFUSED, refusal=refusal, call_sid=None, number_position=position)


UNPLACED = call(0, D.NOT_PLACED)


@pytest.mark.parametrize(
    ("history", "numbers", "tries", "position"),
    [
        ([], 2, 0, 0),
        ([call(0)], 2, 0, 0),
        ([call(0), call(0)], 2, 0, 1),  # four calls over two numbers: two each
        ([call(0), call(0), call(1)], 2, 0, 1),
        ([call(0), call(0)], 3, 0, 1),  # four over three, rounded up: two each
        ([call(0)], 5, 0, 1),
        ([call(0)], 2, 1, 1),
        ([call(0), call(0)], 2, 3, 0),
        ([refused(0)], 2, 0, 1),
        ([call(0), refused(0)], 2, 0, 1),
        ([refused(0, Refusal.DNC)], 2, 0, 1),
        ([refused(0), call(1), call(1), call(1)], 2, 0, 1),  # the one number left has all four calls
        ([call(0), call(0), refused(1)], 2, 0, 0),  # and so has the first one, when it turns out to be alone
        ([refused(0, Refusal.LATER), refused(0, Refusal.ACCOUNT)], 2, 1, 0),
        ([UNPLACED, UNPLACED], 2, 1, 0),
    ],
)
def test_the_first_open_number_that_has_not_had_its_calls_is_next(
    history: list[Attempt], numbers: int, tries: int, position: int
) -> None:
    chosen = next_number(history, numbers, policy(max_attempts=4, tries_per_number=tries))
    assert isinstance(chosen, Use)
    assert chosen.position == position


def test_the_choice_says_why() -> None:
    assert next_number([call(0), call(0)], 2, policy()).why == "number 2 of 2, call 1 of 2 to it"


@pytest.mark.parametrize(
    ("history", "tries", "why"),
    [
        ([refused(0), refused(1, Refusal.DNC)], 0, "refused by the provider"),
        ([call(0), call(1)], 1, "each number had its call"),
        ([call(0), call(0), refused(1)], 2, "each number had its 2 calls"),
    ],
)
def test_none_is_left_once_all_are_closed_or_called(history: list[Attempt], tries: int, why: str) -> None:
    assert next_number(history, 2, policy(tries_per_number=tries)) == NoneLeft(why)


# --- what follows for the lead ---------------------------------------------------------------------------------------


def test_a_call_at_the_next_number_waits_as_any_retry() -> None:
    why = "no_answer, call 2 of 4; next: number 2 of 2, call 1 of 2 to it"
    assert decide([call(0), call(0)], policy(), NOON, 2) == Retry(NOON + hours(2), why)


def test_after_a_refused_number_the_next_one_is_called_at_once() -> None:
    why = "its number was refused; next: number 2 of 2, call 1 of 4 to it"
    assert decide([refused(0)], policy(), NOON, 2) == Retry(NOON, why)


def test_a_number_that_is_called_again_because_the_other_was_refused_waits_all_the_same() -> None:
    decision = decide([call(0, D.BUSY), call(0, D.BUSY), refused(1)], policy(), NOON + minutes(1), 2)
    assert isinstance(decision, Retry)
    assert decision.at == NOON + minutes(30)


def test_a_refused_number_after_a_call_without_a_wait_moves_on_at_once() -> None:
    history = [call(0, D.FAILED), refused(1)]
    decision = decide(history, policy(waits={D.FAILED: ()}), NOON + minutes(1), 2)
    assert isinstance(decision, Retry)
    assert decision.at == NOON + minutes(1)


def test_the_next_number_is_not_called_after_the_campaigns_end() -> None:
    ending = policy(window=window("09:00-21:00", end=NOON))
    assert decide([refused(0)], ending, NOON + hours(1), 2) == Done(
        Outcome.EXPIRED, "the next call would fall after the campaign's end"
    )


@pytest.mark.parametrize(
    ("history", "numbers", "tries", "outcome", "why"),
    [
        ([refused(0), refused(1)], 2, 0, Outcome.INVALID_NUMBER, "refused by the provider"),
        ([refused(0), refused(1, Refusal.DNC)], 2, 0, Outcome.DNC, "refused by the provider"),
        ([call(0, D.BUSY), refused(1)], 2, 1, Outcome.BUSY, "each number had its call"),
        ([call(0), call(1, D.BUSY)], 2, 1, Outcome.BUSY, "each number had its call"),
        ([call(0), call(0)], 1, 2, Outcome.NO_ANSWER, "each number had its 2 calls"),
        ([call(0), call(0), call(1), call(1, D.FAILED)], 2, 0, Outcome.FAILED, "4 of 4 calls made"),
        ([call(0), call(0), call(1, D.COMPLETED)], 2, 0, Outcome.COMPLETED, "answered"),
        ([call(0, D.WRITTEN_OFF)], 2, 0, Outcome.UNKNOWN, "written off"),
        ([refused(0)], 1, 0, Outcome.INVALID_NUMBER, "refused by the provider"),
    ],
)
def test_a_lead_without_a_number_left_ends_as_its_last_call_did(
    history: list[Attempt], numbers: int, tries: int, outcome: Outcome, why: str
) -> None:
    assert decide(history, policy(tries_per_number=tries), NOON, numbers) == Done(outcome, why)
