"""The model's steps: dialling, callbacks, and what people do; `simulation_asking` holds those that ask."""

from collections import deque
from dataclasses import replace
from datetime import datetime

from campaign.core.attempt import Attempt, AttemptState, CallSid, Disposition, Refusal, ResolvedBy
from campaign.core.events import InDoubt, Refused, WrittenOff
from campaign.core.guard import Finish, HoldBack, Park, Why
from campaign.core.lead import CampaignState, Outcome
from campaign.core.window import Over, Shut
from tests.builders import seconds
from tests.prove.simulation_asking import Asking
from tests.prove.simulation_model import Dial, meaning
from tests.prove.simulation_plan import Plan
from tests.prove.simulation_world import FINAL, NEVER_LEFT, Request, Told, World

STOPPED = "the campaign was stopped"
ASK_AGAIN = seconds(5)
LOW_WATER, HIGH_WATER = 50, 200


class Model(Asking):
    """A `simulation_play.Side`."""

    def __init__(self, plan: Plan, world: World) -> None:
        super().__init__(plan, world)
        self.queue: deque[Dial] = deque()

    # --- starts and people

    def start(self) -> None:
        """A process dies, if there was one, and another takes up what is on disk."""
        self._forget()
        self.queue.clear()
        self.ledger.recover()
        now = self.time.now()
        self.pace.restore([at - self.time.skew for at in self.ledger.recent()], self.time.steady())
        self.read()
        self._polled_at = now
        self._poll(self._accepted())

    def change_policy(self) -> None:
        self.ledger.policy = self.plan.policies[1]

    def pause(self) -> None:
        self._move(CampaignState.RUNNING, CampaignState.PAUSED)
        self._give_back()

    def resume(self) -> None:
        self._move(CampaignState.PAUSED, CampaignState.RUNNING)

    def _move(self, before: CampaignState, after: CampaignState) -> None:
        self.ledger.states = [after if each is before else each for each in self.ledger.states]

    def stop(self) -> None:
        """The first campaign, for good."""
        self.ledger.states[0] = CampaignState.DRAINING
        self._give_back()
        self.ledger.close_rest(0, Outcome.CANCELED, STOPPED)

    def _give_back(self) -> None:
        while self.queue:
            self.ledger.release(self.queue.popleft(), None, "next in line")

    def running(self, campaign: int) -> bool:
        return self.ledger.states[campaign] is CampaignState.RUNNING

    def write_off(self) -> None:
        """Everything that is held."""
        for dial in list(self.ledger.alive.values()):
            if dial.attempt.state is AttemptState.UNKNOWN or dial.token in self._silent:
                self.ledger.record(dial, WrittenOff(self.time.now(), "nobody knows"))

    # --- dialling

    def claim(self, campaign: int) -> datetime | None:
        if len(self.queue) > LOW_WATER:
            return None
        match self.policy.window.at(now := self.time.now(), self.policy.ring_timeout):
            case Shut(until, _):
                return until
            case Over(why):
                self.ledger.close_rest(campaign, Outcome.EXPIRED, why)
                return None
            case _:
                claimed = self.ledger.claim(campaign, HIGH_WATER - len(self.queue))
                self.queue.extend(claimed)
                if not claimed:
                    return self.ledger.next_due(campaign)
                return None if len(self.queue) > LOW_WATER else now

    def waiting(self) -> int:
        return len(self.queue)

    def channel_free_at(self) -> datetime | None:
        """None: there is one."""
        now = self.time.now()
        ends = [dial.attempt.latest_end for dial in self.ledger.alive.values() if dial.attempt.latest_end]
        used = [end for end in ends if end > now]
        return min(used) if len(used) >= self.policy.channels else None

    def dial(self, *, leaves: bool = True) -> Request | None:
        """The first in the queue: the request that left, or would have."""
        dial, now = self.queue.popleft(), self.time.now()
        opening = self.policy.window.at(now, self.policy.ring_timeout)
        if isinstance(opening, Shut):
            self.ledger.release(dial, opening.until, opening.why)
            return None
        self.pace.sent(self.time.steady())
        match self.ledger.begin(dial, self.policy):
            case HoldBack(why, until):
                self.pace.withdrawn(self.time.steady())
                self.world.happened[f"held back: {why}"] += 1
                again = until or (now + ASK_AGAIN if why is Why.CHANNELS else None)
                self.ledger.release(dial, again, why)
                return None
            case Finish() | Park():
                self.pace.withdrawn(self.time.steady())
                return None
            case _:
                return self.world.post(dial.token, dial.lead.number, self.policy, leaves=leaves)

    def answer(self, request: Request) -> None:
        now, dial = self.time.now(), self.ledger.dials[request.token]
        event = request.answer(now)
        if isinstance(event, Refused):
            self._heed(event.refusal, event.retry_after)
        if request.fault in NEVER_LEFT:
            self.pace.withdrawn(self.time.steady())
        else:
            self.pace.answered(self.time.steady())
        if isinstance(event, InDoubt) and event.server_error:
            event = replace(event, latest_end=now + self.policy.longest_ring)
        self.ledger.record(dial, event)

    # --- callbacks

    def receive(self, token: str, told: Told) -> bool:
        return not told.forged and self.ledger.keep(token, told)

    def read(self) -> None:
        while self.ledger.unread:
            letter = self.ledger.unread.popleft()
            if letter.told.status not in FINAL:
                self._wanted.add(letter.dial.token)
            if event := meaning(letter.told, letter.at):
                self.ledger.record(letter.dial, event)

    def snapshot(self) -> tuple[list[object], list[object]]:
        """What must be the same in the real ledger."""
        leads: list[object] = [(row.state, row.outcome, row.reason) for row in self.ledger.rows]
        attempts: list[object] = [
            (row.id, dial.no, *told(dial.attempt)) for row in self.ledger.rows for dial in row.dials
        ]
        return leads, attempts


def told(
    attempt: Attempt,
) -> tuple[AttemptState, Disposition | None, Refusal | None, CallSid | None, ResolvedBy | None]:
    return attempt.state, attempt.disposition, attempt.refusal, attempt.call_sid, attempt.resolved_by
