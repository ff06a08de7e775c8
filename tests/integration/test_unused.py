"""A first run that came to nothing leaves the folder as it was; whatever may be of use to anybody stays."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from campaign.core.records import Owner
from campaign.errors import ListError, Occupied
from campaign.intake import Form
from campaign.settings import Loaded, Settings, parse
from campaign.settings import load as load_settings
from campaign.store import lock
from campaign.wiring import House, Simulation, owning
from tests.builders import NOON

ME = Owner(1, NOON)


@asynccontextmanager
async def first_run(database: Path, *, dial: bool = False) -> AsyncIterator[House]:
    loaded = Loaded(Settings(), load_settings(db=database).secrets, None)
    async with owning(loaded, database, make=True, simulation=Simulation(), dial=dial) as house:
        yield house


async def taken_in(house: House, folder: Path, *lines: str, accept: bool) -> None:
    file = folder / "leads.csv"
    file.write_text("\n".join(["phone", *lines]))
    taken = await house.take_in(file, "leads", house.loaded.settings, Form(phone_column="phone"))
    assert taken.import_id
    await (house.accept(taken.import_id) if accept else house.discard(taken.import_id))
    file.unlink()


def there(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


async def test_a_list_that_was_refused_or_not_agreed_to_leaves_nothing_behind(tmp_path: Path) -> None:
    async with first_run(tmp_path / "campaign.db", dial=True) as house:
        assert {"campaign.db", "campaign.db.lock", "campaign.key"} <= there(tmp_path)
        await taken_in(house, tmp_path, "9812300001", accept=False)
    assert there(tmp_path) == set()
    with pytest.raises(ListError):
        async with first_run(tmp_path / "campaign.db") as house:
            await taken_in(house, tmp_path, "nobody", accept=True)
    assert there(tmp_path) == {"leads.csv"}


async def test_a_run_that_is_broken_off_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        async with first_run(tmp_path / "campaign.db", dial=True):
            raise KeyboardInterrupt
    assert there(tmp_path) == set()


async def test_no_note_of_a_database_stays_that_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    settings = {"provider": {"caller_id": "08030000000", "flow_url": "http://my.exotel.com/x/exoml/start_voice/1"}}
    for name in ("EXOTEL_API_KEY", "EXOTEL_API_TOKEN", "EXOTEL_ACCOUNT_SID"):
        monkeypatch.setenv(name, "x")
    database = tmp_path / "campaign.db"
    loaded = Loaded(parse(settings, "campaign.toml"), load_settings(db=database).secrets, None)
    async with owning(loaded, database, make=True):
        assert list((tmp_path / "state").rglob("*.mark"))
    assert there(tmp_path) == {"state"}
    assert not list((tmp_path / "state").rglob("*.mark"))


async def test_what_was_loaded_stays_and_so_does_a_database_that_was_there_before(tmp_path: Path) -> None:
    async with first_run(tmp_path / "campaign.db") as house:
        await taken_in(house, tmp_path, "9812300001", accept=True)
    async with first_run(tmp_path / "other.db") as house:
        await taken_in(house, tmp_path, "9812300001", accept=False)
    assert there(tmp_path) == {"campaign.db", "campaign.db.lock", "campaign.key"}, "its key too, which the other used"

    (tmp_path / "empty.db").touch()
    async with first_run(tmp_path / "empty.db"):
        pass
    assert "empty.db" in there(tmp_path)


async def test_a_list_that_was_begun_and_not_given_up_stays_for_the_next_start_to_sweep(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("phone\n9812300001\n")
    async with first_run(tmp_path / "campaign.db") as house:
        await house.take_in(tmp_path / "leads.csv", "leads", house.loaded.settings, Form())
    assert "campaign.db" in there(tmp_path)
    async with first_run(tmp_path / "campaign.db") as house:
        assert await house.books.campaigns() == []


async def test_a_key_that_another_database_came_to_use_meanwhile_stays(tmp_path: Path) -> None:
    async with first_run(tmp_path / "campaign.db"), first_run(tmp_path / "other.db") as house:
        await taken_in(house, tmp_path, "9812300001", accept=True)
    assert there(tmp_path) == {"other.db", "other.db.lock", "campaign.key"}


def test_a_lock_that_its_owner_removes_locks_nothing_for_whoever_waited_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, taken = tmp_path / "campaign.db.lock", lock._taken

    def taken_too_late(descriptor: int) -> bool:
        monkeypatch.undo()
        file.unlink()
        return taken(descriptor)

    monkeypatch.setattr(lock, "_taken", taken_too_late)
    with lock.held(file, ME, "the database"), pytest.raises(Occupied), lock.held(file, ME, "the database"):
        pass
