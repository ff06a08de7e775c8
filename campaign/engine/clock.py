"""Time. The only file that reads it."""

import asyncio
import math
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

_SLICE = 20.0  # a sleeping laptop stops asyncio's clock: look again this often
_TICK = 0.02
_TURN, _TURNS = 0.0002, 25
_WAS_SET = timedelta(seconds=1)


def ticks() -> float:
    """Seconds since the machine started, its sleep included where the system can tell."""
    source = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(source)


class RealClock:
    """The world's time."""

    def __init__(self) -> None:
        self._begun, self._begun_ticks = self.now(), ticks()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def steady(self) -> datetime:
        return self._begun + timedelta(seconds=ticks() - self._begun_ticks)

    def ticks(self) -> float:
        return ticks()

    def started(self) -> datetime:
        return self.now() - timedelta(seconds=ticks())

    def real(self, span: timedelta) -> float:
        return span.total_seconds()

    async def wait(self, until: datetime | None, bell: asyncio.Event | None = None) -> None:
        bell = bell or asyncio.Event()
        set_by = self.now() - self.steady()
        while not bell.is_set():
            left = _SLICE if until is None else (until - self.now()).total_seconds()
            if left <= 0 or abs(self.now() - self.steady() - set_by) > _WAS_SET:
                return  # whoever waits for the end of a span looks again when the clock was set
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left, _SLICE)):  # wait_for of 3.11 may swallow a cancellation
                    await bell.wait()
        bell.clear()


class FastClock:
    """Simulated time: `speed` times faster, and hours in which nothing happens are skipped.

    `busy` says whether somebody is on the phone or a request is in flight; while nobody is, and everybody who waits
    waits for a later instant, time jumps to the earliest of them. Run `skipping()` beside the campaign for that.
    """

    def __init__(self, start: datetime, speed: float, busy: Callable[[], bool] = lambda: False) -> None:
        self.busy = busy
        self._speed = speed
        self._origin = start
        self._begun = ticks()
        self._waiting: dict[asyncio.Event, datetime] = {}
        self._quiet = 0

    def now(self) -> datetime:
        return self._origin + timedelta(seconds=(ticks() - self._begun) * self._speed)

    def steady(self) -> datetime:
        return self.now()

    def ticks(self) -> float:
        return ticks()

    def started(self) -> datetime:
        return datetime.fromtimestamp(0, UTC)  # nobody sets simulated time

    def real(self, span: timedelta) -> float:
        return span.total_seconds() / self._speed

    async def wait(self, until: datetime | None, bell: asyncio.Event | None = None) -> None:
        bell = bell or asyncio.Event()
        woken = asyncio.Event()  # rings when time has jumped
        while not bell.is_set():
            left = _SLICE if until is None else self.real(until - self.now())
            if left <= 0:
                return
            if until is not None:
                self._waiting[woken] = until
            try:
                await _first(bell, woken, min(left, _SLICE))
            finally:
                self._waiting.pop(woken, None)
                self._quiet = 0  # somebody begins to do something
            woken.clear()
        bell.clear()

    async def skipping(self) -> None:
        """For ever: where nothing has happened for a moment, jump to the next instant somebody waits for."""
        while True:
            await asyncio.sleep(_TICK)
            self._quiet = 0 if self.busy() else self._quiet + 1
            earliest = min(self._waiting.values(), default=None)
            if self._quiet >= 3 and earliest and self.real(earliest - self.now()) > 2 * _TICK:
                self._jump(earliest)

    def _jump(self, to: datetime) -> None:
        self._origin, self._begun = to, ticks()
        for woken in list(self._waiting):
            woken.set()


class JumpingClock:
    """Rehearsed time: it stands still while anybody does anything, then jumps to the next instant somebody waits for.

    `busy` says whether a thread is at work that somebody waits for. Run `jumping()` beside the campaign.
    """

    def __init__(self, start: datetime) -> None:
        self.busy: Callable[[], bool] = lambda: False
        self._now = start
        self._waiting: dict[object, tuple[datetime, asyncio.Event]] = {}

    def now(self) -> datetime:
        return self._now

    def steady(self) -> datetime:
        return self._now

    def ticks(self) -> float:
        return ticks()

    def started(self) -> datetime:
        return datetime.fromtimestamp(0, UTC)  # nobody sets rehearsed time

    def real(self, span: timedelta) -> float:
        return span.total_seconds() / math.inf

    async def wait(self, until: datetime | None, bell: asyncio.Event | None = None) -> None:
        bell = bell or asyncio.Event()
        if until is None or self._now < until:
            me = object()
            if until is not None:
                self._waiting[me] = until, bell
            try:
                await bell.wait()
            finally:
                self._waiting.pop(me, None)
        bell.clear()

    async def jumping(self) -> None:
        """For ever. Each turn lets everybody go on who can; after so many in which no thread was at work, none can."""
        turns = 0
        while True:
            turns = 0 if self.busy() else turns + 1
            await asyncio.sleep(_TURN if turns == 0 else 0)
            if turns < _TURNS:
                continue
            turns = 0
            if self._waiting:
                self._now = max(self._now, min(until for until, _ in self._waiting.values()))
                for until, bell in self._waiting.values():
                    if until <= self._now:
                        bell.set()
            else:
                await asyncio.sleep(_TICK)  # whatever is awaited is no matter of time


async def _first(one: asyncio.Event, other: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(one.wait()), asyncio.ensure_future(other.wait())]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
