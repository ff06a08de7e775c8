"""Whoever tells the ends of calls: `python -m benchmarks.ringing URLS late RATE` or `… URLS storm CONNECTIONS`.

`late`: so many a second on their own schedule, answered or not; prints the 99th percentile of the wait in seconds.
`storm`: each connection sends its next one as soon as the last was answered; prints how many a second were. No body is
sent twice.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

SECONDS = 8
WARM, STORM = 0.7, 2.5
BODY = "CallSid={:032d}&Status=completed&EventType=terminal&Direction=outbound-api&From=09876543210&To=08030000000"
FORM = "application/x-www-form-urlencoded"


async def late(urls: Sequence[str], rate: int) -> float:
    waits: list[float] = []
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        begun = time.perf_counter()
        for number in range(rate * SECONDS):
            due = begun + number / rate
            await pause(due - time.perf_counter())
            tasks.create_task(_post(session, urls[number % len(urls)], BODY.format(number), due, waits))
    return statistics.quantiles(waits, n=100)[98]


async def _post(session: aiohttp.ClientSession, url: str, body: str, due: float, waits: list[float]) -> None:
    async with session.post(url, data=body, headers={"Content-Type": FORM}) as response:
        assert response.status == 200, response.status
    waits.append(time.perf_counter() - due)


async def pause(seconds: float) -> None:
    done = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(max(0.0, seconds), done.set_result, None)
    await done


class Caller(asyncio.Protocol):
    """One connection, a request at a time; `answered`: the numbers of those that were told 200. As cheap as can be."""

    def __init__(self, url: str, numbers: "count[int]", answered: list[int]) -> None:
        parts = urlsplit(url)
        self._head = f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {FORM}\r\n"
        self._numbers, self._answered, self._heard = numbers, answered, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        if self._heard.endswith(b"\r\n\r\n"):  # the answer has no body
            assert self._heard.startswith(b"HTTP/1.1 200 "), self._heard
            self._answered.append(self._sent)
            self._send()

    def _send(self) -> None:
        self._sent, self._heard = next(self._numbers), b""
        body = BODY.format(self._sent)
        self._transport.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode())


async def connect(urls: Sequence[str], connections: int, answered: list[int]) -> list[asyncio.Transport]:
    """So many connections that ring from now on."""
    host, _, port = urlsplit(urls[0]).netloc.partition(":")
    loop, numbers = asyncio.get_running_loop(), count()
    transports = []
    for number in range(connections):
        url = urls[number % len(urls)]
        transport, _ = await loop.create_connection(lambda url=url: Caller(url, numbers, answered), host, int(port))  # type: ignore[misc]
        transports.append(transport)
    return transports


async def storm(urls: Sequence[str], connections: int) -> float:
    answered: list[int] = []
    transports = await connect(urls, connections, answered)
    await pause(WARM)
    before, begun = len(answered), time.perf_counter()
    await pause(STORM)
    rate = (len(answered) - before) / (time.perf_counter() - begun)
    for transport in transports:
        transport.abort()
    return rate


if __name__ == "__main__":
    what = {"late": late, "storm": storm}[sys.argv[2]]
    print(asyncio.run(what(Path(sys.argv[1]).read_text().splitlines(), int(sys.argv[3]))))
