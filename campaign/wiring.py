"""The one place where concrete things meet: settings, database, provider or simulator, engine, web."""

import asyncio
import hashlib
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from campaign import settings as settings_of
from campaign.core.attempt import Disposition
from campaign.core.keyed import Key, PublicId
from campaign.core.lead import CampaignId, CampaignState, Outcome
from campaign.core.policy import Policy, Rate
from campaign.core.records import Account, CampaignRecord, ImportRecord, NewImport, Owner
from campaign.core.window import Span, Window
from campaign.engine.callbacks import Callbacks
from campaign.engine.clock import FastClock, RealClock
from campaign.engine.dialer import Orders
from campaign.engine.feed import Pulse
from campaign.engine.loading import Lines, Loading, load
from campaign.engine.run import PAUSED_BY_PEOPLE, STOPPED, Ending, Run
from campaign.engine.tasks import beside
from campaign.errors import SettingsError, UsageError
from campaign.ports import Clock
from campaign.provider.exotel.client import ExotelClient
from campaign.settings import Loaded, Settings
from campaign.simulator import log as simulator_log
from campaign.simulator.server import Simulator
from campaign.simulator.town import Town, load_town
from campaign.store import insight, keyfile, ledger, lock, schema
from campaign.store.insight import Books
from campaign.store.ledger import Ledger
from campaign.web import callbacks as callbacks_web
from campaign.web import door
from campaign.web.serving import serving

PROVIDER_ZONE = ZoneInfo("Asia/Kolkata")  # Exotel's times carry no zone; all captured ones are Indian
SIMULATED_DB = Path("campaign-simulated.db")
SIMULATED = Account("simulator", "simulated", simulated=True)
NOBODY = Account("", "", simulated=False)
LOOPBACK = "127.0.0.1"


# --- settings as the core knows them ---------------------------------------------------------------------------------


def policy_of(settings: Settings) -> Policy:
    """One version of a campaign's policy."""
    provider, retry, report = settings.provider, settings.retry, settings.report
    return Policy(
        caller_id=provider.caller_id,
        flow_url=provider.flow_url,
        custom_field=provider.custom_field,
        ring_timeout=provider.ring_timeout,
        time_limit=provider.time_limit,
        margin=provider.margin,
        rate=Rate(*settings.pace.rate),
        channels=settings.pace.channels,
        max_attempts=retry.max_attempts,
        waits={
            Disposition.BUSY: retry.busy,
            Disposition.NO_ANSWER: retry.no_answer,
            Disposition.FAILED: retry.failed,
        },
        per_day=retry.per_day,
        min_gap=retry.min_gap,
        window=window_of(settings.window),
        callbacks=bool(settings.callbacks.public_url),
        poll_after=settings.callbacks.poll_after,
        poll_every=settings.callbacks.poll_every,
        details_for=report.details_for,
        settle_for=report.settle_for,
        reached_after=report.reached_after,
    )


def window_of(settings: settings_of.WindowSettings) -> Window:
    return Window(
        zone=ZoneInfo(settings.timezone),
        hours={day: tuple(Span(*pair) for pair in settings_of.spans(settings.on(day))) for day in range(7)},
        start=_instant(settings.start),
        end=_instant(settings.end),
    )


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def read_policy(tables: Any) -> Policy:
    """A stored policy version."""
    return policy_of(settings_of.parse(tables, "the campaign's stored settings"))


def stored(campaign: CampaignRecord) -> Settings:
    """The settings in force for a campaign."""
    return settings_of.parse(campaign.settings, "the campaign's stored settings")


def account_of(loaded: Loaded) -> Account:
    """Whom a real campaign dials through. Raises SettingsError naming everything that is missing."""
    needed = {
        "EXOTEL_API_KEY": loaded.secrets.secret("exotel_api_key"),
        "EXOTEL_API_TOKEN": loaded.secrets.secret("exotel_api_token"),
        "EXOTEL_ACCOUNT_SID": loaded.secrets.exotel_account_sid,
        "provider.caller_id (or EXOTEL_CALLER_ID)": loaded.settings.provider.caller_id,
        "provider.flow_url (or EXOTEL_FLOW_URL)": loaded.settings.provider.flow_url,
    }
    if missing := [name for name, value in needed.items() if not value]:
        raise SettingsError(
            f"To call people these are still missing: {', '.join(missing)}.",
            "`campaign init` writes the files to fill in; `--simulate` needs no account.",
        )
    return Account(loaded.settings.provider.base_url, str(loaded.secrets.exotel_account_sid), simulated=False)


