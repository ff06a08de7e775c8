"""A lead: one person of one campaign, and the number that reaches them."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

LeadId = NewType("LeadId", int)
CampaignId = NewType("CampaignId", int)
NumberHash = NewType("NumberHash", str)
"""A keyed hash of a number (`core.keyed`): what caps, gaps and events know of a person."""

_is_e164 = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII).fullmatch


@dataclass(frozen=True, slots=True, init=False)
class PhoneNumber:
    """A number in E.164, such as `+919812345678`. Printed, it is masked; ask for `.e164` to dial or store it."""

    e164: str

    def __init__(self, e164: str) -> None:  # by hand: a list makes a million of them, and this is one call less each
        if not _is_e164(e164):
            raise ValueError("not a number in E.164")
        _set_e164(self, e164)

    @staticmethod
    def fits(text: str) -> bool:
        """Whether it is E.164: + and 7 to 15 digits, the first of them no 0."""
        return bool(_is_e164(text))

    @property
    def masked(self) -> str:
        return f"{self.e164[:3]}{'•' * (len(self.e164) - 7)}{self.e164[-4:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"PhoneNumber({self.masked})"


_set_e164 = PhoneNumber.__dict__["e164"].__set__  # as `object.__setattr__` would, in half the time


class LeadState(StrEnum):
    """Where a lead stands. `HELD`: an attempt is in doubt, or its end was never told."""

    PENDING = "pending"
    IN_FLIGHT = "in_flight"
    RETRY_WAIT = "retry_wait"
    HELD = "held"
    DONE = "done"


class Outcome(StrEnum):
    """How a lead ended. `UNKNOWN` only after somebody wrote a doubtful attempt off."""

    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    INVALID_NUMBER = "invalid_number"
    DNC = "dnc"
    OPTED_OUT = "opted_out"
    EXPIRED = "expired"
    CANCELED = "canceled"
    UNKNOWN = "unknown"
    EXCLUDED = "excluded"


class CampaignState(StrEnum):
    """Where a campaign stands."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    RUNNING = "running"
    PAUSED = "paused"
    DRAINING = "draining"
    COMPLETED = "completed"
    STOPPED = "stopped"
    FAILED = "failed"
