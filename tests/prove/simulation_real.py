"""The real steps and the real Store on SQLite, played by the same scheduler as the model: both must end alike."""

import asyncio
from collections import deque
from collections.abc import Coroutine, Hashable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from campaign.core.attempt import AttemptState, CallSid
from campaign.core.call import Balance, CallReport, LookUpFailed, Missing, Page, Placement, Unreadable
from campaign.core.events import Accepted, InDoubt, Refused, WrittenOff
from campaign.core.keyed import Key, PublicId
from campaign.core.lead import CampaignState, Outcome, PhoneNumber
from campaign.core.pace import Pace, Wait
from campaign.core.policy import Rate
from campaign.core.records import Account, CampaignRecord, Happened, NewImport, NewLead, Reserved
from campaign.engine.channels import Channels
from campaign.engine.desk import Desk
from campaign.engine.dialer import Dialer, Orders
from campaign.engine.pacer import Pacer, Place, Rank
from campaign.provider.exotel import wire
from campaign.store import insight, ledger, schema
from campaign.store.sqlite import reading
from tests.prove.simulation_plan import Plan
from tests.prove.simulation_steps import STOPPED, told
from tests.prove.simulation_world import Request, Told, World, pages

KEY = Key(b"a key for the simulation")
FORM = "application/x-www-form-urlencoded"
NO_END = 1_000_000


class Line:
    """The queue of all campaigns (`ports.Queue`); the scheduler takes from it."""

    def __init__(self) -> None:
        self.waiting: deque[Reserved] = deque()

    async def put(self, reserved: Reserved) -> None:
        self.waiting.append(reserved)

    async def get(self) -> Reserved:
        return self.waiting.popleft()

    def drain(self) -> list[Reserved]:
        found = list(self.waiting)
        self.waiting.clear()
        return found

    def __len__(self) -> int:
        return len(self.waiting)


class Doorman(Pacer):
    """Grants at once, and moves the clock where the pace says wait."""

    async def place(self, rank: Rank, who: Hashable = None, weight: float = 1) -> Place:
        while isinstance(wait := self.pace.decide(self.clock.steady()), Wait):
            assert wait.until is not None, "the play lets nobody ask while all places are on their way"
            self.clock.move_to(wait.until)  # type: ignore[attr-defined]
        self.pace.sent(self.clock.steady())
        return Place(self, rank, self.clock.steady())


class Wire:
    """`ports.Provider` over the world. A request waits in `placing` until the scheduler brings its answer."""

    def __init__(self, real: "Real") -> None:
        self.real, self.world = real, real.world
        self.limit: Rate | None = None
        self.leaves = True

    async def place(self, placement: Placement) -> Accepted | Refused | InDoubt:
        request = self.world.post(placement.attempt, placement.number.e164, self.real.policy, leaves=self.leaves)
        answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.real.flying[request.token] = answer
        self.real.placed.set_result(request)
        await answer
        return request.answer(self.world.time.now())

    async def look_up(self, call: CallSid) -> CallReport | Missing | LookUpFailed:
        return self.world.failing() or self.world.shown(call) or Missing()

    async def look_up_many(self, calls: Sequence[CallSid]) -> Mapping[CallSid, CallReport] | LookUpFailed:
        failed = self.world.failing()
        return failed or {sid: report for sid in calls if (report := self.world.shown(sid))}

    async def calls_between(
        self, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None = None, page: str = ""
    ) -> Page | LookUpFailed:
        if failed := self.world.failing():
            return failed
        parts, place = pages(self.world.listed(since, until, number.e164 if number else None)), int(page or 0)
        calls = parts[place] if place < len(parts) else ()
        return Page(calls, str(place + 1) if place + 1 < len(parts) else "")

    async def balance(self) -> Balance | LookUpFailed:
        return self.world.failing() or Balance(Decimal(1000), "INR")

    def clock_reading(self, created: str) -> datetime | None:
        return datetime.fromisoformat(created) if created else None

    def number_of(self, echo: str) -> PhoneNumber | None:
        return PhoneNumber(echo)

    def read_callback(self, content_type: str, body: bytes) -> CallReport | Unreadable:
        return wire.read_callback(content_type, body)


