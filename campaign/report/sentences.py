"""Each event of the ledger as a sentence for the person who asks about one number. Pure; called by `story`.

A kind of event that the ledger writes and that has no sentence here fails a test.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from campaign.core.attempt import AttemptId
from campaign.core.history import EventRecord


@dataclass(frozen=True, slots=True)
class Voice:
    """How times and attempts are spoken of. `numbers`: which attempt of its lead each one is."""

    zone: ZoneInfo
    numbers: Mapping[AttemptId, int] = field(default_factory=dict)

    def time(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%a %d %b %Y %H:%M:%S}"

    def told(self, at: str) -> str:
        """An instant from an event's data."""
        return self.time(datetime.fromisoformat(at))

    def attempt(self, event: EventRecord) -> str:
        """An attempt that was given back before it was sent left no number behind."""
        number = self.numbers.get(event.attempt) if event.attempt else None
        return f"attempt {number}" if number else "the next attempt"


def span(length: timedelta) -> str:
    """`1 d 2 h`, `5 min`, `30 s`."""
    seconds = round(length.total_seconds())
    units = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))
    parts = []
    for unit, size in units:
        count, seconds = divmod(seconds, size)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts) or "no time"


def plain(text: str) -> str:
    """Our own words without the underscores of files and settings."""
    return text.replace("_", " ").replace("completed", "answered")


def outcome_of(outcome: str, why: str) -> str:
    """How a lead ended and why, where that says more."""
    return plain(outcome) if plain(outcome) == plain(why) else f"{plain(outcome)} ({plain(why)})"


def sentence(event: EventRecord, voice: Voice) -> str:
    """What happened, and what was decided on it."""
    text = SENTENCES[event.kind](event.data, voice, event)
    if kept := event.data.get("kept"):
        return f"Heard as well, and nothing changed by it, for {_kept(kept)}: {text}."
    text = f"{text[0].upper()}{text[1:]}."
    if event.data.get("corrected"):
        text = f"It was there after all, against what was decided before. {text}"
    return f"{text}{_decision(event, voice)}"


def _kept(why: str) -> str:
    """`core.lifecycle` says `Ended does not follow refused`, or that another call was named."""
    _, follows, before = why.partition(" does not follow ")
    return f"the attempt was {_STOOD.get(before, plain(before))}" if follows else f"it {why}"


_STOOD = {
    "reserved": "not sent yet",
    "sending": "on its way",
    "accepted": "accepted already",
    "refused": "refused already",
    "unknown": "in doubt",
    "ended": "over already",
    "not_placed": "proved not placed",
    "written_off": "written off",
}


def _decision(event: EventRecord, voice: Voice) -> str:
    match event.data.get("decision"):
        case {"done": outcome, "why": why}:
            return f" Decided: finished, {outcome_of(outcome, why)}."
        case {"retry": at, "why": why}:
            wait = datetime.fromisoformat(at) - event.at
            later = f", {span(wait)} later" if wait > timedelta(0) else ", at once"
            return f" Decided: to be called again from {voice.told(at)} on{later} ({plain(why)})."
        case _:
            return ""


Data = Mapping[str, Any]
Telling = Callable[[Data, Voice, EventRecord], str]


def _moved(data: Data, _voice: Voice, _event: EventRecord) -> str:
    how = _MOVED.get(data["to"], f"the campaign is {plain(data['to'])}")
    return f"{how} ({plain(data['reason'])})" if data.get("reason") else how


_MOVED = {
    "scheduled": "the campaign was scheduled",
    "running": "calling began, or went on",
    "paused": "the campaign was paused",
    "draining": "the campaign was being stopped: no new call",
    "completed": "the campaign finished",
    "stopped": "the campaign was stopped for good",
    "failed": "the campaign failed",
}


def _imported(data: Data, _voice: Voice, _event: EventRecord) -> str:
    changed = f" ({data['changed']} of them changed)" if data.get("changed") else ""
    counts = f"{data['new']} new, {data['known']} known already{changed}, {data['rejects']} rejected"
    return f"the list {data['file']} was loaded: {counts}"


def _reserved(data: Data, voice: Voice, event: EventRecord) -> str:
    number = f", at its number {data['position'] + 1}" if data.get("position") else ""
    columns = f", with version {data['columns']} of its columns" if data.get("columns", 1) > 1 else ""
    return f"its turn came: {voice.attempt(event)} was prepared{number}{columns}"


def _released(data: Data, voice: Voice, _event: EventRecord) -> str:
    again = f"; due again {voice.told(data['due_at'])}" if data.get("due_at") else ""
    why = "it goes back into the line" if data["why"] == "next in line" else plain(data["why"])
    return f"not called then: {why}{again}"


def _finished(data: Data, _voice: Voice, _event: EventRecord) -> str:
    return f"finished without another call: {outcome_of(data['outcome'], data['why'])}"


