"""The story of one number: what happened to it, why nothing happens now, what happens next and when.

Pure; called by the CLI for `campaign explain`. What happened is the ledger's own events (`sentences`); what follows is
asked of the core's rules with today's facts, so that no rule is told here that is not the one that decides.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain, groupby
from zoneinfo import ZoneInfo

from campaign.core.attempt import AttemptState
from campaign.core.doubt import NEGATIVES_NEEDED, AskAt, ForAPerson, NeverPlaced, next_step
from campaign.core.guard import DAY, Facts, Finish, HoldBack, Park, Send, Verdict, Why
from campaign.core.history import Dialled, EventRecord, History, KnownLead, RejectedLine, chosen, outlook
from campaign.core.lead import CampaignId, CampaignState, LeadState
from campaign.core.numbers import Use
from campaign.core.policy import Policy
from campaign.report.sentences import Voice, answer, outcome_of, plain, sentence, span

_LEAD_DONE_BEFORE = frozenset({"moved", "policy", "imported"})
"""Events of a campaign that are none of a lead's once it is done."""


@dataclass(frozen=True, slots=True)
class Today:
    """What the ledger alone cannot say. `dialling`: a process holds the database."""

    now: datetime
    dialling: bool


def story(history: History, policies: Mapping[CampaignId, Policy], today: Today) -> list[str]:
    """One part for each lead with the number; `policies`: the newest of each of their campaigns."""
    lines: list[str] = []
    for lead in history.leads:
        lines += ["", *_chapter(history, lead, policies[lead.campaign.id], today)]
    if history.events and not history.leads:
        lines += ["", *_told(history.events, Voice(ZoneInfo("UTC")))]
    return lines


def rejections(rejected: Sequence[RejectedLine]) -> list[str]:
    """Lines with the number that became no lead, as a part of their own."""
    lines = [
        f"{each.campaign}: line {each.line.reject.source_line} of {each.line.source_file} was rejected as "
        f"{plain(each.line.reject.reason)}: {each.line.reject.suggestion}"
        for each in rejected
    ]
    return ["", *lines] if lines else []


def _chapter(history: History, lead: KnownLead, policy: Policy, today: Today) -> Iterator[str]:
    voice = Voice(policy.window.zone, {each.attempt.id: each.attempt_no for each in history.dialled})
    simulated = ", simulated: nobody is called" if lead.campaign.account.simulated else ""
    where = f"line {lead.source_line} of {lead.source_file}"
    if len(lead.numbers) > 1:
        where += f", number {lead.numbers.index(history.number) + 1} of {len(lead.numbers)}"
    yield f"{lead.campaign.name}: {where}; times of {policy.window.zone.key}{simulated}"
    yield from _told([event for event in history.events if _concerns(event, lead)], voice)
    yield f"  Now, {voice.time(today.now)}:"
    yield from (f"    {line}" for line in _Prospect(history, lead, policy, today, voice).lines())


def _concerns(event: EventRecord, lead: KnownLead) -> bool:
    if event.lead is not None:
        return event.lead == lead.id
    if event.campaign not in (None, lead.campaign.id):
        return False
    return not (event.kind in _LEAD_DONE_BEFORE and lead.final_at and event.at > lead.final_at)


def _told(events: Sequence[EventRecord], voice: Voice) -> Iterator[str]:
    """Each event; a turn that came and passed for one reason many times over is told once, with how often."""
    for why, group in groupby(_turns(events), key=_passed):
        turns = list(group)
        for event in turns[0] if why else chain(*turns):
            yield f"  {voice.time(event.at)}  {sentence(event, voice)}"
        if why and len(turns) > 1:
            yield f"  {voice.time(turns[-1][-1].at)}  The same {len(turns) - 1} more times, the last one then."


def _turns(events: Sequence[EventRecord]) -> Iterator[tuple[EventRecord, ...]]:
    """A reservation together with its giving back, everything else by itself."""
    left = list(reversed(events))
    while left:
        event = left.pop()
        if event.kind == "reserved" and left and left[-1].kind == "released":
            yield event, left.pop()
        else:
            yield (event,)


def _passed(turn: tuple[EventRecord, ...]) -> str:
    """Why a turn passed without a call; empty for everything else."""
    return str(turn[1].data["why"]) if len(turn) > 1 else ""


