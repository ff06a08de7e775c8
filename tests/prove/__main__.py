"""`python -m tests.prove [PART …] [--long] [--seed N]`: run the parts of the proof and print one line each."""

import argparse
import importlib
import sys
import time

from tests.prove.part import Extent, Part, commit

PARTS = ("simulation", "kills", "power", "disk", "fuzz", "canary", "ablations")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.prove", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which (default: all)")
    parser.add_argument("--long", action="store_true", help="hours: before a release")
    parser.add_argument("--seed", type=int, default=None, help="the first of the fresh seeds")
    given = parser.parse_args()
    extent = Extent(long=given.long, seed=time.time_ns() % 1_000_000_000 if given.seed is None else given.seed)
    print(f"commit {commit()}, seed {extent.seed}", flush=True)
    failed = 0
    for name in given.parts or PARTS:
        part: Part = importlib.import_module(f"tests.prove.{name}").prove
        begun = time.monotonic()
        proved = part(extent)
        figures = ", ".join(f"{figure} {value}" for figure, value in proved.figures.items())
        verdict = "FAILED" if proved.failures else "holds"
        print(f"{name:<12}{verdict:<8}{time.monotonic() - begun:6.0f} s  {figures}", flush=True)
        for failure in proved.failures:
            print(f"    {failure}", flush=True)
        failed += bool(proved.failures)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
