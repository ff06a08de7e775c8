"""What every part of the proof hands back, and how much of it is wanted."""

import os
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar

REGRESSIONS = Path(__file__).with_name("regressions.txt")

CHANGED = "-changed"
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Extent:
    """How much: `long` before a release; `slice` a few seconds' worth, for `make test` and the ablations.

    `share`: so much of a long one, to see that it ends and goes on; it proves no more than that.
    """

    long: bool = False
    slice: bool = False
    seed: int = 1
    share: float = 1

    def pick(self, small: int, usual: int, large: int) -> int:
        return small if self.slice else max(small, round(large * self.share)) if self.long else usual

    def some(self, of: Iterable[Item], least: int = 1) -> list[Item]:
        """Of what a long run goes through one by one."""
        whole = list(of)
        wanted = max(least, round(len(whole) * self.share))
        return whole if wanted >= len(whole) else Random(self.seed).sample(whole, wanted)


@dataclass(frozen=True, slots=True)
class Proved:
    """`figures`: what was done, by name. `failures`: what broke the promise, each with how to see it again."""

    part: str
    figures: Mapping[str, int | str] = field(default_factory=dict)
    failures: Sequence[str] = ()


Part = Callable[[Extent], Proved]


def memory() -> str | None:
    """Where files need no disk, so that a sync costs nothing; a killed process loses nothing by it."""
    shared = Path("/dev/shm")
    return str(shared) if os.access(shared, os.W_OK) else None


def regressions(part: str) -> list[str]:
    """What failed once, in the words of its part, from `regressions.txt`: `part words  # why`."""
    lines = (line.partition("#")[0].strip() for line in REGRESSIONS.read_text().splitlines())
    return [line.removeprefix(f"{part} ").strip() for line in lines if line.startswith(f"{part} ")]


def commit() -> str:
    """The commit the proof was run on, and whether files were changed since."""
    asked = ["git", "describe", "--always", "--exclude=*", f"--dirty={CHANGED}"]
    found = subprocess.run(asked, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"
