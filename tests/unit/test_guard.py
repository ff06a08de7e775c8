"""The last question before a request leaves: each rule, its edge, and which of two speaks first."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from campaign.core.attempt import Disposition
from campaign.core.guard import PARKED, Facts, Finish, HoldBack, Park, Send, Why, may_send
from campaign.core.lead import CampaignState, Outcome
from campaign.core.numbers import NoneLeft
from campaign.core.pool import Caller
from campaign.core.window import Window
from tests.builders import NOON, at, hours, minutes, policy, seconds, window

CLEAR = Facts(
    campaign=CampaignState.RUNNING,
    channels_used=0,
    lead_calls=0,
    number_calls=(),
    number_busy_until=None,
    number_free_at=None,
)
OFFICE = policy(window=window("09:00-21:00"))
OVER = policy(window=window(end=NOON))


def ago(*spans: timedelta) -> tuple[datetime, ...]:
    return tuple(NOON - span for span in spans)


def test_an_attempt_is_sent_when_no_rule_speaks() -> None:
    assert may_send(CLEAR, OFFICE, NOON) == Send()


@pytest.mark.parametrize("state", [state for state in CampaignState if state is not CampaignState.RUNNING])
def test_only_a_running_campaign_calls(state: CampaignState) -> None:
    assert may_send(replace(CLEAR, campaign=state), OFFICE, NOON) == HoldBack(Why.PAUSED)


def test_a_test_call_obeys_the_pause_of_its_numbers_campaign() -> None:
    assert may_send(replace(CLEAR, paused_elsewhere=True), OFFICE, NOON) == HoldBack(Why.ELSEWHERE)


@pytest.mark.parametrize(
    ("wall", "until"),
    [
        ("2026-03-04 08:59", "2026-03-04 09:00"),
        ("2026-03-04 09:00", None),
        ("2026-03-04 20:59", None),
        ("2026-03-04 20:59:30", "2026-03-05 09:00"),  # it would ring until closing time
        ("2026-03-04 21:00", "2026-03-05 09:00"),
    ],
)
def test_nothing_is_sent_outside_the_hours(wall: str, until: str | None) -> None:
    verdict = may_send(CLEAR, replace(OFFICE, ring_timeout=seconds(30)), at(wall))
    assert verdict == (HoldBack(Why.HOURS, at(until)) if until else Send())


def test_a_lead_due_after_the_campaigns_end_is_expired() -> None:
    why = "no opening is left before the campaign's end"
    assert may_send(CLEAR, OVER, NOON) == Finish(Outcome.EXPIRED, why)


@pytest.mark.parametrize(
    ("calls", "verdict"),
    [(3, Send()), (4, Finish(Outcome.FAILED, "4 of 4 calls made")), (5, Finish(Outcome.FAILED, "5 of 4 calls made"))],
)
def test_a_lead_that_had_its_calls_is_done(calls: int, verdict: object) -> None:
    assert may_send(replace(CLEAR, lead_calls=calls), policy(max_attempts=4), NOON) == verdict


def test_one_call_to_a_number_at_a_time() -> None:
    busy = replace(CLEAR, number_busy_until=NOON + minutes(3))
    assert may_send(busy, OFFICE, NOON) == HoldBack(Why.LIVE, NOON + minutes(3))


@pytest.mark.parametrize(
    ("past", "verdict"),
    [
        (-seconds(1), HoldBack(Why.LIVE, NOON)),
        (seconds(0), Park(PARKED)),
        (seconds(1), Park(PARKED)),
        (hours(24 * 30), Park(PARKED)),  # time alone never settles it
    ],
)
def test_a_number_whose_call_must_be_over_but_is_not_settled_waits_for_no_hour(
    past: timedelta, verdict: object
) -> None:
    assert may_send(replace(CLEAR, number_busy_until=NOON), policy(), NOON + past) == verdict


@pytest.mark.parametrize(
    ("free_for", "until"),
    [
        (minutes(4), minutes(1)),
        (minutes(5), None),  # the gap is over
        (minutes(6), None),
        (minutes(-2), minutes(7)),  # its last call may go on for two minutes
    ],
)
def test_a_number_rests_between_two_calls(free_for: timedelta, until: timedelta | None) -> None:
    verdict = may_send(replace(CLEAR, number_free_at=NOON - free_for), policy(min_gap=minutes(5)), NOON)
    assert verdict == (HoldBack(Why.GAP, NOON + until) if until else Send())


@pytest.mark.parametrize(
    ("calls", "until"),
    [
        ((), None),
        (ago(hours(3)), None),
        (ago(hours(20), hours(3)), NOON + hours(4)),
        (ago(hours(24), hours(3)), None),  # a day ago is not in the last 24 hours
        (ago(hours(24) - seconds(1), hours(3)), NOON + seconds(1)),
        (ago(hours(30), hours(25), hours(3)), None),
        (ago(hours(20), hours(10), hours(3)), NOON + hours(14)),  # above the cap: two of three must pass
    ],
)
def test_a_number_has_its_calls_in_any_24_hours(calls: tuple[datetime, ...], until: datetime | None) -> None:
    verdict = may_send(replace(CLEAR, number_calls=calls), policy(per_day=2), NOON)
    assert verdict == (HoldBack(Why.DAY, until) if until else Send())


def test_a_number_held_back_for_the_day_is_free_at_the_very_instant_named() -> None:
    facts = replace(CLEAR, number_calls=ago(hours(20), hours(3)))
    held = may_send(facts, policy(per_day=2), NOON)
    assert isinstance(held, HoldBack)
    assert held.until
    assert may_send(facts, policy(per_day=2), held.until - seconds(1)) == held
    assert may_send(facts, policy(per_day=2), held.until) == Send()


@pytest.mark.parametrize(
    ("used", "verdict"), [(29, Send()), (30, HoldBack(Why.CHANNELS)), (31, HoldBack(Why.CHANNELS))]
)
def test_no_more_calls_are_alive_than_channels(used: int, verdict: object) -> None:
    assert may_send(replace(CLEAR, channels_used=used), policy(channels=30), NOON) == verdict


BROKEN_RULES: list[tuple[dict[str, object], object]] = [
    ({"campaign": CampaignState.PAUSED}, HoldBack(Why.PAUSED)),
    ({"lead_calls": 4}, Finish(Outcome.FAILED, "4 of 4 calls made")),
    ({"number_busy_until": NOON + minutes(3)}, HoldBack(Why.LIVE, NOON + minutes(3))),
    ({"number_busy_until": NOON}, Park(PARKED)),
    ({"number_free_at": NOON}, HoldBack(Why.GAP, NOON + minutes(5))),
    ({"number_calls": ago(hours(3), hours(2), hours(1))}, HoldBack(Why.DAY, NOON + hours(21))),
    ({"channels_used": 30}, HoldBack(Why.CHANNELS)),
]


@pytest.mark.parametrize(("earlier", "later"), list(pairwise(BROKEN_RULES)))
def test_of_two_broken_rules_the_earlier_speaks(
    earlier: tuple[dict[str, object], object], later: tuple[dict[str, object], object]
) -> None:
    both = replace(CLEAR, **{**later[0], **earlier[0]})  # type: ignore[arg-type]  # fields by name
    assert may_send(both, policy(), NOON) == earlier[1]


@pytest.mark.parametrize("shut", [window("13:00-14:00"), window(end=NOON)])
def test_the_hours_speak_after_the_pause_and_before_the_caps(shut: Window) -> None:
    at_night = policy(window=shut)
    capped = may_send(replace(CLEAR, lead_calls=4), at_night, NOON)
    assert capped == may_send(CLEAR, at_night, NOON) != Send()
    assert may_send(replace(CLEAR, campaign=CampaignState.PAUSED), at_night, NOON) == HoldBack(Why.PAUSED)


def test_a_lead_of_which_no_number_is_left_is_done_as_its_last_call_ended() -> None:
    facts = replace(CLEAR, choice=NoneLeft("each number had its call"), lead_calls=1, last=Disposition.BUSY)
    assert may_send(facts, policy(), NOON) == Finish(Outcome.BUSY, "each number had its call")


def test_a_call_comes_from_the_pool_and_waits_for_its_own_channels() -> None:
    rules = policy(callers=(Caller("1", channels=1),))
    verdict = may_send(CLEAR, rules, NOON)
    assert isinstance(verdict, Send)
    assert verdict.caller_id == "1"
    assert may_send(replace(CLEAR, callers_used={"1": 1}), rules, NOON) == HoldBack(Why.CALLER)
