"""Kills: a campaign dies at every named point and in calls to the system, while it recovers too, and goes on.

Then the simulator's log decides (`kills_judge`). A point that no command comes to, or that nobody died at, is a
failure: a new method of a port must be reached by a scene (`kills_office.SCENES`).
"""

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count
from pathlib import Path
from queue import SimpleQueue
from random import Random

from tests.acceptance.town import Town
from tests.prove.kills_judge import Judge, Log
from tests.prove.kills_office import SCENES, Blow, Case, Scene, case_of, play, system_calls, town_for
from tests.prove.launcher import Launcher, points
from tests.prove.part import Extent, Proved, memory, regressions

PART = "kills"
AT_ONCE = 4
A_TOWN = 150
"""Cases that one town serves: its list of calls grows with them."""
DOUBLE = 5
"""Every so manyth command dies again while it recovers."""
IN_RECOVERY = ("after Store.recover", "before commit", "after Store.record", "before Provider.look_up_many")
SLICE = (Case("told", 0, Blow("after Provider.place", 5), Blow("after Store.recover", 1)),)
SOMETIMES = (
    "told",
    "found by asking",
    "held",
    "doubts settled",
    "killed while recovering",
    "answer_lost",
    "callback_never",
    "limited",
    "redials",
)
"""What must have happened in some case, or the cases are too tame."""
Reached = dict[tuple[str, int], Counter[str]]


def prove(extent: Extent, through: Path | None = None) -> Proved:
    """`through`: a Python file that is run in place of `-m campaign`, to show that a safeguard's loss is noticed."""
    with tempfile.TemporaryDirectory(dir=memory()) as base:
        proof = _Proof(Path(base).resolve(), extent, through)
        try:
            return proof.proved()
        finally:
            proof.close()


class _Proof:
    def __init__(self, base: Path, extent: Extent, through: Path | None) -> None:
        self._base, self._extent, self._through = base, extent, through
        self._luck = Random(extent.seed)
        self._launchers: SimpleQueue[Launcher] = SimpleQueue()
        self._offices = count()
        self.figures: Counter[str] = Counter()
        self.failures: list[str] = []
        self._died_at: set[str] = set()
        for _ in range(extent.pick(len(SLICE), AT_ONCE, AT_ONCE)):
            self._launchers.put(Launcher())

    def close(self) -> None:
        while not self._launchers.empty():
            self._launchers.get().close()

    def proved(self) -> Proved:
        known = [case_of(each) for each in regressions(PART)]
        if self._extent.slice:
            self._strike([*SLICE, *known])
            return Proved(PART, {"kills": self.figures["kills"]}, self.failures)
        reached = self._reached()
        cases = [*known, *self._at_points(reached), *self._in_the_system()]
        for start in range(0, len(cases), A_TOWN):
            self._strike([self._perhaps_again(case) for case in cases[start : start + A_TOWN]])
        self.failures += [f"nobody died {point}" for point in points() if point not in self._died_at]
        self.failures += [f"never happened: {road}" for road in SOMETIMES if not self.figures[road]]
        named = f"{len(self._died_at & set(points()))} of {len(points())}"
        return Proved(PART, {"named points": named, **dict(sorted(self.figures.items()))}, self.failures)

    # --- what is struck

    def _reached(self) -> Reached:
        """Every scene without a blow: how often each command comes to each point."""
        scenes = self._play(list(SCENES))
        return {
            (scene.name, step): hits for scene in scenes for step, hits in scene.hits.items()
        }  # fmt: skip

    def _at_points(self, reached: Reached) -> Iterator[Case]:
        """Each point at its first time; some, in the long proof all, in every command, the second and last time too."""
        more: list[Case] = []
        for point in points():
            places = [(place, hits[point]) for place, hits in reached.items() if hits[point]]
            if not places:
                self.failures.append(f"no command comes to it: {point}")
                continue
            blows = [
                Case(*place, Blow(point, hit)) for place, times in places for hit in sorted({1, min(2, times), times})
            ]
            yield blows.pop(0)
            more += blows
        yield from self._extent.some(more) if self._extent.long else self._luck.sample(more, 18)

    def _in_the_system(self) -> Iterator[Case]:
        if not shutil.which("strace"):
            self.figures["strace is missing"] = 1
            self.failures += ["kills in calls to the system must be proved in CI"] if os.environ.get("CI") else []
            return
        for at, times in self._system_calls().items():
            hits = range(1, times + 1)
            few = self._luck.sample(hits[: times * 3 // 4], min(6, times // 2))
            for hit in sorted(self._extent.some(hits) if self._extent.long else few):
                yield Case("told", 0, Blow(at, hit, system=True))

    def _system_calls(self) -> Counter[str]:
        with town_for(self._base / "traced town", 1, self._extent.seed) as town:
            return system_calls(self._base / "traced", town)

    def _perhaps_again(self, case: Case) -> Case:
        if self._luck.randrange(DOUBLE):
            return case
        return replace(case, again=Blow(self._luck.choice(IN_RECOVERY), 1))

    # --- how

    def _strike(self, cases: Sequence[Case]) -> None:
        for scene in self._play(cases):
            self.figures["kills"] += scene.killed
            self.figures["not reached"] += not scene.killed
            self.figures["killed while recovering"] += scene.killed > 1
            if scene.killed and scene.case:
                self._died_at.add(scene.case.blow.at)
                self.figures["in calls to the system"] += scene.case.blow.system

    def _play(self, cases: Sequence[Case | str]) -> list[Scene]:
        """All of them in one town, and the log's word on each."""
        folder = self._base / f"town {next(self._offices)}"
        with (
            town_for(folder, len(cases), self._extent.seed) as town,
            ThreadPoolExecutor(self._launchers.qsize()) as pool,
        ):
            scenes = list(pool.map(lambda each: self._one(town, *each), enumerate(cases)))
        log = Log(town.log)
        self.figures += log.happened
        for scene in scenes:
            self._judge(scene, log)
            shutil.rmtree(scene.office.folder)
        return scenes

    def _one(self, town: Town, each: int, case: Case | str) -> Scene:
        launcher = self._launchers.get()
        try:
            return play(town.log.parent / f"office {each}", town, each, case, launcher, self._through)
        finally:
            self._launchers.put(launcher)

    def _judge(self, scene: Scene, log: Log) -> None:
        try:
            judge = Judge(scene, log)
            breaches = list(judge.breaches())
            self.figures += judge.roads()
        except (OSError, KeyError, ValueError) as unreadable:
            breaches = [*scene.wrong, f"no report to be read: {unreadable!r}"]
        where = scene.case or f"{scene.name}, without a blow"
        self.failures += [f"{where}: {breach} (--seed {self._extent.seed})" for breach in breaches]
