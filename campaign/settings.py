"""Settings: what may be set, its unit, its default and why; read once, frozen, refused when wrong.

Flag > environment > `.env` beside the settings file > file > default. Secrets come only from the environment, `.env`
or a file named by `NAME_FILE`; they are in `Secrets`, never in `Settings`, which is stored with the campaign.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from campaign.errors import SettingsError

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)", re.ASCII)
_RATE = re.compile(r"(\d+)\s*/\s*(\d*(?:\.\d+)?)\s*(s|min|m|h)", re.ASCII)
_MOST = re.compile(r"\d+(?:\.\d+)?%|\d+", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%", re.ASCII)
LATER = "not available yet"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _duration(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError('a duration such as "30s", "10m", "2h" or "1d"')
    return timedelta(seconds=float(found[1]) * _UNITS[found[2]])


def _duration_text(value: timedelta) -> str:
    seconds = value.total_seconds()
    for unit in ("d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{_exact(seconds)}s"


def _exact(seconds: float) -> str:
    """To the microsecond: what is stored reads back as it was."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def _rate(value: object) -> tuple[int, timedelta]:
    if isinstance(value, tuple):
        return value
    found = _RATE.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or int(found[1]) == 0:
        raise ValueError('a rate such as "200/min", "3/s" or "50/20s"')
    return int(found[1]), timedelta(seconds=float(found[2] or 1) * _UNITS[found[3]])


def _rate_text(value: tuple[int, timedelta]) -> str:
    return f"{value[0]}/{_exact(value[1].total_seconds())}s"


def _part(value: object) -> float:
    if isinstance(value, float):
        return value
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not 1 <= float(found[1]) <= 90:
        raise ValueError('a share such as "20%", from 1% to 90%')
    return float(found[1]) / 100


def _percent_text(value: float) -> str:
    return f"{_exact(value * 100)}%"


def _address(value: str) -> str:
    """https, or http to this machine: credentials and numbers travel on it."""
    if not value:
        return value
    parts = urlsplit(value)
    if parts.username is not None:
        raise ValueError("an address without a name and a password in it; they belong into .env")
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        return value.rstrip("/")
    raise ValueError("an address beginning with https:// (http:// only to this machine)")


def _web_address(value: str) -> str:
    if value and urlsplit(value).scheme not in ("http", "https"):
        raise ValueError("an address such as http://my.exotel.com/<sid>/exoml/start_voice/<app_id>")
    return value


def _listen(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise ValueError("an address and a port such as 127.0.0.1:8080")
    return value


def _zone(value: str) -> str:
    if value == "lead":
        raise ValueError('not available yet: the zone of each number. A zone such as "Asia/Kolkata"')
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError('a time zone such as "Asia/Kolkata"') from None
    return value


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
            '["0XXXXXXXXXX", {number = "0YYYYYYYYYY", share = 2, channels = 10}]'
        )
    return pool


def _instant(value: str) -> str:
    if value:
        try:
            aware = datetime.fromisoformat(value).tzinfo is not None
        except ValueError:
            aware = False
        if not aware:
            raise ValueError('an instant with its offset such as "2026-11-25T09:00:00+05:30"')
    return value


def spans(text: str) -> list[tuple[time, time]]:
    """`09:00-13:00, 14:00-20:00` as pairs; `00:00` or `24:00` at the end means midnight; the empty text is closed."""
    pairs = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        opens, dash, closes = part.partition("-")
        try:
            pair = time.fromisoformat(opens.strip()), time.fromisoformat(closes.strip().replace("24:00", "00:00"))
        except ValueError:
            raise ValueError('hours such as "09:00-21:00" or "09:00-13:00, 14:00-20:00"') from None
        if not dash or (pair[0] >= pair[1] and pair[1] != time(0)):
            raise ValueError('hours that end after they begin, such as "09:00-21:00"')
        pairs.append(pair)
    return pairs


def _most(value: object) -> str:
    text = str(value).strip()
    if isinstance(value, bool) or not _MOST.fullmatch(text) or (text.endswith("%") and float(text[:-1]) > 100):
        raise ValueError('a share such as "20%", or a count such as "500"')
    return text


def too_many(count: int, total: int, most: str) -> bool:
    """Whether `count` of `total` is more than `most`, a share or a count."""
    return 100 * count > float(most[:-1]) * total if most.endswith("%") else count > int(most)


def _hours(value: str) -> str:
    spans(value)
    return value


Duration = Annotated[timedelta, BeforeValidator(_duration), PlainSerializer(_duration_text, return_type=str)]
RateText = Annotated[tuple[int, timedelta], BeforeValidator(_rate), PlainSerializer(_rate_text, return_type=str)]
Part = Annotated[float, BeforeValidator(_part), PlainSerializer(_percent_text, return_type=str)]
Address = Annotated[str, AfterValidator(_address)]
Hours = Annotated[str, AfterValidator(_hours)]
Instant = Annotated[str, AfterValidator(_instant)]


