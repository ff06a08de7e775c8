"""Writing: what the ends of calls say of their campaign, and the pause that follows, in the very commit of the end.

The last ends stand with the campaign, one letter each: what a decision costs does not grow with the list.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select, text, update

from campaign.core import failing
from campaign.core.attempt import Attempt, AttemptState
from campaign.core.failing import Stop
from campaign.core.lead import CampaignId, CampaignState
from campaign.core.policy import Policy
from campaign.store import tables
from campaign.store.campaigns import Move, move

attempt, campaign, lead = tables.attempt, tables.campaign, tables.lead


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

    def _failing(self, of: int, at: datetime) -> None:
        limit = self.policies[of].pause_if_failed
        if not limit or not self.ends[of]:
            return
        mine = campaign.c.id == of
        row = self.connection.execute(select(campaign.c.state, campaign.c.last_ends).where(mine)).one()
        last = ((row.last_ends or "") + self.ends[of])[-limit.of :]
        self.connection.execute(update(campaign).where(mine).values(last_ends=last))
        decision = failing.decide(last, limit)
        if isinstance(decision, Stop) and row.state == CampaignState.RUNNING and self._somebody_waits(of):
            move(self.connection, [Move(CampaignId(of), CampaignState.PAUSED, decision.why, at)])

    def _somebody_waits(self, of: int) -> bool:
        waiting = select(lead.c.id).where(lead.c.campaign_id == of, text(tables.WAITING)).limit(1)
        reserved = select(attempt.c.id).where(attempt.c.campaign_id == of, attempt.c.state == AttemptState.RESERVED)
        return any(self.connection.execute(query).first() for query in (waiting, reserved.limit(1)))
