"""Writing: campaigns, their policies, their state; and what a start has to clear up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from campaign.core.allowance import Allowance
from campaign.core.attempt import AttemptId, AttemptState
from campaign.core.lead import CampaignId, CampaignState, LeadState, Outcome
from campaign.core.policy import Rate
from campaign.core.records import Account, AccountId, CampaignRecord, Release
from campaign.store import tables
from campaign.store.claiming import release
from campaign.store.parking import PARKED
from campaign.store.rows import AnyRow, append_events, event_row

WAITING = [LeadState.PENDING, LeadState.RETRY_WAIT]
campaign, account, policy = tables.campaign, tables.account, tables.policy_version

CAMPAIGNS = (
    select(
        campaign,
        account.c.base_url,
        account.c.account_sid,
        account.c.simulated,
        policy.c.settings,
    )
    .join(account, campaign.c.account_id == account.c.id)
    .join(policy, (policy.c.campaign_id == campaign.c.id) & (policy.c.version == campaign.c.policy_version))
    .order_by(campaign.c.id)
)


@dataclass(frozen=True, slots=True)
class NewCampaign:
    name: str
    account: Account
    settings: Mapping[str, object]
    now: datetime


@dataclass(frozen=True, slots=True)
class NewPolicy:
    campaign: CampaignId
    settings: Mapping[str, object]
    now: datetime


@dataclass(frozen=True, slots=True)
class Move:
    campaign: CampaignId
    state: CampaignState
    reason: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    campaign: CampaignId
    outcome: Outcome
    why: str
    now: datetime


def record_of(row: AnyRow) -> CampaignRecord:
    return CampaignRecord(
        id=CampaignId(row.id),
        name=row.name,
        account=Account(row.base_url, row.account_sid, row.simulated),
        account_id=AccountId(row.account_id),
        state=CampaignState(row.state),
        reason=row.reason,
        created_at=row.created_at,
        policy_version=row.policy_version,
        settings=row.settings,
        finished_at=row.finished_at,
        tried_out=bool(row.tried_out),
    )


def open_campaigns(connection: Connection, wanted: Sequence[NewCampaign]) -> list[CampaignRecord]:
    return [_open(connection, each) for each in wanted]


def _open(connection: Connection, new: NewCampaign) -> CampaignRecord:
    there = connection.execute(CAMPAIGNS.where(campaign.c.name == new.name)).one_or_none()
    if there is None:
        values = {
            "name": new.name,
            "account_id": _account(connection, new.account),
            "state": CampaignState.DRAFT,
            "reason": "",
            "policy_version": 1,
            "created_at": new.now,
        }
        made = connection.execute(insert(campaign).values(values).returning(campaign.c.id)).scalar_one()
        _add_version(connection, made, 1, new.settings, new.now)
        append_events(connection, [event_row(new.now, "campaign", campaign_id=made, data={"name": new.name})])
        there = connection.execute(CAMPAIGNS.where(campaign.c.id == made)).one()
    return record_of(there)


def _account(connection: Connection, wanted: Account) -> int:
    named = {"base_url": wanted.base_url, "account_sid": wanted.account_sid, "simulated": wanted.simulated}
    there: int | None = connection.execute(select(account.c.id).filter_by(**named)).scalar_one_or_none()
    return there or connection.execute(insert(account).values(named).returning(account.c.id)).scalar_one()


def note_allowances(connection: Connection, noted: Sequence[tuple[AccountId, Allowance]]) -> list[None]:
    for of, each in noted:
        told = [each.told.requests, each.told.period.total_seconds()] if each.told else None
        kept = {"told": told, "percent": each.percent, "since": each.since and each.since.isoformat()}
        connection.execute(update(account).where(account.c.id == of).values(allowance=kept))
    return [None] * len(noted)


def allowance_of(kept: Mapping[str, Any] | None) -> Allowance:
    """As `note_allowances` keeps it; the whole rate where nothing was noted."""
    if not kept:
        return Allowance()
    told = Rate(kept["told"][0], timedelta(seconds=kept["told"][1])) if kept["told"] else None
    return Allowance(told, kept["percent"], datetime.fromisoformat(kept["since"]) if kept["since"] else None)


def add_policies(connection: Connection, wanted: Sequence[NewPolicy]) -> list[int]:
    return [_add_policy(connection, each) for each in wanted]


def _add_policy(connection: Connection, new: NewPolicy) -> int:
    there = connection.execute(CAMPAIGNS.where(campaign.c.id == new.campaign)).one()
    newest: int = there.policy_version
    if there.settings != new.settings:
        newest += 1
        _add_version(connection, new.campaign, newest, new.settings, new.now)
        connection.execute(update(campaign).where(campaign.c.id == new.campaign).values(policy_version=newest))
    return newest


def _add_version(connection: Connection, of: int, version: int, settings: Mapping[str, object], now: datetime) -> None:
    connection.execute(insert(policy).values(campaign_id=of, version=version, settings=dict(settings), created_at=now))
    append_events(connection, [event_row(now, "policy", campaign_id=of, data={"version": version})])


_FINAL = {CampaignState.DRAINING: CampaignState.STOPPED, CampaignState.STOPPED: CampaignState.STOPPED}
_ENDED = {CampaignState.COMPLETED, CampaignState.STOPPED, CampaignState.FAILED}


def move(connection: Connection, moves: Sequence[Move]) -> list[CampaignState]:
    """The states before. What was stopped for good stays so: `draining` goes to `stopped` and nowhere else."""
    return [_move(connection, each) for each in moves]


def _move(connection: Connection, wanted: Move) -> CampaignState:
    before = CampaignState(
        connection.execute(
            select(campaign.c.state).where(campaign.c.id == wanted.campaign).with_for_update()
        ).scalar_one()
    )
    if before in _FINAL and wanted.state is not _FINAL[before]:
        return before  # stopping for good is not taken back, whoever comes later
    if before is not wanted.state or wanted.reason:
        values = {
            "state": wanted.state,
            "reason": wanted.reason,
            "finished_at": wanted.now if wanted.state in _ENDED else None,
        }
        if wanted.state is CampaignState.RUNNING and before is not wanted.state:
            values["last_ends"] = None  # whoever goes on after a pause has looked: counted anew
        connection.execute(update(campaign).where(campaign.c.id == wanted.campaign).values(values))
        data = {"from": before, "to": wanted.state, "reason": wanted.reason}
        append_events(connection, [event_row(wanted.now, "moved", campaign_id=wanted.campaign, data=data)])
    return before


def close_rest(connection: Connection, closings: Sequence[Closing]) -> list[int]:
    """Every lead that waits is done; reservations are given back first."""
    return [_close_rest(connection, each) for each in closings]


def _close_rest(connection: Connection, closing: Closing) -> int:
    lead, attempt = tables.lead, tables.attempt
    ids = select(attempt.c.id).where(
        attempt.c.campaign_id == closing.campaign, attempt.c.state == AttemptState.RESERVED
    )
    reserved = connection.execute(ids).scalars()
    release(connection, [Release(AttemptId(each), None, closing.why, closing.now) for each in reserved])
    waiting = lead.c.state.in_(WAITING) | PARKED
    values = {
        "state": LeadState.DONE,
        "outcome": closing.outcome,
        "reason": closing.why,
        "due_at": None,
        "final_at": closing.now,
    }
    closed = connection.execute(
        update(lead).where(lead.c.campaign_id == closing.campaign, waiting).values(values).returning(lead.c.id)
    ).scalars()
    data = {"outcome": closing.outcome, "why": closing.why}
    rows = [
        event_row(closing.now, "finished", campaign_id=closing.campaign, lead_id=each, data=data) for each in closed
    ]
    append_events(connection, rows)
    return len(rows)
