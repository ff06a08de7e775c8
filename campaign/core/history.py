"""Everything the ledger knows of one number, over all campaigns, and which rules hold its next call.

`store` reads it, `report.story` tells it. The rules are those of `core.guard`, asked with the facts of an instant that
may still lie ahead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from campaign.core.attempt import Attempt, AttemptId
from campaign.core.events import Asked
from campaign.core.facts import facts as known_facts
from campaign.core.guard import Facts, HoldBack, Verdict, may_send
from campaign.core.lead import CampaignId, CampaignState, LeadId, LeadState, NumberHash, Outcome
from campaign.core.numbers import NoneLeft, Use, next_number
from campaign.core.policy import Policy
from campaign.core.records import AccountId, CampaignRecord, RejectRecord, StrangerRecord

_MOST_RULES = 8  # one after another; each moves the call on by a gap, a day or a closed window


@dataclass(frozen=True, slots=True)
class EventRecord:
    """A row of the ledger's event table. `data`: the event's own fields."""

    at: datetime
    kind: str
    campaign: CampaignId | None
    lead: LeadId | None
    attempt: AttemptId | None
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KnownLead:
    """A lead with the number, and where it came from."""

    id: LeadId
    campaign: CampaignRecord
    source_file: str
    source_line: int
    state: LeadState
    outcome: Outcome | None
    reason: str
    due_at: datetime | None
    final_at: datetime | None
    numbers: Sequence[NumberHash] = ()
    """In the order in which they are called; left out where there is but one, which is the one asked about."""


@dataclass(frozen=True, slots=True)
class Dialled:
    """An attempt to call the number, whichever lead it was made for; or another number of one of its leads."""

    attempt: Attempt
    attempt_no: int
    lead: LeadId
    number: NumberHash | None = None


@dataclass(frozen=True, slots=True)
class RejectedLine:
    """A line that named the number and became no lead."""

    campaign: str
    line: RejectRecord


@dataclass(frozen=True, slots=True)
class History:
    """`events`: of the number, its leads and their campaigns, in the order they were written.

    `number`: the one asked about. `dialled`: oldest first. `channels`: the latest ends of all calls alive, by account.
    """

    number: NumberHash | None = None
    leads: Sequence[KnownLead] = ()
    events: Sequence[EventRecord] = ()
    dialled: Sequence[Dialled] = ()
    strangers: Sequence[StrangerRecord] = ()
    channels: Mapping[AccountId, Sequence[datetime]] = field(default_factory=dict)

    def asked(self, attempt: AttemptId) -> list[Asked]:
        """What the provider answered about an attempt in doubt, oldest first."""
        return [
            Asked(event.at, event.data["found"], event.data["controlled"], event.data.get("note", ""))
            for event in self.events
            if event.kind == "asked" and event.attempt == attempt and "kept" not in event.data
        ]

    def alive(self, lead: LeadId) -> Dialled | None:
        """The lead's attempt whose end is not known."""
        return next((each for each in self.dialled if each.lead == lead and each.attempt.alive), None)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the guards will say of a waiting lead.

    `rules`: those that move its call on, each with the facts it spoke on. `verdict`: what follows `at` the end of them.
    """

    rules: Sequence[tuple[HoldBack, Facts]]
    verdict: Verdict
    facts: Facts
    at: datetime


def chosen(history: History, lead: KnownLead, policy: Policy) -> Use | NoneLeft:
    """Which number of the lead is called next."""
    theirs = [each.attempt for each in history.dialled if each.lead == lead.id]
    return next_number(theirs, max(1, len(lead.numbers)), policy)


def facts(history: History, lead: KnownLead, now: datetime, number: NumberHash | None = None) -> Facts:
    """What the guards would know of the lead at `now`, if nothing happened until then; `number`: to be called."""
    return known_facts(
        lead.campaign.state,
        [each.attempt for each in history.dialled if each.lead == lead.id],
        [each.attempt for each in history.dialled if number in (None, each.number)],
        [each.created_at for each in history.strangers if number in (None, each.number_hash)],
        channels_used=sum(end > now for end in history.channels.get(lead.campaign.account_id, ())),
    )


def outlook(history: History, lead: KnownLead, policy: Policy, now: datetime) -> Outlook:
    """Which rules hold a waiting lead, once its campaign runs, and until when."""
    at = max(now, lead.due_at or now)
    choice = chosen(history, lead, policy)
    number = lead.numbers[choice.position] if isinstance(choice, Use) and lead.numbers else None
    rules: list[tuple[HoldBack, Facts]] = []
    while True:
        known = replace(facts(history, lead, at, number), campaign=CampaignState.RUNNING, choice=choice)
        verdict = may_send(known, policy, at)
        if not isinstance(verdict, HoldBack) or verdict.until is None or len(rules) == _MOST_RULES:
            return Outlook(rules, verdict, known, at)
        rules.append((verdict, known))
        at = verdict.until
