"""A disk that takes nothing any more: each thing written beside the calls says so in a sentence, and what to do."""

import errno
import json
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession

from campaign.engine.clock import RealClock
from campaign.errors import CampaignError
from campaign.simulator.server import Simulator
from campaign.simulator.town import Town
from campaign.store import keyfile, lock, schema
from campaign.store.mark import Mark
from tests.builders import NOON
from tests.integration.simulated import ACCOUNT, SIMULATED
from tests.integration.test_lock import ME


@contextmanager
def no_room() -> Iterator[None]:
    """No file of this process can grow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    file = tmp_path / "campaign.db"
    schema.prepare(file)
    return file


def take(file: Path) -> None:
    with lock.held(lock.lock_file(file), ME, "the database"):
        pass


WRITING: dict[str, Callable[[Path], object]] = {
    "a new key": lambda file: keyfile.load(file, None, make=True),
    "the key's id": lambda file: keyfile.load(file, "given", make=True),
    "a mark's name": Mark,
    "the lock": take,
    "a database": lambda file: schema.prepare(file.with_name("new.db")),
}


@pytest.mark.parametrize("what", WRITING)
def test_what_cannot_be_written_is_said_with_what_to_do_and_goes_on_when_there_is_room(
    database: Path, what: str
) -> None:
    with no_room(), pytest.raises(CampaignError, match="cannot be written: ") as told:
        WRITING[what](database)
    assert told.value.hint.startswith("Free space or make ")
    WRITING[what](database)


def test_how_far_a_database_has_come_cannot_be_noted_and_it_is_said(database: Path) -> None:
    mark = Mark(database)
    mark.set(7)
    with no_room(), pytest.raises(CampaignError, match="cannot be written: "):
        mark.set(8)
    assert mark.is_behind(6)
    assert not mark.is_behind(7)


def test_what_ended_an_owner_is_heard_though_its_note_cannot_be_emptied(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_only(_descriptor: int, _length: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def broken_owner() -> None:
        with lock.held(lock.lock_file(database), ME, "the database") as held:
            monkeypatch.setattr(os, "ftruncate", read_only)
            with pytest.raises(CampaignError, match="Read-only file system"):
                held.note(ME)
            raise CampaignError("the disk broke")

    with pytest.raises(CampaignError, match="the disk broke"):
        broken_owner()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(CampaignError, match="cannot be written: "), lock.held(tmp_path / "state/a.lock", ME, "it"):
        pass


def test_a_key_that_is_no_text_is_said_to_be_unreadable(database: Path) -> None:
    key = database.with_name("campaign.key")
    key.touch(0o600)
    key.write_bytes(b"\xff\xfe")
    with pytest.raises(CampaignError, match="cannot be read: it is no text"):
        keyfile.load(database, None, make=False)


def test_a_damaged_database_has_no_key_to_ask_for(database: Path) -> None:
    keyfile.load(database, "given", make=True)
    database.write_bytes(b"nothing of SQLite's" * 4096)
    with pytest.raises(CampaignError, match="cannot be read: file is not a database"):
        keyfile.load(database, "given", make=False)


def test_a_lock_on_a_disk_that_is_read_only_can_be_looked_at(tmp_path: Path) -> None:
    file = tmp_path / "campaign.db.lock"
    with lock.held(file, ME, "the database"):
        file.chmod(0o400)
        owner = lock.holder(file)
        assert owner is not None
        assert owner.since == NOON


async def test_a_simulator_whose_log_is_full_answers_503_and_says_so(tmp_path: Path) -> None:
    simulator = Simulator(clock=RealClock(), town=Town(), log=tmp_path / "log.jsonl")
    async with simulator.running() as base_url, ClientSession(headers=SIMULATED) as session:
        address = f"{base_url}{ACCOUNT}"
        async with session.get(address) as answer:
            assert answer.status == 200
        with no_room():
            async with session.get(address) as answer:
                assert answer.status == 503
        with pytest.raises(CampaignError, match=r"The simulator's log .* cannot be written: File too large"):
            await simulator.watch()
    assert [json.loads(line)["kind"] for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [
        "request",
        "response",
    ]
