"""How long a list takes to be loaded, and in how much memory."""

from functools import cache

from benchmarks.measure import QUICK, Row, process

LINES = 50_000 if QUICK else 1_000_000
ROUNDS = 1 if QUICK else 2
FEW = 2_000 if QUICK else 20_000
ALLOWED_MB = 110.0
THIRD = 1 / 0.33


def a_list_against_tuples() -> Row:
    base = process("lists", "tuples", LINES)
    return Row(
        f"{LINES:,} lines loaded", "ready tuples", process("lists", "ours", LINES), base, THIRD, ROUNDS, warm=False
    )


def the_usual_script() -> Row:
    base = process("lists", "tuples", FEW)
    return Row(
        f"the usual script, {FEW:,}", "ready tuples", process("lists", "script", FEW), base, None, ROUNDS, warm=False
    )


def memory_against_what_is_allowed() -> Row:
    return Row("its memory over pandas, MB", "110 MB", lambda: _memory(LINES), lambda: ALLOWED_MB, 1.0, 1, warm=False)


def memory_of_a_longer_list() -> Row:
    longer = 3 * LINES
    return Row(
        "memory, three times as long", "the list", lambda: _memory(longer), lambda: _memory(LINES), 1.05, 1, warm=False
    )


@cache
def _memory(lines: int) -> float:
    return process("lists", "memory", lines)()
