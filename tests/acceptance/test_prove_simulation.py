"""A few seeds of the core simulation; `make prove` plays thousands."""

from tests.prove.part import Extent
from tests.prove.simulation import prove


def test_nobody_is_called_twice_and_nobody_is_forgotten_in_some_simulated_campaigns() -> None:
    assert prove(Extent(slice=True)).failures == []
