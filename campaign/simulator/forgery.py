"""Callbacks beside the true one: repeated, contradicting it, or sent by somebody who is not Exotel."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from campaign.simulator.callbacks import Letter, letter
from campaign.simulator.calls import Call
from campaign.simulator.faults import Fault
from campaign.simulator.town import Town

COPIES = {Fault.CALLBACK_TWICE: 1, Fault.CALLBACK_THOUSAND: 999}
GARBAGE = b"\x00\xff\xfe--form-data-boundary\r\n\r\nCallSid=%00&Status=\xc3\x28"


def forged(call: Call, town: Town, other: Call | None) -> Iterator[tuple[Fault, Letter]]:
    """What comes before the true one. `other`: a call whose Sid can be misused."""
    lie = letter(call, town, "forged", contrary(call))
    if Fault.FORGED_TAG in call.faults:
        yield Fault.FORGED_TAG, replace(lie, url=_with_another_tag(lie.url))
    if Fault.FORGED_SID in call.faults and other:
        yield Fault.FORGED_SID, letter(replace(call, sid=other.sid), town, "forged", contrary(call))
    if Fault.FORGED_STATUS in call.faults:
        yield Fault.FORGED_STATUS, letter(call, town, "forged", "teleported")
    if Fault.FORGED_BODY in call.faults:
        yield Fault.FORGED_BODY, replace(lie, body=GARBAGE)


def repeated(call: Call, town: Town, true: Letter) -> Iterator[tuple[Fault, Letter]]:
    """What comes after the true one."""
    for fault, copies in COPIES.items():
        if fault in call.faults:
            yield from [(fault, true)] * copies
    if Fault.CALLBACK_CONTRADICTORY in call.faults:
        yield Fault.CALLBACK_CONTRADICTORY, letter(call, town, "contrary", contrary(call))


def contrary(call: Call) -> str:
    """Another end than its own."""
    return "failed" if call.fate.status == "completed" else "completed"


def _with_another_tag(url: str) -> str:
    parts = urlsplit(url)
    last = "A" if parts.path[-1:] != "A" else "B"
    return urlunsplit(parts._replace(path=parts.path[:-1] + last))
