"""Ablations of the rate: what a start remembers of it, what a refusal means before the next request may leave, and when
none leaves because all come into doubt."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from campaign.core import breaker, starts
from campaign.core.attempt import AttemptState, Refusal
from campaign.core.breaker import Breaker
from campaign.core.pace import Go
from campaign.core.policy import Rate
from campaign.core.starts import Start
from campaign.engine import pacer
from campaign.engine.dialer import Dialer
from campaign.engine.pacer import Pacer
from tests.builders import hours, minutes, seconds
from tests.integration.going import going
from tests.integration.house import FREELY, a_house, accepted, dialling, in_doubt, refused, sid
from tests.prove.ablations_kit import Ablation, around, here, nothing, swapped

ONE, THREE = Rate(1, minutes(1)), Rate(3, minutes(1))


@here
async def told_to_wait(folder: Path) -> Sequence[str]:
    """The provider answers 429 and asks for half a minute."""
    async with a_house(folder, leads=3, rate=FREELY, channels=1) as house:
        house.provider.answers.append(refused(Refusal.LATER, retry_after=30))
        async with going(house):
            await house.settle()
        placed = len(house.provider.placed)
        return ["C8: a request left while the provider had asked to wait"] * (placed > 1)


@here
async def no_connection(folder: Path) -> Sequence[str]:
    """No connection is to be had; the grid has a place again by the time this is seen, and somebody waits for it."""
    async with a_house(folder, leads=2, rate=ONE) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(Refusal.NO_CONNECTION))
        house.provider.open.clear()
        await run.dialer.step(house.clock.now())
        await house.settle()
        house.clock.move(minutes(2))
        house.provider.open.set()
        await house.settle()
        return ["C8: a request left though no connection is to be had"] * (len(house.provider.placed) > 1)


@here
async def set_ahead(folder: Path) -> Sequence[str]:
    """Three requests, all that a minute allows; the clock is set two hours ahead; the program starts anew, twice."""
    async with a_house(folder, leads=5, rate=THREE) as house:
        await house.run().desk.pacer.take_up(house.campaign.account_id, house.store, house.books)
        for _ in range(THREE.requests):
            noted = await house.store.note_request(house.campaign.account_id, house.clock.now())
            await house.store.note_answer(noted, house.clock.now())
        house.clock.set_ahead(hours(2))
        await house.run().desk.pacer.take_up(house.campaign.account_id, house.store, house.books)  # a start that fails
        async with going(house) as it:
            await it.passes(seconds(20))
        asked = len(house.provider.listings) + len(house.provider.placed)
        return [f"C8: {THREE.requests + asked} requests in 20 s"] if asked else []


@here
async def broken_provider(folder: Path) -> Sequence[str]:
    """Every call is answered with a server error, for half an hour; then over five starts."""
    async with a_house(folder, leads=60, rate=FREELY, channels=4) as house:
        house.provider.answers.extend([in_doubt(server_error=True)] * 60)
        async with going(house) as it:
            await it.passes(*[minutes(2)] * 15)
        placed = len(house.provider.placed)
        for _ in range(5):
            house.clock.move(minutes(11))
            await house.store.recover(house.clock.now())
            async with going(house) as it:
                await it.passes(seconds(1))
        again = len(house.provider.placed) - placed
        broken = [f"bound: {placed} calls in doubt in half an hour"] * (placed > 5 + 4 + 6)
        return broken + [f"bound: {again} calls in doubt over five starts"] * (again > 5)


@here
async def fails_every_second(folder: Path) -> Sequence[str]:
    """Every second call is answered with a server error, for half an hour."""
    async with a_house(folder, leads=120, rate=Rate(1, seconds(20)), channels=120) as house:
        for number in range(120):
            house.provider.answers.extend([in_doubt(server_error=True), accepted(sid(number))])
        async with going(house) as it:
            await it.passes(*[seconds(20)] * 90)
            doubts = len([each for each in await house.attempts() if each.attempt.state is AttemptState.UNKNOWN])
        return [f"bound: {doubts} calls in doubt in half an hour"] * (doubts > 6 + 6)


def _always(*_: object) -> Go:
    return Go()


def _forgotten(most: int, *_: object) -> Breaker:
    return Breaker(most)


def _heeded_last(send: Any) -> Any:
    """The place is free, and the answer on disk, before anybody hears what was refused."""

    async def sent(self: Dialer, *given: Any) -> None:
        told: list[Any] = []

        async def later(*refusal: Any) -> None:
            told.append(refusal)

        with patch.object(self, "_heed", later):
            await send(self, *given)
        for each in told:
            await self._heed(*each)

    return sent


def _the_last(_: object, found: Start, __: object) -> list[Start]:
    return [found]


def _as_written(at: datetime, *_: object) -> datetime:
    return at


ABLATIONS = (
    Ablation("429 not heeded", swapped(Pacer, "refused", nothing), told_to_wait, "C8"),
    Ablation("a refusal heeded after its place is free", around(Dialer, "_send", _heeded_last), no_connection, "C8"),
    Ablation("a clock set ahead forgotten at the second start", swapped(starts, "noted", _the_last), set_ahead, "C8"),
    Ablation("calls go on though all come into doubt", swapped(Breaker, "decide", _always), broken_provider, "bound"),
    Ablation(
        "every good answer takes one in doubt back", swapped(breaker, "TAKE_BACK", 1), fails_every_second, "bound"
    ),
    Ablation("a run in doubt forgotten at a start", swapped(pacer, "replayed", _forgotten), broken_provider, "starts"),
    Ablation("a clock set ahead not seen at a start", swapped(pacer, "on_todays_clock", _as_written), set_ahead, "C8"),
)
