"""Ledgers of any size, made by a few statements, and what is asked of one: `python -m benchmarks.ledgers WHAT FILE …`.

Of the leads, spread at random, four in five are done, three in twenty are due and one is due later. `claim`: seconds of
claiming 200. `call`: seconds of one call, from its claim to its end, with what the engine reads meanwhile. `counts`:
milliseconds of counting how all stand. `write AT_ONCE` (`uncounted`: without the counters): seconds of
the processor for calls from their claim to their end.
"""

import asyncio
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.lists import KEY, NOW, open_campaign
from campaign.core.attempt import CallSid, Disposition, ResolvedBy
from campaign.core.events import Accepted, Ended
from campaign.core.guard import Send
from campaign.core.lead import CampaignId, CampaignState
from campaign.core.records import AccountId, Happened, ImportRecord, Intent, NewImport, Release
from campaign.store import insight, ledger, schema
from campaign.store.ledger import Ledger
from campaign.wiring.policy import read_policy

CAMPAIGN, ACCOUNT = CampaignId(1), AccountId(1)
DETAILS_FOR = timedelta(minutes=10)
SETTINGS: dict[str, object] = {
    "provider": {"caller_id": "08030000000", "flow_url": "http://my.exotel.com/x/exoml/start_voice/1"},
    "pace": {"rate": "50/s", "channels": 1000},
    "window": {"hours": "00:00-24:00"},
}
AT_ONCE, TIMES = 200, 15
TIMES_COUNTED = 100
WRITTEN = 1_400

# `kind`: 0 to 15 done, 16 and 17 in the line of first calls, 18 to be called again, 19 later.
_MADE = """
CREATE TEMP TABLE made AS
WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < :leads)
SELECT id, (id * 2654435761 >> 7) % 20 AS kind, lower(hex(randomblob(16))) AS hash FROM n
"""
_FILL = (
    """
INSERT INTO lead SELECT id, 1, 1, id + 1,
    CASE WHEN kind < 16 THEN 'done' WHEN kind < 18 THEN 'pending' ELSE 'retry_wait' END,
    CASE WHEN kind < 16 THEN 'completed' END,
    CASE WHEN kind < 16 THEN 'answered' WHEN kind < 18 THEN 'not called yet' ELSE 'waiting after busy' END, 1,
    CASE WHEN kind < 16 THEN NULL WHEN kind < 19 THEN :due ELSE :later END, CASE WHEN kind < 16 THEN :due END,
    CASE WHEN kind IN (16, 17) THEN id END, kind NOT IN (16, 17) FROM made
""",
    """
INSERT INTO lead_number (lead_id, position, campaign_id, number, number_hash)
SELECT id, 0, 1, '+91' || (6000000000 + id), hash FROM made
""",
    """
INSERT INTO lead_columns (lead_id, version, import_id, cells)
SELECT id, 1, 1, '["+91' || (6000000000 + id) || '", "Person ' || id || '", "Pune"]' FROM made
""",
    """
INSERT INTO attempt (public_id, campaign_id, account_id, lead_id, number_position, number_hash, attempt_no,
    columns_version, state, disposition, call_sid, caller_id, policy_version, reserved_at, sent_at, latest_end,
    replied_at, ended_at, resolved_by, error, provider_status,
    duration_sec, price)
SELECT lower(hex(randomblob(16))), 1, 1, id, 0, hash, 1, 1, 'accepted',
    CASE WHEN kind < 16 THEN 'completed' ELSE 'busy' END, lower(hex(randomblob(16))), '08030000000', 1,
    :due, :due, :due, :due, :due, 'callback', '', 'completed', 30, '0.5'
FROM made WHERE kind > 17 OR (kind < 16 AND id % 8 = 0)
""",
    """
INSERT INTO lead_count SELECT import_id, state, coalesce(outcome, ''), CASE state WHEN 'done' THEN '' ELSE reason END,
    count(*) FROM lead GROUP BY 1, 2, 3, 4
""",
    """
INSERT INTO attempt_count SELECT campaign_id, state, coalesce(disposition, ''), count(*) FROM attempt GROUP BY 1, 2, 3
""",
)
DUE, LATER = "2026-11-01T12:00:00.000000Z", "2036-01-01T12:00:00.000000Z"


