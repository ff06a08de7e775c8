"""By which clocks instants were written down: two starts in a row forget nothing."""

from datetime import datetime, timedelta

import pytest

from campaign.core.starts import Start, noted, on_todays_clock, set_ahead
from tests.builders import NOON, hours, minutes, seconds

PERIOD = minutes(1)
UP = hours(5)
BOOTED = NOON - UP


def start(ahead: float = 0, up: timedelta = UP) -> Start:
    return Start(BOOTED + seconds(ahead), up)


def test_the_first_start_knows_of_no_step() -> None:
    assert noted([], start(), PERIOD) == [start()]
    assert set_ahead([start()], BOOTED) == timedelta(0)


def test_less_than_a_second_is_no_step_and_not_noted() -> None:
    assert noted([start()], start(0.9), PERIOD) == [start()]
    assert set_ahead([start()], BOOTED + seconds(0.9)) == seconds(0.9)


def test_a_clock_that_was_set_is_noted_and_the_one_before_kept_for_a_period() -> None:
    set_once = [start(), start(90, UP)]
    assert noted([start()], set_once[1], PERIOD) == set_once
    again = start(90, UP + PERIOD)
    assert noted(set_once, again, PERIOD) == set_once
    assert set_ahead(set_once, again.booted) == seconds(90)
    later = start(90, UP + PERIOD + seconds(1))
    assert noted(set_once, later, PERIOD) == set_once[1:]


def test_the_greatest_step_of_the_period_counts() -> None:
    there_and_back = [start(), start(-60), start()]
    assert noted(there_and_back[:2], there_and_back[2], PERIOD) == there_and_back
    assert set_ahead(there_and_back, BOOTED) == seconds(60)
    assert set_ahead([start(90), start()], BOOTED) == timedelta(0)


def test_a_machine_that_was_booted_anew_looks_like_a_clock_set_ahead() -> None:
    booted_anew = Start(NOON - seconds(20), seconds(20))
    assert noted([start()], booted_anew, PERIOD) == [start(), booted_anew]
    and_again = Start(NOON + seconds(30), seconds(10))
    assert noted([start(), booted_anew], and_again, PERIOD) == [start(), booted_anew, and_again]


@pytest.mark.parametrize(
    ("at", "set_ahead", "booted", "read"),
    [
        (NOON - seconds(30), seconds(0), BOOTED, NOON - seconds(30)),
        (NOON - seconds(130), seconds(90), BOOTED, NOON - seconds(40)),  # forty seconds old, by any clock
        (NOON - seconds(30), seconds(90), BOOTED, NOON - seconds(30)),  # written when it had been set already
        (NOON - hours(20), hours(24), BOOTED, BOOTED),  # the machine was started anew five hours ago
        (NOON - hours(20), hours(24), NOON - seconds(20), NOON - seconds(20)),
        (NOON + hours(1), seconds(0), BOOTED, NOON),  # it was set back
    ],
)
def test_what_an_earlier_process_wrote_is_never_read_as_older_than_it_is(
    at: datetime, set_ahead: timedelta, booted: datetime, read: datetime
) -> None:
    assert on_todays_clock(at, NOON, set_ahead, booted) == read
