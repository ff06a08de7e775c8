"""`[window]`: the calling hours."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from campaign.settings.section import Section
from campaign.settings.values import Hours, Instant, Zone, spans


class WindowSettings(Section):
    """`[window]`: when a number may be called, in the wall time of `timezone`."""

    LATER = frozenset({"holidays"})
    timezone: Zone = "Asia/Kolkata"
    hours: Hours = Field("09:00-21:00", description="every day that has no entry of its own")
    mon: Hours | None = None
    tue: Hours | None = None
    wed: Hours | None = None
    thu: Hours | None = None
    fri: Hours | None = None
    sat: Hours | None = None
    sun: Hours | None = Field(None, description='"" is closed')
    start: Instant = Field("", description="RFC 3339: nothing is called before")
    end: Instant = Field("", description="what is due after it becomes expired")

    @model_validator(mode="after")
    def _opens_at_all(self) -> Self:
        if not any(spans(self.on(day)) for day in range(7)):
            raise ValueError("hours: open on at least one day")
        if self.start and self.end and datetime.fromisoformat(self.start) >= datetime.fromisoformat(self.end):
            raise ValueError("end: after start")
        return self

    def on(self, weekday: int) -> str:
        """The hours of a weekday, Monday 0."""
        own: str | None = (self.mon, self.tue, self.wed, self.thu, self.fri, self.sat, self.sun)[weekday]
        return self.hours if own is None else own
