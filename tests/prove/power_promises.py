"""What the process had said on the wire: a connect request that began to leave, a callback that was answered 200.

Read from the bytes of its own sockets, by the order of the trace; nothing of campaign's code takes part.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from tests.prove.power_trace import Call

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Posted:
    """A connect request; `said`: where in the trace its first byte was handed over."""

    attempt: str
    said: int


@dataclass(frozen=True, slots=True)
class Answered:
    """A callback whose 200 was handed over."""

    attempt: str
    body: bytes
    said: int


Promise = Posted | Answered


def promises(calls: list[Call]) -> Iterator[Promise]:
    """In the order in which they were begun, but for a request sent in parts."""
    heard: dict[str, bytes] = {}
    sending: dict[str, tuple[int, bytes]] = {}
    for call in calls:
        if not call.path.startswith("socket:"):
            continue
        if call.name in ("recvfrom", "recvmsg"):
            heard[call.path] = heard.get(call.path, b"") + call.data
        elif call.name in ("sendto", "sendmsg"):
            yield from _sent(call, heard, sending)


def _sent(call: Call, heard: dict[str, bytes], sending: dict[str, tuple[int, bytes]]) -> Iterator[Promise]:
    asked = heard.pop(call.path, b"")
    if call.data.startswith(b"HTTP/1.1 200") and asked.startswith(b"POST /cb/"):
        yield Answered(asked[9:].partition(b".")[0].decode(), _body(asked) or b"", call.begun)
    said, before = sending.pop(call.path, (call.begun, b""))
    request = before + call.data
    if not request.startswith(b"POST /v1/"):
        return
    body = _body(request)
    if body is None:
        sending[call.path] = said, request
    else:
        yield Posted(attempt_of(body.decode()), said)


def attempt_of(form: str) -> str:
    """The attempt's public id, as its callback address has it."""
    [callback] = parse_qs(form)["StatusCallback"]
    return urlsplit(callback).path.removeprefix("/cb/").partition(".")[0]


def _body(message: bytes) -> bytes | None:
    """None while some of it is missing."""
    head, found, body = message.partition(b"\r\n\r\n")
    length = _LENGTH.search(head + b"\r\n")
    whole = found and len(body) >= (int(length[1]) if length else 0)
    return body if whole else None
