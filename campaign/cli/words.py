"""Figures in the words a person uses."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from campaign.core.allowance import Allowance
from campaign.core.breaker import Breaker
from campaign.core.forecast import ENOUGH, Forecast
from campaign.core.lead import Outcome
from campaign.core.policy import Policy
from campaign.core.tally import Tally
from campaign.core.window import Window
from campaign.settings import WindowSettings

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
OUTCOMES = {
    Outcome.COMPLETED: "answered",
    Outcome.BUSY: "busy",
    Outcome.NO_ANSWER: "no answer",
    Outcome.FAILED: "failed",
    Outcome.INVALID_NUMBER: "invalid number",
    Outcome.DNC: "do not call",
    Outcome.OPTED_OUT: "opted out",
    Outcome.EXPIRED: "expired",
    Outcome.CANCELED: "canceled",
    Outcome.UNKNOWN: "unknown",
    Outcome.EXCLUDED: "excluded",
}


def moment(at: datetime, zone: ZoneInfo, now: datetime | None = None) -> str:
    """`15:40` today, `Tue 24 Nov 15:40` on another day."""
    local = at.astimezone(zone)
    today = now is not None and now.astimezone(zone).date() == local.date()
    return f"{local:%H:%M}" if today else f"{local:%a %d %b %H:%M}"


def outcomes(counts: Mapping[Outcome, int]) -> list[tuple[str, int]]:
    return [(words, counts[outcome]) for outcome, words in OUTCOMES.items() if counts.get(outcome)]


def progress(tally: Tally) -> str:
    """One line: what came out so far, and what is left."""
    parts = [f"{count} {words}" for words, count in outcomes(tally.outcomes)]
    talking = tally.alive - tally.in_doubt
    parts += [f"{talking} on the line" if talking > 0 else ""]
    parts += [f"{tally.left} left", f"{tally.in_doubt} in doubt" if tally.in_doubt else ""]
    return ", ".join(filter(None, parts))


def duration(span: timedelta) -> str:
    if span < timedelta(minutes=1):
        return f"{span.total_seconds():g} s"
    minutes = max(1, round(span.total_seconds() / 60))
    days, hours, minutes = minutes // 1440, minutes % 1440 // 60, minutes % 60
    parts = [f"{days} d" if days else "", f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(filter(None, parts))


def many(count: int, of: str) -> str:
    """`1 call`, `2 calls`."""
    return f"{count} {of}{'' if count == 1 else 's'}"


def forecast(expected: Forecast, window: Window, now: datetime) -> list[str]:
    """How many calls, until when, and what that goes by."""
    calls = f"about {many(expected.calls, 'call')}, at most {expected.calls_at_most}"
    return [f"{calls}; {finishing(expected, window, now)}", f"({going_by(expected)})"]


def finishing(expected: Forecast, window: Window, now: datetime) -> str:
    """`finishing Tue 24 Nov 15:40, at the latest 18:10`."""
    ends = f"the campaign's end {moment(window.end, window.zone, now)}" if window.end else ""
    if expected.finishing is None:
        left = f", with about {expected.left_over} people left" if expected.left_over else ""
        return f"not finished before {ends}{left}" if ends else "not finished within a year"
    at_the_latest = f"at {ends}" if ends else "in more than a year"
    if expected.latest:
        at_the_latest = moment(expected.latest, window.zone, expected.finishing)
    return f"finishing {moment(expected.finishing, window.zone, now)}, at the latest {at_the_latest}"


def going_by(expected: Forecast) -> str:
    """What a forecast goes by."""
    whence = f"assumed until {ENOUGH} have ended" if expected.assumed else "as so far"
    return f"if {100 * expected.answered:.0f} % of calls are answered, {whence}; at the latest: every call is needed"


def slower(allowance: Allowance, policy: Policy, now: datetime) -> list[str]:
    """Why and until when less than the settings' rate leaves; nothing where all of it does."""
    rate, whole_at = allowance.of(policy.rate, now), allowance.whole_at(policy.rate.period)
    if rate == policy.rate:
        return []
    if whole_at and whole_at > now:
        until = moment(whole_at, policy.window.zone, now)
        return ["", f"  slower after too many requests: {rate}, all of the rate again {until}"]
    return ["", f"  the provider allows {rate}; the settings have {policy.rate}"]


def no_answers(breaker: Breaker, zone: ZoneInfo, now: datetime) -> list[str]:
    """Why nobody is called though nothing is wrong here; nothing where the provider answers."""
    if not breaker.stopped:
        return []
    if breaker.until is None:
        return [
            "",
            "  the provider left calls without a proper answer: they leave one at a time until it answers well again",
        ]
    when = f"nobody is called before {moment(breaker.until, zone, now)}, then " if now < breaker.until else ""
    return ["", f"  the provider left {many(breaker.failed, 'call')} without a proper answer: {when}one call tries"]


def hours(window: WindowSettings) -> str:
    """`09:00-21:00`, or `Mon-Fri 09:00-21:00; Sat-Sun closed` where the days are not alike."""
    alike = [(open_at or "closed", list(days)) for open_at, days in groupby(range(7), window.on)]
    if len(alike) == 1:
        return alike[0][0]
    return "; ".join(f"{'-'.join(dict.fromkeys((DAYS[days[0]], DAYS[days[-1]])))} {text}" for text, days in alike)


def in_force(policy: Policy, hours: str) -> list[str]:
    """The settings a person would want to see before the first call."""
    waits = {str(kind): ", ".join(duration(wait) for wait in each) or "none" for kind, each in policy.waits.items()}
    retries = "; ".join(f"{kind.replace('_', ' ')}: {each}" for kind, each in waits.items())
    heard = "callbacks, and asking for silent calls" if policy.callbacks else "asking the provider (no public address)"
    rising = f" rising over {duration(policy.ramp)}" if policy.ramp else ""
    first = f", {policy.canary} calls first" if policy.canary else ""
    callers = ", ".join(each.number for each in policy.callers)
    return [
        f"  calls from   {callers} into {policy.flow_url}",
        f"  pace         {policy.rate}{rising}, {policy.channels} calls at once{first}",
        f"  hours        {hours} ({policy.window.zone.key})",
        f"  each lead    at most {policy.max_attempts} calls, {policy.per_day} a day, waiting after {retries}",
        f"  ends         heard by {heard}",
    ]
