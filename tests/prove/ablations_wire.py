"""Ablations of the client: the real one, towards a server on loopback that counts, misbehaves, or hangs up."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp

from campaign.core.attempt import CallSid, Refusal
from campaign.core.events import InDoubt, Refused
from campaign.provider.exotel import client as client_room
from campaign.provider.exotel import gate, requests, wire
from campaign.provider.exotel.client import ExotelClient, Patience
from campaign.provider.exotel.gate import Gate
from campaign.provider.exotel.wire import Answer
from tests.builders import NOON
from tests.integration.exotel_stub import (
    SID,
    StillClock,
    Stub,
    client,
    listening,
    placement,
    says,
    says_nothing,
)
from tests.prove import fuzz_answers, fuzz_corpus
from tests.prove.ablations_kit import Ablation, all_of, around, here, swapped
from tests.prove.fuzz_limits import Findings

MEGABYTE = b"x" * 1_048_576
LONGEST_ANSWER = 48
"""Megabytes; the system's own buffers take a few, whoever reads."""


def _posts(*stubs: Stub) -> int:
    return sum(request.startswith(b"POST") for stub in stubs for request in stub.requests)


def _once(posts: int) -> list[str]:
    return [f"C2: {posts} connect requests left for one attempt"] if posts > 1 else []


@here
async def no_answer(folder: Path) -> Sequence[str]:
    """The request arrives and is never answered."""
    async with listening(says_nothing, says()) as stub, client(stub.url, patience=Patience(place=1)) as exotel:
        await exotel.place(placement())
        return _once(_posts(stub))


@here
async def redirected(folder: Path) -> Sequence[str]:
    """Whoever answers sends the request elsewhere, with its body."""
    async with listening(says()) as elsewhere:
        moved = says(b"", 307, headers=f"Location: {elsewhere.url}/v1/Accounts/example/Calls/connect.json\r\n")
        async with listening(moved) as stub, client(stub.url) as exotel:
            await exotel.place(placement())
            return _once(_posts(stub, elsewhere))


@here
async def too_late(folder: Path) -> Sequence[str]:
    """The connection is there a second after the send deadline."""
    async with listening(says()) as stub, client(stub.url, StillClock(ticking=3.0)) as exotel:
        await exotel.place(placement(send_by=2.0))
        return ["C16: a request left after its send deadline"] if _posts(stub) else []


@here
async def hangs_up(folder: Path) -> Sequence[str]:
    """The request is read whole, then the line is cut: the phone may ring."""

    async def cuts(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with listening(cuts) as stub, client(stub.url) as exotel:
        event = await exotel.place(placement())
        read, denied = _posts(stub), isinstance(event, Refused)
        return ["C5: a request that was read is taken for one that never left"] if read and denied else []


@here
async def line_cut_between(folder: Path) -> Sequence[str]:
    """A kept line is cut as the second look-up goes into it."""

    async def cuts(writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with listening(says(), cuts, says()) as stub, client(stub.url) as exotel:
        for _ in range(2):
            await exotel.look_up(CallSid(SID))
        asked = len(stub.requests)
        return [f"C8: {asked} requests arrived, two were counted"] if asked > 2 else []


@here
async def redials(folder: Path) -> Sequence[str]:
    """A provider that dials a failed call again by itself, three times unless it is told not to."""
    async with listening(says()) as stub, client(stub.url) as exotel:
        await exotel.place(placement())
        form = parse_qs(stub.requests[0].partition(b"\r\n\r\n")[2].decode())
        rung = 1 + int(form.get("MaxRetries", ["3"])[0])
        return [f"C3: one request, and the phone rings {rung} times"] if rung > 1 else []


@here
async def endless_answer(folder: Path) -> Sequence[str]:
    """An answer of very many bytes."""
    sent = 0

    async def floods(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LONGEST_ANSWER * len(MEGABYTE)))
        try:
            for _ in range(LONGEST_ANSWER):
                writer.write(MEGABYTE)
                await writer.drain()
                sent += 1
        except ConnectionError:
            writer.close()

    async with listening(floods) as stub, client(stub.url) as exotel:
        await exotel.place(placement())
    return [f"L5: an answer of {sent} MB was read to its end"] if sent == LONGEST_ANSWER else []


def answers(folder: Path) -> Sequence[str]:
    """Part 5: the corpus of answers, each with the statuses it may come with."""
    found = Findings(folder / "inputs")
    for body in fuzz_corpus.answers():
        for status in (200, 307, 400, 403, 404, 500, 503):
            fuzz_answers.feed_answer(Answer(status, {}, body, NOON), found)
    return list(found.failures.values())


def _again(place: Any) -> Any:
    async def twice(self: ExotelClient, wanted: Any) -> Any:
        event = await place(self, wanted)
        return await place(self, wanted) if isinstance(event, InDoubt) else event

    return twice


def _following(request: Any) -> Any:
    def follow(self: aiohttp.ClientSession, method: str, url: Any, **how: Any) -> Any:
        return request(self, method, url, **{**how, "allow_redirects": True})

    return follow


def _forgetting_before(connect: Any) -> Any:
    """A second request of the same question is let through."""

    async def connected(self: Gate, *given: Any, **named: Any) -> Any:
        gate._departing.get().connected = False
        return await connect(self, *given, **named)

    return connected


def _forgetting_after(connect: Any) -> Any:
    """Nobody notes that a byte may have left."""

    async def connected(self: Gate, *given: Any, **named: Any) -> Any:
        connection = await connect(self, *given, **named)
        gate._departing.get().connected = False
        return connection

    return connected


def _patient(connect: Any) -> Any:
    """No deadline is too late."""

    async def connected(self: Gate, *given: Any, **named: Any) -> Any:
        gate._departing.get().send_by = float("inf")
        return await connect(self, *given, **named)

    return connected


def _without_max_retries(form: Any) -> Any:
    def made(wanted: Any) -> dict[str, str]:
        return {name: value for name, value in form(wanted).items() if name != "MaxRetries"}

    return made


def _server_errors_refuse(meaning: Any) -> Any:
    def read(answer: Answer) -> Any:
        if answer.status >= 500:
            return Refused(answer.at, Refusal.LATER, "a server error")
        return meaning(answer)

    return read


ABLATIONS = (
    Ablation("numbers in the provider's words not masked", swapped(wire, "speakable", str), answers, "shows a number"),
    Ablation("a connect request tried again on time-out", around(ExotelClient, "place", _again), no_answer, "C2"),
    Ablation(
        "redirects followed",
        all_of(
            around(aiohttp.ClientSession, "request", _following),
            around(Gate, "connect", _forgetting_before),
        ),
        redirected,
        "C2",
    ),
    Ablation("send deadline not checked", around(Gate, "connect", _patient), too_late, "C16"),
    Ablation("connected not noted", around(Gate, "connect", _forgetting_after), hangs_up, "C5"),
    Ablation(
        "look-ups tried again by the library", around(Gate, "connect", _forgetting_before), line_cut_between, "C8"
    ),
    Ablation("MaxRetries not sent", around(requests, "connect_form", _without_max_retries), redials, "C3"),
    Ablation("answers read without an end", swapped(client_room, "MAX_ANSWER", 2**40), endless_answer, "L5"),
    Ablation(
        "server errors taken for refusals",
        around(wire, "meaning_of_connect", _server_errors_refuse),
        answers,
        "certainly not placed",
    ),
)
