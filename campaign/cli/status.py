"""`campaign status` and `campaign list`."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from campaign import wiring
from campaign.cli import words
from campaign.cli.console import tell
from campaign.cli.places import FINISHED, Found, everything, find
from campaign.core.breaker import replayed
from campaign.core.forecast import Forecast, ahead
from campaign.core.lead import CampaignState, LeadState
from campaign.core.policy import Policy
from campaign.core.records import Owner, StrangerRecord
from campaign.core.tally import Tally
from campaign.core.window import Shut, Window
from campaign.settings import load

STATES = {
    CampaignState.DRAFT: "not started",
    CampaignState.SCHEDULED: "scheduled",
    CampaignState.RUNNING: "running",
    CampaignState.PAUSED: "paused",
    CampaignState.DRAINING: "stopping",
    CampaignState.COMPLETED: "finished",
    CampaignState.STOPPED: "stopped",
    CampaignState.FAILED: "failed",
}


def show_status(name: str | None, *, as_json: bool, simulate: bool, config: Path | None, db: Path | None) -> None:
    """One campaign."""

    async def go() -> None:
        found = await find(name, simulate=simulate, config=config, db=db)
        async with wiring.reading(found.database) as books, books.snapshot() as still:
            tally = await still.tally(found.campaign.id)
            strangers = await still.strangers(found.campaign.account_id)
            allowance = await still.allowance(found.campaign.account_id)
            replies = await still.replies(found.campaign.account_id)
            course = await still.course(found.campaign.id)
            now = await wiring.today(still, simulated=found.simulated)
        owner = wiring.owner_of(found.database)
        policy = wiring.policy_of(wiring.stored(found.campaign))
        breaker = replayed(policy.breaker, replies, now)
        expected = None if found.campaign.state in FINISHED else ahead(tally, course, policy, now)
        if as_json:
            shown = _for_programs(found, tally, owner, len(strangers), expected)
            shown |= {"rate": str(allowance.of(policy.rate, now)), "trying_again_at": _text(breaker.until)}
            tell(json.dumps(shown, indent=2))
        else:
            _for_people(found, tally, owner, policy, now)
            _say_forecast(expected, policy.window, now, owner)
            tell(*words.slower(allowance, policy, now), *words.no_answers(breaker, policy.window.zone, now))
            _say_strangers(found, strangers)

    asyncio.run(go())


def show_list(*, config: Path | None, db: Path | None) -> None:
    """All campaigns."""

    async def go() -> None:
        for found in await everything(load(config, db), db):
            if found.campaign.test_call:
                continue
            async with wiring.reading(found.database) as books:
                tally = await books.tally(found.campaign.id)
            state = _state(found, wiring.owner_of(found.database))
            simulated = "  simulated" if found.simulated else ""
            tell(f"{found.campaign.name:<24}{state:<14}{tally.total:>8} leads  {tally.left:>8} left{simulated}")

    asyncio.run(go())


def _for_programs(
    found: Found, tally: Tally, owner: Owner | None, strangers: int, expected: Forecast | None
) -> dict[str, object]:
    return {
        "name": found.campaign.name,
        "state": found.campaign.state,
        "simulated": found.simulated,
        "leads": {"total": tally.total} | {str(state): tally.states.get(state, 0) for state in LeadState},
        "outcomes": dict(tally.outcomes),
        "attempts": tally.attempts,
        "unknown": tally.in_doubt,
        "strangers": strangers,
        "waiting": dict(tally.waiting),
        "next_at": _text(tally.next_at),
        "finishing": _text(expected.finishing) if expected else None,
        "latest": _text(expected.latest) if expected else None,
        "running": {"pid": owner.pid, "since": owner.since.isoformat()} if owner else None,
    }


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _state(found: Found, owner: Owner | None) -> str:
    if found.campaign.state is CampaignState.RUNNING and owner is None:
        return "interrupted"
    return STATES[found.campaign.state]


def _for_people(found: Found, tally: Tally, owner: Owner | None, policy: Policy, now: datetime) -> None:
    campaign, zone = found.campaign, policy.window.zone
    why = f": {campaign.reason}" if campaign.reason else ""
    tell(f"{campaign.name}: {_state(found, owner)}{why}{' (simulated: nobody is called)' if found.simulated else ''}")
    if owner:
        tell(f"  process {owner.pid} holds the database, since {words.moment(owner.since, zone)}")
    leads = words.many(tally.total, "lead")
    tell(f"  {leads}, {tally.done} done, {tally.left} left; {words.many(tally.attempts, 'call')} so far")
    if tally.outcomes:
        tell("", *(f"  {name:<22}{count:>7}" for name, count in words.outcomes(tally.outcomes)))
    if tally.waiting:
        tell("", "  still to do:", *(f"  {count:>7}  {reason}" for reason, count in tally.waiting.items()))
    if tally.in_doubt:
        tell("", f"  {tally.in_doubt} in doubt: they may have rung, so they are held and not called again")
        tell(f"  `campaign unknown list {found.flags}` shows them, and when they settle by themselves")
    if tally.next_at:
        opening = policy.window.at(max(now, tally.next_at), policy.ring_timeout)
        due = f"  the next call is due {words.moment(tally.next_at, zone)}"
        if isinstance(opening, Shut):
            due = f"  {opening.why}: calling goes on {words.moment(opening.until, zone)}"
        tell("", due)
    if owner is None and tally.left:
        tell(f"  nobody is dialling; `campaign resume {found.flags}` goes on")


def _say_forecast(expected: Forecast | None, window: Window, now: datetime, owner: Owner | None) -> None:
    if expected:
        going_on = "" if owner else "if it goes on now: "
        tell(f"  {going_on}{words.finishing(expected, window, now)}", f"  ({words.going_by(expected)})")


def _say_strangers(found: Found, strangers: Sequence[StrangerRecord]) -> None:
    """Calls from the account's caller ids that no attempt made, newest first."""
    if strangers:
        zone = wiring.policy_of(wiring.stored(found.campaign)).window.zone
        last = words.moment(strangers[0].created_at, zone)
        calls = words.many(len(strangers), "call")
        tell("", f"  {calls} from your number that nobody here made, the last {last}; counted for whoever was called")
        tell("  `campaign explain NUMBER` tells of them; `campaign list` shows what else is dialled from here")
