"""Writing: a file's lines become leads and rejects under an import, which becomes visible by changing one row."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from campaign.core.lead import CampaignId, CampaignState, LeadState, NumberHash, PhoneNumber
from campaign.core.records import (
    ImportId,
    ImportRecord,
    LineFate,
    NewImport,
    NewLead,
    Reject,
    RejectReason,
)
from campaign.errors import CampaignError
from campaign.store import known, tables
from campaign.store.known import Known
from campaign.store.rows import AnyRow, append_events, event_row

campaign, imported, reject = tables.campaign, tables.imported, tables.reject
lead, lead_number = tables.lead, tables.lead_number

Hasher = Callable[[PhoneNumber], NumberHash]

IMPORTS = (
    select(
        imported,
        select(func.count()).where(lead.c.import_id == imported.c.id).scalar_subquery().label("new"),
        select(func.count()).where(reject.c.import_id == imported.c.id).scalar_subquery().label("rejects"),
    )
    .where(imported.c.visible_at.is_not(None))
    .order_by(imported.c.id)
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line with the import it belongs to."""

    into: ImportId
    line: NewLead | Reject


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
    }
    return ImportId(connection.execute(insert(imported).values(values).returning(imported.c.id)).scalar_one())


def add(hashed: Hasher, connection: Connection, lines: Sequence[Line]) -> list[LineFate]:
    """All lines of one commit; those of one import are written together."""
    fates = {
        into: iter(_Batch(hashed, connection, into).add([line.line for line in lines if line.into == into]))
        for into in dict.fromkeys(line.into for line in lines)
    }
    return [next(fates[line.into]) for line in lines]


class _Batch:
    """One import's share of a commit."""

    def __init__(self, hashed: Hasher, connection: Connection, into: ImportId) -> None:
        self.hashed = hashed
        self.connection = connection
        self.into = into
        row = connection.execute(select(imported).where(imported.c.id == into)).one_or_none()
        if row is None:
            raise gone()
        self.campaign, self.at, self.phone_column = CampaignId(row.campaign_id), row.started_at, row.phone_column
        self.leads: list[tuple[NewLead, NumberHash]] = []
        self.rejects: list[Reject] = []
        self.header = tuple(row.header)
        self.newer: dict[int, dict[str, Any]] = {}
        self.known = 0

    def add(self, lines: Sequence[NewLead | Reject]) -> list[LineFate]:
        hashes = {line.source_line: self.hashed(line.number) for line in lines if isinstance(line, NewLead)}
        seen = known.leads(self.connection, self.campaign, list(hashes.values()))
        fates = [
            self._reject(line) if isinstance(line, Reject) else self._lead(line, hashes[line.source_line], seen)
            for line in lines
        ]
        self._write()
        return fates

    def _lead(self, line: NewLead, number_hash: NumberHash, seen: dict[NumberHash, Known]) -> LineFate:
        if number_hash not in seen:
            seen[number_hash] = Known(self.into, line.source_line)
            self.leads.append((line, number_hash))
            return LineFate.NEW
        earlier = seen[number_hash]
        if earlier.into != self.into:
            self.known += 1
            return self._changes(line, earlier)
        return self._reject(
            Reject(
                source_line=line.source_line,
                column=self.phone_column,
                value=line.number.e164,
                reason=RejectReason.DUPLICATE,
                suggestion=f"the same number as on line {earlier.source_line}, which is called; nothing to do",
                cells=line.cells,
            )
        )

    def _reject(self, line: Reject) -> LineFate:
        self.rejects.append(line)
        return LineFate.REJECTED

    def _changes(self, line: NewLead, lead: Known) -> LineFate:
        if lead.newest in (0, self.into) or lead.lead in self.newer:  # a file speaks of a lead once
            return LineFate.KNOWN
        if not known.newer(lead, self.header, line.cells, apart=self.phone_column):
            return LineFate.KNOWN
        self.newer[lead.lead] = {
            "lead_id": lead.lead, "version": lead.latest + 1, "import_id": self.into, "cells": list(line.cells)
        }  # fmt: skip
        return LineFate.CHANGED

    def _write(self) -> None:
        if self.leads:
            self._write_leads()
        if self.rejects:
            rows = [
                {
                    "import_id": self.into,
                    "source_line": each.source_line,
                    "column": each.column,
                    "value": each.value,
                    "reason": each.reason,
                    "suggestion": each.suggestion,
                    "cells": list(each.cells),
                }
                for each in self.rejects
            ]
            self.connection.execute(insert(reject), rows)
        if self.known:
            self.connection.execute(
                update(imported)
                .where(imported.c.id == self.into)
                .values(known=imported.c.known + self.known, changed=imported.c.changed + len(self.newer))
            )
        if self.newer:
            self.connection.execute(insert(tables.lead_columns), list(self.newer.values()))

    def _write_leads(self) -> None:
        # Ids are given here, so that one statement each writes the leads, their numbers and their cells.
        first = (self.connection.execute(select(func.max(lead.c.id))).scalar() or 0) + 1
        numbered = list(enumerate(self.leads, start=first))
        later = [
            self._number_row(lead_id, position, number, self.hashed(number))
            for lead_id, (line, _) in numbered
            for position, number in enumerate(line.later, start=1)
        ]
        self.connection.execute(insert(lead), [self._lead_row(lead_id, line) for lead_id, (line, _) in numbered])
        self.connection.execute(
            insert(lead_number),
            [
                *(self._number_row(lead_id, 0, line.number, number_hash) for lead_id, (line, number_hash) in numbered),
                *later,
            ],
        )
        self.connection.execute(
            insert(tables.lead_columns),
            [
                {"lead_id": lead_id, "version": 1, "import_id": self.into, "cells": list(line.cells)}
                for lead_id, (line, _) in numbered
            ],
        )

    def _number_row(self, lead_id: int, position: int, number: PhoneNumber, number_hash: NumberHash) -> dict[str, Any]:
        return {
            "lead_id": lead_id,
            "position": position,
            "campaign_id": self.campaign,
            "number": number.e164,
            "number_hash": number_hash,
        }

    def _lead_row(self, lead_id: int, line: NewLead) -> dict[str, Any]:
        return {
            "id": lead_id,
            "campaign_id": self.campaign,
            "import_id": self.into,
            "source_line": line.source_line,
            "state": LeadState.PENDING,
            "reason": "not called yet",
            "columns_version": 1,
            "due_at": self.at,
        }


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


def _unfinished(connection: Connection, *which: ColumnElement[bool]) -> Sequence[int]:
    return connection.execute(select(imported.c.id).where(imported.c.visible_at.is_(None), *which)).scalars().all()


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


def _remove(connection: Connection, unwanted: int) -> None:
    theirs = select(lead.c.id).where(lead.c.import_id == unwanted)
    for table in (lead_number, tables.lead_columns):
        connection.execute(delete(table).where(table.c.lead_id.in_(theirs)))
    for table in (lead, reject, tables.lead_columns):
        connection.execute(delete(table).where(table.c.import_id == unwanted))
    connection.execute(delete(imported).where(imported.c.id == unwanted))
