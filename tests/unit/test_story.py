"""The story of one number: what is said to follow is what the rules will decide."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from campaign.core.attempt import Attempt, AttemptState, CallSid, Disposition
from campaign.core.guard import Send, Why
from campaign.core.history import Dialled, EventRecord, History, KnownLead, RejectedLine, facts, outlook
from campaign.core.lead import CampaignId, CampaignState, LeadId, LeadState, NumberHash, Outcome
from campaign.core.policy import Policy
from campaign.core.records import (
    Account,
    AccountId,
    CampaignRecord,
    Reject,
    RejectReason,
    RejectRecord,
    StrangerRecord,
)
from campaign.report.story import Today, rejections, story
from tests.builders import NOON, at, attempt, ended, hours, minutes, policy, window
from tests.unit.test_sentences import DATA, LEAD, SPRING, event

CAMPAIGN = CampaignRecord(
    id=SPRING,
    name="spring",
    account=Account("https://api.example", "acme", simulated=False),
    account_id=AccountId(1),
    state=CampaignState.RUNNING,
    reason="",
    created_at=NOON,
    policy_version=1,
    settings={},
)
DOUBTFUL = attempt(state=AttemptState.UNKNOWN, call_sid=None)


def lead(
    state: LeadState = LeadState.PENDING, campaign: CampaignState = CampaignState.RUNNING, **more: Any
) -> KnownLead:
    plainly = KnownLead(
        id=LEAD,
        campaign=replace(CAMPAIGN, state=campaign),
        source_file="leads.csv",
        source_line=2,
        state=state,
        outcome=None,
        reason="not called yet",
        due_at=NOON,
        final_at=None,
    )
    return replace(plainly, **more)


def dialled(*attempts: Attempt, of: LeadId = LEAD) -> list[Dialled]:
    return [Dialled(each, number, of) for number, each in enumerate(attempts, start=1)]


def told(of: History, rules: Policy | None = None, now: datetime = NOON, *, dialling: bool = True) -> str:
    return "\n".join(story(of, {SPRING: rules or policy()}, Today(now, dialling)))


def called(*attempts: Attempt, **more: Any) -> History:
    """A lead that waits for a retry, or whatever `more` says."""
    given: dict[str, Any] = {"state": LeadState.RETRY_WAIT, "reason": "busy, call 1 of 4", "due_at": NOON} | more
    return History(leads=[lead(**given)], dialled=dialled(*attempts))


def test_times_are_those_of_the_campaigns_zone_with_their_date() -> None:
    assert "  Wed 04 Mar 2026 12:00:00  Its turn came" in told(History(leads=[lead()], events=[event("reserved")]))


def test_a_turn_that_passes_again_and_again_for_one_reason_is_told_once_with_how_often() -> None:
    turns = []
    for minute in range(5):
        turns += [
            event("reserved", NOON + minutes(minute)),
            event("released", NOON + minutes(minute), **DATA["released"]),
        ]
    said = told(History(leads=[lead()], events=[*turns, event("sent", **DATA["sent"])]))
    assert (
        said.count("Its turn came")
        == said.count("All channels are in use") + said.count("all channels are in use")
        == 1
    )
    assert "12:04:00  The same 4 more times" in said
    assert said.count("the request to call was sent") == 1


def test_a_strangers_call_is_told_even_where_no_lead_has_the_number() -> None:
    said = told(History(events=[replace(event("stranger", **DATA["stranger"]), campaign=None, lead=None)]))
    assert "a call to this number that nobody here made" in said


def test_events_of_another_campaign_and_another_lead_are_none_of_a_leads() -> None:
    others = [
        replace(event("reserved"), lead=LeadId(8)),
        replace(event("moved", **DATA["moved"]), campaign=None, lead=LeadId(8)),
    ]
    other_campaign = replace(event("policy", version=9), lead=None, campaign=CampaignId(2))
    said = told(History(leads=[lead()], events=[*others, other_campaign]))
    assert "turn" not in said.split("Now")[0]
    assert "version 9" not in said


def test_what_a_campaign_did_after_a_lead_was_done_is_left_out() -> None:
    done = lead(LeadState.DONE, outcome=Outcome.BUSY, final_at=NOON)
    moves = [replace(event("moved", NOON + minutes(each), **DATA["moved"]), lead=None) for each in (-5, 5)]
    assert told(History(leads=[done], events=moves)).count("paused") == 2  # the first with its reason


# --- now and next ----------------------------------------------------------------------------------------------------


def test_a_lead_that_is_done_is_not_called_again() -> None:
    done = lead(LeadState.DONE, outcome=Outcome.COMPLETED, reason="answered", final_at=NOON, due_at=None)
    said = told(History(leads=[done]))
    assert "Finished since Wed 04 Mar 2026 12:00:00: answered. It is not called again." in said
    assert "Next" not in said


def test_a_lead_that_may_be_called_says_so_with_the_figures_of_the_rules() -> None:
    said = told(called(ended(Disposition.BUSY, NOON - minutes(30), sent_at=NOON - minutes(31))))
    assert "Next: it is called now, when its turn comes" in said
    assert "1 of 4 calls made, 1 of 3 in the last 24 hours, 0 of 30 channels in use" in said


def test_a_retry_that_waits_says_until_when_and_why() -> None:
    said = told(called(due_at=NOON + minutes(10)))
    assert "It waits (busy, call 1 of 4), due Wed 04 Mar 2026 12:10:00." in said
    assert "Next: it is called at Wed 04 Mar 2026 12:10:00, when its turn comes" in said


def test_closed_hours_hold_a_lead_until_they_open() -> None:
    night = at("2026-03-04 22:00")
    said = told(called(due_at=night), policy(window=window()), night)
    assert "Outside the calling hours of Asia/Kolkata; until Thu 05 Mar 2026 09:00:00." in said
    assert "it is called at Thu 05 Mar 2026 09:00:00" in said


def test_the_gap_after_the_last_call_holds_a_lead() -> None:
    said = told(called(ended(Disposition.BUSY, NOON - minutes(2), sent_at=NOON - minutes(3))))
    assert "Too soon after the last call to this number: 5 min after its end; until Wed 04 Mar 2026 12:03:00." in said


def test_the_cap_of_a_day_holds_a_lead_until_the_first_of_the_calls_is_a_day_old() -> None:
    calls = [ended(Disposition.BUSY, NOON - hours(each), sent_at=NOON - hours(each)) for each in (20, 10, 5)]
    said = told(called(*calls))
    assert "This number had its calls for the day: 3 in 24 hours; until Wed 04 Mar 2026 16:00:00." in said


def test_calls_that_nobody_here_made_count_for_the_number() -> None:
    stranger = StrangerRecord(CallSid("c1"), NumberHash("aa"), "0801", "busy", NOON - minutes(1))
    said = told(replace(called(), strangers=[stranger]))
    assert "until Wed 04 Mar 2026 12:04:00" in said


def test_two_rules_are_told_one_after_the_other() -> None:
    evening = at("2026-03-04 20:58")
    calls = ended(Disposition.BUSY, evening, sent_at=evening - minutes(1))
    ahead = outlook(called(calls, due_at=evening), lead(due_at=evening), policy(window=window()), evening)
    assert [rule.why for rule, _ in ahead.rules] == [Why.GAP, Why.HOURS]
    assert (ahead.verdict, ahead.at) == (Send(), at("2026-03-05 09:00"))


def test_full_channels_hold_a_lead_without_an_hour_to_name() -> None:
    full = replace(called(), channels={CAMPAIGN.account_id: [NOON + minutes(5)] * 2})
    said = told(full, policy(channels=2))
    assert "All channels are in use: 2 of 2: it is looked at again as soon as that changes." in said


def beside_another(call: Attempt) -> History:
    """Two leads with the number; the one of the campaign autumn was called so."""
    autumn = lead(LeadState.IN_FLIGHT, id=LeadId(99))
    autumn = replace(autumn, campaign=replace(autumn.campaign, name="autumn"))
    return History(leads=[lead(), autumn], dialled=dialled(call, of=LeadId(99)))


def test_a_live_call_of_another_campaign_holds_a_lead_and_is_named() -> None:
    said = told(beside_another(attempt()))
    assert "Another call to this number is alive (autumn); until Wed 04 Mar 2026 12:06:30." in said
    assert "Next: it is called once that call is over; where nobody has told its end by then, it is held." in said
    assert "in doubt" not in said


@pytest.mark.parametrize(("call", "how"), [(attempt(), "its end was not told"), (DOUBTFUL, "in doubt")])
def test_a_lead_is_held_for_another_call_that_is_not_settled_and_it_is_said_how_that_stands(
    call: Attempt, how: str
) -> None:
    said = told(beside_another(call), now=NOON + hours(1))
    assert f"held, because another call to this number is not settled (autumn: {how}), until that one is." in said


def test_a_lead_whose_attempts_are_used_up_is_said_to_finish() -> None:
    calls = [ended(Disposition.BUSY, NOON - hours(30 + each), sent_at=NOON - hours(30 + each)) for each in range(2)]
    assert "finished without another call: busy (2 of 2 calls made)" in told(called(*calls), policy(max_attempts=2))


def test_attempts_that_were_never_placed_do_not_count() -> None:
    known = facts(called(ended(Disposition.NOT_PLACED)), lead(), NOON)
    assert (known.lead_calls, known.number_calls, known.number_free_at) == (0, [], None)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (CampaignState.PAUSED, "The campaign is paused"),
        (CampaignState.DRAFT, "The campaign is not running"),
        (CampaignState.STOPPED, "The campaign was stopped: no new call is made."),
        (CampaignState.RUNNING, "Nobody is dialling; `campaign resume spring` goes on."),
    ],
)
def test_a_campaign_that_does_not_go_on_is_the_first_thing_said(state: CampaignState, words: str) -> None:
    assert words in told(called(campaign=state), dialling=False)


def test_a_reserved_lead_is_next_in_line() -> None:
    assert "It is next in line" in told(called(state=LeadState.IN_FLIGHT))


# --- on the line, or in doubt ----------------------------------------------------------------------------------------


def test_a_call_on_the_line_says_when_it_must_be_over_and_when_it_is_asked_for() -> None:
    said = told(called(attempt(), state=LeadState.IN_FLIGHT))
    assert "on the line; it must be over by Wed 04 Mar 2026 12:06:30" in said
    assert "asked from Wed 04 Mar 2026 12:08:30 on; with no end told by Wed 04 Mar 2026 12:36:30 it is held" in said


def test_a_call_whose_end_was_never_told_goes_to_a_person() -> None:
    said = told(called(attempt(), state=LeadState.HELD))
    assert "the end of attempt 1 was never told" in said
    assert "`campaign unknown list`" in said


def in_doubt(*answers: EventRecord) -> History:
    return replace(called(DOUBTFUL, state=LeadState.HELD), events=answers)


def test_a_doubt_says_when_the_provider_is_asked_first() -> None:
    said = told(in_doubt())
    assert "Attempt 1 is in doubt: it may have rung" in said
    assert "It is asked next at Wed 04 Mar 2026 12:06:30. 0 of 2 answers" in said


def test_a_doubt_tells_what_was_answered_so_far_and_when_it_is_asked_next() -> None:
    said = told(in_doubt(event("asked", NOON + minutes(7), **DATA["asked"])), now=NOON + minutes(8))
    now = said.split("Now")[1]
    assert "The provider was asked at Wed 04 Mar 2026 12:07:00: not in the list, control call seen." in now
    assert "It is asked next at Wed 04 Mar 2026 12:13:30. 1 of 2 answers" in now


def test_an_answer_that_came_too_late_to_count_is_no_answer() -> None:
    assert "0 of 2 answers" in told(in_doubt(event("asked", kept="Asked does not follow ended", **DATA["asked"])))


def test_a_doubt_that_is_proved_not_placed_says_so() -> None:
    answers = [event("asked", NOON + minutes(each), **DATA["asked"]) for each in (7, 14)]
    assert "It is proved not placed" in told(in_doubt(*answers))


def test_two_calls_that_fit_go_to_a_person() -> None:
    assert "A person must decide: 2 calls fit it." in told(in_doubt(event("asked", found=2, controlled=False, note="")))


def test_a_request_on_its_way_is_said_to_be() -> None:
    assert "The request of attempt 1 is on its way." in told(called(attempt(state=AttemptState.SENDING, call_sid=None)))


# --- the rest --------------------------------------------------------------------------------------------------------


def test_a_rejected_line_says_where_it_stands_and_why() -> None:
    reject = Reject(4, "phone", "+919812300001", RejectReason.DUPLICATE, "the same number as on line 2")
    _, line = rejections([RejectedLine("spring", RejectRecord("leads.csv", ("phone",), reject))])
    assert line == "spring: line 4 of leads.csv was rejected as duplicate: the same number as on line 2"


# --- several numbers -------------------------------------------------------------------------------------------------

MOBILE, LANDLINE = NumberHash("mobile"), NumberHash("landline")


def reached_by_two(*calls: tuple[NumberHash, Attempt]) -> History:
    """A lead with two numbers, of which the second is asked about."""
    waiting = lead(LeadState.RETRY_WAIT, reason="busy", numbers=[MOBILE, LANDLINE])
    made = [Dialled(each, count, LEAD, number) for count, (number, each) in enumerate(calls, start=1)]
    return History(number=LANDLINE, leads=[waiting], dialled=made)


def test_of_a_lead_with_two_numbers_the_one_that_is_next_is_named() -> None:
    said = told(reached_by_two((MOBILE, ended(Disposition.BUSY, NOON))), now=NOON + hours(1))
    assert "line 2 of leads.csv, number 2 of 2" in said
    assert "at its number 1 of 2, call 2 of 2 to it (1 of 4 calls made, 1 of 3" in said


def test_rules_of_a_number_are_asked_with_the_calls_to_that_number() -> None:
    calls = [(MOBILE, ended(Disposition.BUSY, NOON)), (MOBILE, ended(Disposition.BUSY, NOON))]
    said = told(reached_by_two(*calls), now=NOON)
    assert "too soon" not in said.lower()
    assert "at its number 2 of 2, call 1 of 2 to it (2 of 4 calls made, 0 of 3" in said


def test_a_lead_without_a_number_left_is_said_to_finish() -> None:
    calls = [(MOBILE, ended(Disposition.BUSY, NOON)), (LANDLINE, ended(Disposition.BUSY, NOON, number_position=1))]
    said = told(reached_by_two(*calls), rules=policy(tries_per_number=1), now=NOON + hours(1))
    assert "it is finished without another call: busy (each number had its call)" in said


def test_the_number_that_a_call_was_prepared_for_is_told_if_it_is_not_the_first() -> None:
    said = told(History(leads=[lead()], events=[replace(event("reserved"), data={"position": 1})]))
    assert "the next attempt was prepared, at its number 2." in said
