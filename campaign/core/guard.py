"""The last question before a request leaves, asked inside the commit that allows it: may this attempt be sent now?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from campaign.core.attempt import Disposition
from campaign.core.lead import CampaignState, Outcome
from campaign.core.numbers import ONLY, NoneLeft, Use
from campaign.core.outcome import OF_DISPOSITION
from campaign.core.policy import Policy
from campaign.core.pool import choose
from campaign.core.window import Over, Shut

DAY = timedelta(days=1)
PARKED = "another call to this number is not settled"


class Why(StrEnum):
    """Why an attempt is held back; the words a person reads."""

    PAUSED = "the campaign is paused"
    ELSEWHERE = "a campaign that this number is to be called in is paused"
    HOURS = "outside the calling hours"
    CANARY = "the first calls are waited for"
    CHANNELS = "all channels are in use"
    CALLER = "all channels of its caller id are in use"
    LIVE = "another call to this number is alive"
    GAP = "too soon after the last call to this number"
    DAY = "this number had its calls for the day"
    GONE = "it was decided otherwise meanwhile"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger knows at the instant of the commit.

    `number_calls`: when the number was called in the last 24 hours, over all campaigns, oldest first.
    `number_busy_until`: until when another call to the number may be alive, at the latest; past, when nobody has told
    how that one ended. `number_free_at`: the latest end of its last call. `last`: how the lead's last call ended.
    `choice`: which of the lead's numbers is to be called. `callers_used`: calls alive from each caller id; `caller`:
    the lead's, if it was called before; `luck`: the lead's (`core.pool`). `paused_elsewhere`: of a test call, that its
    number waits in a campaign that is paused. `canary_left`: how many more calls may leave before the first ones are
    judged (`core.canary`); None: they are, or nobody asked for it.
    """

    campaign: CampaignState
    channels_used: int
    lead_calls: int
    number_calls: Sequence[datetime]
    number_busy_until: datetime | None
    number_free_at: datetime | None
    last: Disposition | None = None
    choice: Use | NoneLeft = ONLY
    callers_used: Mapping[str, int] = field(default_factory=dict)
    caller: str | None = None
    luck: float = 0
    paused_elsewhere: bool = False
    canary_left: int | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Commit, then send, from this caller id."""

    caller_id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class HoldBack:
    """Not now. `until` is None when only an event, not time, can change it."""

    why: Why
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """Not until another attempt to the same number is settled: the lead is held."""

    why: str


@dataclass(frozen=True, slots=True)
class Finish:
    """Never: the lead is done."""

    outcome: Outcome
    why: str


Verdict = Send | HoldBack | Park | Finish


def may_send(facts: Facts, policy: Policy, now: datetime) -> Verdict:
    """The verdict, by the first rule that speaks."""
    if facts.campaign is not CampaignState.RUNNING:
        return HoldBack(Why.PAUSED)
    if facts.paused_elsewhere:
        return HoldBack(Why.ELSEWHERE)
    match policy.window.at(now, policy.ring_timeout):
        case Over(why):
            return Finish(Outcome.EXPIRED, why)
        case Shut(until, _):
            return HoldBack(Why.HOURS, until)
        case _:
            return _caps(facts, policy, now)


def _caps(facts: Facts, policy: Policy, now: datetime) -> Verdict:
    if facts.lead_calls >= policy.max_attempts:
        return _finish(facts, f"{facts.lead_calls} of {policy.max_attempts} calls made")
    if isinstance(facts.choice, NoneLeft):
        return _finish(facts, facts.choice.why)
    if facts.number_busy_until:
        return HoldBack(Why.LIVE, facts.number_busy_until) if now < facts.number_busy_until else Park(PARKED)
    if facts.number_free_at and now < facts.number_free_at + policy.min_gap:
        return HoldBack(Why.GAP, facts.number_free_at + policy.min_gap)
    recent = [at for at in facts.number_calls if at > now - DAY]
    if len(recent) >= policy.per_day:
        return HoldBack(Why.DAY, recent[-policy.per_day] + DAY)
    if facts.canary_left is not None and facts.canary_left <= 0:
        return HoldBack(Why.CANARY)
    if facts.channels_used >= policy.channels:
        return HoldBack(Why.CHANNELS)
    caller = choose(policy.callers, facts.callers_used, facts.caller, facts.luck)
    return Send(caller.number) if caller else HoldBack(Why.CALLER)


def _finish(facts: Facts, why: str) -> Finish:
    """As the lead's last call ended."""
    return Finish(OF_DISPOSITION[facts.last] if facts.last else Outcome.FAILED, why)
