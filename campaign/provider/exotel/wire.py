"""What Exotel's answers and callbacks mean. Pure, and the only module that gives its words a meaning.

The table of answers is the promise of the program: *refused* only where the call was certainly not placed, *accepted*
only with the call's Sid, and everything else is in doubt. `client` calls it; the simulator borrows the words.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import phonenumbers

from campaign.core.attempt import CallSid, Disposition, Refusal
from campaign.core.call import Balance, CallReport, LookUpFailed, Missing, Page, Unreadable
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.core.lead import PhoneNumber
from campaign.core.policy import Rate
from campaign.provider.exotel.bodies import Fields, Tree, read_answer, read_form
from campaign.provider.exotel.values import call_sid, decimal, instant, retry_after, speakable, text, whole

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
"""Exotel's instants: local time of the account, no zone (developer.exotel.com/api/make-a-call-api)."""

STATUS_WORDS: Mapping[str, Disposition | None] = {
    "queued": None,
    "ringing": None,
    "in-progress": None,
    "completed": Disposition.COMPLETED,
    "busy": Disposition.BUSY,
    "no-answer": Disposition.NO_ANSWER,
    "failed": Disposition.FAILED,
    "canceled": Disposition.FAILED,
    "cancelled": Disposition.FAILED,
}
"""Every status Exotel is known to write, None for a call not over yet (developer.exotel.com/api/call-details-bulk)."""

SHORTEST_SID = 16
"""Characters; every Sid captured has 32. What is shorter is some other value in its place."""

MAX_CALLBACK = 64 * 1024
"""Bytes of a callback that are read."""

_REFUSED = {
    400: "the request was not accepted",
    401: "the credentials were not accepted",
    402: "the plan or the balance does not allow it",
    403: "access was refused",
    404: "the account is not known here",
}


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """One HTTP answer, as it was seen `at` our instant. `headers` finds names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    at: datetime


def meaning_of_connect(answer: Answer) -> Accepted | Refused | InDoubt:
    """What the answer to a connect request says of the call."""
    status = answer.status
    if status in _REFUSED:
        return _refusal(answer)
    if status == 429:
        wait = retry_after(answer.headers.get("Retry-After"), answer.at)
        return Refused(answer.at, Refusal.LATER, "429: too many requests", wait)
    if 200 <= status < 300:
        return _acceptance(answer)
    if status >= 500:
        return InDoubt(answer.at, f"server error {status}", server_error=True)
    return InDoubt(answer.at, f"unexpected answer {status}")


def meaning_of_call(answer: Answer, call: CallSid) -> CallReport | Missing | LookUpFailed:
    """What the answer to the look-up of one call says."""
    if answer.status == 404:
        return Missing()
    if failed := _failure(answer):
        return failed
    report = _report(_branch(read_answer(answer.body), "Call"), "Sid")
    if not report:
        return _not_understood()
    return report if report.call_sid == call else LookUpFailed("the answer was about another call")


def meaning_of_calls(answer: Answer, asked: Collection[CallSid]) -> dict[CallSid, CallReport] | LookUpFailed:
    """What the answer to a look-up of many calls says of those asked for; the others are missing."""
    page = meaning_of_page(answer)
    if isinstance(page, LookUpFailed):
        return page
    return {report.call_sid: report for report in page.calls if report.call_sid in asked}


def meaning_of_page(answer: Answer) -> Page | LookUpFailed:
    """One page of a list of calls. Entries without a Sid are left out."""
    if failed := _failure(answer):
        return failed
    fields = read_answer(answer.body)
    calls = _calls(fields)
    if calls is None:
        return _not_understood()
    reports = [report for call in calls if (report := _report(call, "Sid"))]
    return Page(reports, text(_branch(fields, "Metadata"), "NextPageUri") or "")


def meaning_of_balance(answer: Answer) -> Balance | LookUpFailed:
    """What the account has. That its key may not ask for it (403) says nothing of calls."""
    if failed := _failure(answer):
        return LookUpFailed(failed.why) if answer.status == 403 else failed
    told = _branch(_branch(read_answer(answer.body), "Account"), "BalanceData")
    amount = decimal(text(told, "Balance"))
    return Balance(Decimal(amount), text(told, "Currency") or "") if amount else _not_understood()


def limit_of(headers: Mapping[str, str]) -> Rate | None:
    """The account's limit, where the answer tells it: requests in a minute, as Exotel counts them."""
    told = whole(headers.get("X-RateLimit-Limit"))
    return Rate(told, timedelta(minutes=1)) if told else None


