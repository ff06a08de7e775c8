"""How many calls are asked for in a second, and how close to the account's rate they are by the real clock."""

from importlib.util import find_spec

from benchmarks.measure import QUICK, Row, process

LEADS = 500 if QUICK else 2000
PACED = 1100 if QUICK else 2000
ROUNDS = 1 if QUICK else 5


def calls_asked_for() -> Row:
    return _against_the_client("engine", "calls/s, claim and result on disk", 0.85)


def the_usual_script() -> Row:
    return _against_the_client("script", "gather and a CSV file, not on disk", None)


def threads() -> Row | None:
    """None where requests is not installed."""
    return _against_the_client("threads", "requests in threads", None) if find_spec("requests") else None


def span_by_the_real_clock() -> Row:
    paced = process("dispatch", "paced", PACED)
    return Row(f"{PACED} calls at 1000 per 20 s, clock", "all at the rate", paced, lambda: 1.0, 1.005, 1, warm=False)


def _against_the_client(what: str, name: str, goal: float | None) -> Row:
    ours, base = process("dispatch", what, LEADS), process("dispatch", "client", LEADS)
    return Row(name, "aiohttp, not stored", ours, base, goal, ROUNDS, at_least=True, warm=False)
