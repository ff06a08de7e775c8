"""When a running campaign will be finished, for whoever shows it: reckoned every few seconds, not at every look."""

from datetime import datetime

from campaign.core.forecast import Forecast, ahead
from campaign.core.lead import CampaignId
from campaign.core.policy import Policy
from campaign.core.tally import Tally
from campaign.ports import Clock, Insight

EVERY = 10.0
"""Real seconds."""


class Foresight:
    """Of one campaign."""

    def __init__(self, campaign: CampaignId, policy: Policy, insight: Insight, clock: Clock) -> None:
        self._campaign, self._policy, self._insight, self._clock = campaign, policy, insight, clock
        self._forecast: Forecast | None = None
        self._again = 0.0

    async def look(self, tally: Tally, now: datetime) -> Forecast | None:
        """None: nothing is left to dial."""
        if self._clock.ticks() >= self._again:
            course = await self._insight.course(self._campaign)
            self._forecast = ahead(tally, course, self._policy, now)
            self._again = self._clock.ticks() + EVERY
        return self._forecast
