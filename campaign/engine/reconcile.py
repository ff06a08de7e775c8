"""The other way round: the provider's own list of calls, held against the ledger.

A call of ours that no attempt made is noted and counts for its number: somebody dials by hand, a second tool does, the
provider redials. In a database that is an older copy of itself such a call is one it has forgotten: it is entered, and
the list has all of those only when the last of them must be over and listed.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from campaign.core.attempt import AttemptState
from campaign.core.call import CallReport
from campaign.core.doubt import query_for
from campaign.core.records import Doubt, ForgottenCall, Stranger
from campaign.engine.feed import News
from campaign.engine.pacer import Rank
from campaign.engine.shared import Shared

EVERY = timedelta(hours=1)
OVERLAP = timedelta(minutes=15)  # Exotel lists a call minutes after its end
TRY_AGAIN = timedelta(minutes=5)


class Reconciliation:
    """`since`: where to begin if nothing was compared yet.

    `forgotten`: the database is an older copy of itself, and so long may a call last that it does not know of.
    """

    def __init__(self, shared: Shared, since: datetime, *, forgotten: timedelta | None = None) -> None:
        self._account, self._policy = shared.account, shared.policy
        self._store, self._insight, self._enquiry = shared.store, shared.insight, shared.enquiry
        self._clock, self._feed = shared.clock, shared.feed
        self._since, self.forgetful = since, forgotten is not None
        self._overlap = max(OVERLAP, shared.policy.list_lag)
        self._certain_until = shared.clock.now() - (forgotten or timedelta(0))  # what was created since may be alive
        self._whole_at = shared.clock.steady() + (forgotten or timedelta(0)) + shared.policy.list_lag
        self._next: datetime | None = None
        self.bell = asyncio.Event()

    async def step(self, now: datetime) -> datetime | None:
        """Compare, if it is time; when to come back."""
        if self._next is None or now >= self._next:
            compared = await self.compare(Rank.DETAILS)
            self._next = now + (EVERY if compared else TRY_AGAIN)
        return self._next

    @property
    def whole_at(self) -> datetime:
        """From when on the list has every call that an older copy has forgotten, by the clock."""
        return self._whole_at + (self._clock.now() - self._clock.steady())

    async def compare(self, rank: Rank) -> bool:
        """Everything created since the last time; False where the list could not be had.

        An older copy of itself is forgetful no more once the whole list was had.
        """
        now = self._clock.now()
        whole = now >= self.whole_at
        since = (await self._insight.reconciled_until(self._account) or self._since) - self._overlap
        found: list[CallReport] = []
        for caller in self._policy.callers:
            theirs = await self._enquiry.between(since, now, caller.number, None, rank, guess=True)
            if theirs is None:
                return False
            found += theirs
        sids = [report.call_sid for report in found]
        owned = await self._insight.owned(sids)
        calls = [(report, await self._stranger(report, now)) for report in found if report.call_sid not in owned]
        await self._note(await self._undoubted(calls), now)
        await self._store.note_reconciled(self._account, await self._settled_until(now))
        self.forgetful = self.forgetful and not whole
        return True

    async def _stranger(self, report: CallReport, now: datetime) -> Stranger:
        created = await self._enquiry.ours(report.created or "") or now
        number = self._enquiry.number_of(report.number or "")
        caller_id = report.caller_id or self._policy.callers[0].number
        return Stranger(report.call_sid, number, caller_id, report.status, created)

    async def _undoubted(self, calls: Sequence[tuple[CallReport, Stranger]]) -> list[tuple[CallReport, Stranger]]:
        """Without calls that may be those of attempts in doubt: they are settled first."""
        doubts = await self._insight.doubts(self._account)
        return [(report, call) for report, call in calls if not any(map(partial(_may_be, call), doubts))]

    async def _note(self, calls: Sequence[tuple[CallReport, Stranger]], now: datetime) -> None:
        forgotten = [ForgottenCall(call, report.disposition) for report, call in calls if report.disposition]
        entered = await self._store.adopt(self._account, forgotten, now) if self.forgetful else [False] * len(forgotten)
        adopted = {each.call.call_sid for each, done in zip(forgotten, entered, strict=True) if done}
        strangers = [call for _, call in calls if call.call_sid not in adopted]
        new = sum(await self._store.note_strangers(self._account, strangers, now))
        if new:
            self._feed.say(f"calls from your number that nobody here made: {new}; `campaign status` counts them", None)
        if new or adopted:
            self._feed.changed(News.LEADS)

    async def _settled_until(self, now: datetime) -> datetime:
        """Calls still alive, in doubt, or forgotten and perhaps alive, are compared again once they are over."""
        open_since = [
            call.attempt.sent_at
            for call in await self._insight.live_calls(self._account)
            if call.attempt.sent_at and call.attempt.state is not AttemptState.ACCEPTED
        ]
        return min([now, *open_since, *([self._certain_until] if self.forgetful else [])])


def _may_be(call: Stranger, doubt: Doubt) -> bool:
    """Whether a call may have come of an attempt in doubt."""
    sent_at = doubt.call.attempt.sent_at
    assert sent_at is not None, "an attempt in doubt was sent"
    around = query_for(sent_at)
    return call.number == doubt.number and around.since <= call.created_at <= around.until
