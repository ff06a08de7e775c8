"""A rehearsal: the real steps over a ledger in memory and the town's phones, in a time that jumps. Nothing is kept."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from campaign.core.keyed import Key
from campaign.engine.clock import JumpingClock, RealClock
from campaign.engine.tasks import beside
from campaign.errors import UsageError
from campaign.settings import Loaded
from campaign.simulator.rehearsal import Rehearsal
from campaign.simulator.town import Town, load_town
from campaign.store import memory
from campaign.wiring.house import House
from campaign.wiring.owner import Simulation
from campaign.wiring.policy import SIMULATED, read_policy


@asynccontextmanager
async def rehearsing(loaded: Loaded, simulation: Simulation) -> AsyncIterator[House]:
    """A house that holds no file, no lock and no door. Raises UsageError for a town in which things go wrong."""
    town = load_town(simulation.town) if simulation.town else Town()
    if town.faults:
        raise UsageError(f"{simulation.town} has [faults], which need the wire.", "Give a number as --speed.")
    clock, key = JumpingClock(RealClock().now()), Key(secrets.token_bytes(32))
    async with memory.opened(key, read_policy) as (store, books):
        clock.busy = lambda: store.busy or books.busy
        house = House(
            store=store, books=books, clock=clock, key=key, loaded=loaded, account=SIMULATED, made=True, held=None,
            provider=Rehearsal(clock, town), mark=None,
        )  # fmt: skip
        async with beside(clock.jumping()):
            yield house
