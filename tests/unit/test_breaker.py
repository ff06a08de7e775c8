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


def test_four_good_answers_take_one_in_doubt_back() -> None:
    assert after(False, False, *[True] * 4, False).decide(NOON) == Go()
    assert isinstance(after(False, False, *[True] * 3, False).decide(NOON), Wait)


@pytest.mark.parametrize(("every", "doubts"), [(1, 5), (2, 6), (3, 8), (4, 14)])
def test_a_provider_that_fails_every_so_many_calls_is_found_out(every: int, doubts: int) -> None:
    breaker, failed = Breaker(5), 0
    for number in range(200):
        if breaker.stopped:
            break
        good = number % every > 0
        failed += not good
        breaker = breaker.answered(reply(NOON, good=good))
    assert failed == doubts


def test_one_call_in_five_and_less_is_let_go() -> None:
    assert not after(*[number % 5 > 0 for number in range(1000)]).stopped


def test_after_a_run_in_doubt_none_leaves() -> None:
    assert opened().decide(NOON) == Wait(HALF_A_MINUTE, Why.TROUBLE)
    assert opened().decide(HALF_A_MINUTE - seconds(0.001)) == Wait(HALF_A_MINUTE, Why.TROUBLE)


def test_then_one_tries_alone_until_it_is_answered() -> None:
    assert opened().decide(HALF_A_MINUTE) == Go()
    assert opened().sent().decide(HALF_A_MINUTE + hours(1)) == Wait(None, Why.TROUBLE)


def tried(*goods: bool) -> Breaker:
    """The tries after it opened, one every hour."""
    breaker = opened()
    for hour, good in enumerate(goods, start=1):
        at = NOON + hours(hour)
        assert breaker.decide(at - seconds(1)) == Go()
        breaker = breaker.sent()
        assert breaker.decide(at) == Wait(None, Why.TROUBLE), "one at a time"
        breaker = breaker.answered(reply(at, good=good))
    return breaker


def test_after_a_good_answer_calls_leave_one_at_a_time_until_enough_have_come() -> None:
    assert tried(*[True] * 8).sent().trying
    assert not tried(*[True] * 9).sent().trying


def test_one_in_doubt_among_them_stops_them_again_and_for_longer() -> None:
    assert tried(True, True, False).decide(NOON + hours(3)) == Wait(NOON + hours(3) + minutes(1), Why.TROUBLE)
    assert tried(True, False, True, False).decide(NOON + hours(4)) == Wait(NOON + hours(4) + minutes(2), Why.TROUBLE)


def test_once_all_is_well_it_has_been_as_if_nothing_was() -> None:
    well = tried(*[True] * 9)
    assert replace(well, since=None) == Breaker(3)
    assert well.answered(reply(NOON + hours(10))).decide(NOON + hours(10)) == Go()


@pytest.mark.parametrize(("every", "in_half_an_hour", "an_hour"), [(1, 11, 6), (2, 12, 6), (3, 14, 6), (4, 20, 6)])
def test_however_it_fails_few_calls_come_into_doubt(every: int, in_half_an_hour: int, an_hour: int) -> None:
    breaker, now, sent, doubts = Breaker(5), NOON, 0, list[datetime]()
    while now < NOON + hours(24):
        match breaker.decide(now):
            case Wait(until):
                assert until, "each is answered before the next one is asked for"
                now = until
            case Go():
                now += seconds(1)
                good = sent % every > 0
                breaker = breaker.sent().answered(reply(now, good=good, took=0.5))
                doubts += [] if good else [now]
                sent += 1
    assert sum(at <= NOON + minutes(30) for at in doubts) <= in_half_an_hour
    assert sum(at > NOON + minutes(30) for at in doubts) <= 23.5 * an_hour


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
