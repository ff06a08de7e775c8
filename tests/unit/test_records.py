"""What crosses the walls shows no number and no secret when it is printed, and claims nothing nobody told."""

from datetime import timedelta
from typing import Any

from campaign.core.attempt import AttemptId
from campaign.core.call import CallReport, LookUpFailed, Placement
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId, CampaignState
from campaign.core.records import TEST_CALL, Account, AccountId, CampaignRecord, Details, NewLead, Owner
from tests.builders import CALL, NOON, NUMBER


def test_a_printed_connect_request_has_a_masked_number() -> None:
    second = timedelta(seconds=1)
    placement = Placement(PublicId("attempt-1"), NUMBER, "08012300000", "", second, second, "", None, 0.0)
    assert "9812300001" not in repr(placement)


def test_a_printed_lead_has_a_masked_number() -> None:
    assert "9812300001" not in repr(NewLead(2, NUMBER, ()))


def test_a_printed_owner_shows_no_token() -> None:
    assert "a token" not in repr(Owner(1, NOON, 8080, "a token"))


def test_a_test_call_is_known_by_its_name() -> None:
    account = Account("", "", simulated=True)
    of = {"id": CampaignId(1), "account": account, "account_id": AccountId(1), "state": CampaignState.RUNNING}
    made: dict[str, Any] = of | {"reason": "", "created_at": NOON, "policy_version": 1, "settings": {}}
    assert CampaignRecord(name=f"{TEST_CALL}1", **made).test_call
    assert not CampaignRecord(name="spring", **made).test_call


def test_a_report_claims_nothing_nobody_told() -> None:
    report = CallReport(CALL, "in-progress")
    assert {getattr(report, name) for name in CallReport.__dataclass_fields__} == {CALL, "in-progress", None}
    assert LookUpFailed("time-out") == LookUpFailed("time-out", False, None, False, False)
    assert Details(AttemptId(1)) == Details(AttemptId(1), None, None, None, None, None, None)
