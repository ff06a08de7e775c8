"""A whole run: each way in which it ends, and what it shows meanwhile."""

from pathlib import Path

import pytest

from campaign.core.attempt import Disposition, Refusal
from campaign.core.call import LookUpFailed
from campaign.core.lead import CampaignState, LeadState, Outcome
from campaign.core.pace import Why
from campaign.core.policy import Rate
from campaign.engine.run import Ending, Wait
from campaign.errors import CampaignError
from tests.builders import NOON, at, hours, minutes, seconds, window
from tests.integration.going import TOLD, going
from tests.integration.house import FREELY, a_house, ending, in_doubt, refused, report, sid


async def test_a_campaign_ends_when_every_lead_is_done_and_every_price_is_known(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY, state=CampaignState.DRAFT) as house, going(house) as it:
        await it.placed(2)
        assert await house.state() is CampaignState.RUNNING
        await it.told(1)
        await it.told(2)
        assert not it.end.done()
        assert it.run.feed.saying == "all calls made; prices still to come: 2, at the latest"
        await it.passes(minutes(2))
        assert await it.over() is Ending.DONE
        assert await house.state() is CampaignState.COMPLETED
        assert [lead.outcome for lead in await house.leads()] == [Outcome.COMPLETED] * 2
        assert [call.price for call in await house.attempts()] == ["0.55"] * 2


