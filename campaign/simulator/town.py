"""The town a simulator rings: how its people answer, and what the exchange allows; a small TOML file.

`wiring` loads it, everything in this room is handed the result. `samples/town.toml` explains every key.
"""

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from campaign.errors import SettingsError
from campaign.settings import Duration, RateText, Section
from campaign.simulator.faults import Fault, Faults, Rule, Share


def _in_order(span: tuple[timedelta, timedelta]) -> tuple[timedelta, timedelta]:
    if span[0] > span[1]:
        raise ValueError('the shorter one first, such as ["3s", "18s"]')
    return span


Span = Annotated[tuple[Duration, Duration], AfterValidator(_in_order)]


class Shares(Section):
    """`[shares]`: of all phones; together they make 1. `not_existing` and `ndnc` are the number's for good."""

    answers: Share = 0.55
    busy: Share = 0.15
    no_answer: Share = 0.2
    switched_off: Share = 0.07
    not_existing: Share = 0.03
    ndnc: Share = 0.0

    @model_validator(mode="after")
    def _make_one(self) -> Self:
        total = sum(self.model_dump().values())
        if abs(total - 1) > 0.001:
            raise ValueError(f"shares that make 1 together, not {total:g}")
        return self


class Town(Section):
    """Everything a simulator is run by. The lags are Exotel's own (support 56523, and capture R3)."""

    seed: int = Field(1, description="the same seed and numbers give the same town")
    answers_after: Span = Field((timedelta(seconds=3), timedelta(seconds=18)), description="how long it rings first")
    talks_for: Span = Field((timedelta(seconds=8), timedelta(seconds=70)), description="how long a talk lasts")
    shares: Shares = Shares()
    balance: float = Field(10_000, description="of the account at first; calls take their price off it")
    price_per_minute: float = Field(0.6, ge=0, description="of talk, each begun minute")
    rate: RateText = Field((200, timedelta(minutes=1)), description="requests allowed, look-ups included")
    retry_after: bool = Field(True, description="whether a 429 says for how long (both kinds are documented)")
    channels: int = Field(1000, ge=1, description="calls alive at once; one more is accepted and fails at once")
    caller_ids: tuple[str, ...] = Field((), description="the account's; a call from another is refused; none: all are")
    callback_lag: Duration = Field(timedelta(seconds=2), description="from a call's end to its callback")
    list_lag: Duration = Field(timedelta(seconds=20), description="from a call's end to its place in the list")
    price_lag: Duration = Field(timedelta(minutes=2), description="from a call's end to its duration and price")
    faults: Faults = Field(default_factory=dict, description="what goes wrong: shares or rules by name")


def load_town(path: Path) -> Town:
    """The town of a TOML file. Raises SettingsError naming the key, its value and what would be right."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as broken:
        raise SettingsError(f"The town file {path} cannot be read: {broken}.") from None
    except tomllib.TOMLDecodeError as wrong:
        raise SettingsError(f"{path} is not valid TOML: {wrong}.") from None
    try:
        return Town.model_validate(tables)
    except ValidationError as wrong:
        raise SettingsError(first_fault(wrong, str(path)), "samples/town.toml explains every key.") from None


def first_fault(wrong: ValidationError, source: str) -> str:
    """The first thing that is wrong, in a sentence: key, value, what would be right."""
    fault = wrong.errors(include_url=False)[0]
    key = ".".join(str(part) for part in fault["loc"])
    if key.endswith(".[key]"):
        return f"{source}: there is no fault {fault['input']}. Known here: {', '.join(Fault)}."
    if fault["type"] == "extra_forbidden":
        tables: dict[str, type[Section]] = {"shares": Shares, "faults": Rule}
        known = tables.get(key.partition(".")[0], Town)
        return f"{source}: there is no setting {key}. Known here: {', '.join(sorted(known.model_fields))}."
    right = fault["msg"].removeprefix("Value error, ")
    return f"{source}: {key} = {fault['input']!r} is wrong; right would be: {right}."
