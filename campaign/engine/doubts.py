"""Attempts in doubt: the provider is asked when the call must be over, and `core.doubt` judges what it answers."""

import asyncio
from datetime import datetime, timedelta

from campaign.core.attempt import AttemptId, CallSid, ResolvedBy
from campaign.core.call import CallReport
from campaign.core.doubt import AskAt, NeverPlaced, fitting, next_step, query_for
from campaign.core.events import Accepted, Asked, Ended, Event, NotPlaced
from campaign.core.records import Doubt, Happened
from campaign.engine.feed import News
from campaign.engine.pacer import Rank
from campaign.engine.shared import Shared

LISTED_AFTER = timedelta(minutes=1)  # a control call must have had the time to appear in the list
NO_CONTROL = "no ended call of ours to hold it against"
CLOCK_MOVED = "the clock was set meanwhile"
TRY_AGAIN = timedelta(minutes=1)  # where the provider could not be asked


class Doubts:
    """Asks about attempts in doubt, and records what the answers prove."""

    def __init__(self, shared: Shared) -> None:
        self._account, self._policy = shared.account, shared.policy
        self._store, self._insight, self._enquiry = shared.store, shared.insight, shared.enquiry
        self._clock, self._feed, self._settled = shared.clock, shared.feed, shared.settled
        self._failed: dict[AttemptId, datetime] = {}
        self._turn = asyncio.Lock()
        self.bell = shared.feed.listen(News.IN_DOUBT)

    async def step(self, now: datetime) -> datetime | None:
        """Ask about whatever is due; when to come back. One at a time: two negatives of one moment are one."""
        async with self._turn:
            return await self._step(now)

    async def _step(self, now: datetime) -> datetime | None:
        doubts = await self._insight.doubts(self._account)
        for doubt in doubts:
            match next_step(doubt.call.attempt, doubt.asked, self._policy):
                case AskAt(at) if max(at, self._failed.get(doubt.call.attempt.id, at)) <= now:
                    await self._ask(doubt)
                case NeverPlaced(evidence):
                    await self._record(doubt, NotPlaced(self._clock.now(), evidence))
                case _:
                    pass
        again = [self.asks_at(doubt) for doubt in await self._insight.doubts(self._account)] if doubts else []
        return min((at for at in again if at), default=None)

    def asks_at(self, doubt: Doubt) -> datetime | None:
        """When the provider is asked next about it; None when a person must decide."""
        match next_step(doubt.call.attempt, doubt.asked, self._policy):
            case AskAt(at):
                return max(at, self._failed.get(doubt.call.attempt.id, at))
            case NeverPlaced():
                return self._clock.now()
            case _:
                return None

    async def _ask(self, doubt: Doubt) -> None:
        attempt = doubt.call.attempt
        assert attempt.sent_at is not None, "an attempt in doubt was sent"
        query = query_for(attempt.sent_at)
        found = await self._enquiry.between(query.since, query.until, doubt.caller_id, doubt.number, Rank.LOOK_UP)
        if found is None:
            self._failed[attempt.id] = self._clock.now() + TRY_AGAIN
            return
        sids = [report.call_sid for report in found]
        fits = fitting(sids, await self._insight.owned(sids))
        if len(fits) == 1:
            await self._adopt(doubt, next(report for report in found if report.call_sid == fits[0]))
            return
        steady = await self._enquiry.steady_since(attempt.sent_at)
        controlled = not fits and steady and await self._controlled(attempt.sent_at)
        note = "" if fits or controlled else NO_CONTROL if steady else CLOCK_MOVED
        await self._record(doubt, Asked(self._clock.now(), len(fits), controlled, note))

    async def _controlled(self, sent_at: datetime) -> bool:
        """Whether a query of the same form returns a call that is certainly there."""
        own = await self._insight.control(self._account, sent_at, self._clock.now() - LISTED_AFTER)
        if own is None:
            return False
        query = query_for(own.sent_at)
        found = await self._enquiry.between(query.since, query.until, own.caller_id, own.number, Rank.LOOK_UP)
        return any(report.call_sid == own.call_sid for report in found or [])

    async def _adopt(self, doubt: Doubt, report: CallReport) -> None:
        now, sid = self._clock.now(), CallSid(report.call_sid)
        await self._record(doubt, Accepted(now, sid, ResolvedBy.POLL))
        if report.disposition:
            await self._record(doubt, Ended(now, report.disposition, report.status, ResolvedBy.POLL, sid))

    async def _record(self, doubt: Doubt, event: Event) -> None:
        [recorded] = await self._store.record([Happened(doubt.call.attempt.id, event)])
        self._settled(recorded)
        self._feed.changed(News.PLACED, News.ENDED, News.LEADS)
