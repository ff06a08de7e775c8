"""Campaigns, whom they dial through, and who holds their database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from campaign.core.lead import CampaignId, CampaignState

AccountId = NewType("AccountId", int)
TEST_CALL = "test call "
"""How the name of a single test call's campaign begins; no list's campaign has such a name."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whom a campaign dials through. Going on with another is refused."""

    base_url: str
    account_sid: str
    simulated: bool


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign as the ledger knows it. `settings`: its newest policy version, as the settings file's tables.

    `tried_out`: its first calls were looked at (`core.canary`).
    """

    id: CampaignId
    name: str
    account: Account
    account_id: AccountId
    state: CampaignState
    reason: str
    created_at: datetime
    policy_version: int
    settings: Mapping[str, object]
    finished_at: datetime | None = None
    tried_out: bool = False

    @property
    def test_call(self) -> bool:
        """It is a single test call, and shown only to who names it."""
        return self.name.startswith(TEST_CALL)


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that holds a database, and the campaigns it dials."""

    pid: int
    since: datetime
    port: int = 0
    token: str = field(default="", repr=False)
    campaigns: Sequence[CampaignId] = ()