def _parked(data: Data, _voice: Voice, _event: EventRecord) -> str:
    return f"not called, because {data['why']}: it is held until that one is settled"


def _sent(data: Data, voice: Voice, event: EventRecord) -> str:
    rules = f" under version {data['policy']} of the settings" if data.get("policy") else ""
    over = f"; the call must be over by {voice.told(data['latest_end'])}" if data.get("latest_end") else ""
    return f"{voice.attempt(event)}: the request to call was sent{rules}{over}"


def _accepted(data: Data, voice: Voice, event: EventRecord) -> str:
    how = _FOUND.get(data.get("by", ""), "the provider accepted it")
    reason = f" ({data['reason']})" if data.get("reason") else ""
    return f"{voice.attempt(event)}: {how}, as the call {data['call_sid']}{reason}"


_FOUND = {
    "callback": "a callback told of it",
    "poll": "the provider, asked, has exactly one call that fits it",
    "operator": "a person found it at the provider",
}


def _refused(data: Data, voice: Voice, event: EventRecord) -> str:
    meaning = _REFUSED.get(data["refusal"], plain(data["refusal"]))
    return f"{voice.attempt(event)}: not placed, {meaning} ({data['reason']})"


_REFUSED = {
    "invalid_number": "the provider refuses the number as invalid",
    "dnc": "the provider refuses the number as do-not-call",
    "account": "the provider refuses the account",
    "later": "the provider asked us to slow down",
    "not_sent": "the request did not leave in time",
    "no_connection": "there was no connection to the provider",
}


def _in_doubt(data: Data, voice: Voice, event: EventRecord) -> str:
    return f"{voice.attempt(event)} is in doubt ({data['reason']}): it may have rung, so the number is not called again"


def _asked(data: Data, voice: Voice, event: EventRecord) -> str:
    return f"asked about {voice.attempt(event)}: {answer(data['found'], data['controlled'], data.get('note', ''))}"


def answer(found: int, controlled: bool, note: str) -> str:
    """What the provider's list had of an attempt in doubt."""
    if found:
        return f"{found} calls in the provider's list fit it"
    if controlled:
        return "not in the list, control call seen"
    return f"not in the list, which proves nothing ({note or 'no control call seen'})"


def _ended(data: Data, voice: Voice, event: EventRecord) -> str:
    by = _TOLD.get(data.get("by", ""), "")
    return f"{voice.attempt(event)} ended: {plain(data['disposition'])} (“{data['status']}”{by})"


_TOLD = {
    "callback": ", told by a callback",
    "poll": ", told when asked",
    "response": ", told at once",
    "operator": ", told by a person",
}


def _not_placed(data: Data, voice: Voice, event: EventRecord) -> str:
    who = "a person knows that it" if data.get("by") == "operator" else "proved that it"
    return f"{voice.attempt(event)}: {who} was never placed ({data['evidence']}); it does not count as a call"


def _written_off(data: Data, voice: Voice, event: EventRecord) -> str:
    return f"{voice.attempt(event)} was given up by a person ({data['reason']})"


def _silent(_data: Data, voice: Voice, event: EventRecord) -> str:
    return f"nobody told in time how {voice.attempt(event)} ended: it is held"


def _stranger(data: Data, voice: Voice, _event: EventRecord) -> str:
    when = voice.told(data["created_at"])
    seen = f"{data['call_sid']}, {when}, “{data['status']}”"
    return (
        f"found in the provider's list, a call to this number that nobody here made ({seen}): it counts for the number"
    )


def _adopted(data: Data, voice: Voice, event: EventRecord) -> str:
    when = voice.told(data["created_at"])
    return (
        f"found in the provider's list, a call of {when} that this older copy of the database had forgotten "
        f"({data['call_sid']}): entered as {voice.attempt(event)}"
    )


SENTENCES: Mapping[str, Telling] = {
    "campaign": lambda data, _voice, _event: f"the campaign {data['name']} was made",
    "policy": lambda data, _voice, _event: f"version {data['version']} of the settings came into force",
    "moved": _moved,
    "imported": _imported,
    "discarded": lambda _data, _voice, _event: "the list was not wanted after all, and nothing of it stayed",
    "columns": lambda data, _voice, _event: (
        f"a newer list has other columns for it: calls from now on use version {data['version']}"
    ),
    "reserved": _reserved,
    "released": _released,
    "finished": _finished,
    "parked": _parked,
    "unparked": lambda _data, _voice, _event: "the other call to this number is settled: it goes back into the line",
    "sent": _sent,
    "accepted": _accepted,
    "refused": _refused,
    "in_doubt": _in_doubt,
    "asked": _asked,
    "ended": _ended,
    "not_placed": _not_placed,
    "written_off": _written_off,
    "silent": _silent,
    "stranger": _stranger,
    "adopted": _adopted,
}
