"""Exotel's three addresses: connect, one call, the list of calls; in JSON or XML, as the request's path ends."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime
from functools import partial
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from campaign.errors import CampaignError
from campaign.ports import Clock
from campaign.simulator import listing, order, shapes, spoil
from campaign.simulator.calls import Call
from campaign.simulator.exchange import Exchange
from campaign.simulator.faults import Fault, Hits
from campaign.simulator.limit import Limit
from campaign.simulator.listener import Listener
from campaign.simulator.log import Line, Log, as_text
from campaign.simulator.shapes import RestException
from campaign.simulator.town import Town
from campaign.simulator.trouble import Trouble

CALLS = "/v1/Accounts/{account}/Calls"
SUFFIX = r"{suffix:(?:\.json)?}"
LARGEST_BODY = 64 * 1024
UNCOUNTED = frozenset({401, 429})
THIS_REQUEST: ContextVar[int] = ContextVar("number of the request in the log")


class Api:
    """The handlers of one account; `authorization`: the header it must be asked with."""

    def __init__(
        self,
        clock: Clock,
        town: Town,
        log: Log,
        exchange: Exchange,
        trouble: Trouble,
        listener: Listener,
        account: str,
        authorization: str,
    ) -> None:
        self.in_flight = 0
        self._clock = clock
        self._town = town
        self._log = log
        self._exchange = exchange
        self._trouble = trouble
        self._listener = listener
        self._account = account
        self._authorization = authorization
        self._limit = Limit(*town.rate)
        self._requests = 0

    def application(self, around: Iterable[Middleware] = ()) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[*around, self._logged, self._guarded])
        app.router.add_post(f"{CALLS}/connect{SUFFIX}", self.connect)
        app.router.add_get(f"{CALLS}{SUFFIX}", self.list_calls)
        app.router.add_get(f"{CALLS}/{{sid:[a-z0-9]+}}{SUFFIX}", self.show_call)
        app.router.add_get(f"/v1/Accounts/{{account}}/Balance{SUFFIX}", self.show_balance)
        return app

    def take_up(self, lines: Iterable[Line]) -> None:
        """Go on from a log: requests keep their numbers apart, and the limit remembers the last minute."""
        for entry in lines:
            if entry["kind"] == "request":
                self._requests = entry["no"]
            elif entry["kind"] == "response" and entry["status"] not in UNCOUNTED:
                self._limit.admit(datetime.fromisoformat(entry["at"]))

    async def connect(self, request: web.Request) -> web.StreamResponse:
        given = order.fields(request.headers.get("Content-Type", ""), await request.read())
        wanted = order.read(dict(request.query) | given, self._town)
        hits = self._trouble.draw(wanted.number)
        happened = partial(self._trouble.happened, request=THIS_REQUEST.get(), number=wanted.number)
        self._close_the_way(hits, happened)
        if fault := spoil.first(hits, spoil.WITHOUT_CALL):
            happened(fault)
            return await spoil.answer(fault, hits[fault], request, web.Response())
        call = self._exchange.connect(wanted, THIS_REQUEST.get(), hits)
        fields = self._fields(call, request)
        await self._keep_waiting(call, hits, happened)
        return await self._spoiled(request, call, fields, hits, happened)

    def _close_the_way(self, hits: Hits, happened: Callable[[Fault], None]) -> None:
        now = self._clock.now()
        if Fault.REFUSED in hits:
            happened(Fault.REFUSED)
            self._listener.go_away(now + hits[Fault.REFUSED])
        if Fault.CLOSED_AT_ACCEPT in hits:
            happened(Fault.CLOSED_AT_ACCEPT)
            self._listener.close_at_accept(now + hits[Fault.CLOSED_AT_ACCEPT])

    async def _keep_waiting(self, call: Call, hits: Hits, happened: Callable[[Fault], None]) -> None:
        if Fault.CALLBACK_EARLY in hits and await self._exchange.until_told(call):
            happened(Fault.CALLBACK_EARLY)
        if Fault.SLOW_ANSWER in hits:
            happened(Fault.SLOW_ANSWER)
            await self._clock.wait(self._clock.now() + hits[Fault.SLOW_ANSWER])

    async def _spoiled(
        self, request: web.Request, call: Call, fields: dict[str, Any], hits: Hits, happened: Callable[[Fault], None]
    ) -> web.StreamResponse:
        """The answer to a call that was placed, as it is or as a fault has it."""
        other = self._exchange.calls.other_than(call)
        if fault := spoil.first(hits, spoil.WITH_CALL):
            happened(fault)
            return await spoil.answer(fault, hits[fault], request, _answer(request, {"Call": fields}))
        if (fault := spoil.first(hits, spoil.WRONG_SID)) and (other or fault is not Fault.SID_OF_ANOTHER):
            happened(fault)
            fields = spoil.wrong_sid(fault, fields, other.sid if other else "")
        return _answer(request, {"Call": fields})

    async def show_call(self, request: web.Request) -> web.Response:
        call = self._exchange.calls.find(request.match_info["sid"])
        if not call:
            raise shapes.not_found()
        fields = self._fields(call, request)
        if request.query.get("details") == "true":
            fields["Details"] = shapes.details(call, self._town, self._clock.now())
        return _answer(request, {"Call": fields})

    async def show_balance(self, request: web.Request) -> web.Response:
        return _answer(request, shapes.balance(self._exchange.calls, self._account, self._town, self._clock.now()))

    async def list_calls(self, request: web.Request) -> web.Response:
        page = listing.page(self._exchange.calls, request.query, self._town, self._clock.now(), request.path)
        for fault, call in page.faulty:
            self._trouble.happened(fault, request=THIS_REQUEST.get(), sid=call.sid)
        shown = [self._fields(call, request) for call in page.calls]
        for fields in shown:
            fields["PhoneNumber"] = fields["PhoneNumberSid"]
        in_json = bool(request.match_info["suffix"])
        return _answer(
            request, {"Metadata": page.metadata, "Calls": shown if in_json else [{"Call": one} for one in shown]}
        )

    def _fields(self, call: Call, request: web.Request) -> dict[str, Any]:
        return shapes.call_fields(call, self._account, self._town, self._clock.now(), request.match_info["suffix"])

    @web.middleware
    async def _logged(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.in_flight += 1
        self._requests += 1
        number = self._requests
        THIS_REQUEST.set(number)
        status = 500
        try:
            await self._keep(request, number)
            response = await handler(request)
            status = response.status
            if self._listener.shut:
                response.force_close()
        except web.HTTPException as refused:
            status = refused.status
            raise
        except CampaignError:  # of the log: nobody is told of what does not stand there
            raise web.HTTPServiceUnavailable from None
        finally:
            self.in_flight -= 1
            with suppress(CampaignError):
                self._log.write("response", self._clock.now(), no=number, status=status)
        return response

    async def _keep(self, request: web.Request, number: int) -> None:
        body = await request.read()
        await self._log.write_through(
            "request",
            self._clock.now(),
            no=number,
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers={name: value for name, value in request.headers.items() if name != "Authorization"},
            **as_text(body),
        )

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.headers.get("Authorization") != self._authorization:
            return web.Response(status=401, text="Authentication is required to view this page.")
        try:
            if request.match_info.get("account") != self._account:
                raise shapes.not_found()
            self._admit()
            return await handler(request)
        except RestException as error:
            return _answer(request, {"RestException": error.fields}, error.status, error.headers)

    def _admit(self) -> None:
        now = self._clock.now()
        if wait := self._limit.admit(now):
            raise shapes.too_many(self._town, wait, now)


def _answer(
    request: web.Request, fields: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    if request.path.endswith(".json"):
        return web.Response(
            status=status, text=shapes.as_json(fields), content_type="application/json", headers=headers
        )
    return web.Response(status=status, text=shapes.as_xml(fields), content_type="application/xml", headers=headers)
