"""When so many calls failed that the rest of the list is not spent."""

from dataclasses import replace

import pytest

from campaign.core.attempt import Attempt, AttemptId, AttemptState, Disposition, Refusal
from campaign.core.failing import End, FailedLimit, GoOn, Stop, decide, end_of
from tests.builders import attempt, ended

HALF_OF_TEN = FailedLimit(0.5, 10)
FAILED_BEFORE = replace(ended(Disposition.FAILED), id=AttemptId(7))


@pytest.mark.parametrize(
    ("settled", "says"),
    [
        (ended(Disposition.COMPLETED), End.FINE),
        (ended(Disposition.BUSY), End.FINE),
        (ended(Disposition.NO_ANSWER), End.FINE),
        (ended(Disposition.FAILED), End.FAILED),
        (attempt(state=AttemptState.REFUSED, refusal=Refusal.INVALID_NUMBER), End.REFUSED),
        (attempt(state=AttemptState.REFUSED, refusal=Refusal.DNC), End.REFUSED),
        (attempt(state=AttemptState.REFUSED, refusal=Refusal.LATER), None),
        (attempt(state=AttemptState.REFUSED, refusal=Refusal.ACCOUNT), None),
        (ended(Disposition.NOT_PLACED), None),
        (ended(Disposition.WRITTEN_OFF), None),
        (attempt(state=AttemptState.UNKNOWN), None),
        (attempt(), None),
    ],
)
def test_a_call_that_ended_and_a_number_that_was_refused_say_something(settled: Attempt, says: End | None) -> None:
    assert end_of(settled, [settled]) is says


@pytest.mark.parametrize("disposition", [Disposition.FAILED, Disposition.COMPLETED])
def test_who_failed_before_says_nothing_new(disposition: Disposition) -> None:
    again = ended(disposition)
    assert end_of(again, [FAILED_BEFORE, again]) is None


def test_another_number_of_the_same_lead_does() -> None:
    other = ended(Disposition.FAILED, number_position=1)
    assert end_of(other, [FAILED_BEFORE, other]) is End.FAILED


def test_who_was_busy_before_counts_like_anybody() -> None:
    again = ended(Disposition.FAILED)
    assert end_of(again, [replace(ended(Disposition.BUSY), id=AttemptId(7)), again]) is End.FAILED


@pytest.mark.parametrize(
    ("last", "stops"),
    [
        ("fffffffff", False),  # too few to say anything
        ("......ffff", False),
        (".....fffff", True),
        (".....frffr", True),
        ("ffffffffff..........", False),  # long ago
        ("..........ffff.f", True),
    ],
)
def test_it_stops_at_the_share_of_the_last_ends_and_not_before(last: str, stops: bool) -> None:
    assert isinstance(decide(last, HALF_OF_TEN), Stop) is stops


def test_it_says_how_many_and_where_to_look() -> None:
    decision = decide("....ffffrr", HALF_OF_TEN)
    assert isinstance(decision, Stop)
    assert decision.why.startswith("of the last 10 calls 4 failed and 2 were refused: look at the caller id")
    assert decide("ffff", HALF_OF_TEN) == GoOn()