def simulated_settings(settings: Settings, header: tuple[str, ...] = ()) -> Settings:
    """The same campaign against the simulator: no window, callbacks over loopback, made-up caller and flow.

    A column `simulate` of the list fixes what a phone does; it travels in CustomField.
    """
    tables = settings.model_dump(mode="json")
    provider = tables["provider"]
    provider["caller_id"] = provider["caller_id"] or "08030000000"
    provider["flow_url"] = provider["flow_url"] or "http://my.exotel.com/simulated/exoml/start_voice/1"
    if "simulate" in header and "{simulate}" not in provider["custom_field"]:
        provider["custom_field"] += " simulate={simulate}"
    tables["window"] = {"timezone": tables["window"]["timezone"], "hours": "00:00-24:00"}
    tables["callbacks"]["public_url"] = f"http://{LOOPBACK}"
    return settings_of.parse(tables, "the settings")


# --- reading ---------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def reading(database: Path) -> AsyncIterator[Books]:
    """The books of a database that exists; raises UsageError otherwise. Never makes or changes one."""
    schema.check(database)
    async with insight.opened(database) as books:
        yield books


def owner_of(database: Path) -> Owner | None:
    return lock.holder(lock.lock_file(database))


async def ask_owner(owner: Owner, wish: str, campaign: CampaignId) -> door.Answer:
    return await door.knock(owner, wish, campaign)


# --- owning ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Simulation:
    """`--simulate`: how fast time passes, and the town that is rung."""

    speed: float = 60
    town: Path | None = None


