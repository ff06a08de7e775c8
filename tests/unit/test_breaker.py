"""After a run of calls in doubt none leaves; then one at a time tries, at growing gaps, until one is answered."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.breaker import LONGEST_WAIT, Breaker, Reply, replayed
from campaign.core.pace import Go, Wait, Why
from tests.builders import NOON, hours, minutes, seconds

HALF_A_MINUTE = NOON + seconds(30)


def reply(at: datetime, *, good: bool = False, took: float = 1) -> Reply:
    return Reply(at - seconds(took), at, good)


def after(*goods: bool) -> Breaker:
    """These replies, all seen at noon, to calls that left a second before."""
    breaker = Breaker(3)
    for good in goods:
        breaker = breaker.answered(reply(NOON, good=good))
    return breaker


def opened() -> Breaker:
    return after(False, False, False)


def test_as_long_as_calls_are_answered_all_may_leave() -> None:
    assert after(True, True, True, True).decide(NOON) == Go()


def test_a_run_that_is_broken_by_an_answer_is_none() -> None:
    assert after(False, False, True, False, False).decide(NOON) == Go()


def test_after_a_run_in_doubt_none_leaves() -> None:
    assert opened().decide(NOON) == Wait(HALF_A_MINUTE, Why.TROUBLE)
    assert opened().decide(HALF_A_MINUTE - seconds(0.001)) == Wait(HALF_A_MINUTE, Why.TROUBLE)


def test_then_one_tries_alone_until_it_is_answered() -> None:
    assert opened().decide(HALF_A_MINUTE) == Go()
    assert opened().sent().decide(HALF_A_MINUTE + hours(1)) == Wait(None, Why.TROUBLE)


def test_the_first_good_answer_lets_all_go() -> None:
    assert opened().sent().answered(reply(NOON + seconds(31), good=True)).decide(NOON + seconds(31)) == Go()


def test_after_it_the_count_begins_anew() -> None:
    breaker = opened().sent().answered(reply(NOON + minutes(1), good=True))
    for later in (62, 63):
        breaker = breaker.answered(reply(NOON + seconds(later), took=0.5))
    assert breaker.decide(NOON + seconds(64)) == Go()


def test_as_long_as_it_fails_the_wait_doubles_up_to_the_longest() -> None:
    breaker, waits, now = opened(), list[timedelta](), NOON
    for _ in range(8):
        assert breaker.until
        waits.append(breaker.until - now)
        now = breaker.until
        breaker = breaker.sent().answered(Reply(now, now, good=False))
    assert waits == [seconds(30), *(minutes(each) for each in (1, 2, 4, 8, 10, 10, 10))]


@pytest.mark.parametrize("good", [True, False])
def test_calls_that_were_on_their_way_when_it_stopped_change_nothing(good: bool) -> None:
    assert opened().answered(Reply(NOON - seconds(1), NOON + seconds(5), good)) == opened()


def test_nor_do_those_that_left_before_it_went_on() -> None:
    going_on = opened().sent().answered(reply(NOON + minutes(1), good=True))
    assert going_on.answered(Reply(NOON - seconds(1), NOON + minutes(2), good=False)) == going_on


def test_a_try_that_did_not_leave_tells_nothing_and_another_may() -> None:
    trying = opened().sent()
    assert trying.withdrawn(HALF_A_MINUTE).decide(HALF_A_MINUTE) == Go()
    assert trying.withdrawn(NOON - seconds(1)) == trying  # another call's news


def test_after_a_crash_one_tries_at_once_and_alone() -> None:
    crashed = replayed(3, [Reply(NOON - seconds(1), NOON, good=False, cut_off=True)] * 5, NOON)
    assert crashed.decide(NOON) == Go()
    assert crashed.sent().decide(NOON) == Wait(None, Why.TROUBLE)


def test_a_clock_that_says_more_says_more_of_it_too() -> None:
    assert opened().moved(hours(1)).decide(NOON) == Wait(HALF_A_MINUTE + hours(1), Why.TROUBLE)
    assert Breaker(3).moved(hours(1)) == Breaker(3)


REPLIES = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 30), st.booleans()), max_size=40)


@given(REPLIES)
def test_a_restart_goes_on_as_if_there_had_been_none(told: list[tuple[int, int, bool]]) -> None:
    replies, breaker, at = list[Reply](), Breaker(3), NOON
    for later, took, good in told:
        at += seconds(later)
        replies.append(Reply(at - seconds(took), at, good))
        breaker = breaker.answered(replies[-1])
    assert replayed(3, replies, at) == breaker


def test_a_clock_set_back_since_does_not_make_it_wait_for_longer_than_the_longest() -> None:
    tomorrow = [reply(NOON + hours(24) + minutes(each)) for each in range(9)]
    until = replayed(3, tomorrow, NOON).until
    assert until
    assert until <= NOON + LONGEST_WAIT


def test_however_many_failed_the_wait_can_be_told() -> None:
    assert replace(opened(), failed=100_000).answered(reply(NOON + hours(1), took=0)).until
