"""A database whose owner was killed and whose write-ahead log is gone: it knows that it has forgotten calls."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from pydantic import SecretStr

from campaign.core.records import Owner
from campaign.settings import Loaded, Secrets, parse
from campaign.store import lock
from campaign.store.mark import Mark
from campaign.store.sqlite import log_is_there
from campaign.wiring import House, owning
from tests.builders import NOON
from tests.integration.house import connections_closed

SETTINGS = parse(
    {"provider": {"caller_id": "08030000000", "flow_url": "http://my.exotel.com/example/exoml/start_voice/1"}}, "a test"
)
SECRET = SecretStr("of a test")


def loaded(database: Path) -> Loaded:
    secrets = Secrets(
        exotel_api_key=SECRET, exotel_api_token=SECRET, exotel_account_sid="example", campaign_key=SECRET,
        campaign_db=database,
    )  # fmt: skip
    return Loaded(SETTINGS, secrets, None)


@asynccontextmanager
async def owned(database: Path, *, dial: bool = True) -> AsyncIterator[House]:
    async with connections_closed(), owning(loaded(database), database, make=True, dial=dial) as house:
        yield house


@pytest.fixture
async def killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database as a killed owner leaves it; nothing of its campaign has come out of the log yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    database = tmp_path / "here" / "campaign.db"
    database.parent.mkdir()
    async with owned(database) as house:
        campaign = await house.open("spring", SETTINGS)
        await house.pause(campaign.id)
        await house.look_back()
        shutil.copytree(database.parent, tmp_path / "killed")
    return tmp_path / "killed" / "campaign.db"


async def test_an_owner_killed_before_it_wrote_anything_has_forgotten_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    database = tmp_path / "here" / "campaign.db"
    database.parent.mkdir()
    async with owned(database) as house:
        await house.open("spring", SETTINGS)
    with lock.held(lock.lock_file(database), Owner(1, NOON), "The database"):
        shutil.copytree(database.parent, tmp_path / "killed")
    assert not await is_forgetful(tmp_path / "killed" / "campaign.db")


async def test_one_killed_before_it_wrote_anything_does_not_hide_that_an_earlier_one_did(killed: Path) -> None:
    with lock.held(lock.lock_file(killed), Owner(1, NOON), "The database"):
        again = shutil.copytree(killed.parent, killed.parent.with_name("killed again")) / "campaign.db"
    lose_log(again)
    Mark(again).set(0)
    assert await is_forgetful(again)


def lose_log(database: Path) -> None:
    assert log_is_there(database)
    for file in database.parent.glob("campaign.db-*"):
        file.unlink()


async def is_forgetful(database: Path) -> bool:
    async with owned(database) as house:
        return house.forgetful


async def test_with_its_log_a_killed_owners_database_has_forgotten_nothing(killed: Path) -> None:
    async with owned(killed) as house:
        assert not house.forgetful
        assert [each.name for each in await house.books.campaigns()] == ["spring"]


async def test_without_its_log_it_knows_that_it_has_forgotten_something_and_since_when_to_ask(killed: Path) -> None:
    lose_log(killed)
    async with owned(killed) as house:
        assert house.forgetful
        assert await house.books.campaigns() == []
        again = await house.open("spring", SETTINGS)
        assert house.since(again) < again.created_at


async def test_so_it_does_when_its_mark_is_not_newer_than_what_is_left(killed: Path) -> None:
    lose_log(killed)
    Mark(killed).set(0)
    assert await is_forgetful(killed)


async def test_an_empty_log_as_a_reader_makes_it_is_no_log(killed: Path) -> None:
    lose_log(killed)
    Mark(killed).set(0)
    killed.with_name("campaign.db-wal").touch()
    assert await is_forgetful(killed)


async def test_a_command_that_only_writes_does_not_hide_it(killed: Path) -> None:
    lose_log(killed)
    Mark(killed).set(0)
    async with owned(killed, dial=False):
        pass
    assert await is_forgetful(killed)


async def test_it_knows_so_until_the_provider_was_asked(killed: Path) -> None:
    lose_log(killed)
    assert await is_forgetful(killed)
    async with owned(killed) as house:
        assert house.forgetful
        await house.remember()
    assert not await is_forgetful(killed)


@pytest.mark.parametrize("broken", [False, True])
async def test_an_owner_that_ends_leaves_no_log_behind_and_nothing_to_fear(killed: Path, *, broken: bool) -> None:
    with suppress(RuntimeError):
        async with owned(killed):
            if broken:
                raise RuntimeError
    assert not log_is_there(killed)
    assert not await is_forgetful(killed)
