"""`campaign verify --provider`: a real ledger against a list that a test writes."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from campaign.core.attempt import CallSid, Disposition
from campaign.core.call import CallReport, LookUpFailed, Page
from campaign.core.checks import Check
from campaign.core.keyed import Key
from campaign.core.lead import PhoneNumber
from campaign.engine.comparison import compare
from campaign.errors import AccountRefused, CampaignError
from campaign.ports import Bell
from campaign.store import insight, ledger
from campaign.wiring import read_policy
from tests.builders import NOON, hours, minutes
from tests.contract import small_ledger
from tests.contract.small_ledger import ANSWERED, BUSY, BY_HAND, DOUBTFUL, FORGOTTEN, LATE, sid

LONG_AFTER = NOON + hours(2)


@dataclass
class Eager:
    """Whoever waits for an instant has it at once."""

    at: datetime = LONG_AFTER

    def now(self) -> datetime:
        return self.at

    def steady(self) -> datetime:
        return self.now()

    def ticks(self) -> float:
        return 0.0

    def started(self) -> datetime:
        return NOON

    def real(self, span: timedelta) -> float:
        return span.total_seconds()

    async def wait(self, until: datetime | None, bell: Bell | None = None) -> None:
        if until is None and bell:
            await bell.wait()
            bell.clear()
        self.at = max(self.at, until or self.at)


@dataclass
class Listing:
    """A provider of which only the list is asked; a page a call."""

    calls: Sequence[CallReport]
    fails: list[LookUpFailed] = field(default_factory=list)

    async def calls_between(
        self, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None = None, page: str = ""
    ) -> Page | LookUpFailed:
        if self.fails:
            return self.fails.pop(0)
        there = [call for call in self.calls if since <= datetime.fromisoformat(call.created or "") <= until]
        place = int(page or 0)
        return Page(there[place : place + 1], str(place + 1) if place + 1 < len(there) else "")

    def clock_reading(self, created: str) -> datetime | None:
        return datetime.fromisoformat(created)

    def number_of(self, echo: str) -> PhoneNumber | None:
        return PhoneNumber(echo)

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} is not asked for")


def call(named: CallSid, number: PhoneNumber = ANSWERED) -> CallReport:
    created = "2026-03-04 12:20:00"  # Exotel's clock is Kolkata's
    return CallReport(named, "completed", Disposition.COMPLETED, created=created, number=number.e164)


OURS = [sid(ANSWERED, 1), sid(BUSY, 1), sid(BUSY, 2), sid(LATE, 1), sid(LATE, 2), sid(FORGOTTEN, 1)]


@asynccontextmanager
async def comparing(file: Path) -> AsyncIterator[Any]:
    await small_ledger.write(file)
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(ledger.opened(file, Key(b"a key of this test"), read_policy))
        books = await stack.enter_async_context(insight.opened(file))
        [campaign] = await books.campaigns()

        async def compared(listing: Listing, now: datetime = LONG_AFTER) -> list[Check]:
            policy = read_policy(campaign.settings)
            return await compare(campaign, policy, store=store, insight=books, provider=listing, clock=Eager(now))

        yield compared


async def test_one_to_one_holds_and_calls_made_by_hand_are_listed(tmp_path: Path) -> None:
    async with comparing(tmp_path / "campaign.db") as compared:
        theirs, ours = await compared(Listing([call(each) for each in [*OURS, BY_HAND]]))
    assert (theirs.count, theirs.breaches, ours.count, ours.breaches) == (7, 0, 6, 0)
    assert "1 that nobody here made" in theirs.holds


async def test_a_call_that_the_ledger_does_not_know_is_a_breach(tmp_path: Path) -> None:
    async with comparing(tmp_path / "campaign.db") as compared:
        theirs, _ = await compared(Listing([call(each) for each in [*OURS, CallSid("e" * 32)]]))
    assert (theirs.breaches, theirs.first) == (1, f"call {'e' * 32} of 2026-03-04 12:20:00 is not known here")


async def test_a_call_to_a_number_in_doubt_is_listed(tmp_path: Path) -> None:
    async with comparing(tmp_path / "campaign.db") as compared:
        theirs, _ = await compared(Listing([*map(call, OURS), call(CallSid("d" * 32), DOUBTFUL)]))
    assert theirs.breaches == 0
    assert "1 perhaps in doubt here" in theirs.holds


async def test_a_call_that_the_provider_does_not_know_is_a_breach(tmp_path: Path) -> None:
    async with comparing(tmp_path / "campaign.db") as compared:
        _, ours = await compared(Listing([call(each) for each in OURS[1:]]))
    assert (ours.breaches, ours.first) == (1, f"attempt 1: the provider has no call {OURS[0]}")


@pytest.mark.parametrize(("minute", "missing"), [(30.9, 0), (31.1, 2)])
async def test_a_call_just_over_may_still_be_missing_in_the_list(tmp_path: Path, minute: float, missing: int) -> None:
    async with comparing(tmp_path / "campaign.db") as compared:
        _, ours = await compared(Listing([call(OURS[0]), call(OURS[1])]), NOON + minutes(minute))
    assert ours.breaches == missing
    assert f"{4 - missing} alive or just over" in ours.holds


async def test_each_request_is_in_the_rate_and_on_disk(tmp_path: Path) -> None:
    async with comparing(tmp_path / "campaign.db") as compared:
        await compared(Listing([call(each) for each in OURS]))
        async with insight.opened(tmp_path / "campaign.db") as books:
            [campaign] = await books.campaigns()
            assert len(await books.recent_requests(campaign.account_id, NOON + hours(1))) == len(OURS)


async def test_a_list_that_cannot_be_had_is_asked_for_again_and_then_given_up(tmp_path: Path) -> None:
    failed = LookUpFailed("HTTP 500")
    async with comparing(tmp_path / "campaign.db") as compared:
        await compared(Listing([call(each) for each in OURS], [failed, failed]))
        with pytest.raises(CampaignError, match="cannot be read"):
            await compared(Listing([], [failed] * 3))


async def test_a_refused_account_ends_it_with_5(tmp_path: Path) -> None:
    async with comparing(tmp_path / "campaign.db") as compared:
        with pytest.raises(AccountRefused):
            await compared(Listing([], [LookUpFailed("HTTP 401", account=True)]))


async def test_a_provider_that_asks_to_slow_down_is_waited_for(tmp_path: Path) -> None:
    slow = LookUpFailed("HTTP 429", limited=True, retry_after=60)
    async with comparing(tmp_path / "campaign.db") as compared:
        theirs, _ = await compared(Listing([call(each) for each in OURS], [slow]))
        async with insight.opened(tmp_path / "campaign.db") as books:
            [campaign] = await books.campaigns()
            requests = await books.recent_requests(campaign.account_id, NOON + hours(1))
    assert theirs.count == len(OURS)
    assert requests[1] >= LONG_AFTER + minutes(1)