async def test_a_price_that_never_comes_does_not_keep_the_run(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, going(house) as it:
        await it.placed(1)
        await it.told(1)
        house.provider.shows.clear()
        await it.passes(minutes(2), minutes(1), minutes(1))
        assert not it.end.done()
        await it.passes(minutes(1))
        assert await it.over() is Ending.DONE


async def test_a_busy_lead_is_called_again_and_counted_once(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, going(house) as it:
        await it.placed(1)
        await it.told(1, "busy")
        await it.passes(minutes(10) - seconds(1))
        assert len(house.provider.placed) == 1
        await it.passes(seconds(1))
        await it.placed(2)
        await it.told(2)
        await it.passes(minutes(2))
        assert await it.over() is Ending.DONE
        assert (await house.leads())[0].outcome is Outcome.COMPLETED


async def test_a_call_in_doubt_is_settled_for_its_time_and_then_the_run_ends_in_doubt(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        house.provider.answers.append(in_doubt())
        async with going(house) as it:
            await it.placed(2)
            await it.told(1)
            await it.passes(minutes(2))
            settles = NOON + house.policy.longest_call + house.policy.settle_for
            assert it.run.feed.saying == "all calls made; settling 1 in doubt, at the latest"
            assert it.run.feed.until == settles
            await it.passes(settles - house.clock.now() - seconds(1))
            assert not it.end.done()
            await it.passes(seconds(1))
            assert await it.over() is Ending.IN_DOUBT
        assert await house.state() is CampaignState.PAUSED
        assert [lead.state for lead in await house.leads()] == [LeadState.HELD, LeadState.DONE]


async def test_a_call_in_doubt_that_is_told_of_leaves_no_doubt(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house:
        house.provider.answers.append(in_doubt())
        async with going(house) as it:
            await it.placed(1)
            await it.run.desk.callbacks.receive(house.provider.placed[0].attempt, "", ending(sid(5)))
            house.provider.shows[sid(5)] = report(sid(5), **TOLD)
            await house.settle()
            await it.passes(minutes(2))
            assert await it.over() is Ending.DONE


async def test_a_call_whose_end_nobody_tells_ends_the_run_in_doubt(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, going(house) as it:
        await it.placed(1)
        await it.passes(house.policy.longest_call, minutes(2), minutes(2), minutes(4), minutes(8), minutes(14))
        assert await it.over() is Ending.IN_DOUBT


async def test_a_pause_waits_for_the_calls_alive_and_then_the_run_ends(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY, channels=2) as house, going(house) as it:
        await it.placed(2)
        await it.run.pause()
        await house.settle()
        end = NOON + house.policy.longest_call
        assert (it.run.feed.saying, it.run.feed.until) == ("no new calls; waiting for 2 to end, at the latest", end)
        await it.told(1)
        assert not it.end.done()
        await it.told(2)
        assert await it.over() is Ending.PAUSED
        assert len(house.provider.placed) == 2
        assert await house.state() is CampaignState.PAUSED


async def test_a_pause_waits_no_longer_than_the_latest_end(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, rate=FREELY) as house, going(house) as it:
        await it.placed(1)
        await it.run.pause()
        await it.passes(house.policy.longest_call - seconds(1))
        assert not it.end.done()
        await it.passes(seconds(1))
        assert await it.over() is Ending.PAUSED


async def test_a_stop_drains_and_cancels_the_rest(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=4, rate=FREELY, channels=2) as house, going(house) as it:
        await it.placed(2)
        assert await it.run.stop() == 2
        assert await house.state() is CampaignState.DRAINING
        await it.told(1)
        await it.told(2, "busy")  # not called again
        assert await it.over() is Ending.STOPPED
        assert await house.state() is CampaignState.STOPPED
        outcomes = [lead.outcome for lead in await house.leads()]
        assert outcomes == [Outcome.COMPLETED] + [Outcome.CANCELED] * 3


async def test_a_stop_asks_once_more_for_calls_nobody_told_of_and_holds_them(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house, going(house) as it:
        await it.placed(2)
        await it.run.stop()
        house.provider.shows[sid(2)] = report(sid(2), Disposition.BUSY)
        await it.passes(house.policy.longest_call)
        assert await it.over() is Ending.STOPPED
        assert house.provider.asked == [(sid(1), sid(2))]
        silent, busy = await house.leads()
        assert (silent.state, silent.reason) == (LeadState.HELD, "its end was never told")
        assert (busy.state, busy.outcome) == (LeadState.DONE, Outcome.CANCELED)  # it was not called again
        assert await house.state() is CampaignState.STOPPED


async def test_a_stopped_campaign_is_not_taken_up_again(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY, state=CampaignState.STOPPED) as house:
        await house.run().store.set_state(house.campaign.id, CampaignState.RUNNING, "", NOON)
        assert await house.state() is CampaignState.STOPPED


async def test_a_campaign_that_was_being_stopped_only_drains_when_it_is_taken_up_again(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        await house.call()
        await house.move_to(CampaignState.DRAINING)
        async with going(house) as it:
            await house.settle()
            assert await house.state() is CampaignState.DRAINING
            await it.told(1)
            assert await it.over() is Ending.STOPPED
        assert house.provider.placed == []


async def test_a_refused_account_ends_the_run(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY) as house:
        house.provider.answers.extend([refused(Refusal.ACCOUNT)] * 3)
        async with going(house) as it:
            assert await it.over() is Ending.ACCOUNT
        assert await house.state() is CampaignState.PAUSED
        assert [lead.state for lead in await house.leads()] == [LeadState.PENDING] * 3


async def test_an_account_that_is_refused_at_start_dials_nobody(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house:
        await house.call()
        house.provider.failures.append(LookUpFailed("401", account=True))
        async with going(house) as it:
            await it.passes(house.policy.longest_call)
            assert await it.over() is Ending.ACCOUNT
        assert house.provider.placed == []


async def test_an_interrupt_dials_nobody_else_and_waits_for_the_calls_alive(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY, channels=1) as house, going(house) as it:
        await it.placed(1)
        it.run.interrupt()
        await house.settle()
        assert not it.end.done()
        await it.told(1)
        assert await it.over() is Ending.INTERRUPTED
        assert len(house.provider.placed) == 1
        assert await house.state() is CampaignState.RUNNING  # `resume` goes on from here
        assert [lead.state for lead in await house.leads()][1:] == [LeadState.PENDING] * 2


async def test_the_limit_pauses_the_campaign_once_its_calls_are_over(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=3, rate=FREELY) as house, going(house, limit=2) as it:
        await it.placed(2)
        await it.told(1)
        assert not it.end.done()
        await it.told(2)
        assert await it.over() is Ending.PAUSED
        assert len(house.provider.placed) == 2
        assert (await house.books.campaigns())[0].reason == "the limit of 2 leads was reached"


async def test_a_limit_that_reaches_to_the_last_lead_lets_the_campaign_finish(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house, going(house, limit=2) as it:
        await it.placed(2)
        await it.told(1)
        await it.told(2)
        await it.passes(minutes(2))
        assert await it.over() is Ending.DONE


async def test_a_limit_does_not_wait_for_ever_for_a_call_whose_end_nobody_tells(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=FREELY) as house, going(house, limit=1) as it:
        await it.placed(1)
        await it.passes(house.policy.longest_call, minutes(2), minutes(2), minutes(4), minutes(8), minutes(14))
        assert await it.over() is Ending.PAUSED


async def test_a_database_that_cannot_be_written_ends_the_run_with_its_own_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise CampaignError("the disk is full")

    async with a_house(tmp_path, leads=1, rate=FREELY) as house:
        monkeypatch.setattr(house.store, "claim_due", full)
        async with going(house) as it:
            with pytest.raises(CampaignError, match="the disk is full"):
                await it.over()


async def test_a_step_looks_and_says_when_to_look_again(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        run = house.run()
        assert await run.step(NOON) == Wait(None)
        await house.call()
        await house.move_to(CampaignState.PAUSED)
        assert await run.step(NOON) == Wait(NOON + house.policy.longest_call)


async def test_while_the_window_is_shut_it_says_so_whenever_nothing_else_passes(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1, window=window("14:00-21:00")) as house, going(house) as it:
        goes_on = ("outside the calling hours: calling goes on", at("2026-03-04 14:00"))
        for lasting in ("", "the first 20 calls show whether it goes on"):
            it.run.feed.say(lasting, None)
            pulse = await it.run.pulse()
            assert (pulse.saying, pulse.until) == goes_on
        it.run.feed.say("no connection to the provider; trying again", NOON + seconds(30))
        assert (await it.run.pulse()).until == NOON + seconds(30)
        await it.passes(seconds(30))
        pulse = await it.run.pulse()
        assert (pulse.saying, pulse.until) == goes_on


async def test_a_pulse_shows_what_is_going_on(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, rate=Rate(1, minutes(1))) as house, going(house) as it:
        await house.settle()  # the provider's list was asked for at start, and has the only place
        await it.passes(minutes(1))
        await it.placed(1)
        pulse = await it.run.pulse()
        assert (pulse.now, pulse.tally.alive, pulse.tally.left, pulse.sent) == (NOON + minutes(1), 1, 2, 1)
        assert (pulse.saying, pulse.until) == ("", None)  # waiting for one's place is not worth a word
        it.run.desk.pacer.pause(NOON + hours(1), Why.NO_CONNECTION)
        await house.settle()
        pulse = await it.run.pulse()
        assert (pulse.saying, pulse.until) == ("no connection to the provider", NOON + hours(1))
        it.run.feed.say("something else", None)
        assert (await it.run.pulse()).saying == "something else"
