"""Writing: from a lead that is due to its reservation, and back: a reservation has no owner and may be given back."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from campaign.core.attempt import Attempt, AttemptId, AttemptState
from campaign.core.custom_field import PUBLIC_ID_LENGTH
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, LeadId, LeadState, PhoneNumber
from campaign.core.records import Release, Reserved
from campaign.store import tables
from campaign.store.choosing import NUMBERS, Chosen, attempts, choose, newest_policy
from campaign.store.rows import (
    ATTEMPT_COLUMNS,
    AnyRow,
    ReadPolicy,
    append_events,
    event_row,
    position_data,
    set_rows,
    these,
)
from campaign.store.trying import most_to_claim
from campaign.store.waiting import next_leads

attempt, lead, imported = tables.attempt, tables.lead, tables.imported
lead_number, lead_columns = tables.lead_number, tables.lead_columns

_BROUGHT = imported.alias("brought")  # the file whose cells the lead has now
_WHOM_TO_CALL = (
    select(
        lead.c.id,
        lead.c.due_at,
        lead.c.columns_version,
        lead_number.c.number,
        lead_number.c.number_hash,
        NUMBERS,
        lead_columns.c.cells,
        _BROUGHT.c.header,
        tables.campaign.c.account_id,
    )
    .join(tables.campaign, tables.campaign.c.id == lead.c.campaign_id)
    .join(lead_number, (lead_number.c.lead_id == lead.c.id) & (lead_number.c.position == 0))
    .join(lead_columns, (lead_columns.c.lead_id == lead.c.id) & (lead_columns.c.version == lead.c.columns_version))
    .join(_BROUGHT, _BROUGHT.c.id == lead_columns.c.import_id)
    .where(lead.c.id.in_(these("leads")))
)
_OF = attempt.c.lead_id.in_(these("leads"))
_TRIED = select(attempt.c.lead_id, func.max(attempt.c.attempt_no)).where(_OF).group_by(attempt.c.lead_id)
_RESERVING = insert(attempt)
_IN_FLIGHT = update(lead).where(lead.c.id.in_(these("leads"))).values(state=LeadState.IN_FLIGHT, reason="next in line")
_MADE = ("id", "public_id", "lead_id", "number_hash", "number_position", "columns_version")
_RESERVED = select(*(attempt.c[name] for name in _MADE)).where(_OF, attempt.c.state == AttemptState.RESERVED)
_STILL_RESERVED = (
    select(*ATTEMPT_COLUMNS)
    .where(attempt.c.id.in_(these("attempts")), attempt.c.state == AttemptState.RESERVED)
    .with_for_update()
)
_BEFORE = select(lead.c.id, lead.c.due_at, lead.c.place).where(lead.c.id.in_(these("leads")))
_DROPPING = delete(attempt).where(attempt.c.id.in_(these("attempts")))


@dataclass(frozen=True, slots=True)
class Claim:
    campaign: CampaignId
    now: datetime
    limit: int


def claim_due(read_policy: ReadPolicy, connection: Connection, claims: Sequence[Claim]) -> list[list[Reserved]]:
    """For each claim, the leads that are due and now reserved, each with the number that is to be called."""
    return [_claim(read_policy, connection, each) for each in claims]


def _claim(read_policy: ReadPolicy, connection: Connection, claim: Claim) -> list[Reserved]:
    policy = newest_policy(read_policy, connection, claim.campaign)
    limit = min(claim.limit, most_to_claim(connection, claim.campaign, policy, claim.now))
    ids = next_leads(connection, claim.campaign, claim.now, limit, policy.retry_slack) if limit > 0 else []
    if not ids:
        return []
    found = {row.id: row for row in connection.execute(_WHOM_TO_CALL, {"leads": ids})}
    due = [found[each] for each in ids]
    chosen = choose(policy, connection, due)
    tried = dict(connection.execute(_TRIED, {"leads": ids}).all())
    connection.execute(_RESERVING, [_reservation(row, chosen[row.id], tried.get(row.id, 0) + 1, claim) for row in due])
    connection.execute(_IN_FLIGHT, {"leads": ids})
    made = connection.execute(_RESERVED, {"leads": ids}).all()
    append_events(
        connection,
        [
            event_row(
                claim.now,
                "reserved",
                campaign_id=claim.campaign,
                data=position_data(row.number_position) | _columns_data(row.columns_version),
                **ids_of(row),
            )
            for row in made
        ],
    )
    by_lead = {row.lead_id: row for row in made}
    return [_reserved(row, chosen[row.id], by_lead[row.id], claim.campaign) for row in due]


def _columns_data(version: int) -> dict[str, int]:
    return {"columns": version} if version > 1 else {}


def _reservation(row: AnyRow, chosen: Chosen, attempt_no: int, claim: Claim) -> dict[str, Any]:
    return {
        "public_id": secrets.token_hex(PUBLIC_ID_LENGTH // 2),
        "campaign_id": claim.campaign,
        "account_id": row.account_id,
        "lead_id": row.id,
        "number_position": chosen.position,
        "number_hash": chosen.number_hash,
        "attempt_no": attempt_no,
        "columns_version": row.columns_version,
        "state": AttemptState.RESERVED,
        "reserved_at": claim.now,
        "error": "",
        "provider_status": "",
    }


def _reserved(due: AnyRow, chosen: Chosen, made: AnyRow, campaign: CampaignId) -> Reserved:
    return Reserved(
        attempt=AttemptId(made.id),
        public_id=PublicId(made.public_id),
        lead=LeadId(due.id),
        campaign=campaign,
        number=PhoneNumber(chosen.number),
        due_at=due.due_at,
        columns=dict(zip(due.header, due.cells, strict=False)),
    )


def ids_of(row: AnyRow) -> dict[str, Any]:
    """Of an attempt, for its events."""
    return {"lead_id": row.lead_id, "attempt_id": row.id, "number_hash": row.number_hash}


def release(connection: Connection, given_back: Sequence[Release]) -> list[bool]:
    """The reservation is gone, and its lead waits again."""
    rows = {row.id: row for row in reserved_rows(connection, [each.attempt for each in given_back])}
    back = [each for each in given_back if each.attempt in rows]
    if back:
        leads = {row.lead_id for row in rows.values()}
        calls = counted_calls(connection, leads)
        before = {row.id: row for row in connection.execute(_BEFORE, {"leads": list(leads)})}
        waiting = [_waiting_again(before[rows[each.attempt].lead_id], each, calls) for each in back]
        drop(connection, [each.attempt for each in back])
        set_rows(connection, lead, waiting)
        append_events(
            connection,
            [
                event_row(
                    each.at,
                    "released",
                    campaign_id=rows[each.attempt].campaign_id,
                    data={"due_at": each.due_at and each.due_at.isoformat(), "why": each.why},
                    **ids_of(rows[each.attempt]),
                )
                for each in back
            ],
        )
    return [each.attempt in rows for each in given_back]


def _waiting_again(before: AnyRow, given_back: Release, calls: Mapping[int, Sequence[Attempt]]) -> dict[str, Any]:
    made = len(calls.get(before.id, ()))
    return {
        "target": before.id,
        "state": LeadState.RETRY_WAIT if made else LeadState.PENDING,
        "due_at": given_back.due_at or before.due_at,
        "reason": given_back.why,
        "place": None if given_back.due_at else before.place,
        "calls": made,
    }


def reserved_rows(connection: Connection, ids: Sequence[AttemptId]) -> Sequence[AnyRow]:
    """Those of the attempts that are reserved still."""
    return connection.execute(_STILL_RESERVED, {"attempts": list(ids)}).all()


def drop(connection: Connection, reservations: Sequence[int]) -> None:
    """They are gone."""
    if reservations:
        connection.execute(_DROPPING, {"attempts": list(reservations)})


def counted_calls(connection: Connection, leads: Iterable[int]) -> dict[int, list[Attempt]]:
    """Calls that count, by lead, oldest first."""
    made = attempts(connection, list(leads))
    return {each: [call for call in calls if call.counts] for each, calls in made.items()}
