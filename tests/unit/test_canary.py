"""By the first calls it is decided whether the others are made."""

from dataclasses import replace

import pytest

from campaign.core.attempt import Attempt, AttemptId, AttemptState, Disposition, Refusal
from campaign.core.canary import Fine, Trying, judge
from campaign.core.failing import FailedLimit, Stop
from tests.builders import NOON, attempt, ended, hours

HALF = FailedLimit(0.5, 50)
ANSWERED, FAILED = ended(Disposition.COMPLETED), ended(Disposition.FAILED)
REFUSED = attempt(state=AttemptState.REFUSED, refusal=Refusal.INVALID_NUMBER)
ALIVE, DOUBTFUL = attempt(), attempt(state=AttemptState.UNKNOWN)
OVERDUE = attempt(latest_end=NOON - hours(1))


def said(*attempts: Attempt, canary: int = 4, limit: FailedLimit | None = HALF) -> Trying | Fine | Stop:
    numbered = [replace(each, id=AttemptId(count)) for count, each in enumerate(attempts)]
    return judge(numbered, canary, limit, NOON)


def test_until_so_many_were_made_the_rest_of_them_may_leave() -> None:
    assert said() == Trying(4)
    assert said(ANSWERED, ALIVE, REFUSED) == Trying(1)


@pytest.mark.parametrize("refusal", [Refusal.LATER, Refusal.ACCOUNT, Refusal.NO_CONNECTION])
def test_what_was_refused_for_another_reason_than_the_number_is_none_of_them(refusal: Refusal) -> None:
    assert said(attempt(state=AttemptState.REFUSED, refusal=refusal), ended(Disposition.NOT_PLACED)) == Trying(4)


def test_while_one_is_on_its_way_nothing_is_decided_and_nothing_leaves() -> None:
    assert said(ANSWERED, ANSWERED, ANSWERED, ALIVE) == Trying(0)
    assert said(ANSWERED, ANSWERED, DOUBTFUL, attempt(state=AttemptState.SENDING)) == Trying(0)


def test_when_all_have_ended_it_goes_on_and_says_how() -> None:
    others = ended(Disposition.BUSY), ended(Disposition.NO_ANSWER)
    assert said(ANSWERED, *others, FAILED) == Fine("of the first 4 calls: 1 answered, 1 busy, 1 no answer, 1 failed")


def test_it_stops_at_the_share_that_failed_or_was_refused() -> None:
    assert isinstance(said(ANSWERED, ANSWERED, ANSWERED, REFUSED), Fine)
    stopped = said(ANSWERED, ANSWERED, FAILED, REFUSED)
    assert isinstance(stopped, Stop)
    assert stopped.why.startswith("of the first 4 calls: 2 answered, 1 failed, 1 refused; look at")
    assert isinstance(said(FAILED, FAILED, FAILED, FAILED, limit=None), Fine)


@pytest.mark.parametrize("doubtful", [DOUBTFUL, OVERDUE, ended(Disposition.WRITTEN_OFF)])
def test_one_in_doubt_stops_it(doubtful: Attempt) -> None:
    stopped = said(ANSWERED, ANSWERED, ANSWERED, doubtful, limit=None)
    assert isinstance(stopped, Stop)
    assert "3 answered, 1 in doubt" in stopped.why
