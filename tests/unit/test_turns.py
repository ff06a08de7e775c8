"""Whose turn it is: shares by weight, nothing saved up, nobody starved."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.turns import Turns

WEIGHTS = st.dictionaries(st.integers(0, 5), st.integers(1, 20), min_size=1)


def served(turns: Turns[int], waiting: dict[int, int], count: int) -> list[int]:
    order = []
    for _ in range(count):
        who = turns.first(waiting)
        turns.took(who, waiting[who])
        order.append(who)
    return order


@given(WEIGHTS, st.integers(1, 200))
def test_while_all_wait_nobody_has_more_than_their_share_and_one(waiting: dict[int, int], count: int) -> None:
    for who, turns in Counter(served(Turns(), waiting, count)).items():
        assert turns <= count * waiting[who] / sum(waiting.values()) + 1 + 1e-6


@given(WEIGHTS)
def test_everybody_has_a_turn_before_all_weights_have_passed_twice(waiting: dict[int, int]) -> None:
    assert set(served(Turns(), waiting, 2 * sum(waiting.values()))) == set(waiting)


@given(st.integers(0, 100))
def test_who_was_away_has_saved_nothing_up(away: int) -> None:
    turns: Turns[int] = Turns()
    served(turns, {1: 1}, away)
    assert served(turns, {1: 1, 2: 1}, 10).count(2) <= 6


def test_those_alike_go_in_the_order_in_which_they_are_named() -> None:
    assert served(Turns(), {2: 1, 1: 1}, 4) == [2, 1, 2, 1]


def test_for_nobody_there_is_no_turn() -> None:
    with pytest.raises(ValueError, match="empty"):
        Turns[int]().first({})
