"""A house for tests of the engine: a real ledger on a SQLite file, a clock moved by hand, a provider with a script."""

import asyncio
import tempfile
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from campaign.core.attempt import CallSid, Disposition, Refusal
from campaign.core.call import Balance, CallReport, LookUpFailed, Missing, Page, Placement, Unreadable
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.core.keyed import Key, PublicId
from campaign.core.lead import CampaignState, PhoneNumber
from campaign.core.policy import Policy, Rate
from campaign.core.records import (
    Account,
    AttemptRecord,
    CampaignRecord,
    Happened,
    Intent,
    LeadRecord,
    LiveCall,
    NewImport,
    NewLead,
    RawCallback,
)
from campaign.engine.desk import Desk
from campaign.engine.dialer import Orders
from campaign.engine.run import Run
from campaign.engine.tasks import beside
from campaign.ports import Bell
from campaign.provider.exotel import wire
from campaign.store import insight, ledger, schema, tables
from campaign.store.insight import Books
from campaign.store.ledger import Ledger
from campaign.store.sqlite import Database, reading
from tests.builders import NOON, minutes, policy, seconds

PATIENCE = 40.0  # seconds before a test that waits gives up
FORM = "application/x-www-form-urlencoded"
KEY = Key(b"a key for tests")
FREELY = Rate(200_000_000, minutes(1))  # so many that there is no grid: nobody waits for a clock that stands still


class StillClock:
    """Stands still until it is moved; whoever waits for an instant that has come then goes on.

    `hour`: how many real seconds an hour takes, for the one part that needs them.
    """

    def __init__(self, hour: float = 0.0) -> None:
        self.waiting: dict[Bell, datetime | None] = {}
        self._now = NOON
        self._ticks = 100.0
        self._hour = hour

    def now(self) -> datetime:
        return self._now

    def steady(self) -> datetime:
        return self.now()

    def ticks(self) -> float:
        return self._ticks

    def started(self) -> datetime:
        return self._now - seconds(self._ticks)

    def real(self, span: timedelta) -> float:
        return span / timedelta(hours=1) * self._hour

    async def wait(self, until: datetime | None, bell: Bell | None = None) -> None:
        bell = bell or Bell()
        if until is None or self._now < until:
            self.waiting[bell] = until
            try:
                await bell.wait()
            finally:
                self.waiting.pop(bell, None)
        bell.clear()

    def move(self, span: timedelta) -> None:
        """Time passes."""
        self._ticks += span.total_seconds()
        self.set_ahead(span)

    def set_ahead(self, span: timedelta) -> None:
        """Somebody sets it; no time passes."""
        self._now += span
        for bell, until in list(self.waiting.items()):
            if until and until <= self._now:
                bell.set()


Answer = Accepted | Refused | InDoubt


class ScriptedProvider:
    """Answers connect requests from `answers`, then accepts; look-ups from `failures`, then from `shows`.

    While `open` is not set, requests are on their way. `sid(n)` is the call of the n-th accepted request, from 1.
    """

    def __init__(self, clock: StillClock) -> None:
        self.clock = clock
        self.limit: Rate | None = None
        self.answers: deque[Callable[[datetime], Answer]] = deque()
        self.failures: deque[LookUpFailed] = deque()
        self.shows: dict[CallSid, CallReport] = {}
        self.listed: list[CallReport] = []
        self.listings: list[tuple[datetime, datetime, PhoneNumber | None]] = []
        self.placed: list[Placement] = []
        self.asked: list[CallSid | tuple[CallSid, ...]] = []
        self.money, self.balances_asked = Decimal(1000), 0
        self.open = Bell()
        self.open.set()
        self._accepted = 0

    async def place(self, placement: Placement) -> Answer:
        self.placed.append(placement)
        await self.open.wait()
        now = self.clock.now()
        if self.answers:
            return self.answers.popleft()(now)
        self._accepted += 1
        return Accepted(now, sid(self._accepted))

    async def look_up(self, call: CallSid) -> CallReport | Missing | LookUpFailed:
        self.asked.append(call)
        await self.open.wait()
        return self.failures.popleft() if self.failures else self.shows.get(call, Missing())

    async def look_up_many(self, calls: Sequence[CallSid]) -> Mapping[CallSid, CallReport] | LookUpFailed:
        self.asked.append(tuple(calls))
        await self.open.wait()
        if self.failures:
            return self.failures.popleft()
        return {call: self.shows[call] for call in calls if call in self.shows}

    async def calls_between(
        self, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None = None, page: str = ""
    ) -> Page | LookUpFailed:
        """Of `listed`, those created in between, to the number if one is given; one page of each hundred."""
        self.listings.append((since, until, number))
        await self.open.wait()
        if self.failures:
            return self.failures.popleft()
        echo = number and f"0{number.e164[3:]}"
        fits = [
            each
            for each in self.listed
            if (created := wire.clock_reading(each.created or ""))
            and since <= created <= until
            and echo in (None, each.number)
        ]
        start = int(page or 0)
        return Page(fits[start : start + 100], str(start + 100) if len(fits) > start + 100 else "")

    async def balance(self) -> Balance | LookUpFailed:
        self.balances_asked += 1
        await self.open.wait()
        return self.failures.popleft() if self.failures else Balance(self.money, "INR")

    def clock_reading(self, created: str) -> datetime | None:
        return wire.clock_reading(created)

    def number_of(self, echo: str) -> PhoneNumber | None:
        return wire.number_of(echo, "IN")

    def read_callback(self, content_type: str, body: bytes) -> CallReport | Unreadable:
        return wire.read_callback(content_type, body)


