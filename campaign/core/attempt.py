"""An attempt: one dial of one lead, and everything known of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

AttemptId = NewType("AttemptId", int)
CallSid = NewType("CallSid", str)
"""Exotel's name for a call: 32 lower-case letters and digits, not always hexadecimal."""


class AttemptState(StrEnum):
    """What became of the connect request."""

    RESERVED = "reserved"
    SENDING = "sending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Disposition(StrEnum):
    """How an attempt ended; the last two are verdicts on a request that stayed in doubt."""

    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    NOT_PLACED = "not_placed"
    WRITTEN_OFF = "written_off"


class ResolvedBy(StrEnum):
    """Who told us how the attempt ended."""

    CALLBACK = "callback"
    POLL = "poll"
    RESPONSE = "response"
    OPERATOR = "operator"


class Refusal(StrEnum):
    """Why a call was certainly not placed (`provider.exotel.wire` reads it from the answer)."""

    INVALID_NUMBER = "invalid_number"
    DNC = "dnc"
    ACCOUNT = "account"
    CALLER_ID = "caller_id"
    LATER = "later"
    NOT_SENT = "not_sent"
    NO_CONNECTION = "no_connection"


NEVER_LEFT = frozenset({Refusal.NOT_SENT, Refusal.NO_CONNECTION})
"""The provider knows nothing of the request."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """The part of an attempt that its life turns on.

    `latest_end` is the instant after which the call must be over even if nobody tells: ring time, time limit and
    margin after the send; after a server error, ring time and margin. All instants are ours, aware UTC.
    `number_position`: which of its lead's numbers it dials, the first being 0.
    """

    id: AttemptId
    state: AttemptState
    disposition: Disposition | None = None
    call_sid: CallSid | None = None
    refusal: Refusal | None = None
    resolved_by: ResolvedBy | None = None
    sent_at: datetime | None = None
    ended_at: datetime | None = None
    latest_end: datetime | None = None
    number_position: int = 0

    @property
    def alive(self) -> bool:
        """A phone may be ringing because of it: its number is locked and it holds a channel."""
        return self.disposition is None and self.state in LIVE_STATES

    @property
    def counts(self) -> bool:
        """Counts against `max_attempts` and every cap: accepted and in-doubt attempts do, refused ones do not."""
        return self.state in LIVE_STATES and self.disposition is not Disposition.NOT_PLACED


LIVE_STATES = frozenset({AttemptState.SENDING, AttemptState.ACCEPTED, AttemptState.UNKNOWN})
