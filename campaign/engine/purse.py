"""The account's balance: asked for at a start and now and then, where `[guard] min_balance` says so."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal

from campaign.core.failing import Stop
from campaign.core.purse import decide
from campaign.engine.enquiry import Enquiry
from campaign.engine.feed import Feed

EVERY = timedelta(minutes=10)
UNTOLD_AGAIN = timedelta(minutes=2)


class Purse:
    """Of one campaign. `pause` is told why when there is too little; a balance that nobody tells stops nothing."""

    def __init__(self, least: Decimal, enquiry: Enquiry, feed: Feed, pause: Callable[[str], Awaitable[None]]) -> None:
        self._least, self._enquiry, self._feed, self._pause = least, enquiry, feed, pause
        self._again: datetime | None = None
        self.bell = asyncio.Event()

    async def step(self, now: datetime) -> datetime | None:
        """Ask for it if it is time to; when to come back, None: never."""
        if not self._least:
            return None
        if self._again and now < self._again:
            return self._again
        balance = await self._enquiry.balance()
        self._again = now + (EVERY if balance else UNTOLD_AGAIN)
        if balance is None:
            self._feed.say("the account's balance is not told; asking again", self._again)
        elif isinstance(decision := decide(balance, self._least), Stop):
            await self._pause(decision.why)
        return self._again
