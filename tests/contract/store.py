"""The bench on which any Store is tried: one ledger, its books, and the few words that the tests of it share."""

import hashlib
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.dialects.sqlite import dialect

from campaign.core.attempt import AttemptId, CallSid, Disposition, ResolvedBy
from campaign.core.events import Accepted, Ended, Event
from campaign.core.failing import FailedLimit
from campaign.core.guard import Send, Verdict
from campaign.core.keyed import Key
from campaign.core.lead import CampaignId, CampaignState, PhoneNumber
from campaign.core.policy import Policy
from campaign.core.records import (
    Account,
    AccountId,
    Happened,
    ImportId,
    ImportRecord,
    Intent,
    LeadRecord,
    LineFate,
    LiveCall,
    NewImport,
    NewLead,
    Recorded,
    Reject,
    RejectReason,
    Reserved,
)
from campaign.ports import Store
from campaign.store import audit, fold, insight, ledger, tables
from campaign.store.insight import Books
from campaign.store.rows import Query
from campaign.store.sqlite import Database, reading
from tests.builders import NOON, policy

ACCOUNT = Account("https://api.example.test", "example", simulated=False)
HEADER = ("phone", "city")
KEY = Key(b"a key for tests")
NOBODY = AttemptId(999)


def number(count: int) -> PhoneNumber:
    return PhoneNumber(f"+919812300{count:03}")


def new_lead(line: int, count: int, city: str = "Pune") -> NewLead:
    return NewLead(line, number(count), (number(count).e164, city))


def reject(line: int) -> Reject:
    return Reject(line, "phone", "n/a", RejectReason.NOT_A_NUMBER, "write a number", ("n/a", "Goa"))


def sid(count: int) -> CallSid:
    return CallSid(f"c0ffee{count:026}")


