"""The town's phones behind the Provider port, without a server: what `run --simulate --speed max` dials.

Orders are written as the client writes them and read as the simulator's server reads them, answers the other way round;
only HTTP is missing, and with it all that can go wrong there. Whether a call has ended is asked; nobody tells.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from campaign.core.attempt import CallSid
from campaign.core.call import Balance, CallReport, LookUpFailed, Missing, Page, Placement, Unreadable
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.core.lead import PhoneNumber
from campaign.core.policy import Rate
from campaign.ports import Clock
from campaign.provider.exotel import requests, wire
from campaign.simulator import line, listing, order, shapes
from campaign.simulator.calls import Call, Calls, new_sid
from campaign.simulator.limit import Limit
from campaign.simulator.line import Fate, Kind
from campaign.simulator.shapes import RestException
from campaign.simulator.town import Town

ACCOUNT, REGION = "simulated", "IN"


class Rehearsal:
    """`ports.Provider`."""

    limit: Rate | None = None

    def __init__(self, clock: Clock, town: Town) -> None:
        self._clock, self._town = clock, town
        self._calls, self._admitted = Calls(), Limit(*town.rate)

    async def place(self, placement: Placement) -> Accepted | Refused | InDoubt:
        return wire.meaning_of_connect(self._answer(lambda: {"Call": self._fields(self._connect(placement))}))

    async def look_up(self, call: CallSid) -> CallReport | Missing | LookUpFailed:
        return wire.meaning_of_call(self._answer(lambda: {"Call": self._detailed(call)}), call)

    async def look_up_many(self, calls: Sequence[CallSid]) -> Mapping[CallSid, CallReport] | LookUpFailed:
        if not calls:
            return {}
        return wire.meaning_of_calls(self._list(requests.sids_path(ACCOUNT, calls)), calls)

    async def calls_between(
        self, since: datetime, until: datetime, caller_id: str, number: PhoneNumber | None = None, page: str = ""
    ) -> Page | LookUpFailed:
        return wire.meaning_of_page(self._list(page or requests.between_path(ACCOUNT, since, until, caller_id, number)))

    async def balance(self) -> Balance | LookUpFailed:
        now = self._clock.now()
        return wire.meaning_of_balance(self._answer(lambda: shapes.balance(self._calls, ACCOUNT, self._town, now)))

    def clock_reading(self, created: str) -> datetime | None:
        return wire.clock_reading(created)

    def number_of(self, echo: str) -> PhoneNumber | None:
        return wire.number_of(echo, REGION)

    def read_callback(self, content_type: str, body: bytes) -> CallReport | Unreadable:
        return wire.read_callback(content_type, body)

    def _connect(self, placement: Placement) -> Call:
        """As `Exchange.connect`. Raises RestException for a call that is refused."""
        wanted = order.read(requests.connect_form(placement), self._town)
        now, number = self._clock.now(), wanted.number
        call_no = self._calls.dialled(number) + 1
        fate = wanted.fate(self._town, call_no)
        self._calls.note_dial(number)
        if fate.kind in line.REFUSED:
            raise shapes.ndnc(number) if fate.kind is Kind.NDNC else shapes.kyc()
        if self._calls.alive(now) >= self._town.channels:
            fate = Fate(Kind.NO_CHANNEL)
        call = Call(new_sid(number, call_no, now), number, wanted.caller_id, wanted.custom_field, fate, now)
        self._calls.add(call)
        return call

    def _list(self, address: str) -> wire.Answer:
        path, query = (parts := urlsplit(address)).path, dict(parse_qsl(parts.query))

        def listed() -> dict[str, Any]:
            page = listing.page(self._calls, query, self._town, self._clock.now(), path)
            return {"Metadata": page.metadata, "Calls": [self._fields(call) for call in page.calls]}

        return self._answer(listed)

    def _detailed(self, sid: CallSid) -> dict[str, Any]:
        call = self._calls.find(sid)
        if not call:
            raise shapes.not_found()
        return self._fields(call) | {"Details": shapes.details(call, self._town, self._clock.now())}

    def _fields(self, call: Call) -> dict[str, Any]:
        return shapes.call_fields(call, ACCOUNT, self._town, self._clock.now(), ".json")

    def _answer(self, fields: Callable[[], Mapping[str, Any]]) -> wire.Answer:
        """What `fields` makes, or why it is refused."""
        now = self._clock.now()
        try:
            if wait := self._admitted.admit(now):
                raise shapes.too_many(self._town, wait, now)
            return wire.Answer(200, {}, shapes.as_json(fields()).encode(), now)
        except RestException as refused:
            self.limit = wire.limit_of(refused.headers) or self.limit
            body = shapes.as_json({"RestException": refused.fields}).encode()
            return wire.Answer(refused.status, refused.headers, body, now)