def counted(monkeypatch: pytest.MonkeyPatch, question: str) -> list[str]:
    """Grows by one each time this is asked of the ledger."""
    asked: list[str] = []
    answer = getattr(Books, question)

    async def counting(self: Books, *arguments: Any) -> Any:
        asked.append(question)
        return await answer(self, *arguments)

    monkeypatch.setattr(Books, question, counting)
    return asked


def sid(number: int) -> CallSid:
    return CallSid(f"c0ffee{number:026d}")


def refused(refusal: Refusal, *, retry_after: float | None = None) -> Callable[[datetime], Answer]:
    return lambda now: Refused(now, refusal, f"refused: {refusal}", retry_after)


def accepted(call: CallSid) -> Callable[[datetime], Answer]:
    return lambda now: Accepted(now, call)


def in_doubt(*, server_error: bool = False) -> Callable[[datetime], Answer]:
    return lambda now: InDoubt(now, "no answer", server_error=server_error)


def report(call: CallSid, disposition: Disposition | None = Disposition.COMPLETED, **more: Any) -> CallReport:
    return CallReport(call, (disposition or "in-progress").replace("_", "-"), disposition, **more)


@dataclass
class House:
    """One campaign in one file."""

    file: Path
    clock: StillClock
    store: Ledger
    books: Books
    provider: ScriptedProvider
    policy: Policy
    campaign: CampaignRecord
    database: Database
    files: int = field(default=0)

    async def load(self, leads: int, first: int = 1, later: Sequence[PhoneNumber] = ()) -> None:
        """So many leads, +9198123xxxxx, from a file of their own; `later`: the numbers that each has besides."""
        self.files += 1
        new = NewImport(self.campaign.id, "leads.csv", f"{self.files:064d}", ("phone",), "phone", self.clock.now())
        begun = await self.store.begin_import(new)
        assert isinstance(begun, int)
        numbers = [PhoneNumber(f"+9198123{number:05d}") for number in range(first, first + leads)]
        await self.store.add_lines(begun, [NewLead(2 + row, number, [""], later) for row, number in enumerate(numbers)])
        await self.store.finish_import(begun, self.clock.now())

    def run(self, *, limit: int | None = None, forgetful: bool = False) -> Run:
        """Everything a run needs, wired, not started. Callbacks go to an address of nobody."""
        orders = Orders(self.campaign, self.policy, 1, _address if self.policy.callbacks else None, limit)
        return Run(orders, self.desk(forgetful=forgetful))

    def desk(self, *, forgetful: bool = False) -> Desk:
        """The account's desk, not open."""
        return Desk(
            self.campaign.account_id,
            self.policy,
            self.campaign.created_at,
            store=self.store,
            insight=self.books,
            provider=self.provider,
            clock=self.clock,
            key=KEY,
            forgotten=self.policy.longest_call if forgetful else None,
        )

    async def move_to(self, state: CampaignState) -> None:
        await self.store.set_state(self.campaign.id, state, "", self.clock.now())
        self.campaign = (await self.books.campaigns())[0]

    async def leads(self) -> list[LeadRecord]:
        return [lead async for chunk in self.books.leads(self.campaign.id) for lead in chunk]

    async def live(self) -> list[LiveCall]:
        """The account's calls alive."""
        return await self.books.live_calls(self.campaign.account_id)

    async def attempts(self) -> list[AttemptRecord]:
        return [attempt async for chunk in self.books.attempts(self.campaign.id) for attempt in chunk]

    async def state(self) -> CampaignState:
        return (await self.books.campaigns())[0].state

    async def rows(self, table: str) -> list[dict[str, Any]]:
        """A table as it is on disk."""
        return [dict(row._mapping) for row in await self.database.all(select(tables.metadata.tables[table]))]

    async def until(self, holds: Callable[[], object]) -> None:
        """Until it holds; each round trip to the file gives the tasks their turn."""
        async with asyncio.timeout(PATIENCE):
            while not holds():
                await self.books.next_due(self.campaign.id)

    async def settle(self) -> None:
        """Give every task that can go on time to do so: nothing is asked of the file for a while."""
        quiet = 0
        while quiet < 30:
            await self.books.next_due(self.campaign.id)
            quiet = 0 if self.store.busy or self.books.busy else quiet + 1

    async def call(self, number: int = 1, answer: Callable[[datetime], Answer] | None = None) -> AttemptRecord:
        """The next lead due is called now; the provider accepts with `sid(number)` or answers so."""
        [reserved] = await self.store.claim_due(self.campaign.id, self.clock.now(), 1)
        now = self.clock.now()
        await self.store.begin_sending([Intent(reserved.attempt, self.policy, 1, now)])
        event = answer(now) if answer else Accepted(now, sid(number))
        await self.store.record([Happened(reserved.attempt, event)])
        return next(each for each in await self.attempts() if each.public_id == reserved.public_id)

    async def callback(self, attempt: PublicId, body: bytes, content_type: str = FORM) -> None:
        """On disk, as if an earlier process had heard it."""
        await self.store.keep_callbacks([RawCallback(attempt, content_type, body, self.clock.now())])


