"""What we ask Exotel: addresses and forms, as texts. Pure; `client` sends them.

Sources: developer.exotel.com/api/make-a-call-api and /api/call-details-bulk.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from campaign.core.attempt import CallSid
from campaign.core.call import Placement
from campaign.core.lead import PhoneNumber
from campaign.provider.exotel.wire import TIME_FORMAT

PAGE_SIZE = 100
"""The most calls Exotel lists in one answer, and the most Sids it takes in one question."""


def balance_path(account_sid: str) -> str:
    """Where the account's balance is told, once a minute at most (developer.exotel.com, Account Balance API)."""
    return f"{_account(account_sid)}/Balance.json"


def connect_path(account_sid: str) -> str:
    """Where a call is asked for."""
    return f"{_account(account_sid)}/Calls/connect.json"


def connect_form(placement: Placement) -> dict[str, str]:
    """The form of one connect request: the lead is `From`, and the flow speaks to them.

    `MaxRetries=0`: an older page says Exotel dials a failed call again by itself, three times unless told not to.
    """
    form = {
        "From": placement.number.e164,
        "CallerId": placement.caller_id,
        "Url": placement.flow_url,
        "CallType": "trans",
        "TimeLimit": _seconds(placement.time_limit),
        "TimeOut": _seconds(placement.ring_timeout),
        "CustomField": placement.custom_field,
        "MaxRetries": "0",
    }
    if placement.callback_url:
        form["StatusCallback"] = placement.callback_url
    return form


def call_path(account_sid: str, call: CallSid) -> str:
    """Where one call is looked up, its parts included."""
    return f"{_account(account_sid)}/Calls/{quote(call, safe='')}.json?details=true"


def sids_path(account_sid: str, calls: Sequence[CallSid]) -> str:
    """Where up to `PAGE_SIZE` calls are looked up at once; raises ValueError for more."""
    if len(calls) > PAGE_SIZE:
        raise ValueError(f"{len(calls)} calls in one look-up; Exotel takes {PAGE_SIZE}")
    return _list(account_sid, {"Sid": ",".join(calls)})


def between_path(account_sid: str, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None) -> str:
    """Where the calls from a caller id are listed, created between two readings of the provider's own clock."""
    filters = {"PhoneNumber": caller_id, "DateCreated": f"gte:{since:{TIME_FORMAT}};lte:{until:{TIME_FORMAT}}"}
    if number:
        filters["From"] = number.e164  # of a call asked for by API, `From` is the lead
    return _list(account_sid, filters)


def _list(account_sid: str, filters: Mapping[str, str]) -> str:
    query = urlencode({**filters, "PageSize": str(PAGE_SIZE), "details": "true"}, quote_via=quote)
    return f"{_account(account_sid)}/Calls.json?{query}"


def _account(account_sid: str) -> str:
    return f"/v1/Accounts/{quote(account_sid, safe='')}"


def _seconds(span: timedelta) -> str:
    return str(max(1, math.ceil(span.total_seconds())))
