"""The owner's door: how another command asks the process that owns the database. Loopback, and a random token."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
from aiohttp import web

from campaign.core.lead import CampaignId
from campaign.core.records import Owner
from campaign.errors import CampaignError, Occupied

Answer = Mapping[str, Any]
Wish = Callable[[CampaignId, Answer], Awaitable[Answer]]

LARGEST = 64 * 1024  # a campaign's settings travel through it
PATIENCE = aiohttp.ClientTimeout(total=90)  # a pause waits for the requests on their way
PATIENCE_FOR_LISTS = aiohttp.ClientTimeout(total=3600)  # a long one is read while calls go on


def application(token: str, wishes: Mapping[str, Wish]) -> web.Application:
    """`POST /<wish>/<campaign>` with the token and, as JSON, what else the wish needs; the answer is the wish's own."""

    async def answer(request: web.Request) -> web.Response:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        wish = wishes.get(request.match_info["wish"])
        if wish is None or not hmac.compare_digest(given.encode(), token.encode()):
            raise web.HTTPNotFound
        try:
            more = await request.json() if request.can_read_body else {}
            return web.json_response(dict(await wish(CampaignId(int(request.match_info["campaign"])), more)))
        except CampaignError as wrong:
            return web.json_response({"error": wrong.message, "hint": wrong.hint}, status=409)

    app = web.Application(client_max_size=LARGEST)
    app.router.add_post("/{wish}/{campaign:[0-9]+}", answer)
    return app


async def knock(
    owner: Owner, wish: str, campaign: CampaignId, more: Answer, patience: aiohttp.ClientTimeout | None = None
) -> Answer:
    """Ask the owner; `patience`: instead of `PATIENCE`.

    Raises Occupied when the door stays silent, CampaignError with the owner's own words.
    """
    url = f"http://127.0.0.1:{owner.port}/{wish}/{campaign}"
    headers = {"Authorization": f"Bearer {owner.token}"}
    try:
        async with (
            aiohttp.ClientSession(timeout=patience or PATIENCE) as session,
            session.post(url, headers=headers, json=dict(more)) as response,
        ):
            told: Answer = await response.json()
    except (aiohttp.ClientError, TimeoutError, ValueError):
        raise Occupied(
            f"The database is in use by process {owner.pid}, since {owner.since.astimezone():%Y-%m-%d %H:%M}, "
            "which does not answer.",
            "Wait for it to end, or end it, then `campaign resume`.",
        ) from None
    if "error" in told:
        raise CampaignError(told["error"], told["hint"])
    return told
