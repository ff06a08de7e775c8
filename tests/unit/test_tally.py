"""The figures of a campaign, and how long the rest will take."""

import pytest

from campaign.core.attempt import Disposition
from campaign.core.lead import LeadState, Outcome
from campaign.core.policy import Rate
from campaign.core.tally import Forecast, Tally, forecast
from tests.builders import at, hours, minutes, policy, window

S, D = LeadState, Disposition


def test_an_empty_campaign_is_finished_and_has_nothing_in_it() -> None:
    empty = Tally()
    assert (empty.total, empty.done, empty.left, empty.held, empty.answered, empty.finished) == (0, 0, 0, 0, 0, True)


def test_the_figures_add_up() -> None:
    tally = Tally(
        states={S.PENDING: 3, S.IN_FLIGHT: 2, S.RETRY_WAIT: 1, S.HELD: 4, S.DONE: 10},
        outcomes={Outcome.COMPLETED: 7, Outcome.BUSY: 3},
    )
    assert (tally.total, tally.done, tally.left, tally.held, tally.answered) == (20, 10, 10, 4, 7)


@pytest.mark.parametrize(
    ("states", "finished"),
    [
        ({S.DONE: 2, S.HELD: 1}, True),
        ({S.DONE: 2, S.PENDING: 1}, False),
        ({S.DONE: 2, S.IN_FLIGHT: 1}, False),
        ({S.DONE: 2, S.RETRY_WAIT: 1}, False),
    ],
)
def test_a_campaign_is_finished_when_every_lead_is_done_or_held(states: dict[LeadState, int], finished: bool) -> None:
    assert Tally(states=states).finished is finished


def test_a_forecast_counts_one_call_a_lead_at_least_and_all_of_them_at_most() -> None:
    one_a_minute = policy(rate=Rate(1, minutes(1)), max_attempts=3, waits={})
    now = at("2026-03-04 12:00")
    assert forecast(8, 2, one_a_minute, now) == Forecast(10, 30, now + minutes(10), now + minutes(30))


def test_a_forecast_adds_the_longest_waits_of_the_last_leads_retries() -> None:
    waits = {D.BUSY: (minutes(5), hours(2)), D.NO_ANSWER: (minutes(30),), D.FAILED: ()}
    one_a_minute = policy(rate=Rate(1, minutes(1)), max_attempts=4, waits=waits)
    now = at("2026-03-04 12:00")
    latest = now + minutes(8) + minutes(30) + hours(2) + hours(2)  # the last wait of a chain repeats
    assert forecast(2, 0, one_a_minute, now) == Forecast(2, 8, now + minutes(2), latest)


def test_a_forecast_lets_a_retry_wait_for_the_morning() -> None:
    rules = policy(rate=Rate(1, minutes(1)), max_attempts=2, waits={D.BUSY: (hours(4),)}, window=window("09:00-21:00"))
    expected = Forecast(1, 2, at("2026-03-04 19:01"), at("2026-03-05 09:00"))
    assert forecast(1, 0, rules, at("2026-03-04 19:00")) == expected


def test_a_forecast_whose_retries_run_past_the_campaigns_end_has_no_latest() -> None:
    until_three = window(end=at("2026-03-04 15:00"))
    rules = policy(rate=Rate(1, minutes(1)), max_attempts=3, waits={D.BUSY: (hours(4),)}, window=until_three)
    now = at("2026-03-04 12:00")
    assert forecast(1, 0, rules, now) == Forecast(1, 3, now + minutes(1), None)


def test_a_forecast_waits_for_the_morning() -> None:
    six_an_hour = policy(rate=Rate(6, hours(1)), max_attempts=2, waits={}, window=window("09:00-21:00"))
    # 12 calls take two hours: one is left of Wednesday, one is taken from Thursday. 24 take four.
    expected = Forecast(12, 24, at("2026-03-05 10:00"), at("2026-03-05 12:00"))
    assert forecast(12, 0, six_an_hour, at("2026-03-04 20:00")) == expected


def test_a_forecast_says_when_the_campaigns_end_comes_first() -> None:
    shut = policy(window=window(end=at("2026-03-04 11:00")))
    assert forecast(1, 0, shut, at("2026-03-04 12:00")) == Forecast(1, 4, None, None)


def test_a_forecast_that_runs_past_the_campaigns_end_is_none() -> None:
    # One call an hour from noon, the campaign ends at three: two calls fit, four do not.
    until_three = policy(rate=Rate(1, hours(1)), max_attempts=2, window=window(end=at("2026-03-04 15:00")))
    assert forecast(2, 0, until_three, at("2026-03-04 12:00")) == Forecast(2, 4, at("2026-03-04 14:00"), None)
