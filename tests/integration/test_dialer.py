"""From a lead that is due to a request that has left, and what each answer costs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from campaign.core.attempt import AttemptState, Disposition, Refusal
from campaign.core.guard import Verdict
from campaign.core.lead import CampaignState, LeadState, Outcome, PhoneNumber
from campaign.core.pace import Wait, Why
from campaign.core.policy import Rate
from campaign.core.pool import Caller
from campaign.core.records import Intent
from tests.builders import NOON, at, hours, minutes, seconds, window
from tests.integration.house import FREELY, House, a_house, dialling, ending, in_doubt, refused, sid

FAST = Rate(6000, minutes(1))  # an interval of 10 ms


async def states(house: House) -> list[LeadState]:
    return [lead.state for lead in await house.leads()]


async def test_a_due_lead_is_called_with_what_the_policy_says(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        [placed] = house.provider.placed
        assert (placed.number.e164, placed.caller_id) == ("+919812300001", house.policy.callers[0].number)
        assert (placed.ring_timeout, placed.time_limit) == (seconds(30), minutes(5))
        assert placed.custom_field == placed.attempt
        assert placed.callback_url
        assert placed.callback_url.startswith(f"https://campaign.example/cb/{placed.attempt}.")
        assert placed.send_by == house.clock.ticks() + 2
        await house.settle()
        [attempt] = await house.attempts()
        assert (attempt.attempt.state, attempt.attempt.call_sid) == (AttemptState.ACCEPTED, sid(1))


async def test_the_time_to_send_runs_from_before_the_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        begin, before = house.store.begin_sending, house.clock.ticks()

        async def slow(intents: Sequence[Intent]) -> list[Verdict]:
            verdicts = await begin(intents)
            monkeypatch.setattr(house.clock, "ticks", lambda: before + 60)  # the machine slept
            return verdicts

        monkeypatch.setattr(house.store, "begin_sending", slow)
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        assert house.provider.placed[0].send_by == before + 2


async def test_without_a_public_address_no_callback_is_asked_for(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, callbacks=False) as house, dialling(house, run := house.run()):
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        assert house.provider.placed[0].callback_url is None


async def test_the_intent_is_on_disk_before_the_request_leaves(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        house.provider.open.clear()
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        [row] = await house.rows("attempt")
        assert (row["state"], row["sent_at"], row["latest_end"]) == ("sending", NOON, NOON + house.policy.longest_call)


async def test_step_says_when_the_next_lead_is_due_and_looks_again_after_it_claimed(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        run = house.run()
        assert await run.dialer.step(NOON) == NOON
        assert await run.dialer.step(NOON) is None  # nobody waits
        await run.dialer.stop()
        assert await house.run().dialer.step(NOON - seconds(1)) == NOON


async def test_the_queue_is_not_filled_beyond_its_mark(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=260) as house:
        run = house.run()
        await run.dialer.step(NOON)
        assert len(run.dialer.queue) == 200
        assert await run.dialer.step(NOON) is None  # enough are waiting
        assert len(run.dialer.queue) == 200


async def test_a_busy_answer_of_the_account_pauses_everything_for_as_long_as_it_says(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FAST) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(Refusal.LATER, retry_after=45))
        await run.dialer.step(NOON)
        await house.until(lambda: run.feed.saying)
        assert run.feed.until == NOON + seconds(45)
        house.clock.move(seconds(44))
        await house.settle()
        assert len(house.provider.placed) == 1
        assert run.desk.pacer.waits_for == Wait(NOON + seconds(45), Why.ASKED)
        house.clock.move(seconds(1))
        await house.until(lambda: len(house.provider.placed) == 2)


async def test_a_refusal_halves_the_pace_and_the_next_process_knows_of_it(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FAST) as house:
        async with dialling(house, run := house.run()):
            house.provider.answers.append(refused(Refusal.LATER, retry_after=45))
            await run.dialer.step(NOON)
            await house.until(lambda: run.feed.saying)
            await house.settle()
            assert run.desk.pacer.rate.requests == FAST.requests // 2
            house.clock.move(seconds(46))
            pulse = await run.pulse()
            assert pulse.saying == f"slower after too many requests: {run.desk.pacer.rate}, all of the rate again"
            assert pulse.until == NOON + minutes(5)
        later = house.desk()
        async with later.open():
            assert later.pacer.allowance == run.desk.pacer.allowance
            house.clock.move(minutes(5))
            assert later.pacer.rate == FAST


async def test_a_lower_limit_that_an_answer_tells_holds_until_another_is_told(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FAST) as house, dialling(house, run := house.run(), workers=1):
        house.provider.limit = Rate(60, minutes(1))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        assert run.desk.pacer.rate == Rate(60, minutes(1))
        assert (await house.books.allowance(house.campaign.account_id)).told == Rate(60, minutes(1))
        house.provider.limit = Rate(60_000, minutes(1))
        house.clock.move(minutes(1))
        await house.until(lambda: len(house.provider.placed) == 2)
        await house.settle()
        assert run.desk.pacer.rate == FAST


async def test_without_a_retry_after_everything_waits_one_period(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FAST) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(Refusal.LATER))
        await run.dialer.step(NOON)
        await house.until(lambda: run.desk.pacer.waits_for)
        await house.settle()
        assert run.desk.pacer.waits_for == Wait(NOON + minutes(1), Why.ASKED)
        assert len(house.provider.placed) == 1


@pytest.mark.parametrize("refusal", [Refusal.LATER, Refusal.NOT_SENT, Refusal.NO_CONNECTION])
async def test_a_call_that_was_not_placed_costs_the_lead_nothing(tmp_path: Path, refusal: Refusal) -> None:
    stingy: dict[str, Any] = {"rate": FAST, "max_attempts": 1, "per_day": 1}
    async with a_house(tmp_path, leads=1, **stingy) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(refusal))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        [lead] = await house.leads()
        assert (lead.state, lead.due_at) == (LeadState.PENDING, NOON)
        house.clock.move(minutes(2))
        await run.dialer.step(house.clock.now())
        await house.until(lambda: len(house.provider.placed) == 2)
        first, second = house.provider.placed
        assert first.attempt != second.attempt  # an attempt is never sent twice
        await house.settle()
        refused_one, accepted = await house.attempts()
        assert (refused_one.attempt.refusal, refused_one.attempt.counts) == (refusal, False)
        assert accepted.attempt.state is AttemptState.ACCEPTED


async def test_a_request_that_never_left_takes_no_place_in_the_rate(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FAST) as house, dialling(house, run := house.run(), workers=1):
        house.provider.answers.append(refused(Refusal.NOT_SENT))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        assert run.desk.pacer.pace.used == 0
        house.clock.move(seconds(1))
        await house.until(lambda: len(house.provider.placed) == 2)
        await house.settle()
        assert run.desk.pacer.pace.used == 1


POOL: dict[str, Any] = {"rate": FREELY, "callers": (Caller("1"), Caller("2"))}


async def test_a_refused_caller_id_is_taken_out_and_its_lead_called_from_another(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=4, **POOL) as house, dialling(house, run := house.run(), workers=1):
        house.provider.answers.append(refused(Refusal.CALLER_ID))
        await run.dialer.step(NOON)
        await house.until(lambda: len(house.provider.placed) == 4)
        await house.settle()
        out, *others = [each.caller_id for each in house.provider.placed]
        assert set(others) == {"1", "2"} - {out}
        assert run.feed.saying == f"the provider refuses {out} as a caller id; going on without it"
        await run.dialer.step(NOON)
        await house.until(lambda: len(house.provider.placed) == 5)
        await house.settle()
        first = [each for each in await house.attempts() if each.number == house.provider.placed[0].number]
        assert [each.attempt.counts for each in first] == [False, True], "the lead lost nothing"
        assert await house.state() is not CampaignState.PAUSED


async def test_the_last_caller_id_is_the_account(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=4, **POOL) as house, dialling(house, run := house.run(), workers=1):
        house.provider.answers.extend([refused(Refusal.CALLER_ID)] * 2)
        await run.dialer.step(NOON)
        await house.until(lambda: run.feed.account_refused)
        await house.settle()
        assert len({each.caller_id for each in house.provider.placed}) == len(house.provider.placed) == 2
        assert await house.state() is CampaignState.PAUSED
        assert {lead.state for lead in await house.leads()} <= {LeadState.PENDING, LeadState.IN_FLIGHT}


async def test_without_a_connection_one_lead_probes_after_half_a_minute(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FAST) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(Refusal.NO_CONNECTION))
        await run.dialer.step(NOON)
        await house.until(lambda: run.feed.saying)
        assert run.feed.saying == "no connection to the provider; trying again"
        house.clock.move(seconds(29))
        await house.settle()
        assert len(house.provider.placed) == 1
        house.provider.open.clear()
        house.clock.move(seconds(1))
        await house.until(lambda: len(house.provider.placed) == 2)
        house.clock.move(minutes(5))
        await house.settle()
        assert len(house.provider.placed) == 2  # alone, until it is answered
        house.provider.open.set()
        await house.until(lambda: len(house.provider.placed) == 3)


async def test_a_refused_account_pauses_the_campaign_and_nothing_else_leaves(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=5, rate=FAST) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(Refusal.ACCOUNT))
        await run.dialer.step(NOON)
        await house.until(lambda: run.feed.account_refused)
        house.clock.move(hours(1))
        await house.settle()
        assert len(house.provider.placed) == 1
        assert await house.state() is CampaignState.PAUSED
        assert (await house.books.campaigns())[0].reason == "account refused: refused: account"
        assert await states(house) == [LeadState.PENDING] * 5
        assert [lead.due_at for lead in await house.leads()] == [NOON] * 5
        assert await run.dialer.step(house.clock.now()) is None
        assert len(house.provider.placed) == 1


@pytest.mark.parametrize(
    ("refusal", "outcome"), [(Refusal.INVALID_NUMBER, Outcome.INVALID_NUMBER), (Refusal.DNC, Outcome.DNC)]
)
async def test_a_refused_number_ends_its_lead_alone(tmp_path: Path, refusal: Refusal, outcome: Outcome) -> None:
    async with a_house(tmp_path, leads=2, rate=FAST) as house, dialling(house, run := house.run()):
        house.provider.answers.append(refused(refusal))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        house.clock.move(seconds(1))
        await house.until(lambda: len(house.provider.placed) == 2)
        await house.settle()
        first, second = await house.leads()
        assert (first.state, first.outcome) == (LeadState.DONE, outcome)
        assert second.state is LeadState.IN_FLIGHT


async def test_the_next_number_of_a_lead_is_called_as_soon_as_the_first_is_refused(tmp_path: Path) -> None:
    landline = PhoneNumber("+918023456789")
    async with a_house(tmp_path, rate=FAST) as house, dialling(house, run := house.run()):
        await house.load(1, later=[landline])
        house.provider.answers.append(refused(Refusal.INVALID_NUMBER))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        assert run.dialer.bell.is_set()
        house.clock.move(seconds(1))
        await run.dialer.step(house.clock.now())
        await house.until(lambda: len(house.provider.placed) == 2)
        assert [each.number for each in house.provider.placed] == [PhoneNumber("+919812300001"), landline]


async def test_after_a_server_error_the_channel_is_free_once_the_phone_has_rung_out(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FAST, channels=1) as house, dialling(house, run := house.run()):
        house.provider.answers.append(in_doubt(server_error=True))
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        [row, *_] = await house.rows("attempt")
        assert (row["state"], row["latest_end"]) == ("unknown", NOON + house.policy.longest_ring)
        house.clock.move(house.policy.longest_ring - seconds(1))
        await house.settle()
        assert len(house.provider.placed) == 1
        house.clock.move(seconds(1))
        await house.until(lambda: len(house.provider.placed) == 2)
        assert await states(house) == [LeadState.HELD, LeadState.IN_FLIGHT]


async def test_a_request_in_doubt_without_a_word_holds_its_channel_for_the_longest_call(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FAST, channels=1) as house, dialling(house, run := house.run()):
        house.provider.answers.append(in_doubt())
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        house.clock.move(house.policy.longest_call - seconds(1))
        await house.settle()
        assert len(house.provider.placed) == 1
        house.clock.move(seconds(1))
        await house.until(lambda: len(house.provider.placed) == 2)


async def test_never_more_calls_are_alive_than_there_are_channels(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=7, rate=FAST, channels=3) as house, dialling(house, run := house.run(), 7):
        await run.dialer.step(NOON)
        for over in range(1, 5):
            for _ in range(3):  # the grid
                house.clock.move(seconds(1))
                await house.settle()
            assert len(house.provider.placed) == over + 2
            assert len(await house.live()) == 3
            await house.callback(house.provider.placed[over - 1].attempt, ending(sid(over)))
            await run.desk.callbacks.step(house.clock.now())


async def test_a_window_that_is_shut_claims_nothing(tmp_path: Path) -> None:
    night = window("14:00-21:00")
    async with a_house(tmp_path, leads=2, window=night) as house:
        run = house.run()
        assert await run.dialer.step(NOON) == at("2026-03-04 14:00")
        assert await house.rows("attempt") == []
        assert await states(house) == [LeadState.PENDING] * 2


async def test_reservations_in_hand_are_given_back_when_the_window_shuts(tmp_path: Path) -> None:
    morning = window("09:00-12:10")
    async with a_house(tmp_path, leads=3, rate=FAST, channels=1, window=morning) as house:
        async with dialling(house, run := house.run(), workers=1):
            await run.dialer.step(NOON)
            await house.until(lambda: house.provider.placed)
            house.clock.move(minutes(10))  # the first call is over by its latest end, and so is the morning
            await house.settle()
        assert len(house.provider.placed) == 1
        _, second, third = await house.leads()
        assert (second.state, second.due_at) == (LeadState.PENDING, at("2026-03-05 09:00"))
        assert (third.state, third.due_at) == (LeadState.PENDING, at("2026-03-05 09:00"))


async def test_a_window_that_shuts_while_a_lead_waits_for_its_place_lets_nothing_out(tmp_path: Path) -> None:
    morning = window("09:00-12:10")
    async with a_house(tmp_path, leads=1, rate=FAST, window=morning) as house, dialling(house, run := house.run()):
        run.desk.pacer.pause(at("2026-03-04 12:30"), Why.ASKED)
        await run.dialer.step(NOON)
        await house.until(lambda: run.desk.pacer.waits_for)
        house.clock.move(minutes(30))
        await house.settle()
        assert house.provider.placed == []
        [lead] = await house.leads()
        assert (lead.state, lead.due_at) == (LeadState.PENDING, at("2026-03-05 09:00"))
        assert run.desk.pacer.pace.used == 0
        assert await house.rows("attempt") == []


async def test_past_the_end_everybody_who_waits_expires(tmp_path: Path) -> None:
    over = window(end=NOON - minutes(1))
    async with a_house(tmp_path, leads=2, window=over) as house:
        run = house.run()
        run.bell.clear()
        assert await run.dialer.step(NOON) is None
        assert [lead.outcome for lead in await house.leads()] == [Outcome.EXPIRED] * 2
        assert run.bell.is_set()
        run.bell.clear()
        assert await run.dialer.step(NOON) is None
        assert not run.bell.is_set()  # there was nobody left


async def test_a_lead_that_expires_in_the_queue_is_not_called(tmp_path: Path) -> None:
    soon_over = window("00:00-24:00", end=NOON + minutes(1))
    async with a_house(tmp_path, leads=1, window=soon_over) as house, dialling(house, run := house.run()):
        run.desk.pacer.pause(NOON + minutes(2), Why.ASKED)
        await run.dialer.step(NOON)
        await house.until(lambda: run.desk.pacer.waits_for)
        house.clock.move(minutes(2))
        await house.settle()
        [lead] = await house.leads()
        assert (house.provider.placed, lead.outcome) == ([], Outcome.EXPIRED)
        assert (run.desk.pacer.pace.used, run.dialer.dialling) == (0, False)


async def test_a_number_that_was_called_too_recently_waits_for_its_gap(tmp_path: Path) -> None:
    waits = {Disposition.BUSY: (seconds(10),)}
    async with a_house(tmp_path, leads=1, waits=waits) as house, dialling(house, run := house.run()):
        call = await house.call()
        house.clock.move(minutes(1))
        await house.callback(call.public_id, ending(sid(1), "busy"))
        await run.desk.callbacks.step(house.clock.now())
        house.clock.move(seconds(10))
        await run.dialer.step(house.clock.now())
        await house.settle()
        [lead] = await house.leads()
        assert house.provider.placed == []
        assert (lead.state, lead.due_at) == (LeadState.RETRY_WAIT, NOON + minutes(1) + house.policy.min_gap)


async def test_channels_that_only_the_ledger_knows_are_taken_are_asked_for_again_soon(
    tmp_path: Path,
) -> None:
    async with a_house(tmp_path, leads=2, channels=1) as house, dialling(house, run := house.run()):
        await house.call()
        await run.dialer.step(NOON)  # this run knows nothing of that call: the ledger counts it
        await house.settle()
        _, second = await house.leads()
        assert house.provider.placed == []
        assert (second.state, second.due_at, second.reason) == (
            LeadState.PENDING,
            NOON + seconds(5),
            "all channels are in use",
        )
