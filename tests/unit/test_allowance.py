"""What the account allows just now, and how a refused pace finds back."""

from datetime import timedelta

import pytest

from campaign.core.allowance import LEAST, Allowance, Ramp
from campaign.core.policy import Rate
from tests.builders import NOON, minutes, seconds

USUAL = Rate(200, minutes(1))


def requests(allowance: Allowance, after: timedelta = timedelta(), rate: Rate = USUAL) -> int:
    """How many a period, so long after noon."""
    in_force = allowance.of(rate, NOON + after)
    assert in_force.period == rate.period
    return in_force.requests


def test_without_a_word_of_the_provider_the_settings_hold() -> None:
    assert Allowance().of(USUAL, NOON) == USUAL
    assert Allowance().whole_at(USUAL.period) is None


@pytest.mark.parametrize(
    ("told", "rate", "left"),
    [
        (Rate(100, minutes(1)), USUAL, 100),
        (Rate(1000, minutes(1)), USUAL, 200),
        (Rate(200, minutes(1)), Rate(5, seconds(1)), 3),
        (Rate(200, minutes(1)), Rate(1000, minutes(5)), 1000),
        (Rate(20, minutes(1)), Rate(5, seconds(1)), 1),
    ],
)
def test_a_limit_that_is_told_lowers_the_rate_and_never_raises_it(told: Rate, rate: Rate, left: int) -> None:
    assert requests(Allowance(told), rate=rate) == left


def test_a_refusal_halves_the_pace_which_finds_back_a_tenth_each_period() -> None:
    refused = Allowance().refused(USUAL.period, NOON)
    assert requests(refused) == requests(refused, seconds(59)) == 100
    assert [requests(refused, minutes(each)) for each in (1, 2, 4, 5, 9)] == [120, 140, 180, 200, 200]
    assert refused.whole_at(USUAL.period) == NOON + minutes(5)


def test_another_refusal_halves_what_had_come_back() -> None:
    once = Allowance().refused(USUAL.period, NOON)
    assert requests(once.refused(USUAL.period, NOON + minutes(2)), minutes(2)) == 70


def test_refusals_never_bring_the_pace_to_a_stand() -> None:
    allowance = Allowance()
    for _ in range(10):
        allowance = allowance.refused(USUAL.period, NOON)
    assert allowance.percent == LEAST
    assert requests(allowance) == 12
    assert requests(allowance, rate=Rate(3, minutes(1))) == 1
    assert allowance.whole_at(USUAL.period) == NOON + minutes(10)


def test_a_clock_that_went_back_gives_nothing_back_early() -> None:
    assert requests(Allowance().refused(USUAL.period, NOON), -minutes(30)) == 100


@pytest.mark.parametrize(
    ("after", "left"), [(-60, 20), (0, 20), (30, 65), (60, 110), (119, 198), (120, 200), (9999, 200)]
)
def test_a_ramp_rises_evenly_from_a_tenth_to_all_that_is_allowed(after: float, left: int) -> None:
    assert Ramp(NOON, minutes(2)).of(USUAL, NOON + seconds(after)) == Rate(left, minutes(1))


def test_a_ramp_never_leaves_nothing_and_never_exceeds_what_is_allowed() -> None:
    assert Ramp(NOON, minutes(2)).of(Rate(3, minutes(1)), NOON) == Rate(1, minutes(1))
    halved = Allowance().refused(USUAL.period, NOON).of(USUAL, NOON)
    assert Ramp(NOON, minutes(2)).of(halved, NOON + minutes(3)) == halved
