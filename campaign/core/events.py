"""What can happen to an attempt. Every one of them is also a row of the ledger's append-only `event` table."""

from dataclasses import dataclass
from datetime import datetime

from campaign.core.attempt import CallSid, Disposition, Refusal, ResolvedBy

CUT_OFF = "the program was interrupted before the answer"
"""Why a request is in doubt that an earlier process sent."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The intent is on disk: the request may leave now. `latest_end`: see `Attempt`."""

    at: datetime
    latest_end: datetime


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has the call. `created`: its own instant for it, in its own words, never compared with our clock.

    `reason`: how a person knows, where one said so.
    """

    at: datetime
    call_sid: CallSid
    by: ResolvedBy = ResolvedBy.RESPONSE
    created: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The call was certainly not placed. `retry_after`: seconds asked for by a 429, where it said."""

    at: datetime
    refusal: Refusal
    reason: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class InDoubt:
    """The request may have rung a phone. `latest_end`: earlier than the attempt's own after a server error.

    `server_error`: the provider itself answered with one, so nobody is on the phone once it has rung out.
    """

    at: datetime
    reason: str
    latest_end: datetime | None = None
    server_error: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over. `status`: the provider's own word."""

    at: datetime
    disposition: Disposition
    status: str
    by: ResolvedBy
    call_sid: CallSid | None = None


@dataclass(frozen=True, slots=True)
class NotPlaced:
    """Evidence that an attempt in doubt never became a call."""

    at: datetime
    evidence: str
    by: ResolvedBy = ResolvedBy.POLL


@dataclass(frozen=True, slots=True)
class WrittenOff:
    """A person gave an undecided attempt up."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Silent:
    """An accepted call whose end nobody told in time; its lead is held."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Asked:
    """The provider was asked about an attempt in doubt: how many calls fitted, and whether a control call was seen."""

    at: datetime
    found: int
    controlled: bool
    note: str = ""


Event = Sent | Accepted | Refused | InDoubt | Ended | NotPlaced | WrittenOff | Silent | Asked