class House:
    """The process that owns a database, with everything a campaign needs. Make it with `owning`."""

    def __init__(
        self, *, store: Ledger, books: Books, clock: Clock, key: Key, loaded: Loaded, account: Account, made: bool,
        held: lock.Lock, provider: ExotelClient | None
    ) -> None:  # fmt: skip
        self.store, self.books, self.clock, self.key = store, books, clock, key
        self.loaded, self.account, self.made = loaded, account, made
        self._held, self._provider = held, provider

    async def find(self, name: str) -> CampaignRecord | None:
        return next((each for each in await self.books.campaigns() if each.name == name), None)

    async def open(self, name: str, settings: Settings) -> CampaignRecord:
        """The campaign, new or not. Raises UsageError if it belongs to another account."""
        tables = settings.model_dump(mode="json")
        campaign = await self.store.open_campaign(name, self.account, tables, self.clock.now())
        self._ours(campaign)
        return campaign

    async def renew(self, campaign: CampaignRecord, settings: Settings) -> CampaignRecord:
        """The campaign under these settings: a new policy version where they differ."""
        await self.store.add_policy(campaign.id, settings.model_dump(mode="json"), self.clock.now())
        found = await self.find(campaign.name)
        assert found is not None, "a campaign does not vanish"
        return found

    async def load(self, campaign: CampaignRecord, new: NewImport, lines: Lines) -> Loading | ImportRecord:
        return await load(self.store, new, lines, stored(campaign).provider.custom_field)

    async def run(
        self, campaign: CampaignRecord, *, limit: int | None, show: Callable[[Pulse], None], every: timedelta
    ) -> Ending:
        """Dial until it is over. `show` is called with every pulse, `every` so many real seconds."""
        self._ours(campaign)
        assert self._provider is not None, "a house without a provider only writes"
        policy = read_policy(campaign.settings)
        async with AsyncExitStack() as stack:
            public_url = stored(campaign).callbacks.public_url
            base = await self._callback_base(stack, public_url, lambda: run.callbacks)
            orders = Orders(campaign, policy, campaign.policy_version, self._address(base), limit)
            run = Run(
                orders, store=self.store, insight=self.books, provider=self._provider, clock=self.clock, key=self.key
            )
            await stack.enter_async_context(self._door(run))
            with _signals(run):
                return await _shown(run, show, every)

    def _address(self, base: str | None) -> Callable[[PublicId], str] | None:
        if base is None:
            return None
        return lambda attempt: callbacks_web.address(base, attempt, self.key.tag(attempt))

    async def pause(self, campaign: CampaignId) -> None:
        """With nobody dialling, the ledger's word is enough."""
        await self.store.set_state(campaign, CampaignState.PAUSED, PAUSED_BY_PEOPLE, self.clock.now())

    async def stop(self, campaign: CampaignId) -> int:
        """For good. Calls that were alive when their owner died are settled by the next `resume`."""
        now = self.clock.now()
        alive = [call for call in await self.books.live_calls() if call.campaign == campaign]
        await self.store.set_state(campaign, CampaignState.DRAINING, STOPPED, now)
        closed = await self.store.close_rest(campaign, Outcome.CANCELED, STOPPED, now)
        if not alive:
            await self.store.set_state(campaign, CampaignState.STOPPED, STOPPED, now)
        return closed

    def _ours(self, campaign: CampaignRecord) -> None:
        theirs = campaign.account
        if theirs != self.account:
            whose = "the simulator" if theirs.simulated else f"the account {theirs.account_sid} at {theirs.base_url}"
            raise UsageError(
                f"The campaign {campaign.name} belongs to {whose}, not to the account in your settings.",
                "Use that account's settings, or give this campaign another --name.",
            )

    async def _callback_base(
        self, stack: AsyncExitStack, public_url: str, callbacks: Callable[[], Callbacks]
    ) -> str | None:
        """Listen for callbacks if they are wanted; what their addresses begin with."""
        if not public_url:
            return None
        host, _, port = self.loaded.secrets.campaign_listen.rpartition(":")
        if self.account.simulated:
            host, port = LOOPBACK, "0"
        bound = await stack.enter_async_context(serving(callbacks_web.application(callbacks), host, int(port)))
        return f"http://{LOOPBACK}:{bound}" if self.account.simulated else public_url

    @asynccontextmanager
    async def _door(self, run: Run) -> AsyncIterator[None]:
        """Other commands ask through it; what they wish for another campaign only needs the ledger."""
        running = run.orders.campaign.id

        async def pause(campaign: CampaignId) -> door.Answer:
            await (run.pause() if campaign == running else self.pause(campaign))
            return {}

        async def stop(campaign: CampaignId) -> door.Answer:
            return {"closed": await (run.stop() if campaign == running else self.stop(campaign))}

        token = secrets.token_urlsafe(24)
        app = door.application(token, {"pause": pause, "stop": stop})
        async with serving(app, LOOPBACK, 0) as port:
            owner = Owner(os.getpid(), RealClock().now(), port, token)
            self._held.note(owner)
            try:
                yield
            finally:
                self._held.note(Owner(owner.pid, owner.since))


@asynccontextmanager
async def owning(
    loaded: Loaded, database: Path, *, make: bool, simulation: Simulation | None = None, dial: bool = True
) -> AsyncIterator[House]:
    """Own `database`, and the account with it; `make` it if it is not there.

    `dial`: False for commands that only write. Raises Occupied, UsageError, SettingsError, CampaignError.
    """
    if not make:
        schema.require(database)
    me = Owner(os.getpid(), RealClock().now())
    async with AsyncExitStack() as stack:
        held = stack.enter_context(lock.held(lock.lock_file(database), me, f"The database {database}"))
        made = schema.prepare(database)
        key = keyfile.load(database, loaded.secrets.secret("campaign_key"), make=made)
        store = await stack.enter_async_context(ledger.opened(database, key, read_policy))
        books = await stack.enter_async_context(insight.opened(database))
        clock: Clock = RealClock()
        account, provider = SIMULATED if simulation else NOBODY, None
        if simulation:
            clock = fast = await _simulated_clock(database, simulation, books)
            provider = await _simulator(stack, database, simulation, fast, store, books) if dial else None
        elif dial:
            account = account_of(loaded)
            provider = await _exotel(stack, loaded, account, me)
        await store.recover(clock.now())
        yield House(
            store=store, books=books, clock=clock, key=key, loaded=loaded, account=account, made=made, held=held,
            provider=provider,
        )  # fmt: skip


