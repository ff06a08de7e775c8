"""The table of an attempt's life: every pair, every order, every repeat."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from itertools import product
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.attempt import Attempt, AttemptState, CallSid, Disposition, Refusal, ResolvedBy
from campaign.core.events import Accepted, Asked, Ended, Event, InDoubt, NotPlaced, Refused, Sent, Silent, WrittenOff
from campaign.core.lifecycle import Changed, Kept, Standing, apply, standing
from tests.builders import CALL, NOON, attempt, ended, minutes, seconds

ANOTHER = CallSid("c0ffee00000000000000000000000002")
LAST = NOON + minutes(7)

SENT = Sent(NOON, latest_end=LAST)
ACCEPTED = Accepted(NOON + seconds(1), CALL)
IN_DOUBT = InDoubt(NOON + seconds(2), "read time-out")
BUSY = Ended(NOON + minutes(1), Disposition.BUSY, "busy", ResolvedBy.CALLBACK, CALL)
ANSWERED = Ended(NOON + minutes(2), Disposition.COMPLETED, "completed", ResolvedBy.POLL, CALL)

RESERVED = attempt(state=AttemptState.RESERVED, call_sid=None, sent_at=None, latest_end=None)

EVENTS: dict[type[Event], Event] = {
    Sent: SENT,
    Accepted: ACCEPTED,
    Refused: Refused(NOON, Refusal.DNC, "NDNC"),
    InDoubt: IN_DOUBT,
    Ended: BUSY,
    NotPlaced: NotPlaced(NOON, "not in the provider's list"),
    WrittenOff: WrittenOff(NOON, "given up"),
    Silent: Silent(NOON),
    Asked: Asked(NOON, found=0, controlled=True),
}

STANDS: dict[Standing, Attempt] = {
    Standing.RESERVED: RESERVED,
    Standing.SENDING: attempt(state=AttemptState.SENDING, call_sid=None),
    Standing.ACCEPTED: attempt(),
    Standing.REFUSED: attempt(state=AttemptState.REFUSED, call_sid=None, refusal=Refusal.LATER),
    Standing.UNKNOWN: attempt(state=AttemptState.UNKNOWN, call_sid=None),
    Standing.ENDED: ended(Disposition.BUSY),
    Standing.NOT_PLACED: ended(Disposition.NOT_PLACED, state=AttemptState.UNKNOWN, call_sid=None),
    Standing.WRITTEN_OFF: ended(Disposition.WRITTEN_OFF),
}

# The life of a call as the papers draw it, written down a second time: the table under test is not asked.
LEADS_TO: dict[Standing, dict[type[Event], Standing]] = {
    Standing.RESERVED: {Sent: Standing.SENDING},
    Standing.SENDING: {
        Accepted: Standing.ACCEPTED,
        Refused: Standing.REFUSED,
        InDoubt: Standing.UNKNOWN,
        Ended: Standing.ENDED,
    },
    Standing.ACCEPTED: {Ended: Standing.ENDED, Silent: Standing.ACCEPTED, WrittenOff: Standing.WRITTEN_OFF},
    Standing.REFUSED: {},
    Standing.UNKNOWN: {
        Accepted: Standing.ACCEPTED,
        Ended: Standing.ENDED,
        Asked: Standing.UNKNOWN,
        NotPlaced: Standing.NOT_PLACED,
        WrittenOff: Standing.WRITTEN_OFF,
    },
    Standing.ENDED: {},
    Standing.NOT_PLACED: {Ended: Standing.ENDED},
    Standing.WRITTEN_OFF: {Ended: Standing.ENDED},
}


def after(start: Attempt, happened: Iterable[Event]) -> Attempt:
    return reduce(lambda one, event: apply(one, event).attempt, happened, start)


def test_the_examples_cover_every_standing_and_every_event() -> None:
    assert set(STANDS) == set(LEADS_TO) == set(Standing)
    assert set(EVENTS) == set(get_args(Event))
    assert {name: standing(one) for name, one in STANDS.items()} == {name: name for name in Standing}


@pytest.mark.parametrize(("before", "kind"), list(product(Standing, EVENTS)))
def test_every_pair_leads_where_it_should_or_changes_nothing(before: Standing, kind: type[Event]) -> None:
    result = apply(STANDS[before], EVENTS[kind])
    leads_to = LEADS_TO[before].get(kind)
    if leads_to:
        assert isinstance(result, Changed)
        assert standing(result.attempt) is leads_to
        assert result.corrected == (before in {Standing.NOT_PLACED, Standing.WRITTEN_OFF})
    else:
        assert result == Kept(STANDS[before], f"{kind.__name__} does not follow {before}")


def test_what_was_sent_knows_when_and_until_when() -> None:
    assert after(RESERVED, [SENT]) == replace(RESERVED, state=AttemptState.SENDING, sent_at=NOON, latest_end=LAST)


def test_a_refusal_keeps_its_kind_and_its_instant() -> None:
    refused = after(RESERVED, [SENT, EVENTS[Refused]])
    assert (refused.refusal, refused.ended_at, refused.resolved_by) == (Refusal.DNC, NOON, ResolvedBy.RESPONSE)


@pytest.mark.parametrize(("told", "kept"), [(None, LAST), (NOON + minutes(2), NOON + minutes(2))])
def test_a_server_error_shortens_the_latest_end_and_a_time_out_does_not(told: datetime | None, kept: datetime) -> None:
    assert after(RESERVED, [SENT, replace(IN_DOUBT, latest_end=told)]).latest_end == kept


def test_a_verdict_says_who_gave_it_and_when() -> None:
    doubtful = after(RESERVED, [SENT, IN_DOUBT])
    not_placed = apply(doubtful, EVENTS[NotPlaced]).attempt
    written_off = apply(doubtful, EVENTS[WrittenOff]).attempt
    assert (not_placed.resolved_by, not_placed.ended_at) == (ResolvedBy.POLL, NOON)
    assert (written_off.resolved_by, written_off.ended_at) == (ResolvedBy.OPERATOR, NOON)


def test_silence_leaves_the_attempt_as_it_is() -> None:
    assert apply(attempt(), Silent(NOON)) == Changed(attempt())


def test_an_answer_about_a_doubt_alone_settles_nothing() -> None:
    doubtful = STANDS[Standing.UNKNOWN]
    assert apply(doubtful, Asked(NOON, found=0, controlled=True)) == Changed(doubtful)


@given(
    st.lists(st.sampled_from([ACCEPTED, IN_DOUBT]), max_size=6), st.lists(st.sampled_from([ACCEPTED, IN_DOUBT, BUSY]))
)
def test_answer_end_and_doubt_in_any_order_and_number_end_alike(before: list[Event], behind: list[Event]) -> None:
    assert after(RESERVED, [SENT, *before, BUSY, *behind]) == after(RESERVED, [SENT, ACCEPTED, BUSY])


@given(st.permutations([SENT, SENT, ACCEPTED, BUSY, ANSWERED, IN_DOUBT, *EVENTS.values()]))
def test_whatever_happens_in_whatever_order_the_first_end_stays(happened: Sequence[Event]) -> None:
    start = after(RESERVED, [SENT, ACCEPTED])
    first = next(event for event in happened if isinstance(event, Ended))
    end = after(start, happened)
    assert (end.disposition, end.ended_at, end.resolved_by) == (first.disposition, first.at, first.by)


@pytest.mark.parametrize(("first", "second"), [(BUSY, ANSWERED), (ANSWERED, BUSY)])
def test_of_two_ends_that_contradict_each_other_the_first_wins(first: Ended, second: Ended) -> None:
    once = after(RESERVED, [SENT, ACCEPTED, first])
    assert apply(once, second) == Kept(once, "Ended does not follow ended")
    assert once.disposition is first.disposition


def test_an_end_that_names_another_call_is_kept_beside() -> None:
    assert apply(attempt(), replace(BUSY, call_sid=ANOTHER)) == Kept(attempt(), "names another call")


def test_an_end_that_names_no_call_is_this_calls_end() -> None:
    end = after(attempt(), [replace(BUSY, call_sid=None)])
    assert (end.disposition, end.call_sid) == (Disposition.BUSY, CALL)


def test_a_callback_before_the_answer_brings_the_calls_name() -> None:
    assert after(RESERVED, [SENT, BUSY]).call_sid == CALL


@pytest.mark.parametrize("verdict", [EVENTS[NotPlaced], EVENTS[WrittenOff]])
def test_a_late_end_corrects_a_verdict(verdict: Event) -> None:
    late = apply(after(RESERVED, [SENT, IN_DOUBT, verdict]), ANSWERED)
    assert late == Changed(after(RESERVED, [SENT, IN_DOUBT, ANSWERED]), corrected=True)


def test_a_late_end_of_another_call_does_not_correct_what_was_written_off() -> None:
    given_up = after(RESERVED, [SENT, ACCEPTED, EVENTS[WrittenOff]])
    assert apply(given_up, replace(BUSY, call_sid=ANOTHER)) == Kept(given_up, "names another call")