class Section(BaseModel):
    """A table of the settings file. A key that is not here is refused; `LATER` names those that are planned."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    LATER: ClassVar[frozenset[str]] = frozenset()


class CallerSettings(Section):
    """One of a pool of caller ids."""

    number: str = Field(min_length=1)
    share: float = Field(1, gt=0, le=1000)
    channels: int | None = Field(None, ge=1)


class ProviderSettings(Section):
    """`[provider]`"""

    base_url: Address = Field("https://api.exotel.com", description="Mumbai: https://api.in.exotel.com")
    caller_id: Annotated[str | tuple[CallerSettings, ...], BeforeValidator(_callers)] = Field(
        "", description="your ExoPhone, 0XXXXXXXXXX; or a list of them"
    )
    flow_url: Annotated[str, AfterValidator(_web_address)] = Field(
        "", description="http://my.exotel.com/<sid>/exoml/start_voice/<app_id>"
    )
    ring_timeout: Duration = Field(timedelta(seconds=30), description="Exotel's TimeOut; TRAI allows a minute")
    time_limit: Duration = Field(timedelta(minutes=5), description="Exotel's TimeLimit: the longest call")
    margin: Duration = Field(timedelta(minutes=1), description="added to both before a call must be over")
    custom_field: str = Field("{attempt}", description='columns may be added: "{attempt} {external_id}"')
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        "Asia/Kolkata", description="of Exotel's own times, until its answers have told its clock"
    )
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
    max_rejects: Annotated[str, BeforeValidator(_most)] = Field(
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

    LATER = frozenset({"canary", "ramp"})
    rate: RateText = Field((200, timedelta(minutes=1)), description="the account's limit; look-ups count too")
    look_up_share: Part = Field(0.2, description="of the rate, at most, while calls are due")
    channels: int = Field(30, ge=1, description="calls alive at once")
    retry_slack: Duration = Field(timedelta(hours=1), description="overdue so long, a retry goes before first calls")
    weight: float = Field(1, ge=0.01, le=100, description="of this campaign, where several share the account")


class RetrySettings(Section):
    """`[retry]`: waits from the end of a call to the lead's n-th retry; the last one repeats; none: no retry."""

    max_attempts: int = Field(4, ge=1, description="calls to one lead, the first included")
    busy: tuple[Duration, ...] = (timedelta(minutes=10), timedelta(minutes=30), timedelta(hours=2))
    no_answer: tuple[Duration, ...] = (timedelta(minutes=30), timedelta(hours=2), timedelta(days=1))
    failed: tuple[Duration, ...] = Field((timedelta(hours=4),), description="switched-off phones often come as failed")
    per_day: int = Field(3, ge=1, description="per number in any 24 hours, over all campaigns of the database")
    min_gap: Duration = Field(timedelta(minutes=5), description="per number, from the end of its last call")


class WindowSettings(Section):
    """`[window]`: when a number may be called, in the wall time of `timezone`."""

    LATER = frozenset({"holidays"})
    timezone: Annotated[str, AfterValidator(_zone)] = "Asia/Kolkata"
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


class Settings(Section):
    """Everything a campaign is run by; without secrets, it is stored as the campaign's policy version."""

    LATER = frozenset({"guard", "cost"})
    provider: ProviderSettings = ProviderSettings()
    list: ListSettings = ListSettings()
    pace: PaceSettings = PaceSettings()
    retry: RetrySettings = RetrySettings()
    window: WindowSettings = WindowSettings()
    callbacks: CallbackSettings = CallbackSettings()
    report: ReportSettings = ReportSettings()

    @model_validator(mode="after")
    def _long_enough_to_ring(self) -> Self:
        for day in range(7):
            for opens, closes in spans(self.window.on(day)):
                open_for = datetime.combine(date.min, closes) - datetime.combine(date.min, opens)
                if closes != time(0) and open_for <= self.provider.ring_timeout:
                    raise ValueError("window: hours longer than ring_timeout: a phone must not ring after closing time")
        return self


class Secrets(BaseSettings):
    """The environment: secrets, and the few settings that belong to a machine rather than to a campaign."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    exotel_api_key: SecretStr | None = None
    exotel_api_key_file: Path | None = None
    exotel_api_token: SecretStr | None = None
    exotel_api_token_file: Path | None = None
    exotel_account_sid: str | None = None
    campaign_key: SecretStr | None = None
    campaign_key_file: Path | None = None

    exotel_base_url: Address | None = None
    exotel_caller_id: str | None = None
    exotel_flow_url: str | None = None
    campaign_public_url: Address | None = None
    campaign_listen: Annotated[str, AfterValidator(_listen)] = "127.0.0.1:8080"
    campaign_db: Path = Path("campaign.db")
    campaign_dnc: Path | None = None

    def secret(self, name: str) -> str | None:
        """The value of `name`, or the text of the file that `name_file` points to."""
        given: SecretStr | None = getattr(self, name)
        file: Path | None = getattr(self, f"{name}_file")
        if given or not file:
            return given.get_secret_value() if given else None
        try:
            return file.read_text().strip()
        except OSError as broken:
            raise SettingsError(
                f"{name.upper()}_FILE names {file}, which cannot be read: {broken.strerror}."
            ) from broken


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and environment of one command. `file` is None when no settings file was there."""

    settings: Settings
    secrets: Secrets
    file: Path | None


