"""How a database knows that it is an older copy of itself, or another machine's."""

import shutil
from pathlib import Path

import pytest

from campaign.store import schema
from campaign.store.mark import Mark, state_directory


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("marks") / "empty.db"
    schema.prepare(file)
    return file


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's state directory of this test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "campaign"


@pytest.fixture
def database(empty: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(empty, tmp_path / "campaign.db"))


def test_a_new_database_has_forgotten_nothing(database: Path) -> None:
    assert not Mark(database).is_behind(0)


def test_one_without_a_past_that_this_machine_knows_one_of_has_forgotten_it(database: Path) -> None:
    Mark(database).set(1)
    assert Mark(database).is_behind(0)


def test_one_that_is_distrusted_is_behind_until_it_is_set_again(database: Path) -> None:
    Mark(database).distrust()
    assert Mark(database).is_behind(1_000_000_000)
    Mark(database).set(3)
    assert not Mark(database).is_behind(3)


def test_a_copy_keeps_when_it_was_first_used(database: Path, tmp_path: Path) -> None:
    first_used = Mark(database).first_used
    assert Mark(Path(shutil.copy(database, tmp_path / "copy.db"))).first_used == first_used


def test_one_with_a_past_that_this_machine_never_saw_may_have_forgotten_something(database: Path) -> None:
    assert Mark(database).is_behind(1)


@pytest.mark.parametrize(("last_event", "behind"), [(8, True), (9, False), (10, False)])
def test_it_is_behind_when_this_machine_saw_more_of_it(database: Path, last_event: int, behind: bool) -> None:
    Mark(database).set(9)
    assert Mark(database).is_behind(last_event) is behind


def test_a_copy_taken_earlier_is_known_as_one_wherever_it_lies(database: Path, tmp_path: Path) -> None:
    Mark(database).set(5)
    copy = Path(shutil.copy(database, tmp_path / "backup.db"))
    Mark(database).set(9)
    assert Mark(copy).is_behind(5)
    shutil.move(copy, database)
    assert Mark(database).is_behind(5)


def test_a_database_that_was_only_moved_is_not_behind(database: Path, tmp_path: Path) -> None:
    Mark(database).set(5)
    assert not Mark(Path(shutil.move(database, tmp_path / "moved.db"))).is_behind(5)


def test_on_another_machine_it_may_have_forgotten_something(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Mark(database).set(5)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "another machine"))
    assert Mark(database).is_behind(5)


def test_two_databases_have_marks_of_their_own(database: Path, empty: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(empty, tmp_path / "other.db"))
    Mark(database).set(9)
    Mark(other).set(3)
    assert Mark(database).is_behind(8)
    assert not Mark(other).is_behind(3)


@pytest.mark.parametrize("note", ["", "no json", "{}", '{"last_event"'])
def test_a_mark_that_cannot_be_read_says_nothing_good(database: Path, state: Path, note: str) -> None:
    Mark(database).set(5)
    [file] = state.glob("*.mark")
    file.write_text(note)
    assert Mark(database).is_behind(5)


def test_setting_it_leaves_the_mark_and_nothing_else(database: Path, state: Path) -> None:
    mark = Mark(database)
    for last_event in (5, 9):
        mark.set(last_event)
    assert [file.suffix for file in state.iterdir()] == [".mark"]
    assert mark.is_behind(8)


def test_without_a_state_directory_of_their_own_it_lies_where_xdg_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_STATE_HOME")
    assert state_directory() == Path.home() / ".local/state/campaign"
