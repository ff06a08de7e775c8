"""Each event of the ledger has its sentence."""

import ast
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

import campaign.store
from campaign.core.attempt import AttemptId
from campaign.core.history import EventRecord
from campaign.core.lead import CampaignId, LeadId
from campaign.report.sentences import SENTENCES, Voice, sentence, span
from campaign.store.recording import _KINDS
from tests.builders import CALL, KOLKATA, NOON, hours, minutes, seconds

SPRING, LEAD = CampaignId(1), LeadId(7)
VOICE = Voice(KOLKATA, {AttemptId(1): 1, AttemptId(2): 2})


def event(kind: str, when: datetime = NOON, **data: Any) -> EventRecord:
    return EventRecord(when, kind, SPRING, LEAD, AttemptId(1), data)


DECIDED = {"retry": (NOON + minutes(10)).isoformat(), "why": "no_answer, call 1 of 4"}
DATA: dict[str, dict[str, Any]] = {
    "campaign": {"name": "spring"},
    "policy": {"version": 2},
    "moved": {"from": "running", "to": "paused", "reason": "paused by its people"},
    "imported": {"file": "leads.csv", "new": 3, "known": 1, "rejects": 2},
    "discarded": {},
    "reserved": {},
    "columns": {"version": 2},
    "released": {"due_at": NOON.isoformat(), "why": "all channels are in use"},
    "finished": {"outcome": "expired", "why": "no opening is left before the campaign's end"},
    "parked": {"why": "another call to this number is not settled"},
    "unparked": {},
    "sent": {"latest_end": NOON.isoformat(), "policy": 2},
    "accepted": {"call_sid": CALL, "by": "response", "created": "", "decision": {"hold": "a call is alive"}},
    "refused": {"refusal": "later", "reason": "too many requests", "decision": DECIDED},
    "in_doubt": {"reason": "time-out", "server_error": False, "decision": {"hold": "in doubt"}},
    "asked": {"found": 0, "controlled": True, "note": "", "decision": {"hold": "in doubt"}},
    "ended": {"disposition": "no_answer", "status": "no-answer", "by": "callback", "decision": DECIDED},
    "not_placed": {"evidence": "not in the provider's list", "by": "poll", "decision": DECIDED},
    "written_off": {"reason": "nobody knows", "decision": {"done": "unknown", "why": "written off"}},
    "silent": {"decision": {"hold": "a call is alive"}},
    "stranger": {"call_sid": CALL, "status": "busy", "created_at": NOON.isoformat()},
    "adopted": {"call_sid": CALL, "created_at": NOON.isoformat()},
}


PLACE_OF_KIND = {"event_row": 1, "self._drop": 2}


def written() -> Iterator[str]:
    """The kinds of event that the ledger's code names."""
    for file in Path(campaign.store.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in PLACE_OF_KIND:
                match node.args[PLACE_OF_KIND[ast.unparse(node.func)]]:
                    case ast.Constant(value=str(kind)):
                        yield kind
                    case other:  # `kind`: what `_drop` is given
                        known = {"_KINDS[type(event)]", "kind"}
                        assert ast.unparse(other) in known, f"{file.name} names a kind in a new way"
    yield from _KINDS.values()


def test_every_kind_of_event_that_the_ledger_writes_has_its_sentence() -> None:
    assert len(set(written())) > 15
    assert set(written()) == set(SENTENCES) == set(DATA)


@pytest.mark.parametrize("kind", DATA)
def test_a_sentence_begins_large_ends_with_a_stop_and_shows_no_word_of_the_files(kind: str) -> None:
    said = sentence(event(kind, **DATA[kind]), VOICE)
    assert said[0].isupper()
    assert said.endswith(".")
    assert "_" not in said


def test_a_busy_call_says_who_told_it_what_was_decided_and_with_which_figures() -> None:
    decision = {"retry": (NOON + minutes(10)).isoformat(), "why": "busy, call 1 of 4"}
    said = sentence(event("ended", disposition="busy", status="busy", by="callback", decision=decision), VOICE)
    assert said == (
        "Attempt 1 ended: busy (“busy”, told by a callback). "
        "Decided: to be called again from Wed 04 Mar 2026 12:10:00 on, 10 min later (busy, call 1 of 4)."
    )


def test_an_answered_call_finishes_its_lead() -> None:
    decision = {"done": "completed", "why": "answered"}
    said = sentence(event("ended", disposition="completed", status="completed", by="poll", decision=decision), VOICE)
    assert "ended: answered (“completed”, told when asked)" in said
    assert said.endswith("Decided: finished, answered.")


def test_late_truth_says_that_the_call_was_there_after_all() -> None:
    said = sentence(event("ended", corrected=True, **DATA["ended"]), VOICE)
    assert said.startswith("It was there after all")


@pytest.mark.parametrize(
    ("kept", "why"),
    [("Ended does not follow ended", "the attempt was over already"), ("names another call", "it names another call")],
)
def test_what_changed_nothing_says_so_and_why(kept: str, why: str) -> None:
    said = sentence(event("ended", disposition="busy", status="busy", by="callback", kept=kept), VOICE)
    assert said.startswith(f"Heard as well, and nothing changed by it, for {why}: attempt 1 ended: busy")


def test_a_clean_negative_and_one_without_a_control_call_are_told_apart() -> None:
    assert "not in the list, control call seen" in sentence(event("asked", **DATA["asked"]), VOICE)
    blind = event("asked", found=0, controlled=False, note="no ended call of ours to hold it against")
    assert "proves nothing (no ended call of ours to hold it against)" in sentence(blind, VOICE)


@pytest.mark.parametrize(
    ("length", "words"), [(minutes(5), "5 min"), (seconds(30), "30 s"), (hours(26), "1 d 2 h"), (seconds(0), "no time")]
)
def test_a_length_of_time_is_said_in_its_largest_units(length: Any, words: str) -> None:
    assert span(length) == words