async def _exotel(stack: AsyncExitStack, loaded: Loaded, account: Account, me: Owner) -> ExotelClient:
    """The real provider; one process of this machine at a time may dial an account."""
    stack.enter_context(lock.held(_account_lock(account), me, f"The account {account.account_sid}"))
    client = ExotelClient(
        base_url=account.base_url,
        account_sid=account.account_sid,
        api_key=loaded.secrets.secret("exotel_api_key") or "",
        api_token=loaded.secrets.secret("exotel_api_token") or "",
        clock=RealClock(),
        zone=PROVIDER_ZONE,
    )
    return await stack.enter_async_context(client)


def _account_lock(account: Account) -> Path:
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local/state")
    name = hashlib.sha256(f"{account.base_url} {account.account_sid}".encode()).hexdigest()[:16]
    return state / "campaign" / f"{name}.lock"


def _simulator_log(database: Path) -> Path:
    return database.with_name(f"{database.name}.simulator.jsonl")


async def _simulated_clock(database: Path, simulation: Simulation, books: Books) -> FastClock:
    """Simulated time goes on where this database and its simulator left it."""
    seen = [simulator_log.last_instant(_simulator_log(database)), await books.latest_instant()]
    return FastClock(max(filter(None, seen), default=RealClock().now()), simulation.speed)


async def _simulator(
    stack: AsyncExitStack, database: Path, simulation: Simulation, clock: FastClock, store: Ledger, books: Books
) -> ExotelClient:
    """A simulator of its own for this run, and the real client to speak to it."""
    town = load_town(simulation.town) if simulation.town else Town()
    simulator = Simulator(clock=clock, town=town, log=_simulator_log(database))
    base_url = await stack.enter_async_context(simulator.running())
    client = ExotelClient(
        base_url=base_url,
        account_sid=SIMULATED.account_sid,
        api_key="simulated",
        api_token="simulated",  # noqa: S106  opens nothing but the simulator
        clock=clock,
        zone=PROVIDER_ZONE,
    )
    await stack.enter_async_context(client)
    # Whatever a task of the engine may be waiting for, but the clock: while any of it goes on, time does not skip.
    clock.busy = lambda: simulator.busy() or bool(client.in_flight) or store.busy or books.busy
    await stack.enter_async_context(beside(clock.skipping()))
    return client


@asynccontextmanager
async def simulating(
    port: int, town: Path | None, log: Path | None, speed: float, *, control: bool = False
) -> AsyncIterator[str]:
    """The simulator by itself; yields its base URL. Raises UsageError for a port that is taken."""
    start = (simulator_log.last_instant(log) if log else None) or RealClock().now()
    clock: Clock = FastClock(start, speed) if speed != 1 else RealClock()
    simulator = Simulator(clock=clock, town=load_town(town) if town else Town(), log=log, control=control)
    try:
        base_url = await simulator.start(port=port)
    except OSError as taken:
        raise UsageError(f"Nothing can listen on port {port}: {taken.strerror}.", "Name another with --port.") from None
    try:
        yield base_url
    finally:
        await simulator.stop()


@contextmanager
def _signals(run: Run) -> Iterator[None]:
    """Ctrl-C, an ordered end, a closed terminal: no new call; a second one leaves at once."""
    loop = asyncio.get_running_loop()
    heard = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for each in heard:
        loop.add_signal_handler(each, run.interrupt)
    try:
        yield
    finally:
        for each in heard:
            loop.remove_signal_handler(each)


async def _shown(run: Run, show: Callable[[Pulse], None], every: timedelta) -> Ending:
    """The run, and beside it what it looks like, in real time."""

    async def look() -> None:
        clock = RealClock()
        while True:
            show(await run.pulse())
            await clock.wait(clock.now() + every)

    async with beside(look()):
        return await run.go()
