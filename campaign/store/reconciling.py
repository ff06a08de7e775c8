"""Writing: what the provider's own list of calls told us."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from campaign.core.attempt import AttemptId, AttemptState, ResolvedBy
from campaign.core.custom_field import PUBLIC_ID_LENGTH
from campaign.core.events import Ended
from campaign.core.lead import LeadState, NumberHash, PhoneNumber
from campaign.core.records import AccountId, ForgottenCall, Happened, Stranger
from campaign.store import tables
from campaign.store.recording import record
from campaign.store.rows import THEIRS, ReadPolicy, append_events, event_row, position_data

account, attempt, lead, stranger = tables.account, tables.attempt, tables.lead, tables.stranger

Hasher = Callable[[PhoneNumber], NumberHash]


@dataclass(frozen=True, slots=True)
class Seen:
    """A call in the provider's list, and when it was read there."""

    account: AccountId
    call: Stranger
    now: datetime


def note_strangers(hashed: Hasher, connection: Connection, seen: Sequence[Seen]) -> list[bool]:
    sids = [each.call.call_sid for each in seen]
    known = set(connection.execute(select(stranger.c.call_sid).where(stranger.c.call_sid.in_(sids))).scalars())
    new = {each.call.call_sid: each for each in seen if each.call.call_sid not in known}
    if new:
        connection.execute(insert(stranger), [_stranger_row(hashed, each) for each in new.values()])
        append_events(connection, [_stranger_event(hashed, each) for each in new.values()])
    return [each.call.call_sid in new for each in seen]


def _hash(hashed: Hasher, call: Stranger) -> str:
    return hashed(call.number) if call.number else ""


def _stranger_row(hashed: Hasher, seen: Seen) -> dict[str, Any]:
    return {
        "account_id": seen.account,
        "call_sid": seen.call.call_sid,
        "number_hash": _hash(hashed, seen.call),
        "caller_id": seen.call.caller_id,
        "status": seen.call.status,
        "created_at": seen.call.created_at,
        "first_seen_at": seen.now,
    }


def _stranger_event(hashed: Hasher, seen: Seen) -> dict[str, Any]:
    data = {"call_sid": seen.call.call_sid, "status": seen.call.status, "created_at": seen.call.created_at.isoformat()}
    return event_row(seen.now, "stranger", data=data, number_hash=_hash(hashed, seen.call))


def note_reconciled(connection: Connection, done: Sequence[tuple[AccountId, datetime]]) -> list[None]:
    for of, until in done:
        connection.execute(update(account).where(account.c.id == of).values(reconciled_until=until))
    return [None] * len(done)


@dataclass(frozen=True, slots=True)
class Adoption:
    account: AccountId
    forgotten: ForgottenCall
    now: datetime


def adopt(hashed: Hasher, read_policy: ReadPolicy, connection: Connection, found: Sequence[Adoption]) -> list[bool]:
    """A call made by a later copy of this database becomes an attempt of the lead it was made to."""
    return [_adopt(hashed, read_policy, connection, each) for each in found]


def _adopt(hashed: Hasher, read_policy: ReadPolicy, connection: Connection, found: Adoption) -> bool:
    call = found.forgotten.call
    number_hash = _hash(hashed, call)
    theirs = connection.execute(
        select(lead.c.id, lead.c.campaign_id, lead.c.columns_version, tables.campaign.c.policy_version)
        .add_columns(tables.lead_number.c.position)
        .join(tables.lead_number, THEIRS)
        .join(tables.campaign, tables.campaign.c.id == lead.c.campaign_id)
        .where(
            tables.campaign.c.account_id == found.account,
            tables.lead_number.c.number_hash == number_hash,
            lead.c.state.in_([LeadState.PENDING, LeadState.RETRY_WAIT]),
        )
        .order_by(lead.c.id)
    ).first()
    if theirs is None:
        return False
    numbered = select(attempt.c.attempt_no).where(attempt.c.lead_id == theirs.id).order_by(attempt.c.attempt_no.desc())
    values = {
        "public_id": call.call_sid[:PUBLIC_ID_LENGTH],
        "campaign_id": theirs.campaign_id,
        "account_id": found.account,
        "lead_id": theirs.id,
        "number_position": theirs.position,
        "number_hash": number_hash,
        "attempt_no": (connection.execute(numbered).scalar() or 0) + 1,
        "columns_version": theirs.columns_version,
        "state": AttemptState.ACCEPTED,
        "call_sid": call.call_sid,
        "caller_id": call.caller_id,
        "policy_version": theirs.policy_version,
        "reserved_at": call.created_at,
        "sent_at": call.created_at,
        "latest_end": found.now,
        "replied_at": call.created_at,
        "error": "found in the provider's list: this database is an older copy",
        "provider_status": "",
    }
    made = AttemptId(connection.execute(insert(attempt).values(values).returning(attempt.c.id)).scalar_one())
    connection.execute(update(lead).where(lead.c.id == theirs.id).values(state=LeadState.IN_FLIGHT))
    ids = {"campaign_id": theirs.campaign_id, "lead_id": theirs.id, "attempt_id": made, "number_hash": number_hash}
    data = {
        "call_sid": call.call_sid,
        "created_at": call.created_at.isoformat(),
        "policy": theirs.policy_version,
        **position_data(theirs.position),
    }
    append_events(connection, [event_row(found.now, "adopted", data=data, **ids)])
    ended = Ended(found.now, found.forgotten.disposition, call.status, ResolvedBy.POLL, call.call_sid)
    record(read_policy, connection, [Happened(made, ended)])
    return True
