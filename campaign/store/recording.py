"""Writing: what happened to attempts. Attempt, lead and next step change in one transaction."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from campaign.core.attempt import Attempt, AttemptId, AttemptState, ResolvedBy
from campaign.core.events import Accepted, Asked, Ended, Event, InDoubt, NotPlaced, Refused, Silent, WrittenOff
from campaign.core.lead import CampaignState, LeadState, Outcome
from campaign.core.lifecycle import FOREIGN, Kept, apply
from campaign.core.policy import Policy
from campaign.core.records import Details, Happened, Recorded, Release
from campaign.core.retry import Decision, Done, Hold, Retry, decide
from campaign.store import tables
from campaign.store.choosing import count_numbers
from campaign.store.claiming import release
from campaign.store.guarding import Watch
from campaign.store.parking import unpark
from campaign.store.rows import (
    ATTEMPT_COLUMNS,
    AnyRow,
    ReadPolicy,
    append_events,
    attempt_of,
    columns_of,
    data_of,
    event_row,
    set_rows,
    these,
)

attempt, lead, campaign, policy_version = tables.attempt, tables.lead, tables.campaign, tables.policy_version

OUTRUN = "the call before was there after all"
STOPPING = {CampaignState.DRAINING, CampaignState.STOPPED}

_TOLD = ("error", "provider_status", "replied_at", "provider_created")
_ATTEMPTS = (
    select(*ATTEMPT_COLUMNS, *(attempt.c[name] for name in _TOLD))
    .where(attempt.c.lead_id.in_(select(attempt.c.lead_id).where(attempt.c.id.in_(these("attempts")))))
    .order_by(attempt.c.attempt_no)
    .with_for_update()
)
"""Those of a commit, with all others of their leads."""
_OWNERS = select(attempt.c.call_sid, attempt.c.id).where(attempt.c.call_sid.in_(these("sids")))
_CAMPAIGNS = (
    select(campaign.c.id, campaign.c.state, policy_version.c.settings)
    .join(
        policy_version,
        (policy_version.c.campaign_id == campaign.c.id) & (policy_version.c.version == campaign.c.policy_version),
    )
    .where(campaign.c.id.in_(these("campaigns")))
)


def record(
    read_policy: ReadPolicy, connection: Connection, happened: Sequence[Happened], *, may_pause: bool = True
) -> list[Recorded]:
    """Apply each event by `core.lifecycle`, decide by `core.retry`. What changes nothing is kept as an event too.

    `may_pause`: the campaign, because of it; not at a start, which would take that pause for one of its people's.
    """
    batch = _Batch(read_policy, connection, happened)
    recorded = [batch.apply(each) for each in happened]
    batch.write()
    if may_pause:
        batch.watch.act()
    return recorded


class _Batch:
    """The attempts of a commit, with their leads and their leads' other attempts, changed in memory, written once."""

    def __init__(self, read_policy: ReadPolicy, connection: Connection, happened: Sequence[Happened]) -> None:
        self.connection = connection
        ids = [each.attempt for each in happened]
        self.rows: dict[int, AnyRow] = {}
        self.history: dict[int, dict[int, Attempt]] = defaultdict(dict)
        for row in connection.execute(_ATTEMPTS, {"attempts": ids}):
            self.rows[row.id] = row
            if row.state != AttemptState.RESERVED:
                self.history[row.lead_id][row.id] = attempt_of(row)
        leads = {row.lead_id for row in self.rows.values()}
        self.owners = self._owners([sid for each in happened if (sid := _names(each.event))])
        self.states, self.policies = _campaigns(
            connection, {row.campaign_id for row in self.rows.values()}, read_policy
        )
        self.numbers = count_numbers(connection, leads)
        self.attempts: dict[int, dict[str, Any]] = {}
        self.leads: dict[int, dict[str, Any]] = {}
        self.settled: set[str] = set()
        self.events: list[dict[str, Any]] = []
        self.watch = Watch(connection, self.policies)

    def apply(self, happened: Happened) -> Recorded:
        row = self.rows[happened.attempt]
        before = self.history[row.lead_id].get(row.id) or attempt_of(row)
        event, foreign = happened.event, self._names_another(happened)
        if foreign and isinstance(event, Accepted) and event.by is ResolvedBy.RESPONSE:
            event, foreign = InDoubt(event.at, "the answer named another call"), False  # it may have rung all the same
        result = Kept(before, FOREIGN) if foreign else apply(before, event)
        if isinstance(result, Kept):
            self._event(row, event, {"kept": result.why})
            self._reply(row, event)
            return Recorded(before, None, kept=result.why)
        if result.corrected:
            self._give_back(row.lead_id, event)
        self.history[row.lead_id][row.id] = result.attempt
        decision = self._decide(row, event)
        self.watch.settled(row.campaign_id, result.attempt, self.history[row.lead_id].values(), event.at)
        self._set(row, columns_of(result.attempt) | _told(event))
        self._reply(row, event)
        if before.alive and not result.attempt.alive:
            self.settled.add(row.number_hash)
        if result.attempt.alive or not isinstance(decision, Hold):  # else a later attempt holds the lead as it is
            self.leads[row.lead_id] = {"target": row.lead_id} | self._next_step(row, event, decision)
        self._event(row, event, {"decision": _words(decision), "corrected": result.corrected or None})
        return Recorded(result.attempt, decision, corrected=result.corrected)

    def _owners(self, sids: Sequence[str]) -> dict[str, int]:
        """Which attempt has which call."""
        return {row.call_sid: row.id for row in self.connection.execute(_OWNERS, {"sids": sids})} if sids else {}

    def _names_another(self, happened: Happened) -> bool:
        sid = _names(happened.event)
        return sid is not None and self.owners.setdefault(sid, happened.attempt) != happened.attempt

    def _give_back(self, of: int, event: Event) -> None:
        """Late truth: a retry that was reserved meanwhile does not leave."""
        ids = select(attempt.c.id).where(attempt.c.lead_id == of, attempt.c.state == AttemptState.RESERVED)
        reserved = self.connection.execute(ids).scalars()
        release(self.connection, [Release(AttemptId(each), None, OUTRUN, event.at) for each in reserved])

    def _decide(self, row: AnyRow, event: Event) -> Decision:
        history, policy = list(self.history[row.lead_id].values()), self.policies[row.campaign_id]
        decision = decide(history, policy, event.at, self.numbers[row.lead_id])
        if isinstance(decision, Retry) and self.states[row.campaign_id] in STOPPING:
            return Done(Outcome.CANCELED, "the campaign was stopped")
        return decision

    def _next_step(self, row: AnyRow, event: Event, decision: Decision) -> dict[str, Any]:
        calls = sum(each.counts for each in self.history[row.lead_id].values())
        return {"place": None, "calls": calls} | self._standing(event, decision, calls)

    def _standing(self, event: Event, decision: Decision, calls: int) -> dict[str, Any]:
        match decision:
            case Done(outcome, why):
                return _lead(LeadState.DONE, why, outcome=outcome, final_at=event.at)
            case Retry(at, why):
                return _lead(LeadState.RETRY_WAIT if calls else LeadState.PENDING, why, due_at=at)
            case Hold(why):
                if isinstance(event, Silent):
                    return _lead(LeadState.HELD, "its end was never told")
                return _lead(LeadState.HELD if isinstance(event, InDoubt | Asked) else LeadState.IN_FLIGHT, why)

    def _set(self, row: AnyRow, values: Mapping[str, Any]) -> None:
        there = {
            "target": row.id,
            "error": row.error,
            "provider_status": row.provider_status,
            "provider_created": row.provider_created,
            "replied_at": row.replied_at,
            **columns_of(attempt_of(row)),
        }
        self.attempts.setdefault(row.id, there).update(values)

    def _reply(self, row: AnyRow, event: Event) -> None:
        """The answer to the request itself, whatever it meant, frees its place in the rate one period later."""
        known = row.replied_at or self.attempts.get(row.id, {}).get("replied_at")
        if isinstance(event, Accepted | Refused | InDoubt) and not known:
            self._set(row, {"replied_at": event.at})

    def _event(self, row: AnyRow, event: Event, more: Mapping[str, Any]) -> None:
        data = data_of(event) | {key: value for key, value in more.items() if value is not None}
        ids = {"campaign_id": row.campaign_id, "lead_id": row.lead_id, "attempt_id": row.id}
        self.events.append(event_row(event.at, _KINDS[type(event)], data=data, number_hash=row.number_hash, **ids))

    def write(self) -> None:
        set_rows(self.connection, attempt, list(self.attempts.values()))
        set_rows(self.connection, lead, list(self.leads.values()))
        append_events(self.connection, self.events)
        if self.settled:
            unpark(self.connection, self.settled, max(event["at"] for event in self.events))


