"""What is read back, for the report and for people."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaign.core.attempt import Attempt
from campaign.core.keyed import PublicId
from campaign.core.lead import LeadId, LeadState, Outcome, PhoneNumber
from campaign.core.records.lists import Reject


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """A row of `attempts.csv`."""

    attempt: Attempt
    public_id: PublicId
    attempt_no: int
    lead_id: LeadId
    number: PhoneNumber
    caller_id: str
    flow_url: str
    policy_version: int | None
    provider_status: str
    reserved_at: datetime
    started: str | None
    ended: str | None
    duration_sec: int | None
    conversation_sec: int | None
    price: str | None
    recording_url: str | None
    error: str


@dataclass(frozen=True, slots=True)
class LeadRecord:
    """A lead with all its attempts, oldest first. `number`: the one last dialled, else its first.

    `header`: of the file it came from.
    """

    id: LeadId
    source_file: str
    source_line: int
    number: PhoneNumber
    state: LeadState
    outcome: Outcome | None
    reason: str
    due_at: datetime | None
    final_at: datetime | None
    header: Sequence[str]
    cells: Sequence[str]
    attempts: Sequence[AttemptRecord] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class SharedNumber:
    """A number of several leads of one campaign, each by its file and line."""

    number: PhoneNumber
    places: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class RejectRecord:
    """A reject with its file."""

    source_file: str
    header: Sequence[str]
    reject: Reject
