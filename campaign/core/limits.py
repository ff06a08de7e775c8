"""Whether the calls that were made kept the limits: written apart from `core.guard`, which allowed them.

Every call is judged by what the ledger knew when it was sent, in the order of its events: a late callback that brings
an earlier call back to light breaks nothing afterwards. Called by `store.limits` for `campaign verify`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from campaign.core.attempt import AttemptId
from campaign.core.lead import CampaignId
from campaign.core.policy import Policy
from campaign.core.window import Open

DAY = timedelta(days=1)

PolicyVersion = tuple[CampaignId, int]
Policies = Mapping[PolicyVersion, Policy]


class Limit(StrEnum):
    """What a call must have kept; the words a person reads."""

    ATTEMPTS = "calls per lead"
    NUMBERS = "numbers in order"
    HOURS = "calling hours"
    ONE = "one at a time"
    GAP = "gap"
    DAY = "calls a day"
    CHANNELS = "channels"


@dataclass(frozen=True, slots=True)
class Overturned:
    """A verdict that a late callback corrected by the event `by`. `placed`: it was not a verdict of `not_placed`."""

    by: int
    at: datetime
    placed: bool


@dataclass(frozen=True, slots=True)
class Dial:
    """A call as the limits see it. `known`: the event that entered it. A stranger has no attempt.

    `over_at`: when it was known to be over, None while it is not. `counts`: it was not refused, nor proved not placed.
    `under`: the policy it had to keep; None where nobody here sent it. `position`: which of its lead's `numbers` it
    went to, the first being 0; `closed`: the provider refused that number for good.
    """

    known: int
    sent_at: datetime
    over_at: datetime | None
    latest_end: datetime
    counts: bool = True
    attempt: AttemptId | None = None
    under: PolicyVersion | None = None
    overturned: Overturned | None = None
    position: int = 0
    numbers: int = 1
    closed: bool = False

    def counted_for(self, other: "Dial") -> bool:
        late = self.overturned
        return late.placed if late and other.known < late.by else self.counts

    def over_for(self, other: "Dial") -> datetime | None:
        late = self.overturned
        return late.at if late and other.known < late.by else self.over_at


@dataclass(frozen=True, slots=True)
class Breach:
    """The limit that a call did not keep, in figures."""

    limit: Limit
    dial: Dial
    words: str


def of_number(dials: Sequence[Dial], policies: Policies) -> list[Breach]:
    """All calls to one number, of whichever campaign."""
    found: list[Breach] = []
    for dial, earlier, policy in _judged(dials, policies):
        found += _one_at_a_time(dial, earlier)
        found += _gap(dial, earlier, policy)
        found += _day(dial, earlier, policy)
    return found


def of_lead(dials: Sequence[Dial], policies: Policies) -> list[Breach]:
    """All calls to one lead."""
    found: list[Breach] = []
    for dial, earlier, policy in _judged(dials, policies):
        calls = 1 + sum(each.counted_for(dial) for each in earlier)
        if calls > policy.max_attempts:
            found.append(
                Breach(Limit.ATTEMPTS, dial, f"is call {calls} of its lead, {policy.max_attempts} are allowed")
            )
        elif (due := _due_number(dial, earlier, policy)) != dial.position:
            which = "no number" if due is None else f"number {due + 1}"
            words = f"went to number {dial.position + 1} of its lead, the turn was that of {which}"
            found.append(Breach(Limit.NUMBERS, dial, words))
        if not isinstance(policy.window.at(dial.sent_at, policy.ring_timeout), Open):
            found.append(Breach(Limit.HOURS, dial, "was sent outside the calling hours"))
    return found


def _due_number(dial: Dial, earlier: Sequence[Dial], policy: Policy) -> int | None:
    """The first number that was not closed and had not had its calls; None where there was none."""
    left = sorted(set(range(dial.numbers)) - {each.position for each in earlier if each.closed})
    made = Counter(each.position for each in earlier if each.counted_for(dial))
    tries = policy.tries_per_number or -(-policy.max_attempts // max(1, len(left)))
    return next((each for each in left if made[each] < tries), None)


def _judged(dials: Sequence[Dial], policies: Policies) -> list[tuple[Dial, list[Dial], Policy]]:
    """Each call that the guards allowed, those that were known then, and the policy it was sent under."""
    judged = []
    ordered = sorted(dials, key=lambda dial: dial.known)
    for place, dial in enumerate(ordered):
        policy = policies.get(dial.under) if dial.under else None
        if policy:
            judged.append((dial, ordered[:place], policy))
    return judged


def _one_at_a_time(dial: Dial, earlier: Sequence[Dial]) -> list[Breach]:
    for each in earlier:
        over = each.over_for(dial)
        if each.attempt is not None and (over is None or over > dial.sent_at):
            words = f"was sent while attempt {each.attempt} to the same number was alive or in doubt"
            return [Breach(Limit.ONE, dial, words)]
    return []


def _gap(dial: Dial, earlier: Sequence[Dial], policy: Policy) -> list[Breach]:
    for each in earlier:
        over = each.over_for(dial)
        if over is None or not each.counted_for(dial):
            continue
        free_at = min(over, each.latest_end)  # an end may be told late, but no call lasts longer than this
        if dial.sent_at < free_at + policy.min_gap:
            after = dial.sent_at - free_at
            words = f"was sent {_seconds(after)} after the end of another to its number, the gap is {policy.min_gap}"
            return [Breach(Limit.GAP, dial, words)]
    return []


def _day(dial: Dial, earlier: Sequence[Dial], policy: Policy) -> list[Breach]:
    since = dial.sent_at - DAY
    calls = 1 + sum(each.counted_for(dial) and each.sent_at > since for each in earlier)
    if calls <= policy.per_day:
        return []
    return [Breach(Limit.DAY, dial, f"is call {calls} to its number in 24 hours, {policy.per_day} are allowed")]


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():.0f} s"


class Channels:
    """One account's calls alive, as its events come by; memory for no more than are alive."""

    def __init__(self) -> None:
        self._alive: dict[AttemptId, datetime] = {}

    def sent(self, attempt: AttemptId, at: datetime, latest_end: datetime) -> int:
        """How many are alive now, this one included."""
        self._alive = {key: end for key, end in self._alive.items() if end > at}
        self._alive[attempt] = latest_end
        return len(self._alive)

    def shorter(self, attempt: AttemptId, latest_end: datetime) -> None:
        """A server error: its channel is free earlier."""
        if attempt in self._alive:
            self._alive[attempt] = latest_end

    def over(self, attempt: AttemptId) -> None:
        self._alive.pop(attempt, None)
