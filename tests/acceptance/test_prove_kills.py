"""A small part of the proof that a campaign may be killed at any moment (`tests/prove/kills.py`)."""

import pytest

from tests.prove.kills import prove
from tests.prove.part import Extent


@pytest.mark.soak
def test_a_campaign_that_is_killed_goes_on_and_nobody_is_called_twice_or_forgotten() -> None:
    proved = prove(Extent(slice=True))
    assert not proved.failures, "\n".join(proved.failures)
