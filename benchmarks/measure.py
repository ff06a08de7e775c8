"""How a figure comes about: two things measured in turn, several rounds in one run, and their ratio with its spread."""

import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = bool(os.environ.get("QUICK"))
"""Fewer rounds of shorter lists: three minutes instead of twenty."""

Measure = Callable[[], float]
"""Does the thing once; its figure: mostly how many seconds it took, or how many a second were done."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `goal`: the ratio not to be above, or below with `at_least`; None: only something to watch.

    `warm`: a round before the others is thrown away.
    """

    name: str
    base: str
    measured: Measure
    against: Measure
    goal: float | None = None
    rounds: int = 9
    at_least: bool = False
    warm: bool = True


@dataclass(frozen=True, slots=True)
class Figure:
    """What came out, a pair of figures for each round."""

    row: Row
    pairs: Sequence[tuple[float, float]]

    @property
    def ratios(self) -> list[float]:
        return sorted(ours / theirs for ours, theirs in self.pairs)

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def missed(self) -> bool:
        goal = self.row.goal
        return goal is not None and (self.ratio < goal if self.row.at_least else self.ratio > goal)

    @property
    def both(self) -> tuple[float, float]:
        """The medians of both sides."""
        ours, theirs = zip(*self.pairs, strict=True)
        return statistics.median(ours), statistics.median(theirs)


def figure(row: Row) -> Figure:
    """One round that is thrown away (caches, bytecode), then the rounds; who goes first alternates."""
    if row.warm:
        row.measured()
        row.against()
    return Figure(row, [_round(row, first=number % 2 == 0) for number in range(row.rounds)])


def _round(row: Row, *, first: bool) -> tuple[float, float]:
    if first:
        ours = row.measured()
        return ours, row.against()
    theirs = row.against()
    return row.measured(), theirs


def peak(pid: int) -> float:
    """The most memory that a process had, in MB; of what it was begun from it has none. Linux only."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def process(module: str, *arguments: object) -> Measure:
    """`python -m benchmarks.<module>` in a process of its own; the figure that it prints."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]

    def measure() -> float:
        return float(subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout)

    return measure
