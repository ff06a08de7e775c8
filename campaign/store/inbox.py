"""Writing: callbacks as they arrive, the look-ups' places in the rate, and by which clock those are told."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from campaign.core import starts
from campaign.core.attempt import AttemptState
from campaign.core.records import AccountId, CallbackFate, Happened, InboxId, RawCallback, Recorded
from campaign.core.starts import Start
from campaign.store import tables
from campaign.store.recording import record
from campaign.store.rows import ReadPolicy, insert_many, set_rows, these

inbox, attempt, request, meta = tables.inbox, tables.attempt, tables.request, tables.meta
REQUESTS_KEPT = timedelta(days=1)  # no rate looks back further
_CAME = ("attempt_id", "body_hash", "content_type", "body", "first_at", "last_at", "times")
_WHOSE = (
    select(attempt.c.public_id, attempt.c.id, inbox.c.body_hash)
    .outerjoin(inbox, (inbox.c.attempt_id == attempt.c.id) & inbox.c.body_hash.in_(these("bodies")))
    .where(attempt.c.public_id.in_(these("attempts")), attempt.c.state != AttemptState.RESERVED)
)
"""Whose they are, and which of the bodies each of those sent before."""
_CAME_AGAIN = (
    update(inbox)
    .where(inbox.c.attempt_id == bindparam("of"), inbox.c.body_hash == bindparam("hash"))
    .values(times=inbox.c.times + 1)
)
_NOTING = insert(request).returning(request.c.id)
STARTS = "starts"  # in `meta`: by which clocks what is told here was written


def keep(connection: Connection, raw: Sequence[RawCallback]) -> list[CallbackFate]:
    """Store what is new; count what came before with the very same body. Few statements, however many came at once."""
    hashes = [hashlib.sha256(each.body).hexdigest() for each in raw]
    came = {"attempts": list({each.attempt for each in raw}), "bodies": list(set(hashes))}
    rows = connection.execute(_WHOSE, came).all()
    ids, known = {row.public_id: row.id for row in rows}, {(row.id, row.body_hash) for row in rows}
    new: list[tuple[object, ...]] = []
    again: list[dict[str, Any]] = []
    fates: list[CallbackFate] = []
    for body_hash, each in zip(hashes, raw, strict=True):
        attempt_id = ids.get(each.attempt)
        key = (attempt_id, body_hash)
        if attempt_id is None:
            fates.append(CallbackFate.STRANGER)
        elif key in known:
            fates.append(CallbackFate.REPEATED)
            again.append({"of": attempt_id, "hash": body_hash, "last_at": each.at})
        else:
            fates.append(CallbackFate.STORED)
            known.add(key)
            at = tables.Instant.written(each.at)
            new.append((attempt_id, body_hash, each.content_type, each.body, at, at, 1))
    insert_many(connection, inbox, _CAME, new)
    if again:
        connection.execute(_CAME_AGAIN, again)
    return fates


@dataclass(frozen=True, slots=True)
class Read:
    """Callbacks, and what they told."""

    callbacks: Sequence[InboxId]
    told: Sequence[Happened]
    now: datetime


def mark_read(read_policy: ReadPolicy, connection: Connection, read: Sequence[Read]) -> list[list[Recorded]]:
    """What each of them told is recorded in the same commit: no callback is read and forgotten."""
    recorded = iter(record(read_policy, connection, [happened for each in read for happened in each.told]))
    set_rows(connection, inbox, [{"target": one, "read_at": each.now} for each in read for one in each.callbacks])
    return [[next(recorded) for _ in each.told] for each in read]


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
    rows = [{"account_id": account, "sent_at": sent_at} for account, sent_at in sent]
    return [connection.execute(_NOTING, row).scalar_one() for row in rows]


def note_answers(connection: Connection, answered: Sequence[tuple[int, datetime]]) -> list[None]:
    set_rows(connection, request, [{"target": request_id, "replied_at": at} for request_id, at in answered])
    return [None] * len(answered)
