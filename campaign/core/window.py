"""The hours in which a number may be called: local wall time, right over every change of clocks.

Rules this serves: TRAI, commercial calls 9:00-21:00 (2010), promotional ones 10:00-21:00 enforced since October 2025;
which hours apply is the campaign's own `[window]`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
_DAYS_AHEAD = 16  # two weeks: the clocks may have jumped over the only span of the first


@dataclass(frozen=True, slots=True)
class Span:
    """Open from `opens` until just before `closes`; `closes` midnight means the end of the day."""

    opens: time
    closes: time

    def holds(self, wall: time) -> bool:
        return self.opens <= wall and (wall < self.closes or self.closes == time(0))


@dataclass(frozen=True, slots=True)
class Open:
    """A call may start now."""


@dataclass(frozen=True, slots=True)
class Shut:
    """No call may start before `until`."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Over:
    """No call may start any more."""

    why: str


@dataclass(frozen=True, slots=True)
class Window:
    """`hours` by weekday, Monday 0; a missing day is closed. `start` and `end` bound the campaign as a whole."""

    zone: ZoneInfo
    hours: Mapping[int, tuple[Span, ...]]
    start: datetime | None = None
    end: datetime | None = None

    def at(self, now: datetime, ringing: timedelta = timedelta(0)) -> Open | Shut | Over:
        """Whether a call may start now that may ring for `ringing`: the phone must not ring after closing time."""
        opening = self.next_opening(now, ringing)
        if opening is None:
            return Over("no opening is left before the campaign's end")
        if opening > now:
            why = "the campaign has not started" if self.start and now < self.start else "outside the calling hours"
            return Shut(opening, why)
        return Open()

    def next_opening(self, now: datetime, ringing: timedelta = timedelta(0)) -> datetime | None:
        """The first instant from `now` on at which a call may start; None when there is none."""
        begin = max(now, self.start) if self.start else now
        for opens, closes in self._stretches(begin):
            earliest = max(begin, opens)
            if earliest + ringing >= closes:
                continue
            return earliest if self.end is None or earliest < self.end else None
        return None

    def openings(self, now: datetime, ringing: timedelta = timedelta(0)) -> Iterator[tuple[datetime, datetime]]:
        """The stretches in which a call may start, from `now` on and for a year; each ends just before its second."""
        at = now
        while at < now + 366 * DAY:
            opening = self.next_opening(at, ringing)
            if opening is None:
                return
            at = next(closes for opens, closes in self._stretches(opening) if opens <= opening < closes)
            yield opening, min(at - ringing, self.end or at)

    def _stretches(self, begin: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open stretches from the one that may hold `begin`; those that touch at midnight are one."""
        held: tuple[datetime, datetime] | None = None
        first = begin.astimezone(self.zone).date() - DAY
        for offset in range(_DAYS_AHEAD + 2):
            day = first + offset * DAY
            for opens, closes in _stretches_on(day, self.hours.get(day.weekday(), ()), self.zone):
                if held and opens <= held[1]:
                    held = (held[0], max(held[1], closes))
                    continue
                if held and held[1] > begin:
                    yield held
                held = (opens, closes)
        if held and held[1] > begin:
            yield held


@lru_cache(maxsize=1024)  # a window is asked twice for each call, and wall time costs more than all else of that
def _stretches_on(day: date, spans: tuple[Span, ...], zone: ZoneInfo) -> tuple[tuple[datetime, datetime], ...]:
    found = []
    for span in spans:
        last = day + DAY if span.closes == time(0) else day
        opens, closes = max(_instants(day, span.opens, zone)), min(_instants(last, span.closes, zone))
        if opens < closes:  # a span that the clocks jumped over is not there on that day
            found.append((opens, closes))
    return tuple(found)


def _instants(day: date, wall: time, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Where the clocks change a time comes twice, or not at all: the later reading opens, the earlier closes."""
    once, again = (datetime.combine(day, wall.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    return once, again


def always(zone: ZoneInfo) -> Window:
    """A window that is never shut."""
    return Window(zone, dict.fromkeys(range(7), (Span(time(0), time(0)),)))
