"""A disk that is full or broken: at the n-th write, once and for good, for every n of a run of five leads.

The run stops with clear words or goes on, nobody is told 200 for what is not on disk, nothing was sent that is not, and
after the cure everybody is called exactly as often as it took (`disk_play`). Files that are damaged, locked, read-only
or of a newer version are refused and left as they are (`disk_refusals`). The long proof breaks the disk of real
processes too (`disk_processes`).
"""

import asyncio
import logging
import tempfile
from collections import Counter
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

from tests.prove import disk_processes, disk_refusals
from tests.prove.disk_play import Played, play
from tests.prove.disk_world import KINDS, Disk, disk_of
from tests.prove.part import Extent, Proved, memory, regressions
from tests.prove.workers import workers

PART = "disk"
AT_ONCE = 2
SOMETIMES = ("stopped", "went on as if nothing had been", "callbacks answered 503", "callbacks answered 200")
"""What must have happened at some write, or the failures are none."""


def prove(extent: Extent) -> Proved:
    figures: Counter[str] = Counter()
    failures: list[str] = []
    for disk, played in _plays(extent):
        figures["failing writes"] += 1
        figures += played.roads
        failures += [f"a failing write ({disk.words}): {wrong}" for wrong in played.wrong]
    if not extent.slice:
        failures += [f"never happened: {road}" for road in SOMETIMES if not figures[road]]
        for part in [disk_refusals.prove(), *([disk_processes.prove(extent)] if extent.long else [])]:
            figures += Counter({name: int(value) for name, value in part.figures.items()})
            failures += part.failures
    return Proved(PART, dict(figures), failures)


FEWEST = 20
"""Writes of a long run of which little is wanted: by then every road was taken."""


def _plays(extent: Extent) -> Iterator[tuple[Disk, Played]]:
    writes = one(Disk()).writes
    disks = [*map(disk_of, regressions(PART)), *_disks(writes, extent)]
    if extent.slice:
        yield from ((disk, one(disk)) for disk in disks)
        return
    with workers(AT_ONCE) as pool:
        yield from zip(disks, pool.map(one, disks), strict=True)


def _disks(writes: int, extent: Extent) -> Iterator[Disk]:
    """Every write, once and for good; full or broken in turn, in the long proof both."""
    luck = Random(extent.seed)
    every = range(1, writes + 1)
    chosen = luck.sample(every, 1) if extent.slice else extent.some(every, FEWEST)
    for bad, for_good in product(chosen, (False, True)):
        kinds = KINDS if extent.long else (KINDS[(bad + for_good + extent.seed) % 2],)
        yield from (Disk(kind, bad, for_good) for kind in kinds)


def one(disk: Disk) -> Played:
    """One play, in this process."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it tells of every caller that was cancelled
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        return asyncio.run(play(Path(folder), Disk(disk.kind, disk.bad, disk.for_good)))
