"""The client against servers that answer, hang up, stall and lie: what left, how often, and what is said of it."""

import asyncio
import base64
import errno
import gzip
import json
import socket
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey
from aioresponses import aioresponses

from campaign.core.attempt import CallSid, Disposition, Refusal
from campaign.core.call import CallReport, LookUpFailed, Missing, Unreadable
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.provider.exotel.client import MAX_ANSWER, Patience
from tests.builders import NOON
from tests.integration.exotel_stub import (
    SID,
    Reply,
    StillClock,
    client,
    listening,
    placement,
    says,
    says_nothing,
    sends,
)

ACCEPTED = Accepted(NOON, CallSid(SID))
LOST = InDoubt(NOON, "the connection was lost before the answer")
LATE = Refused(NOON, Refusal.NOT_SENT, "not sent: too late")
CONNECT = "POST /v1/Accounts/example/Calls/connect.json"
KEY = ConnectionKey("api.example.org", 443, True, True, None, None, None)
HASTY = Patience(connection=0.2, place=0.2, look_up=0.2)


async def test_a_connect_request_is_what_exotel_documents() -> None:
    callback = "https://calls.example.org/cb/a1.tag?x=1"
    async with listening(says()) as stub, client(stub.url) as exotel:
        assert await exotel.place(placement(callback_url=callback)) == ACCEPTED
    head, _, form = stub.requests[0].decode().partition("\r\n\r\n")
    assert head.startswith(f"{CONNECT} HTTP/1.1\r\n")
    assert f"Authorization: Basic {base64.b64encode(b'a-key:a-token').decode()}" in head
    assert "Content-Type: application/x-www-form-urlencoded" in head
    assert parse_qs(form) == {
        "From": ["+919812300001"],
        "CallerId": ["08012300000"],
        "Url": ["http://my.exotel.com/example/exoml/start_voice/1"],
        "CallType": ["trans"],
        "TimeLimit": ["300"],
        "TimeOut": ["30"],
        "StatusCallback": [callback],
        "CustomField": ["a1 ü&="],
        "MaxRetries": ["0"],
    }


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with listening(says()) as elsewhere:
        moved = says(b"", status, headers=f"Location: {elsewhere.url}/\r\n")
        async with listening(moved) as stub, client(stub.url) as exotel:
            assert await exotel.place(placement()) == InDoubt(NOON, f"unexpected answer {status}")
            assert await exotel.look_up(CallSid(SID)) == LookUpFailed(f"unexpected answer {status}")
        assert elsewhere.connections == 0