_KINDS: dict[type[Event], str] = {
    Accepted: "accepted",
    Refused: "refused",
    InDoubt: "in_doubt",
    Ended: "ended",
    NotPlaced: "not_placed",
    WrittenOff: "written_off",
    Silent: "silent",
    Asked: "asked",
}


def _names(event: Event) -> str | None:
    """The call an event names."""
    return event.call_sid if isinstance(event, Accepted | Ended) else None


def _told(event: Event) -> dict[str, Any]:
    """What an event tells beyond the attempt's state."""
    match event:
        case Accepted():
            return {"provider_created": event.created or None}
        case Ended():
            return {"provider_status": event.status}
        case Refused() | InDoubt() | WrittenOff():
            return {"error": event.reason}
        case NotPlaced():
            return {"error": event.evidence}
        case _:
            return {}


def _lead(state: LeadState, why: str, **changed: Any) -> dict[str, Any]:
    return {"state": state, "reason": why, "outcome": None, "due_at": None, "final_at": None, **changed}


def _words(decision: Decision) -> dict[str, str]:
    match decision:
        case Done(outcome, why):
            return {"done": outcome, "why": why}
        case Retry(at, why):
            return {"retry": at.isoformat(), "why": why}
        case Hold(why):
            return {"hold": why}


def _campaigns(
    connection: Connection, ids: set[int], read_policy: ReadPolicy
) -> tuple[dict[int, CampaignState], dict[int, Policy]]:
    rows = connection.execute(_CAMPAIGNS, {"campaigns": list(ids)}).all()
    return {row.id: CampaignState(row.state) for row in rows}, {row.id: read_policy(row.settings) for row in rows}


_DETAILS = {
    "duration_sec": "duration_sec",
    "conversation_sec": "conversation_sec",
    "price": "price",
    "recording_url": "recording_url",
    "started": "provider_started",
    "ended": "provider_ended",
}


def add_details(connection: Connection, details: Sequence[Details]) -> list[bool]:
    """True where something new was told. What is known already stays."""
    columns = [attempt.c[name] for name in _DETAILS.values()]
    found = connection.execute(
        select(attempt.c.id, *columns).where(attempt.c.id.in_([each.attempt for each in details])).with_for_update()
    )
    known = {row.id: dict(row._mapping) for row in found}
    changed: dict[int, dict[str, Any]] = {}
    verdicts = []
    for each in details:
        row = known[each.attempt]
        news = {
            column: getattr(each, name)
            for name, column in _DETAILS.items()
            if row[column] is None and getattr(each, name) is not None
        }
        row.update(news)
        if news:
            changed[each.attempt] = {"target": each.attempt, **{name: row[name] for name in _DETAILS.values()}}
        verdicts.append(bool(news))
    set_rows(connection, attempt, list(changed.values()))
    return verdicts
