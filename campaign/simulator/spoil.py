"""Answers gone wrong to a request for a call: the connection cut, another page, another status, another Sid."""

import math
import socket
import struct
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from aiohttp import web

from campaign.simulator.faults import Fault, Hits
from campaign.simulator.shapes import RestException

NO_ANSWER = 444
"""The status the log gives a request whose connection was cut; it never leaves."""
RESETS = frozenset({Fault.RESET_BEFORE_BODY, Fault.RESET_AFTER_BODY, Fault.RESET_AFTER_CALL})
STATUS = {
    **dict.fromkeys((Fault.ERROR_500, Fault.ERROR_500_PLACED), 500),
    **dict.fromkeys((Fault.ERROR_502, Fault.ERROR_502_PLACED), 502),
    **dict.fromkeys((Fault.ERROR_503, Fault.ERROR_503_PLACED), 503),
    **dict.fromkeys((Fault.ERROR_504, Fault.ERROR_504_PLACED), 504),
}
WITHOUT_CALL = (
    *(Fault.RESET_BEFORE_BODY, Fault.RESET_AFTER_BODY),
    *(Fault.ERROR_500, Fault.ERROR_502, Fault.ERROR_503, Fault.ERROR_504),
    *(Fault.REDIRECT, Fault.LIMITED, Fault.LIMITED_SILENT),
)
WITH_CALL = (
    *(Fault.RESET_AFTER_CALL, Fault.ANSWER_LOST),
    *(Fault.ERROR_500_PLACED, Fault.ERROR_502_PLACED, Fault.ERROR_503_PLACED, Fault.ERROR_504_PLACED),
    *(Fault.TRUNCATED, Fault.HTML, Fault.EMPTY),
)
WRONG_SID = (Fault.SID_MISSING, Fault.SID_NOT_TEXT, Fault.SID_OF_ANOTHER)

_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><p>Please wait.</p></body></html>"


def first(hits: Hits, among: Iterable[Fault]) -> Fault | None:
    return next((fault for fault in among if fault in hits), None)


async def answer(fault: Fault, by: timedelta, request: web.Request, whole: web.Response) -> web.StreamResponse:
    """What `fault` makes of the `whole` answer; RestException for a refusal in Exotel's own form."""
    if fault in STATUS:
        return _page(STATUS[fault], "Service unavailable")
    if fault in RESETS:
        return _cut(request, reset=True)
    match fault:
        case Fault.ANSWER_LOST:
            return _cut(request, reset=False)
        case Fault.REDIRECT:
            elsewhere = request.url.with_path(request.path.replace(request.match_info["account"], "elsewhere"))
            return web.Response(status=307, headers={"Location": str(elsewhere)})
        case Fault.LIMITED | Fault.LIMITED_SILENT:
            wait = {"Retry-After": str(math.ceil(by.total_seconds()))} if fault is Fault.LIMITED else {}
            raise RestException(429, "Rate limit exceeded.", "RATE_LIMIT_EXCEEDED", wait)
        case Fault.TRUNCATED:
            return await _half(request, whole)
        case Fault.HTML:
            return _page(200, "Maintenance")
        case Fault.EMPTY:
            return web.Response(status=200, content_type=whole.content_type)
    raise AssertionError(f"{fault} is no answer")


def wrong_sid(fault: Fault, fields: dict[str, Any], other: str) -> dict[str, Any]:
    """The Call object without its Sid, with a number for it, or with that of an`other` call."""
    if fault is Fault.SID_MISSING:
        return {name: value for name, value in fields.items() if name != "Sid"}
    return fields | {"Sid": 4711 if fault is Fault.SID_NOT_TEXT else other}


def _page(status: int, title: str) -> web.Response:
    return web.Response(status=status, text=_PAGE.format(title), content_type="text/html")


def _cut(request: web.Request, *, reset: bool) -> web.Response:
    """Close the connection; what is returned finds nobody."""
    if request.transport:
        if reset:
            own: socket.socket = request.transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # RST, not FIN
        request.transport.abort()
    return web.Response(status=NO_ANSWER)


async def _half(request: web.Request, whole: web.Response) -> web.StreamResponse:
    body = whole.body
    assert isinstance(body, bytes)
    cut = web.StreamResponse(headers={"Content-Type": whole.headers["Content-Type"], "Content-Length": str(len(body))})
    await cut.prepare(request)
    await cut.write(body[: len(body) // 2])
    if request.transport:
        request.transport.close()
    return cut
