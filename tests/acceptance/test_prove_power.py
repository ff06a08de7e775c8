"""A small part of the proof that a power cut takes nothing that was said (`tests/prove/power.py`)."""

import pytest

from tests.prove.part import Extent
from tests.prove.power import prove


def test_after_a_power_cut_at_any_moment_every_sent_attempt_and_answered_callback_is_on_disk() -> None:
    proved = prove(Extent(slice=True))
    if "skipped" in proved.figures and not proved.failures:
        pytest.skip(f"power cuts were not proved: {proved.figures['skipped']}")
    assert not proved.failures, "\n".join(proved.failures)
