"""What the guards are told, out of the calls that were made.

Asked by the store inside the commit, and by `core.history` for an instant that lies ahead.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from campaign.core.attempt import Attempt
from campaign.core.guard import Facts
from campaign.core.lead import CampaignState
from campaign.core.numbers import ONLY, NoneLeft, Use

_NOBODY: Mapping[str, int] = MappingProxyType({})


def facts(
    campaign: CampaignState,
    lead: Sequence[Attempt],
    number: Iterable[Attempt],
    strangers: Iterable[datetime],
    *,
    channels_used: int,
    choice: Use | NoneLeft = ONLY,
    callers_used: Mapping[str, int] = _NOBODY,
    caller: str | None = None,
    luck: float = 0,
    paused_elsewhere: bool = False,
    canary_left: int | None = None,
) -> Facts:
    """`lead`: its attempts, oldest first. `number`: those to the number that is to be called, of whichever lead.

    `strangers`: when calls that no attempt made went to that number; they count like our own.
    """
    calls = [each for each in lead if each.counts]
    counted = [each for each in number if each.counts and each.sent_at]
    alive = [each.latest_end for each in counted if each.alive and each.latest_end]
    over = [end for each in counted if (end := each.ended_at or each.latest_end or each.sent_at)]
    seen = list(strangers)
    return Facts(
        campaign=campaign,
        channels_used=channels_used,
        lead_calls=len(calls),
        number_calls=sorted([*(each.sent_at for each in counted if each.sent_at), *seen]),
        number_busy_until=max(alive, default=None),
        number_free_at=max([*over, *seen], default=None),
        last=calls[-1].disposition if calls else None,
        choice=choice,
        callers_used=callers_used,
        caller=caller,
        luck=luck,
        paused_elsewhere=paused_elsewhere,
        canary_left=canary_left,
    )
