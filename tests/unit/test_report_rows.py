"""Which column says what of a lead, a reject and an attempt."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from campaign.core.attempt import Attempt, AttemptId, AttemptState, CallSid, Disposition, ResolvedBy
from campaign.core.keyed import PublicId
from campaign.core.lead import LeadId, LeadState, Outcome, PhoneNumber
from campaign.core.records import AttemptRecord, LeadRecord, Reject, RejectReason, RejectRecord
from campaign.report.rows import (
    ATTEMPT_COLUMNS,
    LEAD_COLUMNS,
    REJECT_COLUMNS,
    OwnColumns,
    Style,
    attempt_row,
    lead_row,
    reject_row,
    rejected_row,
    telling,
)

INDIA = Style(ZoneInfo("Asia/Kolkata"), "INR")
NOON = datetime(2026, 11, 25, 6, 30, tzinfo=UTC)  # 12:00 in India
HOUR = timedelta(hours=1)

ANSWERED = AttemptRecord(
    attempt=Attempt(
        AttemptId(7),
        AttemptState.ACCEPTED,
        Disposition.COMPLETED,
        CallSid("c" * 32),
        resolved_by=ResolvedBy.CALLBACK,
        sent_at=NOON,
        ended_at=NOON + timedelta(seconds=50),
    ),
    public_id=PublicId("a7"),
    attempt_no=1,
    lead_id=LeadId(3),
    number=PhoneNumber("+919812300001"),
    caller_id="08012300000",
    flow_url="http://my.exotel.com/flow",
    policy_version=2,
    provider_status="completed",
    reserved_at=NOON - timedelta(seconds=1),
    started="2026-11-25 12:00:01",
    ended="2026-11-25 12:00:45",
    duration_sec=44,
    conversation_sec=30,
    price="1.50",
    recording_url="https://recordings.example/7.mp3",
    error="",
)
LEAD = LeadRecord(
    id=LeadId(3),
    source_file="leads.csv",
    source_line=4,
    number=PhoneNumber("+919812300001"),
    state=LeadState.DONE,
    outcome=Outcome.COMPLETED,
    reason="answered",
    due_at=NOON,
    final_at=NOON + timedelta(seconds=50),
    header=("phone", "name"),
    cells=("098123 00001", "Asha"),
    attempts=(ANSWERED,),
)


def ended(disposition: Disposition | None, state: AttemptState = AttemptState.ACCEPTED) -> AttemptRecord:
    return replace(ANSWERED, attempt=replace(ANSWERED.attempt, state=state, disposition=disposition))


def of_lead(lead: LeadRecord) -> dict[str, str]:
    return dict(zip(LEAD_COLUMNS, lead_row(lead, INDIA), strict=True))


def of_attempt(record: AttemptRecord) -> dict[str, str]:
    return dict(zip(ATTEMPT_COLUMNS, attempt_row(record, INDIA), strict=True))


def test_an_answered_lead_says_all_that_is_known() -> None:
    assert of_lead(LEAD) == {
        "source_file": "leads.csv",
        "source_line": "4",
        "lead_id": "3",
        "phone_number": "+919812300001",
        "outcome": "completed",
        "outcome_reason": "answered",
        "attempts": "1",
        "first_attempt_at": "2026-11-25T12:00:00+05:30",
        "last_attempt_at": "2026-11-25T12:00:00+05:30",
        "next_attempt_at": "",
        "answered_at": "2026-11-25T12:00:15+05:30",
        "duration_sec": "44",
        "recording_url": "https://recordings.example/7.mp3",
        "digits": "",
        "caller_id": "08012300000",
        "cost": "1.50",
        "currency": "INR",
        "final_at": "2026-11-25T12:00:50+05:30",
    }


def test_an_attempt_says_all_that_is_known() -> None:
    assert of_attempt(ANSWERED) == {
        "lead_id": "3",
        "phone_number": "+919812300001",
        "attempt_no": "1",
        "attempt_id": "a7",
        "call_sid": "c" * 32,
        "caller_id": "08012300000",
        "flow_url": "http://my.exotel.com/flow",
        "policy_version": "2",
        "state": "accepted",
        "disposition": "completed",
        "provider_status": "completed",
        "reserved_at": "2026-11-25T11:59:59+05:30",
        "sent_at": "2026-11-25T12:00:00+05:30",
        "answered_at": "2026-11-25T12:00:15+05:30",
        "ended_at": "2026-11-25T12:00:50+05:30",
        "duration_sec": "44",
        "recording_url": "https://recordings.example/7.mp3",
        "digits": "",
        "cost": "1.50",
        "currency": "INR",
        "resolved_by": "callback",
        "error": "",
    }


def test_an_attempt_nobody_answered_for_leaves_its_cells_empty() -> None:
    bare = Attempt(AttemptId(8), AttemptState.UNKNOWN)
    silent = replace(ANSWERED, attempt=bare, duration_sec=None, price=None, recording_url=None, error="read time-out")
    row = of_attempt(replace(silent, policy_version=None, provider_status=""))
    empty = {column for column, cell in row.items() if not cell}
    assert row["state"] == "unknown"
    assert row["error"] == "read time-out"
    assert empty == {
        *("call_sid", "policy_version", "disposition", "provider_status", "sent_at", "answered_at", "ended_at"),
        *("duration_sec", "recording_url", "digits", "cost", "currency", "resolved_by"),
    }


@pytest.mark.parametrize(
    ("state", "next_attempt_at"),
    [
        (LeadState.PENDING, "2026-11-25T12:00:00+05:30"),
        (LeadState.RETRY_WAIT, "2026-11-25T12:00:00+05:30"),
        (LeadState.IN_FLIGHT, ""),
        (LeadState.HELD, ""),
    ],
)
def test_a_lead_not_done_has_its_state_for_a_reason(state: LeadState, next_attempt_at: str) -> None:
    row = of_lead(replace(LEAD, state=state, outcome=None, reason="busy, call 1 of 4", final_at=None))
    assert (row["outcome"], row["outcome_reason"], row["final_at"]) == ("", state, "")
    assert row["next_attempt_at"] == next_attempt_at


def test_a_lead_never_called_has_no_calls_and_no_cost() -> None:
    row = of_lead(replace(LEAD, attempts=()))
    assert row["attempts"] == "0"
    called = ("first_attempt_at", "last_attempt_at", "answered_at", "duration_sec", "caller_id", "cost", "currency")
    assert {row[column] for column in called} == {""}


def test_a_reject_stands_among_the_leads_without_id_or_number() -> None:
    reject = Reject(9, "phone", "12", RejectReason.NOT_A_NUMBER, "ten digits", ("12", "Ravi"))
    row = dict(zip(LEAD_COLUMNS, rejected_row(RejectRecord("leads.csv", LEAD.header, reject)), strict=True))
    assert {column: cell for column, cell in row.items() if cell} == {
        "source_file": "leads.csv",
        "source_line": "9",
        "outcome": "rejected",
        "outcome_reason": "not_a_number",
    }
    told = dict(zip(REJECT_COLUMNS, reject_row("leads.csv", reject), strict=True))
    assert told == {
        "source_file": "leads.csv",
        "source_line": "9",
        "column": "phone",
        "value": "12",
        "reason": "not_a_number",
        "suggestion": "ten digits",
    }


BUSY = ended(Disposition.BUSY)
REFUSED = ended(None, AttemptState.REFUSED)
NOT_PLACED = ended(Disposition.NOT_PLACED, AttemptState.UNKNOWN)
IN_DOUBT = ended(None, AttemptState.UNKNOWN)


@pytest.mark.parametrize(
    ("attempts", "speaks", "count"),
    [
        ((), None, "0"),
        ((BUSY, ANSWERED), ANSWERED, "2"),
        ((BUSY, IN_DOUBT), IN_DOUBT, "2"),
        ((BUSY, REFUSED), BUSY, "1"),
        ((BUSY, NOT_PLACED), BUSY, "1"),
        ((NOT_PLACED, REFUSED), REFUSED, "0"),
        ((ANSWERED, BUSY), ANSWERED, "2"),  # it was told late, after a verdict of not placed
    ],
)
def test_the_answered_attempt_speaks_for_its_lead_else_the_last_that_counts(
    attempts: Sequence[AttemptRecord], speaks: AttemptRecord | None, count: str
) -> None:
    assert telling(attempts) is speaks
    assert of_lead(replace(LEAD, attempts=attempts))["attempts"] == count


def test_first_and_last_attempt_are_those_that_were_sent() -> None:
    later = replace(BUSY, attempt=replace(BUSY.attempt, sent_at=NOON + HOUR))
    reserved = replace(BUSY, attempt=Attempt(AttemptId(9), AttemptState.RESERVED))
    row = of_lead(replace(LEAD, attempts=(ANSWERED, later, reserved)))
    assert row["first_attempt_at"] == "2026-11-25T12:00:00+05:30"
    assert row["last_attempt_at"] == "2026-11-25T13:00:00+05:30"


@pytest.mark.parametrize(
    ("prices", "cost"),
    [
        (("0.10", "0.20"), ("0.30", "INR")),
        (("1.5", None), ("1.5", "INR")),
        (("0",), ("0", "INR")),
        (("1E-7",), ("0.0000001", "INR")),
        ((None, None), ("", "")),
    ],
)
def test_the_cost_is_the_exact_sum_of_the_prices_told(prices: Sequence[str | None], cost: tuple[str, str]) -> None:
    row = of_lead(replace(LEAD, attempts=tuple(replace(ANSWERED, price=price) for price in prices)))
    assert (row["cost"], row["currency"]) == cost


@pytest.mark.parametrize(
    ("record", "answered_at"),
    [
        (replace(ANSWERED, ended="2026-11-25 12:00:45"), "2026-11-25T12:00:15+05:30"),
        (replace(ANSWERED, ended="2026-11-25T06:30:45+00:00"), "2026-11-25T12:00:15+05:30"),
        (replace(ANSWERED, conversation_sec=0), "2026-11-25T12:00:45+05:30"),
        (replace(ANSWERED, conversation_sec=None), ""),
        (replace(ANSWERED, ended=None), ""),
        (replace(ANSWERED, ended="soon"), ""),
        (BUSY, ""),
    ],
)
def test_the_instant_of_the_answer_is_derived_and_never_invented(record: AttemptRecord, answered_at: str) -> None:
    assert of_attempt(record)["answered_at"] == answered_at


def test_a_conversation_across_a_change_of_clocks_keeps_its_length() -> None:
    autumn = replace(ANSWERED, ended="2026-11-01 03:10:00", conversation_sec=3 * 3600)
    row = dict(zip(ATTEMPT_COLUMNS, attempt_row(autumn, Style(ZoneInfo("America/New_York"), "USD")), strict=True))
    assert row["answered_at"] == "2026-11-01T01:10:00-04:00"


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        ([("phone", "name"), ("name", "city", "phone")], ["phone", "name", "city"]),
        ([("phone", "outcome")], ["phone", "csv.outcome"]),
        ([("csv.outcome", "outcome")], ["csv.outcome", "csv.csv.outcome"]),
        ([("name", "name")], ["name", "csv.name"]),
        ([], []),
    ],
)
def test_headers_are_united_and_a_clashing_name_is_marked(headers: list[tuple[str, ...]], names: list[str]) -> None:
    assert OwnColumns(headers).names == names


def test_a_line_fills_the_columns_of_its_own_file() -> None:
    own = OwnColumns([("phone", "name"), ("name", "city", "phone")])
    assert own.row(["phone", "name"], ["1", "Asha"]) == ["1", "Asha", ""]
    assert own.row(("name", "city", "phone"), ("Ravi", "Pune", "2")) == ["2", "Ravi", "Pune"]
    assert own.row(("phone", "name"), ("3",)) == ["3", "", ""]
    assert own.row(("phone", "name"), ("4", "Uma", "too", "many")) == ["4", "Uma", ""]
