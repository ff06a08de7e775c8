"""Callbacks as they arrive, the details of calls, and the places of requests in the rate."""

from datetime import timedelta

import pytest

from campaign.core.allowance import Allowance
from campaign.core.attempt import AttemptId, Disposition
from campaign.core.keyed import PublicId
from campaign.core.lead import CampaignId
from campaign.core.policy import Rate
from campaign.core.records import Account, AccountId, CallbackFate, Details, Happened, RawCallback
from campaign.core.starts import Start
from tests.builders import LATER, NOON, hours, minutes, seconds
from tests.contract.store import NOBODY, Bench, ended, sid

STORED, REPEATED, STRANGER = CallbackFate.STORED, CallbackFate.REPEATED, CallbackFate.STRANGER
JSON = "application/json"


async def raw(bench: Bench, attempt: AttemptId, body: bytes = b"{}") -> RawCallback:
    return RawCallback((await bench.attempt(attempt)).public_id, JSON, body, LATER)


async def account(bench: Bench) -> AccountId:
    return (await bench.books.campaigns())[0].account_id


async def test_a_callback_is_stored_as_it_came(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.alive(spring, 1)
    body = b"--form-data-boundary\r\n\x00\xff"
    assert await bench.store.keep_callbacks([await raw(bench, attempt, body)]) == [STORED]
    [unread] = await bench.books.unread_callbacks(10)
    assert (unread.attempt, unread.content_type, unread.body, unread.at) == (attempt, JSON, body, LATER)


async def test_the_same_body_again_is_only_counted(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.alive(spring, 1)
    callback = await raw(bench, attempt)
    assert await bench.store.keep_callbacks([callback, callback]) == [STORED, REPEATED]
    assert await bench.store.keep_callbacks([callback]) == [REPEATED]
    assert len(await bench.books.unread_callbacks(10)) == 1


async def test_another_body_or_another_attempt_is_a_callback_of_its_own(bench: Bench, spring: CampaignId) -> None:
    one, other = await bench.alive(spring, 1, 2)
    callbacks = [await raw(bench, one), await raw(bench, one, b"[]"), await raw(bench, other)]
    assert await bench.store.keep_callbacks(callbacks) == [STORED] * 3


async def test_a_callback_of_no_attempt_or_of_a_mere_reservation_is_a_strangers(
    bench: Bench, spring: CampaignId
) -> None:
    [reserved] = await bench.reserve(spring, 1)
    strangers = [RawCallback(PublicId("nobody"), JSON, b"{}", LATER), await raw(bench, reserved.attempt)]
    assert await bench.store.keep_callbacks(strangers) == [STRANGER, STRANGER]
    assert await bench.books.unread_callbacks(10) == []


async def test_a_callback_may_overtake_the_answer(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.sending(spring, 1)
    assert await bench.store.keep_callbacks([await raw(bench, attempt)]) == [STORED]


async def test_callbacks_are_read_in_the_order_they_came_and_once(bench: Bench, spring: CampaignId) -> None:
    attempts = await bench.alive(spring, 1, 2, 3)
    await bench.store.keep_callbacks([await raw(bench, each) for each in reversed(attempts)])
    first = await bench.books.unread_callbacks(2)
    assert [each.attempt for each in first] == [attempts[2], attempts[1]]
    told = [Happened(each.attempt, ended(Disposition.BUSY, LATER)) for each in first]
    recorded = await bench.store.mark_read([each.id for each in first], told, LATER)
    assert [each.attempt.id for each in recorded] == [attempts[2], attempts[1]]
    assert [each.attempt.id for each in await bench.books.live_calls(AccountId(1))] == [attempts[0]]
    assert [each.attempt for each in await bench.books.unread_callbacks(10)] == [attempts[0]]
    assert await bench.store.keep_callbacks([await raw(bench, attempts[2])]) == [REPEATED]
    assert len(await bench.books.unread_callbacks(10)) == 1, "a repeat is not read again"


async def test_a_callback_is_not_read_unless_what_it_told_is_recorded(bench: Bench, spring: CampaignId) -> None:
    [attempt] = await bench.alive(spring, 1)
    await bench.store.keep_callbacks([await raw(bench, attempt)])
    [unread] = await bench.books.unread_callbacks(10)
    with pytest.raises(KeyError):
        await bench.store.mark_read([unread.id], [Happened(NOBODY, ended(Disposition.BUSY, LATER))], LATER)
    assert await bench.books.unread_callbacks(10) == [unread]


async def test_details_fill_only_what_is_missing(bench: Bench, spring: CampaignId) -> None:
    attempt = await bench.call(spring, 1, Disposition.COMPLETED)
    first = Details(attempt, duration_sec=61, price="0.5", started="12:00:01")
    second = Details(attempt, 99, 40, "9.9", "https://example.test/1.mp3", "13:00:00", "12:01:02")
    assert await bench.store.add_details([first]) == [True]
    assert await bench.store.add_details([first, Details(attempt)]) == [False, False]
    assert await bench.store.add_details([second]) == [True]
    [told] = (await bench.lead(spring)).attempts
    assert (told.duration_sec, told.price, told.started) == (61, "0.5", "12:00:01")
    assert (told.conversation_sec, told.recording_url, told.ended) == (40, "https://example.test/1.mp3", "12:01:02")


async def test_nought_is_told_and_stays(bench: Bench, spring: CampaignId) -> None:
    attempt = await bench.call(spring, 1, Disposition.BUSY)
    assert await bench.store.add_details([Details(attempt, duration_sec=0), Details(attempt, duration_sec=5)]) == [
        True,
        False,
    ]
    assert (await bench.lead(spring)).attempts[0].duration_sec == 0


async def test_ended_calls_without_duration_or_price_are_undetailed(bench: Bench, spring: CampaignId) -> None:
    told, half = [await bench.call(spring, count, Disposition.COMPLETED) for count in (1, 2)]
    later = await bench.call(spring, 3, Disposition.BUSY, at=NOON + minutes(5))
    await bench.alive(spring, 4)
    elsewhere = await bench.call(await bench.campaign("summer"), 5, Disposition.BUSY)
    await bench.store.add_details([Details(told, 60, price="0.5"), Details(half, 60)])
    missing = await bench.books.undetailed(spring, None)
    assert [each.attempt.id for each in missing] == [half, later]
    assert elsewhere not in [each.attempt.id for each in missing]
    assert [each.attempt.id for each in await bench.books.undetailed(spring, LATER)] == [later]


async def test_a_request_holds_its_place_from_its_send_and_then_from_its_answer(
    bench: Bench, spring: CampaignId
) -> None:
    whose = await account(bench)
    answered = await bench.store.note_request(whose, NOON)
    await bench.store.note_request(whose, NOON + seconds(2))
    assert await bench.books.recent_requests(whose, NOON - seconds(1)) == [NOON, NOON + seconds(2)]
    await bench.store.note_answer(answered, NOON + seconds(5))
    assert await bench.books.recent_requests(whose, NOON - seconds(1)) == [NOON + seconds(2), NOON + seconds(5)]
    assert await bench.books.recent_requests(whose, NOON + seconds(2)) == [NOON + seconds(5)]


async def test_what_the_account_allows_is_kept_for_whoever_looks(bench: Bench, spring: CampaignId) -> None:
    account = await bench.account(spring)
    assert await bench.books.allowance(account) == Allowance()
    for allowance in (Allowance(Rate(90, minutes(1)), 50, NOON), Allowance(percent=25, since=LATER), Allowance()):
        await bench.store.note_allowance(account, allowance)
        assert await bench.books.allowance(account) == allowance


async def test_connect_requests_are_among_them_and_other_accounts_are_not(bench: Bench, spring: CampaignId) -> None:
    whose = await account(bench)
    await bench.sending(spring, 1)
    await bench.alive(spring, 2, at=LATER)
    await bench.reserve(spring, 3)
    assert await bench.books.recent_requests(whose, NOON - hours(1)) == [NOON, LATER]
    assert await bench.books.recent_requests(AccountId(whose + 1), NOON - hours(1)) == []


async def test_a_start_takes_unheard_answers_for_heard_now(bench: Bench, spring: CampaignId) -> None:
    whose = await account(bench)
    await bench.store.note_request(whose, NOON)
    await bench.store.recover(LATER)
    assert await bench.books.recent_requests(whose, NOON - hours(48)) == [LATER]


async def test_a_look_up_is_forgotten_after_a_day_by_the_clock_it_was_written_by(
    bench: Bench, spring: CampaignId
) -> None:
    whose, up, period = await account(bench), hours(100), minutes(1)
    booted, ahead = NOON - up, hours(48)
    await bench.store.note_start(Start(booted, up), period)
    await bench.store.note_request(whose, NOON)
    await bench.store.note_start(Start(booted + ahead, up + seconds(10)), period)
    assert await bench.books.recent_requests(whose, booted) == [NOON]
    await bench.store.note_start(Start(booted + ahead, up + minutes(2)), period)
    assert await bench.books.recent_requests(whose, booted) == []


async def test_by_how_much_the_clock_was_set_ahead_is_told_to_every_start_of_the_period(bench: Bench) -> None:
    async def start(ahead: float, up: float) -> timedelta:
        return await bench.store.note_start(Start(NOON + seconds(ahead), seconds(up)), minutes(1))

    assert await start(0, 100) == timedelta(0)
    assert await start(90, 110) == await start(90, 170) == seconds(90)
    assert await start(90, 171) == timedelta(0)
    assert await start(60, 180) == timedelta(0)
    assert await start(60.5, 250) == await start(60.5, 260) == seconds(0.5)  # no step, and not written


async def test_live_calls_are_those_of_the_account_oldest_first(bench: Bench, spring: CampaignId) -> None:
    [young] = await bench.sending(spring, 1, at=LATER)
    summer = await bench.campaign("summer")
    [old] = await bench.alive(summer, 2)
    await bench.call(spring, 3, Disposition.BUSY)
    other = Account("https://api.example.test", "other", simulated=False)
    [theirs] = await bench.alive(await bench.campaign("theirs", account=other), 4)
    calls = await bench.live(spring)
    assert [(call.attempt.id, call.campaign) for call in calls] == [(old, summer), (young, spring)]
    assert calls[0].attempt.call_sid == sid(old)
    assert theirs not in {call.attempt.id for call in calls}
