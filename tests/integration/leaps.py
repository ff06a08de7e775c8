"""Rehearsed time for a whole campaign beside its simulator: no time passes while anybody does anything."""

from collections.abc import Callable
from datetime import datetime

from campaign.engine.clock import JumpingClock
from tests.builders import NOON


class Leaps(JumpingClock):
    """`JumpingClock` where a `FastClock` is wanted. Real time decides nothing.

    Whoever waits for an answer of the simulator's waits for the loop, in which both are; for the clock, if the answer
    is slow. `writing`: whether a thread does anything.
    """

    def __init__(self, _start: datetime = NOON, _speed: float = 0) -> None:
        super().__init__(NOON)
        self.writing: Callable[[], bool] = lambda: True

    def ticks(self) -> float:
        return (self.now() - NOON).total_seconds()

    async def skipping(self) -> None:
        """Only threads hold time up: a phone on the line waits for it."""
        self.busy = lambda: self.writing()  # it is not told yet
        await self.jumping()
