"""A call as it crosses the wall to the provider: what we ask for, and what we are told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from campaign.core.attempt import CallSid, Disposition
from campaign.core.keyed import PublicId
from campaign.core.lead import PhoneNumber


@dataclass(frozen=True, slots=True)
class Placement:
    """One connect request. `send_by`: on `Clock.ticks`, after which it must not leave any more."""

    attempt: PublicId
    number: PhoneNumber
    caller_id: str
    flow_url: str
    ring_timeout: timedelta
    time_limit: timedelta
    custom_field: str
    callback_url: str | None
    send_by: float


@dataclass(frozen=True, slots=True)
class CallReport:
    """What the provider says of one call, in a callback or a look-up.

    `status`: its own word. `disposition`: ours, None while the word is not final or not known. `created`, `started`,
    `ended`: its own clock, in its own words. Unknown things are None; `price` is a decimal number as text.
    `number`, `caller_id`: as the provider echoes them.
    """

    call_sid: CallSid
    status: str
    disposition: Disposition | None = None
    duration_sec: int | None = None
    conversation_sec: int | None = None
    price: str | None = None
    recording_url: str | None = None
    created: str | None = None
    started: str | None = None
    ended: str | None = None
    number: str | None = None
    caller_id: str | None = None
    direction: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list of calls; `next` asks for the following part, empty at the end."""

    calls: Sequence[CallReport]
    next: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left in the account."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A callback's body that means nothing we know; the call is asked for instead."""

    why: str


@dataclass(frozen=True, slots=True)
class Missing:
    """The provider does not show the call (it may still be alive: ongoing calls are not listed)."""


@dataclass(frozen=True, slots=True)
class LookUpFailed:
    """The provider could not be asked. `retry_after`: seconds, where a 429 said; `limited`: it was a 429."""

    why: str
    limited: bool = False
    retry_after: float | None = None
    no_connection: bool = False
    account: bool = False
