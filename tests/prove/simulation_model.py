"""The model: a ledger of lists, driven by the pure core, that does what `campaign.store` and the steps should do.

Written apart from them; `simulation_real` plays the same seed through the real ones, and both must come out alike.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaign.core.attempt import Attempt, AttemptId, AttemptState, ResolvedBy
from campaign.core.events import Accepted, Asked, Ended, Event, InDoubt, Refused, Sent, Silent
from campaign.core.guard import DAY, PARKED, Facts, Finish, HoldBack, Park, Send, Verdict, Why, may_send
from campaign.core.lead import CampaignState, LeadId, LeadState, Outcome
from campaign.core.lifecycle import Kept, apply
from campaign.core.order import Waiting, in_turn
from campaign.core.policy import Policy
from campaign.core.retry import Decision, Done, Hold, Retry, decide
from campaign.core.starts import STEADY
from tests.prove.simulation_plan import Plan
from tests.prove.simulation_world import FINAL, Told, World

WAITING = (LeadState.PENDING, LeadState.RETRY_WAIT)
STOPPING = (CampaignState.DRAINING, CampaignState.STOPPED)


@dataclass(slots=True)
class Dial:
    """An attempt with its place in the ledger."""

    token: str
    lead: "Row"
    no: int
    attempt: Attempt
    created: str | None = None
    replied_at: datetime | None = None
    asked: list[Asked] = field(default_factory=list)


@dataclass(slots=True, eq=False)
class Row:
    """A lead."""

    id: int
    campaign: int
    number: str
    due_at: datetime | None
    state: LeadState = LeadState.PENDING
    reason: str = "not called yet"
    outcome: Outcome | None = None
    place: int | None = None
    dials: list[Dial] = field(default_factory=list)


@dataclass(slots=True)
class Letter:
    dial: Dial
    told: Told
    at: datetime


class Ledger:
    """What is on disk: it survives a crash. `watch` hears every event: the attempt before, the event, after."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world, self.time = plan, world, world.time
        now = self.time.now()
        self.rows = [
            Row(place, campaign, number, now, place=place) for place, (campaign, number) in enumerate(plan.leads, 1)
        ]
        self.states = [CampaignState.RUNNING] * plan.campaigns
        self.policy = plan.policies[0]
        self.of_number: dict[str, list[Row]] = defaultdict(list)
        for row in self.rows:
            self.of_number[row.number].append(row)
        self.alive: dict[str, Dial] = {}
        self.dials: dict[str, Dial] = {}
        self.looked: list[datetime] = []
        self.strangers: dict[str, tuple[str, datetime]] = {}
        self.reconciled: datetime | None = None
        self._skews = [(world.time.skew, world.time.true)]  # of our clock, and when a start found it so
        self.inbox: dict[tuple[str, str, str, int], Letter] = {}
        self.unread: deque[Letter] = deque()
        self.roads: Counter[str] = Counter()
        self.watch: Callable[[Dial, Attempt, Event, Attempt], None] = lambda *_: None
        self._serial = 0

    # --- from due to sent

    def claim(self, campaign: int, limit: int) -> list[Dial]:
        now = self.time.now()
        due = [row for row in self.rows if row.campaign == campaign and row.state in WAITING]
        waiting = [Waiting(LeadId(row.id), row.due_at, len(_calls(row)), row.place) for row in due if row.due_at]
        order = in_turn((each for each in waiting if each.due_at <= now), self.policy.retry_slack, now)
        return [self._reserve(self.rows[each.lead - 1]) for each in order[:limit]]

    def next_due(self, campaign: int) -> datetime | None:
        theirs = [row for row in self.rows if row.campaign == campaign and row.state in WAITING]
        return min((row.due_at for row in theirs if row.due_at), default=None)

    def _reserve(self, row: Row) -> Dial:
        self._serial += 1
        token = f"{row.id}.{self._serial}"
        no = 1 + max((dial.no for dial in row.dials), default=0)
        made = Dial(token, row, no, Attempt(AttemptId(self._serial), AttemptState.RESERVED))
        row.dials.append(made)
        row.state, row.reason = LeadState.IN_FLIGHT, "next in line"
        self.dials[token] = made
        return made

    def release(self, dial: Dial, due_at: datetime | None, why: str) -> None:
        if dial.token not in self.dials or dial.attempt.state is not AttemptState.RESERVED:
            return
        row = dial.lead
        self._drop(dial)
        row.state = LeadState.RETRY_WAIT if _calls(row) else LeadState.PENDING
        row.due_at, row.reason, row.place = due_at or row.due_at, why, None if due_at else row.place

    def _drop(self, dial: Dial) -> None:
        dial.lead.dials.remove(dial)
        del self.dials[dial.token]

    def begin(self, dial: Dial, policy: Policy) -> Verdict:
        now = self.time.now()
        if dial.token not in self.dials or dial.attempt.state is not AttemptState.RESERVED:
            return HoldBack(Why.GONE)
        verdict = may_send(self._facts(dial, policy, now), policy, now)
        if isinstance(verdict, Send):
            self._apply(dial, Sent(now, now + policy.longest_call))
        elif isinstance(verdict, Finish):
            self._drop(dial)
            self._done(dial.lead, verdict.outcome, verdict.why)
        elif isinstance(verdict, Park):
            self._drop(dial)
            dial.lead.state, dial.lead.reason, dial.lead.due_at = LeadState.HELD, verdict.why, None
            self.roads["parked behind a doubt"] += 1
        return verdict

    def _facts(self, dial: Dial, policy: Policy, now: datetime) -> Facts:
        since = now - max(policy.min_gap, DAY)
        calls = _calls(dial.lead)
        called, free = [], []
        for each in self._to(dial.lead.number):
            attempt = each.attempt
            if attempt.sent_at and (attempt.sent_at > since or attempt.alive) and attempt.counts:
                called.append(attempt.sent_at)
                free.append(attempt.ended_at or attempt.latest_end or attempt.sent_at)
        for number, created in self.strangers.values():
            if number == dial.lead.number and created > since:
                called.append(created)
                free.append(created)
        return Facts(
            campaign=self.states[dial.lead.campaign],
            channels_used=self.channels_used(now),
            lead_calls=len(calls),
            number_calls=sorted(called),
            number_busy_until=self._busy_until(dial.lead.number),
            number_free_at=max(free, default=None),
            last=calls[-1].disposition if calls else None,
        )

    def _busy_until(self, number: str) -> datetime | None:
        return next((each.attempt.latest_end for each in self._to(number) if each.attempt.alive), None)

    def channels_used(self, now: datetime) -> int:
        return sum(each.attempt.latest_end > now for each in self.alive.values() if each.attempt.latest_end)

    def _to(self, number: str) -> Iterator[Dial]:
        return (dial for row in self.of_number[number] for dial in row.dials)

    # --- what happened

    def record(self, dial: Dial, event: Event) -> Attempt:
        """Attempt, lead and next step."""
        if isinstance(event, Accepted | Refused | InDoubt) and dial.replied_at is None:
            dial.replied_at = event.at
        was_alive = dial.attempt.alive
        if self._apply(dial, event):
            self._decide(dial, event)
        if was_alive and not dial.attempt.alive:
            self._unpark(dial.lead.number, event.at)
        return dial.attempt

    def _unpark(self, number: str, at: datetime) -> None:
        for row in self.of_number[number]:
            if row.state is LeadState.HELD and row.reason == PARKED:
                row.state, row.reason, row.due_at, row.place = LeadState.PENDING, "next in line", at, None

    def _apply(self, dial: Dial, event: Event) -> bool:
        before, result = dial.attempt, apply(dial.attempt, event)
        if isinstance(result, Kept):
            self.watch(dial, before, event, before)
            return False
        dial.attempt = result.attempt
        if isinstance(event, Accepted):
            dial.created = event.created or None
        if isinstance(event, Asked):
            dial.asked.append(event)
        if result.corrected:
            self.roads["late truth"] += 1
            for each in [each for each in dial.lead.dials if each.attempt.state is AttemptState.RESERVED]:
                self._drop(each)
        if dial.attempt.alive:
            self.alive[dial.token] = dial
        else:
            self.alive.pop(dial.token, None)
        self.watch(dial, before, event, dial.attempt)
        return True

    def _decide(self, dial: Dial, event: Event) -> None:
        row = dial.lead
        history = [dial.attempt for dial in row.dials if dial.attempt.state is not AttemptState.RESERVED]
        decision: Decision = decide(history, self.policy, event.at)
        if isinstance(decision, Retry) and self.states[row.campaign] in STOPPING:
            decision = Done(Outcome.CANCELED, "the campaign was stopped")
        match decision:
            case Done(outcome, why):
                self._done(row, outcome, why)
            case Retry(at, why):
                state = LeadState.RETRY_WAIT if _calls(row) else LeadState.PENDING
                row.state, row.reason, row.outcome, row.due_at, row.place = state, why, None, at, None
                if "moved" in why:
                    self.roads["retry refused at the window"] += 1
            case Hold(why) if dial.attempt.alive:  # late truth of another attempt leaves its lead as it is
                held = isinstance(event, InDoubt | Asked | Silent)
                row.reason = "its end was never told" if isinstance(event, Silent) else why
                row.state, row.outcome, row.due_at = LeadState.HELD if held else LeadState.IN_FLIGHT, None, None
            case Hold():
                self.roads["late truth beside another attempt"] += 1

    def _done(self, row: Row, outcome: Outcome, why: str) -> None:
        row.state, row.outcome, row.reason, row.due_at = LeadState.DONE, outcome, why, None

    # --- the campaign, and starts

    def close_rest(self, campaign: int, outcome: Outcome, why: str) -> None:
        for row in [row for row in self.rows if row.campaign == campaign]:
            reserved = [dial for dial in row.dials if dial.attempt.state is AttemptState.RESERVED]
            for dial in reserved:
                self._drop(dial)
            parked = row.state is LeadState.HELD and row.reason == PARKED
            if reserved or parked or row.state in WAITING:
                self._done(row, outcome, why)

    def recover(self) -> None:
        now = self.time.now()
        for dial in list(self.dials.values()):
            if dial.attempt.state is AttemptState.RESERVED:
                self.release(dial, None, "next in line")
        for dial in list(self.alive.values()):
            if dial.attempt.state is AttemptState.SENDING:
                self.roads["interrupted before the answer"] += 1
                self.record(dial, InDoubt(now, "the program was interrupted before the answer"))

    def recent(self) -> list[datetime]:
        """Requests of the last period, on today's clock, which may have been set since the last start."""
        now, skew, true = self.time.now(), self.time.skew, self.time.true
        if abs(skew - self._skews[-1][0]) > STEADY:
            self._skews.append((skew, true))
        while len(self._skews) > 1 and true - self._skews[1][1] > self.policy.rate.period:
            del self._skews[0]
        set_ahead = max(timedelta(0), *(skew - each for each, _ in self._skews))
        found = [at + set_ahead if at + set_ahead <= now else min(at, now) for at in self._noted(now - set_ahead)]
        return sorted(found)

    def _noted(self, until: datetime) -> list[datetime]:
        since = until - self.policy.rate.period
        found = [at for at in self.looked if at > since]
        for dial in self.dials.values():
            sent, replied = dial.attempt.sent_at, dial.replied_at
            if (sent and sent > since) or (replied and replied > since):
                found.append(replied or sent or since)
        return found

    def keep(self, token: str, told: Told) -> bool:
        """A callback, on disk; False for one that is there already, or whose attempt was never sent."""
        dial = self.dials.get(token)
        if dial is None or dial.attempt.state is AttemptState.RESERVED:
            return False
        key = (token, told.sid, told.status, told.copy)
        if key in self.inbox:
            self.roads["the same callback twice"] += 1
            return False
        self.inbox[key] = Letter(dial, told, self.time.now())
        self.unread.append(self.inbox[key])
        return True


def _calls(row: Row) -> list[Attempt]:
    return [dial.attempt for dial in row.dials if dial.attempt.counts]


def meaning(told: Told, at: datetime) -> Event | None:
    """What a callback says."""
    if not told.status:
        return None
    if told.status not in FINAL:
        return Accepted(at, told.sid, ResolvedBy.CALLBACK)
    return Ended(at, FINAL[told.status], told.status, ResolvedBy.CALLBACK, told.sid)
