"""`campaign call`: one test call outside the reports; what came back, and how."""

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign import wiring
from campaign.cli import words
from campaign.cli.beside import Owned
from campaign.cli.console import ask, say, somebody_is_there, tell
from campaign.cli.places import Found, database_of
from campaign.cli.results import EXIT
from campaign.core.attempt import AttemptState, Disposition, ResolvedBy
from campaign.core.lead import CampaignId, CampaignState, PhoneNumber
from campaign.core.outcome import OF_DISPOSITION
from campaign.core.policy import Policy
from campaign.core.records import AttemptRecord
from campaign.engine.clock import RealClock
from campaign.engine.feed import Pulse
from campaign.engine.once import IN_DOUBT, LEFT, UNTOLD
from campaign.engine.run import REFUSED, Ending
from campaign.engine.tasks import beside
from campaign.errors import CampaignError, UsageError
from campaign.intake.number import Unfit, read_number
from campaign.ports import Insight
from campaign.settings import Loaded, Settings, load

DECLINED = 2
NOBODY = CampaignId(0)
LOOK_EVERY = timedelta(seconds=0.25)
HOW = {
    ResolvedBy.CALLBACK: "told by a callback",
    ResolvedBy.POLL: "learnt by asking",
    ResolvedBy.RESPONSE: "told in the answer",
    ResolvedBy.OPERATOR: "told by a person",
}


def call_number(
    spelling: str, *, simulate: bool, speed: float, town: Path | None, yes: bool, config: Path | None, db: Path | None
) -> None:
    """Exits with 0 once it was called, 3 if it was not, 4 if nobody knows."""
    loaded = load(config, db)
    settings = wiring.simulated_settings(loaded.settings) if simulate else loaded.settings
    if not simulate:
        wiring.account_of(loaded)  # what is missing is said before anybody is asked
    number = read_number(spelling, wiring.number_rules(settings))
    if isinstance(number, Unfit):
        raise UsageError(f"“{spelling}” cannot be called: {number.reason.replace('_', ' ')}.", number.suggestion)
    policy, database = wiring.policy_of(settings), database_of(loaded, db, simulate=simulate)
    wiring.bring_up_to_date(database)
    if not _agreed(number, policy, sure=yes or simulate):
        say("Nobody is called.")
        sys.exit(DECLINED)

    async def go() -> int:
        if owner := wiring.owner_of(database):
            return await _through(Owned(owner, loaded, database), number, settings)
        simulation = wiring.Simulation(speed, town) if simulate else None
        async with wiring.owning(loaded, database, make=True, simulation=simulation) as house:
            campaign = await wiring.test_call(house, number, settings)
            telling = _Telling(house.books, campaign.id, policy.window.zone, loaded, database)
            async with beside(telling.follow()):
                ending = await wiring.dial(house, campaign, limit=None, show=telling.show, every=LOOK_EVERY)
            await telling.look()
            return EXIT[ending]

    sys.exit(asyncio.run(go()))


def _agreed(number: PhoneNumber, policy: Policy, *, sure: bool) -> bool:
    callers = " or ".join(each.number for each in policy.callers)
    say(f"One test call to {number}, from {callers}, into {policy.flow_url}.")
    if not (sure or somebody_is_there()):
        raise UsageError("Nobody is at the terminal to ask whether to call.", "--yes answers for you.")
    return sure or ask("Call?")


async def _through(owned: Owned, number: PhoneNumber, settings: Settings) -> int:
    """The process that owns the database calls; here it is only watched."""
    say(f"Process {owned.owner.pid} holds {owned.database} and calls.")
    told = {"number": number.e164, "settings": settings.model_dump(mode="json")}
    answer = await wiring.ask_owner(owned.owner, "call", NOBODY, **told)
    zone, clock = wiring.window_of(settings.window).zone, RealClock()
    async with wiring.reading(owned.database) as books:
        telling = _Telling(books, CampaignId(answer["campaign"]), zone, owned.loaded, owned.database)
        while (ending := await telling.look()) is None:
            if wiring.owner_of(owned.database) is None:
                raise CampaignError(
                    f"The process {owned.owner.pid} that was calling has ended before the call.",
                    "`campaign explain NUMBER` tells what is known of it.",
                )
            await clock.wait(clock.now() + LOOK_EVERY)
    return EXIT[ending]