@dataclass(frozen=True, slots=True)
class _Prospect:
    """How a lead stands and what comes next."""

    history: History
    lead: KnownLead
    policy: Policy
    today: Today
    voice: Voice

    def lines(self) -> Iterator[str]:
        if self.lead.state is LeadState.DONE:
            yield from self._done()
        elif alive := self.history.alive(self.lead.id):
            yield from self._alive(alive)
            yield from self._campaign()
        else:
            yield from self._campaign()
            yield from self._waiting()

    def _done(self) -> Iterator[str]:
        since = f" since {self.voice.time(self.lead.final_at)}" if self.lead.final_at else ""
        yield f"Finished{since}: {outcome_of(self.lead.outcome or '', self.lead.reason)}. It is not called again."

    def _campaign(self) -> Iterator[str]:
        """What keeps the whole campaign from going on."""
        campaign = self.lead.campaign
        go_on = f"`campaign resume {campaign.name}{' --simulate' if campaign.account.simulated else ''}` goes on"
        match campaign.state:
            case CampaignState.RUNNING if self.today.dialling:
                return
            case CampaignState.RUNNING:
                yield f"Nobody is dialling; {go_on}."
            case CampaignState.DRAINING | CampaignState.STOPPED:
                yield "The campaign was stopped: no new call is made."
            case CampaignState.PAUSED:
                reason = f" ({plain(campaign.reason)})" if campaign.reason else ""
                yield f"The campaign is paused{reason}: nobody is called until somebody says so; {go_on}."
            case _:
                yield f"The campaign is not running; {go_on}."

    # --- a call is alive or in doubt -----------------------------------------------------------------------------

    def _alive(self, dialled: Dialled) -> Iterator[str]:
        attempt, number = dialled.attempt, dialled.attempt_no
        if attempt.state is AttemptState.UNKNOWN:
            yield from self._doubt(dialled)
        elif attempt.state is AttemptState.SENDING:
            yield f"The request of attempt {number} is on its way."
        elif self.lead.state is LeadState.HELD:
            yield f"Held: the end of attempt {number} was never told. A late callback would settle it."
            yield "Otherwise a person decides: `campaign unknown list` tells where to look."
        elif attempt.latest_end:
            ask, hold = attempt.latest_end + self.policy.poll_after, attempt.latest_end + self.policy.settle_for
            yield f"Attempt {number} is on the line; it must be over by {self.voice.time(attempt.latest_end)}."
            asked = (
                f"from {self.voice.time(ask)} on" if self.policy.callbacks else f"every {span(self.policy.poll_every)}"
            )
            yield f"The provider is asked {asked}; with no end told by {self.voice.time(hold)} it is held."

    def _doubt(self, dialled: Dialled) -> Iterator[str]:
        asked = self.history.asked(dialled.attempt.id)
        yield f"Attempt {dialled.attempt_no} is in doubt: it may have rung, so nobody calls this number."
        for each in asked:
            told = answer(each.found, each.controlled, each.note)
            yield f"The provider was asked at {self.voice.time(each.at)}: {told}."
        match next_step(dialled.attempt, asked, self.policy):
            case AskAt(at):
                clean = sum(each.found == 0 and each.controlled for each in asked)
                yield (
                    f"It is asked next {self._when(at)}. {clean} of {NEGATIVES_NEEDED} answers that prove it was never "
                    "placed are there; a callback, or exactly one call that fits, settles it too."
                )
            case NeverPlaced(evidence):
                yield f"It is proved not placed ({evidence}); it is called again as soon as somebody is dialling."
            case ForAPerson(why):
                yield f"A person must decide: {why}. `campaign unknown list` tells where to look."

    # --- it waits ------------------------------------------------------------------------------------------------

    def _waiting(self) -> Iterator[str]:
        if self.lead.campaign.state in (CampaignState.DRAINING, CampaignState.STOPPED):
            return
        if self.lead.state is LeadState.IN_FLIGHT:
            yield "It is next in line: its call is prepared and waits for a channel and a place in the rate."
            return
        due = self.lead.due_at
        yield f"It waits ({plain(self.lead.reason)}){f', due {self.voice.time(due)}' if due else ''}."
        ahead = outlook(self.history, self.lead, self.policy, self.today.now)
        for rule, facts in ahead.rules:
            yield f"{self._rule(rule, facts)}; until {self.voice.time(rule.until)}." if rule.until else ""
        yield self._next(ahead.verdict, ahead.facts, ahead.at)

    def _next(self, verdict: Verdict, facts: Facts, at: datetime) -> str:
        match verdict:
            case Send():
                turn = f"when its turn comes{self._number()} ({self._used(facts)})"
                return f"Next: it is called {self._when(at)}, {turn}."
            case Finish(outcome, why):
                return f"Next: it is finished without another call: {outcome_of(outcome, why)}."
            case Park() if at > self.today.now:
                return "Next: it is called once that call is over; where nobody has told its end by then, it is held."
            case Park(why):
                return f"Next: it is held, because {why} ({self._unsettled()}), until that one is."
            case HoldBack() as rule:
                return f"{self._rule(rule, facts)}: it is looked at again as soon as that changes."

    def _number(self) -> str:
        """Which of its numbers, where there are several."""
        match chosen(self.history, self.lead, self.policy):
            case Use(_, why) if len(self.lead.numbers) > 1:
                return f", at its {why}"
            case _:
                return ""

    def _used(self, facts: Facts) -> str:
        today = sum(each > self.today.now - DAY for each in facts.number_calls)
        return (
            f"{facts.lead_calls} of {self.policy.max_attempts} calls made, {today} of {self.policy.per_day} in the "
            f"last 24 hours, {facts.channels_used} of {self.policy.channels} channels in use"
        )

    def _rule(self, rule: HoldBack, facts: Facts) -> str:
        """The rule that holds it, with the figures it spoke on."""
        figures = {
            Why.LIVE: f" ({', '.join(self._live())})",
            Why.GAP: f": {span(self.policy.min_gap)} after its end",
            Why.DAY: f": {self.policy.per_day} in 24 hours",
            Why.CHANNELS: f": {facts.channels_used} of {self.policy.channels}",
            Why.HOURS: f" of {self.policy.window.zone.key}",
        }
        return f"{rule.why[0].upper()}{rule.why[1:]}{figures.get(rule.why, '')}"

    def _live(self) -> list[str]:
        """The campaigns whose attempt of this number has no end yet."""
        return [lead.campaign.name for lead in self.history.leads if self.history.alive(lead.id)]

    def _unsettled(self) -> str:
        """How the call stands that the lead is held for."""
        others = [each for each in self.history.dialled if each.attempt.alive and each.lead != self.lead.id]
        doubted = any(each.attempt.state is AttemptState.UNKNOWN for each in others)
        return f"{', '.join(self._live())}: {'in doubt' if doubted else 'its end was not told'}"

    def _when(self, at: datetime) -> str:
        running = self.today.dialling and self.lead.campaign.state is CampaignState.RUNNING
        if at > self.today.now:
            return f"at {self.voice.time(at)}" if running else f"at {self.voice.time(at)}, if somebody is dialling then"
        return "now" if running else "as soon as somebody is dialling"
