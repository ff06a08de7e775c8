"""Writing: lines of a file become leads, newer columns of known leads, and rejects. Called by `ledger`.

A list may have a million lines: each table is written by one statement a chunk, with values as the driver takes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii

from sqlalchemy import Connection, func, select, update

from campaign.core.lead import CampaignId, LeadState, NumberHash, PhoneNumber
from campaign.core.order import Order, place, shuffled
from campaign.core.records import ImportId, LineFate, NewLead, Reject, RejectReason
from campaign.store import known, tables
from campaign.store.imports import gone
from campaign.store.known import Known, Later
from campaign.store.rows import insert_many

imported, lead, lead_number, reject = tables.imported, tables.lead, tables.lead_number, tables.reject
lead_columns = tables.lead_columns

Hasher = Callable[[PhoneNumber], NumberHash]
_Row = tuple[object, ...]
WAITS = "not called yet"

_LEAD = ("id", "campaign_id", "import_id", "source_line", "state", "reason", "columns_version", "due_at", "place")
_NUMBER = ("lead_id", "position", "campaign_id", "number", "number_hash")
_COLUMNS = ("lead_id", "version", "import_id", "cells")
_NEWER = (*_COLUMNS, "priority")
_REJECT = ("import_id", "source_line", "column", "value", "reason", "suggestion", "cells")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines with the import they belong to."""

    into: ImportId
    lines: Sequence[NewLead | Reject]


def add(hashed: Hasher, connection: Connection, chunks: Sequence[Chunk]) -> list[list[LineFate]]:
    """A fate for each line. Raises CampaignError where the import had to give way."""
    return [_Adding(hashed, connection, each.into).add(each.lines) for each in chunks]


class _Adding:
    """One chunk on its way into the tables."""

    def __init__(self, hashed: Hasher, connection: Connection, into: ImportId) -> None:
        self.hashed, self.connection, self.into = hashed, connection, into
        row = connection.execute(select(imported).where(imported.c.id == into)).one_or_none()
        if row is None:
            raise gone()
        self.campaign, self.at = CampaignId(row.campaign_id), row.started_at
        self.header, self.phone_column = tuple(row.header), row.phone_column
        self.order = Order(row.call_order)
        self.leads: list[tuple[NewLead, NumberHash]] = []
        self.rejects: list[Reject] = []
        self.newer: dict[int, _Row] = {}
        self.later: dict[int, Later] = {}
        self.known = 0

    def add(self, lines: Sequence[NewLead | Reject]) -> list[LineFate]:
        hashes = [self.hashed(line.number) for line in lines if isinstance(line, NewLead)]
        seen, following = known.leads(self.connection, self.campaign, hashes), iter(hashes)
        fates = [
            self._reject(line) if isinstance(line, Reject) else self._lead(line, next(following), seen)
            for line in lines
        ]
        self._write_leads()
        self._write_known()
        self._write_rejects()
        return fates

    def _lead(self, line: NewLead, number_hash: NumberHash, seen: dict[NumberHash, Known]) -> LineFate:
        earlier = seen.get(number_hash)
        if earlier is None:
            seen[number_hash] = Known(self.into, line.source_line)
            self.leads.append((line, number_hash))
            return LineFate.NEW
        if earlier.into != self.into:
            self.known += 1
            return self._changes(line, earlier)
        suggestion = f"the same number as on line {earlier.source_line}, which is called; nothing to do"
        value, reason = line.number.e164, RejectReason.DUPLICATE
        return self._reject(Reject(line.source_line, self.phone_column, value, reason, suggestion, line.cells))

    def _reject(self, line: Reject) -> LineFate:
        self.rejects.append(line)
        return LineFate.REJECTED

    def _changes(self, line: NewLead, lead: Known) -> LineFate:
        if lead.newest in (0, self.into) or lead.lead in self.newer:  # a file speaks of a lead once
            return LineFate.KNOWN
        if not known.newer(lead.columns, dict(zip(self.header, line.cells, strict=False)), apart=self.phone_column):
            return LineFate.KNOWN
        version = lead.latest + 1
        self.newer[lead.lead] = (lead.lead, version, self.into, _cells(line), line.priority)
        if line.later:
            self.later[lead.lead] = Later(version, {self.hashed(each): each for each in line.later})
        return LineFate.CHANGED

    def _write_leads(self) -> None:
        # Ids are given here, so that one statement each writes the leads, their numbers and their cells.
        first = (self.connection.execute(select(func.max(lead.c.id))).scalar() or 0) + 1
        pending, due = LeadState.PENDING.value, tables.Instant.written(self.at)
        leads: list[_Row] = []
        numbers: list[_Row] = []
        columns: list[_Row] = []
        for lead_id, (line, number_hash) in enumerate(self.leads, start=first):
            in_order = lead_id if self.order is Order.FILE else shuffled(self.campaign, number_hash)
            turn = place(line.priority, in_order)
            leads.append((lead_id, self.campaign, self.into, line.source_line, pending, WAITS, 1, due, turn))
            numbers.append((lead_id, 0, self.campaign, line.number.e164, number_hash))
            for position, number in enumerate(line.later, start=1):
                numbers.append((lead_id, position, self.campaign, number.e164, self.hashed(number)))
            columns.append((lead_id, 1, self.into, _cells(line)))
        insert_many(self.connection, lead, _LEAD, leads)
        insert_many(self.connection, lead_number, _NUMBER, numbers)
        insert_many(self.connection, lead_columns, _COLUMNS, columns)

    def _write_known(self) -> None:
        insert_many(self.connection, lead_columns, _NEWER, list(self.newer.values()))
        known.add_numbers(self.connection, self.campaign, self.later)
        if self.known:
            self.connection.execute(
                update(imported)
                .where(imported.c.id == self.into)
                .values(known=imported.c.known + self.known, changed=imported.c.changed + len(self.newer))
            )

    def _write_rejects(self) -> None:
        rows = [
            (self.into, each.source_line, each.column, each.value, each.reason.value, each.suggestion, _cells(each))
            for each in self.rejects
        ]
        insert_many(self.connection, reject, _REJECT, rows)


def _cells(line: NewLead | Reject) -> str:
    """As the JSON columns hold them; `json.dumps` makes an encoder for each."""
    return f"[{', '.join(map(encode_basestring_ascii, line.cells))}]"
