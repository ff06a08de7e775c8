"""One test call: now, or not at all. What would make a campaign wait ends it."""

import asyncio

from campaign.core.attempt import AttemptState, Refusal
from campaign.core.lead import CampaignState, LeadState, Outcome
from campaign.core.records import AttemptRecord, LeadRecord
from campaign.engine.desk import repeat
from campaign.engine.feed import News
from campaign.engine.run import REFUSED, Ending, Run

IN_DOUBT = "it may have rung, and nobody said so yet"
LEFT = "interrupted before its end was told"
UNTOLD = "its end was not told in time"
NOT_CALLED = "not called: "


class Once(Run):
    """The campaign of a single test call (`CampaignRecord.test_call`). Its attempt obeys whatever every other does."""

    async def go(self, group: asyncio.TaskGroup) -> Ending:
        await self._start()
        details = group.create_task(repeat(self.details, self.clock))
        try:
            for reserved in await self.store.claim_due(self.orders.campaign.id, self.clock.now(), 1):
                await self.dialer.dial(reserved)
                self.feed.changed(News.PLACED)
            await self._told()
        finally:
            details.cancel()
        return await self._conclude()

    def interrupt(self) -> None:
        """If it has not left it does not; if it has, nobody waits for its end."""
        self.dialer.forbid()
        super().interrupt()

    async def _told(self) -> None:
        """Until its end and its price are told, or their times are over."""
        policy = self.orders.policy
        while not self._interrupted:
            now = self.clock.now()
            alive = [each.attempt for each in await self._live() if each.attempt.state is AttemptState.ACCEPTED]
            ends = [each.latest_end + 2 * policy.poll_after for each in alive if each.latest_end]
            ended = [each.attempt.ended_at for each in await self.details.missing(now)]
            ends += [at + policy.details_for for at in ended if at]
            if not [at for at in ends if at > now]:
                return
            await self.clock.wait(max(ends), self.bell)

    async def _conclude(self) -> Ending:
        """Nothing of it is left for a later run to dial."""
        campaign, now = self.orders.campaign.id, self.clock.now()
        [lead] = [each async for chunk in self.insight.leads(campaign) for each in chunk]
        if lead.state is LeadState.DONE:
            await self.store.set_state(campaign, CampaignState.COMPLETED, "every lead is done", now)
            return Ending.DONE
        ending, why = self._why(lead, next(reversed(lead.attempts), None))
        await self.store.set_state(campaign, CampaignState.DRAINING, why, now)
        await self.store.close_rest(campaign, Outcome.CANCELED, why, now)
        await self.store.set_state(campaign, CampaignState.STOPPED, why, now)
        self.feed.changed(News.LEADS)
        return ending

    def _why(self, lead: LeadRecord, last: AttemptRecord | None) -> tuple[Ending, str]:
        """Why its lead is not done."""
        if last and last.attempt.alive:
            if last.attempt.state is not AttemptState.ACCEPTED:
                return Ending.IN_DOUBT, IN_DOUBT
            return (Ending.INTERRUPTED, LEFT) if self._interrupted else (Ending.IN_DOUBT, UNTOLD)
        if last and last.attempt.refusal in (Refusal.ACCOUNT, Refusal.CALLER_ID):
            return Ending.ACCOUNT, f"{REFUSED}{last.error}"
        why = last.error if last and last.attempt.refusal else lead.reason
        if lead.due_at and lead.due_at > self.clock.now():
            why += f", until {lead.due_at.astimezone(self.orders.policy.window.zone):%a %d %b %H:%M}"
        return (Ending.INTERRUPTED if self._interrupted else Ending.PAUSED), f"{NOT_CALLED}{why}"
