"""The disk of real processes: the system itself tells them that it is full or broken, at sampled writes; `disk` asks.

Offices, scenes and the judge are those of `kills`.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.prove.kills_judge import Judge, Log
from tests.prove.kills_office import Blow, Case, play, system_calls, town_for
from tests.prove.launcher import Launcher
from tests.prove.part import Extent, Proved, memory

ERRORS = {"pwrite64": ("ENOSPC", "ENOSPC+", "EIO", "EIO+"), "fdatasync": ("EIO", "EIO+")}
EACH = 12


def prove(extent: Extent) -> Proved:
    if not shutil.which("strace"):
        return Proved("disk of processes", {}, ["strace is missing"])
    with tempfile.TemporaryDirectory(dir=memory()) as made:
        base, launcher = Path(made).resolve(), Launcher()
        try:
            return _proved(base, extent, launcher)
        finally:
            launcher.close()


def _proved(base: Path, extent: Extent, launcher: Launcher) -> Proved:
    with town_for(base / "traced town", 1, extent.seed) as town:
        cases = list(_cases(system_calls(base / "traced", town), Random(extent.seed)))
    with town_for(base / "town", len(cases), extent.seed) as town:
        scenes = [play(base / f"office {each}", town, each, case, launcher) for each, case in enumerate(cases)]
    log = Log(town.log)
    failures = [f"{scene.case}: {breach}" for scene in scenes for breach in Judge(scene, log).breaches()]
    return Proved("disk of processes", {"processes stopped": sum(scene.killed for scene in scenes)}, failures)


def _cases(calls: dict[str, int], luck: Random) -> Iterator[Case]:
    for at, errors in ERRORS.items():
        for error in errors:
            hits = range(1, calls[at] * 3 // 4)
            yield from (Case("told", 0, Blow(at, hit, system=True, error=error)) for hit in luck.sample(hits, EACH))
