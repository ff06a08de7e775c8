"""Telling the callback address that a call has ended. Nothing ever leaves this machine.

Repeats follow what is said of Exotel's own: answer 2xx within 15 s, or be told again after 5 and then 15 minutes.
"""

import hashlib
from datetime import timedelta
from urllib.parse import urlsplit

import aiohttp

from campaign.settings import LOOPBACK
from campaign.simulator import shapes
from campaign.simulator.calls import Call
from campaign.simulator.town import Town

TOLD_AFTER = (timedelta(), timedelta(minutes=5), timedelta(minutes=20))
"""From a call's end and the town's lag to each telling."""
PATIENCE = aiohttp.ClientTimeout(total=15)  # real seconds, however fast the time passes
NOT_HERE = "not sent: the address is not on this machine"

Answer = int | str
"""The status that came back, or why none did."""


def settled(answer: Answer) -> bool:
    """No use in telling again."""
    return answer == NOT_HERE or (isinstance(answer, int) and 200 <= answer < 300)


async def tell(session: aiohttp.ClientSession, call: Call, town: Town, told: int) -> Answer:
    """POST the end of a call to its callback address, once, `told` times before; redirects are not followed."""
    url = call.callback or ""
    if urlsplit(url).hostname not in LOOPBACK:
        return NOT_HERE
    mark = hashlib.sha256(f"{call.sid}:{told}".encode()).hexdigest()[:16]
    content_type, body = shapes.callback(call, town, mark)
    headers = {"Content-Type": content_type, "User-Agent": "Exotel Servers"}
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False, timeout=PATIENCE) as response:
            return response.status
    except (aiohttp.ClientError, TimeoutError) as broken:
        return f"not delivered: {type(broken).__name__}"
