"""What the parts of one account's desk have in common: callbacks, silence, doubts and the provider's list."""

from collections.abc import Callable
from dataclasses import dataclass

from campaign.core.policy import Policy
from campaign.core.records import AccountId, Recorded
from campaign.engine.enquiry import Enquiry
from campaign.engine.feed import Feed
from campaign.ports import Clock, Insight, Store


@dataclass(frozen=True, slots=True)
class Shared:
    """`settled` hears what each event made of its attempt."""

    account: AccountId
    policy: Policy
    store: Store
    insight: Insight
    enquiry: Enquiry
    clock: Clock
    feed: Feed
    settled: Callable[[Recorded], None]
