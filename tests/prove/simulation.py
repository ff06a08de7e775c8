"""Core simulation: many small campaigns in virtual time, with every fault that the core can see.

Half of the seeds are always the same, half are fresh. Some of them are played again through the real steps and the
real Store, and must end in the same ledger. `python -m tests.prove.simulation SEED` tells the story of one seed.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.prove.part import Extent, Proved, memory, regressions
from tests.prove.simulation_checks import Checks
from tests.prove.simulation_plan import plan_of
from tests.prove.simulation_play import Play, Side
from tests.prove.simulation_real import Real
from tests.prove.simulation_steps import Model
from tests.prove.simulation_world import CALLBACK, CONNECT, Time, World
from tests.prove.workers import workers

CHUNK, FEW = 50, 10
PROCESSES = 2
FRESH = 1_000_000  # the fresh seeds begin behind the fixed ones
ROADS = (
    "settled: callback",
    "settled: poll",
    "two answers",
    "no control call",
    "the clock was set meanwhile",
    "proved not placed",
    "late truth",
    "parked behind a doubt",
    "retry refused at the window",
    "a silent call was asked for",
    "callback before the answer",
    "interrupted before the answer",
    "held for a person",
    "a stranger is listed",
    "outlasts its channel (5xx)",
    "the same callback twice",
    "the provider redials",
    "look-up: 429",
    "look-up: 5xx",
    "look-up: missing while alive",
    "look-up: the list lags",
    "look-up: the list shows nothing",
    "callback: nobody listened",
    "crash",
    "crash again",
    "crash: between commit and send",
    "crash: before the answer",
    "crash: callback kept, not read",
    "pause",
    "resume",
    "policy",
    "sleep",
    "clock",
    "held back: all channels are in use",
    "held back: too soon after the last call to this number",
    "held back: this number had its calls for the day",
    "held back: another call to this number is alive",
)
RARE = ("stop", "write off", "settled: operator")  # of many seeds alone; a slice may miss them
MUST = [*(f"connect: {fault}" for fault in CONNECT), *(f"callback: {fault}" for fault in CALLBACK), *ROADS]


@dataclass(slots=True)
class Played:
    """What seeds came to."""

    failures: list[str] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    seeds: int = 0
    leads: int = 0
    requests: int = 0

    def add(self, other: "Played") -> None:
        self.failures += other.failures
        self.happened += other.happened
        self.seeds += other.seeds
        self.leads += other.leads
        self.requests += other.requests


def play(seed: int, tell: Callable[[str], None] = lambda _: None) -> Played:
    """One seed through the model, every invariant held against it."""
    plan = plan_of(seed)
    world = World(seed, Time(plan.start))
    model = Model(plan, world)
    checks = Checks(plan, world, model)
    it = Play(plan, model, world, lambda words: tell(f"{world.time.true:%d %H:%M:%S}  {words}"))
    it.run()
    requests = len(world.requests)
    checks.at_end(it.ended)
    happened = world.happened + model.ledger.roads + checks.roads
    return Played(checks.failures, happened, 1, len(plan.leads), requests)


def compare(seed: int) -> Played:
    """One seed through the model and through the real steps."""
    plan = plan_of(seed)
    with tempfile.TemporaryDirectory(dir=memory()) as folder:
        world = World(seed, Time(plan.start))
        real = Real(plan, world, Path(folder))
        try:
            there = _ledger(seed, real, world)
        finally:
            real.close()
    again = World(seed, Time(plan.start))
    expected = _ledger(seed, Model(plan, again), again)
    unlike = [pair for pair in zip(expected, there, strict=False) if pair[0] != pair[1]]
    failures = []
    if unlike or len(expected) != len(there):
        failures = [f"seed {seed}: the real ledger differs from the model's: {unlike[:1] or len(there)}"]
    return Played(failures, Counter(), 1, len(plan.leads), len(world.requests))


def _ledger(seed: int, side: Side, world: World) -> list[object]:
    Play(plan_of(seed), side, world).run()
    leads, attempts = side.snapshot()
    return leads + attempts


def prove(extent: Extent) -> Proved:
    seeds = extent.pick(60, 20_000, 500_000)
    half = seeds // 2
    fresh = [FRESH + (extent.seed * 1_009 + place) % 10**12 for place in range(half)]
    failed, unlike = (list(map(int, regressions(each))) for each in ("simulation", "real_steps"))
    wanted = [*failed, *unlike, *range(1, half + 1), *fresh]
    if extent.slice:
        played, real = _play_all(wanted), _compare_all([4, 6, *unlike])
    else:
        compared = [*failed, *unlike, *range(1, 101), *fresh[: extent.pick(0, 100, 1000)]]
        played, real = _side_by_side(wanted, compared)
    must = MUST if extent.slice else [*MUST, *RARE]
    missing = [] if extent.slice and seeds < 200 else [each for each in must if not played.happened[each]]
    missing += [each for each in ("settled: callback", "settled: poll") if not played.happened[each]]
    failures = [*played.failures, *real.failures, *(f"it never happened: {each}" for each in dict.fromkeys(missing))]
    return Proved("simulation", _figures(played, real), failures)


def _figures(played: Played, real: Played) -> dict[str, int | str]:
    return {
        "seeds": played.seeds,
        "leads": played.leads,
        "requests": played.requests,
        "seeds through the real steps": real.seeds,
        "requests through them": real.requests,
        **dict(sorted(played.happened.items())),
    }


def _side_by_side(seeds: Sequence[int], real: Sequence[int]) -> tuple[Played, Played]:
    """In processes of their own. The real steps first."""
    played, compared = Played(), Played()
    with workers(PROCESSES) as pool:
        parts = [pool.submit(_compare_all, real[start : start + FEW]) for start in range(0, len(real), FEW)]
        chunks = [pool.submit(_play_all, seeds[start : start + CHUNK]) for start in range(0, len(seeds), CHUNK)]
        for done in parts:
            compared.add(done.result())
        for done in chunks:
            played.add(done.result())
    return played, compared


def _play_all(seeds: Sequence[int]) -> Played:
    return _all(play, seeds)


def _compare_all(seeds: Sequence[int]) -> Played:
    return _all(compare, seeds)


def _all(one: Callable[[int], Played], seeds: Sequence[int]) -> Played:
    played = Played()
    for seed in seeds:
        try:
            played.add(one(seed))
        except Exception as broken:  # noqa: BLE001 - one that breaks off has failed; the others go on
            played.failures.append(f"seed {seed}: {broken!r}")
    return played


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    one = int(sys.argv[1])
    found = play(one, _say).failures + compare(one).failures
    _say("\n".join(found or ["holds"]))
    sys.exit(bool(found))
