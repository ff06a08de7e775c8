"""What callbacks do once they are on disk: in any notation, any order, any number of times, the same end."""

from pathlib import Path

import pytest

from campaign.core.attempt import AttemptId, AttemptState, Disposition, ResolvedBy
from campaign.core.lead import LeadState, Outcome
from campaign.core.records import CallbackFate
from campaign.engine.run import Run
from tests.builders import NOON, minutes, seconds
from tests.integration.house import House, a_house, dialling, ending, in_doubt, report, sid

MULTIPART = "multipart/form-data; boundary=form-data-boundary-0123456789abcdef"


def part(name: str, value: str) -> str:
    return f'--form-data-boundary-0123456789abcdef\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'


NOTATIONS = [
    (
        MULTIPART,
        (part("CallSid", sid(1)) + part("Status", "busy") + "--form-data-boundary-0123456789abcdef--\r\n").encode(),
    ),
    ("application/x-www-form-urlencoded", ending(sid(1), "busy")),
    ("application/json", b'{"CallSid": "%s", "Status": "busy"}' % sid(1).encode()),
]


async def asked_by_the_next_step(house: House, run: Run) -> list[object]:
    await run.desk.recovery.step(house.clock.now())
    return list(house.provider.asked)


@pytest.mark.parametrize(("content_type", "body"), NOTATIONS)
async def test_an_end_in_any_notation_ends_the_call(tmp_path: Path, content_type: str, body: bytes) -> None:
    async with a_house(tmp_path, leads=1) as house:
        call, run = await house.call(), house.run()
        house.clock.move(seconds(40))
        fate = await run.desk.callbacks.receive(call.public_id, content_type, body)
        assert fate is CallbackFate.STORED
        assert run.desk.callbacks.bell.is_set()
        assert await run.desk.callbacks.step(house.clock.now()) is None
        [after] = await house.attempts()
        assert after.attempt.disposition is Disposition.BUSY
        assert after.attempt.resolved_by is ResolvedBy.CALLBACK
        assert (after.attempt.ended_at, after.provider_status) == (NOON + seconds(40), "busy")
        [lead] = await house.leads()
        assert (lead.state, lead.due_at) == (LeadState.RETRY_WAIT, NOON + seconds(40) + minutes(10))


async def test_a_callback_is_acted_on_once(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        call, run = await house.call(), house.run()
        await run.desk.callbacks.receive(call.public_id, "", ending(sid(1)))
        await run.desk.callbacks.step(NOON)
        events = await house.rows("event")
        await run.desk.callbacks.step(NOON)
        assert await house.rows("event") == events
        [row] = await house.rows("inbox")
        assert row["read_at"] == NOON


async def test_an_end_frees_the_channel(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, channels=1) as house, dialling(house, run := house.run()):
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await house.settle()
        house.clock.move(seconds(30))
        await run.desk.callbacks.receive(house.provider.placed[0].attempt, "", ending(sid(1)))
        await run.desk.callbacks.step(house.clock.now())
        await house.until(lambda: len(house.provider.placed) == 2)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe nothing we know",
        b"Status=completed",
        f"CallSid={sid(1)}&Status=".encode(),
        f"CallSid={sid(1)}&Status=in-progress".encode(),
        f"CallSid={sid(1)}&Status=a-new-word".encode(),
    ],
)
async def test_what_tells_no_end_changes_nothing_and_the_call_is_asked_for(tmp_path: Path, body: bytes) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        call = await house.call()
        await run.desk.callbacks.receive(call.public_id, "", body)
        await run.desk.callbacks.step(NOON)
        assert (await house.attempts())[0].attempt == call.attempt
        assert await asked_by_the_next_step(house, run) == [sid(1)]


