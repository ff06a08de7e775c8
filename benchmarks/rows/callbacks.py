"""How many callbacks are taken, how long each waits for its 200, and that none is lost that had one."""

from benchmarks.measure import QUICK, Row, process

ROUNDS = 1 if QUICK else 5
ADDED = 200_000


def few_connections() -> Row:
    return _storm(64, 0.55)


def many_connections() -> Row:
    return _storm(256, 0.75)


def missing_after_a_kill() -> Row:
    return Row(
        "answered and missing after kill -9", "1 callback", process("callbacks", "killed"), lambda: 1.0, 0.0, ROUNDS,
        warm=False,
    )  # fmt: skip


def wait_for_an_answer() -> Row:
    ours, base = process("callbacks", "late", 500, 0), process("callbacks", "late", 500, 0, "nothing")
    return Row("callbacks' p99 at 500/s", "storing nothing", ours, base, 1.5, ROUNDS, warm=False)


def wait_while_a_list_is_added() -> Row:
    adding, alone = process("callbacks", "late", 50, ADDED), process("callbacks", "late", 50, 0)
    return Row("callbacks' p99, a list added", "no list added", adding, alone, 4.0, min(ROUNDS, 3), warm=False)


def _storm(connections: int, goal: float) -> Row:
    ours, base = process("callbacks", "storm", connections), process("callbacks", "storm", connections, "nothing")
    name = f"callbacks/s, {connections} connections"
    return Row(name, "storing nothing", ours, base, goal, ROUNDS, at_least=True, warm=False)
