"""The listening socket. It may go away for a while, or close what it accepts."""

import asyncio
import socket
from collections.abc import Callable
from datetime import datetime
from functools import partial

from aiohttp import web

from campaign.ports import Clock
from campaign.simulator.agenda import Agenda

BACKLOG = 128
PATIENCE = 60.0  # real seconds for what is being answered


class Listener:
    """`closed_one` hears of every connection that is closed at accept."""

    def __init__(self, clock: Clock, agenda: Agenda, closed_one: Callable[[], None]) -> None:
        self._clock = clock
        self._agenda = agenda
        self._closed_one = closed_one
        self._closing_until = clock.now()
        self._listening: asyncio.Server | None = None
        self._kept: socket.socket | None = None

    @property
    def shut(self) -> bool:
        """Whoever comes now does not get in."""
        return not self._listening or self._clock.now() < self._closing_until

    async def open(self, server: web.Server, host: str, port: int) -> int:
        """Listen; the port. Raises OSError for one that is taken."""
        self._server = server
        self._listening = await asyncio.get_running_loop().create_server(self._accept, host, port, backlog=BACKLOG)
        bound: int = self._listening.sockets[0].getsockname()[1]
        return bound

    def close(self) -> None:
        if self._listening:
            self._listening.close()
        if self._kept:
            self._kept.close()
        self._listening = self._kept = None

    def go_away(self, until: datetime) -> None:
        """Nobody listens; what is being answered is answered."""
        if not self._listening:
            return
        own = self._listening.sockets[0]
        kept = socket.socket(own.family, own.type)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        address = own.getsockname()
        self._listening.close()
        kept.bind(address)  # without listen: connecting is refused, and the system gives the port to nobody else
        self._listening, self._kept = None, kept
        self._hang_up()
        self._agenda.enter(until, self._come_back)

    def close_at_accept(self, until: datetime) -> None:
        """Every new connection is closed at once."""
        self._closing_until = max(self._closing_until, until)
        self._hang_up()

    async def _come_back(self) -> None:
        if not self._kept:
            return
        kept, self._kept = self._kept, None
        self._listening = await asyncio.get_running_loop().create_server(self._accept, sock=kept, backlog=BACKLOG)

    def _hang_up(self) -> None:
        for connection in self._server.connections:
            connection.close()  # no further request
            self._agenda.enter(self._clock.now(), partial(connection.shutdown, PATIENCE))

    def _accept(self) -> asyncio.BaseProtocol:
        if self.shut:
            self._closed_one()
            return _Closed()
        return self._server()


class _Closed(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
