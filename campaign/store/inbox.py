"""Writing: callbacks as they arrive, the look-ups' places in the rate, and by which clock those are told."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from campaign.core import starts
from campaign.core.records import AccountId, CallbackFate, InboxId, RawCallback
from campaign.core.starts import Start
from campaign.store import tables

inbox, attempt, request, meta = tables.inbox, tables.attempt, tables.request, tables.meta
REQUESTS_KEPT = timedelta(days=1)  # no rate looks back further
STARTS = "starts"  # in `meta`: by which clocks what is told here was written


def keep(connection: Connection, raw: Sequence[RawCallback]) -> list[CallbackFate]:
    """Store what is new; count what came before with the very same body."""
    ids = dict(
        connection.execute(
            select(attempt.c.public_id, attempt.c.id).where(
                attempt.c.public_id.in_({each.attempt for each in raw}), attempt.c.state != "reserved"
            )
        ).all()
    )
    return [_keep(connection, ids.get(each.attempt), each) for each in raw]


def _keep(connection: Connection, attempt_id: int | None, raw: RawCallback) -> CallbackFate:
    if attempt_id is None:
        return CallbackFate.STRANGER
    body_hash = hashlib.sha256(raw.body).hexdigest()
    repeated = connection.execute(
        update(inbox)
        .where(inbox.c.attempt_id == attempt_id, inbox.c.body_hash == body_hash)
        .values(times=inbox.c.times + 1, last_at=raw.at)
    )
    if repeated.rowcount:
        return CallbackFate.REPEATED
    connection.execute(
        insert(inbox).values(
            attempt_id=attempt_id,
            body_hash=body_hash,
            content_type=raw.content_type,
            body=raw.body,
            first_at=raw.at,
            last_at=raw.at,
            times=1,
        )
    )
    return CallbackFate.STORED


def mark_read(connection: Connection, read: Sequence[tuple[InboxId, datetime]]) -> list[bool]:
    connection.execute(
        update(inbox).where(inbox.c.id == bindparam("target")),
        [{"target": inbox_id, "read_at": now} for inbox_id, now in read],
    )
    return [True] * len(read)


def note_starts(connection: Connection, found: Sequence[tuple[Start, timedelta]]) -> list[timedelta]:
    return [_note_start(connection, *each) for each in found]


def _note_start(connection: Connection, found: Start, period: timedelta) -> timedelta:
    before = [
        Start(datetime.fromisoformat(booted), timedelta(seconds=up))
        for booted, up in json.loads(
            connection.execute(select(meta.c.value).where(meta.c.name == STARTS)).scalar_one_or_none() or "[]"
        )
    ]
    kept = starts.noted(before, found, period)
    if kept != before:
        value = json.dumps([(each.booted.isoformat(), each.up.total_seconds()) for each in kept])
        connection.execute(delete(meta).where(meta.c.name == STARTS))
        connection.execute(insert(meta).values(name=STARTS, value=value))
    set_ahead = starts.set_ahead(kept, found.booted)
    old = found.booted + found.up - set_ahead - REQUESTS_KEPT
    connection.execute(delete(request).where(request.c.sent_at < old))
    return set_ahead


def note_requests(connection: Connection, sent: Sequence[tuple[AccountId, datetime]]) -> list[int]:
    made: list[Any] = [
        connection.execute(
            insert(request).values(account_id=account, sent_at=sent_at).returning(request.c.id)
        ).scalar_one()
        for account, sent_at in sent
    ]
    return made


def note_answers(connection: Connection, answered: Sequence[tuple[int, datetime]]) -> list[None]:
    connection.execute(
        update(request).where(request.c.id == bindparam("target")),
        [{"target": request_id, "replied_at": at} for request_id, at in answered],
    )
    return [None] * len(answered)
