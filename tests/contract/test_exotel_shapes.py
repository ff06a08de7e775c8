"""The bodies recorded in `samples/exotel` and what we read from each."""

from pathlib import Path

import pytest

from campaign.core.attempt import CallSid, Disposition, Refusal
from campaign.core.call import CallReport, Page
from campaign.core.events import Accepted, Refused
from campaign.provider.exotel import wire
from tests.builders import NOON

SAMPLES = Path(__file__).parents[2] / "samples" / "exotel"
SID = CallSid("c0ffee0000000000000000000000189g")
LEAD, EXOPHONE = "09812300001", "08012300000"


def recorded(name: str, status: int = 200, **headers: str) -> wire.Answer:
    named = {header.replace("_", "-"): value for header, value in headers.items()}
    return wire.Answer(status, named, (SAMPLES / name).read_bytes(), NOON)


@pytest.mark.parametrize(
    ("name", "created"), [("connect.json", "2025-11-10 16:56:32"), ("connect.xml", "2024-09-16 15:50:02")]
)
def test_a_connect_is_accepted(name: str, created: str) -> None:
    assert wire.meaning_of_connect(recorded(name)) == Accepted(NOON, SID, created=created)


@pytest.mark.parametrize(
    ("name", "status", "refusal"),
    [
        ("400-from.json", 400, Refusal.INVALID_NUMBER),
        ("401.txt", 401, Refusal.ACCOUNT),
        ("403-ndnc.json", 403, Refusal.DNC),
        ("403-ndnc.xml", 403, Refusal.DNC),
        ("403-kyc.json", 403, Refusal.ACCOUNT),
        ("403-kyc-code.json", 403, Refusal.ACCOUNT),
        ("429.json", 429, Refusal.LATER),
        ("429-code.json", 429, Refusal.LATER),
    ],
)
def test_a_connect_is_refused(name: str, status: int, refusal: Refusal) -> None:
    refused = wire.meaning_of_connect(recorded(name, status))
    assert isinstance(refused, Refused)
    assert refused.refusal is refusal
    assert LEAD[1:] not in refused.reason


def test_a_429_may_say_how_long() -> None:
    refused = wire.meaning_of_connect(recorded("429-code.json", 429, Retry_After="30"))
    assert refused == Refused(NOON, Refusal.LATER, "429: too many requests", 30.0)


@pytest.mark.parametrize(
    ("word", "disposition", "duration", "price", "ended"),
    [
        ("completed", Disposition.COMPLETED, 11, "0.75", "2024-09-16 15:50:12"),
        ("busy", Disposition.BUSY, 30, "0", "2024-09-16 15:54:31"),
        ("no-answer", Disposition.NO_ANSWER, 60, "0", "2024-09-16 15:55:11"),
    ],
)
def test_a_call_that_is_over(word: str, disposition: Disposition, duration: int, price: str, ended: str) -> None:
    report = wire.meaning_of_call(recorded(f"call-{word}.xml"), SID)
    assert isinstance(report, CallReport)
    assert (report.status, report.disposition) == (word, disposition)
    assert (report.duration_sec, report.price, report.ended) == (duration, price, ended)


def test_a_call_with_details() -> None:
    assert wire.meaning_of_call(recorded("call-details.json"), SID) == CallReport(
        call_sid=SID,
        status="completed",
        disposition=Disposition.COMPLETED,
        duration_sec=30,
        conversation_sec=18,
        price="0.75",
        created="2025-11-10 16:56:32",
        started="2025-11-10 16:56:32",
        ended="2025-11-10 16:57:02",
        number=LEAD,
        caller_id=EXOPHONE,
        direction="outbound-api",
    )


def test_a_call_that_has_just_been_placed_has_no_end() -> None:
    report = wire.meaning_of_call(recorded("connect.json"), SID)
    assert isinstance(report, CallReport)
    assert (report.status, report.disposition, report.ended, report.duration_sec) == ("in-progress", None, None, None)


def test_the_list_of_calls() -> None:
    page = wire.meaning_of_page(recorded("calls.json"))
    assert isinstance(page, Page)
    assert page.next == ""
    assert [(each.disposition, each.duration_sec, each.price, each.caller_id) for each in page.calls] == [
        (Disposition.COMPLETED, 30, "0.75", EXOPHONE),
        (Disposition.BUSY, 30, "0", EXOPHONE),
    ]


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=form-data-boundary-0123456789abcdef", ""])
def test_a_callback_as_it_came(content_type: str) -> None:
    body = (SAMPLES / "callback.multipart").read_bytes()
    assert body.endswith(b"--\r\n\r\n")
    assert wire.read_callback(content_type, body) == CallReport(SID, "completed", Disposition.COMPLETED)
