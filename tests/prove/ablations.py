"""Ablations: each safeguard is taken out in turn, and a slice of the proof must notice.

Nothing in `campaign/` reads a switch: parts are wrapped or replaced from here, in child processes too. Each slice is
played twice, whole (it must hold) and without the safeguard (it must name the invariant that is broken then).
`python -m tests.prove.ablations [WORD …]` lists what caught each.
"""

import os
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.prove import (
    ablations_calls,
    ablations_core,
    ablations_doubts,
    ablations_files,
    ablations_guards,
    ablations_ledger,
    ablations_parts,
    ablations_rate,
    ablations_web,
    ablations_wire,
)
from tests.prove.ablations_kit import Ablation, CannotBeShown, Slice
from tests.prove.part import Extent, Proved, memory
from tests.prove.workers import workers

PART = "ablations"
ROOMS = (
    ablations_calls,
    ablations_core,
    ablations_doubts,
    ablations_ledger,
    ablations_rate,
    ablations_guards,
    ablations_wire,
    ablations_web,
    ablations_files,
)
ABLATIONS: dict[str, Ablation] = {each.name: each for room in ROOMS for each in room.ABLATIONS}
AT_ONCE = 2
SLICE = 3
FEWEST = 25


@dataclass(frozen=True, slots=True)
class Verdict:
    """`by`: the slices that noticed, the expected one first. `wrong`: why it does not count; `skipped`: nor can it."""

    name: str
    by: Sequence[str] = ()
    wrong: str = ""
    skipped: str = ""
    seconds: float = 0.0


def prove(extent: Extent) -> Proved:
    verdicts = list(_verdicts(list(ABLATIONS.values()), extent))
    skipped = [each for each in verdicts if each.skipped]
    failures = [f"{each.name}: {each.wrong}" for each in verdicts if each.wrong]
    if skipped and os.environ.get("CI"):
        failures += [f"{each.name}: must be shown in CI: {each.skipped}" for each in skipped]
    if len(ABLATIONS) < FEWEST:
        failures.append(f"only {len(ABLATIONS)} ablations")
    figures: dict[str, int | str] = {PART: len(verdicts), "caught": sum(bool(each.by) for each in verdicts)}
    figures |= {f"skipped ({each.name})": each.skipped for each in skipped}
    if extent.long:
        figures |= {each.name: ", ".join(each.by) for each in verdicts if each.by}
    return Proved(PART, figures, failures)


def _verdicts(wanted: Sequence[Ablation], extent: Extent) -> Iterator[Verdict]:
    if extent.slice:
        quick = [each.name for each in wanted if not each.slow]
        yield from (judge(name) for name in Random(extent.seed).sample(quick, min(SLICE, len(quick))))
        return
    names = [each.name for each in sorted(wanted, key=lambda each: not each.slow)]
    with workers(AT_ONCE) as pool:
        yield from pool.map(judge_by_all, extent.some(names)) if extent.long else pool.map(judge, names)


_holding: dict[Slice, str] = {}
"""Slices that this process has played whole, and what was wrong then."""


def judge(name: str) -> Verdict:
    """One safeguard, by the slice that is expected to notice."""
    ablation, begun = ABLATIONS[name], time.monotonic()
    try:
        if ablation.slice not in _holding:
            _holding[ablation.slice] = "; ".join(_played(ablation.slice))
        if whole := _holding[ablation.slice]:
            return Verdict(name, wrong=f"{_name(ablation.slice)} does not hold with it: {whole}")
        found = _without(ablation, ablation.slice)
    except CannotBeShown as lacking:
        return Verdict(name, skipped=str(lacking))
    except Exception as broken:  # noqa: BLE001  a crash catches nothing
        return Verdict(name, wrong=f"{_name(ablation.slice)} crashed: {type(broken).__name__}: {broken}")
    seconds = time.monotonic() - begun
    if not _named(ablation, found):
        return Verdict(name, wrong=f"not noticed by {_name(ablation.slice)}: {found[:2]}", seconds=seconds)
    return Verdict(name, [_name(ablation.slice)], seconds=seconds)


def judge_by_all(name: str) -> Verdict:
    """As `judge`, and which of all other slices and parts notice too; what crashes or cannot be played does not."""
    verdict = judge(name)
    by = list(verdict.by)
    for other in dict.fromkeys(each.slice for each in ABLATIONS.values() if each.slice is not ABLATIONS[name].slice):
        try:
            if _without(ABLATIONS[name], other):
                by.append(_name(other))
        except Exception:  # noqa: BLE001  see above
            continue
    with tempfile.TemporaryDirectory() as folder:
        by += [f"part {part}" for part in ablations_parts.noticing(ABLATIONS[name], Path(folder).resolve())]
    return Verdict(name, by if verdict.by else (), verdict.wrong, verdict.skipped, verdict.seconds)


def _named(ablation: Ablation, found: Sequence[str]) -> bool:
    return any(re.search(ablation.breaks, each) for each in found)


def _without(ablation: Ablation, scene: Slice) -> Sequence[str]:
    with ablation.out():
        return _played(scene)


def _played(scene: Slice) -> Sequence[str]:
    """In an empty folder, in memory where there is one, so that no disk is waited for."""
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        return scene(Path(folder).resolve())


def _name(scene: Slice) -> str:
    return scene.__name__.replace("_", " ")


def main() -> int:
    words = sys.argv[1:]
    wanted = [each for each in ABLATIONS.values() if all(word in each.name for word in words)]
    missed = 0
    for verdict in _verdicts(wanted, Extent()):
        told = verdict.wrong or f"skipped: {verdict.skipped}" * bool(verdict.skipped) or ", ".join(verdict.by)
        print(f"{verdict.name:<52}{verdict.seconds:5.1f} s  {told}", flush=True)
        missed += bool(verdict.wrong)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
