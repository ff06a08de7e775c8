"""A policy's few sums."""

import pytest

from campaign.core.policy import Rate
from campaign.core.pool import Caller
from tests.builders import hours, minutes, policy, seconds


@pytest.mark.parametrize(
    ("rate", "text", "interval"),
    [
        (Rate(200, minutes(1)), "200/min", seconds(0.3)),
        (Rate(3, seconds(1)), "3/1s", seconds(1 / 3)),
        (Rate(50, seconds(20)), "50/20s", seconds(0.4)),
        (Rate(1, hours(1)), "1/3600s", hours(1)),
        (Rate(5, seconds(0.5)), "5/0.5s", seconds(0.1)),
    ],
)
def test_a_rate_reads_like_its_setting_and_knows_its_interval(rate: Rate, text: str, interval: object) -> None:
    assert (str(rate), rate.interval) == (text, interval)


def test_a_call_is_over_after_ring_time_time_limit_and_margin() -> None:
    calm = policy(ring_timeout=seconds(30), time_limit=minutes(5), margin=minutes(1))
    assert calm.longest_call == minutes(6.5)
    assert calm.longest_ring == minutes(1.5)


def test_a_pool_is_used_without_those_that_are_refused() -> None:
    rules = policy(callers=(Caller("1"), Caller("2")))
    assert rules.without([]) is rules
    assert rules.without(["1"]) == policy(callers=(Caller("2"),))
