"""Reading: how a campaign went so far, what of it waits for another call, and how its requests were answered."""

from campaign.core.attempt import Disposition, Refusal, ResolvedBy
from campaign.core.breaker import Reply
from campaign.core.events import Accepted, InDoubt, Refused
from campaign.core.forecast import Cohort, Course
from campaign.core.lead import CampaignId
from campaign.core.records import Account
from tests.builders import LATER, NOON, minutes, seconds
from tests.contract.store import Bench, ended, new_lead, sid


async def test_a_campaign_that_was_not_dialled_tells_nothing(bench: Bench, spring: CampaignId) -> None:
    await bench.load(spring, [new_lead(2, 1)])
    assert await bench.books.course(spring) == Course()


async def test_the_course_tells_how_calls_ended_and_how_long_they_took(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.COMPLETED, lasts=seconds(90))
    await bench.call(spring, 2, Disposition.COMPLETED, lasts=seconds(60))
    await bench.call(spring, 3, Disposition.NO_ANSWER, lasts=seconds(30))
    await bench.alive(spring, 4)
    [refused] = await bench.sending(spring, 5)
    await bench.tell(refused, Refused(LATER, Refusal.INVALID_NUMBER, "no such number"))
    course = await bench.books.course(spring)
    assert course.ended == {Disposition.COMPLETED: 2, Disposition.NO_ANSWER: 1}
    assert course.call == seconds(60)
    assert course.retries == (Cohort(NOON + seconds(30) + minutes(30), 1, 1.0),)


async def test_a_waiting_lead_comes_with_the_calls_it_had(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.BUSY)
    then = LATER + minutes(10)
    [second] = await bench.sending(spring, at=then)
    await bench.tell(second, ended(Disposition.BUSY, then + minutes(1)))
    [waits] = (await bench.books.course(spring)).retries
    assert (waits.calls, waits.due_at) == (2, then + minutes(31))


async def test_a_call_that_took_no_time_is_a_second_long(bench: Bench, spring: CampaignId) -> None:
    await bench.call(spring, 1, Disposition.FAILED, lasts=seconds(0))
    assert (await bench.books.course(spring)).call == seconds(1)


async def test_how_the_newest_requests_were_answered_is_told_oldest_answer_first(
    bench: Bench, spring: CampaignId
) -> None:
    slow, quick, refused, unsent, none = [(await bench.sending(spring, each))[0] for each in range(1, 6)]
    await bench.tell(quick, Accepted(LATER, sid(2)))
    await bench.tell(unsent, Refused(LATER, Refusal.NO_CONNECTION, "no connection"))
    await bench.tell(refused, Refused(LATER + seconds(1), Refusal.ACCOUNT, "401"))
    await bench.tell(slow, InDoubt(LATER + seconds(2), "no answer in time"))
    await bench.tell(slow, Accepted(LATER + minutes(9), sid(1), ResolvedBy.POLL))  # it was answered no better for that
    assert await bench.books.replies(await bench.account(spring)) == [
        Reply(NOON, LATER, good=True),
        Reply(NOON, LATER + seconds(1), good=True),
        Reply(NOON, LATER + seconds(2), good=False),
    ]
    assert none


async def test_those_of_another_account_are_not_among_them(bench: Bench, spring: CampaignId) -> None:
    elsewhere = await bench.campaign("summer", account=Account("https://api.example.test", "other", simulated=False))
    await bench.alive(elsewhere, 1)
    assert await bench.books.replies(await bench.account(spring)) == []


async def test_the_course_is_of_one_campaign(bench: Bench, spring: CampaignId) -> None:
    await bench.call(await bench.campaign("summer"), 1, Disposition.BUSY)
    assert await bench.books.course(spring) == Course()
