"""What crosses the wall to the ledger: what is written, the verdicts it returns, and what can be read back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from campaign.core.attempt import Attempt, AttemptId, CallSid, Disposition
from campaign.core.events import Asked, Event
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, CampaignState, LeadId, LeadState, NumberHash, Outcome, PhoneNumber
from campaign.core.order import Order
from campaign.core.policy import Policy
from campaign.core.retry import Decision

ImportId = NewType("ImportId", int)
AccountId = NewType("AccountId", int)
InboxId = NewType("InboxId", int)


# --- campaigns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a campaign dials through. Going on with another is refused."""

    base_url: str
    account_sid: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign as the ledger knows it. `settings`: its newest policy version, as the settings file's tables."""

    id: CampaignId
    name: str
    account: Account
    account_id: AccountId
    state: CampaignState
    reason: str
    created_at: datetime
    policy_version: int
    settings: Mapping[str, object]
    finished_at: datetime | None = None


# --- intake ----------------------------------------------------------------------------------------------------------


class RejectReason(StrEnum):
    """Why a line became no lead. Documented in `docs/lists.md`."""

    EMPTY = "empty"
    NOT_A_NUMBER = "not_a_number"
    DIGITS_LOST = "digits_lost"
    SEVERAL_NUMBERS = "several_numbers"
    EXTENSION = "extension"
    INVALID_NUMBER = "invalid_number"
    SHORT_CODE = "short_code"
    EMERGENCY = "emergency"
    PREMIUM = "premium"
    OWN_NUMBER = "own_number"
    DUPLICATE = "duplicate"
    TOO_MANY_FIELDS = "too_many_fields"
    TOO_FEW_FIELDS = "too_few_fields"
    FIELD_TOO_LONG = "field_too_long"


@dataclass(frozen=True, slots=True)
class NewLead:
    """A line that can be called. `cells`: the whole record, in the header's order.

    `later`: the numbers to go on with. `passed_over`: columns whose number cannot be called, beside one that can.
    `priority`: the higher one is called first.
    """

    source_line: int
    number: PhoneNumber
    cells: Sequence[str]
    later: Sequence[PhoneNumber] = ()
    passed_over: Sequence[tuple[str, RejectReason]] = ()
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that cannot. `source_line`: the physical line on which the record starts, the first being 1."""

    source_line: int
    column: str
    value: str
    reason: RejectReason
    suggestion: str
    cells: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class NewImport:
    """A file about to be loaded. `sha256`: of its bytes; the same bytes again add nothing. `order`: of first calls."""

    campaign: CampaignId
    file_name: str
    sha256: str
    header: Sequence[str]
    phone_column: str
    at: datetime
    order: Order = Order.FILE


class LineFate(StrEnum):
    """What became of a line."""

    NEW = "new"
    KNOWN = "known"
    CHANGED = "changed"
    """Known, and its columns are newer here."""
    REJECTED = "rejected"


class Unloaded(StrEnum):
    """What became of a number that shall not be called any more; only who was never called is `EXCLUDED`.

    `ALREADY`: excluded before. `WAITING`: called, and to be tried again. `ALIVE`: on the line, or held.
    """

    EXCLUDED = "excluded"
    ALREADY = "already"
    DONE = "done"
    WAITING = "waiting"
    ALIVE = "alive"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class ImportRecord:
    """A file and its lines: `lines = new + known + rejects`. `changed`: those of the known whose columns were newer."""

    id: ImportId
    file_name: str
    header: Sequence[str]
    phone_column: str
    lines: int
    new: int
    known: int
    rejects: int
    at: datetime
    changed: int = 0


# --- dialling --------------------------------------------------------------------------------------------------------


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


# --- reading ---------------------------------------------------------------------------------------------------------


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


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds a database, and the campaigns it dials."""

    pid: int
    since: datetime
    port: int = 0
    token: str = field(default="", repr=False)
    campaigns: Sequence[CampaignId] = ()
