"""What follows for a lead once an attempt is settled: another call at an instant, or the end, each with a reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from campaign.core.attempt import Attempt, AttemptState, Disposition, Refusal
from campaign.core.lead import Outcome
from campaign.core.numbers import NoneLeft, next_number
from campaign.core.outcome import OF_DISPOSITION, OF_REFUSAL
from campaign.core.policy import Policy


@dataclass(frozen=True, slots=True)
class Retry:
    """The lead is due again at `at`."""

    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """The lead is done."""

    outcome: Outcome
    why: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing may be decided: an attempt is alive, or in doubt."""

    why: str


Decision = Retry | Done | Hold


def decide(history: Sequence[Attempt], policy: Policy, now: datetime, numbers: int = 1) -> Decision:
    """Decide on a lead with so many `numbers` from all its attempts, oldest first; the last one has just been settled.

    `max_attempts` counts calls that were or may have been placed. What was refused for a reason of the account's or of
    the line costs the lead nothing; what was refused because of its number closes that number.
    """
    for attempt in history:
        if attempt.alive:
            return Hold("in doubt" if attempt.state is AttemptState.UNKNOWN else "a call is alive")
    if any(attempt.disposition is Disposition.COMPLETED for attempt in history):
        return Done(Outcome.COMPLETED, "answered")
    last = history[-1]
    if last.state is AttemptState.REFUSED:
        return _after_refusal(history, last, policy, now, numbers)
    if last.disposition is Disposition.NOT_PLACED:
        return _after_not_placed(history, policy, now)
    return _after_call(history, last, policy, now, numbers)


def given_up(history: Sequence[Attempt], why: str) -> Done:
    """No number is left: as the last call ended, or, with none at all, as the last number was refused."""
    calls = [attempt for attempt in history if attempt.counts and attempt.disposition]
    if calls and calls[-1].disposition:
        return Done(OF_DISPOSITION[calls[-1].disposition], why)
    refused = [OF_REFUSAL[attempt.refusal] for attempt in history if attempt.refusal in OF_REFUSAL]
    return Done(refused[-1] if refused else Outcome.FAILED, why)


def _after_refusal(history: Sequence[Attempt], last: Attempt, policy: Policy, now: datetime, numbers: int) -> Decision:
    refusal = last.refusal or Refusal.LATER
    if refusal not in OF_REFUSAL:
        return Retry(now, "not placed; no attempt used up")
    if numbers == 1:
        return Done(OF_REFUSAL[refusal], "refused by the provider")
    chosen = next_number(history, numbers, policy)
    if isinstance(chosen, NoneLeft):
        return given_up(history, chosen.why)
    at = max([now, *_waited(history, policy)])
    return _when_open(at, f"its number was refused; next: {chosen.why}", policy)


def _waited(history: Sequence[Attempt], policy: Policy) -> list[datetime]:
    """When the wait after the lead's last call is over, if there was one."""
    calls = [attempt for attempt in history if attempt.counts]
    if not calls or not calls[-1].ended_at or not calls[-1].disposition:
        return []
    waits = policy.waits.get(calls[-1].disposition, ())
    return [calls[-1].ended_at + waits[min(len(calls), len(waits)) - 1]] if waits else []


def _after_not_placed(history: Sequence[Attempt], policy: Policy, now: datetime) -> Decision:
    in_a_row = 0
    for attempt in reversed(history):
        if attempt.disposition is not Disposition.NOT_PLACED:
            break
        in_a_row += 1
    if in_a_row >= policy.max_attempts:
        return Done(Outcome.FAILED, "never_placed")
    return Retry(now, "proved not placed")


def _after_call(history: Sequence[Attempt], last: Attempt, policy: Policy, now: datetime, numbers: int) -> Decision:
    disposition = last.disposition
    assert disposition is not None, "an attempt that is neither alive nor refused has ended"
    outcome = OF_DISPOSITION[disposition]
    if disposition is Disposition.WRITTEN_OFF:
        return Done(outcome, "written off")
    calls = sum(attempt.counts for attempt in history)
    if calls >= policy.max_attempts:
        return Done(outcome, f"{calls} of {policy.max_attempts} calls made")
    chosen = next_number(history, numbers, policy)
    if isinstance(chosen, NoneLeft):
        return Done(outcome, chosen.why)
    waits = policy.waits.get(disposition, ())
    if not waits:
        return Done(outcome, f"no retry after {disposition}")
    wait = waits[min(calls, len(waits)) - 1]
    why = f"{disposition}, call {calls} of {policy.max_attempts}"
    why += f"; next: {chosen.why}" if numbers > 1 else ""
    return _when_open((last.ended_at or now) + wait, why, policy)


def _when_open(at: datetime, why: str, policy: Policy) -> Decision:
    opening = policy.window.next_opening(at, policy.ring_timeout)
    if opening is None:
        return Done(Outcome.EXPIRED, "the next call would fall after the campaign's end")
    return Retry(opening, why if opening == at else f"{why}; moved to the next opening")
