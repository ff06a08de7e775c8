"""Asking the provider: every look-up holds a place in the rate, and is on disk before it leaves."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from campaign.core.attempt import CallSid, Refusal
from campaign.core.call import Balance, CallReport, LookUpFailed, Page
from campaign.core.events import Refused
from campaign.core.lead import PhoneNumber
from campaign.core.records import AccountId
from campaign.engine.pacer import Pacer, Rank
from campaign.ports import Clock, Insight, Provider, Store

Answer = TypeVar("Answer")
PAGE = 100  # Exotel: at most 100 Sids a request
MOST_PAGES = 1000
BALANCE_EVERY = timedelta(minutes=1)  # Exotel tells it so often, however many campaigns ask
STEADY = timedelta(minutes=1)  # less than the margin around a doubtful send (`core.doubt`)


class Enquiry:
    """`heed` is told when the provider refuses to answer, as it is of a refused call."""

    def __init__(
        self,
        account: AccountId,
        zone: ZoneInfo,
        *,
        store: Store,
        insight: Insight,
        provider: Provider,
        pacer: Pacer,
        clock: Clock,
        heed: Callable[[Refused], Awaitable[None]],
    ) -> None:
        self._zone = zone
        self._account, self._store, self._insight, self._provider = account, store, insight, provider
        self._pacer, self._clock, self._heed = pacer, clock, heed
        self._one_at_a_time = asyncio.Lock()
        self._balance: Balance | None = None
        self._balance_at: datetime | None = None

    async def one(self, call: CallSid) -> CallReport | None:
        """One call by its Sid; None where it is not shown, or could not be asked for."""
        answer = await self._ask(Rank.LOOK_UP, lambda: self._provider.look_up(call))
        return answer if isinstance(answer, CallReport) else None

    async def many(self, calls: Sequence[CallSid], rank: Rank) -> Mapping[CallSid, CallReport]:
        """Up to `PAGE` calls in one request; those not shown are not in the answer."""
        answer = await self._ask(rank, lambda: self._provider.look_up_many(calls))
        return {} if isinstance(answer, LookUpFailed) else answer

    async def between(
        self,
        since: datetime,
        until: datetime,
        caller_id: str,
        number: PhoneNumber | None,
        rank: Rank,
        *,
        guess: bool = False,
    ) -> list[CallReport] | None:
        """All calls created between two instants of ours; None where the list could not be had whole.

        The provider's clock is read by what it called an instant of ours last. While that is unknown nothing is asked,
        unless a `guess` by `[provider] timezone` will do.
        """
        offset = await self._offset()
        if offset is None and guess:
            offset = self._guess(until)
        if offset is None:
            return None
        since, until = (each.replace(tzinfo=None) + offset for each in (since, until))
        found: list[CallReport] = []
        page = Page(())
        for _ in range(MOST_PAGES):
            answer = await self._ask(
                rank, partial(self._provider.calls_between, since, until, caller_id, number, page.next)
            )
            if isinstance(answer, LookUpFailed):
                return None
            page = answer
            found += page.calls
            if not page.next:
                return found
        return None

    async def balance(self) -> Balance | None:
        """What the account has left, as it was told within the last minute; None where it could not be asked for."""
        async with self._one_at_a_time:
            now = self._clock.now()
            if not self._balance_at or not timedelta(0) <= now - self._balance_at < BALANCE_EVERY:
                answer = await self._ask(Rank.LOOK_UP, self._provider.balance)
                self._balance, self._balance_at = None if isinstance(answer, LookUpFailed) else answer, now
            return self._balance

    async def ours(self, created: str) -> datetime | None:
        """The provider's words for an instant, on our clock."""
        reading = self._provider.clock_reading(created)
        offset = await self._offset()
        if reading is None:
            return None
        return (reading - (self._guess(self._clock.now()) if offset is None else offset)).replace(tzinfo=UTC)

    def _guess(self, at: datetime) -> timedelta:
        return at.astimezone(self._zone).utcoffset() or timedelta(0)

    def number_of(self, echo: str) -> PhoneNumber | None:
        """The number that the provider's echo means."""
        return self._provider.number_of(echo)

    async def steady_since(self, at: datetime) -> bool:
        """Whether the two clocks stand to one another as they did then, as far as that is known."""
        then, now = await self._offset(at), await self._offset()
        return now is not None and (then is None or abs(now - then) <= STEADY)

    async def _offset(self, before: datetime | None = None) -> timedelta | None:
        """What the provider's clock shows, less what ours did."""
        told = await self._insight.reading(self._account, before)
        reading = self._provider.clock_reading(told.created) if told else None
        if told is None or reading is None:
            return None
        return reading - (told.sent_at + (told.replied_at - told.sent_at) / 2).replace(tzinfo=None)

    async def _ask(self, rank: Rank, question: Callable[[], Awaitable[Answer | LookUpFailed]]) -> Answer | LookUpFailed:
        place = await self._pacer.place(rank)
        noted = await self._store.note_request(self._account, self._clock.now())
        answer = await question()
        if isinstance(answer, LookUpFailed) and (refusal := _refusal(answer)):
            await self._heed(Refused(self._clock.now(), refusal, answer.why, answer.retry_after))
        if isinstance(answer, LookUpFailed) and answer.no_connection:
            place.withdrawn()
        else:
            place.answered()
        await self._store.note_answer(noted, self._clock.now())
        return answer


def _refusal(failed: LookUpFailed) -> Refusal | None:
    if failed.account:
        return Refusal.ACCOUNT
    if failed.limited:
        return Refusal.LATER
    return Refusal.NO_CONNECTION if failed.no_connection else None
