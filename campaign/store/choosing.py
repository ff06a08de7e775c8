"""Writing: which of its numbers a lead that is due is called at, by `core.numbers`. For `claiming` and `dialling`."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, select

from campaign.core.attempt import Attempt, AttemptState
from campaign.core.lead import CampaignId
from campaign.core.numbers import Use, next_number
from campaign.core.policy import Policy
from campaign.store import tables
from campaign.store.rows import ATTEMPT_COLUMNS, THEIRS, AnyRow, ReadPolicy, attempt_of, these

attempt, lead, lead_number, policy_version = tables.attempt, tables.lead, tables.lead_number, tables.policy_version

NUMBERS = select(func.count()).where(THEIRS).correlate(lead).scalar_subquery().label("numbers")
_SENT = (
    select(*ATTEMPT_COLUMNS)
    .where(attempt.c.lead_id.in_(these("leads")), attempt.c.state != AttemptState.RESERVED)
    .order_by(attempt.c.attempt_no)
)
_OF = lead.c.id.in_(these("leads"))
_COUNTED = select(lead.c.id, func.count()).join(lead_number, THEIRS).where(_OF).group_by(lead.c.id)
_NUMBERS = select(lead_number).join(lead, THEIRS).where(_OF).order_by(lead_number.c.position)
_NEWEST = (
    select(policy_version.c.settings)
    .where(policy_version.c.campaign_id == bindparam("campaign"))
    .order_by(policy_version.c.version.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """A number of a lead, the first being at position 0."""

    position: int
    number: str
    number_hash: str


def choose(policy: Policy, connection: Connection, due: Sequence[AnyRow]) -> dict[int, Chosen]:
    """The number of each lead that is due; where none is left the last one called, so that the guards may say so."""
    chosen = {row.id: Chosen(0, row.number, row.number_hash) for row in due}
    if several := [row.id for row in due if row.numbers > 1]:
        numbers, history = _numbers(connection, several), attempts(connection, several)
        for each in several:
            choice = next_number(history[each], len(numbers[each]), policy)
            position = choice.position if isinstance(choice, Use) else history[each][-1].number_position
            chosen[each] = numbers[each][position]
    return chosen


def attempts(connection: Connection, leads: Collection[int]) -> dict[int, list[Attempt]]:
    """All that were sent, by lead, oldest first."""
    history: dict[int, list[Attempt]] = defaultdict(list)
    for row in connection.execute(_SENT, {"leads": list(leads)}):
        history[row.lead_id].append(attempt_of(row))
    return history


def count_numbers(connection: Connection, leads: Collection[int]) -> dict[int, int]:
    """How many numbers each lead has."""
    return dict(connection.execute(_COUNTED, {"leads": list(leads)}).all())


def newest_policy(read_policy: ReadPolicy, connection: Connection, campaign: CampaignId) -> Policy:
    """The one in force."""
    return read_policy(connection.execute(_NEWEST, {"campaign": campaign}).scalar_one())


def _numbers(connection: Connection, leads: Collection[int]) -> dict[int, list[Chosen]]:
    numbers: dict[int, list[Chosen]] = defaultdict(list)
    for row in connection.execute(_NUMBERS, {"leads": list(leads)}):
        numbers[row.lead_id].append(Chosen(row.position, row.number, row.number_hash))
    return numbers