async def test_a_cookie_is_not_kept() -> None:
    named = "localhost"  # an address without a name gets no cookies anyway
    async with (
        listening(says(headers="Set-Cookie: a=b\r\n")) as stub,
        client(stub.url.replace("127.0.0.1", named)) as exotel,
    ):
        await exotel.place(placement())
        await exotel.place(placement())
    assert len(stub.requests) == 2
    assert b"Cookie" not in stub.requests[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_without_a_connection_nothing_was_sent() -> None:
    async with client(f"http://127.0.0.1:{free_port()}") as exotel:
        assert await exotel.place(placement()) == Refused(
            NOON, Refusal.NO_CONNECTION, "no connection: connection refused"
        )
        failed = LookUpFailed("no connection: connection refused", no_connection=True)
        assert await exotel.look_up(CallSid(SID)) == failed
        assert await exotel.look_up_many([CallSid(SID)]) == failed
        assert await exotel.calls_between(NOON, NOON, "08012300000") == failed
        assert exotel.in_flight == 0


async def test_a_handshake_that_fails_is_no_connection() -> None:
    async def speak_plainly(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"no TLS here")
        writer.close()

    async with await asyncio.start_server(speak_plainly, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with client(f"https://127.0.0.1:{port}") as exotel:
            refused = await exotel.place(placement())
    assert isinstance(refused, Refused)
    assert refused.refusal is Refusal.NO_CONNECTION


async def test_a_handshake_that_stalls_is_no_connection() -> None:
    async with (
        listening(says_nothing) as stub,
        client(stub.url.replace("http", "https"), patience=Patience(connection=0.1)) as exotel,
    ):
        assert await exotel.place(placement()) == Refused(
            NOON, Refusal.NO_CONNECTION, "no connection: no answer in time"
        )
    assert stub.requests == []


async def test_a_late_request_does_not_leave_on_a_new_connection() -> None:
    clock = StillClock(ticking=2.1)
    async with listening(says()) as stub, client(stub.url, clock) as exotel:
        assert await exotel.place(placement(send_by=2.0)) == LATE
        assert stub.requests == []
        assert await exotel.place(placement(send_by=2.1)) == ACCEPTED
    assert (stub.lines(), stub.connections) == ([CONNECT], 1)


async def test_a_late_request_does_not_leave_on_a_used_connection() -> None:
    clock = StillClock()
    async with listening(says()) as stub, client(stub.url, clock) as exotel:
        assert await exotel.place(placement()) == ACCEPTED
        clock.ticking = 2.1
        assert await exotel.place(placement(send_by=2.0)) == LATE
        assert await exotel.place(placement(send_by=3.0)) == ACCEPTED
    assert (stub.lines(), stub.connections) == ([CONNECT, CONNECT], 1)


@pytest.mark.parametrize(
    "reply",
    [
        sends(b""),
        sends(b"HTTP/1.1 200 OK\r\nContent-"),
        sends(b"SSH-2.0-OpenSSH\r\n\r\n"),
        sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"),
        says(promise=10, close=True),
        says(b"not gzip", headers="Content-Encoding: gzip\r\n"),
    ],
)
async def test_an_answer_that_is_lost_leaves_the_call_in_doubt(reply: Reply) -> None:
    async with listening(reply) as stub, client(stub.url) as exotel:
        assert await exotel.place(placement()) == LOST
        assert await exotel.look_up(CallSid(SID)) == LookUpFailed("the connection was lost before the answer")
    assert len(stub.requests) == 2


@pytest.mark.parametrize("reply", [says_nothing, says(promise=10)])
async def test_an_answer_that_does_not_come_leaves_the_call_in_doubt(reply: Reply) -> None:
    async with listening(reply) as stub, client(stub.url, patience=HASTY) as exotel:
        assert await exotel.place(placement()) == InDoubt(NOON, "no answer in time")
        assert await exotel.look_up(CallSid(SID)) == LookUpFailed("no answer in time")
    assert len(stub.requests) == 2


async def test_a_fault_of_our_own_after_a_byte_may_have_left_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiohttp.StreamReader, "iter_any", lambda _: 1 / 0)
    async with listening(says()) as stub, client(stub.url) as exotel:
        assert await exotel.place(placement()) == LOST


async def test_a_fault_of_our_own_before_that_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aiohttp.TCPConnector, "connect", lambda *_: 1 / 0)
    async with client("http://127.0.0.1:1") as exotel:
        with pytest.raises(ZeroDivisionError):
            await exotel.place(placement())
        assert exotel.in_flight == 0


async def test_no_request_is_sent_again_when_a_kept_connection_breaks() -> None:
    async with listening(says(), sends(b""), says(), sends(b""), says()) as stub, client(stub.url) as exotel:
        assert await exotel.place(placement()) == ACCEPTED
        assert await exotel.place(placement()) == LOST
        assert await exotel.place(placement()) == ACCEPTED
        assert await exotel.look_up(CallSid(SID)) == LookUpFailed("the connection was lost before the answer")
        assert await exotel.look_up(CallSid(SID)) == CallReport(CallSid(SID), "in-progress")
    assert (len(stub.requests), stub.connections) == (5, 3)


async def test_a_cancelled_request_says_nothing_and_is_not_in_flight() -> None:
    asked = asyncio.Event()

    async def rings(writer: asyncio.StreamWriter) -> None:
        asked.set()

    async with listening(rings) as stub, client(stub.url) as exotel:
        async with asyncio.TaskGroup() as group:
            placing = group.create_task(exotel.place(placement()))
            await asked.wait()
            assert exotel.in_flight == 1
            placing.cancel()
        assert placing.cancelled()
        assert exotel.in_flight == 0
    assert len(stub.requests) == 1


async def test_requests_at_the_same_time_keep_their_own_deadlines() -> None:
    clock = StillClock(ticking=2.1)
    async with listening(says()) as stub, client(stub.url, clock) as exotel, asyncio.TaskGroup() as group:
        placing = [group.create_task(exotel.place(placement(send_by))) for send_by in (2.0, 3.0, 2.0, 3.0)]
    assert [each.result() for each in placing] == [LATE, ACCEPTED, LATE, ACCEPTED]
    assert len(stub.requests) == 2


@pytest.mark.parametrize(("size", "understood"), [(MAX_ANSWER, True), (MAX_ANSWER + 1, False)])
@pytest.mark.parametrize("packed", [False, True])
async def test_an_answer_is_read_up_to_a_limit(size: int, understood: bool, packed: bool) -> None:
    whole = json.dumps({"Call": {"Sid": SID}}).encode().ljust(size)
    reply = says(gzip.compress(whole), headers="Content-Encoding: gzip\r\n") if packed else says(whole)
    async with listening(reply) as stub, client(stub.url) as exotel:
        expected = ACCEPTED if understood else InDoubt(NOON, "answer 200 without a call")
        assert await exotel.place(placement()) == expected


