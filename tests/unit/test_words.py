"""Figures in a person's words."""

from datetime import datetime

import pytest

from campaign.cli.words import finishing, going_by, hours, no_answers
from campaign.core.breaker import Breaker
from campaign.core.forecast import Forecast
from campaign.settings import WindowSettings
from tests.builders import KOLKATA, NOON, at, minutes, window

ENDING = at("2026-03-06 18:00")
TODAY, TONIGHT, TOMORROW = at("2026-03-04 15:40"), at("2026-03-04 18:10"), at("2026-03-05 09:30")


@pytest.mark.parametrize(
    ("soon", "late", "end", "said"),
    [
        (TODAY, TONIGHT, None, "finishing 15:40, at the latest 18:10"),
        (TODAY, TOMORROW, None, "finishing 15:40, at the latest Thu 05 Mar 09:30"),
        (TOMORROW, TOMORROW, None, "finishing Thu 05 Mar 09:30, at the latest 09:30"),
        (TODAY, None, None, "finishing 15:40, at the latest in more than a year"),
        (TODAY, None, ENDING, "finishing 15:40, at the latest at the campaign's end Fri 06 Mar 18:00"),
        (None, None, None, "not finished within a year"),
        (None, None, ENDING, "not finished before the campaign's end Fri 06 Mar 18:00, with about 1200 people left"),
    ],
)
def test_a_forecast_says_when_and_when_at_the_latest(
    soon: datetime | None, late: datetime | None, end: datetime | None, said: str
) -> None:
    expected = Forecast(soon, late, 10, 40, 1200, 0.55, assumed=True)
    assert finishing(expected, window(end=end), NOON) == said


def test_a_forecast_says_what_it_goes_by() -> None:
    assert going_by(Forecast(None, None, 10, 40, 1200, 0.55, assumed=True)).startswith(
        "if 55 % of calls are answered, assumed until 50 have ended;"
    )


@pytest.mark.parametrize(
    ("breaker", "said"),
    [
        (Breaker(5), ""),
        (Breaker(5, 4), ""),
        (
            Breaker(5, 5, stopped=3, until=NOON + minutes(2)),
            "5 calls …: nobody is called before 12:02, then one call tries",
        ),
        (Breaker(5, 5, stopped=1, until=NOON), "5 calls …: one call tries"),
        (Breaker(5, 4, stopped=1), "calls …: they leave one at a time until it answers well again"),
    ],
)
def test_that_the_provider_does_not_answer_is_said_with_what_comes_next(breaker: Breaker, said: str) -> None:
    told = said.replace("…", "without a proper answer")
    assert no_answers(breaker, KOLKATA, NOON)[1:] == ([f"  the provider left {told}"] if said else [])


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({}, "09:00-21:00"),
        ({"sun": ""}, "Mon-Sat 09:00-21:00; Sun closed"),
        ({"mon": "", "wed": "10:00-13:00"}, "Mon closed; Tue 09:00-21:00; Wed 10:00-13:00; Thu-Sun 09:00-21:00"),
    ],
)
def test_the_hours_in_force_are_those_of_each_day(own: dict[str, str], said: str) -> None:
    assert hours(WindowSettings(**own)) == said
