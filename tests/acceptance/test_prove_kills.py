"""A small part of the proof that a campaign may be killed at any moment (`tests/prove/kills.py`)."""

import pytest

from tests.prove.kills import prove
from tests.prove.kills_office import Blow, Case, case_of
from tests.prove.part import Extent


@pytest.mark.timeout(180)  # several processes
def test_a_campaign_that_is_killed_goes_on_and_nobody_is_called_twice_or_forgotten() -> None:
    proved = prove(Extent(slice=True))
    assert not proved.failures, "\n".join(proved.failures)


@pytest.mark.parametrize(
    "case",
    [
        Case("told", 0, Blow("after Provider.place", 5), Blow("after Store.recover", 1)),
        Case("older copy", 2, Blow("pwrite64", 12, system=True)),
    ],
)
def test_a_case_is_read_again_from_the_words_it_is_told_in(case: Case) -> None:
    assert case_of(case.words) == case
