"""The calls of the town, alive and ended. Whether one has ended is a question of the instant, never a stored state."""

import hashlib
import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from campaign.simulator.faults import CLOCK, Fault, Hits
from campaign.simulator.line import Fate, Kind


@dataclass(frozen=True, slots=True)
class Call:
    """One accepted call. `number`, `caller_id`: E.164 where they are numbers; `callback`: where its end is told.

    `faults`: what goes wrong with it after it was answered for.
    """

    sid: str
    number: str
    caller_id: str
    custom_field: str
    fate: Fate
    placed_at: datetime
    callback: str | None = None
    faults: Hits = field(default_factory=dict)

    @property
    def ends_at(self) -> datetime:
        return self.placed_at + self.fate.rings_for + self.fate.talks_for

    @property
    def clock_off(self) -> timedelta:
        """By how much the clock that is read for it is wrong."""
        return sum((by * CLOCK[fault] for fault, by in self.faults.items() if fault in CLOCK), timedelta())

    def ended(self, now: datetime, lag: timedelta = timedelta()) -> bool:
        """Whether it ended at least `lag` ago."""
        return self.ends_at + lag <= now

    def status(self, now: datetime) -> str:
        """Exotel's word for it now. `in-progress` also while it only rings (captures R1, R2)."""
        return self.fate.status if self.ended(now) else "in-progress"

    def to_line(self) -> dict[str, Any]:
        """As the log keeps it; lengths in seconds."""
        return {
            "sid": self.sid,
            "number": self.number,
            "caller_id": self.caller_id,
            "custom_field": self.custom_field,
            "fate": self.fate.kind,
            "rings_for": self.fate.rings_for.total_seconds(),
            "talks_for": self.fate.talks_for.total_seconds(),
            "placed_at": self.placed_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
            "callback": self.callback,
            "faults": {fault: by.total_seconds() for fault, by in self.faults.items()},
        }

    @classmethod
    def from_line(cls, line: dict[str, Any]) -> Self:
        """The call a log kept."""
        lengths = timedelta(seconds=line["rings_for"]), timedelta(seconds=line["talks_for"])
        return cls(
            line["sid"],
            line["number"],
            line["caller_id"],
            line["custom_field"],
            Fate(Kind(line["fate"]), *lengths),
            datetime.fromisoformat(line["placed_at"]),
            line["callback"],
            {Fault(name): timedelta(seconds=by) for name, by in line.get("faults", {}).items()},
        )


class Calls:
    """Every call by its Sid, in the order they were placed."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Call] = {}
        self._dialled: Counter[str] = Counter()
        self._ends: list[datetime] = []

    def __iter__(self) -> Iterator[Call]:
        return iter(self._by_sid.values())

    def add(self, call: Call) -> None:
        self._by_sid[call.sid] = call
        heapq.heappush(self._ends, call.ends_at)

    def note_dial(self, number: str) -> None:
        """The number's next call is one further in its script; a refused one counts there too."""
        self._dialled[number] += 1

    def dialled(self, number: str) -> int:
        """How often it was asked for so far."""
        return self._dialled[number]

    def find(self, sid: str) -> Call | None:
        return self._by_sid.get(sid)

    def other_than(self, call: Call) -> Call | None:
        """The latest one that is not this one."""
        return next((other for other in reversed(self._by_sid.values()) if other.sid != call.sid), None)

    def alive(self, now: datetime) -> int:
        """How many ring or talk."""
        while self._ends and self._ends[0] <= now:
            heapq.heappop(self._ends)
        return len(self._ends)


def new_sid(number: str, call_no: int, placed_at: datetime) -> str:
    """32 lower-case letters and digits, never a hexadecimal number (captures: `…189g`, `…162m`, `…187v`, `…1a8p`)."""
    digest = hashlib.sha256(f"{number}:{call_no}:{placed_at.isoformat()}".encode())
    return digest.hexdigest()[:31] + "gmpv"[digest.digest()[-1] % 4]
