"""Exotel's bodies, as captured: the Call object, errors, the callback; JSON and XML.

Written from the captures alone and shared with no client, so that a mistake here and one there cannot agree.
"""

import html
import json
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from campaign.simulator.calls import Call
from campaign.simulator.line import Kind
from campaign.simulator.numbers import echo
from campaign.simulator.town import Town

IST = timezone(timedelta(hours=5, minutes=30))  # every clock of Exotel's, and never said
TIME = "%Y-%m-%d %H:%M:%S"


class RestException(Exception):
    """An answer that is an error: `RestException` with Status, Message and, not always, Code (capture R8)."""

    def __init__(
        self, status: int, message: str, code: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.fields = {"Status": status, "Message": message} | ({"Code": code} if code else {})


def ndnc(number: str) -> RestException:
    """Capture R8, 403: the number is on the national do-not-call register."""
    return RestException(
        403,
        f"Call to [{echo(number)}] can not be made because of TRAI NDNC regulations. Read more about this here: "
        "http://support.exotel.in/support/solutions/articles/35421",
    )


def kyc() -> RestException:
    """Capture R8, 403: the account's papers are missing."""
    return RestException(
        403,
        "Your account is not yet KYC compliant. This is mandatory by TRAI guidelines to connect outbound voice calls.",
    )


def not_found() -> RestException:
    """404."""
    return RestException(404, "The requested resource was not found.")


def too_many(town: Town, wait: timedelta, now: datetime) -> RestException:
    """429, in the two kinds that are documented; the next request is let through after `wait`."""
    limit, window = town.rate
    if not town.retry_after:
        return RestException(429, f"Rate limit exceeded. Max {limit} requests per {_period(window.total_seconds())}.")
    seconds = math.ceil(wait.total_seconds())
    headers = {
        "Retry-After": str(seconds),
        "X-RateLimit-Limit": str(limit * timedelta(minutes=1) // window),
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(math.ceil((now + wait).timestamp())),
    }
    return RestException(429, f"Rate limit exceeded. Try again in {seconds} seconds.", "RATE_LIMIT_EXCEEDED", headers)


def _period(seconds: float) -> str:
    return "minute" if seconds == 60 else f"{seconds:g} seconds"


def ist(instant: datetime) -> str:
    return instant.astimezone(IST).strftime(TIME)


def call_fields(call: Call, account: str, town: Town, now: datetime, suffix: str) -> dict[str, Any]:
    """The Call object (R1, R2; R3 once it has ended). `suffix`: of the request, `.json` or none, for Uri."""
    ended, priced = call.ended(now), call.ended(now, town.price_lag)
    started = ist(call.placed_at + call.clock_off)
    exophone = echo(call.caller_id)
    return {
        "Sid": call.sid,
        "ParentCallSid": None,
        "DateCreated": started,
        "DateUpdated": updated(call, town) if ended else started,
        "AccountSid": account,
        "To": exophone,
        "From": echo(call.number),
        "PhoneNumberSid": exophone,
        "Status": call.status(now),
        "StartTime": started,
        "EndTime": ist(call.ends_at + call.clock_off) if ended else None,
        "Duration": math.ceil((call.ends_at - call.placed_at).total_seconds()) if priced else None,
        "Price": _price(call, town) if priced else None,
        "Direction": "outbound-api",
        "AnsweredBy": "human" if ended else None,  # R3: on busy and unanswered calls too
        "ForwardedFrom": None,
        "CallerName": None,
        "Uri": f"/v1/Accounts/{account}/Calls/{call.sid}{suffix}",
        "RecordingUrl": None,
    }


def balance(calls: Iterable[Call], account: str, town: Town, now: datetime) -> dict[str, Any]:
    """The account's balance (Account Balance API): what the town began with, less every call that is priced."""
    spent = sum(_price(call, town) for call in calls if call.ended(now, town.price_lag))
    told = {"Balance": f"{town.balance - spent:.2f}", "Currency": "INR", "PricingPlan": "standard"}
    return {"Account": {"Sid": account, "BalanceData": told | {"DateUpdated": ist(now)}}}


def details(call: Call, town: Town, now: datetime) -> dict[str, Any]:
    """What `details=true` adds to a single look-up; a flow call has one leg that talks."""
    priced = call.ended(now, town.price_lag)
    talked = math.ceil(call.fate.talks_for.total_seconds()) if priced else None
    return {
        "ConversationDuration": talked,
        "Leg1Status": call.status(now),
        "Leg2Status": None,
        "Legs": [{"Leg": {"Id": 1, "OnCallDuration": talked}}, {"Leg": {"Id": 2, "OnCallDuration": 0}}],
    }


def updated(call: Call, town: Town) -> str:
    """DateUpdated of a call that has ended."""
    return ist(call.ends_at + town.callback_lag + call.clock_off)


def _price(call: Call, town: Town) -> float:
    if call.fate.kind is not Kind.ANSWERS:
        return 0
    return round(math.ceil(call.fate.talks_for / timedelta(minutes=1)) * town.price_per_minute, 4)


def as_json(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields).replace("/", "\\/")  # R8: Exotel escapes its slashes


def as_xml(fields: Mapping[str, Any]) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<TwilioResponse>{_elements(fields)}</TwilioResponse>\n'


def _elements(fields: Mapping[str, Any]) -> str:
    return "".join(
        f"<{name}>{_content(value)}</{name}>" if value is not None else f"<{name}/>" for name, value in fields.items()
    )


def _content(value: object) -> str:
    if isinstance(value, Mapping):
        return _elements(value)
    if isinstance(value, list):
        return "".join(_elements(item) for item in value)
    return html.escape(str(value), quote=False)


def callback(call: Call, town: Town, mark: str, status: str) -> tuple[str, bytes]:
    """Content type and raw body of a StatusCallback (capture R-SC1): three parts, CRLF, an empty line after the last.

    `mark`: the sixteen lower-case letters and digits that end the boundary.
    """
    boundary = f"form-data-boundary-{mark}"
    parts = {"CallSid": call.sid, "Status": status, "DateUpdated": updated(call, town)}
    text = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in parts.items()
    )
    return f"multipart/form-data; boundary={boundary}", f"{text}--{boundary}--\r\n\r\n".encode()
