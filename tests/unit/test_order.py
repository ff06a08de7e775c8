"""Who is called next: first calls first, nobody starved, priorities and shuffles obeyed."""

from datetime import timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from campaign.core.lead import CampaignId, LeadId, NumberHash
from campaign.core.order import Waiting, in_turn, place, shuffled
from tests.builders import NOON, hours, minutes

SLACK = hours(1)


A_WHILE = minutes(1)


def waiting(lead: int, ago: timedelta = A_WHILE, calls: int = 0, at_place: int | None = None) -> Waiting:
    return Waiting(LeadId(lead), NOON - ago, calls, at_place)


def leads(*several: Waiting, slack: timedelta = SLACK) -> list[int]:
    return [each.lead for each in in_turn(several, slack, NOON)]


def test_first_calls_go_in_the_order_of_their_places() -> None:
    assert leads(waiting(1, at_place=3), waiting(2, at_place=1), waiting(3, at_place=2)) == [2, 3, 1]


def test_the_longest_chain_of_calls_goes_first() -> None:
    second, first, fresh = waiting(1, minutes(50), calls=2), waiting(2, calls=1), waiting(3, at_place=9)
    assert leads(second, first, fresh) == [3, 2, 1]


def test_of_retries_alike_the_one_due_first_goes_first() -> None:
    assert leads(waiting(1, minutes(1), calls=1), waiting(2, minutes(2), calls=1)) == [2, 1]


def test_a_first_call_that_was_put_off_goes_before_the_line() -> None:
    assert leads(waiting(1, at_place=1), waiting(2)) == [2, 1]


def test_an_overdue_retry_goes_before_everybody() -> None:
    fresh, retry, overdue = waiting(1, at_place=1), waiting(2, minutes(59), calls=1), waiting(3, SLACK, calls=2)
    assert leads(fresh, retry, overdue) == [3, 1, 2]


def test_without_slack_retries_go_first() -> None:
    assert leads(waiting(1, hours(9), at_place=1), waiting(2, calls=1), slack=hours(0)) == [2, 1]


def test_a_retry_never_waits_longer_than_its_slack_and_those_overdue_before_it() -> None:
    """One call a minute, first calls without end, and every seventh of them has a retry ten minutes later."""
    now, retries, numbers = NOON, list[Waiting](), count(1)
    for minute in range(600):
        now = NOON + minutes(minute)
        line = Waiting(LeadId(10_000 + minute), NOON, 0, minute)
        due = [each for each in retries if each.due_at <= now]
        first = in_turn([line, *due], SLACK, now)[0]
        if first in retries:
            retries.remove(first)
            overdue_before = sum(each.due_at < first.due_at for each in retries)
            assert now - first.due_at <= SLACK + minutes(overdue_before)
        elif minute % 7 == 0:
            retries.append(Waiting(LeadId(next(numbers)), now + minutes(10), 1))
    assert all(now - each.due_at <= SLACK for each in retries)


@given(st.integers(-999, 998), st.integers(0, 2**40 - 1), st.integers(0, 2**40 - 1))
def test_a_priority_goes_before_every_place(priority: int, one: int, other: int) -> None:
    assert place(priority + 1, one) < place(priority, other)
    assert (place(priority, one) < place(priority, other)) == (one < other)
    assert abs(place(priority, one)) < 2**63


def order_of(campaign: int, numbers: list[NumberHash]) -> list[NumberHash]:
    return sorted(numbers, key=lambda each: shuffled(CampaignId(campaign), each))


def test_a_shuffle_is_the_same_again_and_another_for_each_campaign() -> None:
    numbers = [NumberHash(f"{number:032x}") for number in range(50)]
    assert order_of(1, numbers) == order_of(1, numbers[::-1])
    assert order_of(1, numbers) != order_of(2, numbers)
    assert numbers not in (order_of(1, numbers), order_of(2, numbers))
    assert all(0 <= shuffled(CampaignId(1), each) < 2**40 for each in numbers)
