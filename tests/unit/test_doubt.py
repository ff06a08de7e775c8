"""An attempt in doubt: when the provider is asked, and what its answers prove. Nothing is ever guessed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.attempt import AttemptState, CallSid
from campaign.core.doubt import (
    LONGEST_GAP,
    AskAt,
    ForAPerson,
    NeverPlaced,
    Query,
    fitting,
    next_step,
    query_for,
)
from campaign.core.events import Asked
from tests.builders import NOON, attempt, hours, minutes, policy, seconds

DOUBTFUL = attempt(state=AttemptState.UNKNOWN, call_sid=None, sent_at=NOON)
RULES = policy(ring_timeout=seconds(30), time_limit=minutes(5), margin=minutes(1))
LONGEST = minutes(6.5)
OVER = NOON + LONGEST
A, B, C = CallSid("a"), CallSid("b"), CallSid("c")


def clean(when: datetime = OVER) -> Asked:
    """A negative beside a control call."""
    return Asked(when, found=0, controlled=True)


def blind(when: datetime = OVER) -> Asked:
    """A negative that proves nothing."""
    return Asked(when, found=0, controlled=False)


def fit(calls: int, when: datetime = OVER) -> Asked:
    return Asked(when, found=calls, controlled=False)


def step(*asked: Asked) -> AskAt | NeverPlaced | ForAPerson:
    return next_step(DOUBTFUL, asked, RULES)


def test_nothing_is_asked_before_the_call_must_be_over() -> None:
    assert step() == AskAt(OVER)


def test_a_server_error_frees_the_channel_earlier_but_is_asked_about_no_earlier() -> None:
    rung_out = attempt(state=AttemptState.UNKNOWN, sent_at=NOON, latest_end=NOON + RULES.longest_ring)
    assert next_step(rung_out, [], RULES) == AskAt(OVER)


TABLE: list[tuple[str, Sequence[Asked], object]] = [
    ("one clean negative is not enough", [clean()], AskAt),
    ("one without a control proves nothing", [blind()], AskAt),
    ("nor do many", [blind()] * 20, AskAt),
    ("one of each is one", [clean(), blind()], AskAt),
    ("two clean ones prove it", [clean(), clean()], NeverPlaced),
    ("wherever they stand", [blind(), clean(), blind(), clean()], NeverPlaced),
    ("and before those that prove nothing", [clean(), clean(), blind()], NeverPlaced),
    ("two calls that fit go to a person", [fit(2)], ForAPerson),
    ("so do twenty", [fit(20)], ForAPerson),
    ("even after two clean negatives", [clean(), clean(), fit(2)], ForAPerson),
    ("a single one that could not be taken over is asked again", [fit(1)], AskAt),
    ("what was two once and none now is asked again", [fit(2), blind()], AskAt),
]


@pytest.mark.parametrize(("asked", "kind"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_the_answers_prove(asked: Sequence[Asked], kind: type[object]) -> None:
    assert type(step(*asked)) is kind


def test_the_evidence_names_both_instants() -> None:
    proved = step(clean(OVER), blind(OVER + hours(1)), clean(OVER + hours(2)))
    assert proved == NeverPlaced("not in the provider's list at 2026-03-04 06:36Z, 2026-03-04 08:36Z")


def test_what_goes_to_a_person_says_how_many_calls_fit() -> None:
    assert step(fit(3)) == ForAPerson("3 calls fit it")


@pytest.mark.parametrize(
    ("times", "gap"),
    [(1, LONGEST), (2, 2 * LONGEST), (3, 4 * LONGEST), (8, 128 * LONGEST), (9, LONGEST_GAP), (400, LONGEST_GAP)],
)
def test_it_is_asked_again_at_gaps_that_double_up_to_a_day(times: int, gap: timedelta) -> None:
    last = OVER + hours(100)
    assert step(*[blind(OVER)] * (times - 1), blind(last)) == AskAt(last + gap)


def test_an_answer_before_the_call_must_be_over_brings_the_next_question_no_nearer() -> None:
    assert step(blind(NOON)) == AskAt(OVER + LONGEST)


def test_a_call_that_came_of_it_is_looked_for_around_its_send() -> None:
    assert query_for(NOON) == Query(NOON - minutes(2), NOON + minutes(3))


@pytest.mark.parametrize(
    ("found", "owned", "left"),
    [
        ([], [], []),
        ([A], [], [A]),
        ([A], [A], []),
        ([A, B], [A], [B]),
        ([B, A, B], [], [B, A]),  # a page that shifted shows a call twice
        ([A, B, C], [A, B, C], []),
        ([A], [C], [A]),
    ],
)
def test_calls_that_other_attempts_own_do_not_fit(
    found: list[CallSid], owned: list[CallSid], left: list[CallSid]
) -> None:
    assert fitting(found, frozenset(owned)) == left


ANSWERS = st.lists(
    st.builds(
        Asked,
        st.integers(0, 10_000).map(lambda minute: OVER + minutes(minute)),
        st.integers(0, 3),
        st.booleans(),
    ),
    max_size=8,
).map(lambda asked: sorted(asked, key=lambda each: each.at))


@given(ANSWERS)
def test_never_placed_is_said_only_on_two_clean_negatives(asked: list[Asked]) -> None:
    negatives = sum(each.found == 0 and each.controlled for each in asked)
    if isinstance(step(*asked), NeverPlaced):
        assert negatives >= 2
        assert asked[-1].found <= 1


@given(ANSWERS)
def test_every_doubt_goes_on_is_proved_or_goes_to_a_person(asked: list[Asked]) -> None:
    match step(*asked):
        case AskAt(at):
            assert at >= OVER
            assert not asked or at > asked[-1].at
        case NeverPlaced(why) | ForAPerson(why):
            assert why


@given(ANSWERS, st.integers(0, 8))
def test_an_answer_without_a_control_never_brings_a_proof_nearer(asked: list[Asked], place: int) -> None:
    place = min(place, len(asked))
    more = [*asked[:place], blind(asked[place - 1].at if place else OVER), *asked[place:]]
    if isinstance(step(*more), NeverPlaced):
        assert sum(each.found == 0 and each.controlled for each in asked) >= 2


@given(st.lists(st.sampled_from([A, B, C])), st.frozensets(st.sampled_from([A, B, C])))
def test_what_fits_was_found_and_is_nobodys(found: list[CallSid], owned: frozenset[CallSid]) -> None:
    fits = fitting(found, owned)
    assert set(fits) == set(found) - owned
    assert len(fits) == len(set(fits))
