"""Writing: what the ends of calls say of their campaign, and the pause that follows, in the very commit of the end.

The last ends stand with the campaign, one letter each: what a decision costs does not grow with the list. The first
calls (`core.canary`) are looked at before anything is claimed, too: what settled them may have been no end of a call.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select, text, update

from campaign.core import failing
from campaign.core.attempt import Attempt, AttemptState
from campaign.core.canary import Fine, Trying
from campaign.core.failing import Stop
from campaign.core.lead import CampaignId, CampaignState
from campaign.core.policy import Policy
from campaign.core.records import Reserved
from campaign.store import claiming, tables
from campaign.store.campaigns import Move, move
from campaign.store.choosing import newest_policy
from campaign.store.claiming import Claim
from campaign.store.rows import ReadPolicy
from campaign.store.trying import tried

attempt, campaign, lead = tables.attempt, tables.campaign, tables.lead
_OPEN = (CampaignState.RUNNING, CampaignState.PAUSED)


class Watch:
    """The ends of one commit. `policies`: the newest of each campaign."""

    def __init__(self, connection: Connection, policies: Mapping[int, Policy]) -> None:
        self.connection = connection
        self.policies = policies
        self.ends: dict[int, str] = defaultdict(str)
        self.at: dict[int, datetime] = {}

    def settled(self, of: int, settled: Attempt, lead: Iterable[Attempt], at: datetime) -> None:
        """An attempt of that campaign stands otherwise since then; `lead`: all attempts of its lead."""
        self.at[of] = max(at, self.at.get(of, at))
        self.ends[of] += failing.end_of(settled, lead) or ""

    def act(self) -> None:
        """After everything else of the commit is written."""
        for of, at in self.at.items():
            self._failing(of, at)
            try_out(self.connection, CampaignId(of), self.policies[of], at)

    def _failing(self, of: int, at: datetime) -> None:
        limit = self.policies[of].pause_if_failed
        if not limit or not self.ends[of]:
            return
        mine = campaign.c.id == of
        row = self.connection.execute(select(campaign.c.state, campaign.c.last_ends).where(mine)).one()
        last = ((row.last_ends or "") + self.ends[of])[-limit.of :]
        self.connection.execute(update(campaign).where(mine).values(last_ends=last))
        decision = failing.decide(last, limit)
        if isinstance(decision, Stop) and row.state == CampaignState.RUNNING and _somebody_waits(self.connection, of):
            move(self.connection, [Move(CampaignId(of), CampaignState.PAUSED, decision.why, at)])


def claim_due(read_policy: ReadPolicy, connection: Connection, claims: Sequence[Claim]) -> list[list[Reserved]]:
    """`claiming.claim_due`, once the first calls of each campaign were looked at."""
    reserved: list[list[Reserved]] = []
    for each in claims:
        policy = newest_policy(read_policy, connection, each.campaign)
        stopped = isinstance(try_out(connection, each.campaign, policy, each.now), Stop)
        reserved += [[]] if stopped else claiming.claim_due(read_policy, connection, [each])
    return reserved


def try_out(connection: Connection, of: CampaignId, policy: Policy, now: datetime) -> Trying | Fine | Stop | None:
    """Where the first calls can be judged: that they were stands with the campaign, and what they say.

    A running campaign goes on or is paused with the figures; to one that is paused already they are added.
    """
    said = tried(connection, of, policy, now)
    if isinstance(said, Fine | Stop):
        mine = campaign.c.id == of
        row = connection.execute(select(campaign.c.state, campaign.c.reason).where(mine)).one()
        if row.state in _OPEN:
            connection.execute(update(campaign).where(mine).values(tried_out=True))
            stops = isinstance(said, Stop) and _somebody_waits(connection, of)
            paused = stops or row.state == CampaignState.PAUSED
            why = f"{row.reason}; {said.why}" if row.state == CampaignState.PAUSED else said.why
            move(connection, [Move(of, CampaignState.PAUSED if paused else CampaignState.RUNNING, why, now)])
    return said


def _somebody_waits(connection: Connection, of: int) -> bool:
    waiting = select(lead.c.id).where(lead.c.campaign_id == of, text(tables.WAITING)).limit(1)
    reserved = select(attempt.c.id).where(attempt.c.campaign_id == of, attempt.c.state == AttemptState.RESERVED)
    return any(connection.execute(query).first() for query in (waiting, reserved.limit(1)))
