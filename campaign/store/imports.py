"""Writing: a file is loaded under an import, which becomes visible by changing one row. Its lines: `lines`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from campaign.core.lead import CampaignId, CampaignState
from campaign.core.records import (
    ImportId,
    ImportRecord,
    NewImport,
)
from campaign.errors import CampaignError
from campaign.store import known, tables
from campaign.store.rows import AnyRow, append_events, event_row

campaign, imported, reject = tables.campaign, tables.imported, tables.reject
lead, lead_number, lead_columns = tables.lead, tables.lead_number, tables.lead_columns

_OF_IMPORT = (lead.c.campaign_id == imported.c.campaign_id) & (lead.c.import_id == imported.c.id)  # has an index
VISIBLE = imported.c.visible_at.is_not(None)
REMOVED_AT_ONCE = 10_000

IMPORTS = (
    select(
        imported,
        select(func.count()).where(_OF_IMPORT).scalar_subquery().label("new"),
        select(func.count()).where(reject.c.import_id == imported.c.id).scalar_subquery().label("rejects"),
    )
    .where(VISIBLE)
    .order_by(imported.c.id)
)


def record_of(row: AnyRow) -> ImportRecord:
    return ImportRecord(
        id=ImportId(row.id),
        file_name=row.file_name,
        header=tuple(row.header),
        phone_column=row.phone_column,
        lines=row.new + row.known + row.rejects,
        new=row.new,
        known=row.known,
        changed=row.changed,
        rejects=row.rejects,
        at=row.started_at,
    )


def gone() -> CampaignError:
    """For whoever goes on with an import that had to give way."""
    return CampaignError("Another list was begun meanwhile; nothing of this one was loaded.", "Load it again.")


def begin(connection: Connection, files: Sequence[NewImport]) -> list[ImportId | ImportRecord]:
    return [_begin(connection, each) for each in files]


def _begin(connection: Connection, new: NewImport) -> ImportId | ImportRecord:
    """One file of a campaign at a time: a person known only by one that is given up later would be lost."""
    same = IMPORTS.where(imported.c.campaign_id == new.campaign, imported.c.sha256 == new.sha256)
    if there := connection.execute(same).first():
        return record_of(there)
    for each in _unfinished(connection, imported.c.campaign_id == new.campaign):
        _remove(connection, each)
    values = {
        "campaign_id": new.campaign,
        "file_name": new.file_name,
        "sha256": new.sha256,
        "header": list(new.header),
        "phone_column": new.phone_column,
        "started_at": new.at,
        "known": 0,
        "call_order": new.order,
    }
    return ImportId(connection.execute(insert(imported).values(values).returning(imported.c.id)).scalar_one())


def finish(connection: Connection, done: Sequence[tuple[ImportId, datetime]]) -> list[ImportRecord]:
    return [_finish(connection, each, now) for each, now in done]


def _finish(connection: Connection, done: ImportId, now: datetime) -> ImportRecord:
    connection.execute(update(imported).where(imported.c.id == done).values(visible_at=now))
    row = connection.execute(IMPORTS.where(imported.c.id == done)).one_or_none()
    if row is None:
        raise gone()
    counts = {"file": row.file_name} | {each: getattr(row, each) for each in ("new", "known", "changed", "rejects")}
    append_events(connection, [event_row(now, "imported", campaign_id=row.campaign_id, data=counts)])
    if row.changed:
        known.take_over(connection, row.campaign_id, done, now)
    return record_of(row)


def sweep(connection: Connection, now: datetime) -> int:
    """Imports that were never finished go, with all they brought; nothing of them was ever visible or dialled.

    So do campaigns that were made for a list which never came.
    """
    unfinished = _unfinished(connection)
    for each in unfinished:
        _remove(connection, each)
    _remove_empty(connection, now, campaign.c.state == CampaignState.DRAFT)
    return len(unfinished)


def unfinished(connection: Connection, campaigns: Sequence[CampaignId]) -> list[list[ImportId]]:
    """Of each campaign, what was begun and neither finished nor discarded."""
    return [_unfinished(connection, imported.c.campaign_id == each) for each in campaigns]


def _unfinished(connection: Connection, *which: ColumnElement[bool]) -> list[ImportId]:
    begun = select(imported.c.id).where(imported.c.visible_at.is_(None), *which)
    return [ImportId(each) for each in connection.execute(begun).scalars()]


def discard(connection: Connection, unwanted: Sequence[tuple[ImportId, datetime]]) -> list[None]:
    """The same for one; a campaign that never had another import goes too."""
    for each, now in unwanted:
        of = connection.execute(select(imported.c.campaign_id).where(imported.c.id == each)).scalar_one_or_none()
        if of is not None:
            _remove(connection, each)
            _remove_empty(connection, now, campaign.c.id == of)
    return [None] * len(unwanted)


def _remove_empty(connection: Connection, now: datetime, which: ColumnElement[bool]) -> None:
    """Campaigns without an import; else a list refused once would be taken for the second list of its campaign."""
    full = select(imported.c.campaign_id)
    empty = connection.execute(select(campaign.c.id).where(which, campaign.c.id.not_in(full))).scalars().all()
    policies = tables.policy_version
    connection.execute(delete(policies).where(policies.c.campaign_id.in_(empty)))
    connection.execute(delete(campaign).where(campaign.c.id.in_(empty)))
    append_events(connection, [event_row(now, "discarded", campaign_id=each) for each in empty])


def lighten(connection: Connection, unwanted: Sequence[tuple[ImportId, int]]) -> list[bool]:
    """At most so many leads, and rejects, of what an unfinished import brought go; False once nothing is left."""
    return [_remove_some(connection, each, most) for each, most in unwanted]


def _remove_some(connection: Connection, unwanted: int, most: int) -> bool:
    """The first of them in the order of the file, which the index gives; they are named by the question itself."""
    of_import = select(lead.c.id).join(imported, _OF_IMPORT).where(imported.c.id == unwanted)
    leads = of_import.order_by(lead.c.source_line).limit(most)
    rejects = select(reject.c.source_line).where(reject.c.import_id == unwanted).limit(most)
    for table in (lead_number, lead_columns):
        connection.execute(delete(table).where(table.c.lead_id.in_(leads)))
    removed = connection.execute(delete(lead).where(lead.c.id.in_(leads)))
    refused = connection.execute(
        delete(reject).where(reject.c.import_id == unwanted, reject.c.source_line.in_(rejects))
    )
    return bool(removed.rowcount or refused.rowcount)


def _remove(connection: Connection, unwanted: int) -> None:
    while _remove_some(connection, unwanted, REMOVED_AT_ONCE):
        pass
    known.give_up(connection, unwanted)
    connection.execute(delete(imported).where(imported.c.id == unwanted))
