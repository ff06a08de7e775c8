"""The model's steps that ask the provider: silence, doubts, the provider's list. `simulation_steps` adds the others."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from campaign.core.allowance import Allowance
from campaign.core.attempt import Attempt, AttemptState, CallSid, Refusal, ResolvedBy
from campaign.core.call import CallReport, LookUpFailed
from campaign.core.doubt import AskAt, NeverPlaced, fitting, next_step, query_for
from campaign.core.events import Accepted, Asked, Ended, NotPlaced, Silent
from campaign.core.pace import Pace, Wait, Why
from tests.builders import minutes, seconds
from tests.prove.simulation_model import Dial, Ledger
from tests.prove.simulation_plan import Plan
from tests.prove.simulation_world import AHEAD, World, pages

TRY_AGAIN = minutes(1)
OVERLAP = minutes(15)
STEADY = minutes(1)


class Asking:
    """What a process knows of its questions dies with it (`_forget`)."""

    def __init__(self, plan: Plan, world: World) -> None:
        self.plan, self.world, self.time = plan, world, world.time
        self.ledger = Ledger(plan, world)
        self._noted = Allowance()
        self._forget()

    def _forget(self) -> None:
        self.policy = self.ledger.policy
        self.pace = Pace(self.policy.rate)
        self.pace.allowance = _by(self._noted, -self.time.skew)
        self._polled_at: datetime | None = None
        self._asked: dict[str, tuple[datetime, timedelta]] = {}
        self._wanted: set[str] = set()
        self._silent: set[str] = set()
        self._failed: dict[str, datetime] = {}
        self._again: datetime | None = datetime.min.replace(tzinfo=UTC)

    def _heed(self, refusal: Refusal, retry_after: float | None) -> None:
        steady = self.time.steady()
        if refusal is Refusal.LATER:
            wait = self.policy.rate.period if retry_after is None else seconds(retry_after)
            self.pace.refused(steady + wait, steady)
            self._noted = _by(self.pace.allowance, self.time.skew)
        elif refusal is Refusal.NO_CONNECTION:
            self.pace.pause(steady + seconds(30), Why.NO_CONNECTION)

    # --- silence

    def recovery(self) -> datetime | None:
        now = self.time.now()
        if self._wanted or (self._again is not None and now >= self._again):
            self._look_for_silent(now)
            self._again = self._next()
        else:
            made = now + (self.policy.poll_after if self.policy.callbacks else self.policy.poll_every)
            self._again = min(self._again or made, made)
        return self._again

    def _look_for_silent(self, now: datetime) -> None:
        alive = self._accepted()
        if not self.policy.callbacks and alive and now >= self._next_poll(alive):
            self._polled_at = now
            self._poll([each for each in alive if not self._overdue(each[1], now)])
        for dial, attempt in alive:
            if dial.token in self._wanted or now >= self._due(dial, attempt):
                self._ask(dial, attempt, now)
        self._hold(alive, now)

    def _accepted(self) -> list[tuple[Dial, Attempt]]:
        found = [(each, each.attempt) for each in self.ledger.alive.values()]
        known = [each for each in found if each[1].call_sid and each[1].state is AttemptState.ACCEPTED]
        return sorted(known, key=lambda each: (each[1].sent_at, each[1].id))

    def _overdue(self, attempt: Attempt, now: datetime) -> bool:
        return attempt.latest_end is not None and now >= attempt.latest_end + self.policy.poll_after

    def _next_poll(self, alive: list[tuple[Dial, Attempt]]) -> datetime:
        first = min(attempt.sent_at for _, attempt in alive if attempt.sent_at)
        return (self._polled_at or first) + self.policy.poll_every

    def _poll(self, alive: list[tuple[Dial, Attempt]]) -> None:
        for start in range(0, len(alive), 100):
            if self._asking():
                reports = [
                    (dial, self.world.shown(a.call_sid or CallSid(""))) for dial, a in alive[start : start + 100]
                ]
                for dial, report in reports:
                    self._tell(dial, report)

    def _ask(self, dial: Dial, attempt: Attempt, now: datetime) -> None:
        self._wanted.discard(dial.token)
        _, gap = self._asked.get(dial.token, (now, self.policy.poll_after / 2))
        self._asked[dial.token] = (now, gap * 2)
        if self._asking():
            self._tell(dial, self.world.shown(attempt.call_sid or CallSid("")))

    def _tell(self, dial: Dial, report: CallReport | None) -> None:
        if report and report.disposition:
            now = self.time.now()
            ended = Ended(now, report.disposition, report.status, ResolvedBy.POLL, report.call_sid)
            self.ledger.record(dial, ended)

    def _hold(self, alive: list[tuple[Dial, Attempt]], now: datetime) -> None:
        for dial, attempt in alive:
            if now >= self._given_up_at(attempt) and dial.token not in self._silent:
                self._silent.add(dial.token)
                self.ledger.record(dial, Silent(now))

    def _due(self, dial: Dial, attempt: Attempt) -> datetime:
        if dial.token in self._asked:
            at, gap = self._asked[dial.token]
            return at + gap
        assert attempt.latest_end is not None
        return attempt.latest_end + self.policy.poll_after

    def _given_up_at(self, attempt: Attempt) -> datetime:
        assert attempt.latest_end is not None
        return attempt.latest_end + self.policy.settle_for

    def _next(self) -> datetime | None:
        alive = [each for each in self._accepted() if each[0].token not in self._silent]
        instants = [min(self._due(*each), self._given_up_at(each[1])) for each in alive]
        if alive and not self.policy.callbacks:
            instants.append(self._next_poll(alive))
        return min(instants, default=None)

    # --- doubts

    def doubts(self) -> datetime | None:
        now = self.time.now()
        for dial, attempt, asked in [(each, each.attempt, list(each.asked)) for each in self._in_doubt()]:
            match next_step(attempt, asked, self.policy):
                case AskAt(due) if max(due, self._failed.get(dial.token, due)) <= now:
                    self._settle(dial, attempt)
                case NeverPlaced(evidence):
                    self.ledger.record(dial, NotPlaced(self.time.now(), evidence))
                    self.ledger.roads["proved not placed"] += 1
                case _:
                    pass
        return min((at for each in self._in_doubt() if (at := self._asks_at(each))), default=None)

    def _in_doubt(self) -> list[Dial]:
        found = [each for each in self.ledger.alive.values() if each.attempt.state is AttemptState.UNKNOWN]
        return sorted(found, key=lambda each: (each.attempt.sent_at, each.attempt.id))

    def _asks_at(self, dial: Dial) -> datetime | None:
        match next_step(dial.attempt, dial.asked, self.policy):
            case AskAt(at):
                return max(at, self._failed.get(dial.token, at))
            case NeverPlaced():
                return self.time.now()
            case _:
                return None

    def _settle(self, dial: Dial, attempt: Attempt) -> None:
        assert attempt.sent_at is not None
        query = query_for(attempt.sent_at)
        found = self._between(query.since, query.until, dial.lead.number)
        if found is None:
            self._failed[dial.token] = self.time.now() + TRY_AGAIN
            return
        fits = fitting([each.call_sid for each in found], self._owned())
        if len(fits) == 1:
            self._adopt(dial, next(each for each in found if each.call_sid == fits[0]))
            return
        steady = self._steady_since(attempt.sent_at)
        controlled = not fits and steady and self._controlled(attempt.sent_at)
        if fits:
            self.ledger.roads["two answers"] += 1
        note = "" if fits or controlled else "no ended call of ours" if steady else "the clock was set"
        if not fits and not controlled:
            self.ledger.roads["no control call" if steady else "the clock was set meanwhile"] += 1
        self.ledger.record(dial, Asked(self.time.now(), len(fits), controlled, note))

    def _owned(self) -> frozenset[CallSid]:
        return frozenset(each.attempt.call_sid for each in self.ledger.dials.values() if each.attempt.call_sid)

    def _controlled(self, sent_at: datetime) -> bool:
        before = self.time.now() - minutes(1)
        own = [
            (each.attempt.sent_at, each.attempt.call_sid, each.lead.number)
            for each in self.ledger.dials.values()
            if each.attempt.call_sid
            and each.attempt.disposition
            and each.attempt.sent_at
            and each.attempt.ended_at
            and each.attempt.sent_at >= sent_at
            and each.attempt.ended_at < before
        ]
        if not own:
            return False
        at, sid, number = min(own)
        query = query_for(at)
        return any(each.call_sid == sid for each in self._between(query.since, query.until, number) or [])

    def _adopt(self, dial: Dial, report: CallReport) -> None:
        now = self.time.now()
        self.ledger.record(dial, Accepted(now, report.call_sid, ResolvedBy.POLL))
        if report.disposition:
            self._tell(dial, report)

    # --- the provider's list

    def reconcile(self) -> bool:
        now = self.time.now()
        since = (self.ledger.reconciled or self.plan.start) - OVERLAP
        found = self._between(since, now, None, guess=True)
        if found is None:
            return False
        known = self._owned() | self.ledger.strangers.keys()
        offset = self._offset()
        for each in found:
            reading = datetime.fromisoformat(each.created or "")
            created = (reading - (AHEAD if offset is None else offset)).replace(tzinfo=now.tzinfo)
            if each.call_sid not in known and not self._may_be_doubtful(each.number or "", created):
                self.ledger.strangers[each.call_sid] = (each.number or "", created)
        sent = [each.attempt for each in self.ledger.alive.values()]
        open_since = [each.sent_at for each in sent if each.sent_at and each.state is not AttemptState.ACCEPTED]
        self.ledger.reconciled = min([now, *open_since])
        return True

    def _may_be_doubtful(self, number: str, created: datetime) -> bool:
        """It may be the call of an attempt in doubt, which is settled first."""
        queries = [
            query_for(each.attempt.sent_at or created) for each in self._in_doubt() if each.lead.number == number
        ]
        return any(query.since <= created <= query.until for query in queries)

    # --- asking

    def _between(
        self, since: datetime, until: datetime, number: str | None, *, guess: bool = False
    ) -> list[CallReport] | None:
        offset = self._offset()
        if offset is None and guess:
            offset = AHEAD
        if offset is None:
            return None
        since, until = (each.replace(tzinfo=None) + offset for each in (since, until))
        found: list[CallReport] = []
        place = 0
        while True:
            if not self._asking():
                return None
            parts = pages(self.world.listed(since, until, number))
            found += parts[place] if place < len(parts) else ()
            place += 1
            if place >= len(parts):
                return found

    def _steady_since(self, at: datetime) -> bool:
        then, now = self._offset(at), self._offset()
        return now is not None and (then is None or abs(now - then) <= STEADY)

    def _offset(self, before: datetime | None = None) -> timedelta | None:
        told = [
            (sent, each.replied_at, each.created)
            for each in self.ledger.dials.values()
            if each.created and each.replied_at and (sent := each.attempt.sent_at) and not (before and sent >= before)
        ]
        if not told:
            return None
        sent, replied, created = max(told)
        return datetime.fromisoformat(created) - (sent + (replied - sent) / 2).replace(tzinfo=None)

    def _asking(self) -> bool:
        """One look-up: its place in the rate, and whether it was answered."""
        while isinstance(wait := self.pace.decide(self.time.steady()), Wait):
            assert wait.until is not None, "the play lets nobody ask while all places are on their way"
            self.time.move_to(wait.until)
        self.pace.sent(self.time.steady())
        failed = self.world.failing()
        if isinstance(failed, LookUpFailed) and failed.limited:
            self._heed(Refusal.LATER, failed.retry_after)
        self.pace.answered(self.time.steady())
        self.ledger.looked.append(self.time.now())
        return failed is None


def _by(allowance: Allowance, skew: timedelta) -> Allowance:
    return replace(allowance, since=allowance.since + skew if allowance.since else None)