def ending(call: CallSid, status: str = "completed") -> bytes:
    """A callback's body."""
    return f"CallSid={call}&Status={status}".encode()


def _address(attempt: PublicId) -> str:
    return f"https://campaign.example/cb/{attempt}.{KEY.tag(attempt)}"


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        schema.prepare(file)
        return file.read_bytes()


@asynccontextmanager
async def connections_closed() -> AsyncIterator[None]:
    """A query that was cancelled half-way has its answer before the loop is gone: its thread ends first."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if "_connection_worker_thread" in thread.name:
            await asyncio.to_thread(thread.join, 1.0)


@asynccontextmanager
async def a_house(
    folder: Path, *, leads: int = 0, state: CampaignState = CampaignState.RUNNING, hour: float = 0.0, **changes: Any
) -> AsyncIterator[House]:
    """A house with so many leads; `changes`: to the policy."""
    file = folder / "campaign.db"
    if not file.exists():
        file.write_bytes(_empty_database())
    rules, clock = policy(**changes), StillClock(hour)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(connections_closed())
        store = await stack.enter_async_context(ledger.opened(file, KEY, lambda _: rules))
        books = await stack.enter_async_context(insight.opened(file))
        database = reading(file)
        stack.push_async_callback(database.close)
        account = Account("http://127.0.0.1", "example", simulated=False)
        campaign = await store.open_campaign("leads", account, {}, clock.now())
        house = House(file, clock, store, books, ScriptedProvider(clock), rules, campaign, database)
        await house.move_to(state)
        if leads:
            await house.load(leads)
        yield house


@asynccontextmanager
async def dialling(house: House, run: Run, workers: int = 4) -> AsyncIterator[None]:
    """The pacer and some workers of a run; its steps are the test's to take."""
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(beside(run.desk.pacer.run()))
        for _ in range(workers):
            await stack.enter_async_context(beside(run.dialer.work()))
        yield