def read_callback(content_type: str, body: bytes) -> CallReport | Unreadable:
    """What a status callback says; never raises. Without a `CallSid` it says nothing."""
    if len(body) > MAX_CALLBACK:
        return Unreadable("larger than a callback can be")
    fields = read_form(content_type, body)
    if not fields:
        return Unreadable("no form and no JSON object")
    return _report(fields, "CallSid") or Unreadable("no CallSid")


def clock_reading(created: str) -> datetime | None:
    """A reading of Exotel's clock, which tells no zone."""
    try:
        return datetime.strptime(created, TIME_FORMAT)  # noqa: DTZ007  it tells none
    except ValueError:
        return None


def number_of(echo: str, region: str) -> PhoneNumber | None:
    """The number an echo such as `09812300001` means: Exotel writes 0 and ten digits, whatever was sent (R1)."""
    try:
        parsed = phonenumbers.parse(echo, region)
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return PhoneNumber(written) if PhoneNumber.fits(written) else None


def disposition(status: str) -> Disposition | None:
    """Ours for Exotel's word in any spelling; None while the call is alive, or for a word not known."""
    return STATUS_WORDS.get(status.lower().replace("_", "-").replace(" ", "-"))


def _acceptance(answer: Answer) -> Accepted | InDoubt:
    call = _branch(read_answer(answer.body), "Call")
    sid = call_sid(text(call, "Sid"))
    if not sid or len(sid) < SHORTEST_SID:
        return InDoubt(answer.at, f"answer {answer.status} without a call")
    return Accepted(answer.at, sid, created=text(call, "DateCreated") or "")


def _refusal(answer: Answer) -> Refused:
    message = text(_branch(read_answer(answer.body), "RestException"), "Message") or ""
    words = f"{answer.status}: {_REFUSED[answer.status]}"
    if answer.status == 403 and "NDNC" in (message or answer.body.decode("utf-8", "replace")).upper():
        return Refused(answer.at, Refusal.DNC, "403: the number is registered as do-not-call (NDNC)")
    reason = f"{words} ({speakable(message)})" if message else words
    named = {each for each in ("From", "CallerId") if names(message, each)}
    if answer.status in (400, 403) and named == {"CallerId"}:
        return Refused(answer.at, Refusal.CALLER_ID, reason)
    if answer.status == 400 and named == {"From"}:
        return Refused(answer.at, Refusal.INVALID_NUMBER, reason)
    return Refused(answer.at, Refusal.ACCOUNT, reason)


def names(message: str, parameter: str) -> bool:
    """Whether a message of Exotel's names this parameter, spelt as in the form: `from` is only an English word."""
    return parameter in "".join(sign if sign.isalnum() else " " for sign in message).split()


def _failure(answer: Answer) -> LookUpFailed | None:
    status = answer.status
    if 200 <= status < 300:
        return None
    if status == 429:
        wait = retry_after(answer.headers.get("Retry-After"), answer.at)
        return LookUpFailed("429: too many requests", limited=True, retry_after=wait)
    if status in (401, 402, 403):
        return LookUpFailed(f"{status}: {_REFUSED[status]}", account=True)
    return LookUpFailed(f"server error {status}" if status >= 500 else f"unexpected answer {status}")


def _not_understood() -> LookUpFailed:
    return LookUpFailed("the answer was not understood")


def _branch(fields: Fields, key: str) -> Fields:
    branch = fields.get(key)
    return branch if isinstance(branch, dict) else {}


def _calls(fields: Fields) -> list[Fields] | None:
    """JSON lists `Calls`; XML has a `Call` after the other, inside `Calls` or not. None: no list of calls at all."""
    if not {"Calls", "Call"} & fields.keys():
        return None
    listed: Tree = fields.get("Calls", fields.get("Call"))
    if isinstance(listed, dict):
        listed = listed.get("Call", listed)
    calls = listed if isinstance(listed, list) else [listed]
    return [call for call in calls if isinstance(call, dict)]


def _report(fields: Fields, sid_key: str) -> CallReport | None:
    """A Call object or a callback; of a call asked for by API, `From` is the lead and `To` the caller id."""
    sid = call_sid(text(fields, sid_key))
    if not sid:
        return None
    status = text(fields, "Status") or ""
    return CallReport(
        call_sid=sid,
        status=status,
        disposition=disposition(status),
        duration_sec=whole(text(fields, "Duration")),
        conversation_sec=whole(text({**fields, **_branch(fields, "Details")}, "ConversationDuration")),
        price=decimal(text(fields, "Price")),
        recording_url=text(fields, "RecordingUrl"),
        created=instant(text(fields, "DateCreated")),
        started=instant(text(fields, "StartTime")),
        ended=instant(text(fields, "EndTime")),
        number=text(fields, "From"),
        caller_id=text(fields, "PhoneNumberSid") or text(fields, "PhoneNumber") or text(fields, "To"),
        direction=text(fields, "Direction"),
    )
