"""`campaign unknown list` and `campaign unknown resolve`: the calls nobody knows the fate of."""

import asyncio
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign import wiring
from campaign.cli import words
from campaign.cli.console import tell
from campaign.cli.control import owned
from campaign.cli.places import Found, find
from campaign.core.attempt import AttemptState
from campaign.core.doubt import AskAt, ForAPerson, NeverPlaced, next_step
from campaign.core.records import Doubt
from campaign.errors import UsageError


@dataclass(frozen=True, slots=True)
class Finding:
    """What was typed: exactly one of the last three."""

    reason: str
    placed: str
    not_placed: bool
    write_off: bool

    def resolution(self) -> wiring.Resolution:
        if sum(map(bool, (self.placed, self.not_placed, self.write_off))) != 1:
            raise UsageError(
                "Say one of --placed SID, --not-placed and --write-off.", "`campaign unknown list` tells where to look."
            )
        if not self.reason.strip():
            raise UsageError(
                "Say how you know with --reason.", 'For example --reason "not in the call list of 24 Nov".'
            )
        return wiring.Resolution(self.reason, self.placed, self.write_off)


def show(name: str | None, *, simulate: bool, config: Path | None, db: Path | None) -> None:
    """Every call that is held."""

    async def go() -> None:
        found = await find(name, simulate=simulate, config=config, db=db)
        async with wiring.reading(found.database) as books:
            held = await books.held(found.campaign.id)
        if not held:
            tell(f"{found.campaign.name}: no call is in doubt.")
        for doubt in held:
            tell(*_lines(doubt, found))

    asyncio.run(go())


def resolve(
    attempt: str, finding: Finding, *, name: str | None, simulate: bool, config: Path | None, db: Path | None
) -> None:
    """Through the owner's door, or on the database if nobody owns it."""

    async def go() -> None:
        resolution = finding.resolution()
        found = await find(name, simulate=simulate, config=config, db=db)
        async with wiring.reading(found.database) as books:
            doubt = _named(attempt, await books.held(found.campaign.id))
        if owner := wiring.owner_of(found.database):
            told = {"attempt": doubt.call.attempt.id, "resolution": asdict(resolution)}
            await wiring.ask_owner(owner, "resolve", found.campaign.id, **told)
        else:
            async with owned(found) as house:
                await house.resolve(found.campaign.id, doubt.call.attempt.id, resolution)
        tell(f"Settled: {doubt.number.e164}. `campaign resume {found.flags}` goes on with what follows from it.")

    asyncio.run(go())


def _named(attempt: str, held: list[Doubt]) -> Doubt:
    fits = [doubt for doubt in held if doubt.public_id.startswith(attempt.lower())]
    if len(fits) != 1:
        what = "Several calls in doubt begin with" if fits else "No call in doubt is called"
        raise UsageError(f"{what} {attempt}.", "`campaign unknown list` names them.")
    return fits[0]


def _lines(doubt: Doubt, found: Found) -> Iterator[str]:
    policy = wiring.policy_of(wiring.stored(found.campaign))
    attempt, zone = doubt.call.attempt, policy.window.zone
    sent = f"{attempt.sent_at.astimezone(zone):%a %d %b %Y %H:%M:%S}" if attempt.sent_at else ""
    yield f"{doubt.public_id}  {doubt.number.e164}  from {doubt.caller_id}  {sent}"
    if attempt.state is not AttemptState.UNKNOWN:
        yield f"  its end was never told; in Exotel's dashboard look for the call {attempt.call_sid}"
        return
    calls = f"from {doubt.caller_id} to {doubt.number.e164}"
    yield f"  may have rung; look in Exotel's call logs for calls {calls} at that time"
    yield from (
        f"  asked {words.moment(each.at, zone)}: {_answer(each.found, each.controlled, each.note)}"
        for each in doubt.asked
    )
    yield f"  {_settles(doubt, found, zone)}"


def _answer(calls: int, controlled: bool, note: str) -> str:
    if calls:
        return f"{calls} calls fit it"
    return (
        "not in its list, where a later call of ours was" if controlled else f"not in its list; proves nothing: {note}"
    )


def _settles(doubt: Doubt, found: Found, zone: ZoneInfo) -> str:
    policy = wiring.policy_of(wiring.stored(found.campaign))
    match next_step(doubt.call.attempt, doubt.asked, policy):
        case AskAt(at):
            return f"settles by itself at {words.moment(at, zone)} at the earliest, while campaign runs"
        case NeverPlaced():
            return "proved not placed; settles by itself at the next `campaign resume`"
        case ForAPerson(why):
            return f"a person must decide: {why}"
