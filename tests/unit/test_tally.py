"""The figures of a campaign."""

import pytest

from campaign.core.lead import LeadState, Outcome
from campaign.core.tally import Tally

S = LeadState


def test_an_empty_campaign_is_finished_and_has_nothing_in_it() -> None:
    empty = Tally()
    assert (empty.total, empty.done, empty.left, empty.held, empty.answered, empty.finished) == (0, 0, 0, 0, 0, True)


def test_the_figures_add_up() -> None:
    tally = Tally(
        states={S.PENDING: 3, S.IN_FLIGHT: 2, S.RETRY_WAIT: 1, S.HELD: 4, S.DONE: 10},
        outcomes={Outcome.COMPLETED: 7, Outcome.BUSY: 3},
    )
    assert (tally.total, tally.done, tally.left, tally.held, tally.answered) == (20, 10, 10, 4, 7)


@pytest.mark.parametrize(
    ("states", "finished"),
    [
        ({S.DONE: 2, S.HELD: 1}, True),
        ({S.DONE: 2, S.PENDING: 1}, False),
        ({S.DONE: 2, S.IN_FLIGHT: 1}, False),
        ({S.DONE: 2, S.RETRY_WAIT: 1}, False),
    ],
)
def test_a_campaign_is_finished_when_every_lead_is_done_or_held(states: dict[LeadState, int], finished: bool) -> None:
    assert Tally(states=states).finished is finished
