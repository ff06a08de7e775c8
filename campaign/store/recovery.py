"""Writing: what an owner finds at its start, and sets right before anything else."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from campaign.core.attempt import AttemptId, AttemptState
from campaign.core.events import CUT_OFF, InDoubt
from campaign.core.lead import CampaignId, CampaignState, Outcome
from campaign.core.records import TEST_CALL, Happened, Recovered, Release
from campaign.store import imports, tables
from campaign.store.campaigns import Closing, Move, close_rest, move
from campaign.store.claiming import release
from campaign.store.parking import unpark_rest
from campaign.store.recording import record
from campaign.store.rows import ReadPolicy

attempt, campaign, request = tables.attempt, tables.campaign, tables.request
LEFT = "its process ended before it was told"
_OPEN = [CampaignState.DRAFT, CampaignState.RUNNING, CampaignState.PAUSED, CampaignState.DRAINING]


def recover(read_policy: ReadPolicy, connection: Connection, starts: Sequence[datetime]) -> list[Recovered]:
    return [_recover(read_policy, connection, now) for now in starts]


def _recover(read_policy: ReadPolicy, connection: Connection, now: datetime) -> Recovered:
    """A reservation has no owner and is free again; a request nobody heard the answer of may have rung a phone."""
    reserved = _in_state(connection, AttemptState.RESERVED)
    release(connection, [Release(each, None, "next in line", now) for each in reserved])
    sending = _in_state(connection, AttemptState.SENDING)
    if sending:
        doubts = [Happened(each, InDoubt(now, CUT_OFF)) for each in sending]
        record(read_policy, connection, doubts, may_pause=False)
    connection.execute(update(request).where(request.c.replied_at.is_(None)).values(replied_at=now))
    unpark_rest(connection, now)
    _close_test_calls(connection, now)
    return Recovered(len(reserved), len(sending), imports.sweep(connection, now))


def _close_test_calls(connection: Connection, now: datetime) -> None:
    """Whoever waited for one is gone, and nobody dials it any more; what is alive or in doubt is settled as ever."""
    open_ones = connection.execute(select(campaign.c.id, campaign.c.name).where(campaign.c.state.in_(_OPEN))).all()
    # By the letter: to LIKE, “Test call June” would be one too, and it would be stopped for good.
    for of in [CampaignId(each.id) for each in open_ones if each.name.startswith(TEST_CALL)]:
        move(connection, [Move(of, CampaignState.DRAINING, LEFT, now)])
        close_rest(connection, [Closing(of, Outcome.CANCELED, LEFT, now)])
        move(connection, [Move(of, CampaignState.STOPPED, LEFT, now)])


def _in_state(connection: Connection, state: AttemptState) -> list[AttemptId]:
    ids = connection.execute(select(attempt.c.id).where(attempt.c.state == state)).scalars()
    return [AttemptId(each) for each in ids]