def make(file: Path, leads: int) -> Path:
    """Indexes and counters come after the rows; nothing of it is safe from a crash."""
    schema.prepare(file)
    asyncio.run(_campaign(file))
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000", "temp_store = MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        made = "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'trigger') AND sql IS NOT NULL"
        later = connection.execute(made).fetchall()
        connection.execute("BEGIN")
        for kind, name, _ in later:
            connection.execute(f"DROP {kind} {name}")
        connection.execute(_MADE, {"leads": leads})
        for statement in _FILL:
            connection.execute(statement, {"due": DUE, "later": LATER})
        for _, _, sql in later:
            connection.execute(sql)
        connection.execute("COMMIT")
    return file


async def _campaign(file: Path) -> None:
    async with ledger.opened(file, KEY, read_policy) as store:
        opened = await open_campaign(store, "list", SETTINGS)
        new = NewImport(opened.id, "list.csv", "0" * 64, ("phone", "name", "city"), "phone", NOW)
        begun = await store.begin_import(new)
        assert not isinstance(begun, ImportRecord), "the only one of its ledger"
        assert (opened.id, begun) == (CAMPAIGN, 1), "the only one of its ledger"
        await store.finish_import(begun, NOW)
        await store.set_state(CAMPAIGN, CampaignState.RUNNING, "", NOW)


async def claim(file: Path) -> float:
    seconds, now = [], datetime.now(UTC)
    async with ledger.opened(file, KEY, read_policy) as store:
        for _ in range(TIMES):
            begun = time.perf_counter()
            claimed = await store.claim_due(CAMPAIGN, now, AT_ONCE)
            seconds.append(time.perf_counter() - begun)
            assert len(claimed) == AT_ONCE
            await store.release([Release(each.attempt, None, "next in line", now) for each in claimed])
    return statistics.median(seconds)


async def call(file: Path) -> float:
    """Each of them stays in the ledger."""
    seconds = []
    async with ledger.opened(file, KEY, read_policy) as store, insight.opened(file) as books:
        for _ in range(TIMES):
            begun = time.perf_counter()
            await _calls(store, 1)
            assert not await books.live_calls(ACCOUNT)
            assert not await books.doubts(ACCOUNT)
            assert await books.undetailed(CAMPAIGN, datetime.now(UTC) - DETAILS_FOR)
            seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


async def counts(file: Path) -> float:
    seconds = []
    async with insight.opened(file) as books:
        for _ in range(TIMES_COUNTED):
            begun = time.perf_counter()
            tally = await books.tally(CAMPAIGN)
            seconds.append(time.perf_counter() - begun)
            assert tally.left
    return statistics.median(seconds) * 1000


async def write(file: Path, at_once: str, *uncounted: str) -> float:
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        copy = Path(shutil.copy(file, folder))
        if uncounted:
            with closing(sqlite3.connect(copy)) as connection:
                for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                    connection.execute(f"DROP TRIGGER {name}")
        async with ledger.opened(copy, KEY, read_policy) as store:
            await _calls(store, int(at_once))  # every statement has been made once
            begun = time.process_time()
            for _ in range(WRITTEN // int(at_once)):
                await _calls(store, int(at_once))
            return time.process_time() - begun


async def _calls(store: Ledger, at_once: int) -> None:
    now = datetime.now(UTC)
    policy = replace(read_policy(SETTINGS), channels=10 * AT_ONCE)
    claimed = await store.claim_due(CAMPAIGN, now, at_once)
    verdicts = await store.begin_sending([Intent(each.attempt, policy, 1, now) for each in claimed])
    assert all(isinstance(each, Send) for each in verdicts), "nobody is held back"
    sids = [CallSid(each.public_id) for each in claimed]
    answers = [Accepted(now, sid, ResolvedBy.RESPONSE) for sid in sids]
    await store.record([Happened(each.attempt, answer) for each, answer in zip(claimed, answers, strict=True)])
    ends = [Ended(now, Disposition.COMPLETED, "completed", ResolvedBy.CALLBACK, sid) for sid in sids]
    await store.record([Happened(each.attempt, end) for each, end in zip(claimed, ends, strict=True)])


WHAT: dict[str, Callable[..., Coroutine[None, None, float]]] = {
    each.__name__: each for each in (claim, call, counts, write)
}

if __name__ == "__main__":
    print(asyncio.run(WHAT[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
