"""Asking the provider: every look-up holds a place in the rate, and is on disk before it leaves."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from campaign.core.attempt import CallSid, Refusal
from campaign.core.call import CallReport, LookUpFailed
from campaign.core.events import Refused
from campaign.core.records import AccountId
from campaign.engine.pacer import Pacer, Rank
from campaign.ports import Clock, Provider, Store

Answer = TypeVar("Answer")
PAGE = 100  # Exotel: at most 100 Sids a request


class Enquiry:
    """`heed` is told when the provider refuses to answer, as it is of a refused call."""

    def __init__(
        self,
        account: AccountId,
        *,
        store: Store,
        provider: Provider,
        pacer: Pacer,
        clock: Clock,
        heed: Callable[[Refused], Awaitable[None]],
    ) -> None:
        self._account, self._store, self._provider = account, store, provider
        self._pacer, self._clock, self._heed = pacer, clock, heed

    async def one(self, call: CallSid) -> CallReport | None:
        """One call by its Sid; None where it is not shown, or could not be asked for."""
        answer = await self._ask(Rank.LOOK_UP, lambda: self._provider.look_up(call))
        return answer if isinstance(answer, CallReport) else None

    async def many(self, calls: Sequence[CallSid], rank: Rank) -> Mapping[CallSid, CallReport]:
        """Up to `PAGE` calls in one request; those not shown are not in the answer."""
        answer = await self._ask(rank, lambda: self._provider.look_up_many(calls))
        return {} if isinstance(answer, LookUpFailed) else answer

    async def _ask(self, rank: Rank, question: Callable[[], Awaitable[Answer | LookUpFailed]]) -> Answer | LookUpFailed:
        place = await self._pacer.place(rank)
        noted = await self._store.note_request(self._account, self._clock.now())
        answer = await question()
        place.answered()
        await self._store.note_answer(noted, self._clock.now())
        if isinstance(answer, LookUpFailed) and (refusal := _refusal(answer)):
            await self._heed(Refused(self._clock.now(), refusal, answer.why, answer.retry_after))
        return answer


def _refusal(failed: LookUpFailed) -> Refusal | None:
    if failed.account:
        return Refusal.ACCOUNT
    if failed.limited:
        return Refusal.LATER
    return Refusal.NO_CONNECTION if failed.no_connection else None
