"""Leads that a file brings again: what it says of them now, and the version of their columns that follows.

What a version brings beside columns is there before the file is accepted: numbers bear the version, and are the lead's
once it is; the priority stands with the columns.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, select, update

from campaign.core.attempt import AttemptId, AttemptState
from campaign.core.lead import CampaignId, NumberHash, PhoneNumber
from campaign.core.order import BITS
from campaign.core.records import ImportId, Release
from campaign.store import claiming, tables
from campaign.store.rows import any_of, append_events, event_row, insert_many

attempt, imported, lead = tables.attempt, tables.imported, tables.lead
lead_columns, lead_number = tables.lead_columns, tables.lead_number
_NUMBER = ("lead_id", "position", "campaign_id", "number", "number_hash", "version")
NEWER = "a newer list has other columns for it"


@dataclass(frozen=True, slots=True)
class Known:
    """A lead by its first number: where it stands, and its newest columns with the file that brought them.

    `latest`: the highest version there is; one that an unfinished import brought may be above the lead's own.
    """

    into: ImportId
    source_line: int
    lead: int = 0
    newest: int = 0
    latest: int = 0
    header: Sequence[str] = ()
    cells: Sequence[str] = ()

    @property
    def columns(self) -> dict[str, str]:
        return dict(zip(self.header, self.cells, strict=False))


@dataclass(frozen=True, slots=True)
class Later:
    """Numbers that a line has behind the first, and the version of the lead's columns that they came with."""

    version: int
    numbers: Mapping[NumberHash, PhoneNumber]


def leads(connection: Connection, campaign: CampaignId, hashes: Sequence[NumberHash]) -> dict[NumberHash, Known]:
    """Those of the campaign that are there already, by their first number."""
    every = lead_columns.alias()
    highest = select(func.max(every.c.version)).where(every.c.lead_id == lead.c.id).scalar_subquery()
    found = connection.execute(
        select(
            lead_number.c.number_hash,
            lead.c.id,
            lead.c.import_id,
            lead.c.source_line,
            lead_columns.c.version.label("latest"),
            lead_columns.c.import_id.label("newest"),
            lead_columns.c.cells,
            imported.c.header,
        )
        .join(lead, lead.c.id == lead_number.c.lead_id)
        .join(lead_columns, (lead_columns.c.lead_id == lead.c.id) & (lead_columns.c.version == highest))
        .join(imported, imported.c.id == lead_columns.c.import_id)
        .where(
            lead_number.c.campaign_id == campaign,
            lead_number.c.position == 0,
            lead_number.c.number_hash.in_(any_of(hashes)),
        )
    )
    return {
        NumberHash(row.number_hash): Known(
            ImportId(row.import_id), row.source_line, row.id, row.newest, row.latest, row.header, row.cells
        )
        for row in found
    }


def newer(old: Mapping[str, str], new: Mapping[str, str], *, apart: str) -> bool:
    """Whether columns say something else of a lead, the number (`apart`) aside, which is the same however written.

    A file that lacks one of the columns changes nothing: what it does not have cannot be newer.
    """
    if not old.keys() - {apart} <= new.keys():
        return False
    return any(old.get(name) != cell for name, cell in new.items() if name != apart)


def add_numbers(connection: Connection, campaign: CampaignId, brought: Mapping[int, Later]) -> None:
    """By lead; those that a lead has not got follow those that it has, whose calls and turns stay theirs."""
    there: dict[int, set[str]] = defaultdict(set)
    numbers = select(lead_number.c.lead_id, lead_number.c.number_hash).where(lead_number.c.lead_id.in_(brought))
    for row in connection.execute(numbers) if brought else ():
        there[row.lead_id].add(row.number_hash)
    rows: list[tuple[object, ...]] = []
    for each, later in brought.items():
        new = [number_hash for number_hash in later.numbers if number_hash not in there[each]]
        for position, number_hash in enumerate(new, start=len(there[each])):
            number = later.numbers[number_hash].e164
            rows.append((each, position, campaign, number, number_hash, later.version))
    insert_many(connection, lead_number, _NUMBER, rows)


def give_up(connection: Connection, unwanted: int) -> None:
    """What an unfinished file brought for leads of others goes."""
    theirs = select(lead_columns.c.lead_id).where(lead_columns.c.import_id == unwanted)
    own = select(lead.c.columns_version).where(lead.c.id == lead_number.c.lead_id).scalar_subquery()
    connection.execute(delete(lead_number).where(lead_number.c.lead_id.in_(theirs), lead_number.c.version > own))
    connection.execute(delete(lead_columns).where(lead_columns.c.import_id == unwanted))


def take_over(connection: Connection, campaign: int, done: ImportId, now: datetime) -> None:
    """What this file brought is the leads' from now on; calls prepared with older columns are prepared anew.

    A lead that waits for its first call moves to where its priority puts it, among those where it was.
    """
    brought = select(lead_columns.c.lead_id, lead_columns.c.version, lead_columns.c.priority).where(
        lead_columns.c.import_id == done, lead_columns.c.version > 1
    )
    rows = connection.execute(brought).all()
    newest = brought.subquery()  # joined: asked for each lead, SQLite would go through all of the file's
    place = lead.c.place.bitwise_and((1 << BITS) - 1) - newest.c.priority * (1 << BITS)  # as `core.order.place`
    values = {"columns_version": newest.c.version, "place": place}
    connection.execute(update(lead).where(lead.c.id == newest.c.lead_id).values(values))
    theirs = select(newest.c.lead_id)
    prepared = select(attempt.c.id).where(attempt.c.state == AttemptState.RESERVED, attempt.c.lead_id.in_(theirs))
    again = [Release(AttemptId(each), None, NEWER, now) for each in connection.execute(prepared).scalars()]
    claiming.release(connection, again)
    append_events(
        connection,
        [
            event_row(now, "columns", campaign_id=campaign, lead_id=row.lead_id, data={"version": row.version})
            for row in rows
        ],
    )
