"""Whoever is asked for calls, as cheap as can be: `python -m benchmarks.provider FILE [DELAY LIMIT PERIOD]`.

Writes its port to FILE. Every connect request is a call; answered `DELAY` seconds after it came and, where more than
`LIMIT` came in any `PERIOD` seconds, with 429; with a DELAY, each call's end is told a second later. No call is in
its lists. `GET /` says how many were asked for, how many of them were refused, and how long it was from the first to
the last.
"""

import asyncio
import json
import sys
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from urllib.parse import parse_qs

import aiohttp

ANSWER = Path(__file__).parents[1].joinpath("samples", "exotel", "connect.json").read_text()
LASTS = 1.0
NO_CALLS = '{"Metadata": {"Total": 0, "PageSize": 100, "NextPageUri": null}, "Calls": []}'
SID = json.loads(ANSWER)["Call"]["Sid"]


class Office:
    """What all connections share."""

    def __init__(self, delay: float, limit: int, period: float) -> None:
        self.delay, self.limit, self.period = delay, limit, period
        self.came: list[float] = []
        self.refused = 0
        self.ended: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._window: deque[float] = deque()

    def answer(self, form: bytes) -> bytes:
        now = time.perf_counter()
        self.came.append(now)
        while self._window and self._window[0] <= now - self.period:
            self._window.popleft()
        if self.limit and len(self._window) >= self.limit:
            self.refused += 1
            return _http("429 Too Many Requests", "{}")
        self._window.append(now)
        sid = f"{len(self.came):032x}"
        if urls := parse_qs(form.decode()).get("StatusCallback") if self.delay else None:
            end = urls[0], f"CallSid={sid}&Status=completed&EventType=terminal"
            asyncio.get_running_loop().call_later(LASTS, self.ended.put_nowait, end)
        return _http("200 OK", ANSWER.replace(SID, sid))

    def told(self) -> bytes:
        span = self.came[-1] - self.came[0] if self.came else 0.0
        return _http("200 OK", json.dumps([len(self.came), self.refused, span]))


def _http(status: str, body: str) -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body.encode())}\r\n\r\n"
    return (head + body).encode()


class Line(asyncio.Protocol):
    """One connection; a request at a time."""

    def __init__(self, office: Office) -> None:
        self._office, self._heard = office, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, ended, body = self._heard.partition(b"\r\n\r\n")
        if not ended:
            return
        if head.startswith(b"GET"):
            self._transport.write(self._office.told() if head.startswith(b"GET / ") else _http("200 OK", NO_CALLS))
        else:
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(body) < length:
                return
            if self._office.delay:
                asyncio.get_running_loop().call_later(self._office.delay / 2, self._arrived, body)
            else:
                self._transport.write(self._office.answer(body))
        self._heard = b""

    def _arrived(self, form: bytes) -> None:
        """Half of the delay was on its way here, the other half is on its way back."""
        answer = self._office.answer(form)
        asyncio.get_running_loop().call_later(self._office.delay / 2, self._transport.write, answer)


async def tell_ends(office: Office) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    async with aiohttp.ClientSession(headers=form) as session:
        while True:
            url, body = await office.ended.get()
            with suppress(aiohttp.ClientError):  # whoever asked may be gone
                async with session.post(url, data=body):
                    pass


async def serve(file: Path, delay: float = 0, limit: int = 0, period: float = 1) -> None:
    office = Office(delay, limit, period)
    server = await asyncio.get_running_loop().create_server(lambda: Line(office), "127.0.0.1", 0)
    file.with_suffix(".new").write_text(str(server.sockets[0].getsockname()[1]))
    file.with_suffix(".new").rename(file)
    await tell_ends(office)
    server.close()


if __name__ == "__main__":
    where, *rules = sys.argv[1:]
    delay, limit, period = rules or (0, 0, 1)
    asyncio.run(serve(Path(where), float(delay), int(limit), float(period)))
