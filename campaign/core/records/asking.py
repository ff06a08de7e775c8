"""What the provider's own list of calls is asked for, and what it told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaign.core.attempt import CallSid, Disposition
from campaign.core.events import Asked
from campaign.core.keyed import PublicId
from campaign.core.lead import NumberHash, PhoneNumber
from campaign.core.records.calls import LiveCall


@dataclass(frozen=True, slots=True)
class Doubt:
    """An attempt that is held, and what was asked about it, oldest first.

    In doubt, or accepted with no end told by `settle_for` after its latest end.
    """

    call: LiveCall
    public_id: PublicId
    number: PhoneNumber
    caller_id: str
    asked: Sequence[Asked]


@dataclass(frozen=True, slots=True)
class OwnCall:
    """An ended call of ours, to hold a negative answer against."""

    call_sid: CallSid
    number: PhoneNumber
    caller_id: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Stranger:
    """A call from one of our caller ids that no attempt made. `created_at`: on our clock.

    `number`: None where the provider's echo could not be read.
    """

    call_sid: CallSid
    number: PhoneNumber | None
    caller_id: str
    status: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ForgottenCall:
    """A call that an older copy of this database does not know, though one of its leads was called."""

    call: Stranger
    disposition: Disposition


@dataclass(frozen=True, slots=True)
class Reading:
    """An instant of ours, between `sent_at` and `replied_at`, in the provider's own words."""

    created: str
    sent_at: datetime
    replied_at: datetime


@dataclass(frozen=True, slots=True)
class StrangerRecord:
    """A stranger as the ledger keeps it: without its number."""

    call_sid: CallSid
    number_hash: NumberHash
    caller_id: str
    status: str
    created_at: datetime
