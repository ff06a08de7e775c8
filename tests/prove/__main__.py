"""`python -m tests.prove [PART …] [--long [--share X]] [--seed N]`: run the parts of the proof and print one line each.

A long run of all parts that was interrupted goes on with its seed and the first part that had not ended, unless a seed
is given.
"""

import argparse
import importlib
import sys
import time
import traceback

from tests.prove.long_run import LongRun
from tests.prove.part import Extent, Part, Proved, commit

PARTS = ("simulation", "kills", "power", "disk", "fuzz", "canary", "ablations")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which (default: all)")
    parser.add_argument("--long", action="store_true", help="hours: before a release")
    parser.add_argument("--share", type=_share, default=1.0, help="of a long run, 0.01 say: to see that it ends")
    parser.add_argument("--seed", type=int, default=None, help="the first of the fresh seeds")
    given = parser.parse_args()
    seed = time.time_ns() % 1_000_000_000 if given.seed is None else given.seed
    if given.share < 1 and not given.long:
        parser.error("--share is of a --long run")
    resumed = given.long and not given.parts
    before = LongRun(commit(), seed, share=given.share, anew=given.seed is not None) if resumed else None
    extent = Extent(long=given.long, seed=before.seed if before else seed, share=given.share)
    little = f", {given.share:g} of a long run" if given.share < 1 else ""
    print(f"commit {commit()}, seed {extent.seed}{little}", flush=True)
    failed = 0
    for name in given.parts or PARTS:
        if before and name in before.ended:
            print(f"{before.ended[name]} (before it was interrupted)", flush=True)
            continue
        begun = time.monotonic()
        proved = _played(name, extent)
        line = _line(proved, time.monotonic() - begun)
        print("\n    ".join([line, *proved.failures]), flush=True)
        failed += bool(proved.failures)
        if before and not proved.failures:
            before.end(line)
    if before and not failed:
        before.over()
    return 1 if failed else 0


def _share(text: str) -> float:
    share = float(text)
    if not 0 < share <= 1:
        raise ValueError
    return share


def _played(name: str, extent: Extent) -> Proved:
    """One that breaks off has failed; the others are played all the same."""
    try:
        return _part(name)(extent)
    except Exception as broken:  # noqa: BLE001  whatever it is
        traceback.print_exc()
        return Proved(name, failures=[f"it broke off: {broken!r}"])


def _part(name: str) -> Part:
    part: Part = importlib.import_module(f"tests.prove.{name}").prove
    return part


def _line(proved: Proved, seconds: float) -> str:
    figures = ", ".join(f"{figure} {value}" for figure, value in proved.figures.items())
    return f"{proved.part:<12}{'FAILED' if proved.failures else 'holds':<8}{seconds:6.0f} s  {figures}"


if __name__ == "__main__":
    sys.exit(main())
