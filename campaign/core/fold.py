"""What the tables must say of a lead and its attempts, from the rows of the event table alone.

`store.folding` reads both and holds them together, for `campaign verify`. The life of an attempt is that of
`core.lifecycle`; what followed for the lead is what each event says was decided.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from campaign.core.attempt import Attempt, AttemptId, AttemptState, CallSid, Disposition, Refusal, ResolvedBy
from campaign.core.events import Accepted, Asked, Ended, Event, InDoubt, NotPlaced, Refused, Sent, Silent, WrittenOff
from campaign.core.lead import LeadState, Outcome
from campaign.core.lifecycle import FOREIGN, Kept, apply


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the event table that names a lead."""

    id: int
    at: datetime
    kind: str
    attempt: AttemptId | None
    number: str | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lead:
    """What the lead's own table says of it."""

    state: LeadState
    reason: str
    outcome: Outcome | None = None
    due_at: datetime | None = None
    final_at: datetime | None = None
    columns_version: int = 1


@dataclass(frozen=True, slots=True)
class Dialled:
    """What the table of attempts says of one. `policy`: the version that it was sent under."""

    attempt: Attempt
    number: str | None
    policy: int | None = None


@dataclass(frozen=True, slots=True)
class Folded:
    """`attempts`: those that are still there; a reservation given back is gone."""

    lead: Lead
    attempts: Mapping[AttemptId, Dialled]


class Contradiction(Exception):
    """The events cannot have followed one another; the message says which."""


def fold(loaded_at: datetime, rows: Iterable[Row]) -> Folded:
    """A lead's events, oldest first. `loaded_at`: when its file was. Raises Contradiction."""
    folding = _Folding(Lead(LeadState.PENDING, "not called yet", due_at=loaded_at))
    for row in rows:
        try:
            folding.step(row)
        except (KeyError, TypeError, ValueError) as unreadable:
            raise Contradiction(f"event {row.id} ({row.kind}) cannot be read") from unreadable
    return Folded(replace(folding.lead, columns_version=folding.columns_version), folding.attempts)


