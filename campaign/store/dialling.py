"""Writing: from a reservation to an attempt that may leave. The guards are asked inside the commit."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from campaign.core import guard, pool
from campaign.core.attempt import Attempt
from campaign.core.events import Sent
from campaign.core.facts import facts
from campaign.core.guard import Facts, Finish, HoldBack, Park, Send, Verdict
from campaign.core.lead import CampaignId, CampaignState, LeadState, NumberHash
from campaign.core.lifecycle import Changed, apply
from campaign.core.numbers import next_number
from campaign.core.records import TEST_CALL, Intent
from campaign.store import tables
from campaign.store.choosing import attempts, count_numbers
from campaign.store.claiming import drop, ids_of, reserved_rows
from campaign.store.rows import (
    ALIVE,
    ATTEMPT_COLUMNS,
    OURS,
    AnyRow,
    append_events,
    attempt_of,
    columns_of,
    data_of,
    event_row,
    set_rows,
    these,
)
from campaign.store.trying import canary_left

attempt, lead, campaign = tables.attempt, tables.lead, tables.campaign
lead_number, stranger = tables.lead_number, tables.stranger

_STATES = select(campaign.c.id, campaign.c.name, campaign.c.state).where(campaign.c.id.in_(these("campaigns")))
_PAUSED = (
    select(lead_number.c.number_hash)
    .join(lead, lead.c.id == lead_number.c.lead_id)
    .join(campaign, campaign.c.id == lead.c.campaign_id)
    .where(lead_number.c.number_hash.in_(these("numbers")), lead.c.state != LeadState.DONE)
    .where(campaign.c.state == CampaignState.PAUSED)
)
_FIRST, _LAST = bindparam("first", type_=tables.Instant), bindparam("last", type_=tables.Instant)
_ALIVE = attempt.c.account_id.in_(these("accounts")), ALIVE
_CALLER = func.coalesce(attempt.c.caller_id, "").label("caller")
CHANNELS = (
    select(attempt.c.account_id, _CALLER, func.count().label("calls"))
    .where(*_ALIVE, attempt.c.latest_end > _LAST)
    .group_by(attempt.c.account_id, _CALLER)
)
"""Calls that are alive at the instant of each intent."""
_ENDING = select(attempt.c.account_id, _CALLER, attempt.c.latest_end).where(
    *_ALIVE, attempt.c.latest_end > _FIRST, attempt.c.latest_end <= _LAST
)
"""The few that may end between the first and the last."""
_CALLERS = (
    select(attempt.c.lead_id, attempt.c.caller_id)
    .where(attempt.c.lead_id.in_(these("leads")), attempt.c.caller_id.is_not(None))
    .order_by(attempt.c.attempt_no)
)
_SINCE = bindparam("since", type_=tables.Instant)
_CALLS = (
    select(*ATTEMPT_COLUMNS)
    .where(
        attempt.c.number_hash.in_(these("numbers")),
        (attempt.c.sent_at > _SINCE) | (attempt.c.ended_at > _SINCE) | ALIVE,
    )
    .order_by(attempt.c.sent_at)
)
_STRANGERS = (
    select(stranger.c.number_hash, stranger.c.created_at)
    .where(stranger.c.number_hash.in_(these("numbers")), stranger.c.created_at > _SINCE, ~OURS)
    .order_by(stranger.c.created_at)
)


def begin_sending(connection: Connection, intents: Sequence[Intent]) -> list[Verdict]:
    """`reserved` becomes `sending` where the guards allow it; whoever gets `Send` owns the attempt."""
    rows = {row.id: row for row in reserved_rows(connection, [each.attempt for each in intents])}
    ledger = _Facts(connection, list(rows.values()), intents)
    verdicts: list[Verdict] = []
    for intent in intents:
        row = rows.pop(intent.attempt, None)
        if row is None:
            verdicts.append(HoldBack(guard.Why.GONE))
            continue
        verdict = guard.may_send(ledger.of(row, intent), intent.policy, intent.at)
        if isinstance(verdict, Send):
            ledger.send(row, intent, verdict.caller_id)
        elif isinstance(verdict, Finish):
            ledger.finish(row, intent, verdict)
        elif isinstance(verdict, Park):
            ledger.park(row, intent, verdict)
        verdicts.append(verdict)
    ledger.write()
    return verdicts


class _Facts:
    """What the guards ask about, read once for a whole batch and kept true while it is decided."""

    def __init__(self, connection: Connection, rows: Sequence[AnyRow], intents: Sequence[Intent]) -> None:
        self.connection = connection
        leads = {row.lead_id for row in rows}
        first, self.last = min(each.at for each in intents), max(each.at for each in intents)
        self.history, self.numbers = attempts(connection, leads), count_numbers(connection, leads)
        self.states = self._states({row.campaign_id for row in rows})
        self.paused = {
            each: self._paused({row.number_hash for row in rows if row.campaign_id == each}) for each in self.tests
        }
        self.used: dict[int, Counter[str]] = defaultdict(Counter)
        self.ending: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
        self._channels({row.account_id for row in rows}, first)
        since = first - max(guard.DAY, *(each.policy.min_gap for each in intents))
        self.callers = self._callers(leads)
        self.canaries = {
            row.campaign_id: canary_left(connection, CampaignId(row.campaign_id), intent.policy, intent.at)
            for row in rows
            for intent in intents
            if intent.attempt == row.id
        }
        self.calls: dict[str, list[Attempt]] = defaultdict(list)
        self.strangers: dict[str, list[datetime]] = defaultdict(list)
        self._numbers({row.number_hash for row in rows}, since)
        self.sent: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.finished: list[dict[str, Any]] = []
        self.dropped: list[int] = []

    def of(self, row: AnyRow, intent: Intent) -> Facts:
        history = self.history[row.lead_id]
        used = self.used[row.account_id] + Counter(
            caller for end, caller in self.ending[row.account_id] if end > intent.at
        )
        return facts(
            self.states[row.campaign_id],
            history,
            self.calls[row.number_hash],
            self.strangers[row.number_hash],
            channels_used=used.total(),
            choice=next_number(history, self.numbers[row.lead_id], intent.policy),
            callers_used=used,
            caller=self.callers.get(row.lead_id),
            luck=pool.luck(NumberHash(row.number_hash)),
            paused_elsewhere=row.number_hash in self.paused.get(row.campaign_id, ()),
            canary_left=self.canaries[row.campaign_id],
        )

    def send(self, row: AnyRow, intent: Intent, caller_id: str) -> None:
        latest_end = intent.at + intent.policy.longest_call
        event = Sent(intent.at, latest_end)
        after = apply(attempt_of(row), event)
        assert isinstance(after, Changed), "a reserved attempt can be sent"
        self.history[row.lead_id].append(after.attempt)
        if latest_end > self.last:
            self.used[row.account_id][caller_id] += 1
        else:
            self.ending[row.account_id].append((latest_end, caller_id))
        self.callers[row.lead_id] = caller_id
        if (left := self.canaries[row.campaign_id]) is not None:
            self.canaries[row.campaign_id] = left - 1
        self.calls[row.number_hash].append(after.attempt)
        self.sent.append(
            columns_of(after.attempt)
            | {
                "policy_version": intent.policy_version,
                "caller_id": caller_id,
                "flow_url": intent.policy.flow_url,
            }
        )
        data = data_of(event) | {"policy": intent.policy_version}
        self.events.append(event_row(intent.at, "sent", campaign_id=row.campaign_id, data=data, **ids_of(row)))

    def park(self, row: AnyRow, intent: Intent, verdict: Park) -> None:
        self._drop(row, intent, "parked", _lead_values(LeadState.HELD, verdict.why), {"why": verdict.why})

    def finish(self, row: AnyRow, intent: Intent, verdict: Finish) -> None:
        done = _lead_values(LeadState.DONE, verdict.why, outcome=verdict.outcome, final_at=intent.at)
        self._drop(row, intent, "finished", done, {"outcome": verdict.outcome, "why": verdict.why})

    def _drop(
        self, row: AnyRow, intent: Intent, kind: str, lead_values: Mapping[str, Any], data: Mapping[str, Any]
    ) -> None:
        """The reservation is gone; its lead stands as told."""
        self.dropped.append(row.id)
        self.finished.append({"target": row.lead_id, **lead_values})
        self.events.append(event_row(intent.at, kind, campaign_id=row.campaign_id, data=data, **ids_of(row)))

    def write(self) -> None:
        set_rows(self.connection, attempt, self.sent)
        set_rows(self.connection, lead, self.finished)
        drop(self.connection, self.dropped)
        append_events(self.connection, self.events)

    def _states(self, campaigns: Iterable[int]) -> dict[int, CampaignState]:
        rows = self.connection.execute(_STATES, {"campaigns": list(campaigns)}).all()
        self.tests = [row.id for row in rows if row.name.startswith(TEST_CALL)]
        return {row.id: CampaignState(row.state) for row in rows}

    def _paused(self, hashes: Iterable[str]) -> set[str]:
        """Those of the numbers that wait in a paused campaign: nobody of it is called, by a test call neither."""
        return set(self.connection.execute(_PAUSED, {"numbers": list(hashes)}).scalars())

    def _channels(self, accounts: Iterable[int], first: datetime) -> None:
        """Calls alive, by account and caller id; apart from them those that may end before the last intent."""
        alive = {"accounts": list(accounts), "first": first, "last": self.last}
        for row in self.connection.execute(CHANNELS, alive):
            self.used[row.account_id][row.caller] = row.calls
        for row in self.connection.execute(_ENDING, alive) if first < self.last else ():
            self.ending[row.account_id].append((row.latest_end, row.caller))

    def _callers(self, leads: Iterable[int]) -> dict[int, str]:
        """From where each lead was called last."""
        rows = self.connection.execute(_CALLERS, {"leads": list(leads)})
        return {row.lead_id: row.caller_id for row in rows}

    def _numbers(self, hashes: Iterable[str], since: datetime) -> None:
        for row in self.connection.execute(_CALLS, {"numbers": list(hashes), "since": since}):
            self.calls[row.number_hash].append(attempt_of(row))
        self._strangers(hashes, since)

    def _strangers(self, hashes: Iterable[str], since: datetime) -> None:
        """Calls to these numbers from our caller ids that no attempt made count like our own."""
        for row in self.connection.execute(_STRANGERS, {"numbers": list(hashes), "since": since}):
            self.strangers[row.number_hash].append(row.created_at)


def _lead_values(state: LeadState, why: str, **changed: Any) -> dict[str, Any]:
    return {"state": state, "reason": why, "outcome": None, "due_at": None, "final_at": None, **changed}
