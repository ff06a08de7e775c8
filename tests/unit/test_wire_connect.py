"""What an answer to a connect request means: the table of the design, row by row."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.core.attempt import CallSid, Refusal
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.core.policy import Rate
from campaign.provider.exotel.wire import Answer, limit_of, meaning_of_connect
from tests.builders import NOON, hours, minutes

SID = "c0ffee0000000000000000000000189g"


def answer(status: int, body: str | bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, body.encode() if isinstance(body, str) else body, NOON)


def refusing(status: int, message: str) -> Answer:
    return answer(status, json.dumps({"RestException": {"Status": status, "Message": message}}))


@pytest.mark.parametrize(
    ("told", "limit"), [("200", 200), (" 60", None), ("0", None), ("-5", None), ("many", None), ("9" * 40, None)]
)
def test_the_limit_in_a_header_is_requests_in_a_minute(told: str, limit: int | None) -> None:
    assert limit_of({"X-RateLimit-Limit": told}) == (Rate(limit, minutes(1)) if limit else None)


def test_without_the_header_no_limit_is_told() -> None:
    assert limit_of({}) is None


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_with_a_sid_is_accepted(status: int) -> None:
    body = json.dumps({"Call": {"Sid": SID, "DateCreated": "2026-03-04 12:00:01"}})
    assert meaning_of_connect(answer(status, body)) == Accepted(NOON, CallSid(SID), created="2026-03-04 12:00:01")


@pytest.mark.parametrize(
    "body",
    [
        "",
        "null",
        "[]",
        "{}",
        "Call",
        '{"Call": null}',
        '{"Call": []}',
        '{"Call": {}}',
        '{"Call": {"Sid": null}}',
        '{"Call": {"Sid": ""}}',
        '{"Call": {"Sid": true}}',
        '{"Call": {"Sid": {"a": "b"}}}',
        '{"Call": {"Sid": "../connect"}}',
        '{"Call": {"Sid": "a,b"}}',
        '{"Call": {"Sid": "c0ffee',
        '{"Sid": "c0ffee00000000000000000000000001"}',
        "<TwilioResponse><Call/></TwilioResponse>",
        "<TwilioResponse><Call><Sid/></Call></TwilioResponse>",
        "<TwilioResponse><Call><Sid>one</Sid><Sid>two</Sid></Call></TwilioResponse>",
        "<TwilioResponse><Call><Sid>c0ffee",
        "<html>It works!</html>",
        '<!DOCTYPE t [<!ENTITY sid "c0ffee">]><t><Call><Sid>&sid;</Sid></Call></t>',
        "<!DOCTYPE t><t><Call><Sid>c0ffee</Sid></Call></t>",
        "[" * 100_000,
        "<a>" * 10_000,
        '{"Call": {"Sid": ' + "9" * 10_000 + "}}",
    ],
)
def test_a_success_without_a_usable_sid_is_in_doubt(body: str) -> None:
    assert meaning_of_connect(answer(200, body)) == InDoubt(NOON, "answer 200 without a call")


@pytest.mark.parametrize("status", [500, 501, 502, 503, 504, 599])
def test_a_server_error_is_in_doubt_even_with_a_clear_body(status: int) -> None:
    expected = InDoubt(NOON, f"server error {status}", server_error=True)
    assert meaning_of_connect(refusing(status, "The call was not placed")) == expected


@pytest.mark.parametrize("status", [101, 301, 302, 304, 307, 308, 405, 408, 409, 410, 418, 422])
def test_redirects_and_everything_unforeseen_are_in_doubt(status: int) -> None:
    expected = InDoubt(NOON, f"unexpected answer {status}")
    assert meaning_of_connect(answer(status, json.dumps({"Call": {"Sid": SID}}))) == expected


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404])
@pytest.mark.parametrize("body", ["", "Authentication is required to view this page.", "<html>From</html>", "{"])
def test_a_refusal_without_a_reason_we_know_is_the_accounts(status: int, body: str) -> None:
    meaning = meaning_of_connect(answer(status, body))
    assert isinstance(meaning, Refused)
    assert meaning.refusal is Refusal.ACCOUNT
    assert meaning.reason.startswith(f"{status}: ")


@pytest.mark.parametrize(
    ("status", "message", "refusal"),
    [
        (400, "The 'From' parameter is required.", Refusal.INVALID_NUMBER),
        (400, "Invalid value for From", Refusal.INVALID_NUMBER),
        (400, "CallerId is not from this account", Refusal.CALLER_ID),
        (403, "The 'CallerId' parameter is not allowed", Refusal.CALLER_ID),
        (401, "CallerId", Refusal.ACCOUNT),
        (400, "Calls from this account are not set up", Refusal.ACCOUNT),
        (400, "FromDate is wrong", Refusal.ACCOUNT),
        (400, "'From' and 'CallerId' are required", Refusal.ACCOUNT),
        (400, "TimeLimit is out of range", Refusal.ACCOUNT),
        (401, "The 'From' parameter", Refusal.ACCOUNT),
        (403, "can not be made because of TRAI NDNC regulations", Refusal.DNC),
        (403, "not yet KYC compliant. This is mandatory by TRAI guidelines", Refusal.ACCOUNT),
        (403, "The 'From' parameter", Refusal.ACCOUNT),
        (402, "NDNC", Refusal.ACCOUNT),
        (404, "NDNC From", Refusal.ACCOUNT),
    ],
)
def test_a_refusal_is_the_numbers_fault_only_where_it_says_so(status: int, message: str, refusal: Refusal) -> None:
    meaning = meaning_of_connect(refusing(status, message))
    assert isinstance(meaning, Refused)
    assert meaning.refusal is refusal


def test_ndnc_is_found_in_plain_text_too() -> None:
    meaning = meaning_of_connect(answer(403, "Blocked: TRAI NDNC"))
    assert isinstance(meaning, Refused)
    assert meaning.refusal is Refusal.DNC


@pytest.mark.parametrize(
    "secret", ["09812300001", "+91 98123 00001", "98123-00001", "0123456789abcdef0123456789abcdef01234567"]
)
def test_a_reason_repeats_the_message_without_numbers_and_keys(secret: str) -> None:
    meaning = meaning_of_connect(refusing(402, f"Balance too low\n\x1b[31m for [{secret}]"))
    assert isinstance(meaning, Refused)
    assert meaning.reason == "402: the plan or the balance does not allow it (Balance too low[31m for [•••])"


@pytest.mark.parametrize(
    ("header", "wait"),
    [
        ("30", 30.0),
        (" 1.5 ", 1.5),
        ("7200", 3600.0),
        ("9" * 25, 3600.0),
        ("0", None),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("inf", None),
        ("nan", None),
        ("Wed, 04 Mar 2026 06:30:45 GMT", 45.0),
        ("Wed, 04 Mar 2026 06:30:45 -0000", 45.0),
        ("Wed, 04 Mar 2026 12:00:45 +0530", 45.0),
        ("Thu, 05 Mar 2026 06:30:00 GMT", 3600.0),
        ("Tue, 03 Mar 2026 06:30:00 GMT", None),
        ("Wed, 99 Mar 2026 06:30:45 GMT", None),
    ],
)
def test_a_429_comes_later_after_what_it_asks_for(header: str, wait: float | None) -> None:
    expected = Refused(NOON, Refusal.LATER, "429: too many requests", wait)
    assert meaning_of_connect(answer(429, Retry_After=header)) == expected


def test_a_429_without_the_header_leaves_the_wait_open() -> None:
    assert meaning_of_connect(answer(429)) == Refused(NOON, Refusal.LATER, "429: too many requests")


@given(
    status=st.integers(100, 599),
    body=st.binary(max_size=300) | st.text(max_size=100).map(str.encode),
    header=st.text(max_size=40),
)
def test_any_answer_means_something_and_never_that_a_call_was_not_placed_without_its_status(
    status: int, body: bytes, header: str
) -> None:
    meaning = meaning_of_connect(answer(status, body, Retry_After=header))
    assert meaning.at == NOON
    if isinstance(meaning, Refused):
        assert status in (400, 401, 402, 403, 404, 429)
        assert meaning.retry_after is None or 0 < meaning.retry_after <= hours(1).total_seconds()
    if isinstance(meaning, Accepted):
        assert 200 <= status < 300
