"""A simulator and a client of it for tests: plain HTTP, nothing of ours in between, time moved by hand."""

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp import ClientSession, web

from campaign.ports import Bell
from campaign.simulator.server import Simulator
from campaign.simulator.town import Town
from tests.builders import NOON

ACCOUNT = "/v1/Accounts/simulated/Calls"
LEAD, ANOTHER, EXOPHONE = "+919812300001", "+919812300002", "08041230000"
NULL_FIELDS = ("ParentCallSid", "EndTime", "Duration", "Price", "AnsweredBy", "ForwardedFrom", "CallerName")
FIELDS = [
    *("Sid", "ParentCallSid", "DateCreated", "DateUpdated", "AccountSid", "To", "From", "PhoneNumberSid", "Status"),
    *("StartTime", "EndTime", "Duration", "Price", "Direction", "AnsweredBy", "ForwardedFrom", "CallerName", "Uri"),
    "RecordingUrl",
]


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


SIMULATED = basic("simulated", "simulated")


class HandClock:
    """Stands still until it is moved; whoever waits then looks again."""

    def __init__(self) -> None:
        self._now = NOON
        self._bells: set[Bell] = set()

    def now(self) -> datetime:
        return self._now

    def steady(self) -> datetime:
        return self.now()

    def ticks(self) -> float:
        return 0.0

    def started(self) -> datetime:
        return NOON

    def real(self, span: timedelta) -> float:
        return span.total_seconds()

    async def wait(self, until: datetime | None, bell: Bell | None = None) -> None:
        bell = bell or Bell()
        self._bells.add(bell)
        if until is None or self._now < until:
            await bell.wait()
        bell.clear()

    def move(self, span: timedelta) -> None:
        self._now += span
        for bell in self._bells:
            bell.set()


class Answer(NamedTuple):
    status: int
    type: str
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def call(self) -> dict[str, Any]:
        call: dict[str, Any] = self.json["Call"]
        return call

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = self.json["RestException"]
        return error


class Told(NamedTuple):
    query: dict[str, str]
    type: str
    agent: str
    body: bytes


@dataclass
class World:
    """One simulator, one client of it and one callback address."""

    clock: HandClock
    simulator: Simulator
    session: ClientSession
    base_url: str
    told: "asyncio.Queue[Told]" = field(default_factory=asyncio.Queue)
    callback_url: str = ""
    answer_with: list[int] = field(default_factory=list)

    async def ask(self, method: str, path: str, **how: Any) -> Answer:
        how = {"headers": SIMULATED} | how
        async with self.session.request(method, self.base_url + path, **how) as response:
            headers = dict(response.headers)
            return Answer(response.status, response.content_type, await response.text(), headers)

    async def connect(self, script: str = "answers:25s", /, *, xml: bool = False, **fields: Any) -> Answer:
        form = {
            "From": LEAD,
            "CallerId": EXOPHONE,
            "Url": "http://my.exotel.com/simulated/exoml/start_voice/1",
            "TimeOut": "30",
            "TimeLimit": "300",
            "CustomField": f"a1 simulate={script}",
        } | fields
        data = {name: value for name, value in form.items() if value is not None}
        return await self.ask("POST", f"{ACCOUNT}/connect" + ("" if xml else ".json"), data=data)

    async def call(self, script: str = "answers:25s", /, **fields: Any) -> str:
        answer = await self.connect(script, **fields)
        assert answer.status == 200, answer.text
        sid: str = answer.call["Sid"]
        return sid

    async def show(self, sid: str, query: str = "") -> dict[str, Any]:
        return (await self.ask("GET", f"{ACCOUNT}/{sid}.json{query}")).call

    async def list_calls(self, **query: str) -> Answer:
        return await self.ask("GET", f"{ACCOUNT}.json", params=query)

    async def listed(self, **query: str) -> list[str]:
        return [call["Sid"] for call in (await self.list_calls(**query)).json["Calls"]]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Until it holds; each round trip gives the simulator its turn."""
        while not holds():
            await self.session.get(self.base_url)

    async def settled(self) -> None:
        """Until nobody is on the phone and no callback under way."""
        await self.until(lambda: not self.simulator.busy())

    async def receive(self, request: web.Request) -> web.Response:
        body = await request.read()
        agent = request.headers["User-Agent"]
        self.told.put_nowait(Told(dict(request.query), request.headers["Content-Type"], agent, body))
        return web.Response(status=self.answer_with.pop(0) if self.answer_with else 200)


@asynccontextmanager
async def a_town(log: Path, **town: Any) -> AsyncIterator[World]:
    """A simulator of such a town with that log, and somebody who takes its callbacks."""
    async with AsyncExitStack() as stack:
        clock = HandClock()
        simulator = Simulator(clock=clock, town=Town(**town), log=log)
        base_url = await stack.enter_async_context(simulator.running())
        world = World(clock, simulator, await stack.enter_async_context(ClientSession()), base_url)
        world.callback_url = await _listen(stack, world.receive)
        yield world


async def _listen(stack: AsyncExitStack, receive: Callable[[web.Request], Awaitable[web.Response]]) -> str:
    app = web.Application()
    app.router.add_post("/told", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/told?attempt=a1&next=http%3A%2F%2Fx%2F"


def log_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    return [line for line in log_of(folder) if line["kind"] == kind]


def faulty(folder: Path, *names: str, **faults: Any) -> AbstractAsyncContextManager[World]:
    """A town in which these happen to every request, or by a rule."""
    return a_town(folder / "log.jsonl", faults=dict.fromkeys(names, 1) | faults)


def happened(folder: Path) -> list[str]:
    """The names of the faults in the log."""
    return [line["name"] for line in lines(folder, "fault")]


def placed(folder: Path) -> int:
    """How many calls were made."""
    return len(lines(folder, "call"))
