"""The other tables: `[list]`, `[pace]`, `[retry]`, `[guard]`, `[callbacks]`, `[report]`."""

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from campaign.settings.section import Section
from campaign.settings.values import Address, Duration, FailedText, Most, Part, RateText


class ListSettings(Section):
    """`[list]`"""

    phone_column: str = Field(
        "", description='empty: recognised by its name; its place, such as "2", where lists have no header'
    )
    phone_columns: tuple[str, ...] = Field(
        (), description='several numbers for each person, in this order: ["mobile", "landline"]'
    )
    tries_per_number: int = Field(0, ge=0, description="calls to each of them; 0: max_attempts shared out over them")
    several: Literal["refuse", "first"] = Field(
        "refuse", description='two numbers in one cell: "first" takes the first'
    )
    max_rejects: Most = Field(
        "20%", description="if more lines cannot be called, a share or a count, nothing is loaded"
    )
    order: Literal["file", "random"] = Field("file", description="in which first calls are made")

    @model_validator(mode="after")
    def _said_once(self) -> Self:
        if self.phone_column and self.phone_columns:
            raise ValueError("either phone_column, or phone_columns for several")
        if len(set(self.phone_columns)) < len(self.phone_columns) or "" in self.phone_columns:
            raise ValueError("phone_columns: the names of different columns")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are named, in order; none: recognise one."""
        return self.phone_columns or ((self.phone_column,) if self.phone_column else ())


class PaceSettings(Section):
    """`[pace]`"""

    rate: RateText = Field((200, timedelta(minutes=1)), description="the account's limit; look-ups count too")
    look_up_share: Part = Field(0.2, description="of the rate, at most, while calls are due")
    ramp: Duration = Field(timedelta(0), description="after each start the rate rises from a tenth, over this time")
    canary: int = Field(0, ge=0, le=1000, description="so many calls first; how they end decides whether it goes on")
    channels: int = Field(30, ge=1, description="calls alive at once")
    retry_slack: Duration = Field(timedelta(hours=1), description="overdue so long, a retry goes before first calls")
    weight: float = Field(1, ge=0.01, le=100, description="of this campaign, where several share the account")
    breaker: int = Field(5, ge=1, le=50, description="calls in doubt before none leaves but one that tries")


class RetrySettings(Section):
    """`[retry]`: waits from the end of a call to the lead's n-th retry; the last one repeats; none: no retry."""

    max_attempts: int = Field(4, ge=1, description="calls to one lead, the first included")
    busy: tuple[Duration, ...] = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=2))
    no_answer: tuple[Duration, ...] = (timedelta(minutes=30), timedelta(hours=2), timedelta(days=1))
    failed: tuple[Duration, ...] = Field((timedelta(hours=4),), description="switched-off phones often come as failed")
    per_day: int = Field(3, ge=1, description="per number in any 24 hours, over all campaigns of the database")
    min_gap: Duration = Field(timedelta(minutes=5), description="per number, from the end of its last call")


class GuardSettings(Section):
    """`[guard]`"""

    pause_if_failed: FailedText = Field(
        (0.5, 50), description='failed or refused of the last calls: pauses before the list is spent; "": never'
    )
    min_balance: float = Field(0, ge=0, le=1e9, description="in the account, below which it pauses; 0: not asked for")


class CallbackSettings(Section):
    """`[callbacks]`"""

    public_url: Address = Field("", description="where Exotel reaches us; empty: no callbacks, ask instead")
    poll_after: Duration = Field(timedelta(minutes=2), description="with callbacks: when to ask for a silent call")
    poll_every: Duration = Field(timedelta(seconds=10), description="without: all calls alive are asked for in bulk")


class ReportSettings(Section):
    """`[report]`"""

    reached_after: Duration = Field(timedelta(seconds=10), description="an answered call this long counts as reached")
    details_for: Duration = Field(timedelta(minutes=5), description="how long a finished run waits for prices")
    settle_for: Duration = Field(timedelta(minutes=30), description="and goes on settling what is in doubt")