class _Folding:
    def __init__(self, lead: Lead) -> None:
        self.lead = lead
        self.columns_version = 1
        self.attempts: dict[AttemptId, Dialled] = {}
        self._steps = {
            "reserved": self._reserved,
            "released": self._released,
            "finished": self._finished,
            "parked": self._parked,
            "unparked": self._unparked,
            "adopted": self._adopted,
            "columns": self._columns,
        }

    def step(self, row: Row) -> None:
        self._steps.get(row.kind, self._happened)(row)

    def _reserved(self, row: Row) -> None:
        attempt = Attempt(_named(row), AttemptState.RESERVED, number_position=row.data.get("position", 0))
        self.attempts[attempt.id] = Dialled(attempt, row.number)
        self.lead = replace(self.lead, state=LeadState.IN_FLIGHT, reason="next in line")

    def _released(self, row: Row) -> None:
        given_back = self._known(row)
        if given_back.attempt.state is not AttemptState.RESERVED:
            raise Contradiction(f"event {row.id} gives attempt {row.attempt} back, which was sent")
        del self.attempts[given_back.attempt.id]
        due = datetime.fromisoformat(row.data["due_at"]) if row.data["due_at"] else self.lead.due_at
        self.lead = Lead(self._waiting(), row.data["why"], due_at=due)

    def _finished(self, row: Row) -> None:
        if row.attempt:  # when its turn came; else it waited
            del self.attempts[self._known(row).attempt.id]
        self.lead = _done(row.data["outcome"], row.data["why"], row.at)

    def _parked(self, row: Row) -> None:
        del self.attempts[self._known(row).attempt.id]
        self.lead = Lead(LeadState.HELD, row.data["why"])

    def _columns(self, row: Row) -> None:
        self.columns_version = row.data["version"]

    def _unparked(self, row: Row) -> None:
        self.lead = Lead(self._waiting(), "next in line", due_at=row.at)

    def _adopted(self, row: Row) -> None:
        attempt = Attempt(
            _named(row),
            AttemptState.ACCEPTED,
            call_sid=CallSid(row.data["call_sid"]),
            sent_at=datetime.fromisoformat(row.data["created_at"]),
            latest_end=row.at,
            number_position=row.data.get("position", 0),
        )
        self.attempts[attempt.id] = Dialled(attempt, row.number, row.data["policy"])
        self.lead = replace(self.lead, state=LeadState.IN_FLIGHT)

    def _happened(self, row: Row) -> None:
        event, before = _READ[row.kind](row), self._known(row)
        result = apply(before.attempt, event)
        if row.data.get("kept") == FOREIGN:  # seen by the ledger, which knows all attempts
            return
        if isinstance(result, Kept) is not ("kept" in row.data):
            raise Contradiction(f"event {row.id} ({row.kind}) does not follow what attempt {row.attempt} was")
        if isinstance(result, Kept):
            return
        after = replace(before, attempt=result.attempt)
        if isinstance(event, Sent):
            self.attempts[result.attempt.id] = replace(after, policy=row.data["policy"])
            return
        self.attempts[result.attempt.id] = after
        if result.attempt.alive or "hold" not in row.data["decision"]:  # else a later attempt holds it as it is
            self.lead = self._next_step(event, row.data["decision"])

    def _next_step(self, event: Event, decision: Mapping[str, str]) -> Lead:
        if "done" in decision:
            return _done(decision["done"], decision["why"], event.at)
        if "retry" in decision:
            return Lead(self._waiting(), decision["why"], due_at=datetime.fromisoformat(decision["retry"]))
        if isinstance(event, Silent):
            return Lead(LeadState.HELD, "its end was never told")
        held = isinstance(event, InDoubt | Asked)
        return Lead(LeadState.HELD if held else LeadState.IN_FLIGHT, decision["hold"])

    def _waiting(self) -> LeadState:
        called = any(each.attempt.counts for each in self.attempts.values())
        return LeadState.RETRY_WAIT if called else LeadState.PENDING

    def _known(self, row: Row) -> Dialled:
        there = self.attempts.get(_named(row))
        if there is None:
            raise Contradiction(f"event {row.id} ({row.kind}) is about attempt {row.attempt}, which was not reserved")
        return there


def _done(outcome: str, why: str, at: datetime) -> Lead:
    return Lead(LeadState.DONE, why, outcome=Outcome(outcome), final_at=at)


def _named(row: Row) -> AttemptId:
    if row.attempt is None:
        raise Contradiction(f"event {row.id} ({row.kind}) names no attempt")
    return row.attempt


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_READ: dict[str, Callable[[Row], Event]] = {
    "sent": lambda row: Sent(row.at, datetime.fromisoformat(row.data["latest_end"])),
    "accepted": lambda row: Accepted(row.at, CallSid(row.data["call_sid"]), ResolvedBy(row.data["by"])),
    "refused": lambda row: Refused(row.at, Refusal(row.data["refusal"]), row.data["reason"]),
    "in_doubt": lambda row: InDoubt(row.at, row.data["reason"], _instant(row.data.get("latest_end"))),
    "ended": lambda row: Ended(
        row.at,
        Disposition(row.data["disposition"]),
        row.data["status"],
        ResolvedBy(row.data["by"]),
        CallSid(row.data["call_sid"]) if "call_sid" in row.data else None,
    ),
    "not_placed": lambda row: NotPlaced(row.at, row.data["evidence"], ResolvedBy(row.data["by"])),
    "written_off": lambda row: WrittenOff(row.at, row.data["reason"]),
    "silent": lambda row: Silent(row.at),
    "asked": lambda row: Asked(row.at, row.data["found"], row.data["controlled"], row.data["note"]),
}
