"""Reading, inside a commit: how the first calls of a campaign go (`core.canary`), while that is not decided.

Then there are few of them; where a canary is asked for of a campaign that has made more calls already, it is not begun.
"""

import sys
from datetime import datetime

from sqlalchemy import Connection, func, select

from campaign.core import canary
from campaign.core.attempt import AttemptState
from campaign.core.canary import Fine, Trying
from campaign.core.failing import Stop
from campaign.core.lead import CampaignId
from campaign.core.policy import Policy
from campaign.store import tables
from campaign.store.rows import ATTEMPT_COLUMNS, attempt_of

attempt, campaign, count = tables.attempt, tables.campaign, tables.attempt_count


def tried(connection: Connection, of: CampaignId, policy: Policy, now: datetime) -> Trying | Fine | Stop | None:
    """What they say; None where there is nothing to decide."""
    if not policy.canary or connection.execute(select(campaign.c.tried_out).where(campaign.c.id == of)).scalar_one():
        return None
    ended = select(func.sum(count.c.attempts)).where(count.c.campaign_id == of, count.c.disposition != "")
    if (connection.execute(ended).scalar() or 0) > policy.canary:
        return None
    theirs = attempt.c.campaign_id == of, attempt.c.state != AttemptState.RESERVED
    rows = connection.execute(select(*ATTEMPT_COLUMNS).where(*theirs))
    return canary.judge([attempt_of(row) for row in rows], policy.canary, policy.pause_if_failed, now)


def canary_left(connection: Connection, of: CampaignId, policy: Policy, now: datetime) -> int | None:
    """How many more calls may leave before they are judged; None: as many as one likes."""
    said = tried(connection, of, policy, now)
    if said is None:
        return None
    return said.left if isinstance(said, Trying) else 0


def most_to_claim(connection: Connection, of: CampaignId, policy: Policy, now: datetime) -> int:
    """The same, less those reserved already."""
    left = canary_left(connection, of, policy, now)
    if left is None:
        return sys.maxsize
    reserved = select(func.sum(count.c.attempts)).where(
        count.c.campaign_id == of, count.c.state == AttemptState.RESERVED
    )
    return left - (connection.execute(reserved).scalar() or 0)
