"""The faults in force, how often each number was asked for, and a line in the log for every fault that happened."""

from collections import Counter
from collections.abc import Iterable

from campaign.ports import Clock
from campaign.simulator.faults import Fault, Faults, Hits, draw
from campaign.simulator.log import Line, Log
from campaign.simulator.town import Town

ASKED = frozenset({"call", "refused", "fault"})
"""Kinds of lines that name the number a request asked for."""


class Trouble:
    """`api` and `exchange` draw from it and tell it what they did; the control address replaces `faults`."""

    def __init__(self, clock: Clock, town: Town, log: Log) -> None:
        self.faults: Faults = town.faults
        self._clock = clock
        self._seed = town.seed
        self._log = log
        self._asked: Counter[str] = Counter()

    def draw(self, number: str) -> Hits:
        """What hits the next request for a call to `number`; a request whose call is not placed counts too."""
        self._asked[number] += 1
        return draw(self.faults, self._seed, number, self._asked[number])

    def happened(self, fault: Fault, *, request: int | None = None, **known: object) -> None:
        """`request`: where it happened to one, its number in the log."""
        self._log.write("fault", self._clock.now(), name=fault, request=request, **known)

    def replace(self, faults: Faults) -> None:
        """Others in their place, for the requests to come; a simulator started again begins with its town's."""
        self.faults = faults
        self._log.write("faults", self._clock.now(), names=sorted(faults))

    def take_up(self, lines: Iterable[Line]) -> None:
        """Go on from a log."""
        asked = {
            (line["request"], line["number"])
            for line in lines
            if line["kind"] in ASKED and line["request"] is not None and "number" in line
        }
        self._asked.update(number for _, number in asked)
