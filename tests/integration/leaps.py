"""A clock for a whole campaign beside its simulator: no time passes while anybody does anything."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from campaign.ports import Bell
from tests.builders import NOON

STILL = 20  # turns of the loop in which nobody did anything


class Leaps:
    """Leaps to the next instant that somebody waits for, once all have come to rest (`engine.clock.FastClock`).

    Whoever waits for an answer of the simulator's waits for the loop, in which both are; for the clock, if the answer
    is slow. Real time decides nothing. `writing`: whether a thread does anything.
    """

    def __init__(self, _start: datetime = NOON, _speed: float = 0) -> None:
        self.writing: Callable[[], bool] = lambda: True
        self.busy: Callable[[], bool] = lambda: False
        self._now = NOON
        self._waiting: dict[Bell, datetime] = {}

    def now(self) -> datetime:
        return self._now

    def steady(self) -> datetime:
        return self._now

    def ticks(self) -> float:
        return (self._now - NOON).total_seconds()

    def started(self) -> datetime:
        return datetime.fromtimestamp(0, UTC)

    def real(self, _span: timedelta) -> float:
        return 0.0

    async def wait(self, until: datetime | None, bell: Bell | None = None) -> None:
        bell = bell or Bell()
        if until is None or self._now < until:
            if until:
                self._waiting[bell] = until
            try:
                await bell.wait()
            finally:
                self._waiting.pop(bell, None)
        bell.clear()

    async def skipping(self) -> None:
        """For ever."""
        still, ready = 0, asyncio.get_running_loop()._ready  # type: ignore[attr-defined]
        while True:
            await asyncio.sleep(0.0005 if self.writing() else 0)  # noqa: TID251  a turn of the loop, or a thread's time
            still = 0 if ready or self.writing() else still + 1
            if still >= STILL and self._waiting:
                self._leap(min(self._waiting.values()))
                still = 0

    def _leap(self, to: datetime) -> None:
        self._now = max(self._now, to)
        for bell, until in self._waiting.items():
            if until <= self._now:
                bell.set()
