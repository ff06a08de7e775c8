"""A campaign of five leads on a disk that fails at its n-th write, and after the cure to its end: `disk` plays it."""

import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import ClientSession

from campaign.core.lead import LeadState
from campaign.engine.run import Ending, Run
from campaign.errors import CampaignError
from campaign.store import audit, schema
from campaign.web.callbacks import address, application
from campaign.web.serving import serving
from tests.builders import NOON, hours, seconds
from tests.integration.going import Going, going
from tests.integration.house import FREELY, KEY, House, a_house, ending
from tests.prove.disk_world import SCRIPTS, Call, Disk, Phones, beneath, phones
from tests.prove.part import memory

LOOPBACK = "127.0.0.1"
POLICY: dict[str, Any] = {
    "rate": FREELY,
    "waits": dict.fromkeys(("busy", "no_answer", "failed"), (seconds(10),)),
    "min_gap": seconds(0),
    "settle_for": hours(3),
}
STEPS = 300
"""How often time may move before a run must be over."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where callbacks go."""

    session: ClientSession
    base: str


@dataclass
class Played:
    """`wrong`: what broke the promise. `roads`: what happened on the way. `held`: numbers still in doubt.

    `writes`: of the first life.
    """

    disk: Disk
    wrong: list[str] = field(default_factory=list)
    roads: Counter[str] = field(default_factory=Counter)
    held: list[str] = field(default_factory=list)
    writes: int = 0


async def play(folder: Path, disk: Disk) -> Played:
    """Both lives of it, the second on a disk that was cured."""
    played, told = Played(disk), phones(folder / "campaign.db")
    told.file.write_bytes(_empty_database())
    with beneath(disk):
        try:
            await _life(folder, told, played)
            played.roads["went on as if nothing had been" if disk.failed else "never failed"] += 1
        except CampaignError as broken:
            played.roads["stopped"] += 1
            if "cannot be written" not in broken.message or disk.kind not in broken.message or not broken.hint:
                played.wrong.append(f"it does not say what to do: {broken.message} {broken.hint}")
        played.writes = disk.writes
        disk.cure()
        try:
            await _life(folder, told, played)
        except CampaignError as still:
            played.wrong.append(f"after the cure: {still.message}")
    played.wrong += [*_unsafe(told), *_calls(told, played.held)]
    return played


@cache
def _empty_database() -> bytes:
    """Made on a good disk: making one takes longer than a whole play."""
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        schema.prepare(file := Path(folder) / "empty.db")
        return file.read_bytes()


async def _life(folder: Path, told: Phones, played: Played) -> None:
    """One process: from its start to the end of the campaign, or of the disk."""
    async with a_house(folder, **POLICY) as house:
        house.clock.move(told.clock.now() - NOON)
        house.provider = told.at(house.clock)
        await house.store.recover(house.clock.now())
        if not await house.leads():
            await house.load(len(SCRIPTS))
        run = house.run()
        async with _listening(run) as site:
            try:
                async with going(house) as it:
                    await _through(it, told, site, played)
            finally:
                await _knock(site, told, played)
        await _check(house, played)


async def _through(it: Going, told: Phones, site: Site, played: Played) -> None:
    """Time passes until the run is over."""
    for _ in range(STEPS):
        await it.house.settle()
        if it.end.done():
            if (
                it.end.result() is Ending.IN_DOUBT
                and await it.house.books.reading(it.house.campaign.account_id) is None
            ):
                played.roads["held: no answer ever told the provider's clock"] += 1
            elif it.end.result() is not Ending.DONE:
                played.wrong.append(f"it ended: {it.end.result()}")
            return
        for call in told.untold():
            await _tell(site, call, told, played)
        it.house.clock.move(_next(it.house, told))
    played.wrong.append("it does not end")


def _next(house: House, told: Phones) -> timedelta:
    now = house.clock.now()
    instants = [*(each for each in house.clock.waiting.values() if each and each > now), told.next_end()]
    return min((each for each in instants if each), default=now + seconds(60)) - now


async def _tell(site: Site, call: Call, told: Phones, played: Played) -> None:
    """The end of a call, as the provider tells it; once more later unless it was heard."""
    body = ending(call.sid, call.report().status)
    async with site.session.post(address(site.base, call.attempt, KEY.tag(call.attempt)), data=body) as answer:
        status = answer.status
    played.roads[f"callbacks answered {status}"] += 1
    if status == 200:
        told.told.add(call.sid)
    elif status != 503:
        played.wrong.append(f"a callback is answered {status}")


async def _knock(site: Site, told: Phones, played: Played) -> None:
    """While the disk is broken nobody is told 200, not even after the run has stopped."""
    if played.disk.broken and told.calls:
        before = played.roads["callbacks answered 200"]
        repeat = told.told.copy()
        await _tell(site, told.calls[-1], told, played)
        if played.roads["callbacks answered 200"] > before:
            played.wrong.append("a callback is answered 200 while nothing can be written")
        told.told = repeat


async def _check(house: House, played: Played) -> None:
    """What `campaign verify` says of it."""
    async with audit.opened(house.file, lambda _: house.policy) as books:
        checks = [*await books.of_campaign(house.campaign.id), *await books.of_database()]
    played.held = [lead.number.e164 for lead in await house.leads() if lead.state is LeadState.HELD]
    played.wrong += [f"verify: {check.first}" for check in checks if check.breaches]


def _unsafe(told: Phones) -> list[str]:
    tokens = Counter(call.attempt for call in told.calls)
    twice = [f"attempt {token} was sent {times} times" for token, times in tokens.items() if times > 1]
    return [*twice, *(f"attempt {each} was sent before it was on disk" for each in told.unsafe)]


def _calls(told: Phones, held: list[str]) -> Iterator[str]:
    """Everybody was called exactly as often as it took, but for those whose call nobody can know of."""
    for place, answers in enumerate(SCRIPTS):
        calls = sum(call.number.e164.endswith(f"{place + 1}") for call in told.calls)
        doubtful = any(number.endswith(f"{place + 1}") for number in held)
        if calls > len(answers) or (calls < len(answers) and not doubtful):
            yield f"lead {place} was called {calls} times instead of {len(answers)}"


@asynccontextmanager
async def _listening(run: Run) -> AsyncIterator[Site]:
    async with serving(application(run.desk.callbacks), LOOPBACK, 0) as port, ClientSession() as session:
        yield Site(session, f"http://{LOOPBACK}:{port}")
