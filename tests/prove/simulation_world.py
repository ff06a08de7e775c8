"""The provider of the simulation: a log of its own, and every fault that a request, a call or a callback can meet.

What a request meets is drawn from the seed, the number and how often it was tried before, so that the model and the
real steps meet the same. The play (`simulation_play`) asks for connect requests, both sides for look-ups.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from campaign.core.attempt import CallSid, Disposition, Refusal
from campaign.core.call import CallReport, LookUpFailed
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.core.policy import Policy
from tests.builders import NOON, minutes, seconds

CALLER_ID = "08012300000"
PAGE = 50
AHEAD = timedelta(hours=5, minutes=30)  # the provider's clock
BOOT = NOON - timedelta(days=1)  # of our machine
FINAL = {
    "completed": Disposition.COMPLETED,
    "busy": Disposition.BUSY,
    "no-answer": Disposition.NO_ANSWER,
    "failed": Disposition.FAILED,
}
CONNECT = {
    "none": 58.0,
    "connection refused": 3.0,
    "left too late": 2.0,
    "reset before": 3.0,
    "answer lost": 5.0,
    "slow": 4.0,
    "5xx": 3.0,
    "5xx, placed": 3.0,
    "429": 2.0,
    "429, told when": 2.0,
    "unreadable answer": 2.0,
    "redirected": 1.0,
    "wrong sid": 1.0,
    "invalid number": 1.0,
    "dnc": 1.0,
    "account": 0.4,
    "never listed": 0.8,
}
CALLBACK = {
    "once": 52.0,
    "never": 14.0,
    "twice": 8.0,
    "late": 8.0,
    "before the answer": 6.0,
    "reordered": 5.0,
    "contradictory": 3.0,
    "forged": 3.0,
    "unreadable": 2.0,
}
PLACED = {"none", "answer lost", "slow", "5xx, placed", "unreadable answer", "wrong sid", "never listed"}
NEVER_LEFT = {"connection refused", "left too late"}
_REFUSALS = {
    "connection refused": Refusal.NO_CONNECTION,
    "left too late": Refusal.NOT_SENT,
    "429": Refusal.LATER,
    "429, told when": Refusal.LATER,
    "invalid number": Refusal.INVALID_NUMBER,
    "dnc": Refusal.DNC,
    "account": Refusal.ACCOUNT,
}
Answer = Accepted | Refused | InDoubt


@dataclass(frozen=True, slots=True)
class Told:
    """A callback on its way. `forged`: its address has a wrong tag."""

    at: datetime
    sid: CallSid
    status: str
    forged: bool = False
    copy: int = 0


@dataclass(slots=True)
class Call:
    """A call as the provider knows it; all instants true. `listed`: when its list shows it, None: never."""

    sid: CallSid
    number: str
    created: datetime
    over: datetime
    status: str
    listed: datetime | None
    by_itself: bool = False
    reading: datetime = field(init=False)
    report: CallReport = field(init=False)

    def __post_init__(self) -> None:
        self.reading = (self.created + AHEAD).replace(tzinfo=None)
        created = self.reading.isoformat()
        self.report = CallReport(
            self.sid, self.status, FINAL[self.status], created=created, number=self.number, caller_id=CALLER_ID
        )


@dataclass(slots=True)
class Request:
    """A connect request as the provider saw it, or would have."""

    token: str
    number: str
    at: datetime
    ours: datetime
    fault: str
    callback: str
    latency: timedelta
    call: Call | None
    callbacks: list[Told]
    sid: CallSid

    @property
    def arrived(self) -> bool:
        return self.fault not in NEVER_LEFT

    @property
    def truthful(self) -> bool:
        """What the provider says of its call is true and is said."""
        return self.fault not in ("never listed", "wrong sid") and self.callback != "contradictory"

    def answer(self, now: datetime) -> Answer:
        if refusal := _REFUSALS.get(self.fault):
            return Refused(now, refusal, self.fault, 20.0 if self.fault == "429, told when" else None)
        if self.fault in ("none", "wrong sid"):
            return Accepted(now, self.sid, created=(self.at + AHEAD).replace(tzinfo=None).isoformat())
        return InDoubt(now, self.fault, server_error=self.fault.startswith("5xx"))


class Time:
    """True time, and our clock, which may be set (`skew`). Also `ports.Clock`, for the real steps."""

    def __init__(self, start: datetime) -> None:
        self.true = start
        self.skew = timedelta(0)

    def now(self) -> datetime:
        return self.true + self.skew

    def steady(self) -> datetime:
        return self.true

    def ticks(self) -> float:
        return (self.true - BOOT).total_seconds()

    def started(self) -> datetime:
        return BOOT + self.skew

    def real(self, span: timedelta) -> float:
        return 0.0

    async def wait(self, until: datetime | None, bell: object = None) -> None:
        raise AssertionError("a step never waits")

    def move_to(self, steady: datetime) -> None:
        self.true = max(self.true, steady)


@dataclass
class World:
    """`requests`: every connect request; `all_requests`: the true instants of look-ups too, for the rate."""

    seed: int
    time: Time
    faults: bool = True
    requests: list[Request] = field(default_factory=list)
    all_requests: list[datetime] = field(default_factory=list)
    calls: dict[CallSid, Call] = field(default_factory=dict)
    happened: Counter[str] = field(default_factory=Counter)
    _tries: Counter[str] = field(default_factory=Counter)
    blind: tuple[datetime, datetime] | None = None  # while its list shows nothing
    posted: Callable[[Request], None] = lambda _: None
    _looked: int = 0

    def __post_init__(self) -> None:
        luck = Random(f"{self.seed}:blind")
        if luck.random() < 0.15:
            begins = self.time.true + minutes(luck.expovariate(1 / 60))
            self.blind = begins, begins + minutes(luck.uniform(20, 300))

    def post(self, token: str, number: str, policy: Policy, *, leaves: bool = True) -> Request:
        """A request that was committed to be sent. `leaves`: False where the program died before it could."""
        self._tries[number] += 1
        luck = Random(f"{self.seed}:{number}:{self._tries[number]}")
        fault = _pick(luck, CONNECT) if self.faults else "none"
        name = CallSid(f"c0ffee{number[-5:]}{self._tries[number]:021d}")
        made = Request(token, number, self.time.true, self.time.now(), fault, "", _latency(luck, fault), None, [], name)
        if not leaves:
            made.fault = "left too late"
            return made
        self.requests.append(made)
        self.happened[f"connect: {fault}"] += 1
        if made.arrived:
            self.all_requests.append(self.time.true)
        if fault in PLACED:
            self._place(made, luck, policy)
        self.posted(made)
        return made

    def _place(self, made: Request, luck: Random, policy: Policy) -> None:
        status = luck.choices(list(FINAL), (45, 20, 20, 15))[0]
        rings = policy.ring_timeout if status == "no-answer" else policy.ring_timeout * luck.uniform(0.1, 0.9)
        talks = policy.time_limit * luck.random() if status == "completed" else timedelta(0)
        over = made.at + rings + talks
        listed = None if made.fault == "never listed" else over + minutes(luck.uniform(0, 3.5))
        sid = CallSid(f"d0ffee{made.sid[6:]}") if made.fault == "wrong sid" else made.sid
        made.call = self.calls[sid] = Call(sid, made.number, made.at, over, status, listed)
        if luck.random() < 0.03 and self.faults:
            self._redial(made.call, luck)
        if policy.callbacks:
            made.callback = _pick(luck, CALLBACK) if self.faults else "once"
            self.happened[f"callback: {made.callback}"] += 1
            made.callbacks = _callbacks(made, made.call, luck)

    def _redial(self, call: Call, luck: Random) -> None:
        sid = CallSid(f"e0ffee{call.sid[6:]}")
        begun = call.over + minutes(luck.choice((0.4, 0.4, 10)) * luck.uniform(0.5, 1.5))
        self.calls[sid] = Call(sid, call.number, begun, begun + minutes(1), "completed", begun + minutes(4), True)
        self.happened["the provider redials"] += 1

    def failing(self) -> LookUpFailed | None:
        """A look-up arrives: whether it fails."""
        self._looked += 1
        self.all_requests.append(self.time.true)
        drawn = (self.seed * 1_000_003 + self._looked) * 2_654_435_761 % 2**32  # thousands are: no time for more
        luck = drawn / 2**32 if self.faults else 1.0
        if luck < 0.03:
            self.happened["look-up: 429"] += 1
            return LookUpFailed("429", limited=True, retry_after=15.0)
        if luck < 0.1:
            self.happened["look-up: 5xx"] += 1
            return LookUpFailed("503")
        return None

    def shown(self, sid: CallSid) -> CallReport | None:
        call = self.calls.get(sid)
        return call.report if call and self._listed(call) else None

    def listed(self, since: datetime, until: datetime, number: str | None) -> list[CallReport]:
        """Between two readings of the provider's clock."""
        if self.faults and self.blind and self.blind[0] <= self.time.true < self.blind[1]:
            self.happened["look-up: the list shows nothing"] += 1
            return []
        found = []
        for call in self.calls.values():
            if (number is None or call.number == number) and since <= call.reading <= until:
                if self._listed(call):
                    found.append(call.report)
                elif self.time.true < call.over:
                    self.happened["look-up: missing while alive"] += 1
                else:
                    self.happened["look-up: the list lags"] += 1
        return found

    def _listed(self, call: Call) -> bool:
        return call.listed is not None and call.listed <= self.time.true


