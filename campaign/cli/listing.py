"""A list before the first call: what it is, what it means, and whether its people shall be called."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from campaign import wiring
from campaign.cli import words
from campaign.cli.console import ask, say, somebody_is_there
from campaign.core.forecast import Course, Forecast, forecast
from campaign.core.policy import Policy
from campaign.core.records import CampaignRecord, NewLead
from campaign.engine.clock import RealClock
from campaign.errors import UsageError
from campaign.intake import Form, Sheet, columns_with_numbers, preview
from campaign.settings import Settings

if TYPE_CHECKING:  # it loads the database and the network: only when something runs
    from campaign.wiring import TakenIn

SHARED_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """What was typed of a list.

    `form`: of this file alone. `settings`: of a campaign that is new; `read_by`: those by which the list is read.
    `sure`: nobody needs to be asked. `accept_rejects`: however many there are.
    """

    file: Path
    form: Form
    name: str
    settings: Settings
    read_by: Settings
    sure: bool
    again: bool
    accept_rejects: bool


async def refuse_early(wish: Wish, sheet: Sheet, database: Path | None) -> None:
    """What can be refused before anything is loaded: another campaign's list, and a question that nobody can answer.

    `database`: None where there is none yet.
    """
    before = None
    if database:
        async with wiring.reading(database) as books:
            before = next((each for each in await books.campaigns() if each.name == wish.name), None)
            other = await books.loaded_elsewhere(sheet.sha256, before.id if before else None)
            if other and not wish.again:
                raise UsageError(
                    f"{sheet.file_name} is the list of the campaign {other} already: its people would be called again.",
                    f"`campaign resume {other}` goes on with that one; --again calls them under another name.",
                )
            if before and await books.loaded_in(sheet.sha256, before.id):
                return
    if not wish.sure and not somebody_is_there():
        what = "grew" if before else "is new"
        raise UsageError(f"The list {what}, and nobody is at the terminal to ask.", "--yes answers for you.")


async def agreed(wish: Wish, sheet: Sheet, taken: "TakenIn", campaign: CampaignRecord, course: Course) -> bool:
    """Show the list and what calling it means; ask, if somebody must be asked. `course`: of the campaign so far."""
    if taken.import_id is None:  # how it would be read now does not matter
        say(_known_already(taken))
    else:
        describe(sheet, taken, wish.read_by)
    say_settings(campaign)
    if not taken.new:
        return True
    policy = wiring.policy_of(wiring.stored(campaign))
    now = RealClock().now()
    expected = outlook(taken.new, taken.waiting, course, policy, now)
    say(*(f"  {line}" for line in words.forecast(expected, policy.window, now)))
    if wish.sure or ask(f"Call {taken.new} {'person' if taken.new == 1 else 'people'}?"):
        return True
    say("Nothing was loaded, nobody is called.")
    return False


def say_settings(campaign: CampaignRecord) -> None:
    settings = wiring.stored(campaign)
    force = words.in_force(wiring.policy_of(settings), words.hours(settings.window))
    say(f"In force (version {campaign.policy_version}):", *force)


def describe(sheet: Sheet, taken: "TakenIn", settings: Settings, tell: Callable[..., None] = say) -> None:
    """The list as it was read; `tell`: where to."""
    columns = " and ".join(f"“{column}”" for column in sheet.phone_columns)
    where = f"the column {columns}" if len(sheet.phone_columns) == 1 else f"the columns {columns}"
    tell(f"{sheet.file_name}: {sheet.told}.", f"The numbers are in {where}, {sheet.why_column}. As read:")
    rules = wiring.number_rules(settings)
    shown = preview(sheet, rules=rules)
    for line in shown:
        read = " ".join(_numbers(line)) if isinstance(line, NewLead) else f"rejected: {line.reason.replace('_', ' ')}"
        tell(f"  line {line.source_line:<4} {read:<18} {', '.join(filter(None, line.cells))[:70]}")
    for column in columns_with_numbers(sheet, shown, rules):
        tell(f"  “{column}” has numbers too; they are not called unless [list] phone_columns names it")
    if taken.import_id is None:
        tell(_known_already(taken))
        return
    tell(f"  {figures(taken)}")
    if taken.passed_over:
        numbers = words.many(sum(taken.passed_over.values()), "number")
        tell(f"  {numbers} passed over ({reasons(taken.passed_over)}): these people are called at another of theirs")
    for places in taken.shared[:SHARED_SHOWN]:
        tell(f"  {' and '.join(places)} have a number in common, which is never called for both at once")
    if len(taken.shared) > SHARED_SHOWN:
        tell(f"  and so have {len(taken.shared) - SHARED_SHOWN} more groups of lines")


def _known_already(taken: "TakenIn") -> str:
    return f"The same file is loaded already: {words.many(taken.known, 'line')} known, nothing new."


def figures(taken: "TakenIn") -> str:
    """What became of the list's lines."""
    changed = f" ({taken.changed} of them changed)" if taken.changed else ""
    known = f", {taken.known} known{changed}" if taken.known else ""
    rejects = reasons(taken.rejects)
    many = words.many(sum(taken.rejects.values()), "reject")
    return f"{taken.new} new{known}, {many}{f' ({rejects})' if rejects else ''}"


def _numbers(line: NewLead) -> list[str]:
    return [number.e164 for number in (line.number, *line.later)]


def reasons(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in counted.items())


def outlook(new: int, waiting: int, course: Course, policy: Policy, now: datetime) -> Forecast:
    """How calling so many new people beside those who wait will go."""
    retries = round(sum(each.leads for each in course.retries))
    return forecast(new + waiting - retries, course, policy, now)
