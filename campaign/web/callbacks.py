"""Where Exotel reports the end of a call: `POST /cb/<attempt>.<tag>`.

Exotel signs nothing (confirmed by its support), so the address is the secret: one per attempt, 128 bits, compared in
constant time before any database work. Whatever is wrong gets the same 404. With a right tag the body is on disk before
the 200; what it means is found out afterwards.
"""

import asyncio

from aiohttp import web

from campaign.core.keyed import PublicId
from campaign.core.records import CallbackFate
from campaign.engine.callbacks import Callbacks
from campaign.errors import CampaignError

LARGEST = 64 * 1024
SLOWEST = 5.0  # real seconds for a whole body; aiohttp has no limit of its own

CALLBACKS = web.AppKey("callbacks", Callbacks)


def application(callbacks: Callbacks) -> web.Application:
    app = web.Application(client_max_size=LARGEST)
    app[CALLBACKS] = callbacks
    app.router.add_post("/cb/{address}", _receive)
    return app


def address(public_url: str, attempt: PublicId, tag: str) -> str:
    """What is given to the provider as StatusCallback."""
    return f"{public_url}/cb/{attempt}.{tag}"


async def _receive(request: web.Request) -> web.Response:
    attempt, _, tag = request.match_info["address"].partition(".")
    callbacks = request.app[CALLBACKS]
    if not callbacks.knows(PublicId(attempt), tag) or request.headers.get("Content-Encoding"):
        raise web.HTTPNotFound
    try:
        async with asyncio.timeout(SLOWEST):
            body = await request.read()
    except (TimeoutError, web.HTTPRequestEntityTooLarge):
        raise web.HTTPNotFound from None
    kind = request.headers.get("Content-Type", "").encode("utf-8", "replace").decode()  # any bytes may stand there
    try:
        fate = await callbacks.receive(PublicId(attempt), kind, body)
    except CampaignError:
        raise web.HTTPServiceUnavailable from None  # not on disk: Exotel tries again, or we ask
    if fate is CallbackFate.STRANGER:
        raise web.HTTPNotFound
    return web.Response()