@dataclass
class _Telling:
    """What the ledger knows of the call, each thing said once."""

    books: Insight
    campaign: CampaignId
    zone: ZoneInfo
    loaded: Loaded
    database: Path
    _said: list[str] = field(default_factory=list)

    def show(self, pulse: Pulse) -> None:
        """What it waits for."""
        until = f" {words.moment(pulse.until, self.zone, pulse.now)}" if pulse.until else ""
        if pulse.saying and (line := f"{pulse.saying}{until}") not in self._said:
            say(line)
            self._said.append(line)

    async def follow(self) -> None:
        """For as long as somebody listens."""
        clock = RealClock()
        while True:
            await self.look()
            await clock.wait(clock.now() + LOOK_EVERY)

    async def look(self) -> Ending | None:
        """Say what is new; how it ended, None as long as it has not."""
        campaign = next(each for each in await self.books.campaigns() if each.id == self.campaign)
        attempts = [each async for chunk in self.books.attempts(self.campaign) for each in chunk]
        ending = _ending(campaign.state, campaign.reason)
        lines = [line for each in attempts for line in _lines(each, self.zone, over=ending is not None)]
        if ending and ending is not Ending.DONE:
            lines.append(f"{campaign.reason[:1].upper()}{campaign.reason[1:]}.")
            if ending is Ending.IN_DOUBT:
                flags = Found(self.loaded, self.database, campaign).flags
                lines.append(f"`campaign unknown list {flags}` shows it, and when it settles by itself.")
        for line in lines:
            if line not in self._said:
                tell(line)
                self._said.append(line)
        return ending


def _ending(state: CampaignState, reason: str) -> Ending | None:
    if state is CampaignState.COMPLETED:
        return Ending.DONE
    if state is not CampaignState.STOPPED:
        return None
    if reason.startswith(REFUSED):
        return Ending.ACCOUNT
    return {IN_DOUBT: Ending.IN_DOUBT, UNTOLD: Ending.IN_DOUBT, LEFT: Ending.INTERRUPTED}.get(reason, Ending.PAUSED)


def _lines(dialled: AttemptRecord, zone: ZoneInfo, *, over: bool) -> Iterator[str]:
    attempt = dialled.attempt
    if attempt.sent_at is None:
        return
    asked = f"asked for {dialled.number.e164} from {dialled.caller_id}"
    yield f"{attempt.sent_at.astimezone(zone):%H:%M:%S}  {asked}, as attempt {dialled.public_id}"
    if attempt.state is AttemptState.REFUSED:
        yield f"          refused: {dialled.error}"
    if attempt.state is AttemptState.UNKNOWN:
        yield f"          no usable answer: {dialled.error}"
    if attempt.call_sid:
        yield f"          accepted: Exotel's call {attempt.call_sid}"
    if attempt.disposition in OF_DISPOSITION and attempt.ended_at:
        how = f", {HOW[attempt.resolved_by]}" if attempt.resolved_by else ""
        ended = words.OUTCOMES[OF_DISPOSITION[Disposition(attempt.disposition)]]
        yield f"{attempt.ended_at.astimezone(zone):%H:%M:%S}  {ended} (Exotel: {dialled.provider_status}){how}"
    if over and attempt.disposition:
        length = "length not told" if dialled.duration_sec is None else f"{dialled.duration_sec} s"
        yield f"          {length}; {'price not told' if dialled.price is None else f'INR {dialled.price}'}"