def pages(found: Sequence[CallReport]) -> list[Sequence[CallReport]]:
    """Two calls to one number are two pages already."""
    size = PAGE if len({each.number for each in found}) > 1 else 1
    return [found[start : start + size] for start in range(0, len(found), size)] or [()]


def _latency(luck: Random, fault: str) -> timedelta:
    return seconds(30 if fault in ("slow", "answer lost", "reset before") else luck.uniform(0.1, 2))


def _pick(luck: Random, weights: dict[str, float]) -> str:
    return luck.choices(list(weights), list(weights.values()))[0]


def _callbacks(made: Request, call: Call, luck: Random) -> list[Told]:
    soon = call.over + seconds(luck.uniform(0.5, 5))
    late = call.over + minutes(luck.choice((5, 30, 300, 3000)) * luck.uniform(0.5, 1.5))
    end = Told(soon, call.sid, call.status)
    alive = Told(call.created + seconds(5), call.sid, "in-progress")
    if made.fault == "never listed":  # nobody else will ever tell
        return [Told(late + minutes(100), call.sid, call.status)]
    other = next(status for status in FINAL if status != call.status)
    early = Told(made.at + made.latency / 2, call.sid, call.status)
    if made.callback == "before the answer":
        call.over = made.at + made.latency / 4
    found: dict[str, list[Told]] = {
        "once": [alive, end] if luck.random() < 0.3 else [end],
        "never": [],
        "twice": [end, Told(soon + seconds(3), call.sid, call.status)],
        "late": [Told(late, call.sid, call.status)],
        "before the answer": [early],
        "reordered": [end, Told(soon + seconds(9), call.sid, "in-progress")],
        "contradictory": [end, Told(soon + minutes(9), call.sid, other)],
        "forged": [Told(made.at + seconds(3), CallSid("f" * 32), "completed", forged=True), end],
        "unreadable": [Told(soon, call.sid, "")],
    }
    return found[made.callback]