class Real:
    """A `simulation_play.Side`."""

    def __init__(self, plan: Plan, world: World, folder: Path) -> None:
        self.plan, self.world, self.time, self.policy = plan, world, world.time, plan.policies[0]
        self._version = 1
        self._loop = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.flying: dict[str, asyncio.Future[None]] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._silent: set[int] = set()
        self._run(self._open(folder / "campaign.db"))

    def _run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run(what)

    def close(self) -> None:
        self._run(self._cancel())
        self._run(self._stack.aclose())
        self._loop.close()

    async def _open(self, file: Path) -> None:
        schema.prepare(file)
        read = lambda settings: self.plan.policies[int(str(settings["version"]))]  # noqa: E731
        self.store = await self._stack.enter_async_context(ledger.opened(file, KEY, read))
        self.books = insight.Books(file, database := reading(file))
        self._stack.push_async_callback(database.close)
        account = Account("http://127.0.0.1", "example", simulated=False)
        now = self.time.now()
        for campaign in range(self.plan.campaigns):
            made = await self.store.open_campaign(f"list {campaign}", account, {"version": 0}, now)
            await self.store.set_state(made.id, CampaignState.RUNNING, "", now)
            await self._load(made, [number for owner, number in self.plan.leads if owner == campaign])
        self.campaigns = await self.books.campaigns()
        self._fresh()

    async def _load(self, campaign: CampaignRecord, numbers: list[str]) -> None:
        new = NewImport(campaign.id, "leads.csv", f"{campaign.id:064d}", ("phone",), "phone", self.time.now())
        begun = await self.store.begin_import(new)
        assert isinstance(begun, int)
        lines = [NewLead(2 + row, PhoneNumber(number), [""]) for row, number in enumerate(numbers)]
        await self.store.add_lines(begun, lines)
        await self.store.finish_import(begun, self.time.now())

    def _fresh(self) -> None:
        self.line, self.provider = Line(), Wire(self)
        self.desk = Desk(
            self.campaigns[0].account_id,
            self.policy,
            self.plan.start,
            store=self.store,
            insight=self.books,
            provider=self.provider,
            clock=self.time,
            key=KEY,
        )
        doorman = Doorman(Pace(self.policy.rate), self.time)
        self.desk.pacer = self.desk.enquiry._pacer = doorman
        self.desk.channels = Channels(NO_END, self.policy.longest_call, self.time)  # the ledger alone counts them
        self._dialers()

    def _dialers(self) -> None:
        orders = [Orders(each, self.policy, self._version, lambda _: "") for each in self.campaigns]
        self.dialers = {each.campaign.id: Dialer(each, self.desk, self.line) for each in orders}

    @property
    def pace(self) -> Pace:
        return self.desk.pacer.pace

    # --- starts and people

    def start(self) -> None:
        self._run(self._start())

    async def _start(self) -> None:
        await self._cancel()
        self._fresh()
        await self.store.recover(self.time.now())
        await self.desk._take_up()
        self.campaigns = await self.books.campaigns()

    async def _cancel(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.wait(self._tasks.values()) if self._tasks else None
        self._tasks.clear()
        self.flying.clear()

    def change_policy(self) -> None:
        self.policy = self.plan.policies[1]
        for each in self.campaigns:
            self._version = self._run(self.store.add_policy(each.id, {"version": 1}, self.time.now()))

    def pause(self) -> None:
        self._run(self._move(CampaignState.RUNNING, CampaignState.PAUSED))
        self._run(self._give_back())

    def resume(self) -> None:
        self._run(self._move(CampaignState.PAUSED, CampaignState.RUNNING))

    async def _move(self, before: CampaignState, after: CampaignState) -> None:
        for each in await self.books.campaigns():
            if each.state is before:
                await self.store.set_state(each.id, after, "", self.time.now())
        self.campaigns = await self.books.campaigns()

    async def _give_back(self) -> None:
        await self.dialers[self.campaigns[0].id]._give_back(self.line.drain(), None, "next in line")

    def stop(self) -> None:
        self._run(self._stop())

    async def _stop(self) -> None:
        first = self.campaigns[0].id
        await self.store.set_state(first, CampaignState.DRAINING, STOPPED, self.time.now())
        await self._give_back()
        await self.store.close_rest(first, Outcome.CANCELED, STOPPED, self.time.now())
        self.campaigns = await self.books.campaigns()

    def running(self, campaign: int) -> bool:
        return self.campaigns[campaign].state is CampaignState.RUNNING

    def write_off(self) -> None:
        self._run(self._write_off())

    async def _write_off(self) -> None:
        silent = self.desk.recovery._silent
        for call in await self.books.live_calls(self.campaigns[0].account_id):
            if call.attempt.state is AttemptState.UNKNOWN or call.attempt.id in silent:
                event = WrittenOff(self.time.now(), "nobody knows")
                for recorded in await self.store.record([Happened(call.attempt.id, event)]):
                    self.desk._settled(recorded)

    # --- dialling

    def claim(self, campaign: int) -> datetime | None:
        again: datetime | None = self._run(self.dialers[self.campaigns[campaign].id].step(self.time.now()))
        return again

    def waiting(self) -> int:
        return len(self.line)

    def channel_free_at(self) -> datetime | None:
        used = self.desk.channels._used()
        return min(used) if len(used) >= self.policy.channels else None

    def dial(self, *, leaves: bool = True) -> Request | None:
        request: Request | None = self._run(self._dial(leaves))
        return request

    async def _dial(self, leaves: bool) -> Request | None:
        reserved = self.line.waiting.popleft()
        self.provider.leaves = leaves
        self.placed: asyncio.Future[Request] = asyncio.get_running_loop().create_future()
        task = asyncio.ensure_future(self.dialers[reserved.campaign].dial(reserved))
        both: list[asyncio.Future[Any]] = [task, self.placed]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if self.placed.done():
            self._tasks[reserved.public_id] = task
            return self.placed.result()
        self.placed.cancel()
        await task
        return None

    def answer(self, request: Request) -> None:
        self._run(self._answer(request))

    async def _answer(self, request: Request) -> None:
        self.flying.pop(request.token).set_result(None)
        await self._tasks.pop(request.token)

    # --- the other steps

    def receive(self, token: str, told: Told) -> bool:
        attempt = PublicId(token)
        tag = KEY.tag(attempt) if not told.forged else "A" * 22
        body = f"CallSid={told.sid}&Status={told.status}" if told.status else "garbage"
        if not self.desk.callbacks.knows(attempt, tag):
            return False
        fate = self._run(self.desk.callbacks.receive(attempt, FORM, body.encode()))
        return str(fate) == "stored"

    def read(self) -> None:
        self._run(self.desk.callbacks.step(self.time.now()))

    def recovery(self) -> datetime | None:
        again: datetime | None = self._run(self.desk.recovery.step(self.time.now()))
        return again

    def doubts(self) -> datetime | None:
        again: datetime | None = self._run(self.desk.doubts.step(self.time.now()))
        return again

    def reconcile(self) -> bool:
        compared: bool = self._run(self.desk.reconciliation.compare(Rank.DETAILS))
        return compared

    def snapshot(self) -> tuple[list[object], list[object]]:
        found: tuple[list[object], list[object]] = self._run(self._snapshot())
        return found

    async def _snapshot(self) -> tuple[list[object], list[object]]:
        leads: list[object] = []
        attempts: list[object] = []
        for campaign in self.campaigns:
            async for chunk in self.books.leads(campaign.id):
                for lead in chunk:
                    leads.append((lead.state, lead.outcome, lead.reason))
                    attempts += [(lead.id, each.attempt_no, *told(each.attempt)) for each in lead.attempts]
        return leads, attempts


__all__ = ["Real", "timedelta"]
