"""What a command ends with: what happened, what to do next, where the files are."""

import asyncio
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from campaign import wiring
from campaign.cli import words
from campaign.cli.console import say, tell
from campaign.cli.places import Found
from campaign.core.lead import LeadState
from campaign.core.records import CampaignRecord
from campaign.engine.run import Ending
from campaign.ports import Insight
from campaign.report.summary import Summary, summary

EXIT = {
    Ending.DONE: 0,
    Ending.PAUSED: 3,
    Ending.STOPPED: 3,
    Ending.IN_DOUBT: 4,
    Ending.ACCOUNT: 5,
    Ending.INTERRUPTED: 130,
}

NEXT = {
    Ending.DONE: "Finished: every lead is done.",
    Ending.PAUSED: "Paused: {reason}. `campaign resume {flags}` goes on.",
    Ending.STOPPED: "Stopped for good.",
    Ending.IN_DOUBT: "Nothing is left to dial, but some calls are in doubt: they may have rung, so they are held "
    "and not called again. `campaign unknown list {flags}` shows them, and when they settle by themselves.",
    Ending.ACCOUNT: "Paused: {reason}. Put it right (credentials, balance, verification), then "
    "`campaign resume {flags}`; no attempt was used up.",
    Ending.INTERRUPTED: "Interrupted; nothing is lost. `campaign resume {flags}` goes on.",
}

REHEARSED = {
    Ending.DONE: "Rehearsed to its end: {when}.",
    Ending.PAUSED: "Paused, {when}: {reason}.",
    Ending.IN_DOUBT: "Nothing is left to dial, {when}, but some calls are in doubt.",
    Ending.ACCOUNT: "Paused, {when}: {reason}.",
    Ending.INTERRUPTED: "Interrupted: {when} in the rehearsal.",
}

STATES = {
    LeadState.PENDING: "not called yet",
    LeadState.RETRY_WAIT: "will be tried again",
    LeadState.IN_FLIGHT: "on the line",
    LeadState.HELD: "held: in doubt",
}


async def finish(still: Insight, found: Found, ending: Ending, out: Path) -> None:
    """The report, and the last words of a run; where it is interrupted, how to have the files all the same."""
    try:
        await _report(still, found.campaign, out, NEXT[ending].format(reason=found.campaign.reason, flags=found.flags))
        tell(f"More: campaign status {found.flags}")
    except (asyncio.CancelledError, KeyboardInterrupt):
        say(f"Interrupted before the files were written; `campaign report {found.flags}` writes them.")
        raise


async def rehearsed(still: Insight, campaign: CampaignRecord, ending: Ending, out: Path, now: datetime) -> None:
    """The report, and the last words of a rehearsal."""
    zone = wiring.policy_of(wiring.stored(campaign)).window.zone
    await _report(still, campaign, out, REHEARSED[ending].format(when=words.moment(now, zone), reason=campaign.reason))
    tell("Nothing else of it is kept.")


async def _report(still: Insight, campaign: CampaignRecord, out: Path, ended: str) -> None:
    from campaign.report.files import write

    policy = wiring.policy_of(wiring.stored(campaign))
    files = await write(
        still,
        campaign,
        out,
        zone=policy.window.zone,
        provider_zone=policy.provider_zone,
        reached_after=policy.reached_after,
    )
    tell("", ended)
    totals(await summary(still, campaign, reached_after=policy.reached_after), simulated=campaign.account.simulated)
    tell("", "Files:", *(f"  {file}" for file in (files.leads, files.attempts, files.rejects, files.summary)))


def totals(counted: Summary, *, simulated: bool) -> None:
    """The figures of `summary.json` that a person wants first."""
    if simulated:
        tell("Simulated: nobody was called.")
    rejects = sum(counted.rejects.values())
    leads = words.many(counted.leads, "lead")
    tell(f"{words.many(counted.lines, 'line')}: {leads}, {words.many(rejects, 'reject')}", "")
    rows = words.outcomes(counted.outcomes)
    rows += [
        ("not called yet", counted.states[LeadState.PENDING]),
        ("will be tried again", counted.states[LeadState.RETRY_WAIT]),
    ]
    rows += [("on the line", counted.states[LeadState.IN_FLIGHT]), ("held: in doubt", counted.states[LeadState.HELD])]
    tell(*(f"  {name:<22}{count:>7}" for name, count in rows if count))
    cost = f"; cost INR {counted.cost}" if counted.cost is not None else ""
    unpriced = f", {counted.not_priced} not priced yet" if counted.not_priced else ""
    tell("", f"  {counted.reached_leads} reached; {words.many(counted.calls, 'call')}{cost}{unpriced}")


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    """Settings that are not the same, as `section.key: old → new`."""
    for section, keys in after.items():
        for key, value in keys.items():
            old = before.get(section, {}).get(key)
            if old != value:
                yield f"{section}.{key}: {old} → {value}"
