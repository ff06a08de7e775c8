"""A small part of the proof that no callback, answer or list breaks anything (`tests/prove/fuzz.py`)."""

import pytest

from tests.prove.fuzz import prove
from tests.prove.part import Extent


@pytest.mark.timeout(180)  # a machine may be busy
def test_damaged_callbacks_answers_and_lists_break_nothing_and_are_refused_in_the_same_words() -> None:
    proved = prove(Extent(slice=True))
    assert not proved.failures, "\n".join(proved.failures)
