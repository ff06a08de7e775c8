"""What a ledger of five million leads costs over one of a hundred thousand, and what `resume` takes of memory."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from benchmarks import ledgers
from benchmarks.measure import QUICK, Measure, Row, process

MANY, SOME, FEW = 500_000 if QUICK else 5_000_000, 100_000, 30_000
ROUNDS = 1 if QUICK else 5
ALLOWED_MB = 25.0


def claim() -> Row:
    return Row(f"claim of 200, {MANY:,} leads", f"{SOME:,} leads", _of("claim", MANY), _of("claim", SOME), 1.25, ROUNDS)


def one_call() -> Row:
    return Row(f"one call, {MANY:,} leads", f"{SOME:,} leads", _of("call", MANY), _of("call", SOME), 1.25, ROUNDS)


def counts() -> Row:
    return Row(f"counts of {MANY:,} leads, ms", "1 ms", _of("counts", MANY), lambda: 1.0, 1.0, ROUNDS)


def what_counting_adds() -> Row:
    counted, bare = _of("write", SOME, "1"), _of("write", SOME, "1", "uncounted")
    return Row("calls written, CPU", "without counters", counted, bare, 1.03, ROUNDS)


def what_counting_adds_to_many() -> Row:
    counted, bare = _of("write", SOME, "200"), _of("write", SOME, "200", "uncounted")
    return Row("calls written 200 at once, CPU", "without counters", counted, bare, None, ROUNDS)


def memory_of_resume() -> Row:
    libraries = process("memory", "libraries")
    return Row(
        f"resume's MB over libraries, {FEW:,}", "25 MB", lambda: _memory(FEW) - libraries(), lambda: ALLOWED_MB, 1.0, 1,
        warm=False,
    )  # fmt: skip


def memory_of_a_larger_one() -> Row:
    return Row(f"resume's MB, {MANY:,} leads", f"{SOME:,} leads", lambda: _memory(MANY), lambda: _memory(SOME), 1.1, 1)


def _of(what: str, leads: int, *more: str) -> Measure:
    return lambda: process("ledgers", what, _ledger(leads), *more)()


def _memory(leads: int) -> float:
    return process("memory", _ledger(leads))()


@cache
def _ledger(leads: int) -> Path:
    """Made once in a run. `BENCH_FOLDER`: where those of an earlier run are, or shall be kept."""
    kept = os.environ.get("BENCH_FOLDER")
    folder = Path(kept or tempfile.mkdtemp())
    if not kept:
        atexit.register(shutil.rmtree, folder)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{leads}.db"
    if not file.exists():
        ledgers.make(file.with_suffix(".new"), leads).rename(file)
    return file
