"""Callbacks: stored before anybody is told 200, read afterwards, in any order, as often as they come."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from campaign.core.attempt import AttemptId, ResolvedBy
from campaign.core.call import CallReport, Unreadable
from campaign.core.events import Accepted, Ended, Event
from campaign.core.keyed import Key, PublicId
from campaign.core.records import CallbackFate, Happened, RawCallback, UnreadCallback
from campaign.engine.feed import News
from campaign.engine.shared import Shared
from campaign.ports import Provider

BATCH = 200


class Callbacks:
    """`receive` is for the web; `step` acts on what was received, an earlier process's too.

    `ask` is told which calls a callback left open.
    """

    def __init__(self, shared: Shared, key: Key, provider: Provider, ask: Callable[[AttemptId], None]) -> None:
        self._key, self._provider, self._ask = key, provider, ask
        self._store, self._insight = shared.store, shared.insight
        self._clock, self._feed, self._settled = shared.clock, shared.feed, shared.settled
        self.bell = asyncio.Event()

    def knows(self, attempt: PublicId, tag: str) -> bool:
        """Whether the address is one of ours; needs no database."""
        return self._key.tag_fits(attempt, tag)

    async def receive(self, attempt: PublicId, content_type: str, body: bytes) -> CallbackFate:
        """On disk when this returns."""
        raw = RawCallback(attempt, content_type, body, self._clock.now())
        [fate] = await self._store.keep_callbacks([raw])
        if fate is CallbackFate.STORED:
            self.bell.set()
        return fate

    async def step(self, now: datetime) -> datetime | None:
        """Act on everything unread; when to come back, None: when the bell rings."""
        while unread := await self._insight.unread_callbacks(BATCH):
            happened = [Happened(each.attempt, event) for each in unread if (event := self._meaning(each))]
            for recorded in await self._store.mark_read([each.id for each in unread], happened, now):
                self._settled(recorded)
            self._feed.changed(News.PLACED, News.ENDED)
            self.bell.clear()
        return None

    def _meaning(self, callback: UnreadCallback) -> Event | None:
        match self._provider.read_callback(callback.content_type, callback.body):
            case CallReport(disposition=None) as report:  # alive still: all it tells is which call it is
                self._ask(callback.attempt)
                return Accepted(callback.at, report.call_sid, ResolvedBy.CALLBACK)
            case CallReport(disposition=disposition) as report if disposition:
                return Ended(callback.at, disposition, report.status, ResolvedBy.CALLBACK, report.call_sid)
            case Unreadable() | _:
                self._ask(callback.attempt)
                return None
