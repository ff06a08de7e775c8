"""The far end of the wire for the client's tests: a server that answers what a test tells it to, or hangs up."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime

from campaign.core.call import Placement
from campaign.core.keyed import PublicId
from campaign.provider.exotel.client import ExotelClient, Patience
from tests.builders import NOON, NUMBER, minutes, seconds

SID = "c0ffee0000000000000000000000189g"
CALL_JSON = b'{"Call": {"Sid": "%s", "Status": "in-progress"}}' % SID.encode()


@dataclass
class StillClock:
    """It is noon; `ticking` is what a test sets."""

    ticking: float = 0.0

    def now(self) -> datetime:
        return NOON

    def steady(self) -> datetime:
        return self.now()

    def ticks(self) -> float:
        return self.ticking

    def started(self) -> datetime:
        return NOON

    def real(self, span: object) -> float:
        raise AssertionError("the client never waits by the campaign's time")

    async def wait(self, until: datetime | None, bell: asyncio.Event | None = None) -> None:
        raise AssertionError("the client never waits by the campaign's time")


Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Stub:
    """Plain TCP, so that it can break the rules. The n-th request gets the n-th reply, the last one again."""

    replies: list[Reply]
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def lines(self) -> list[str]:
        return [request.partition(b" HTTP")[0].decode() for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while not writer.is_closing() and (request := await _request(reader)):
                self.requests.append(request)
                await self.replies[min(len(self.requests), len(self.replies)) - 1](writer)
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        length = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        return head + (await reader.readexactly(int(length[0])) if length else b"")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


def says(
    body: bytes = CALL_JSON, status: int = 200, *, headers: str = "", promise: int = 0, close: bool = False
) -> Reply:
    """An answer; `promise`: bytes announced beyond those sent; `close`: then hang up without a word about it."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body) + promise}\r\n{headers}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        if close:
            writer.close()

    return reply


def sends(raw: bytes) -> Reply:
    """These bytes, then the end."""

    async def reply(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        writer.close()

    return reply


async def says_nothing(writer: asyncio.StreamWriter) -> None:
    """Keeps the line open."""


@asynccontextmanager
async def listening(*replies: Reply) -> AsyncIterator[Stub]:
    stub = Stub(list(replies))
    server = await asyncio.start_server(stub.serve, "127.0.0.1", 0)
    stub.port = server.sockets[0].getsockname()[1]
    try:
        yield stub
    finally:
        server.close()


def client(url: str, clock: StillClock | None = None, patience: Patience | None = None) -> ExotelClient:
    return ExotelClient(
        base_url=url,
        account_sid="example",
        api_key="a-key",
        api_token="a-token",
        clock=clock or StillClock(),
        region="IN",
        patience=patience or Patience(),
    )


def placement(send_by: float = 2.0, callback_url: str | None = None) -> Placement:
    return Placement(
        attempt=PublicId("a1"),
        number=NUMBER,
        caller_id="08012300000",
        flow_url="http://my.exotel.com/example/exoml/start_voice/1",
        ring_timeout=seconds(30),
        time_limit=minutes(5),
        custom_field="a1 ü&=",
        callback_url=callback_url,
        send_by=send_by,
    )
