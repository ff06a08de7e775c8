"""From which caller id a lead is called: by share, the same one again, and never beyond its own channels."""

import pytest

from campaign.core.lead import NumberHash
from campaign.core.pool import Caller, choose, luck

ONE, TWO, THREE = Caller("1"), Caller("2", share=3), Caller("3", channels=2)


@pytest.mark.parametrize(("drawn", "chosen"), [(0.0, ONE), (0.249, ONE), (0.25, TWO), (0.999, TWO)])
def test_a_first_call_comes_from_each_by_its_share(drawn: float, chosen: Caller) -> None:
    assert choose([ONE, TWO], {}, None, drawn) == chosen


def test_a_lead_keeps_its_caller_id() -> None:
    assert {choose([ONE, TWO], {}, "2", drawn / 10) for drawn in range(10)} == {TWO}


def test_where_its_caller_id_is_gone_another_is_chosen() -> None:
    assert choose([ONE], {}, "2", 0.9) == ONE


@pytest.mark.parametrize(("used", "chosen"), [(1, THREE), (2, ONE), (3, ONE)])
def test_one_whose_channels_are_in_use_is_passed_over(used: int, chosen: Caller) -> None:
    assert choose([ONE, THREE], {"3": used}, None, 0.9) == chosen


def test_a_lead_waits_for_the_channels_of_its_own() -> None:
    assert choose([ONE, THREE], {"3": 2}, "3", 0) is None


def test_nobody_is_called_while_all_are_in_use() -> None:
    assert choose([THREE], {"3": 2}, None, 0) is None
    assert choose([], {}, None, 0) is None


def test_the_luck_of_a_number_is_spread_and_always_the_same() -> None:
    drawn = [luck(NumberHash(f"{number:08x}{'0' * 24}")) for number in (0, 2**31, 2**32 - 1)]
    assert drawn[:2] == [0, 0.5]
    assert 0.999 < drawn[2] < 1
