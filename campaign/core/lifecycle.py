"""The life of an attempt: one table. What is not in it changes nothing and is kept beside the attempt.

Callbacks come late, twice, out of order and before the answer to the request itself; the table is where every pair
was thought of. `docs/life-of-a-call.md` draws it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from campaign.core.attempt import Attempt, AttemptState, Disposition, ResolvedBy
from campaign.core.events import Accepted, Asked, Ended, Event, InDoubt, NotPlaced, Refused, Sent, Silent, WrittenOff


class Standing(StrEnum):
    """An attempt's state and disposition as one word."""

    RESERVED = "reserved"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    ENDED = "ended"
    NOT_PLACED = "not_placed"
    WRITTEN_OFF = "written_off"


TABLE: dict[tuple[Standing, type[Event]], Standing] = {
    (Standing.RESERVED, Sent): Standing.SENDING,
    (Standing.SENDING, Accepted): Standing.ACCEPTED,
    (Standing.SENDING, Refused): Standing.REFUSED,
    (Standing.SENDING, InDoubt): Standing.UNKNOWN,
    (Standing.SENDING, Ended): Standing.ENDED,  # a callback that overtook the answer
    (Standing.ACCEPTED, Ended): Standing.ENDED,
    (Standing.ACCEPTED, Silent): Standing.ACCEPTED,
    (Standing.ACCEPTED, WrittenOff): Standing.WRITTEN_OFF,
    (Standing.UNKNOWN, Accepted): Standing.ACCEPTED,
    (Standing.UNKNOWN, Ended): Standing.ENDED,
    (Standing.UNKNOWN, Asked): Standing.UNKNOWN,
    (Standing.UNKNOWN, NotPlaced): Standing.NOT_PLACED,
    (Standing.UNKNOWN, WrittenOff): Standing.WRITTEN_OFF,
    (Standing.NOT_PLACED, Ended): Standing.ENDED,  # late truth: it was there after all
    (Standing.WRITTEN_OFF, Ended): Standing.ENDED,
}


FOREIGN = "names another attempt's call"
"""Why an event is kept that the ledger, which knows all attempts, sees to be another one's."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The event applied; `corrected` when it overturned an earlier verdict."""

    attempt: Attempt
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """The event changed nothing, and why."""

    attempt: Attempt
    why: str


def standing(attempt: Attempt) -> Standing:
    match attempt.disposition:
        case None:
            return Standing(attempt.state)
        case Disposition.NOT_PLACED | Disposition.WRITTEN_OFF as verdict:
            return Standing(verdict)
        case _:
            return Standing.ENDED


def apply(attempt: Attempt, event: Event) -> Changed | Kept:
    """What the event makes of the attempt; never raises."""
    before = standing(attempt)
    if (before, type(event)) not in TABLE:
        return Kept(attempt, f"{type(event).__name__} does not follow {before}")
    named = getattr(event, "call_sid", None)
    if attempt.call_sid and named and named != attempt.call_sid:
        return Kept(attempt, "names another call")
    corrected = before in (Standing.NOT_PLACED, Standing.WRITTEN_OFF)
    return Changed(_after(attempt, event), corrected)


def _after(attempt: Attempt, event: Event) -> Attempt:
    match event:
        case Sent():
            return replace(attempt, state=AttemptState.SENDING, sent_at=event.at, latest_end=event.latest_end)
        case Accepted():
            return replace(attempt, state=AttemptState.ACCEPTED, call_sid=event.call_sid)
        case Refused():
            return replace(
                attempt,
                state=AttemptState.REFUSED,
                refusal=event.refusal,
                ended_at=event.at,
                resolved_by=ResolvedBy.RESPONSE,
            )
        case InDoubt():
            return replace(attempt, state=AttemptState.UNKNOWN, latest_end=event.latest_end or attempt.latest_end)
        case Ended():
            return replace(
                attempt,
                state=AttemptState.ACCEPTED,
                disposition=event.disposition,
                call_sid=event.call_sid or attempt.call_sid,
                resolved_by=event.by,
                ended_at=event.at,
            )
        case NotPlaced():
            return replace(attempt, disposition=Disposition.NOT_PLACED, resolved_by=event.by, ended_at=event.at)
        case WrittenOff():
            return replace(
                attempt, disposition=Disposition.WRITTEN_OFF, resolved_by=ResolvedBy.OPERATOR, ended_at=event.at
            )
        case Silent() | Asked():
            return attempt
        case _:
            assert_never(event)
