"""Owning a database, and the account or the simulator with it."""

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from math import isinf
from pathlib import Path

from campaign.core.records import Account, Owner
from campaign.engine.clock import FastClock, RealClock
from campaign.engine.tasks import beside
from campaign.errors import UsageError
from campaign.ports import Clock
from campaign.provider.exotel.client import ExotelClient
from campaign.settings import Loaded
from campaign.simulator import log as simulator_log
from campaign.simulator.server import Simulator
from campaign.simulator.town import Town, load_town
from campaign.store import insight, keyfile, ledger, lock, schema
from campaign.store.insight import Books
from campaign.store.ledger import Ledger
from campaign.store.mark import Mark, state_directory
from campaign.store.sqlite import log_is_there
from campaign.store.unused import gone_if_unused
from campaign.wiring import spool
from campaign.wiring.house import House
from campaign.wiring.policy import SIMULATED, account_of, read_policy

OWNED = "`campaign status` shows it; `campaign pause` and `campaign stop` reach it."
DIALLED = "Two would exceed its rate: wait for that process, or use its database with --db."
NOBODY = Account("", "", simulated=False)


@dataclass(frozen=True, slots=True)
class Simulation:
    """`--simulate`: how fast time passes, infinitely in a rehearsal, and the town that is rung."""

    speed: float = 60
    town: Path | None = None

    @property
    def rehearsal(self) -> bool:
        return isinf(self.speed)


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
        held = stack.enter_context(lock.held(lock.lock_file(database), me, f"The database {database}", OWNED))
        left = stack.enter_context(gone_if_unused(database, held, _simulator_log(database))) if make else []
        cut_off = held.abandoned and not log_is_there(database)  # asked before anybody opens it, which makes one
        made = schema.prepare(database)
        mark = Mark(database) if not simulation and (dial or cut_off) else None
        left += [mark.file] if mark else []
        if mark and cut_off:
            mark.distrust()
        key = keyfile.load(database, loaded.secrets.secret("campaign_key"), make=made)
        store = await stack.enter_async_context(ledger.opened(database, key, read_policy))
        books = await stack.enter_async_context(insight.opened(database))
        await _refuse_mixed(books, database, simulated=simulation is not None)
        clock: Clock = RealClock()
        account, provider = SIMULATED if simulation else NOBODY, None
        if simulation:
            clock = fast = await _simulated_clock(database, simulation, books)
            provider = await _simulator(stack, database, simulation, fast, store, books) if dial else None
        elif dial:
            account = account_of(loaded)
            provider = await _exotel(stack, loaded, account, me)
        await store.recover(clock.now())
        held.note(me, writes=True)  # nothing that was written before would be missed
        spool.sweep(database)
        house = House(
            store=store, books=books, clock=clock, key=key, loaded=loaded, account=account, made=made, held=held,
            provider=provider, mark=mark,
        )  # fmt: skip
        await house.look_back()
        yield house
        await house.look_back()


def bring_up_to_date(database: Path) -> None:
    """Migrate a database that an older version made, or that was never finished, unless somebody owns it."""
    if database.exists() and schema.lags(database):
        me = Owner(os.getpid(), RealClock().now())
        with lock.held(lock.lock_file(database), me, f"The database {database}", OWNED):
            schema.prepare(database)


async def _refuse_mixed(books: Books, database: Path, *, simulated: bool) -> None:
    """Simulated calls would count for real numbers, and real ones be asked of the simulator."""
    if any(each.account.simulated != simulated for each in await books.campaigns()):
        kind = "real" if simulated else "simulated"
        raise UsageError(f"{database} holds {kind} campaigns.", "Name another database with --db.")


async def _exotel(stack: AsyncExitStack, loaded: Loaded, account: Account, me: Owner) -> ExotelClient:
    """The real provider; one process of this machine at a time may dial an account."""
    stack.enter_context(lock.held(_account_lock(account), me, f"The account {account.account_sid}", DIALLED))
    client = ExotelClient(
        base_url=account.base_url,
        account_sid=account.account_sid,
        api_key=loaded.secrets.secret("exotel_api_key") or "",
        api_token=loaded.secrets.secret("exotel_api_token") or "",
        clock=RealClock(),
        region=loaded.settings.provider.region,
    )
    return await stack.enter_async_context(client)


def _account_lock(account: Account) -> Path:
    name = hashlib.sha256(f"{account.base_url} {account.account_sid}".encode()).hexdigest()[:16]
    return state_directory() / f"{name}.lock"


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
    await stack.enter_async_context(beside(simulator.watch()))
    client = ExotelClient(
        base_url=base_url,
        account_sid=SIMULATED.account_sid,
        api_key="simulated",
        api_token="simulated",  # noqa: S106  opens nothing but the simulator
        clock=clock,
        region="IN",
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
        async with beside(simulator.watch()):
            yield base_url
    finally:
        await simulator.stop()
