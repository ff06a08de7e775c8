"""Values for tests: a policy, an attempt, a window, each with plain defaults and whatever a test changes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaign.core.attempt import Attempt, AttemptId, AttemptState, CallSid, Disposition
from campaign.core.lead import PhoneNumber
from campaign.core.policy import Policy, Rate
from campaign.core.pool import Caller
from campaign.core.window import Span, Window, always

KOLKATA = ZoneInfo("Asia/Kolkata")
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=KOLKATA).astimezone(UTC)
"""A Wednesday, in the middle of every working day."""
LATER = NOON + timedelta(minutes=1)

CALL = CallSid("c0ffee00000000000000000000000001")
NUMBER = PhoneNumber("+919812300001")


def at(text: str, zone: str = "Asia/Kolkata") -> datetime:
    """The wall time `2026-03-04 12:00` of the zone as an instant; the earlier one where there are two."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def spans(text: str) -> tuple[Span, ...]:
    """`09:00-13:00, 14:00-24:00` as spans; the empty text is a closed day."""
    pairs = (piece.strip().replace("24:00", "00:00").split("-") for piece in text.split(",") if piece.strip())
    return tuple(Span(time.fromisoformat(opens), time.fromisoformat(closes)) for opens, closes in pairs)


def window(
    every_day: str = "09:00-21:00",
    zone: str = "Asia/Kolkata",
    days: Mapping[int, str] | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Window:
    """The same hours every day, but for the weekdays in `days` (Monday 0)."""
    by_day = {day: spans((days or {}).get(day, every_day)) for day in range(7)}
    return Window(ZoneInfo(zone), by_day, start, end)


_POLICY = Policy(
    callers=(Caller("08012300000"),),
    flow_url="http://my.exotel.com/example/exoml/start_voice/1",
    custom_field="{attempt}",
    provider_zone=KOLKATA,
    ring_timeout=seconds(30),
    time_limit=minutes(5),
    margin=minutes(1),
    rate=Rate(200, minutes(1)),
    look_up_share=0.2,
    channels=30,
    retry_slack=hours(1),
    weight=1,
    max_attempts=4,
    waits={
        Disposition.BUSY: (minutes(10), minutes(30), hours(2)),
        Disposition.NO_ANSWER: (minutes(30), hours(2), hours(24)),
        Disposition.FAILED: (hours(4),),
    },
    per_day=3,
    min_gap=minutes(5),
    window=always(KOLKATA),
    callbacks=True,
    poll_after=minutes(2),
    poll_every=seconds(10),
    details_for=minutes(5),
    settle_for=minutes(30),
    reached_after=seconds(10),
)


def policy(**changes: Any) -> Policy:
    """The defaults of the settings, never shut, with these fields changed."""
    return replace(_POLICY, **changes)


_ATTEMPT = Attempt(
    id=AttemptId(1),
    state=AttemptState.ACCEPTED,
    call_sid=CALL,
    sent_at=NOON,
    latest_end=NOON + _POLICY.longest_call,
)


def attempt(**changes: Any) -> Attempt:
    """An attempt whose call is alive since noon, with these fields changed."""
    return replace(_ATTEMPT, **changes)


def ended(disposition: Disposition, at: datetime = LATER, **changes: Any) -> Attempt:
    """An attempt whose call ended so, a minute after noon."""
    return attempt(disposition=disposition, ended_at=at, **changes)
