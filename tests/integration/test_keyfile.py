"""The installation's key: made once, private, and never exchanged for another without a word."""

import re
import stat
from pathlib import Path

import pytest

from campaign.core.keyed import Key
from campaign.errors import SettingsError
from campaign.store import keyfile, schema


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "empty.db"
    schema.prepare(file)
    return file


@pytest.fixture
def database(empty: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "campaign.db"
    copy.write_bytes(empty.read_bytes())
    return copy


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "campaign.key"


def test_a_new_database_gets_a_key_that_only_its_owner_reads(database: Path, file: Path) -> None:
    keyfile.load(database, None, make=True)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert re.fullmatch(r"[\w-]{43}\n", file.read_text())
    assert sorted(each.name for each in database.parent.iterdir()) == ["campaign.db", "campaign.key"]


def test_the_key_made_is_the_key_found_again(database: Path, file: Path) -> None:
    made = keyfile.load(database, None, make=True)
    assert keyfile.load(database, None, make=False).id == made.id
    assert made.id == Key(file.read_text().strip().encode()).id


def test_two_databases_of_one_folder_share_the_key(database: Path, empty: Path, file: Path) -> None:
    first = keyfile.load(database, None, make=True)
    other = database.with_name("other.db")
    other.write_bytes(empty.read_bytes())
    assert keyfile.load(other, None, make=True).id == first.id


def test_a_key_that_is_given_is_used_and_no_file_is_made(database: Path, file: Path) -> None:
    assert keyfile.load(database, "given", make=True).id == Key(b"given").id
    assert keyfile.load(database, "given", make=False).id == Key(b"given").id
    assert not file.exists()


def test_another_key_than_the_databases_is_refused(database: Path, file: Path) -> None:
    keyfile.load(database, None, make=True)
    with pytest.raises(SettingsError, match="not the one"):
        keyfile.load(database, "another", make=False)


def test_a_key_file_that_was_exchanged_is_refused(database: Path, file: Path) -> None:
    keyfile.load(database, None, make=True)
    file.write_text("another\n")
    with pytest.raises(SettingsError, match="not the one"):
        keyfile.load(database, None, make=False)


def test_a_key_file_that_is_gone_is_refused_and_not_made_again(database: Path, file: Path) -> None:
    keyfile.load(database, None, make=True)
    file.unlink()
    with pytest.raises(SettingsError, match="is missing"):
        keyfile.load(database, None, make=False)
    assert not file.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_can_read_is_refused(database: Path, file: Path, mode: int) -> None:
    keyfile.load(database, None, make=True)
    file.chmod(mode)
    with pytest.raises(SettingsError, match="Others") as refused:
        keyfile.load(database, None, make=False)
    assert refused.value.hint == f"chmod 600 {file}"


def test_an_empty_key_is_refused(database: Path, file: Path) -> None:
    file.touch(0o600)
    with pytest.raises(SettingsError, match="is empty"):
        keyfile.load(database, None, make=True)


def test_a_database_whose_maker_was_interrupted_before_it_had_a_key_gets_one(database: Path, file: Path) -> None:
    half = file.with_name("campaign.key.new")
    half.touch(0o600)
    half.write_text("half")
    made = keyfile.load(database, None, make=False)
    assert file.exists()
    assert "half" not in file.read_text()
    assert keyfile.load(database, None, make=False).id == made.id


def test_the_database_remembers_the_id_and_never_the_key(database: Path, file: Path) -> None:
    made = keyfile.load(database, None, make=True)
    data = database.read_bytes()
    assert made.id.encode() in data
    assert file.read_text().strip().encode() not in data
