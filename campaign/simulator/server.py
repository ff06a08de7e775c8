"""The simulator as a server: its parts put together, started, stopped, taken up again from its log."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path

from aiohttp import ClientSession, web

from campaign.ports import Clock
from campaign.simulator import callbacks
from campaign.simulator.agenda import Agenda
from campaign.simulator.api import Api
from campaign.simulator.control import control as control_address
from campaign.simulator.exchange import Exchange
from campaign.simulator.faults import Fault
from campaign.simulator.listener import Listener
from campaign.simulator.log import Log, newest
from campaign.simulator.town import Town
from campaign.simulator.trouble import Trouble


class Simulator:
    """Exotel's side of the wire for one account; nobody is called.

    `log`: a file of JSON lines, appended to; an existing one is taken up at start. To go on in its time, begin the
    clock at `log.last_instant(path)`. `control`: faults can be changed while it runs (see `control`).
    """

    def __init__(
        self,
        *,
        clock: Clock,
        town: Town,
        log: Path | None = None,
        control: bool = False,
        account_sid: str = "simulated",
        api_key: str = "simulated",
        api_token: str = "simulated",  # noqa: S107 - opens nothing but this simulator
    ) -> None:
        self._log = Log(log)
        self._agenda = Agenda(clock)
        self._trouble = Trouble(clock, town, self._log)
        self._around = [control_address(self._trouble)] if control else []
        self._listener = Listener(clock, self._agenda, partial(self._trouble.happened, Fault.CLOSED_AT_ACCEPT))
        self._exchange = Exchange(clock, town, self._log, self._agenda, self._trouble, self._send)
        authorization = f"Basic {b64encode(f'{api_key}:{api_token}'.encode()).decode()}"
        self._api = Api(
            clock, town, self._log, self._exchange, self._trouble, self._listener, account_sid, authorization
        )
        lines = self._log.lines()
        self._last = newest(lines)
        self._exchange.take_up(lines)
        self._trouble.take_up(lines)
        self._api.take_up(lines)

    def last_instant(self) -> datetime | None:
        """The newest instant of the log that was taken up."""
        return self._last

    def busy(self) -> bool:
        """Somebody is on the phone, a callback is about to be delivered or a request is being answered."""
        return self._exchange.busy() or self._api.in_flight > 0

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen; the base URL, such as `http://127.0.0.1:41234`. Raises OSError for a port that is taken."""
        self._runner = web.AppRunner(self._api.application(self._around), access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        assert self._runner.server
        try:
            port = await self._listener.open(self._runner.server, host, port)
        except OSError:
            await self._runner.cleanup()
            raise
        self._session = ClientSession()
        # It lives from start to stop, and those may be called by different tasks: no TaskGroup spans them.
        self._ticker = asyncio.create_task(self._agenda.run())  # noqa: TID251
        return f"http://{host}:{port}"

    async def watch(self) -> None:
        """For ever. Raises CampaignError once its log cannot be written."""
        await self._log.broken()

    async def stop(self) -> None:
        """Let go of everything; what is alive goes on at the next start from the same log."""
        self._listener.close()
        await self._runner.cleanup()
        self._ticker.cancel()
        with suppress(asyncio.CancelledError):
            await self._ticker
        await self._session.close()
        self._log.close()

    @asynccontextmanager
    async def running(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Started on the way in, stopped on the way out; yields the base URL."""
        base_url = await self.start(host, port)
        try:
            yield base_url
        finally:
            await self.stop()

    async def _send(self, sent: callbacks.Letter) -> callbacks.Answer:
        return await callbacks.send(self._session, sent)
