"""What look-ups ask and what their answers say."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from campaign.core.attempt import CallSid, Disposition
from campaign.core.call import Balance, CallReport, LookUpFailed, Missing, Page, Placement
from campaign.core.keyed import PublicId
from campaign.provider.exotel import requests
from campaign.provider.exotel.wire import Answer, meaning_of_balance, meaning_of_call, meaning_of_calls, meaning_of_page
from tests.builders import NOON, NUMBER, hours, minutes, seconds

SID = CallSid("c0ffee0000000000000000000000189g")


def answer(body: object, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, named, (body if isinstance(body, str) else json.dumps(body)).encode(), NOON)


def call(**fields: Any) -> CallReport:
    report = meaning_of_call(answer({"Call": {"Sid": SID, **fields}}), SID)
    assert isinstance(report, CallReport)
    return report


@pytest.mark.parametrize(("told", "read"), [(11, 11), ("11", 11), ("11.0", 11), (11.9, 11), (0, 0), ("0", 0)])
def test_a_duration_is_read_as_number_or_text(told: object, read: int) -> None:
    assert call(Duration=told).duration_sec == read


@pytest.mark.parametrize("told", ["", " ", None, "n/a", -1, "1e3", True, [], {}, "9" * 5000])
def test_what_is_no_duration_is_not_known(told: object) -> None:
    assert call(Duration=told).duration_sec is None


@pytest.mark.parametrize(
    ("told", "read"),
    [(0.75, "0.75"), ("0.750000", "0.75"), (0, "0"), ("0.00", "0"), (100, "100"), ("-0.5", "-0.5"), ("-0", "0")],
)
def test_a_price_is_plain_decimal_text(told: object, read: str) -> None:
    assert call(Price=told).price == read


@pytest.mark.parametrize("told", ["", None, "₹1", "1,000", "1e999999999", "NaN", False, "9" * 5000])
def test_what_is_no_price_is_not_known(told: object) -> None:
    assert call(Price=told).price is None


@pytest.mark.parametrize("details", [None, "", [], {}, {"ConversationDuration": None}, {"ConversationDuration": ""}])
def test_details_may_be_missing(details: object) -> None:
    assert call(Details=details) == CallReport(SID, "")


def test_the_conversation_stands_in_the_details() -> None:
    assert call(Status="completed", Details={"ConversationDuration": "18"}) == CallReport(
        SID, "completed", Disposition.COMPLETED, conversation_sec=18
    )


def test_a_text_loses_what_a_database_or_a_terminal_would_choke_on() -> None:
    assert call(Status=" fai\x00led\x1b\ud800 ").status == "failed"


FAILURES = [
    (401, LookUpFailed("401: the credentials were not accepted", account=True)),
    (402, LookUpFailed("402: the plan or the balance does not allow it", account=True)),
    (403, LookUpFailed("403: access was refused", account=True)),
    (429, LookUpFailed("429: too many requests", limited=True, retry_after=30)),
    (302, LookUpFailed("unexpected answer 302")),
    (503, LookUpFailed("server error 503")),
]


@pytest.mark.parametrize(("status", "failed"), FAILURES)
def test_a_look_up_that_fails_says_how(status: int, failed: LookUpFailed) -> None:
    refused = answer("", status, Retry_After="30")
    assert meaning_of_call(refused, SID) == meaning_of_calls(refused, [SID]) == meaning_of_page(refused) == failed


def test_a_call_not_found_is_missing_and_a_list_not_found_is_a_failure() -> None:
    assert meaning_of_call(answer("", 404), SID) == Missing()
    assert meaning_of_page(answer("", 404)) == LookUpFailed("unexpected answer 404")


@pytest.mark.parametrize("body", ["", "{", "[]", "<html/>", {"Calls": None, "Call": None}, {"Metadata": {}}, {}])
def test_an_answer_not_understood_about_one_call_is_a_failure(body: object) -> None:
    assert meaning_of_call(answer(body), SID) == LookUpFailed("the answer was not understood")


def test_an_answer_about_another_call_is_a_failure() -> None:
    assert meaning_of_call(answer({"Call": {"Sid": "other"}}), SID) == LookUpFailed("the answer was about another call")


@pytest.mark.parametrize("body", ["", "{", "[]", "<html/>", {"Metadata": {}}])
def test_an_answer_without_a_list_is_a_failure_not_an_empty_list(body: object) -> None:
    assert meaning_of_page(answer(body)) == LookUpFailed("the answer was not understood")


@pytest.mark.parametrize(
    ("body", "sids"),
    [
        ({"Calls": []}, []),
        ({"Calls": None}, []),
        ({"Calls": [{"Sid": "a"}, {"Sid": None}, None, "b", {}, {"Sid": "c"}]}, ["a", "c"]),
        ({"Calls": {"Call": [{"Sid": "a"}]}}, ["a"]),
        ("<T><Calls/></T>", []),
        ("<T><Calls><Call><Sid>a</Sid></Call></Calls></T>", ["a"]),
        ("<T><Calls><Call><Sid>a</Sid></Call><Call><Sid>b</Sid></Call></Calls></T>", ["a", "b"]),
        ("<T><Call><Sid>a</Sid></Call><Call><Sid>b</Sid></Call></T>", ["a", "b"]),
        ("<T><Call><Sid>a</Sid></Call></T>", ["a"]),
    ],
)
def test_a_list_is_read_in_either_notation(body: object, sids: list[str]) -> None:
    page = meaning_of_page(answer(body))
    assert isinstance(page, Page)
    assert [report.call_sid for report in page.calls] == sids


def test_only_calls_asked_for_are_told() -> None:
    found = meaning_of_calls(answer({"Calls": [{"Sid": SID, "Status": "busy"}, {"Sid": "other"}]}), [SID])
    assert found == {SID: CallReport(SID, "busy", Disposition.BUSY)}


def test_the_connect_form_is_as_exotel_documents_it() -> None:
    placement = Placement(
        attempt=PublicId("a1"),
        number=NUMBER,
        caller_id="08012300000",
        flow_url="http://my.exotel.com/example/exoml/start_voice/1",
        ring_timeout=seconds(29.2),
        time_limit=minutes(5),
        custom_field="a1",
        callback_url=None,
        send_by=0,
    )
    assert requests.connect_path("example") == "/v1/Accounts/example/Calls/connect.json"
    assert requests.connect_form(placement) == {
        "From": "+919812300001",
        "CallerId": "08012300000",
        "Url": "http://my.exotel.com/example/exoml/start_voice/1",
        "CallType": "trans",
        "TimeLimit": "300",
        "TimeOut": "30",
        "CustomField": "a1",
        "MaxRetries": "0",
    }


def test_an_account_cannot_leave_its_place_in_the_path() -> None:
    assert requests.connect_path("../x?") == "/v1/Accounts/..%2Fx%3F/Calls/connect.json"


def test_a_look_up_of_many_names_them_in_one_list() -> None:
    query = parse_qs(urlsplit(requests.sids_path("example", [SID, CallSid("b")])).query)
    assert query == {"Sid": [f"{SID},b"], "PageSize": ["100"], "details": ["true"]}


def test_more_calls_than_exotel_takes_are_not_asked_for() -> None:
    with pytest.raises(ValueError, match="101 calls"):
        requests.sids_path("example", [SID] * 101)


READING = datetime(2026, 3, 4, 12, 0)  # noqa: DTZ001  the provider's clock tells no zone


def test_calls_are_asked_for_by_readings_of_the_providers_own_clock() -> None:
    path = requests.between_path("example", READING, READING + hours(20), "08012300000", NUMBER)
    assert ";" not in path
    assert parse_qs(urlsplit(path).query) == {
        "PhoneNumber": ["08012300000"],
        "DateCreated": ["gte:2026-03-04 12:00:00;lte:2026-03-05 08:00:00"],
        "From": ["+919812300001"],
        "PageSize": ["100"],
        "details": ["true"],
    }


def test_without_a_number_the_list_is_of_all_numbers() -> None:
    path = requests.between_path("example", READING, READING + hours(1), "08012300000", None)
    assert "From" not in parse_qs(urlsplit(path).query)


# --- the account's balance -------------------------------------------------------------------------------------------


def test_the_balance_is_asked_for_where_exotel_documents_it() -> None:
    assert requests.balance_path("example") == "/v1/Accounts/example/Balance.json"


@pytest.mark.parametrize(("told", "amount"), [("87.20", "87.2"), (1200, "1200"), (-3.5, "-3.5"), ("0", "0")])
def test_a_balance_is_read_as_number_or_text(told: object, amount: str) -> None:
    read = meaning_of_balance(answer({"Account": {"BalanceData": {"Balance": told, "Currency": "INR"}}}))
    assert read == Balance(Decimal(amount), "INR")


@pytest.mark.parametrize("body", ["", {}, {"Account": {}}, {"Account": {"BalanceData": {"Balance": "much"}}}])
def test_what_is_no_balance_is_not_understood(body: object) -> None:
    assert meaning_of_balance(answer(body)) == LookUpFailed("the answer was not understood")


@pytest.mark.parametrize(("status", "account"), [(401, True), (402, True), (403, False), (404, False), (503, False)])
def test_a_key_that_may_not_ask_for_the_balance_says_nothing_of_calls(status: int, *, account: bool) -> None:
    failed = meaning_of_balance(answer({}, status))
    assert isinstance(failed, LookUpFailed)
    assert failed.account is account
