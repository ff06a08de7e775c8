"""How long what is left will take: never before the rate, the channels, the hours and the waits allow."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from campaign.core.attempt import Disposition
from campaign.core.forecast import ASSUMED, ASSUMED_CALL, Cohort, Course, Forecast, ahead, forecast
from campaign.core.lead import LeadState
from campaign.core.policy import Policy, Rate
from campaign.core.tally import Tally
from tests.builders import NOON, at, hours, minutes, policy, seconds, window

D, S = Disposition, LeadState
DAYTIME = window("09:00-21:00")
ONE_A_MINUTE = policy(rate=Rate(1, minutes(1)), max_attempts=1)
UNDONE = Course({D.BUSY: 100}, seconds(20))
"""Nobody ever answers."""


def expect(left: int, rules: Policy, now: datetime = NOON, course: Course | None = None) -> Forecast:
    return forecast(left, course or Course(), rules, now)


def finishing(left: int, rules: Policy, now: datetime = NOON, course: Course | None = None) -> datetime:
    finished = expect(left, rules, now, course).finishing
    assert finished
    return finished


def test_without_retries_the_rate_decides() -> None:
    expected = expect(90, ONE_A_MINUTE)
    assert expected.finishing == NOON + minutes(90) + ASSUMED_CALL
    assert expected.latest == NOON + minutes(90) + ONE_A_MINUTE.longest_call
    assert (expected.calls, expected.calls_at_most, expected.left_over) == (90, 90, 0)


def test_few_channels_decide_before_the_rate() -> None:
    rules = policy(rate=Rate(200, minutes(1)), channels=3, max_attempts=1)
    assert finishing(120, rules, course=Course({D.COMPLETED: 50}, minutes(2))) == NOON + minutes(80) + minutes(2)


def test_nothing_left_is_finished_now() -> None:
    assert expect(0, ONE_A_MINUTE).calls_at_most == 0
    assert ahead(Tally({S.DONE: 4, S.HELD: 1}), Course(), ONE_A_MINUTE, NOON) is None


def test_of_a_campaign_only_those_count_who_will_be_called_by_themselves() -> None:
    tally = Tally({S.PENDING: 20, S.IN_FLIGHT: 5, S.RETRY_WAIT: 2, S.DONE: 9, S.HELD: 4})
    course = Course(retries=[Cohort(NOON + hours(3), 0, 2)])
    expected = ahead(tally, course, ONE_A_MINUTE, NOON)
    assert expected
    assert expected == forecast(25, course, ONE_A_MINUTE, NOON)
    assert expected.calls == 27
    assert expected.finishing
    assert minutes(182) <= expected.finishing - ASSUMED_CALL - NOON <= minutes(183)


def test_the_night_is_skipped() -> None:
    # An hour is left of Wednesday for the first sixty.
    finished = finishing(120, replace(ONE_A_MINUTE, window=DAYTIME), at("2026-03-04 20:00"))
    assert at("2026-03-05 10:00") <= finished <= at("2026-03-05 10:03")


def test_shares_and_length_are_assumed_until_fifty_calls_have_ended() -> None:
    few, enough = (Course({D.COMPLETED: 10, D.BUSY: busy}, minutes(3)) for busy in (39, 40))
    assert (few.shares, few.length) == (ASSUMED, ASSUMED_CALL)
    assert (enough.shares[D.COMPLETED], enough.shares[D.BUSY], enough.length) == (0.2, 0.8, minutes(3))
    assert (expect(9, ONE_A_MINUTE, course=few).assumed, expect(9, ONE_A_MINUTE, course=enough).assumed) == (
        True,
        False,
    )
    assert expect(9, ONE_A_MINUTE, course=enough).answered == 0.2


def test_where_nobody_answers_all_calls_are_made_after_their_waits() -> None:
    rules = policy(max_attempts=3, waits={D.BUSY: (minutes(10), hours(1)), D.FAILED: ()})
    expected = expect(6, rules, course=UNDONE)
    assert (expected.calls, expected.calls_at_most) == (18, 18)
    assert expected.finishing
    assert minutes(70) < expected.finishing - NOON < minutes(73)


def test_where_everybody_answers_one_call_each_is_made() -> None:
    expected = expect(500, policy(), course=Course({D.COMPLETED: 50}, seconds(40)))
    assert (expected.calls, expected.calls_at_most) == (500, 2000)


def test_at_the_latest_counts_the_longest_waits_of_every_chain() -> None:
    rules = policy(max_attempts=3, waits={D.BUSY: (minutes(5), hours(2)), D.NO_ANSWER: (minutes(30),)})
    latest = expect(1, rules).latest
    assert latest
    assert hours(2.5) <= latest - NOON - rules.longest_call < hours(2.5) + minutes(3)


def test_a_number_that_had_its_calls_for_the_day_waits_for_the_next() -> None:
    rules = policy(max_attempts=3, per_day=2, waits={D.BUSY: (minutes(10),)})
    finished = finishing(1, rules, course=UNDONE)
    assert hours(24) <= finished - NOON < hours(24) + minutes(10)


def test_the_gap_between_two_calls_is_kept() -> None:
    rules = policy(max_attempts=2, min_gap=hours(1), waits={D.BUSY: (minutes(10),)})
    assert finishing(1, rules, course=UNDONE) >= NOON + hours(1)


def test_a_lead_that_had_calls_has_fewer_before_it() -> None:
    rules = policy(max_attempts=3, waits={D.BUSY: (minutes(10),)})
    course = replace(UNDONE, retries=[Cohort(NOON + minutes(5), 2, 4), Cohort(NOON + minutes(5), 3, 7)])
    assert expect(0, rules, course=course).calls == 4, "and one that had them all, none"


def test_cohorts_that_come_together_keep_the_later_day() -> None:
    waits = {D.BUSY: (minutes(10),), D.NO_ANSWER: (minutes(10),)}
    rules = policy(max_attempts=4, per_day=2, waits=waits)
    course = Course({D.BUSY: 30, D.NO_ANSWER: 30}, seconds(20))
    assert finishing(40, rules, course=course) >= NOON + hours(24)


def test_a_campaign_that_ends_first_says_how_many_are_left_over() -> None:
    rules = replace(ONE_A_MINUTE, window=window(end=NOON + hours(1)))
    expected = expect(100, rules)
    assert (expected.finishing, expected.latest, expected.left_over, expected.calls) == (None, None, 40, 60)


def test_a_campaign_that_is_over_calls_nobody() -> None:
    rules = replace(ONE_A_MINUTE, window=window(end=NOON - hours(1)))
    expected = expect(7, rules)
    assert (expected.finishing, expected.calls, expected.left_over) == (None, 0, 7)


def test_only_the_longest_waits_may_run_past_the_end() -> None:
    rules = policy(max_attempts=2, waits={D.BUSY: (hours(4),)}, window=window(end=NOON + hours(3)))
    expected = expect(1, rules)
    assert expected.finishing
    assert expected.latest is None


def test_what_a_year_does_not_hold_has_no_end() -> None:
    assert expect(10**6, ONE_A_MINUTE).finishing is None


COURSES = st.builds(
    lambda ended, length: Course(dict(zip(ASSUMED, ended, strict=True)), seconds(length)),
    st.tuples(*[st.integers(0, 100)] * 4),
    st.integers(1, 200),
)
RULES = st.builds(
    lambda rate, channels, attempts, per_day, waits, hours_open, end: policy(
        rate=Rate(rate, minutes(1)), channels=channels, max_attempts=attempts, per_day=per_day,
        waits=dict(zip((D.BUSY, D.NO_ANSWER, D.FAILED), waits, strict=True)),
        window=window(hours_open, end=end),
    ),
    st.integers(1, 300), st.integers(1, 100), st.integers(1, 5), st.integers(1, 4),
    st.tuples(*[st.lists(st.integers(1, 3000).map(minutes), max_size=3).map(tuple)] * 3),
    st.sampled_from(["00:00-24:00", "09:00-21:00", "10:00-13:00, 14:00-19:00"]),
    st.none() | st.integers(1, 9).map(lambda days: NOON + timedelta(days=days)),
)  # fmt: skip
NOWS = st.integers(0, 7 * 1440).map(lambda past: NOON + minutes(past))
LEADS = st.integers(1, 20_000)


@given(RULES, COURSES, NOWS, LEADS)
def test_nothing_is_finished_before_the_rate_the_channels_and_the_hours_allow(
    rules: Policy, course: Course, now: datetime, leads: int
) -> None:
    expected = expect(leads, rules, now, course)
    if not expected.finishing:
        return
    began = expected.finishing - course.length
    stretches = rules.window.openings(now, rules.ring_timeout)
    usable = sum((min(shuts, began) - opens for opens, shuts in stretches if opens < began), timedelta())
    needed = max(rules.rate.interval, course.length / rules.channels) * (leads - 1)
    assert usable >= needed - seconds(1)
    assert not expected.latest or expected.finishing <= expected.latest
    assert leads <= expected.calls + 1
    assert expected.calls <= expected.calls_at_most + 1 or expected.latest is None


@given(RULES, COURSES, NOWS, LEADS, LEADS)
def test_more_leads_never_finish_earlier(rules: Policy, course: Course, now: datetime, leads: int, more: int) -> None:
    few, many = expect(leads, rules, now, course), expect(leads + more, rules, now, course)
    for sooner, later in ((few.finishing, many.finishing), (few.latest, many.latest)):
        if later is not None:
            exact = max(seconds(1), (later - now) / 200)  # half a hundredth, which is what a forecast promises
            assert sooner is not None
            assert sooner <= later + exact
