"""Calls: what is about to be made, what happened, and what is still open."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from campaign.core.attempt import Attempt, AttemptId
from campaign.core.events import Event
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, LeadId, PhoneNumber
from campaign.core.policy import Policy
from campaign.core.retry import Decision

InboxId = NewType("InboxId", int)


@dataclass(frozen=True, slots=True)
class Reserved:
    """An attempt to be made. `columns`: the lead's own, by name, for CustomField."""

    attempt: AttemptId
    public_id: PublicId
    lead: LeadId
    campaign: CampaignId
    number: PhoneNumber
    due_at: datetime
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Release:
    """A reserved attempt given back: its lead is due again at `due_at`, or as before when None."""

    attempt: AttemptId
    due_at: datetime | None
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Intent:
    """A reserved attempt about to be sent; the guards are asked in the commit."""

    attempt: AttemptId
    policy: Policy
    policy_version: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """An event on an attempt, to be applied by `core.lifecycle` and decided on by `core.retry`."""

    attempt: AttemptId
    event: Event


@dataclass(frozen=True, slots=True)
class Recorded:
    """What the event made of it. `decision`: None when the event changed nothing, and `kept` says why."""

    attempt: Attempt
    decision: Decision | None
    kept: str = ""
    corrected: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """What a call was, once the provider knows. None: not told."""

    attempt: AttemptId
    duration_sec: int | None = None
    conversation_sec: int | None = None
    price: str | None = None
    recording_url: str | None = None
    started: str | None = None
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class RawCallback:
    """A callback as it arrived; read later. `attempt`: from its address, whose tag has been checked."""

    attempt: PublicId
    content_type: str
    body: bytes
    at: datetime


class CallbackFate(StrEnum):
    """What became of a callback."""

    STORED = "stored"
    REPEATED = "repeated"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class UnreadCallback:
    """A stored callback that has not been acted on."""

    id: InboxId
    attempt: AttemptId
    content_type: str
    body: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveCall:
    """An attempt whose end is not known."""

    attempt: Attempt
    campaign: CampaignId
    lead: LeadId


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found: reservations taken up again, requests nobody heard the answer of, unfinished imports."""

    released: int
    in_doubt: int
    swept: int
