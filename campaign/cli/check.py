"""`campaign check`: what a list is and what running it would come to. Dials nothing and writes nothing."""

import asyncio
import json
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaign import wiring
from campaign.cli import listing, progress, words
from campaign.cli.console import tell
from campaign.cli.places import name_of
from campaign.core.policy import Policy
from campaign.core.records import RejectReason
from campaign.engine.clock import RealClock
from campaign.intake import Form, Sheet
from campaign.settings import Settings, load

if TYPE_CHECKING:  # it loads the database: only when something runs
    from campaign.wiring import Checked

REFUSED = 2


def check_list(
    leads: Path, form: Form, name: str | None, *, as_json: bool, config: Path | None, db: Path | None
) -> None:
    """Exits with 2 where the list would not be loaded."""
    loaded = load(config, db)
    database = loaded.secrets.campaign_db
    there = database.exists()

    async def go() -> int:
        async with AsyncExitStack() as stack:
            known, settings = None, loaded.settings
            if there:
                books = await stack.enter_async_context(wiring.reading(database))
                same = [each for each in await books.campaigns() if each.name == (name or name_of(leads))]
                settings = wiring.stored(same[0]) if same else settings
                known = wiring.Known(books, wiring.key_of(loaded, database), same[0] if same else None)
            with progress.opening():
                sheet = wiring.sheet_of(leads, settings, form)
            with progress.loading(sheet.size) as watch:
                checked = await wiring.checked(sheet, settings, known, watch.advance)
        if as_json:
            tell(json.dumps(_for_programs(sheet, checked, settings), indent=2))
        else:
            _for_people(sheet, checked, settings)
        return REFUSED if checked.refusal else 0

    sys.exit(asyncio.run(go()))


def _for_people(sheet: Sheet, checked: "Checked", settings: Settings) -> None:
    policy, now = wiring.policy_of(settings), RealClock().now()
    listing.describe(sheet, checked.taken, settings, tell)
    tell(*_rejects(checked))
    if checked.taken.new:
        tell(f"  {listing.reasons(checked.kinds)}; {listing.reasons(checked.countries)}")
        tell(*(f"  {count} of them are leads of {name} too" for name, count in checked.elsewhere.items()))
        expected = listing.outlook(checked.taken.new, checked.taken.waiting, checked.course, policy, now)
        tell(*(f"  {line}" for line in words.forecast(expected, policy.window, now)))
        longest = words.duration(policy.rate.interval * expected.calls_at_most)
        tell(f"  {longest} of calling at {policy.rate}, if every call is needed")
    if checked.refusal:
        tell(f"It would not be loaded: {checked.refusal.message}", f"  {checked.refusal.hint}")
    tell("Nothing was loaded, nobody is called.")


def _rejects(checked: "Checked") -> Iterator[str]:
    """Each reason with how often, and the first lines that have it."""
    for reason, count in checked.taken.rejects.items():
        yield f"  {count} {reason.replace('_', ' ')}:"
        for line in checked.examples.get(RejectReason(reason), ()):
            yield f"    line {line.source_line}, “{line.value[:40]}”: {line.suggestion}"


def _for_programs(sheet: Sheet, checked: "Checked", settings: Settings) -> dict[str, Any]:
    policy: Policy = wiring.policy_of(settings)
    taken = checked.taken
    expected = listing.outlook(taken.new, taken.waiting, checked.course, policy, RealClock().now())
    return {
        "file": sheet.file_name,
        "read_as": sheet.told,
        "columns": list(sheet.header),
        "phone_columns": list(sheet.phone_columns),
        "why": sheet.why_column,
        "lines": taken.lines,
        "new": taken.new,
        "known": taken.known,
        "changed": taken.changed,
        "rejects": dict(taken.rejects),
        "examples": {
            reason: [{"line": line.source_line, "value": line.value, "suggestion": line.suggestion} for line in some]
            for reason, some in checked.examples.items()
        },
        "passed_over": dict(taken.passed_over),
        "kinds": dict(checked.kinds.most_common()),
        "countries": dict(checked.countries.most_common()),
        "elsewhere": dict(checked.elsewhere),
        "calls": expected.calls,
        "calls_at_most": expected.calls_at_most,
        "finishing": expected.finishing and expected.finishing.isoformat(),
        "latest": expected.latest and expected.latest.isoformat(),
        "hours_at_the_rate": round((policy.rate.interval * expected.calls_at_most).total_seconds() / 3600, 2),
        "refused": checked.refusal.message if checked.refusal else None,
    }
