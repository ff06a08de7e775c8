"""Telling the callback address that a call has ended. Nothing ever leaves this machine.

Repeats follow what is said of Exotel's own: answer 2xx within 15 s, or be told again after 5 and then 15 minutes.
"""

import hashlib
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Letter:
    """One callback as it leaves."""

    url: str
    content_type: str
    body: bytes


def letter(call: Call, town: Town, which: object, status: str | None = None) -> Letter:
    """What tells the end of a call, its own or another `status`; `which` tells letters of one call apart."""
    mark = hashlib.sha256(f"{call.sid}:{which}".encode()).hexdigest()[:16]
    return Letter(call.callback or "", *shapes.callback(call, town, mark, status or call.fate.status))


async def send(session: aiohttp.ClientSession, sent: Letter) -> Answer:
    """POST it, once; redirects are not followed."""
    if urlsplit(sent.url).hostname not in LOOPBACK:
        return NOT_HERE
    headers = {"Content-Type": sent.content_type, "User-Agent": "Exotel Servers"}
    try:
        async with session.post(
            sent.url, data=sent.body, headers=headers, allow_redirects=False, timeout=PATIENCE
        ) as response:
            return response.status
    except (aiohttp.ClientError, TimeoutError) as broken:
        return f"not delivered: {type(broken).__name__}"
