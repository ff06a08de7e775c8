"""Exotel's three addresses: connect, one call, the list of calls; in JSON or XML, as the request's path ends."""

import math
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from campaign.ports import Clock
from campaign.simulator import listing, order, shapes
from campaign.simulator.calls import Call
from campaign.simulator.exchange import Exchange
from campaign.simulator.limit import Limit
from campaign.simulator.log import Line, Log, as_text
from campaign.simulator.shapes import RestException
from campaign.simulator.town import Town

CALLS = "/v1/Accounts/{account}/Calls"
SUFFIX = r"{suffix:(?:\.json)?}"
LARGEST_BODY = 64 * 1024
UNCOUNTED = frozenset({401, 429})
THIS_REQUEST: ContextVar[int] = ContextVar("number of the request in the log")


class Api:
    """The handlers of one account; `authorization`: the header it must be asked with.

    A layer of faults may be put around `connect`.
    """

    def __init__(
        self, clock: Clock, town: Town, log: Log, exchange: Exchange, account: str, authorization: str
    ) -> None:
        self.in_flight = 0
        self._clock = clock
        self._town = town
        self._log = log
        self._exchange = exchange
        self._account = account
        self._authorization = authorization
        self._limit = Limit(*town.rate)
        self._requests = 0

    def application(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST_BODY, middlewares=[self._logged, self._guarded])
        app.router.add_post(f"{CALLS}/connect{SUFFIX}", self.connect)
        app.router.add_get(f"{CALLS}{SUFFIX}", self.list_calls)
        app.router.add_get(f"{CALLS}/{{sid:[a-z0-9]+}}{SUFFIX}", self.show_call)
        return app

    def take_up(self, lines: Iterable[Line]) -> None:
        """Go on from a log: requests keep their numbers apart, and the limit remembers the last minute."""
        for entry in lines:
            if entry["kind"] == "request":
                self._requests = entry["no"]
            elif entry["kind"] == "response" and entry["status"] not in UNCOUNTED:
                self._limit.admit(datetime.fromisoformat(entry["at"]))

    async def connect(self, request: web.Request) -> web.Response:
        given = order.fields(request.headers.get("Content-Type", ""), await request.read())
        call = self._exchange.connect(order.read(dict(request.query) | given), THIS_REQUEST.get())
        return _answer(request, {"Call": self._fields(call, request)})

    async def show_call(self, request: web.Request) -> web.Response:
        call = self._exchange.calls.find(request.match_info["sid"])
        if not call:
            raise _not_found()
        fields = self._fields(call, request)
        if request.query.get("details") == "true":
            fields["Details"] = shapes.details(call, self._town, self._clock.now())
        return _answer(request, {"Call": fields})

    async def list_calls(self, request: web.Request) -> web.Response:
        metadata, calls = listing.page(self._exchange.calls, request.query, self._town, self._clock.now(), request.path)
        shown = [self._fields(call, request) for call in calls]
        for fields in shown:
            fields["PhoneNumber"] = fields["PhoneNumberSid"]
        in_json = bool(request.match_info["suffix"])
        return _answer(request, {"Metadata": metadata, "Calls": shown if in_json else [{"Call": one} for one in shown]})

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
        except web.HTTPException as refused:
            status = refused.status
            raise
        finally:
            self.in_flight -= 1
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
                raise _not_found()
            self._admit()
            return await handler(request)
        except RestException as error:
            return _answer(request, {"RestException": error.fields}, error.status, error.headers)

    def _admit(self) -> None:
        now = self._clock.now()
        wait = self._limit.admit(now)
        if wait is None:
            return
        limit, window = self._town.rate
        if not self._town.retry_after:
            raise RestException(
                429, f"Rate limit exceeded. Max {limit} requests per {_period(window.total_seconds())}."
            )
        seconds = math.ceil(wait.total_seconds())
        headers = {
            "Retry-After": str(seconds),
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(math.ceil((now + wait).timestamp())),
        }
        raise RestException(
            429, f"Rate limit exceeded. Try again in {seconds} seconds.", "RATE_LIMIT_EXCEEDED", headers
        )


def _period(seconds: float) -> str:
    return "minute" if seconds == 60 else f"{seconds:g} seconds"


def _not_found() -> RestException:
    return RestException(404, "The requested resource was not found.")


def _answer(
    request: web.Request, fields: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    if request.path.endswith(".json"):
        return web.Response(
            status=status, text=shapes.as_json(fields), content_type="application/json", headers=headers
        )
    return web.Response(status=status, text=shapes.as_xml(fields), content_type="application/xml", headers=headers)
