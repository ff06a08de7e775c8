"""How long a list takes to be loaded, in how much memory, and how long callbacks wait meanwhile."""

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Measure, Row

ROOT = Path(__file__).parents[2]
QUICK = bool(os.environ.get("QUICK"))
LINES = 100_000 if QUICK else 1_000_000
ROUNDS = 1 if QUICK else 3
FEW = 20_000
ADDED = 200_000
ALLOWED_MB = 110.0
THIRD = 1 / 0.33


def a_list_against_tuples() -> Row:
    base = _process("lists", "tuples", LINES)
    return Row(f"{LINES:,} lines loaded", "ready tuples", _process("lists", "ours", LINES), base, THIRD, ROUNDS)


def the_usual_script() -> Row:
    base = _process("lists", "tuples", FEW)
    return Row(f"the usual script, {FEW:,}", "ready tuples", _process("lists", "script", FEW), base, None, ROUNDS)


def memory_against_what_is_allowed() -> Row:
    measured = _process("lists", "memory", LINES)
    return Row("its memory over pandas, MB", "110 MB", measured, lambda: ALLOWED_MB, 1.0, ROUNDS)


def memory_of_a_longer_list() -> Row:
    longer, base = _process("lists", "memory", 3 * LINES), _process("lists", "memory", LINES)
    return Row("memory, three times as long", "the list", longer, base, 1.05, ROUNDS)


def callbacks_while_a_list_is_added() -> Row:
    adding, alone = _process("callbacks", str(ADDED)), _process("callbacks", "0")
    return Row("callbacks' p99, a list added", "no list added", adding, alone, 4.0, ROUNDS)


def _process(module: str, *arguments: object) -> Measure:
    """A process of its own; the figure that it prints."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]

    def measure() -> float:
        return float(subprocess.run(command, check=True, cwd=ROOT, stdout=subprocess.PIPE, text=True).stdout)

    return measure
