"""A small part of the proof that a full or broken disk costs nothing but time (`tests/prove/disk.py`)."""

import pytest

from tests.prove.disk import prove
from tests.prove.disk_world import KINDS, Disk, disk_of
from tests.prove.part import Extent


def test_a_failing_disk_stops_the_run_with_clear_words_and_after_the_cure_everybody_is_called_as_often_as_due() -> None:
    proved = prove(Extent(slice=True))
    assert not proved.failures, "\n".join(proved.failures)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("for_good", [False, True])
def test_a_failing_write_is_read_again_from_the_words_it_is_told_in(kind: str, for_good: bool) -> None:
    assert disk_of(Disk(kind, 17, for_good).words) == Disk(kind, 17, for_good)
