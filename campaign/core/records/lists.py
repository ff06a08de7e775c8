"""Lists: what a line becomes, and what a file brought."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from campaign.core.lead import CampaignId, PhoneNumber
from campaign.core.order import Order

ImportId = NewType("ImportId", int)


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
