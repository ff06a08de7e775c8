"""What a phone does when it is called: pure, from a seed, the number and how often it was called before.

The simulator asks for every call it accepts, and tests ask to know what must come out.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from pydantic import TypeAdapter

from campaign.settings import Duration
from campaign.simulator.luck import luck
from campaign.simulator.town import Town

NOTHING = timedelta()
FOR_EVER = timedelta(days=1)  # longer than any TimeOut
BUSY_AFTER = (timedelta(seconds=2), timedelta(seconds=10))
OFF_AFTER = (timedelta(seconds=4), timedelta(seconds=15))

_WORD = re.compile(r"([a-z-]+)(?::(\S+))?")
_LENGTH: TypeAdapter[timedelta] = TypeAdapter(Duration)


class Kind(StrEnum):
    """What happens to one call; all but `NO_CHANNEL` are words of a script."""

    ANSWERS = "answers"
    BUSY = "busy"
    NO_ANSWER = "no-answer"
    SWITCHED_OFF = "switched-off"
    NOT_EXISTING = "not-existing"
    NDNC = "ndnc"
    KYC = "kyc"
    NO_CHANNEL = "no-channel"


REFUSED = frozenset({Kind.NDNC, Kind.KYC})
"""Answered 403, no call is made."""

_STATUS = {Kind.ANSWERS: "completed", Kind.BUSY: "busy", Kind.NO_ANSWER: "no-answer"}


@dataclass(frozen=True, slots=True)
class Fate:
    """What one call comes to: it rings, and if it is answered, talks."""

    kind: Kind
    rings_for: timedelta = NOTHING
    talks_for: timedelta = NOTHING

    @property
    def status(self) -> str:
        """Exotel's final word for it."""
        return _STATUS.get(self.kind, "failed")

    def within(self, ring_timeout: timedelta, time_limit: timedelta) -> "Fate":
        """Cut to a request's TimeOut and TimeLimit; who would answer later than TimeOut does not answer."""
        if self.kind in (Kind.ANSWERS, Kind.NO_ANSWER) and self.rings_for >= ring_timeout:
            return Fate(Kind.NO_ANSWER, ring_timeout)
        return Fate(self.kind, min(self.rings_for, ring_timeout), min(self.talks_for, time_limit))


def fate(town: Town, number: str, call_no: int, script: str = "") -> Fate:
    """What the `call_no`-th call (from 1) to `number` comes to.

    A script fixes it: words for the first call, the second and so on, the last one for all that follow, each a `Kind`
    with an optional length, as in `busy answers:25s`: of the talk, or else of the ringing. Raises ValueError for a
    script that cannot be read.
    """
    who, words = f"{town.seed}:{number}", script.split()
    return _scripted(town, who, call_no, words) if words else _draw(town, who, call_no)


def _draw(town: Town, who: str, call_no: int) -> Fate:
    shares, whose = town.shares, luck(who, "number")
    if whose < shares.not_existing:
        return Fate(Kind.NOT_EXISTING)
    if whose < shares.not_existing + shares.ndnc:
        return Fate(Kind.NDNC)
    weights = {
        Kind.ANSWERS: shares.answers,
        Kind.BUSY: shares.busy,
        Kind.NO_ANSWER: shares.no_answer,
        Kind.SWITCHED_OFF: shares.switched_off,
    }
    return _lasting(town, f"{who}:{call_no}", _pick(weights, luck(who, call_no, "kind")))


def _pick(weights: dict[Kind, float], drawn: float) -> Kind:
    left = drawn * sum(weights.values())
    for kind, weight in weights.items():
        left -= weight
        if left < 0:
            return kind
    return Kind.ANSWERS  # rounding, or no weight at all


def _lasting(town: Town, which: str, kind: Kind) -> Fate:
    ringing = {
        Kind.ANSWERS: town.answers_after,
        Kind.BUSY: BUSY_AFTER,
        Kind.NO_ANSWER: (FOR_EVER, FOR_EVER),
        Kind.SWITCHED_OFF: OFF_AFTER,
    }
    rings_for = _between(ringing.get(kind, (NOTHING, NOTHING)), luck(which, "rings"))
    talks_for = _between(town.talks_for, luck(which, "talks")) if kind is Kind.ANSWERS else NOTHING
    return Fate(kind, rings_for, talks_for)


def _scripted(town: Town, who: str, call_no: int, words: list[str]) -> Fate:
    kind, length = [_read(word) for word in words][min(call_no, len(words)) - 1]
    usual = _lasting(town, f"{who}:{call_no}", kind)
    if length is None:
        return usual
    return Fate(kind, usual.rings_for, length) if kind is Kind.ANSWERS else Fate(kind, length)


def _read(word: str) -> tuple[Kind, timedelta | None]:
    found = _WORD.fullmatch(word)
    known = [kind for kind in Kind if kind is not Kind.NO_CHANNEL]
    if not found or found[1] not in known:
        raise ValueError(f"{word!r} is no word of a script. Known: {', '.join(known)}")
    return Kind(found[1]), _LENGTH.validate_python(found[2]) if found[2] else None


def _between(span: tuple[timedelta, timedelta], drawn: float) -> timedelta:
    return timedelta(seconds=round((span[0] + (span[1] - span[0]) * drawn).total_seconds(), 1))
