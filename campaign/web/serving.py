"""An aiohttp application on an address, for as long as it is needed."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from campaign.errors import UsageError

KEEP_ALIVE = 20.0  # aiohttp's own default is an hour


@asynccontextmanager
async def serving(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """Serve on `host`; yields the port, a free one for 0. Raises UsageError if the address is taken."""
    # No access log: the default one writes whole addresses, and ours are secrets.
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=KEEP_ALIVE, shutdown_timeout=2, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as taken:
            raise UsageError(
                f"Nothing can listen on {host}:{port}: {taken.strerror}.", "Free it, or set CAMPAIGN_LISTEN."
            ) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
