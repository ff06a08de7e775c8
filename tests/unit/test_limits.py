"""What the calls that were made must have kept, judged by what was known when each was sent."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from campaign.core.attempt import AttemptId
from campaign.core.lead import CampaignId
from campaign.core.limits import Channels, Dial, Limit, Overturned, of_lead, of_number
from tests.builders import NOON, at, hours, minutes, policy, window

CAMPAIGN = CampaignId(1)
ANOTHER = CampaignId(2)


def dial(known: int, sent_at: datetime = NOON, **changes: Any) -> Dial:
    """A call of a minute."""
    over = sent_at + minutes(1)
    plain = Dial(known, sent_at, over, sent_at + minutes(6), True, AttemptId(known), (CAMPAIGN, 1))
    return replace(plain, **changes)


def broken(*dials: Dial, **rules: Any) -> list[Limit]:
    policies = {(CAMPAIGN, 1): policy(**rules)}
    return [each.limit for each in [*of_number(dials, policies), *of_lead(dials, policies)]]


def test_calls_that_kept_everything_break_nothing() -> None:
    assert broken(dial(1), dial(2, NOON + hours(1)), dial(3, NOON + hours(2))) == []


@pytest.mark.parametrize(("wait", "expected"), [(minutes(5.99), [Limit.GAP]), (minutes(6), [])])
def test_the_gap_begins_at_the_end_of_the_last_call(wait: Any, expected: list[Limit]) -> None:
    assert broken(dial(1), dial(2, NOON + wait)) == expected


def test_an_end_that_was_told_late_does_not_move_the_gap() -> None:
    silent = dial(1, over_at=NOON + hours(30))
    assert broken(silent, dial(2, NOON + hours(30) + minutes(1))) == []


@pytest.mark.parametrize(("after", "expected"), [(hours(24) - minutes(1), [Limit.DAY]), (hours(24), [])])
def test_a_day_is_any_24_hours(after: Any, expected: list[Limit]) -> None:
    assert broken(dial(1), dial(2, NOON + hours(9)), dial(3, NOON + after), per_day=2) == expected


def test_a_call_that_was_not_placed_does_not_count() -> None:
    assert broken(dial(1, counts=False), dial(2, NOON + minutes(2)), per_day=1, max_attempts=1) == []


def test_late_truth_breaks_nothing_afterwards_but_counts_from_then_on() -> None:
    late = dial(1, over_at=NOON + hours(2), overturned=Overturned(by=3, at=NOON + minutes(10), placed=False))
    before, after = dial(2, NOON + minutes(10)), dial(4, NOON + hours(3))
    assert broken(late, before, per_day=1) == []
    assert broken(late, before, after, per_day=2, max_attempts=2) == [Limit.DAY, Limit.ATTEMPTS]


def test_a_call_written_off_was_over_then_and_counts() -> None:
    late = dial(1, over_at=NOON + hours(2), overturned=Overturned(by=3, at=NOON + minutes(10), placed=True))
    assert broken(late, dial(2, NOON + minutes(20)), max_attempts=1) == [Limit.ATTEMPTS]


@pytest.mark.parametrize("over_at", [None, NOON + hours(2)])
def test_a_number_has_one_call_at_a_time(over_at: datetime | None) -> None:
    assert Limit.ONE in broken(dial(1, over_at=over_at), dial(2, NOON + hours(1)))


def test_max_attempts_are_those_of_the_policy_of_the_call() -> None:
    calls = [dial(number, NOON + hours(10 * number)) for number in (1, 2, 3)]
    assert broken(*calls, max_attempts=2) == [Limit.ATTEMPTS]


@pytest.mark.parametrize(("wall", "expected"), [("20:59:20", []), ("20:59:31", [Limit.HOURS])])
def test_a_phone_does_not_ring_after_closing_time(wall: str, expected: list[Limit]) -> None:
    assert broken(dial(1, at(f"2026-03-04 {wall}")), window=window("09:00-21:00")) == expected


def test_what_nobody_here_made_counts_and_is_not_judged() -> None:
    stranger = Dial(1, NOON, NOON, NOON)
    assert broken(stranger, dial(2, NOON + minutes(1))) == [Limit.GAP]
    assert broken(dial(1), replace(stranger, known=2, sent_at=NOON + minutes(1))) == []


def test_a_stranger_on_a_clock_that_is_ahead_is_no_second_call_at_once() -> None:
    ahead = NOON + minutes(1)
    assert broken(Dial(1, ahead, ahead, ahead), dial(2)) == [Limit.GAP]


def test_a_call_is_judged_by_what_was_known_when_it_was_sent() -> None:
    assert broken(Dial(2, NOON, NOON, NOON), dial(1, NOON + minutes(1))) == []


def test_a_breach_belongs_to_the_campaign_that_called() -> None:
    theirs = dial(1, under=(ANOTHER, 1))
    [breach] = of_number([theirs, dial(2, NOON + minutes(2))], {(CAMPAIGN, 1): policy(), (ANOTHER, 1): policy()})
    assert breach.dial.under == (CAMPAIGN, 1)


def test_a_channel_that_was_free_already_is_not_taken_again_by_a_late_word() -> None:
    channels = Channels()
    channels.shorter(AttemptId(1), NOON + minutes(1))
    assert channels.sent(AttemptId(2), NOON, NOON + minutes(6)) == 1


def test_channels_are_free_when_a_call_is_over_or_must_be() -> None:
    channels = Channels()
    assert channels.sent(AttemptId(1), NOON, NOON + minutes(6)) == 1
    assert channels.sent(AttemptId(2), NOON, NOON + minutes(6)) == 2
    channels.over(AttemptId(1))
    channels.shorter(AttemptId(2), NOON + minutes(1))
    assert channels.sent(AttemptId(3), NOON + minutes(1), NOON + minutes(7)) == 1


def to(position: int, known: int, **changes: Any) -> Dial:
    """A call of a lead with two numbers, a day after the one before."""
    return dial(known, NOON + hours(24 * known), **{"position": position, "numbers": 2, **changes})


@pytest.mark.parametrize(
    ("dials", "tries", "expected"),
    [
        ([to(0, 1), to(0, 2), to(1, 3), to(1, 4)], 0, []),
        ([to(0, 1), to(1, 2)], 1, []),
        ([to(1, 1)], 0, [Limit.NUMBERS]),
        ([to(0, 1), to(1, 2)], 0, [Limit.NUMBERS]),
        ([to(0, 1), to(0, 2), to(0, 3)], 0, [Limit.NUMBERS]),
        ([to(0, 1), to(1, 2), to(1, 3)], 1, [Limit.NUMBERS]),  # no number was left
        ([to(0, 1, counts=False, closed=True), to(1, 2), to(1, 3), to(1, 4)], 0, []),
        ([to(0, 1, counts=False, closed=True), to(0, 2)], 0, [Limit.NUMBERS]),
        ([to(0, 1, counts=False, closed=True), to(1, 2, counts=False, closed=True), to(1, 3)], 0, [Limit.NUMBERS]),
        ([to(0, 1, counts=False), to(0, 2)], 1, []),
    ],
)
def test_a_leads_numbers_are_called_in_their_order(dials: list[Dial], tries: int, expected: list[Limit]) -> None:
    assert broken(*dials, tries_per_number=tries) == expected
