"""Exotel over HTTP. The whole of it turns on one question: could a byte of the connect request have left?

Before a connection is obtained: certainly not, and the call was not placed. From then on whatever goes wrong leaves
the call in doubt. `wiring` makes one client a process; the engine knows it as `ports.Provider`.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from campaign.core.attempt import CallSid, Refusal
from campaign.core.call import Balance, CallReport, LookUpFailed, Missing, Page, Placement, Unreadable
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.core.lead import PhoneNumber
from campaign.core.policy import Rate
from campaign.ports import Clock
from campaign.provider.exotel import requests, wire
from campaign.provider.exotel.gate import Departure, Gate, TooLate

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer that are read; a longer one is not understood."""

_NO_CONNECTION = (aiohttp.ClientError, OSError)


@dataclass(frozen=True, slots=True)
class Patience:
    """Real seconds. Exotel answers a connect request only after the operator took the call: that takes a while."""

    connection: float = 10
    place: float = 40
    look_up: float = 30


class ExotelClient:
    """One account of Exotel's, over one session; an async context manager.

    `region`: how an echoed number without a country code is read. `in_flight`: requests waiting for their answer.
    `limit`: see `ports.Provider`.
    """

    def __init__(
        self,
        *,
        base_url: str,
        account_sid: str,
        api_key: str,
        api_token: str,
        clock: Clock,
        region: str,
        patience: Patience = Patience(),
    ) -> None:
        self.in_flight = 0
        self.limit: Rate | None = None
        self._base = base_url.rstrip("/")
        self._account = account_sid
        self._authorization = aiohttp.encode_basic_auth(api_key, api_token)
        self._clock = clock
        self._region = region
        self._patience = patience
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=Gate(self._clock),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Authorization": self._authorization, "Accept": "application/json"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def place(self, placement: Placement) -> Accepted | Refused | InDoubt:
        """One connect request; see `ports.Provider`. Cancelled, it says nothing: the ledger's recovery does."""
        departure = Departure(placement.send_by)
        form = requests.connect_form(placement)
        try:
            address = self._address(requests.connect_path(self._account))
            answer = await self._exchange(departure, "POST", address, self._patience.place, form)
        except TooLate:
            return Refused(self._clock.now(), Refusal.NOT_SENT, "not sent: too late")
        except Exception as lost:
            if departure.connected:  # even a fault of our own: a byte may have left
                return InDoubt(self._clock.now(), _doubt(lost))
            if not isinstance(lost, _NO_CONNECTION):
                raise
            return Refused(self._clock.now(), Refusal.NO_CONNECTION, f"no connection: {_trouble(lost)}")
        return wire.meaning_of_connect(answer)

    async def look_up(self, call: CallSid) -> CallReport | Missing | LookUpFailed:
        """One call by its Sid."""
        answer = await self._ask(self._address(requests.call_path(self._account, call)))
        return answer if isinstance(answer, LookUpFailed) else wire.meaning_of_call(answer, call)

    async def look_up_many(self, calls: Sequence[CallSid]) -> Mapping[CallSid, CallReport] | LookUpFailed:
        """Up to 100 calls in one request; raises ValueError for more. Without any, nothing is asked."""
        if not calls:
            return {}
        answer = await self._ask(self._address(requests.sids_path(self._account, calls)))
        return answer if isinstance(answer, LookUpFailed) else wire.meaning_of_calls(answer, calls)

    async def calls_between(
        self, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None = None, page: str = ""
    ) -> Page | LookUpFailed:
        """One page of the calls from a caller id, to one number only if one is given."""
        path = requests.between_path(self._account, since, until, caller_id, number)
        answer = await self._ask(URL(self._base + page) if page else self._address(path))
        found = answer if isinstance(answer, LookUpFailed) else wire.meaning_of_page(answer)
        if isinstance(found, Page) and found.next and not found.next.startswith("/"):
            return LookUpFailed("the next page is not an address of the provider's")
        return found

    async def balance(self) -> Balance | LookUpFailed:
        """What the account has left."""
        answer = await self._ask(self._address(requests.balance_path(self._account)))
        return answer if isinstance(answer, LookUpFailed) else wire.meaning_of_balance(answer)

    def clock_reading(self, created: str) -> datetime | None:
        """An instant in the provider's words as a reading of its own clock."""
        return wire.clock_reading(created)

    def number_of(self, echo: str) -> PhoneNumber | None:
        """The number that the provider's echo means."""
        return wire.number_of(echo, self._region)

    def read_callback(self, content_type: str, body: bytes) -> CallReport | Unreadable:
        """What a callback says; never raises."""
        return wire.read_callback(content_type, body)

    async def _ask(self, address: URL) -> wire.Answer | LookUpFailed:
        departure = Departure()
        try:
            return await self._exchange(departure, "GET", address, self._patience.look_up)
        except _NO_CONNECTION as lost:
            if departure.connected:
                return LookUpFailed(_doubt(lost))
            return LookUpFailed(f"no connection: {_trouble(lost)}", no_connection=True)

    async def _exchange(
        self, departure: Departure, method: str, address: URL, seconds: float, form: Mapping[str, str] | None = None
    ) -> wire.Answer:
        assert self._session is not None, "the client is used inside `async with`"
        limits = aiohttp.ClientTimeout(total=seconds, connect=self._patience.connection)
        self.in_flight += 1
        try:
            with departure:
                async with self._session.request(
                    method, address, data=form, allow_redirects=False, timeout=limits
                ) as response:
                    body = await _body(response)
                    self.limit = wire.limit_of(response.headers) or self.limit
                    return wire.Answer(response.status, response.headers, body, self._clock.now())
        finally:
            self.in_flight -= 1

    def _address(self, path: str) -> URL:
        return URL(self._base + path, encoded=True)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """The answer's body, unpacked; empty if it is longer than `MAX_ANSWER`."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER:
            return b""
    return bytes(body)


def _doubt(lost: Exception) -> str:
    return "no answer in time" if isinstance(lost, TimeoutError) else "the connection was lost before the answer"


def _trouble(lost: Exception) -> str:
    """Why no connection came about, without the address that an exception's own text has."""
    match lost:
        case TimeoutError():
            return "no answer in time"
        case aiohttp.ClientConnectorDNSError():
            return "the provider's name was not found"
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientSSLError():
            return "no secure connection"
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number).lower()
        case _:
            return "it could not be opened"
