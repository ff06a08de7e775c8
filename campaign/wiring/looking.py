"""What a command may know without owning anything."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from campaign.core.keyed import Key
from campaign.core.lead import CampaignId
from campaign.core.records import CampaignRecord, Owner, Unloaded
from campaign.engine.clock import RealClock
from campaign.intake import Form
from campaign.settings import Loaded
from campaign.store import insight, keyfile, lock, schema
from campaign.store.insight import Books
from campaign.web import door
from campaign.wiring.policy import numbers_of, stored


@asynccontextmanager
async def reading(database: Path) -> AsyncIterator[Books]:
    """The books of a database that exists; raises UsageError otherwise. Never makes or changes one."""
    schema.check(database)
    async with insight.opened(database) as books:
        yield books


def owner_of(database: Path) -> Owner | None:
    return lock.holder(lock.lock_file(database))


def key_of(loaded: Loaded, database: Path) -> Key:
    """The key that `database` was made with. Raises SettingsError when it is missing or another."""
    return keyfile.load(database, loaded.secrets.secret("campaign_key"), make=False)


async def unloading(books: Books, key: Key, campaign: CampaignRecord, file: Path, form: Form) -> Counter[Unloaded]:
    """What unloading this list would come to. Raises ListError where it cannot be read."""
    counted: Counter[Unloaded] = Counter()
    numbers = numbers_of(file, stored(campaign), form)
    while (chunk := await asyncio.to_thread(next, numbers, None)) is not None:
        counted.update(await books.unloading(campaign.id, [key.number_hash(number) for number in chunk]))
    return counted


async def today(books: Books, *, simulated: bool) -> datetime:
    """Now, as the campaigns of a database live it: simulated time stands where their run left it."""
    return (await books.latest_instant() if simulated else None) or RealClock().now()


async def ask_owner(owner: Owner, wish: str, campaign: CampaignId, **more: Any) -> door.Answer:
    return await door.knock(owner, wish, campaign, more)


async def ask_owner_to_read(owner: Owner, wish: str, campaign: CampaignId, file: Path, **more: Any) -> door.Answer:
    """The same for a wish that takes as long as its file; `file`: from the root, for the owner may be elsewhere."""
    return await door.knock(owner, wish, campaign, {"file": str(file), **more}, door.PATIENCE_FOR_LISTS)
