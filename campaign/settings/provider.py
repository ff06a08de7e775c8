"""`[provider]`: the account's side of a call."""

from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, ValidationError, model_validator

from campaign.settings.section import Section
from campaign.settings.values import Address, Duration, WebAddress, Zone


class CallerSettings(Section):
    """One of a pool of caller ids."""

    number: str = Field(min_length=1)
    share: float = Field(1, gt=0, le=1000)
    channels: int | None = Field(None, ge=1)


def _callers(value: object) -> object:
    if not isinstance(value, list | tuple):
        return value
    tables = [{"number": each} if isinstance(each, str) else each for each in value]
    try:
        pool = tuple(CallerSettings.model_validate(each) for each in tables)
    except ValidationError:
        pool = ()
    if not pool or len({each.number for each in pool}) < len(pool):
        raise ValueError(
            "one number in quotes, or a list of different ones: "
            '["08030000000", {number = "08030000001", share = 2, channels = 10}]'
        )
    return pool


class ProviderSettings(Section):
    """`[provider]`"""

    base_url: Address = Field("https://api.exotel.com", description="Mumbai: https://api.in.exotel.com")
    caller_id: Annotated[str | tuple[CallerSettings, ...], BeforeValidator(_callers)] = Field(
        "", description="your ExoPhone, 0 and its ten digits; or a list of them"
    )
    flow_url: WebAddress = Field("", description="http://my.exotel.com/<sid>/exoml/start_voice/<app_id>")
    ring_timeout: Duration = Field(timedelta(seconds=30), description="Exotel's TimeOut; TRAI allows a minute")
    time_limit: Duration = Field(timedelta(minutes=5), description="Exotel's TimeLimit: the longest call")
    margin: Duration = Field(timedelta(minutes=1), description="added to both before a call must be over")
    list_lag: Duration = Field(
        timedelta(minutes=15), description="how long after its end Exotel's list may show a call"
    )
    custom_field: str = Field("{attempt}", description='columns may be added: "{attempt} {external_id}"')
    timezone: Zone = Field("Asia/Kolkata", description="of Exotel's own times, until its answers have told its clock")
    region: str = Field("IN", pattern="^[A-Z]{2}$", description="how a number without a country code is read")

    @property
    def callers(self) -> tuple[CallerSettings, ...]:
        """The caller ids; none where none is set yet."""
        if isinstance(self.caller_id, str):
            return (CallerSettings(number=self.caller_id),) if self.caller_id else ()
        return self.caller_id

    @model_validator(mode="after")
    def _in_exotels_bounds(self) -> Self:
        if not timedelta(seconds=1) <= self.ring_timeout <= timedelta(seconds=60):
            raise ValueError("ring_timeout: between 1s and 60s (TRAI's maximum)")
        if not timedelta(seconds=1) <= self.time_limit <= timedelta(hours=4):
            raise ValueError("time_limit: between 1s and 4h (Exotel's maximum)")
        return self
