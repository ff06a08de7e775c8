"""Reading: leads, attempts and rejects of a campaign, a chunk at a time. Called by `insight`, for the report."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from sqlalchemy import Select, select, tuple_

from campaign.core.attempt import AttemptState
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, LeadId, LeadState, Outcome, PhoneNumber
from campaign.core.records import AttemptRecord, LeadRecord, Reject, RejectReason, RejectRecord
from campaign.store import tables
from campaign.store.imports import VISIBLE
from campaign.store.rows import DIALLED, Fetch, attempt_of

attempt, lead, imported = tables.attempt, tables.lead, tables.imported
CHUNK = 2000


async def leads(fetch: Fetch, campaign: CampaignId) -> AsyncIterator[Sequence[LeadRecord]]:
    after: tuple[int, int] = (0, 0)
    while rows := await fetch(_leads(campaign, after)):
        after = (rows[-1].import_id, rows[-1].source_line)
        theirs: dict[int, list[AttemptRecord]] = {row.id: [] for row in rows}
        for row in await fetch(_ATTEMPTS.where(attempt.c.lead_id.in_(theirs))):
            theirs[row.lead_id].append(_attempt(row))
        yield [_lead(row, theirs[row.id]) for row in rows]


async def rejects(fetch: Fetch, campaign: CampaignId) -> AsyncIterator[Sequence[RejectRecord]]:
    after: tuple[int, int] = (0, 0)
    while rows := await fetch(_rejects(campaign, after)):
        after = (rows[-1].import_id, rows[-1].source_line)
        yield [_reject(row) for row in rows]


async def attempts(fetch: Fetch, campaign: CampaignId) -> AsyncIterator[Sequence[AttemptRecord]]:
    after: tuple[int, int] = (0, 0)
    query = _ATTEMPTS.where(attempt.c.campaign_id == campaign)
    place = tuple_(attempt.c.lead_id, attempt.c.attempt_no)
    while rows := await fetch(query.where(place > after).limit(CHUNK)):
        after = (rows[-1].lead_id, rows[-1].attempt_no)
        yield [_attempt(row) for row in rows]


def _leads(campaign: CampaignId, after: tuple[int, int]) -> Select[*tuple[Any, ...]]:
    number, columns = tables.lead_number, tables.lead_columns
    brought = imported.alias("brought")
    return (
        select(lead, imported.c.file_name, number.c.number, columns.c.cells, brought.c.header)
        .join(imported, (imported.c.id == lead.c.import_id) & VISIBLE)
        .join(number, (number.c.lead_id == lead.c.id) & (number.c.position == 0))
        .join(columns, (columns.c.lead_id == lead.c.id) & (columns.c.version == lead.c.columns_version))
        .join(brought, brought.c.id == columns.c.import_id)
        .where(lead.c.campaign_id == campaign, tuple_(lead.c.import_id, lead.c.source_line) > after)
        .order_by(lead.c.import_id, lead.c.source_line)
        .limit(CHUNK)
    )


def _lead(row: Any, attempts: Sequence[AttemptRecord]) -> LeadRecord:
    return LeadRecord(
        id=LeadId(row.id),
        source_file=row.file_name,
        source_line=row.source_line,
        number=attempts[-1].number if attempts else PhoneNumber(row.number),
        state=LeadState(row.state),
        outcome=Outcome(row.outcome) if row.outcome else None,
        reason=row.reason,
        due_at=row.due_at,
        final_at=row.final_at,
        header=tuple(row.header),
        cells=tuple(row.cells),
        attempts=tuple(attempts),
    )


def _rejects(campaign: CampaignId, after: tuple[int, int]) -> Select[*tuple[Any, ...]]:
    reject = tables.reject
    return (
        select(reject, imported.c.file_name, imported.c.header)
        .join(imported, (imported.c.id == reject.c.import_id) & VISIBLE)
        .where(imported.c.campaign_id == campaign, tuple_(reject.c.import_id, reject.c.source_line) > after)
        .order_by(reject.c.import_id, reject.c.source_line)
        .limit(CHUNK)
    )


def _reject(row: Any) -> RejectRecord:
    reject = Reject(row.source_line, row.column, row.value, RejectReason(row.reason), row.suggestion, tuple(row.cells))
    return RejectRecord(row.file_name, tuple(row.header), reject)


_ATTEMPTS = (
    select(attempt, tables.lead_number.c.number)
    .join(tables.lead_number, DIALLED)
    .where(attempt.c.state != AttemptState.RESERVED)
    .order_by(attempt.c.lead_id, attempt.c.attempt_no)
)


def _attempt(row: Any) -> AttemptRecord:
    return AttemptRecord(
        attempt=attempt_of(row),
        public_id=PublicId(row.public_id),
        attempt_no=row.attempt_no,
        lead_id=LeadId(row.lead_id),
        number=PhoneNumber(row.number),
        caller_id=row.caller_id or "",
        flow_url=row.flow_url or "",
        policy_version=row.policy_version,
        provider_status=row.provider_status,
        reserved_at=row.reserved_at,
        started=row.provider_started,
        ended=row.provider_ended,
        duration_sec=row.duration_sec,
        conversation_sec=row.conversation_sec,
        price=row.price,
        recording_url=row.recording_url,
        error=row.error,
    )
