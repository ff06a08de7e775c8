"""The scheduler: one thing after another, in virtual time. It drives the model and the real steps alike."""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from random import Random
from typing import Protocol

from campaign.core.events import InDoubt
from campaign.core.pace import Pace, Wait
from campaign.core.policy import Policy
from tests.builders import hours, minutes, seconds
from tests.prove.simulation_plan import Plan
from tests.prove.simulation_world import Request, Told, World

MOST = 60_000
QUIET = hours(12)  # doubts that nothing will settle are asked about for ever, later and later


class Side(Protocol):
    """The model (`simulation_steps`) or the real steps (`simulation_real`). A step says when to come back."""

    policy: Policy

    @property
    def pace(self) -> Pace: ...

    def start(self) -> None: ...
    def change_policy(self) -> None: ...
    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def stop(self) -> None: ...
    def running(self, campaign: int) -> bool: ...
    def write_off(self) -> None: ...
    def claim(self, campaign: int) -> datetime | None: ...
    def waiting(self) -> int: ...
    def channel_free_at(self) -> datetime | None: ...
    def dial(self, *, leaves: bool = True) -> Request | None: ...
    def answer(self, request: Request) -> None: ...
    def receive(self, token: str, told: Told) -> bool: ...
    def read(self) -> None: ...
    def recovery(self) -> datetime | None: ...
    def doubts(self) -> datetime | None: ...
    def reconcile(self) -> bool: ...
    def snapshot(self) -> tuple[list[object], list[object]]: ...


