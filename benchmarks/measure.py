"""How a figure comes about: two things measured in turn, several rounds in one run, and their ratio with its spread."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Measure = Callable[[], float]
"""Does the thing once; how many seconds it took."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `goal`: the ratio not to be above; None where there is only something to watch."""

    name: str
    base: str
    measured: Measure
    against: Measure
    goal: float | None = None
    rounds: int = 9


@dataclass(frozen=True, slots=True)
class Figure:
    """What came out, a pair of seconds for each round."""

    row: Row
    pairs: Sequence[tuple[float, float]]

    @property
    def ratios(self) -> list[float]:
        return sorted(ours / theirs for ours, theirs in self.pairs)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def seconds(self) -> tuple[float, float]:
        """The medians of both sides."""
        ours, theirs = zip(*self.pairs, strict=True)
        return statistics.median(ours), statistics.median(theirs)


def figure(row: Row) -> Figure:
    """One round that is thrown away (caches, bytecode), then the rounds; who goes first alternates."""
    row.measured()
    row.against()
    return Figure(row, [_round(row, first=number % 2 == 0) for number in range(row.rounds)])


def _round(row: Row, *, first: bool) -> tuple[float, float]:
    if first:
        ours = row.measured()
        return ours, row.against()
    theirs = row.against()
    return row.measured(), theirs
