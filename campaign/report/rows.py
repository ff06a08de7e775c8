"""Records of the ledger become rows of text: which column says what. Pure; called by `files`.

Every cell is text. What nobody told is an empty cell, never a guess.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from campaign.core.attempt import Disposition
from campaign.core.lead import LeadState
from campaign.core.records import AttemptRecord, LeadRecord, Reject, RejectRecord

LEAD_COLUMNS = (
    *("source_file", "source_line", "lead_id", "phone_number", "outcome", "outcome_reason", "attempts"),
    *("first_attempt_at", "last_attempt_at", "next_attempt_at", "answered_at", "duration_sec", "recording_url"),
    *("digits", "caller_id", "cost", "currency", "final_at"),
)
ATTEMPT_COLUMNS = (
    *("lead_id", "phone_number", "attempt_no", "attempt_id", "call_sid", "caller_id", "flow_url", "policy_version"),
    *("state", "disposition", "provider_status", "reserved_at", "sent_at", "answered_at", "ended_at", "duration_sec"),
    *("recording_url", "digits", "cost", "currency", "resolved_by", "error"),
)
REJECT_COLUMNS = ("source_file", "source_line", "column", "value", "reason", "suggestion")

_NO_DIGITS = ""  # key presses are not collected yet
_WAITS = frozenset({LeadState.PENDING, LeadState.RETRY_WAIT})


@dataclass(frozen=True, slots=True)
class Style:
    """How times and money are written. `provider_zone`: of the provider's own times, if it is another."""

    zone: ZoneInfo
    currency: str
    provider_zone: ZoneInfo | None = None

    def time(self, at: datetime | None) -> str:
        """ISO 8601 with offset, to the second."""
        return at.astimezone(self.zone).isoformat(timespec="seconds") if at else ""

    def price(self, amount: Decimal | None) -> tuple[str, str]:
        """The amount and its currency; both empty while it is not known."""
        return money(amount), "" if amount is None else self.currency


class OwnColumns:
    """The columns of the lists themselves: those of all files united, in order of first appearance.

    One that bears the name of a column of ours, or of an earlier one of the same file, becomes `csv.NAME`.
    """

    def __init__(self, headers: Iterable[Sequence[str]]) -> None:
        self.names: list[str] = []
        self._places: dict[tuple[str, ...], list[int]] = {}
        known: dict[tuple[str, int], int] = {}
        for header in headers:
            self._places[tuple(header)] = [known.setdefault(key, len(known)) for key in _numbered(header)]
        for name, _ in known:
            self.names.append(_free(name, {*LEAD_COLUMNS, *self.names}))

    def row(self, header: Sequence[str], cells: Sequence[str]) -> list[str]:
        """A line's cells, each in its column; `header`: of its file. Cells beyond the header have no column."""
        row = [""] * len(self.names)
        for place, cell in zip(self._places[tuple(header)], cells, strict=False):
            row[place] = cell
        return row


def _numbered(header: Sequence[str]) -> list[tuple[str, int]]:
    return [(name, header[:place].count(name)) for place, name in enumerate(header)]


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"csv.{name}"
    return name


def lead_row(lead: LeadRecord, style: Style) -> list[str]:
    """A row under `LEAD_COLUMNS`. A lead not done has no outcome, and its state as the reason."""
    sent = [one.attempt.sent_at for one in lead.attempts if one.attempt.sent_at]
    told = telling(lead.attempts)
    return [
        lead.source_file,
        str(lead.source_line),
        str(lead.id),
        lead.number.e164,
        _text(lead.outcome),
        lead.reason if lead.state is LeadState.DONE else lead.state,
        str(calls(lead.attempts)),
        style.time(min(sent, default=None)),
        style.time(max(sent, default=None)),
        style.time(lead.due_at) if lead.state in _WAITS else "",
        style.time(answered_at(told, style.provider_zone or style.zone)) if told else "",
        _text(told.duration_sec) if told else "",
        _text(told.recording_url) if told else "",
        _NO_DIGITS,
        told.caller_id if told else "",
        *style.price(cost(lead.attempts)),
        style.time(lead.final_at),
    ]


def rejected_row(line: RejectRecord) -> list[str]:
    """A reject's row under `LEAD_COLUMNS`; its value stands in its own column."""
    known = {
        "source_file": line.source_file,
        "source_line": str(line.reject.source_line),
        "outcome": "rejected",
        "outcome_reason": line.reject.reason.value,
    }
    return [known.get(column, "") for column in LEAD_COLUMNS]


def attempt_row(record: AttemptRecord, style: Style) -> list[str]:
    """A row under `ATTEMPT_COLUMNS`. `ended_at`: when we learned the end; `answered_at`: by the provider's clock."""
    attempt = record.attempt
    return [
        str(record.lead_id),
        record.number.e164,
        str(record.attempt_no),
        record.public_id,
        _text(attempt.call_sid),
        record.caller_id,
        record.flow_url,
        _text(record.policy_version),
        attempt.state,
        _text(attempt.disposition),
        record.provider_status,
        style.time(record.reserved_at),
        style.time(attempt.sent_at),
        style.time(answered_at(record, style.provider_zone or style.zone)),
        style.time(attempt.ended_at),
        _text(record.duration_sec),
        _text(record.recording_url),
        _NO_DIGITS,
        *style.price(cost([record])),
        _text(attempt.resolved_by),
        record.error,
    ]


def reject_row(source_file: str, reject: Reject) -> list[str]:
    """A row under `REJECT_COLUMNS`."""
    return [
        source_file,
        str(reject.source_line),
        reject.column,
        reject.value,
        reject.reason.value,
        reject.suggestion,
    ]


def telling(attempts: Sequence[AttemptRecord]) -> AttemptRecord | None:
    """The attempt that speaks for its lead: the answered one, else the last that counts, else the last."""
    answered = [one for one in attempts if one.attempt.disposition is Disposition.COMPLETED]
    counted = [one for one in attempts if one.attempt.counts]
    told = answered or counted or attempts
    return told[-1] if told else None


def calls(attempts: Sequence[AttemptRecord]) -> int:
    """How many were made, or may have been: what counts against `max_attempts`."""
    return sum(one.attempt.counts for one in attempts)


def cost(attempts: Iterable[AttemptRecord]) -> Decimal | None:
    """The sum of the prices told so far; None while there is none."""
    prices = [Decimal(one.price) for one in attempts if one.price is not None]
    return sum(prices, Decimal()) if prices else None


def money(amount: Decimal | None) -> str:
    """Decimal text, never in powers of ten; empty for None."""
    return "" if amount is None else f"{amount:f}"


def answered_at(record: AttemptRecord, zone: ZoneInfo) -> datetime | None:
    """When the conversation began: its end less its length, both as the provider tells them; None where it does not.

    `zone`: of the provider's times, which come without one.
    """
    if record.attempt.disposition is not Disposition.COMPLETED or not record.ended or record.conversation_sec is None:
        return None
    try:
        ended = datetime.fromisoformat(record.ended)
    except ValueError:
        return None
    placed = ended if ended.tzinfo else ended.replace(tzinfo=zone)
    return placed.astimezone(UTC) - timedelta(seconds=record.conversation_sec)


def _text(value: object) -> str:
    return "" if value is None else str(value)