class Play:
    """`tell` hears the story."""

    def __init__(self, plan: Plan, side: Side, world: World, tell: Callable[[str], None] = lambda _: None) -> None:
        self.plan, self.side, self.world, self.time, self.tell = plan, side, world, world.time, tell
        self.luck = Random(~plan.seed)
        self.ended = False
        self._stirred = self.time.true
        self._verdicts: set[str] = set()
        self._order = count()
        self._ahead: list[tuple[datetime, int, str, Request | None, Told | None]] = []
        self._flying: dict[str, Request] = {}
        self._due: dict[str, datetime | None] = {}
        self._steps = {
            "dial": self._dial,
            "recovery": lambda: self._look("recovery", side.recovery),
            "doubts": lambda: self._look("doubts", side.doubts),
            "reconcile": self._reconcile,
        }

    def run(self) -> None:
        for when, doing in self.plan.doings:
            self._push(when, doing)
        self.side.start()
        self._all_now()
        self._stirred = self.time.true
        for _ in range(MOST):
            at, what = self._next()
            if at is None or (self._only_doubts() and at > self._stirred + QUIET):
                self.ended = True
                return
            self.time.true = max(self.time.true, at)
            if what:
                self._due[what] = None
                self._steps[what]()
            else:
                self._happens()

    def _only_doubts(self) -> bool:
        return not self._ahead and not self._due.get("dial") and not self._due.get("recovery")

    def _next(self) -> tuple[datetime | None, str]:
        """The earliest of what comes from outside and what is due; nothing when only the hourly look is left."""
        due = [(at, name) for name, at in self._due.items() if at]
        if not self._ahead and all(name == "reconcile" for _, name in due):
            return None, ""
        earliest = min(due, default=None)
        if self._ahead and (earliest is None or self._ahead[0][0] <= earliest[0]):
            return self._ahead[0][0], ""
        return earliest or (None, "")

    def _push(self, at: datetime, what: str, request: Request | None = None, told: Told | None = None) -> None:
        heapq.heappush(self._ahead, (at, next(self._order), what, request, told))

    def _soon(self, *names: str) -> None:
        for name in names:
            self._due[name] = self.time.true

    def _all_now(self) -> None:
        self._soon("dial", "recovery", "doubts", "reconcile")

    def _later(self, name: str, ours: datetime | None) -> None:
        """The step wants to be asked again; an earlier wish holds."""
        if ours is not None:
            at, there = ours - self.time.skew, self._due.get(name)
            self._due[name] = min(at, there) if there else at

    # --- what is due

    def _dial(self) -> None:
        side = self.side
        while True:
            if not side.waiting() and not self._claim():
                return
            if len(self._flying) >= min(6, side.policy.rate.requests - 1):
                return  # an answer comes first
            free_at = side.channel_free_at()
            if free_at and self.luck.random() < 0.9:  # the others ask the ledger all the same
                self._later("dial", free_at)
                return
            decision = side.pace.decide(self.time.steady())
            if isinstance(decision, Wait):
                self._later("dial", decision.until and decision.until + self.time.skew)
                return
            if not self._place():
                return

    def _claim(self) -> bool:
        for campaign in range(self.plan.campaigns):
            if self.side.running(campaign):
                self._later("dial", self.side.claim(campaign))
        return self.side.waiting() > 0

    def _place(self) -> bool:
        """One from the queue; False where the program dies of it."""
        luck = self.luck.random()
        leaves = luck >= self.plan.crash_share / 2
        request = self.side.dial(leaves=leaves)
        if request is None:
            return True
        self.tell(f"{request.number[-5:]} is sent: {request.fault if leaves else 'dies before it leaves'}")
        if not leaves:
            self.world.happened["crash: between commit and send"] += 1
            self._crash()
            return False
        self._stirred = self.time.true
        self._flying[request.token] = request
        self._push(request.at + request.latency, "answer", request)
        for told in request.callbacks:
            self._push(told.at, "callback", request, told)
        if luck > 1 - self.plan.crash_share / 2:
            self._push(request.at + request.latency / 2, "crash: before the answer")
        return True

    def _crowded(self) -> bool:
        """A look-up would wait for answers on their way, which come only after it: one thing happens after another.

        Its own refusals may halve what is allowed, so a quarter of the places must be left.
        """
        pace = self.side.pace
        places = pace.allowance.of(pace.rate, self.time.steady()).requests
        return bool(self._flying) and (pace._probing or len(self._flying) >= places // 4)

    def _look(self, name: str, step: Callable[[], datetime | None]) -> None:
        if self._crowded():
            self._later(name, self.time.now() + seconds(5))
            return
        looked, again = len(self.world.all_requests), step()
        if looked != len(self.world.all_requests) or name in self._verdicts:
            self._soon("dial")
        self._verdicts.discard(name)
        if again is not None and again <= self.time.now():
            self._verdicts.add(name)  # the next step says what was proved
        self._later(name, again)

    def _reconcile(self) -> None:
        if self._crowded():
            self._later("reconcile", self.time.now() + seconds(5))
            return
        now = self.time.now()
        self._later("reconcile", now + (hours(1) if self.side.reconcile() else minutes(5)))

    # --- what comes from outside

    def _happens(self) -> None:
        _, _, what, request, told = heapq.heappop(self._ahead)
        self._stirred = self.time.true
        if request and told:
            self._callback(request, told)
        elif request:
            self._answer(request)
        else:
            self.tell(what)
            self.world.happened[what] += 1
            self._doing(what)

    def _answer(self, request: Request) -> None:
        if self._flying.pop(request.token, None) is None:
            return  # nobody waits for it any more
        self.tell(f"{request.number[-5:]} is answered: {request.fault}")
        self.side.answer(request)
        if request.fault == "account":
            self._doing("pause")
        if isinstance(request.answer(self.time.now()), InDoubt):
            self._soon("doubts")
        end = self.time.now() + self.side.policy.longest_ring
        self._later("recovery", end if self.side.policy.callbacks else self.time.now())
        self._soon("dial")

    def _callback(self, request: Request, told: Told) -> None:
        kept = self.side.receive(request.token, told)
        self.tell(f"{request.number[-5:]} callback {told.status or 'garbage'}{'' if kept else ', not kept'}")
        if self.luck.random() < self.plan.crash_share / 2:
            self.world.happened["crash: callback kept, not read"] += 1
            self._crash()
            return
        self.side.read()
        self._soon("dial")
        if told.status in ("", "in-progress"):
            self._soon("recovery")

    def _doing(self, what: str) -> None:
        match what:
            case "pause":
                self.side.pause()
                self._push(self.time.true + minutes(self.luck.uniform(1, 90)), "resume")
            case "resume":
                self.side.resume()
            case "stop":
                self.side.stop()
            case "policy":
                self.side.change_policy()
                self._crash()
            case "sleep":
                self._away(hours(self.luck.uniform(0.1, 8)))
            case "clock":
                self.time.skew += seconds(self.luck.uniform(-90, 90))
            case "write off":
                self.side.write_off()
            case "crash again":
                self._crash()
                self.side.start()
                self.side.start()
            case _:
                self._crash()
        self._all_now()

    def _crash(self) -> None:
        """The process dies, is away, and starts again: answers on their way and callbacks meanwhile are lost."""
        self._flying.clear()
        self._away(seconds(self.luck.choice((1, 60, 900)) * self.luck.random()))
        self.side.start()
        self._all_now()

    def _away(self, span: timedelta) -> None:
        self.time.true += span
        lost = [each for each in self._ahead if each[4] and each[0] <= self.time.true]
        self.world.happened["callback: nobody listened"] += len(lost)
        self._ahead = [each for each in self._ahead if each not in lost]
        heapq.heapify(self._ahead)
