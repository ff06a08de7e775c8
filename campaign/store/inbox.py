"""Writing: callbacks as they arrive, the look-ups' places in the rate, and by which clock those are told."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from campaign.core.records import AccountId, CallbackFate, InboxId, RawCallback
from campaign.store import tables

inbox, attempt, request, meta = tables.inbox, tables.attempt, tables.request, tables.meta
STEADY = timedelta(seconds=1)  # less is no step, and need not be written
CLOCK = "clock"  # in `meta`: when the machine started, by its own clock, as the last process saw it


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


def note_clocks(connection: Connection, started: Sequence[datetime]) -> list[timedelta]:
    return [_note_clock(connection, each) for each in started]


def _note_clock(connection: Connection, started: datetime) -> timedelta:
    clock = meta.c.name == CLOCK
    before = connection.execute(select(meta.c.value).where(clock)).scalar_one_or_none()
    if before is None:
        connection.execute(insert(meta).values(name=CLOCK, value=started.isoformat()))
        return timedelta(0)
    moved = started - datetime.fromisoformat(before)
    if abs(moved) > STEADY:
        connection.execute(update(meta).where(clock).values(value=started.isoformat()))
    return max(moved, timedelta(0))


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
