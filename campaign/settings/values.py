"""How a value of the settings is written: read, refused with what would be right, and written back."""

import re
from datetime import datetime, time, timedelta
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d)", re.ASCII)
_RATE = re.compile(r"(\d+)\s*/\s*(\d*(?:\.\d+)?)\s*(s|min|m|h)", re.ASCII)
_MOST = re.compile(r"\d+(?:\.\d+)?%|\d+", re.ASCII)
_FAILED = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*% of (\d{1,4})", re.ASCII)
_PERCENT = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%", re.ASCII)
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


def _failed(value: object) -> tuple[float, int] | None:
    if isinstance(value, tuple):
        return value
    if value in ("", None):
        return None
    found = _FAILED.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found or not 1 <= float(found[1]) <= 100 or not 1 <= int(found[2]) <= 1000:
        raise ValueError('a share of the last calls such as "50% of 50" (1% to 100%, of 1 to 1000), or "" for never')
    return float(found[1]) / 100, int(found[2])


def _failed_text(value: tuple[float, int] | None) -> str:
    return f"{_percent_text(value[0])} of {value[1]}" if value else ""


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
FailedText = Annotated[
    tuple[float, int] | None, BeforeValidator(_failed), PlainSerializer(_failed_text, return_type=str)
]
Address = Annotated[str, AfterValidator(_address)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Listen = Annotated[str, AfterValidator(_listen)]
Zone = Annotated[str, AfterValidator(_zone)]
Most = Annotated[str, BeforeValidator(_most)]
Hours = Annotated[str, AfterValidator(_hours)]
Instant = Annotated[str, AfterValidator(_instant)]