async def test_one_call_is_looked_up() -> None:
    body = json.dumps({"Call": {"Sid": SID, "Status": "busy"}}).encode()
    async with listening(says(body), says(b"", 404)) as stub, client(stub.url) as exotel:
        assert await exotel.look_up(CallSid(SID)) == CallReport(CallSid(SID), "busy", Disposition.BUSY)
        assert await exotel.look_up(CallSid(SID)) == Missing()
    assert stub.lines()[0] == f"GET /v1/Accounts/example/Calls/{SID}.json?details=true"


async def test_many_calls_are_looked_up_in_one_request() -> None:
    body = json.dumps({"Calls": [{"Sid": SID, "Status": "busy"}]}).encode()
    async with listening(says(body)) as stub, client(stub.url) as exotel:
        assert await exotel.look_up_many([]) == {}
        found = await exotel.look_up_many([CallSid(SID), CallSid("b")])
    assert found == {SID: CallReport(CallSid(SID), "busy", Disposition.BUSY)}
    assert stub.lines() == [f"GET /v1/Accounts/example/Calls.json?Sid={SID}%2Cb&PageSize=100&details=true"]


@pytest.mark.parametrize(
    ("sample", "status", "refusal"),
    [("403-ndnc.xml", 403, Refusal.DNC), ("403-kyc.json", 403, Refusal.ACCOUNT), ("401.txt", 401, Refusal.ACCOUNT)],
)
async def test_an_odd_answer_reaches_the_wire_whole(sample: str, status: int, refusal: Refusal) -> None:
    body = (Path(__file__).parents[2] / "samples" / "exotel" / sample).read_bytes()
    with aioresponses() as mocked:
        mocked.post("https://api.example.org/v1/Accounts/example/Calls/connect.json", status=status, body=body)
        async with client("https://api.example.org") as exotel:
            refused = await exotel.place(placement())
    assert isinstance(refused, Refused)
    assert refused.refusal is refusal


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (aiohttp.ClientConnectorDNSError(KEY, OSError(None, "api.example.org")), "the provider's name was not found"),
        (aiohttp.ClientConnectorCertificateError(KEY, ValueError("api.example.org")), "no secure connection"),
        (aiohttp.ClientConnectorSSLError(KEY, OSError(1, "api.example.org")), "no secure connection"),
        (aiohttp.ClientConnectorError(KEY, OSError(errno.ENETUNREACH, "api.example.org")), "network is unreachable"),
        (aiohttp.ClientConnectionError("api.example.org"), "it could not be opened"),
    ],
)
async def test_why_there_is_no_connection_is_said_in_plain_words(trouble: Exception, reason: str) -> None:
    with aioresponses() as mocked:
        mocked.post("https://api.example.org/v1/Accounts/example/Calls/connect.json", exception=trouble)
        async with client("https://api.example.org") as exotel:
            refused = await exotel.place(placement())
    assert refused == Refused(NOON, Refusal.NO_CONNECTION, f"no connection: {reason}")


async def test_retry_after_is_found_in_any_case() -> None:
    with aioresponses() as mocked:
        address = "https://api.example.org/v1/Accounts/example/Calls/connect.json"
        mocked.post(address, status=429, headers={"retry-after": "30"})
        async with client("https://api.example.org") as exotel:
            assert await exotel.place(placement()) == Refused(NOON, Refusal.LATER, "429: too many requests", 30.0)


async def test_a_callback_is_read_without_a_session() -> None:
    exotel = client("https://api.example.org")
    form = "application/x-www-form-urlencoded"
    assert exotel.read_callback(form, b"CallSid=a&Status=busy") == CallReport(CallSid("a"), "busy", Disposition.BUSY)
    assert exotel.read_callback(form, b"") == Unreadable("no form and no JSON object")


async def test_neither_key_nor_number_is_in_what_it_prints(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    async with listening(sends(b"HTTP/1.1 nonsense\r\n\r\n")) as stub, client(stub.url) as exotel:
        said = repr(await exotel.place(placement())) + repr(exotel) + str(exotel) + repr(placement())
    for secret in ("a-token", "a-key", base64.b64encode(b"a-key:a-token").decode(), "9812300001"):
        assert secret not in said + caplog.text
