"""The provider's list of calls, a page at a time, and its words for instants and numbers, through the real client."""

import json
from datetime import datetime
from urllib.parse import unquote_plus

import pytest

from campaign.core.attempt import CallSid
from campaign.core.call import CallReport, LookUpFailed, Page
from campaign.core.lead import PhoneNumber
from tests.builders import NUMBER, hours
from tests.integration.exotel_stub import Reply, client, listening, says

READING = datetime(2026, 3, 4, 12, 0)  # noqa: DTZ001  the provider's clock tells no zone
CALLER = "08012300000"


def page(sid: str, next_uri: str | None) -> Reply:
    return says(json.dumps({"Metadata": {"NextPageUri": next_uri}, "Calls": [{"Sid": sid}]}).encode())


async def test_a_list_is_asked_for_by_the_providers_own_clock_and_a_page_at_a_time() -> None:
    uri = "/v1/Accounts/example/Calls.json?DateCreated=gte%3A2026-03-04 12:00:00%3Blte:x&From=%2B91&After=\r\nX: y"
    async with listening(page("a", uri), page("b", None)) as stub, client(stub.url + "/") as exotel:
        first = await exotel.calls_between(READING, READING + hours(1), CALLER)
        assert first == Page([CallReport(CallSid("a"), "")], uri.replace("\r\n", ""))
        assert len(stub.requests) == 1
        second = await exotel.calls_between(READING, READING + hours(1), CALLER, None, uri)
        assert second == Page([CallReport(CallSid("b"), "")])
    asked, asked_next = stub.lines()
    assert "DateCreated=gte:2026-03-04 12:00:00;lte:2026-03-04 13:00:00" in unquote_plus(asked)
    assert asked_next.startswith("GET /v1/Accounts/example/Calls.json?DateCreated=gte")
    assert "From=%2B91" in asked_next
    assert " " not in asked_next.removeprefix("GET ")
    assert b"\r\nX: y" not in stub.requests[1]


async def test_of_one_number_only_its_calls_are_asked_for() -> None:
    async with listening(page("a", None)) as stub, client(stub.url) as exotel:
        await exotel.calls_between(READING, READING, CALLER, NUMBER)
    assert "From=%2B919812300001" in stub.lines()[0]


@pytest.mark.parametrize("uri", ["https://elsewhere.example.org/", "@elsewhere.example.org/", ".elsewhere.example.org"])
async def test_a_next_page_elsewhere_is_no_page(uri: str) -> None:
    async with listening(page("a", uri)) as stub, client(stub.url) as exotel:
        found = await exotel.calls_between(READING, READING, CALLER)
    assert found == LookUpFailed("the next page is not an address of the provider's")
    assert len(stub.requests) == 1


async def test_a_next_page_that_looks_like_another_host_is_asked_of_ours() -> None:
    async with listening(page("a", "//elsewhere.example.org/x"), page("b", None)) as stub, client(stub.url) as exotel:
        found = await exotel.calls_between(READING, READING, CALLER)
        assert isinstance(found, Page)
        assert await exotel.calls_between(READING, READING, CALLER, None, found.next) == Page(
            [CallReport(CallSid("b"), "")]
        )


async def test_a_page_that_fails_is_no_page() -> None:
    async with listening(page("a", "/more"), says(b"", 429)) as stub, client(stub.url) as exotel:
        await exotel.calls_between(READING, READING, CALLER)
        found = await exotel.calls_between(READING, READING, CALLER, None, "/more")
    assert found == LookUpFailed("429: too many requests", limited=True)


@pytest.mark.parametrize(
    ("created", "reading"),
    [("2026-03-04 12:00:00", READING), ("2026-03-04T12:00:00Z", None), ("yesterday", None), ("", None)],
)
def test_the_providers_words_for_an_instant_are_a_reading_of_its_clock(created: str, reading: datetime | None) -> None:
    assert client("https://api.example.org").clock_reading(created) == reading


@pytest.mark.parametrize(
    ("echo", "number"),
    [("09812300001", NUMBER), ("+919812300001", NUMBER), ("9812300001", NUMBER), ("nobody", None), ("091", None)],
)
def test_the_number_that_an_echo_means_is_read_in_the_clients_region(echo: str, number: PhoneNumber | None) -> None:
    assert client("https://api.example.org").number_of(echo) == number
