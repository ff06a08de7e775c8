"""`campaign verify --provider`: the provider's own list of calls and the ledger, one to one but for what is listed.

Every page of the list is a look-up like any other: it holds a place in the rate. Nothing of the ledger's calls changes.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.core.attempt import AttemptState, CallSid, Refusal
from campaign.core.call import CallReport
from campaign.core.checks import Check, Counted
from campaign.core.events import Refused
from campaign.core.pace import Pace, Why
from campaign.core.policy import Policy
from campaign.core.records import AttemptRecord, CampaignRecord
from campaign.engine.enquiry import Enquiry
from campaign.engine.pacer import Pacer, Rank
from campaign.engine.tasks import beside
from campaign.errors import AccountRefused, CampaignError
from campaign.ports import Clock, Insight, Provider, Store

STRETCH = timedelta(days=1)
OVERLAP = timedelta(minutes=15)  # two clocks, and a list that is late
LISTED_AFTER = timedelta(minutes=10)
SQL_VARIABLES = 500
TRIES = 3


async def compare(
    campaign: CampaignRecord, policy: Policy, *, store: Store, insight: Insight, provider: Provider, clock: Clock
) -> list[Check]:
    """Both ways. Raises AccountRefused, and CampaignError when the list cannot be had."""
    pacer = Pacer(Pace(policy.rate), clock)
    await pacer.take_up(campaign.account_id, store, insight)
    comparison = _Comparison(campaign, policy, store, insight, provider, pacer, clock)
    async with beside(pacer.run()):
        return await comparison.checks()


@dataclass(slots=True)
class _Ours:
    """What to ask the provider for: calls from whom, since when."""

    callers: set[str]
    since: datetime


class _Comparison:
    def __init__(
        self, campaign: CampaignRecord, policy: Policy, store: Store, insight: Insight, provider: Provider,
        pacer: Pacer, clock: Clock,
    ) -> None:  # fmt: skip
        self.campaign, self.policy, self.insight, self.pacer, self.clock = campaign, policy, insight, pacer, clock
        self.listed: set[CallSid] = set()
        self.refused = ""
        self.enquiry = Enquiry(
            campaign.account_id,
            policy.provider_zone,
            store=store,
            insight=insight,
            provider=provider,
            pacer=pacer,
            clock=clock,
            heed=self._heed,
        )

    async def checks(self) -> list[Check]:
        now, ours = self.clock.now(), await self._ours()
        theirs = await self._theirs(ours, now)
        return [theirs, await self._back(now)]

    async def _ours(self) -> _Ours:
        ours = _Ours({each.number for each in self.policy.callers}, self.campaign.created_at)
        async for chunk in self.insight.attempts(self.campaign.id):
            ours.callers.update(each.caller_id for each in chunk if each.caller_id)
            ours.since = min([ours.since, *(each.attempt.sent_at for each in chunk if each.attempt.sent_at)])
        return ours

    async def _theirs(self, ours: _Ours, now: datetime) -> Check:
        """Each call of the list is an attempt's, or listed as somebody else's or as perhaps one in doubt."""
        counted, others, doubtful = Counted("provider's calls"), 0, 0
        strangers = {each.call_sid for each in await self.insight.strangers(self.campaign.account_id)}
        doubts = {each.number for each in await self.insight.doubts(self.campaign.account_id)}
        async for reports in self._pages(ours, now):
            owned = await self.insight.owned([each.call_sid for each in reports])
            for report in reports:
                self.listed.add(report.call_sid)
                counted.count += 1
                if report.call_sid in owned:
                    continue
                if report.call_sid in strangers:
                    others += 1
                elif self.enquiry.number_of(report.number or "") in doubts:
                    doubtful += 1
                else:
                    counted.breach(f"call {report.call_sid} of {report.created or 'an unknown time'} is not known here")
        listed = [f"{others} that nobody here made", f"{doubtful} perhaps in doubt here"]
        return counted.check(f"known here, or listed: {', '.join(listed)}")

    async def _pages(self, ours: _Ours, now: datetime) -> AsyncIterator[Sequence[CallReport]]:
        """New calls of the list, a few at a time."""
        for caller in sorted(ours.callers):
            since = ours.since - OVERLAP
            while since < now:
                until = min(since + STRETCH, now)
                found = await self._between(since, until, caller)
                new = list({each.call_sid: each for each in found if each.call_sid not in self.listed}.values())
                for start in range(0, len(new), SQL_VARIABLES):
                    yield new[start : start + SQL_VARIABLES]
                since = until

    async def _between(self, since: datetime, until: datetime, caller: str) -> list[CallReport]:
        for _ in range(TRIES):
            found = await self.enquiry.between(since, until, caller, None, Rank.LOOK_UP, guess=True)
            if found is not None:
                return found
        raise CampaignError(f"The provider's list cannot be read{self.refused}.", "Try again later.")

    async def _back(self, now: datetime) -> Check:
        """Each accepted attempt is in the list, once its call is over for a while."""
        counted, early = Counted("calls of the ledger"), 0
        async for chunk in self.insight.attempts(self.campaign.id):
            for record in chunk:
                if record.attempt.state is not AttemptState.ACCEPTED or record.attempt.call_sid is None:
                    continue
                counted.count += 1
                if record.attempt.call_sid in self.listed:
                    continue
                if _too_early(record, now):
                    early += 1
                else:
                    counted.breach(f"attempt {record.attempt.id}: the provider has no call {record.attempt.call_sid}")
        return counted.check(f"in the provider's list, or listed: {early} alive or just over")

    async def _heed(self, refused: Refused) -> None:
        self.refused = f": {refused.reason}"
        match refused.refusal:
            case Refusal.ACCOUNT:
                raise AccountRefused(
                    f"The provider refuses the account: {refused.reason}.",
                    "Put it right (credentials, balance, verification), then try again.",
                )
            case Refusal.LATER:
                wait = refused.retry_after
                span = self.policy.rate.period if wait is None else timedelta(seconds=wait)
                self.pacer.pause(self.clock.now() + span, Why.ASKED)
            case _:
                raise CampaignError(f"No connection to the provider: {refused.reason}.", "Try again later.")


def _too_early(record: AttemptRecord, now: datetime) -> bool:
    attempt = record.attempt
    over = attempt.ended_at or attempt.sent_at
    return attempt.alive or (over is not None and now - over < LISTED_AFTER)
