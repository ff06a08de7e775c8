"""The campaigns that are dialled at one desk, and what other commands may wish of them through the door."""

import asyncio
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from campaign import settings as settings_of
from campaign.core.attempt import AttemptId
from campaign.core.keyed import Key, PublicId
from campaign.core.lead import CampaignId, PhoneNumber
from campaign.core.policy import Policy
from campaign.core.records import CampaignRecord, ImportId, Owner, Unloaded
from campaign.engine.callbacks import Callbacks
from campaign.engine.clock import RealClock
from campaign.engine.desk import Desk
from campaign.engine.dialer import Orders
from campaign.engine.feed import News, Pulse
from campaign.engine.once import Once
from campaign.engine.run import Ending, Run
from campaign.engine.tasks import beside, nursery
from campaign.errors import CampaignError
from campaign.intake import Form
from campaign.web import callbacks as callbacks_web
from campaign.web import door
from campaign.web.serving import serving
from campaign.wiring.calling import test_call
from campaign.wiring.house import House, Resolution
from campaign.wiring.policy import LOOPBACK, read_policy, stored


class Floor:
    """The campaigns that are dialled at one desk, and what other commands may wish of them."""

    def __init__(self, house: House, desk: Desk, port: int | None, at_once: asyncio.Event) -> None:
        self._house, self._desk, self._port, self._at_once = house, desk, port, at_once
        self._runs: dict[CampaignId, Run] = {}
        self._endings: dict[CampaignId, asyncio.Task[Ending]] = {}
        self._group: asyncio.TaskGroup | None = None

    def take(self, campaign: CampaignRecord, limit: int | None) -> Run:
        """Dial this one too; at once if the floor is open."""
        self._house.ours(campaign)
        policy = read_policy(campaign.settings)
        orders = Orders(campaign, policy, campaign.policy_version, self._address_for(campaign), limit)
        run = self._runs[campaign.id] = (Once if campaign.test_call else Run)(orders, self._desk)
        if self._group:
            self._begin(run)
        return run

    def _address_for(self, campaign: CampaignRecord) -> Callable[[PublicId], str] | None:
        """Where callbacks of its attempts go; None: nobody listens, or it wants none."""
        public = stored(campaign).callbacks.public_url
        if not public or self._port is None:
            return None
        base = f"http://{LOOPBACK}:{self._port}" if campaign.account.simulated else public
        return _address(self._house.key, base)

    def open(self, group: asyncio.TaskGroup) -> None:
        self._group = group
        for run in self._runs.values():
            self._begin(run)

    async def closing(self, runs: Sequence[Run]) -> list[Ending]:
        """Until every run is over, those handed over meanwhile too; how these ended."""
        while waiting := [task for task in self._endings.values() if not task.done()]:
            await asyncio.wait(waiting)
        return [self._endings[run.orders.campaign.id].result() for run in runs]

    def interrupt(self) -> None:
        """First: no new call, and wait for those alive. Second: leave at once."""
        if self._desk.leaving.is_set():
            self._at_once.set()
        self._desk.leave()
        for run in self._runs.values():
            run.interrupt()

    def wishes(self) -> dict[str, door.Wish]:
        """What may be asked through the door."""
        return {
            "pause": self._pause, "stop": self._stop, "resolve": self._resolve, "dial": self._dial,
            "load": self._load, "accept": self._accept, "discard": self._discard, "unload": self._unload,
            "call": self._call,
        }  # fmt: skip

    def _begin(self, run: Run) -> None:
        assert self._group is not None, "the floor is open"
        self._endings[run.orders.campaign.id] = self._group.create_task(run.go(self._group))

    def _running(self, campaign: CampaignId) -> Run | None:
        """The run of a campaign that is dialled, or about to be."""
        ended = self._endings.get(campaign)
        return None if ended and ended.done() else self._runs.get(campaign)

    async def _pause(self, campaign: CampaignId, _more: door.Answer) -> door.Answer:
        run = self._running(campaign)
        await (run.pause() if run else self._house.pause(campaign))
        return {}

    async def _stop(self, campaign: CampaignId, _more: door.Answer) -> door.Answer:
        run = self._running(campaign)
        return {"closed": await (run.stop() if run else self._house.stop(campaign))}

    async def _resolve(self, campaign: CampaignId, more: door.Answer) -> door.Answer:
        await self._house.resolve(campaign, AttemptId(more["attempt"]), Resolution(**more["resolution"]))
        self._desk.feed.changed(*News)
        return {}

    async def _dial(self, campaign: CampaignId, more: door.Answer) -> door.Answer:
        if self._running(campaign):
            return {"running": True}
        self._refuse_when_leaving()
        found = next(each for each in await self._house.books.campaigns() if each.id == campaign)
        self.take(found, more.get("limit"))
        return {"running": False}

    async def _call(self, _campaign: CampaignId, more: door.Answer) -> door.Answer:
        self._refuse_when_leaving()
        settings = settings_of.parse(more["settings"], "the settings")
        campaign = await test_call(self._house, PhoneNumber(more["number"]), settings)
        self.take(campaign, None)
        return {"campaign": campaign.id}

    def _refuse_when_leaving(self) -> None:
        if self._desk.leaving.is_set():
            raise CampaignError("The process that owns the database is about to end.", "Try again when it has.")

    async def _load(self, _campaign: CampaignId, more: door.Answer) -> door.Answer:
        """`dial`: it shall be dialled from here afterwards."""
        before = await self._house.find(more["name"])
        if before and more["dial"]:
            self._house.ours(before)
        settings = settings_of.parse(more["settings"], "the settings")
        taken = await self._house.take_in(
            Path(more["file"]), more["name"], settings, Form(**more["form"]), accept_rejects=more["accept_rejects"]
        )
        return taken.told()

    async def _accept(self, campaign: CampaignId, more: door.Answer) -> door.Answer:
        await self._house.accept(ImportId(more["import"]))
        self._desk.feed.changed(*News)
        return {"running": self._running(campaign) is not None}

    async def _unload(self, campaign: CampaignId, more: door.Answer) -> door.Answer:
        found = next(each for each in await self._house.books.campaigns() if each.id == campaign)
        counted = await self._house.unload(found, Path(more["file"]), Form(**more["form"]))
        self._desk.feed.changed(*News)
        return {str(fate): counted[fate] for fate in Unloaded}

    async def _discard(self, _campaign: CampaignId, more: door.Answer) -> door.Answer:
        await self._house.discard(ImportId(more["import"]))
        return {}


