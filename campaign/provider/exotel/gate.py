"""The last door before the network: it knows whether a request could have left, and keeps back one that is late.

aiohttp's trace hooks can see the same moment, but raising in them leaves the fresh connection open and unowned; here
it goes back to the pool. `client` puts a `Departure` around each request.
"""

from contextvars import ContextVar, Token
from dataclasses import dataclass, field
from math import inf
from typing import Self

import aiohttp
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from campaign.ports import Clock

_KEPT_ALIVE = 4.0
"""Seconds an idle connection is used again. Servers hang up from 5 s on: a post into such a line would be in doubt."""


class TooLate(Exception):
    """The request's deadline passed before a connection was there; no byte of it left."""


@dataclass(slots=True)
class Departure:
    """One request about to leave. `send_by`: on `Clock.ticks`. `connected`: from now on a byte may have left."""

    send_by: float = inf
    connected: bool = False
    _token: Token["Departure"] | None = field(default=None, init=False, repr=False)

    def __enter__(self) -> Self:
        self._token = _departing.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        assert self._token is not None
        _departing.reset(self._token)


_departing: ContextVar[Departure] = ContextVar("departing")


class Gate(aiohttp.TCPConnector):
    """Connections without a limit of their own: the engine bounds its requests."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(limit=0, keepalive_timeout=_KEPT_ALIVE)
        self._ticking = clock

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 the signature is aiohttp's
    ) -> Connection:
        """A connection for the request in this task; the next thing that happens is writing to it."""
        departure = _departing.get()
        if departure.connected:  # aiohttp trying a lost look-up again: a second request, which nobody has counted
            raise aiohttp.ServerDisconnectedError
        connection = await super().connect(req, traces, timeout)
        if self._ticking.ticks() > departure.send_by:
            connection.release()
            raise TooLate
        departure.connected = True
        return connection
