"""Calls asked for, a provider in a process of its own: `python -m benchmarks.dispatch WHAT LEADS`.

`engine`: the real one, claim and result of each on disk. `client`: aiohttp and 64 workers, which store nothing.
`script`: a task for each lead, a semaphore, a line appended to a CSV file. `threads`: requests in 64 threads, each
result committed to SQLite. All print leads a second. `paced`: the engine at 1,000 per 20 seconds; prints the span of
all requests over the ideal, and stops on a 429.
"""

import asyncio
import csv
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, closing, contextmanager
from datetime import timedelta
from pathlib import Path

import aiohttp

from benchmarks.lists import KEY, load_list, open_campaign, write_list
from campaign.core.call import Placement
from campaign.core.keyed import PublicId
from campaign.core.lead import PhoneNumber
from campaign.engine.clock import RealClock
from campaign.engine.desk import Desk
from campaign.engine.dialer import Orders
from campaign.engine.feed import News
from campaign.engine.run import Run
from campaign.provider.exotel import requests as wording
from campaign.provider.exotel.client import ExotelClient
from campaign.store import insight, ledger, schema
from campaign.web.callbacks import address, application
from campaign.web.serving import serving
from campaign.wiring.policy import read_policy

WORKERS = 64
CALLER, FLOW = "08030000000", "http://my.exotel.com/x/exoml/start_voice/1"
DELAY, LIMIT, PERIOD = 0.04, 1000, 20.0
AUTHORIZATION = aiohttp.encode_basic_auth("key", "token")
Answered = Callable[[], None]


@contextmanager
def provider(folder: Path, *rules: float) -> Iterator[str]:
    """Where it listens."""
    told = folder / "port"
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.provider", str(told), *map(str, rules)])
    try:
        until = time.perf_counter() + 30
        while not told.exists():
            assert time.perf_counter() < until, "the provider is there"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{told.read_text()}"
    finally:
        process.kill()
        process.wait()


def _settings(rate: str) -> dict[str, object]:
    return {
        "provider": {"caller_id": CALLER, "flow_url": FLOW},
        "pace": {"rate": rate, "channels": 1_000_000},
        "window": {"hours": "00:00-24:00"},
        "callbacks": {"public_url": "http://127.0.0.1"},
    }


@asynccontextmanager
async def engine(folder: Path, base: str, leads: int, rate: str) -> AsyncIterator[Run]:
    """A campaign of so many leads, about to be dialled; inside, its tasks run until the block ends."""
    database, clock = folder / "campaign.db", RealClock()
    schema.prepare(database)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(ledger.opened(database, KEY, read_policy))
        books = await stack.enter_async_context(insight.opened(database))
        opened = await open_campaign(store, "list", _settings(rate))
        await load_list(store, opened, write_list(folder / "list.csv", leads))
        client = ExotelClient(
            base_url=base, account_sid="x", api_key="key", api_token="token", clock=clock, region="IN"
        )
        await stack.enter_async_context(client)
        policy = read_policy(opened.settings)
        desk = Desk(
            opened.account_id, policy, clock.now(), store=store, insight=books, provider=client, clock=clock, key=KEY
        )
        group = await stack.enter_async_context(desk.open())
        port = await stack.enter_async_context(serving(application(desk.callbacks), "127.0.0.1", 0))
        orders = Orders(opened, policy, 1, lambda each: address(f"http://127.0.0.1:{port}", each, KEY.tag(each)))
        run = Run(orders, desk)
        going = group.create_task(run.go(group))
        yield run
        going.cancel()


async def _all_dialled(run: Run) -> None:
    bell = run.feed.listen(News.PLACED)
    while True:
        await bell.wait()
        bell.clear()
        if not run.dialer.dialling and await run.insight.next_due(run.orders.campaign.id) is None:
            return


async def dispatched(folder: Path, base: str, leads: int) -> float:
    async with engine(folder, base, leads, "1000000/s") as run:
        begun = time.perf_counter()
        await _all_dialled(run)
        return leads / (time.perf_counter() - begun)


async def span(folder: Path, base: str, leads: int) -> float:
    async with engine(folder, base, leads, f"{LIMIT}/{PERIOD:g}s") as run:
        await _all_dialled(run)
        async with aiohttp.ClientSession() as session, session.get(base) as answer:
            asked, refused, took = await answer.json()
    assert (asked, refused) == (leads, 0), f"{asked} requests for {leads} leads, {refused} of them answered 429"
    return float(took) / ((leads - 1) * PERIOD / LIMIT)


def _form(number: int) -> dict[str, str]:
    public = PublicId(f"{number:032x}")
    placement = Placement(
        attempt=public, number=PhoneNumber(f"+919{number:09d}"), caller_id=CALLER, flow_url=FLOW,
        ring_timeout=timedelta(seconds=30), time_limit=timedelta(minutes=5), custom_field=public,
        callback_url=address("https://example.test", public, KEY.tag(public)), send_by=0,
    )  # fmt: skip
    return wording.connect_form(placement)


async def _asked(session: aiohttp.ClientSession, url: str, number: int) -> str:
    async with session.post(url, data=_form(number), headers={"Authorization": AUTHORIZATION}) as response:
        return str(json.loads(await response.read())["Call"]["Sid"])


async def bare(url: str, leads: int) -> float:
    waiting = iter(range(leads))

    async def work(session: aiohttp.ClientSession) -> None:
        for number in waiting:
            await _asked(session, url, number)

    begun = time.perf_counter()
    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        for _ in range(WORKERS):
            tasks.create_task(work(session))
    return leads / (time.perf_counter() - begun)


async def naive(url: str, leads: int, file: Path) -> float:
    only = asyncio.Semaphore(WORKERS)
    with file.open("w", newline="") as out:
        results = csv.writer(out)

        async def call(session: aiohttp.ClientSession, number: int) -> None:
            async with only:
                results.writerow([number, await _asked(session, url, number)])
                out.flush()

        begun = time.perf_counter()
        async with aiohttp.ClientSession() as session:
            await asyncio.gather(*(call(session, number) for number in range(leads)))
        return leads / (time.perf_counter() - begun)


def threaded(url: str, leads: int, file: Path) -> float:
    import requests  # type: ignore[import-untyped]  # only where it is installed

    with closing(sqlite3.connect(file, check_same_thread=False)) as connection, requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WORKERS))
        connection.execute("CREATE TABLE result (number INTEGER, sid TEXT)")

        def call(number: int) -> str:
            answer = session.post(url, data=_form(number), headers={"Authorization": AUTHORIZATION}, timeout=30)
            return str(answer.json()["Call"]["Sid"])

        begun = time.perf_counter()
        with ThreadPoolExecutor(WORKERS) as pool:
            for result in enumerate(pool.map(call, range(leads))):
                connection.execute("INSERT INTO result VALUES (?, ?)", result)
                connection.commit()
        return leads / (time.perf_counter() - begun)


def main(folder: Path, what: str, leads: int) -> float:
    with provider(folder, *((DELAY, LIMIT, PERIOD) if what == "paced" else ())) as base:
        url = base + wording.connect_path("x")
        match what:
            case "engine":
                return asyncio.run(dispatched(folder, base, leads))
            case "paced":
                return asyncio.run(span(folder, base, leads))
            case "client":
                return asyncio.run(bare(url, leads))
            case "script":
                return asyncio.run(naive(url, leads, folder / "results.csv"))
            case "threads":
                return threaded(url, leads, folder / "results.db")
    raise ValueError(what)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        print(main(Path(made), sys.argv[1], int(sys.argv[2])))