def load(config: Path | None = None, db: Path | None = None, extra: Mapping[str, Any] | None = None) -> Loaded:
    """Read everything, flags last. `extra` is laid over the file: `{section: {key: value}}`.

    Raises SettingsError with the key's name, the value and what would be right.
    """
    file = config or (Path("campaign.toml") if Path("campaign.toml").exists() else None)
    tables = _read(file) if file else {}
    secrets = _environment((file.parent if file else Path()) / ".env")
    secrets = secrets.model_copy(update={"campaign_db": db}) if db else secrets
    _overlay(tables, _from_environment(secrets))
    _overlay(tables, extra or {})
    return Loaded(parse(tables, str(file or "the settings")), secrets, file)


def parse(tables: Mapping[str, Any], source: str) -> Settings:
    """Tables as of the settings file, or of a stored policy version."""
    try:
        return Settings.model_validate(tables)
    except ValidationError as wrong:
        raise SettingsError(_first_fault(wrong, source), "Correct it and try again.") from None


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"There is no settings file {file}.", "`campaign init` writes one.") from None
    except (OSError, UnicodeDecodeError) as broken:
        raise SettingsError(f"{file} cannot be read: {broken}.") from None
    except tomllib.TOMLDecodeError as wrong:
        raise SettingsError(f"{file} is not valid TOML: {wrong}.") from None


def _environment(dotenv: Path) -> Secrets:
    if dotenv.exists() and dotenv.stat().st_mode & 0o077:
        raise SettingsError(f"Others on this machine can read {dotenv}.", f"chmod 600 {dotenv}")
    try:
        secrets = Secrets(_env_file=dotenv)
    except ValidationError as wrong:
        raise SettingsError(_first_fault(wrong, "the environment", upper=True)) from None
    if secrets.campaign_dnc:
        raise SettingsError("CAMPAIGN_DNC is set, but a do-not-call file is not obeyed yet.", "Unset CAMPAIGN_DNC.")
    return secrets


def _from_environment(secrets: Secrets) -> dict[str, dict[str, Any]]:
    named = {
        ("provider", "base_url"): secrets.exotel_base_url,
        ("provider", "caller_id"): secrets.exotel_caller_id,
        ("provider", "flow_url"): secrets.exotel_flow_url,
        ("callbacks", "public_url"): secrets.campaign_public_url,
    }
    tables: dict[str, dict[str, Any]] = {}
    for (section, key), value in named.items():
        if value is not None:
            tables.setdefault(section, {})[key] = value
    return tables


def _overlay(tables: dict[str, Any], other: Mapping[str, Any]) -> None:
    for section, keys in other.items():
        own = tables.setdefault(section, {})
        if isinstance(own, dict):
            own.update(keys)


def _first_fault(wrong: ValidationError, source: str, *, upper: bool = False) -> str:
    fault = wrong.errors(include_url=False)[0]
    path = [str(part) for part in fault["loc"]]
    key = f"{'.'.join(path[:-1])}.{path[-1]}".lstrip(".") if path else "the settings"
    key = key.upper() if upper else key
    if fault["type"] == "extra_forbidden":
        if _planned(path):
            return f"{source}: {key} is not available yet."
        return f"{source}: there is no setting {key}. Known here: {', '.join(_known(path))}."
    right = fault["msg"].removeprefix("Value error, ")
    if not path or not isinstance(fault["input"], str | int | float | bool | list):
        return f"{source}: {key}: {right}."
    if right.startswith(LATER):
        return f"{source}: {key} = {_shown(fault['input'])}: {right}."
    if fault["type"] == "literal_error":
        right = fault["ctx"]["expected"]
    if fault["type"] == "string_type":
        right = f'text in quotes, such as "{fault["input"]}"'
    return f"{source}: {key} = {_shown(fault['input'])} is wrong; right would be: {right}."


def _shown(value: object) -> str:
    """A wrong value as it was given, but for a name and a password in an address."""
    return re.sub(r"//[^/@]*@", "//…@", repr(value))


def _section(path: list[str]) -> type[Section]:
    if len(path) == 1:
        return Settings
    kind = Settings.model_fields[path[0]].annotation
    assert isinstance(kind, type)
    assert issubclass(kind, Section)
    return kind


def _planned(path: list[str]) -> bool:
    return path[-1] in _section(path).LATER


def _known(path: list[str]) -> list[str]:
    return sorted(_section(path).model_fields)
