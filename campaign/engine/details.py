"""After a call's end: its duration, price and recording, which the provider knows only minutes later."""

from datetime import UTC, datetime, timedelta

from campaign.core.attempt import AttemptId
from campaign.core.lead import CampaignId
from campaign.core.policy import Policy
from campaign.core.records import Details, LiveCall
from campaign.engine.enquiry import PAGE, Enquiry
from campaign.engine.feed import Feed, News
from campaign.engine.pacer import Rank
from campaign.ports import Insight, Store

FIRST_AFTER = timedelta(minutes=2)  # Exotel: about 2 minutes; others measured 5
GAP = timedelta(minutes=1)


class DetailsFetcher:
    """Asks in bulk, at most every `GAP`, last of all, until all is told or `details_for` after a call's end is over.

    `late`: a finished campaign is taken up again only for this, so every call is asked for once, however old.
    """

    def __init__(
        self, campaign: CampaignId, policy: Policy, *, store: Store, insight: Insight, enquiry: Enquiry, feed: Feed
    ) -> None:
        self._campaign, self._policy = campaign, policy
        self._store, self._insight, self._enquiry, self._feed = store, insight, enquiry, feed
        self._next_ask: dict[AttemptId, datetime] = {}
        self._not_before = datetime.min.replace(tzinfo=UTC)
        self._again: datetime | None = self._not_before  # there may be some of an earlier process
        self.late = False
        self.bell = feed.listen(News.ENDED)

    async def missing(self, now: datetime) -> list[LiveCall]:
        """Calls that are still worth asking for."""
        calls = await self._insight.undetailed(self._campaign, None if self.late else now - self._policy.details_for)
        return [call for call in calls if not (self.late and call.attempt.id in self._next_ask)]

    async def step(self, now: datetime) -> datetime | None:
        """Ask for those that are due; when to come back, None: when the bell rings.

        They are not read again because one more call has ended.
        """
        if self._again is not None and now >= self._again:
            self._again = await self._look(now)
        else:
            told = now + FIRST_AFTER
            self._again = min(self._again or told, told)
        return self._again

    async def _look(self, now: datetime) -> datetime | None:
        missing = await self.missing(now)
        due = [call for call in missing if self._due(call) <= now]
        if due and now >= self._not_before:
            self._not_before = now + GAP
            for start in range(0, len(due), PAGE):
                await self._ask(due[start : start + PAGE], now)
            self._feed.changed(News.DETAILS)
            return now
        return max(self._not_before, min(self._due(call) for call in missing)) if missing else None

    def _due(self, call: LiveCall) -> datetime:
        ended = call.attempt.ended_at
        assert ended is not None, "a call without details has ended"
        return self._next_ask.get(call.attempt.id, ended if self.late else ended + FIRST_AFTER)

    async def _ask(self, calls: list[LiveCall], now: datetime) -> None:
        by_sid = {call.attempt.call_sid: call.attempt.id for call in calls if call.attempt.call_sid}
        reports = await self._enquiry.many(list(by_sid), Rank.DETAILS)
        await self._store.add_details(
            [
                Details(
                    attempt=by_sid[sid],
                    duration_sec=report.duration_sec,
                    conversation_sec=report.conversation_sec,
                    price=report.price,
                    recording_url=report.recording_url,
                    started=report.started,
                    ended=report.ended,
                )
                for sid, report in reports.items()
                if sid in by_sid and report.disposition
            ]
        )
        for attempt in by_sid.values():  # only now: until then they are worth waiting for
            self._next_ask[attempt] = now + GAP
