"""Exotel's answers and callbacks, damaged, through the pure side of the wire. `fuzz` calls it.

What is held: no exception, bounded and printable words, a call taken as accepted or refused only where the table of
answers allows it, and never another call's news for the one that was asked for.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from random import Random

from campaign.core.attempt import CallSid, Refusal
from campaign.core.call import CallReport, LookUpFailed, Missing, Page, Unreadable
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.provider.exotel import wire
from campaign.provider.exotel.wire import Answer
from tests.builders import NOON
from tests.prove import fuzz_corpus
from tests.prove.fuzz_limits import Findings, TooSlow, bounded, story
from tests.prove.fuzz_mutator import mutate

ASKED = CallSid("c0ffee0000000000000000000000189g")
STATUSES = (
    200,
    200,
    200,
    200,
    201,
    204,
    299,
    302,
    307,
    400,
    400,
    401,
    402,
    403,
    403,
    404,
    418,
    429,
    429,
    500,
    502,
    503,
)
WAITS = (
    "",
    "30",
    "0",
    "-5",
    "1e9",
    "9" * 30,
    "9" * 400,
    "١٢",
    "Wed, 04 Mar 2026 06:31:00 GMT",
    "Wed, 99 Foo 99999",
    "\x00",
)
LONGEST_TEXT, LONGEST_REASON = 2_000, 400
ANSWER_MARKS = (
    *("accepted", "in doubt"),
    *map(str, Refusal.__members__.values()),
    "report",
    "missing",
    "failed",
    "page",
)
CALLBACK_MARKS = ("report", "disposition", "unreadable")
_MADE_ELSEWHERE = {str(Refusal.NOT_SENT), str(Refusal.NO_CONNECTION)}
_SID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{8}")


def marks() -> Iterator[str]:
    """What must have come out of some answer."""
    return (mark for mark in ANSWER_MARKS if mark not in _MADE_ELSEWHERE)


def an_answer(luck: Random, bodies: list[bytes]) -> Answer:
    headers: Mapping[str, str] = {"Retry-After": luck.choice(WAITS)} if luck.random() < 0.3 else {}
    return Answer(luck.choice(STATUSES), headers, mutate(luck.choice(bodies), bodies, luck), NOON)


def feed_answer(answer: Answer, found: Findings) -> None:
    """One answer, as the answer to each of our four questions."""
    try:
        with bounded():
            breaches = [*_connect(answer, found), *_call(answer, found), *_calls(answer), *_page(answer, found)]
    except (Exception, TooSlow) as broken:  # noqa: BLE001  whatever it is, it is the finding
        breaches = [story(broken)]
    found.figures["answers"] += 1
    for what in breaches:
        found.breach("answer", f"answer {answer.status}: {what}", answer.body)


def feed_callback(content_type: str, body: bytes, found: Findings) -> None:
    try:
        with bounded():
            read = wire.read_callback(content_type, body)
            breaches = list(_news(read)) if isinstance(read, CallReport) else []
    except (Exception, TooSlow) as broken:  # noqa: BLE001  as above
        found.breach("callback", f"callback as {content_type[:60]!r}: {story(broken)}", body)
        return
    found.figures["callbacks read"] += 1
    found.figures["callback " + ("unreadable" if isinstance(read, Unreadable) else "report")] += 1
    found.figures["callback disposition"] += isinstance(read, CallReport) and read.disposition is not None
    if len(body) > wire.MAX_CALLBACK and isinstance(read, CallReport):
        breaches.append("a body larger than allowed was read")
    for what in breaches:
        found.breach("callback", f"callback: {what}", body)


def a_content_type(luck: Random) -> str:
    kind = luck.choice(fuzz_corpus.CONTENT_TYPES)
    if luck.random() < 0.3:
        kind = mutate(kind.encode(), [each.encode() for each in fuzz_corpus.CONTENT_TYPES], luck).decode("latin-1")
    return kind


def _connect(answer: Answer, found: Findings) -> Iterator[str]:
    meaning = wire.meaning_of_connect(answer)
    if meaning != wire.meaning_of_connect(answer):
        yield "the same answer means two things"
    match meaning:
        case Accepted():
            found.figures["answer accepted"] += 1
            if not 200 <= answer.status < 300 or not _SID.fullmatch(meaning.call_sid):
                yield f"taken as accepted, Sid {meaning.call_sid[:80]!r}"
            yield from _words("created", meaning.created, LONGEST_TEXT)
        case Refused():
            found.figures[f"answer {meaning.refusal}"] += 1
            if answer.status not in (400, 401, 402, 403, 404, 429):
                yield "taken as certainly not placed"
            if _NUMBER.search(meaning.reason):
                yield "its reason shows a number"
            yield from _words("reason", meaning.reason, LONGEST_REASON)
            yield from _wait(meaning.retry_after)
        case InDoubt():
            found.figures["answer in doubt"] += 1
            if meaning.server_error is not (answer.status >= 500):
                yield "a server error is one from 500 on"
            yield from _words("reason", meaning.reason, LONGEST_REASON)


def _call(answer: Answer, found: Findings) -> Iterator[str]:
    match told := wire.meaning_of_call(answer, ASKED):
        case CallReport():
            found.figures["answer report"] += 1
            if told.call_sid != ASKED:
                yield "another call's news for the one asked for"
            yield from _news(told)
        case Missing():
            found.figures["answer missing"] += 1
            if answer.status != 404:
                yield "missing without a 404"
        case LookUpFailed():
            found.figures["answer failed"] += 1
            yield from _words("why", told.why, LONGEST_REASON)
            yield from _wait(told.retry_after)


def _calls(answer: Answer) -> Iterator[str]:
    told = wire.meaning_of_calls(answer, [ASKED])
    if isinstance(told, dict) and (told.keys() - {ASKED} or any(each.call_sid != sid for sid, each in told.items())):
        yield "news of a call nobody asked for"


def _page(answer: Answer, found: Findings) -> Iterator[str]:
    page = wire.meaning_of_page(answer)
    if not isinstance(page, Page):
        return
    found.figures["answer page"] += 1
    if len(page.calls) > len(answer.body):
        yield "more calls than bytes"
    yield from _words("next", page.next, LONGEST_TEXT)
    for call in page.calls[:50]:
        yield from _news(call)


def _news(report: CallReport) -> Iterator[str]:
    if not _SID.fullmatch(report.call_sid):
        yield f"a Sid {report.call_sid[:80]!r}"
    for field in fields(report):
        value = getattr(report, field.name)
        if isinstance(value, str):
            yield from _words(field.name, value, LONGEST_TEXT)
        if isinstance(value, int) and not 0 <= value < 1_000_000_000:
            yield f"{field.name} {value}"
    wire.clock_reading(report.created or "")
    number = wire.number_of(report.number or "", "IN")
    if number and not re.fullmatch(r"\+[0-9]{4,15}", number.e164):
        yield f"an echo read as {number.e164[:40]!r}"


def _words(name: str, value: str, longest: int) -> Iterator[str]:
    if len(value) > longest:
        yield f"{name} of {len(value)} characters"
    if not value.isprintable():
        yield f"{name} with what no terminal should get"


def _wait(seconds: float | None) -> Iterator[str]:
    if seconds is not None and not 0 < seconds <= 3600:
        yield f"a wait of {seconds} seconds"
