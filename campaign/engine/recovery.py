"""Silence: calls whose end nobody told are asked for, and what nobody knows in the end is held.

Without a public address every call alive is asked for in bulk every `poll_every`, so that a channel frees at once; with
one, and always, a call that is silent `poll_after` its latest end is asked for by its Sid, at growing gaps.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from campaign.core.attempt import AttemptId, AttemptState, CallSid, ResolvedBy
from campaign.core.call import CallReport
from campaign.core.events import Ended, Silent
from campaign.core.lead import CampaignId
from campaign.core.records import Happened, LiveCall
from campaign.engine.enquiry import PAGE
from campaign.engine.feed import News
from campaign.engine.pacer import Rank
from campaign.engine.shared import Shared

GROWS = 2


class Recovery:
    """Asks for calls whose end nobody told, and holds those that stay silent."""

    def __init__(self, shared: Shared) -> None:
        self._account, self._policy = shared.account, shared.policy
        self._store, self._insight, self._enquiry = shared.store, shared.insight, shared.enquiry
        self._clock, self._feed, self._settled = shared.clock, shared.feed, shared.settled
        self._polled_at: datetime | None = None
        self._asked: dict[AttemptId, tuple[datetime, timedelta]] = {}
        self._wanted: set[AttemptId] = set()
        self._silent: set[AttemptId] = set()
        self._again: datetime | None = datetime.min.replace(tzinfo=UTC)  # what an earlier process left
        self.bell = shared.feed.listen(News.PLACED)

    def ask(self, attempt: AttemptId) -> None:
        """A callback told of this call, but not its end."""
        self._wanted.add(attempt)
        self.bell.set()

    async def first(self, now: datetime) -> None:
        """At start: callbacks that came while nobody listened are lost, so every call alive is asked for once."""
        self._polled_at = now
        await self._poll(await self._alive())

    async def settle(self, campaign: CampaignId) -> None:
        """Ask once more for every call of a campaign; those whose end is still not told are held."""
        await self._poll([call for call in await self._alive() if call.campaign == campaign])
        await self._hold([call for call in await self._alive() if call.campaign == campaign], self._clock.now())

    async def _alive(self) -> list[LiveCall]:
        return [call for call in await self._insight.live_calls(self._account) if _known(call)]

    async def step(self, now: datetime) -> datetime | None:
        """Ask for whatever is due; when to come back. Calls are not read again because one more was made."""
        if self._wanted or (self._again is not None and now >= self._again):
            alive = await self._alive()
            if alive and await self._act(alive, now):
                alive = await self._alive()
            self._again = self._next(alive)
        else:
            made = now + (self._policy.poll_after if self._policy.callbacks else self._policy.poll_every)
            self._again = min(self._again or made, made)
        return self._again

    async def _act(self, alive: Sequence[LiveCall], now: datetime) -> bool:
        """Whether anything was due."""
        polls = not self._policy.callbacks and now >= self._next_poll(alive)
        due = [call for call in alive if call.attempt.id in self._wanted or now >= self._due(call)]
        if polls:
            self._polled_at = now
            await self._poll([call for call in alive if not self._overdue(call, now)])
        for call in due:
            await self._ask(call, now)
        held = await self._hold([call for call in alive if now >= self._given_up_at(call)], now)
        return bool(polls or due or held)

    async def _poll(self, calls: Sequence[LiveCall]) -> None:
        for start in range(0, len(calls), PAGE):
            page = {call.attempt.call_sid: call for call in calls[start : start + PAGE] if call.attempt.call_sid}
            reports = await self._enquiry.many(list(page), Rank.LOOK_UP)
            await self._tell([(page[sid], report) for sid, report in reports.items() if sid in page])

    async def _ask(self, call: LiveCall, now: datetime) -> None:
        self._wanted.discard(call.attempt.id)
        _, gap = self._asked.get(call.attempt.id, (now, self._policy.poll_after / GROWS))
        self._asked[call.attempt.id] = (now, gap * GROWS)
        report = await self._enquiry.one(CallSid(call.attempt.call_sid or ""))
        if report:
            await self._tell([(call, report)])

    async def _tell(self, reports: Sequence[tuple[LiveCall, CallReport]]) -> None:
        now = self._clock.now()
        happened = [
            Happened(call.attempt.id, Ended(now, report.disposition, report.status, ResolvedBy.POLL, report.call_sid))
            for call, report in reports
            if report.disposition
        ]
        for recorded in await self._store.record(happened):
            self._settled(recorded)
        if happened:
            self._feed.changed(News.ENDED)

    async def _hold(self, calls: Sequence[LiveCall], now: datetime) -> bool:
        silent = [call.attempt.id for call in calls if call.attempt.id not in self._silent]
        self._silent.update(silent)
        for recorded in await self._store.record([Happened(each, Silent(now)) for each in silent]):
            self._settled(recorded)
        if silent:
            self._feed.changed(News.ENDED)
        return bool(silent)

    def _next_poll(self, alive: Sequence[LiveCall]) -> datetime:
        first = min(call.attempt.sent_at for call in alive if call.attempt.sent_at)
        return (self._polled_at or first) + self._policy.poll_every

    def _overdue(self, call: LiveCall, now: datetime) -> bool:
        end = call.attempt.latest_end
        return end is not None and now >= end + self._policy.poll_after

    def _due(self, call: LiveCall) -> datetime:
        """When this call is asked for by its Sid: after its latest end, then at growing gaps."""
        if call.attempt.id in self._asked:
            asked_at, gap = self._asked[call.attempt.id]
            return asked_at + gap
        assert call.attempt.latest_end is not None, "a call that was sent has a latest end"
        return call.attempt.latest_end + self._policy.poll_after

    def _given_up_at(self, call: LiveCall) -> datetime:
        assert call.attempt.latest_end is not None, "a call that was sent has a latest end"
        return call.attempt.latest_end + self._policy.settle_for

    def _next(self, live: Sequence[LiveCall]) -> datetime | None:
        alive = [call for call in live if call.attempt.id not in self._silent]
        instants = [min(self._due(call), self._given_up_at(call)) for call in alive]
        if alive and not self._policy.callbacks:
            instants.append(self._next_poll(alive))
        return min(instants, default=None)


def _known(call: LiveCall) -> bool:
    return call.attempt.call_sid is not None and call.attempt.state is AttemptState.ACCEPTED
