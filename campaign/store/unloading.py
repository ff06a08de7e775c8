"""Writing: who was never called will not be. The same question, for reading, is what `campaign unload` shows first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from campaign.core.attempt import AttemptId, AttemptState
from campaign.core.lead import CampaignId, LeadState, NumberHash, Outcome, PhoneNumber
from campaign.core.records import Release, Unloaded
from campaign.store import tables
from campaign.store.claiming import release
from campaign.store.rows import COUNTED, AnyRow, append_events, event_row, set_rows

attempt, imported, lead, lead_number = tables.attempt, tables.imported, tables.lead, tables.lead_number


@dataclass(frozen=True, slots=True)
class Unloading:
    """Whoever is not to be called."""

    campaign: CampaignId
    numbers: Sequence[PhoneNumber]
    why: str
    now: datetime


def unload(
    hashed: Callable[[PhoneNumber], NumberHash], connection: Connection, wanted: Sequence[Unloading]
) -> list[list[Unloaded]]:
    """A fate for each number."""
    return [_unload(connection, each, [hashed(number) for number in each.numbers]) for each in wanted]


def theirs(campaign: CampaignId, hashes: Sequence[NumberHash]) -> Select[*tuple[Any, ...]]:
    """The leads with these as their first numbers."""
    calls = select(func.count()).select_from(attempt).where(attempt.c.lead_id == lead.c.id, COUNTED).scalar_subquery()
    return (
        select(lead.c.id, lead.c.state, lead.c.outcome, lead_number.c.number_hash, calls.label("calls"))
        .join(lead_number, (lead_number.c.lead_id == lead.c.id) & (lead_number.c.position == 0))
        .join(imported, (imported.c.id == lead.c.import_id) & imported.c.visible_at.is_not(None))
        .where(lead_number.c.campaign_id == campaign, lead_number.c.number_hash.in_(hashes))
    )


def fates(leads: Sequence[AnyRow], hashes: Sequence[NumberHash]) -> list[Unloaded]:
    """What each number comes to, given what `theirs` found; one that is there twice is unloaded once."""
    by_hash = {row.number_hash: _fate(row) for row in leads}
    found: list[Unloaded] = []
    for each in hashes:
        found.append(by_hash.get(each, Unloaded.ABSENT))
        if found[-1] is Unloaded.EXCLUDED:
            by_hash[each] = Unloaded.ALREADY
    return found


def _fate(row: AnyRow) -> Unloaded:
    if row.outcome == Outcome.EXCLUDED:
        return Unloaded.ALREADY
    if row.state == LeadState.DONE:
        return Unloaded.DONE
    if not row.calls:  # at most a reservation, or parked behind somebody else's call
        return Unloaded.EXCLUDED
    return Unloaded.WAITING if row.state == LeadState.RETRY_WAIT else Unloaded.ALIVE


def _unload(connection: Connection, wanted: Unloading, hashes: Sequence[NumberHash]) -> list[Unloaded]:
    leads = connection.execute(theirs(wanted.campaign, hashes)).all()
    _exclude(connection, wanted, [row.id for row in leads if _fate(row) is Unloaded.EXCLUDED])
    return fates(leads, hashes)


def _exclude(connection: Connection, wanted: Unloading, leads: Sequence[int]) -> None:
    done = {"state": LeadState.DONE, "outcome": Outcome.EXCLUDED, "reason": wanted.why, "due_at": None}
    reserved = attempt.c.lead_id.in_(leads) & (attempt.c.state == AttemptState.RESERVED)
    prepared = connection.execute(select(attempt.c.id).where(reserved)).scalars()
    release(connection, [Release(AttemptId(each), None, wanted.why, wanted.now) for each in prepared])
    set_rows(connection, lead, [{"target": each, **done, "final_at": wanted.now} for each in leads])
    data = {"outcome": Outcome.EXCLUDED, "why": wanted.why}
    append_events(
        connection,
        [event_row(wanted.now, "finished", campaign_id=wanted.campaign, lead_id=each, data=data) for each in leads],
    )
