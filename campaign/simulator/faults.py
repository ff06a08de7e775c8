"""What can go wrong at the provider, and whom it hits: pure, from a seed, the number and how often it was asked for.

Rules come from `[faults]` of the town file or from the control address; `trouble` keeps those in force. Every fault is
drawn when a call is asked for, and can be used alone or with others. Of several answers to one request, the first named
here is given.
"""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from campaign.settings import Duration, Section
from campaign.simulator.luck import luck
from campaign.simulator.numbers import e164

Share = Annotated[float, Field(ge=0, le=1)]


class Fault(StrEnum):
    """Every fault by the name it has in a town file and in the log."""

    # The way in: this request is answered, then for a while
    REFUSED = "refused"  # nobody listens
    CLOSED_AT_ACCEPT = "closed_at_accept"  # each connection is closed as soon as it stands

    # The answer, and no call is placed
    RESET_BEFORE_BODY = "reset_before_body"
    RESET_AFTER_BODY = "reset_after_body"
    ERROR_500 = "error_500"
    ERROR_502 = "error_502"
    ERROR_503 = "error_503"
    ERROR_504 = "error_504"
    REDIRECT = "redirect"  # 307, back to this server under another account: whoever follows is seen
    LIMITED = "limited"  # 429 with Retry-After
    LIMITED_SILENT = "limited_silent"  # 429 without

    # The answer, though the call is placed
    SLOW_ANSWER = "slow_answer"
    RESET_AFTER_CALL = "reset_after_call"
    ANSWER_LOST = "answer_lost"  # the connection is closed, without a word
    ERROR_500_PLACED = "error_500_placed"
    ERROR_502_PLACED = "error_502_placed"
    ERROR_503_PLACED = "error_503_placed"
    ERROR_504_PLACED = "error_504_placed"
    TRUNCATED = "truncated"
    HTML = "html"
    EMPTY = "empty"
    SID_MISSING = "sid_missing"
    SID_NOT_TEXT = "sid_not_text"
    SID_OF_ANOTHER = "sid_of_another"  # of the call placed before; not for the first one

    # The callback
    CALLBACK_NEVER = "callback_never"
    CALLBACK_TWICE = "callback_twice"
    CALLBACK_THOUSAND = "callback_thousand"
    CALLBACK_LATE = "callback_late"
    CALLBACK_REORDERED = "callback_reordered"  # held back for a part of the time that differs from number to number
    CALLBACK_EARLY = "callback_early"  # the answer waits until the end was told
    CALLBACK_CONTRADICTORY = "callback_contradictory"  # then a second one, with another end
    FORGED_TAG = "forged_tag"
    FORGED_SID = "forged_sid"  # the right address, the Sid of another call
    FORGED_STATUS = "forged_status"
    FORGED_BODY = "forged_body"

    # The list, and what Exotel knows of a call
    LIST_LAGS = "list_lags"
    LIST_SHIFTS = "list_shifts"  # the page after this call repeats it, as if one had come in above meanwhile
    CLOCK_AHEAD = "clock_ahead"
    CLOCK_BEHIND = "clock_behind"
    OTHER_ZONE = "other_zone"  # times in UTC, or so far behind
    REDIALS = "redials"  # once more after its end, and nobody asked for it


USUAL = {
    Fault.REFUSED: timedelta(seconds=30),
    Fault.CLOSED_AT_ACCEPT: timedelta(seconds=30),
    Fault.LIMITED: timedelta(seconds=20),
    Fault.SLOW_ANSWER: timedelta(seconds=30),
    Fault.CALLBACK_LATE: timedelta(hours=3),
    Fault.CALLBACK_REORDERED: timedelta(minutes=10),
    Fault.LIST_LAGS: timedelta(hours=1),
    Fault.CLOCK_AHEAD: timedelta(seconds=90),
    Fault.CLOCK_BEHIND: timedelta(seconds=90),
    Fault.OTHER_ZONE: timedelta(hours=5, minutes=30),
    Fault.REDIALS: timedelta(seconds=20),
}
"""How long, or by how much, where a rule does not say `by`; the other faults have no measure."""

Hits = Mapping[Fault, timedelta]
"""The faults that hit one request, each with its measure."""


def _number(text: str) -> str:
    if number := e164(text):
        return number
    raise ValueError('phone numbers such as "+919812300001"')


def _several(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


class Rule(Section):
    """Whom a fault hits: this share of the first `first_n` requests for each of `only` (all, where it is left out)."""

    share: Share = 1
    only: Annotated[tuple[Annotated[str, AfterValidator(_number)], ...], BeforeValidator(_several)] = ()
    first_n: int | None = Field(None, ge=1)
    by: Duration | None = None

    def covers(self, number: str, request_no: int) -> bool:
        return (not self.only or number in self.only) and (self.first_n is None or request_no <= self.first_n)


def _as_rules(value: object) -> object:
    return [{"share": one} if type(one) in (int, float) else one for one in _several(value)]


def _measured(faults: "Faults") -> "Faults":
    for fault, rules in faults.items():
        if fault not in USUAL and any(rule.by is not None for rule in rules):
            raise ValueError(f"{fault} without `by`, which belongs to {', '.join(USUAL)}")
    return faults


Faults = Annotated[
    dict[Fault, Annotated[tuple[Rule, ...], BeforeValidator(_as_rules)]],
    AfterValidator(_measured),
]
"""By name: a share, a rule, or several rules, of which the first one that hits counts."""


LASTING = frozenset(list(Fault)[list(Fault).index(Fault.CALLBACK_NEVER) :])
"""Those that go on after the answer: they belong to the call."""
CLOCK = {Fault.CLOCK_AHEAD: 1, Fault.CLOCK_BEHIND: -1, Fault.OTHER_ZONE: -1}
"""Those that set the times of a call forward or back."""
HELD_BACK = frozenset({Fault.CALLBACK_NEVER, Fault.CALLBACK_LATE, Fault.CALLBACK_REORDERED})


def draw(faults: Faults, seed: int, number: str, request_no: int) -> Hits:
    """The faults that hit the `request_no`-th request (from 1) for a call to `number`, in the order of `Fault`."""
    return {
        fault: USUAL.get(fault, timedelta()) if rule.by is None else rule.by
        for fault in Fault
        if (rule := _hit(faults.get(fault, ()), f"{seed}:{number}:{request_no}:{fault}", number, request_no))
    }


def _hit(rules: tuple[Rule, ...], which: str, number: str, request_no: int) -> Rule | None:
    hits = (
        rule for place, rule in enumerate(rules) if rule.covers(number, request_no) and luck(which, place) < rule.share
    )
    return next(hits, None)
