"""The world of `disk`: five people with phones, time that passes at once, and a disk whose n-th write fails."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from campaign.core.attempt import CallSid, Disposition
from campaign.core.call import CallReport, LookUpFailed, Missing, Page, Placement
from campaign.core.events import Accepted, InDoubt
from campaign.core.keyed import PublicId
from campaign.core.lead import PhoneNumber
from tests.builders import KOLKATA, seconds
from tests.integration.house import ScriptedProvider, StillClock

TALK = seconds(20)
SILENT, LOST = 4, 2
"""Places in the list: whose end is not told, whose first answer is lost."""
SCRIPTS: Sequence[Sequence[Disposition]] = (
    (Disposition.COMPLETED,),
    (Disposition.BUSY, Disposition.COMPLETED),
    (Disposition.COMPLETED,),
    (Disposition.NO_ANSWER, Disposition.COMPLETED),
    (Disposition.COMPLETED,),
)
"""How each phone answers, call by call."""
WRITES = ("INSERT", "UPDATE", "DELETE")
OFTEN = ("once", "for good")
KINDS = ("database or disk is full", "disk I/O error")


@dataclass
class Disk:
    """The `bad`-th write fails, and every later one if it is `for_good`, until it is cured. 0: none does."""

    kind: str = KINDS[0]
    bad: int = 0
    for_good: bool = False
    writes: int = 0
    failed: int = 0

    @property
    def words(self) -> str:
        """As a line of `regressions.txt` has it."""
        return f"{self.bad}/{OFTEN[self.for_good]}/{self.kind}"

    @property
    def broken(self) -> bool:
        return self.for_good and self.failed > 0

    def cure(self) -> None:
        self.bad, self.failed = 0, 0

    def write(self) -> None:
        self.writes += 1
        if self.bad and (self.writes == self.bad or (self.for_good and self.writes > self.bad)):
            self.failed += 1
            raise sqlite3.OperationalError(self.kind)


def disk_of(words: str) -> Disk:
    bad, often, kind = words.split("/", 2)
    return Disk(kind, int(bad), often == OFTEN[True])


@contextmanager
def beneath(disk: Disk) -> Iterator[None]:
    """Every statement that writes and every commit goes to this disk."""
    execute: Any = DefaultDialect.do_execute
    commit: Any = DefaultDialect.do_commit

    def do_execute(self: Any, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        if statement.lstrip().upper().startswith(WRITES):
            disk.write()
        execute(self, cursor, statement, parameters, context)

    def do_commit(self: Any, connection: Any) -> None:
        try:
            disk.write()
        except sqlite3.OperationalError:
            self.do_rollback(connection)  # as SQLite does where a commit cannot be written
            raise
        commit(self, connection)

    DefaultDialect.do_execute = do_execute  # type: ignore[method-assign]
    DefaultDialect.do_commit = do_commit  # type: ignore[method-assign]
    try:
        yield
    finally:
        DefaultDialect.do_execute, DefaultDialect.do_commit = execute, commit  # type: ignore[method-assign]


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the provider knows it."""

    sid: CallSid
    attempt: PublicId
    number: PhoneNumber
    begun: datetime
    disposition: Disposition

    @property
    def over(self) -> datetime:
        return self.begun + TALK

    def report(self) -> CallReport:
        created = f"{self.begun.astimezone(KOLKATA):%Y-%m-%d %H:%M:%S}"
        status = self.disposition.replace("_", "-")
        told: Mapping[str, Any] = {"duration_sec": 20, "price": "0.55", "created": created}
        return CallReport(self.sid, status, self.disposition, number=f"0{self.number.e164[3:]}", **told)


@dataclass
class Phones(ScriptedProvider):
    """The provider, and everybody's phone. `unsafe`: requests that left before their attempt was on disk."""

    file: Path
    calls: list[Call] = field(default_factory=list)
    told: set[CallSid] = field(default_factory=set)
    unsafe: list[str] = field(default_factory=list)

    def at(self, clock: StillClock) -> "Phones":
        """The same phones, for a process with a clock of its own."""
        self.clock = clock
        return self

    async def place(self, placement: Placement) -> Accepted | InDoubt:
        if not _on_disk(self.file, placement.attempt):
            self.unsafe.append(placement.attempt)
        now, place = self.clock.now(), int(placement.number.e164[-1]) - 1
        dialled = sum(call.number == placement.number for call in self.calls)
        answers = SCRIPTS[place]
        sid = CallSid(f"c0ffee{len(self.calls):026d}")
        disposition = answers[min(dialled, len(answers) - 1)]
        self.calls.append(call := Call(sid, placement.attempt, placement.number, now, disposition))
        if place == LOST:
            return InDoubt(now, "the connection was lost before the answer")
        return Accepted(now, sid, created=call.report().created or "")

    async def look_up(self, call: CallSid) -> CallReport | Missing | LookUpFailed:
        return self._over().get(call, Missing())

    async def look_up_many(self, calls: Sequence[CallSid]) -> Mapping[CallSid, CallReport] | LookUpFailed:
        over = self._over()
        return {each: over[each] for each in calls if each in over}

    async def calls_between(
        self, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None = None, page: str = ""
    ) -> Page | LookUpFailed:
        self.listed = list(self._over().values())
        return await super().calls_between(since, until, caller_id, number, page)

    def untold(self) -> list[Call]:
        """Calls whose end the provider tells now."""
        silent = f"{SILENT + 1}"
        over = [call for call in self.calls if call.over <= self.clock.now()]
        return [call for call in over if call.sid not in self.told and not call.number.e164.endswith(silent)]

    def next_end(self) -> datetime | None:
        return min((call.over for call in self.calls if call.over > self.clock.now()), default=None)

    def _over(self) -> dict[CallSid, CallReport]:
        return {call.sid: call.report() for call in self.calls if call.over <= self.clock.now()}


def phones(file: Path) -> Phones:
    made = Phones(file)
    ScriptedProvider.__init__(made, StillClock())
    return made


def _on_disk(file: Path, attempt: PublicId) -> bool:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        query = "SELECT count(*) FROM attempt WHERE public_id = ? AND state = 'sending'"
        found: tuple[int] = connection.execute(query, (attempt,)).fetchone()
        return found[0] == 1
