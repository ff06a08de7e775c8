"""Which attempts lock a number, and which count against the caps."""

import pytest

from campaign.core.attempt import AttemptState, Disposition
from tests.builders import attempt

S, D = AttemptState, Disposition


@pytest.mark.parametrize(
    ("state", "disposition", "alive", "counts"),
    [
        (S.RESERVED, None, False, False),
        (S.SENDING, None, True, True),
        (S.ACCEPTED, None, True, True),
        (S.UNKNOWN, None, True, True),
        (S.REFUSED, None, False, False),
        (S.ACCEPTED, D.COMPLETED, False, True),
        (S.ACCEPTED, D.BUSY, False, True),
        (S.ACCEPTED, D.NO_ANSWER, False, True),
        (S.ACCEPTED, D.FAILED, False, True),
        (S.UNKNOWN, D.NOT_PLACED, False, False),
        (S.UNKNOWN, D.WRITTEN_OFF, False, True),
        (S.ACCEPTED, D.WRITTEN_OFF, False, True),
    ],
)
def test_an_attempt_is_alive_and_counts(
    state: AttemptState, disposition: Disposition | None, alive: bool, counts: bool
) -> None:
    one = attempt(state=state, disposition=disposition)
    assert (one.alive, one.counts) == (alive, counts)
