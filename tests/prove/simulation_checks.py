"""The invariants, from the provider's own log and the model's ledger. A check names the invariant it belongs to."""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from random import Random

from campaign.core.attempt import Attempt, AttemptId, AttemptState, CallSid, Disposition, ResolvedBy
from campaign.core.events import Event, Sent, Silent, WrittenOff
from campaign.core.guard import PARKED
from campaign.core.lead import CampaignState, LeadState
from campaign.core.lifecycle import apply
from tests.builders import KOLKATA, minutes, seconds
from tests.prove.simulation_model import Dial, Row, meaning
from tests.prove.simulation_plan import Plan
from tests.prove.simulation_steps import Model
from tests.prove.simulation_world import FINAL, Call, Request, World

DAY = timedelta(days=1)
VERDICTS = (None, Disposition.NOT_PLACED, Disposition.WRITTEN_OFF)


class Checks:
    """Hangs itself on the world and the ledger; `failures` fills up. `roads`: by which way things came to an end."""

    def __init__(self, plan: Plan, world: World, model: Model) -> None:
        self.plan, self.world, self.model, self.ledger = plan, world, model, model.ledger
        self.failures: list[str] = []
        self.roads: Counter[str] = Counter()
        self.set_clock = any(what == "clock" for _, what in plan.doings)
        self._tokens: set[str] = set()
        self._by_number: dict[str, list[Request]] = defaultdict(list)
        self._given_up: set[str] = set()
        self._leads: dict[str, int] = {}
        self._redials: dict[CallSid, Call] = {}
        self._surplus: list[Call] = []
        world.posted, self.ledger.watch = self.posted, self.happened

    def _hold(self, holds: bool, what: str, request: Request | None = None) -> None:
        if not holds:
            who = f" ({request.number[-5:]} at {request.at:%d %H:%M:%S}, {request.fault})" if request else ""
            self.failures.append(f"seed {self.plan.seed}: {what}{who}")

    # --- after every step, of what it touched

    def posted(self, request: Request) -> None:
        """A connect request arrives, or would have."""
        dial = self.ledger.dials.get(request.token)
        self._hold(request.token not in self._tokens, "C2: the same attempt was sent twice", request)
        self._tokens.add(request.token)
        self._hold(
            dial is not None and dial.attempt.state is AttemptState.SENDING, "C1: sent without an intent", request
        )
        if dial is None:
            return
        state = self.ledger.states[dial.lead.campaign]
        self._hold(state is CampaignState.RUNNING, f"C15: sent while {state}", request)
        self._hold(dial.lead.state is not LeadState.DONE, "C7: sent to a lead that is done", request)
        due = dial.lead.due_at
        self._hold(
            due is None or due <= request.ours + minutes(3 * self.set_clock), "C6: sent before it was due", request
        )
        self._window(request)
        self._number(request, dial)
        self._channels(request)
        self._leads[request.token] = dial.lead.id
        self._by_number[request.number].append(request)

    def _window(self, request: Request) -> None:
        policy, wall = self.model.policy, request.ours.astimezone(KOLKATA)
        midnight = wall.replace(hour=0, minute=0, second=0, microsecond=0)
        since = wall - midnight
        fits = False
        for span in policy.window.hours.get(wall.weekday(), ()):
            opens = timedelta(hours=span.opens.hour, minutes=span.opens.minute)
            closes = timedelta(hours=span.closes.hour, minutes=span.closes.minute) or DAY
            whole_day = span.opens == span.closes
            fits = fits or whole_day or (opens <= since and since + policy.ring_timeout < closes)
        self._hold(fits, "C11: sent outside the window", request)
        end = policy.window.end
        self._hold(end is None or request.ours < end, "C11: sent after the end", request)

    def _number(self, request: Request, dial: Dial) -> None:
        policy, earlier = self.model.policy, self._by_number[request.number]
        alive = [each for each in self.ledger.alive.values() if each.lead.number == request.number]
        self._hold(len(alive) == 1, "C4: two attempts of one number are alive", request)
        calls = [each for each in earlier if each.call and each.token not in self._given_up]
        calls = [each for each in calls if each.fault != "never listed"]
        slack = minutes(3) if self.set_clock else timedelta(0)
        for each in calls:
            over = each.call.over if each.call else each.at
            self._hold(over - slack <= request.at, "C4: called while a call of ours is alive", request)
            self._hold(over + policy.min_gap - slack <= request.at, "C6: too soon after the last call", request)
        recent = [each for each in calls if each.ours > request.ours - DAY]
        self._hold(len(recent) < policy.per_day, "C13: more calls in a day than allowed", request)
        same = [each for each in calls if self._leads[each.token] == dial.lead.id]
        self._hold(len(same) < policy.max_attempts, "C3: more calls than allowed", request)
        answered = [each for each in same if each.truthful and each.call and each.call.status == "completed"]
        self._hold(not answered, "C5: called again after an answered call", request)

    def _channels(self, request: Request) -> None:
        used, limit = self.ledger.channels_used(request.ours), self.model.policy.channels
        self._hold(used <= limit, f"C9: {used} channels of {limit}", request)
        if self.set_clock:
            return
        live = [r for r in self.world.requests if r.call and r.call.created <= request.at < r.call.over]
        outlasting = sum(each.fault == "5xx, placed" for each in live)
        self.roads["outlasts its channel (5xx)"] += len(live) > limit
        self._hold(len(live) - outlasting <= limit, f"C9: {len(live)} calls alive, {limit} channels", request)

    def happened(self, dial: Dial, before: Attempt, event: Event, after: Attempt) -> None:
        if before.disposition not in VERDICTS or before.refusal:
            self._hold(before == after, f"D3: {before.disposition or before.refusal} became {after.disposition}")
        if before == after:
            return
        if isinstance(event, WrittenOff):
            self._given_up.add(dial.token)
        if before.state is AttemptState.UNKNOWN and not before.disposition:
            self.roads[f"settled: {_by(event, after)}"] += 1
        elif before.state is AttemptState.ACCEPTED and after.resolved_by is ResolvedBy.POLL:
            self.roads["a silent call was asked for"] += 1
        elif before.state is AttemptState.SENDING and after.disposition:
            self.roads["callback before the answer"] += 1

    # --- at the end

    def at_end(self, ended: bool) -> None:
        self._hold(ended, "L1: it did not end")
        self._redials = {sid: call for sid, call in self.world.calls.items() if call.by_itself}
        for row in self.ledger.rows:
            self._lead(row)
        self._rate()
        self._calls()
        self._strangers()
        self._letters_again()
        self._any_order()

    def _lead(self, row: Row) -> None:
        closed = self.ledger.states[row.campaign] is CampaignState.DRAINING  # its rest is closed again when it is over
        self._hold(
            row.state in (LeadState.DONE, LeadState.HELD) or closed, f"L1: lead {row.id} is {row.state}: {row.reason}"
        )
        self._hold((row.outcome is not None) is (row.state is LeadState.DONE), f"D6: lead {row.id} and its outcome")
        if row.reason == PARKED:
            alive = [dial for dial in self.ledger.alive.values() if dial.lead.number == row.number]
        else:
            alive = [dial for dial in row.dials if dial.attempt.alive]
        self._hold(bool(alive) is (row.state is LeadState.HELD), f"L3: lead {row.id} is {row.state}: {row.reason}")
        self.roads["held for a person"] += row.state is LeadState.HELD

    def _rate(self) -> None:
        limit, sent = self.plan.policies[0].rate.requests, sorted(self.world.all_requests)
        for first, last in zip(sent, sent[limit:], strict=False):
            if last - first < minutes(1) - seconds(0.001):
                self._hold(False, f"C8: {limit + 1} requests in {last - first}")
                return

    def _calls(self) -> None:
        owned = {dial.attempt.call_sid for dial in self.ledger.dials.values()}
        for request in self.world.requests:
            attempt = self.ledger.dials[request.token].attempt
            self._heard(request, attempt)
            if request.call is None or not request.truthful or request.token in self._given_up:
                continue
            if attempt.call_sid in self._redials:  # taken for a call that the list did not show yet, which is listed
                self.roads["a redial taken for the call"] += 1
                self._surplus.append(request.call)
                continue
            known = request.call.sid in owned or attempt.alive
            self._hold(known, "D7: a call that no attempt owns", request)
            right = attempt.disposition in (None, FINAL[request.call.status])
            self._hold(right, f"L2: {request.call.status} is kept as {attempt.disposition}", request)

    def _heard(self, request: Request, attempt: Attempt) -> None:
        """A callback that told the end holds, however late and whatever was thought before."""
        if request.call and request.fault != "wrong sid" and request.callback != "contradictory":
            told = (request.token, request.call.sid, request.call.status, 0)
            other = attempt.call_sid not in (None, request.call.sid)  # a redial was taken for the call that was hidden
            right = other or told not in self.ledger.inbox or attempt.disposition is FINAL[request.call.status]
            self._hold(right, f"D3: {request.call.status} was told, {attempt.disposition} is kept", request)

    def _strangers(self) -> None:
        self.world.time.true += minutes(30)
        self.world.faults = False
        self.model.reconcile()
        doubtful = {dial.lead.number for dial in self.ledger.alive.values()}
        owned = {dial.attempt.call_sid for dial in self.ledger.dials.values()} | set(self.ledger.strangers)
        late = self.world.time.true - minutes(10)
        for call in [*self._redials.values(), *self._surplus]:
            if not self.world.blind and call.created < late and call.number not in doubtful:
                self._hold(call.sid in owned, f"D7: {call.sid} to {call.number[-5:]} was dropped")
                self.roads["a stranger is listed"] += 1

    def _letters_again(self) -> None:
        """Every callback that was kept comes again, twice, in another order."""
        before, luck = self.model.snapshot(), Random(self.plan.seed)
        letters = list(self.ledger.inbox.values())
        for copy in (1, 2):
            luck.shuffle(letters)
            for letter in letters:
                again = type(letter.told)(letter.told.at, letter.told.sid, letter.told.status, copy=copy)
                self.ledger.keep(letter.dial.token, again)
            self.model.read()
        self._park_again()
        after = self.model.snapshot()
        unlike = [
            pair
            for one, two in zip(before, after, strict=True)
            for pair in zip(one, two, strict=False)
            if pair[0] != pair[1]
        ]
        self._hold(before == after, f"D2: repeated callbacks changed the ledger: {unlike[:2]}")

    def _park_again(self) -> None:
        """A repeat may wake a lead that is parked behind another doubt: its next claim parks it again."""
        for row in self.ledger.rows:
            alive = any(dial.lead.number == row.number for dial in self.ledger.alive.values())
            if alive and row.state is LeadState.PENDING and row.reason == "next in line":
                row.state, row.reason = LeadState.HELD, PARKED

    def _any_order(self) -> None:
        """The answer and the callbacks of each attempt, in other orders."""
        luck, told = Random(self.plan.seed), defaultdict(list)
        for letter in self.ledger.inbox.values():
            if event := meaning(letter.told, letter.at):
                told[letter.dial.token].append(event)
        for request in self.world.requests:
            if request.truthful and request.call and told[request.token]:
                events: list[Event] = [request.answer(request.at), *told[request.token]]
                ends = {_end(request, events)}
                for _ in range(2):
                    luck.shuffle(events)
                    ends.add(_end(request, events))
                self._hold(len(ends) == 1, f"D2: the order of callbacks decides: {ends}", request)


def _end(request: Request, events: list[Event]) -> tuple[AttemptState, Disposition | None, CallSid | None]:
    attempt = Attempt(AttemptId(1), AttemptState.RESERVED)
    sent: list[Event] = [Sent(request.ours, request.ours + minutes(7))]
    for event in [*sent, *events]:
        attempt = apply(attempt, event).attempt
    return attempt.state, attempt.disposition, attempt.call_sid


def _by(event: Event, after: Attempt) -> str:
    return str(getattr(event, "by", after.resolved_by or "asked"))


__all__ = ["Checks", "Silent", "datetime"]
