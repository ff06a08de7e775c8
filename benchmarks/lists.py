"""Lists of any length, and what is done with one in a process of its own: `python -m benchmarks.lists WHAT LINES`.

Prints the figure: seconds, or megabytes over `import pandas`.
"""

import asyncio
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.measure import peak
from campaign.core.keyed import Key
from campaign.core.records import Account, CampaignRecord, NewImport
from campaign.engine.loading import Loading, load
from campaign.intake import NumberRules, lines, open_sheet
from campaign.intake.spelling import usual
from campaign.store import ledger, schema
from campaign.store.ledger import Ledger
from campaign.wiring.policy import read_policy

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
KEY = Key(b"a key for benchmarks")
SPELLINGS = ("+91", "91", "0", "")


def numbers() -> Iterator[str]:
    """Mobile numbers of India in ten digits, in no order, for ever the same."""
    luck, fits = random.Random(1), usual("IN")
    while True:
        number = str(luck.randrange(6 * 10**9, 10**10))
        if fits(number):
            yield number


def write_list(file: Path, count: int) -> Path:
    """A list with a number, a name and a city, the numbers spelt in the usual ways."""
    luck = random.Random(2)
    with file.open("w") as out:
        out.write("phone,name,city\n")
        for place, number in enumerate(islice(numbers(), count)):
            out.write(f"{luck.choice(SPELLINGS)}{number},Person {place},Pune\n")
    return file


async def open_campaign(store: Ledger, name: str, settings: Mapping[str, object] | None = None) -> CampaignRecord:
    account = Account("https://api.example.test", "x", simulated=False)
    return await store.open_campaign(name, account, settings or {}, NOW)


async def load_list(store: Ledger, campaign: CampaignRecord, file: Path) -> None:
    """As `run` and `add` do, to the moment at which its people can be called."""
    sheet = open_sheet(file)
    new = NewImport(campaign.id, sheet.file_name, sheet.sha256, sheet.header, sheet.phone_column, NOW)
    loading = await load(store, new, lines(sheet, rules=NumberRules("IN")), "{attempt}")
    assert isinstance(loading, Loading)
    await store.finish_import(loading.id, NOW)


async def _load(folder: Path, count: int) -> float:
    file, database = write_list(folder / "list.csv", count), folder / "campaign.db"
    schema.prepare(database)
    async with ledger.opened(database, KEY, read_policy) as store:
        campaign, begun = await open_campaign(store, "list"), time.perf_counter()
        await load_list(store, campaign, file)
        return time.perf_counter() - begun


def ours(folder: Path, count: int) -> None:
    print(asyncio.run(_load(folder, count)))


def memory(folder: Path, count: int) -> None:
    """The same, and the most memory it took."""
    import pandas  # noqa: F401  what is measured is what comes on top of it

    before = peak(os.getpid())
    asyncio.run(_load(folder, count))
    print(peak(os.getpid()) - before)


def tuples(folder: Path, count: int) -> None:
    """The floor: ready tuples into the same tables with the same indexes, in one transaction."""
    database = folder / "campaign.db"
    schema.prepare(database)
    found = list(islice(numbers(), count))
    due, luck = "2026-11-25T12:00:00.000000Z", random.Random(3)
    leads = [(place, 1, 1, place + 1, "pending", "not called yet", 1, due) for place in range(1, count + 1)]
    first = [(place, 0, 1, f"+91{each}", f"{luck.getrandbits(128):032x}") for place, each in enumerate(found, 1)]
    cells = [(place, 1, 1, json.dumps([each, f"Person {place}", "Pune"])) for place, each in enumerate(found, 1)]
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        begun = time.perf_counter()
        connection.execute("BEGIN")
        for into, rows in (
            ("lead (id, campaign_id, import_id, source_line, state, reason, columns_version, due_at)", leads),
            ("lead_number (lead_id, position, campaign_id, number, number_hash)", first),
            ("lead_columns (lead_id, version, import_id, cells)", cells),
        ):
            places = ", ".join("?" * len(rows[0]))
            connection.executemany(f"INSERT INTO {into} VALUES ({places})", rows)
        connection.execute("COMMIT")
        print(time.perf_counter() - begun)


def script(folder: Path, count: int) -> None:
    """What is usually written for it: a loop over pandas' rows, phonenumbers, one table that knows each number once."""
    import pandas as pd
    import phonenumbers

    file = write_list(folder / "list.csv", count)
    with closing(sqlite3.connect(folder / "leads.db")) as connection:
        connection.execute("CREATE TABLE lead (number TEXT UNIQUE, line INTEGER, cells TEXT)")
        begun = time.perf_counter()
        for place, row in pd.read_csv(file, dtype=str).iterrows():
            number = phonenumbers.parse(row["phone"], "IN")
            if phonenumbers.is_valid_number(number):
                e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                values = e164, place, json.dumps(list(row))
                connection.execute("INSERT OR IGNORE INTO lead VALUES (?, ?, ?)", values)
        connection.commit()
        print(time.perf_counter() - begun)


WHAT: dict[str, Callable[[Path, int], None]] = {each.__name__: each for each in (ours, memory, tuples, script)}

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        WHAT[sys.argv[1]](Path(made), int(sys.argv[2]))