async def test_an_end_makes_nobody_ask(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        call = await house.call()
        await run.desk.callbacks.receive(call.public_id, "", ending(sid(1)))
        await run.desk.callbacks.step(NOON)
        assert await asked_by_the_next_step(house, run) == []


async def test_a_call_in_doubt_is_settled_by_its_callback(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        call, run = await house.call(answer=in_doubt()), house.run()
        assert (await house.leads())[0].state is LeadState.HELD
        await run.desk.callbacks.receive(call.public_id, "", ending(sid(7)))
        await run.desk.callbacks.step(NOON)
        [after] = await house.attempts()
        assert (after.attempt.state, after.attempt.call_sid) == (AttemptState.ACCEPTED, sid(7))
        assert (await house.leads())[0].outcome is Outcome.COMPLETED


async def test_a_call_in_doubt_is_adopted_by_a_callback_that_is_not_the_last(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        call = await house.call(answer=in_doubt())
        await run.desk.callbacks.receive(call.public_id, "", ending(sid(7), "in-progress"))
        await run.desk.callbacks.step(NOON)
        [after] = await house.attempts()
        assert (after.attempt.state, after.attempt.call_sid) == (AttemptState.ACCEPTED, sid(7))
        assert (await house.leads())[0].state is LeadState.IN_FLIGHT
        house.provider.shows[sid(7)] = report(sid(7), Disposition.NO_ANSWER)
        assert await asked_by_the_next_step(house, run) == [sid(7)]  # and asked for, now that its name is known
        assert (await house.attempts())[0].attempt.disposition is Disposition.NO_ANSWER


async def test_identical_repeats_are_only_counted(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        call, run = await house.call(), house.run()
        await run.desk.callbacks.receive(call.public_id, "", ending(sid(1)))
        await run.desk.callbacks.step(NOON)
        run.desk.callbacks.bell.clear()
        house.clock.move(minutes(1))
        assert await run.desk.callbacks.receive(call.public_id, "", ending(sid(1))) is CallbackFate.REPEATED
        assert not run.desk.callbacks.bell.is_set()
        [row] = await house.rows("inbox")
        assert (row["times"], row["first_at"], row["last_at"]) == (2, NOON, NOON + minutes(1))


async def test_a_second_end_of_another_kind_changes_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        call, run = await house.call(), house.run()
        for status in ("completed", "busy", "in-progress"):
            await run.desk.callbacks.receive(call.public_id, "", ending(sid(1), status))
        await run.desk.callbacks.step(NOON)
        assert (await house.attempts())[0].attempt.disposition is Disposition.COMPLETED
        assert len(await house.rows("inbox")) == 3  # all of them are kept
        assert [row["data"].get("kept") for row in await house.rows("event")][-2:] == [
            "Ended does not follow ended",
            "Accepted does not follow ended",
        ]


async def test_a_callback_that_names_another_call_changes_nothing(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        call, run = await house.call(), house.run()
        await run.desk.callbacks.receive(call.public_id, "", ending(sid(2)))
        await run.desk.callbacks.step(NOON)
        assert (await house.attempts())[0].attempt == call.attempt


async def test_a_callback_that_overtakes_the_answer_ends_the_call(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=2, channels=1) as house, dialling(house, run := house.run()):
        house.provider.open.clear()
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await run.desk.callbacks.receive(house.provider.placed[0].attempt, "", ending(sid(1)))
        await run.desk.callbacks.step(NOON)
        house.clock.move(seconds(1))
        house.provider.open.set()
        await house.until(lambda: len(house.provider.placed) == 2)  # its channel is free
        first, _ = await house.attempts()
        assert (first.attempt.disposition, first.attempt.ended_at) == (Disposition.COMPLETED, NOON)
        assert first.attempt.call_sid == sid(1)


async def test_a_callback_before_an_answer_in_doubt_leaves_no_doubt(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        house.provider.answers.append(in_doubt())
        house.provider.open.clear()
        await run.dialer.step(NOON)
        await house.until(lambda: house.provider.placed)
        await run.desk.callbacks.receive(house.provider.placed[0].attempt, "", ending(sid(3), "in-progress"))
        await run.desk.callbacks.step(NOON)
        house.provider.open.set()
        await house.until(lambda: not run.dialer.dialling)
        assert (await house.attempts())[0].attempt.state is AttemptState.ACCEPTED
        assert (await house.leads())[0].state is LeadState.IN_FLIGHT


async def test_what_an_earlier_process_heard_is_read_at_start(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        call = await house.call()
        await house.callback(call.public_id, ending(sid(1), "no-answer"))
        house.clock.move(minutes(5))
        await house.desk().callbacks.step(house.clock.now())
        after = (await house.attempts())[0].attempt
        assert (after.disposition, after.ended_at) == (
            Disposition.NO_ANSWER,
            NOON,
        )  # when it came, not when it was read


async def test_more_than_one_batch_is_read_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.engine.callbacks.BATCH", 2)
    async with a_house(tmp_path, leads=5) as house:
        run = house.run()
        for number in range(1, 6):
            call = await house.call(number)
            await run.desk.callbacks.receive(call.public_id, "", ending(sid(number)))
        await run.desk.callbacks.step(NOON)
        assert [lead.outcome for lead in await house.leads()] == [Outcome.COMPLETED] * 5


async def test_an_attempt_that_was_not_sent_is_a_stranger(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house:
        run = house.run()
        run.desk.callbacks.bell.clear()
        [reserved] = await house.store.claim_due(house.campaign.id, NOON, 1)
        assert await run.desk.callbacks.receive(reserved.public_id, "", ending(sid(1))) is CallbackFate.STRANGER
        assert not run.desk.callbacks.bell.is_set()
        assert await house.rows("inbox") == []


async def test_a_call_that_is_wanted_twice_is_asked_for_once(tmp_path: Path) -> None:
    async with a_house(tmp_path, leads=1) as house, dialling(house, run := house.run()):
        await house.call()
        run.desk.recovery.ask(AttemptId(1))
        run.desk.recovery.ask(AttemptId(1))
        await run.desk.recovery.step(NOON)
        await run.desk.recovery.step(NOON)
        assert house.provider.asked == [sid(1)]