class Bench:
    """A ledger to try, its books, and a second connection that sees what is on disk."""

    def __init__(self, store: Store, books: Books, beside: Database) -> None:
        self.store = store
        self.books = books
        self._beside = beside
        self.imports = 0

    async def rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Any]:
        """What another process would read now."""
        return await self._beside.all(query)

    async def plan(self, query: Query, values: Mapping[str, Any]) -> str:
        """How the database would answer it."""
        named = query.params(**{name: value for name, value in values.items() if name in query.compile().params})
        compiled = named.compile(dialect=dialect(), compile_kwargs={"literal_binds": True})
        explained: Any = text(f"EXPLAIN QUERY PLAN {compiled}")
        return " ".join(row.detail for row in await self.rows(explained))

    async def events(self, *kinds: str) -> Sequence[Any]:
        """The rows of the event table of these kinds, or all, oldest first."""
        query = select(tables.event).order_by(tables.event.c.id)
        return await self.rows(query.where(tables.event.c.kind.in_(kinds)) if kinds else query)

    async def contradictions(self, campaign: CampaignId) -> str:
        """Where the tables first say otherwise than the events."""
        return (await fold.folded(self._beside, campaign)).first

    async def breaches(self, campaign: CampaignId) -> dict[str, str]:
        """What `verify` finds, the first of each kind."""
        checks = await audit.Audit(self._beside, lambda settings: policy(**settings)).of_campaign(campaign)
        return {check.what: check.first for check in checks if check.breaches}

    async def attempt(self, attempt: AttemptId) -> Any:
        [row] = await self.rows(select(tables.attempt).where(tables.attempt.c.id == attempt))
        return row

    async def campaign(
        self, name: str = "spring", *, state: CampaignState = CampaignState.RUNNING, account: Account = ACCOUNT,
        **settings: object,
    ) -> CampaignId:  # fmt: skip
        """A campaign whose policy is that of the builders with `settings` changed."""
        made = await self.store.open_campaign(name, account, settings, NOON)
        await self.store.set_state(made.id, state, "", NOON)
        return made.id

    async def begin(
        self, campaign: CampaignId, file: str = "leads.csv", data: str = "", at: datetime = NOON
    ) -> ImportId:
        """An import of bytes that were never seen, unless `data` says which."""
        self.imports += 1
        sha256 = hashlib.sha256((data or str(self.imports)).encode()).hexdigest()
        begun = await self.store.begin_import(NewImport(campaign, file, sha256, HEADER, "phone", at))
        assert isinstance(begun, int)
        return begun

    async def load(
        self, campaign: CampaignId, lines: Sequence[NewLead | Reject], file: str = "leads.csv", at: datetime = NOON
    ) -> tuple[list[LineFate], ImportRecord]:
        into = await self.begin(campaign, file, at=at)
        fates = await self.store.add_lines(into, lines)
        return fates, await self.store.finish_import(into, at)

    async def reserve(
        self, campaign: CampaignId, *counts: int, at: datetime = NOON, limit: int = 100
    ) -> list[Reserved]:
        """Load leads with these numbers, and claim whatever is due."""
        if counts:
            await self.load(campaign, [new_lead(line, count) for line, count in enumerate(counts, start=2)])
        return await self.store.claim_due(campaign, at, limit)

    async def ask(self, reserved: Sequence[Reserved], at: datetime = NOON, **changes: Any) -> list[Verdict]:
        """What the guards say under the builders' policy with these changes."""
        intents = [Intent(each.attempt, policy(**changes), 1, at) for each in reserved]
        return await self.store.begin_sending(intents)

    async def sending(self, campaign: CampaignId, *counts: int, at: datetime = NOON) -> list[AttemptId]:
        """Attempts whose requests may leave."""
        reserved = await self.reserve(campaign, *counts, at=at)
        assert await self.ask(reserved, at) == [Send()] * len(reserved)
        return [each.attempt for each in reserved]

    async def tell(self, attempt: AttemptId, *events: Event) -> list[Recorded]:
        """Record them one after the other."""
        return [(await self.store.record([Happened(attempt, event)]))[0] for event in events]

    async def alive(self, campaign: CampaignId, *counts: int, at: datetime = NOON) -> list[AttemptId]:
        """Attempts that the provider has accepted."""
        attempts = await self.sending(campaign, *counts, at=at)
        await self.store.record([Happened(each, Accepted(at, sid(each))) for each in attempts])
        return attempts

    async def call(
        self, campaign: CampaignId, count: int, disposition: Disposition, at: datetime = NOON,
        lasts: timedelta = timedelta(minutes=1),
    ) -> AttemptId:  # fmt: skip
        """A call to a new lead that ended so."""
        [attempt] = await self.alive(campaign, count, at=at)
        await self.tell(attempt, ended(disposition, at + lasts))
        return attempt

    async def leads(self, campaign: CampaignId) -> list[LeadRecord]:
        return [lead async for chunk in self.books.leads(campaign) for lead in chunk]

    async def account(self, campaign: CampaignId) -> AccountId:
        """Through which it dials."""
        [account] = [each.account_id for each in await self.books.campaigns() if each.id == campaign]
        return account

    async def live(self, campaign: CampaignId) -> list[LiveCall]:
        """The calls alive of the campaign's account."""
        return await self.books.live_calls(await self.account(campaign))

    async def lead(self, campaign: CampaignId) -> LeadRecord:
        """The only one."""
        [lead] = await self.leads(campaign)
        return lead


def ended(
    disposition: Disposition, at: datetime, by: ResolvedBy = ResolvedBy.CALLBACK, call_sid: CallSid | None = None
) -> Ended:
    return Ended(at, disposition, disposition.replace("_", "-"), by, call_sid)


def _policy(settings: Mapping[str, Any]) -> Policy:
    """Stored as JSON has it."""
    failed = settings.get("pause_if_failed")
    return policy(**{**settings, "pause_if_failed": FailedLimit(*failed) if failed else None})


@asynccontextmanager
async def sqlite_bench(file: Path) -> AsyncIterator[Bench]:
    """Over a file whose schema is there."""
    beside = reading(file)
    async with (
        ledger.opened(file, KEY, _policy) as store,
        insight.opened(file) as books,
    ):
        yield Bench(store, books, beside)
    await beside.close()


@asynccontextmanager
async def sqlite(empty: Path, folder: Path) -> AsyncIterator[Bench]:
    async with sqlite_bench(Path(shutil.copy(empty, folder / "campaign.db"))) as bench:
        yield bench


BACKENDS: dict[str, Callable[[Path, Path], AbstractAsyncContextManager[Bench]]] = {"sqlite": sqlite}
"""Each makes a bench in a folder of its own, given a file with the schema and nothing else."""
