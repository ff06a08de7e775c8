"""Single values of Exotel's: a Sid, a duration, a price, an instant, a message a person may see. Pure; `wire` asks.

Everything is lenient: what is missing, empty, null or nonsense is None, because a call must not get lost over a field.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

from campaign.core.attempt import CallSid
from campaign.provider.exotel.bodies import Fields

LONGEST_WAIT = 3600.0
"""Seconds: no Retry-After holds a campaign longer."""

_LONGEST_TEXT = 2000
_LONGEST_MESSAGE = 200
_SID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,12})?", re.ASCII)
_WAIT = re.compile(r"\d{1,30}(\.\d{1,12})?", re.ASCII)
_NEVER = ("1970-", "0000-")  # support.exotel.com 48283: an EndTime not known yet is the epoch
_PHONE = re.compile(r"\+?\d(?:[\s().-]*\d){5,}")
_SECRET = re.compile(r"[\w-]{20,}")


def text(fields: Fields, key: str) -> str | None:
    """A field that is a text with something in it; without what a terminal or a database would choke on."""
    value = fields.get(key)
    if not isinstance(value, str):
        return None
    return "".join(filter(str.isprintable, value)).strip()[:_LONGEST_TEXT] or None


def call_sid(value: str | None) -> CallSid | None:
    """A Sid that can stand in an address and in a comma list. Its length and alphabet are promised nowhere."""
    return CallSid(value) if value and _SID.fullmatch(value) else None


def whole(value: str | None) -> int | None:
    """Seconds, written as a number or as text."""
    if not value or not _NUMBER.fullmatch(value):
        return None
    return int(Decimal(value)) if Decimal(value) >= 0 else None


def decimal(value: str | None) -> str | None:
    """An amount of money as plain decimal text without trailing zeros."""
    if not value or not _NUMBER.fullmatch(value):
        return None
    return format(Decimal(value).normalize() + 0, "f")


def instant(value: str | None) -> str | None:
    """An instant in Exotel's own words; None for the epoch it writes while it does not know."""
    return None if value is None or value.startswith(_NEVER) else value


def retry_after(value: str | None, at: datetime) -> float | None:
    """Seconds to wait by a Retry-After header (a count or an HTTP date), `LONGEST_WAIT` at most."""
    if value is None:
        return None
    value = value.strip()
    wait = float(value) if _WAIT.fullmatch(value) else _seconds_until(value, at)
    return min(wait, LONGEST_WAIT) if wait and wait > 0 else None


def speakable(message: str) -> str:
    """A message of Exotel's for a person: short, telephone numbers and anything like a key masked."""
    return _PHONE.sub("•••", _SECRET.sub("•••", message))[:_LONGEST_MESSAGE]


def _seconds_until(date: str, at: datetime) -> float | None:
    try:
        until = parsedate_to_datetime(date)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return ((until if until.tzinfo else until.replace(tzinfo=UTC)) - at).total_seconds()
