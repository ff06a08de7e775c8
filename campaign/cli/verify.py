"""`campaign verify`: a figure for each thing that was checked, and the first breach of each kind."""

import asyncio
import sys
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from campaign import wiring
from campaign.cli import words
from campaign.cli.console import tell
from campaign.cli.places import Found, everything, find
from campaign.cli.results import STATES
from campaign.core.checks import Check
from campaign.errors import UsageError
from campaign.settings import load

PARTS: dict[str, str] = {
    **{str(state): plain for state, plain in STATES.items()},
    **{str(outcome): plain for outcome, plain in words.OUTCOMES.items()},
}
OF_ATTEMPTS = PARTS | {
    "reserved": "next in line",
    "sending": "being sent",
    "accepted": "on the line",
    "unknown": "in doubt",
    "refused": "refused",
    "not_placed": "never placed",
    "written_off": "written off",
}
BROKEN = 1


def verify_campaigns(name: str | None, *, provider: bool, simulate: bool, config: Path | None, db: Path | None) -> None:
    """Exits with 1 if anything is broken."""

    async def go() -> list[Check]:
        checks: list[Check] = []
        for group in await _wanted(name, simulate=simulate, config=config, db=db):
            checks += await _by_itself(group)
            checks += await _with_provider(group) if provider else []
        return checks

    broken = [check for check in asyncio.run(go()) if check.breaches]
    tell("", f"BROKEN: {', '.join(check.what for check in broken)}." if broken else "Everything holds.")
    sys.exit(BROKEN if broken else 0)


async def _wanted(name: str | None, *, simulate: bool, config: Path | None, db: Path | None) -> list[list[Found]]:
    """The campaign of that name, or all there are; by database."""
    if name:
        return [[await find(name, simulate=simulate, config=config, db=db)]]
    found = [each for each in await everything(load(config, db), db) if each.simulated or not simulate]
    if not found:
        raise UsageError("There is no campaign to verify.", "`campaign run LEADS.csv` makes one.")
    return [list(group) for _, group in groupby(found, lambda each: each.database)]


async def _by_itself(group: Sequence[Found]) -> list[Check]:
    """From the database alone, on one snapshot, beside any owner."""
    checks: list[Check] = []
    async with wiring.auditing(group[0].database) as audit:
        for found in group:
            tell("", f"{found.campaign.name}{' (simulated)' if found.simulated else ''}")
            checks += _shown(await audit.of_campaign(found.campaign.id))
        tell("", str(group[0].database))
        checks += _shown(await audit.of_database())
    return checks


async def _with_provider(group: Sequence[Found]) -> list[Check]:
    """Against the provider's own list. Raises Occupied where another process holds the database or the account."""
    checks: list[Check] = []
    loaded, simulation = group[0].loaded, wiring.Simulation() if group[0].simulated else None
    async with wiring.owning(loaded, group[0].database, make=False, simulation=simulation) as house:
        for found in group:
            tell("", f"{found.campaign.name}: the provider's list")
            checks += _shown(await wiring.compared(house, found.campaign))
    return checks


def _shown(checks: Sequence[Check]) -> Sequence[Check]:
    for check in checks:
        tell(f"  {check.what:<20}{check.count:>9}  {_holds(check):<68}  {_verdict(check)}")
        if check.breaches:
            tell(f"      first: {check.first}")
    return checks


def _holds(check: Check) -> str:
    plain = OF_ATTEMPTS if check.what == "attempts" else PARTS
    parts = [f"{count} {plain.get(part, part)}" for part, count in check.parts.items() if count]
    return f"{check.holds}: {' + '.join(parts)}" if parts else check.holds


def _verdict(check: Check) -> str:
    return f"BROKEN ({check.breaches})" if check.breaches else "ok"