@contextmanager
def _signals(floor: Floor) -> Iterator[None]:
    """Ctrl-C, an ordered end, a closed terminal: no new call; a second one leaves at once."""
    loop = asyncio.get_running_loop()
    all_three = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    heard = [each for each in all_three if signal.getsignal(each) is not signal.SIG_IGN]  # nohup means it
    for each in heard:
        loop.add_signal_handler(each, floor.interrupt)
    try:
        yield
    finally:
        for each in heard:
            loop.remove_signal_handler(each)


async def _look(run: Run, show: Callable[[Pulse], None], every: timedelta) -> None:
    """What the run looks like, in real time."""
    clock = RealClock()
    while True:
        pulse = await run.pulse()
        with suppress(OSError):  # a closed terminal does not stop the calls
            show(pulse)
        await clock.wait(clock.now() + every)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A campaign to dial. `limit`: so many leads, then it pauses. `show` is called with every pulse of it."""

    campaign: CampaignRecord
    limit: int | None
    show: Callable[[Pulse], None]

    @property
    def policy(self) -> Policy:
        return read_policy(self.campaign.settings)


async def dial(
    house: House, campaign: CampaignRecord, *, limit: int | None, show: Callable[[Pulse], None], every: timedelta
) -> Ending:
    """Dial one campaign as `dial_all` does several."""
    [ending] = await dial_all(house, [Wanted(campaign, limit, show)], every=every)
    return ending


async def dial_all(house: House, wanted: Sequence[Wanted], *, every: timedelta) -> list[Ending]:
    """Dial until all are over, and whatever other commands hand over meanwhile; how each ended.

    `every`: so many real seconds between two pulses. The lowest of their rates is the account's.
    """
    at_once = asyncio.Event()
    async with nursery() as group:
        serving_it = group.create_task(_serve(house, wanted, every=every, at_once=at_once))
        leaving = group.create_task(at_once.wait())
        await asyncio.wait((serving_it, leaving), return_when=asyncio.FIRST_COMPLETED)
        serving_it.cancel()
        leaving.cancel()
    return [Ending.INTERRUPTED] * len(wanted) if serving_it.cancelled() else serving_it.result()


async def _serve(house: House, wanted: Sequence[Wanted], *, every: timedelta, at_once: asyncio.Event) -> list[Ending]:
    assert house.provider is not None, "a house without a provider only writes"
    slowest = max(wanted, key=lambda each: each.policy.rate.interval)
    desk = Desk(
        slowest.campaign.account_id,
        slowest.policy,
        min(house.since(each.campaign) for each in wanted),
        store=house.store,
        insight=house.books,
        provider=house.provider,
        clock=house.clock,
        key=house.key,
        forgotten=await house.forgotten(),
    )
    async with AsyncExitStack() as stack:
        heard = any(each.policy.callbacks for each in wanted)
        floor = Floor(house, desk, await _listening(house, stack, desk.callbacks) if heard else None, at_once)
        runs = [floor.take(each.campaign, each.limit) for each in wanted]
        stack.enter_context(_signals(floor))
        for each in wanted:
            await house.books.tally(each.campaign.id)  # a damaged list is refused here, before anything is written
        await stack.enter_async_context(_door(house, floor))
        for run, each in zip(runs, wanted, strict=True):
            await stack.enter_async_context(beside(_look(run, each.show, every)))
        group = await stack.enter_async_context(desk.open())
        if not desk.reconciliation.forgetful:
            await house.remember()
        await stack.enter_async_context(beside(house.keep_mark()))
        floor.open(group)
        return await floor.closing(runs)


async def _listening(house: House, stack: AsyncExitStack, callbacks: Callbacks) -> int:
    """Listen for callbacks until the stack unwinds; the port."""
    host, _, port = house.loaded.secrets.campaign_listen.rpartition(":")
    if house.account.simulated:
        host, port = LOOPBACK, "0"
    return await stack.enter_async_context(serving(callbacks_web.application(callbacks), host, int(port)))


@asynccontextmanager
async def _door(house: House, floor: Floor) -> AsyncIterator[None]:
    """Other commands ask through it; a rehearsal has none."""
    if house.held is None:
        yield
        return
    token = secrets.token_urlsafe(24)
    async with serving(door.application(token, floor.wishes()), LOOPBACK, 0) as port:
        owner = Owner(os.getpid(), RealClock().now(), port, token)
        house.held.note(owner)
        try:
            yield
        finally:
            with suppress(CampaignError):  # a full disk has been told of already
                house.held.note(Owner(owner.pid, owner.since))


def _address(key: Key, base: str) -> Callable[[PublicId], str]:
    return lambda attempt: callbacks_web.address(base, attempt, key.tag(attempt))
