"""A small part of the proof that a full or broken disk costs nothing but time (`tests/prove/disk.py`)."""

from tests.prove.disk import prove
from tests.prove.part import Extent


def test_a_failing_disk_stops_the_run_with_clear_words_and_after_the_cure_everybody_is_called_as_often_as_due() -> None:
    proved = prove(Extent(slice=True))
    assert not proved.failures, "\n".join(proved.failures)
