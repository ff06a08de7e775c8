"""From how an attempt ended to how its lead ends."""

from campaign.core.attempt import Disposition, Refusal
from campaign.core.lead import Outcome

OF_DISPOSITION = {
    Disposition.COMPLETED: Outcome.COMPLETED,
    Disposition.BUSY: Outcome.BUSY,
    Disposition.NO_ANSWER: Outcome.NO_ANSWER,
    Disposition.FAILED: Outcome.FAILED,
    Disposition.WRITTEN_OFF: Outcome.UNKNOWN,
}
"""The outcome when an attempt that ended so was the lead's last."""

OF_REFUSAL = {Refusal.INVALID_NUMBER: Outcome.INVALID_NUMBER, Refusal.DNC: Outcome.DNC}
"""Refusals that are final for the lead; every other one is not the lead's fault."""

RETRIED = frozenset({Disposition.BUSY, Disposition.NO_ANSWER, Disposition.FAILED})
"""Dispositions that may deserve another call, if the policy gives a wait for them."""
