"""One owner for a file: who holds it is known, the next one is told, and a dead owner holds nothing."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from campaign.core.records import Owner
from campaign.errors import Occupied
from campaign.store import lock
from tests.builders import NOON

ME = Owner(os.getpid(), NOON)

HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from campaign.core.records import Owner
from campaign.store import lock

with lock.held(Path(sys.argv[1]), Owner(int(sys.argv[2]), datetime.now(UTC)), "the file"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return lock.lock_file(tmp_path / "campaign.db")


@contextmanager
def another_process(file: Path, pid: int) -> Iterator[subprocess.Popen[str]]:
    """One that holds the lock until its standard input is closed, or it is killed."""
    command = [sys.executable, "-c", HOLD, str(file), str(pid)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def take(file: Path) -> None:
    with lock.held(file, ME, "the database"):
        pass


def test_the_lock_stands_beside_its_database(tmp_path: Path) -> None:
    assert lock.lock_file(tmp_path / "campaign.db") == tmp_path / "campaign.db.lock"


def test_a_lock_that_nobody_ever_held_is_free_and_asking_makes_no_file(file: Path) -> None:
    assert lock.holder(file) is None
    assert not file.exists()


def test_the_holder_is_known_while_it_holds(file: Path) -> None:
    with lock.held(file, ME, "the database"):
        assert lock.holder(file) == ME
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert lock.holder(file) is None
    assert file.read_text() == ""


def test_the_note_may_change_while_it_is_held(file: Path) -> None:
    with lock.held(file, ME, "the database") as held:
        door = Owner(ME.pid, ME.since, port=43210, token="a token")
        held.note(door)
        assert lock.holder(file) == door
        held.note(ME)
        assert lock.holder(file) == ME, "a shorter note leaves nothing of the longer one"


def test_a_second_owner_is_told_who_has_it_and_since_when(file: Path) -> None:
    with lock.held(file, ME, "the database"), pytest.raises(Occupied) as refused:
        take(file)
    since = NOON.astimezone()
    assert refused.value.message == f"the database is in use by process {ME.pid}, since {since:%Y-%m-%d %H:%M}."


def test_being_refused_does_not_disturb_the_holder(file: Path) -> None:
    with lock.held(file, ME, "the database"):
        for _ in range(2):
            with pytest.raises(Occupied):
                take(file)
        assert lock.holder(file) == ME


def test_another_process_is_seen_and_named(file: Path) -> None:
    with another_process(file, pid=4711):
        owner = lock.holder(file)
        assert owner is not None
        assert owner.pid == 4711
        with pytest.raises(Occupied, match="process 4711"):
            take(file)


def test_a_killed_owner_holds_nothing(file: Path) -> None:
    with another_process(file, pid=4711) as process:
        process.kill()
        process.wait(10)
        assert json.loads(file.read_text())["pid"] == 4711, "its note is still there"
        assert lock.holder(file) is None
        take(file)


@pytest.mark.parametrize(
    ("note", "abandoned"),
    [
        ("", False),
        ('{"pid": 1, "wrote": false}', False),
        ('{"pid": 1, "wrote": true}', True),
        ('{"pid": 1}', True),
        ("not json", True),
        ("[]", True),
        ('{"pid": 1, "wrote": false}}', True),
    ],
)
def test_what_an_owner_had_begun_to_write_was_abandoned_unless_it_let_go(
    file: Path, note: str, *, abandoned: bool
) -> None:
    file.write_text(note)
    with lock.held(file, ME, "the database") as held:
        assert held.abandoned is abandoned
    with lock.held(file, ME, "the database") as held:
        assert not held.abandoned


def test_an_owner_notes_that_it_writes_and_that_an_earlier_one_did(file: Path) -> None:
    with lock.held(file, ME, "the database") as held:
        held.note(ME)
        assert json.loads(file.read_text())["wrote"] is False
        held.note(ME, writes=True)
        held.note(ME)
        assert json.loads(file.read_text())["wrote"] is True
        abandoned = file.read_text()
    file.write_text(abandoned)
    with lock.held(file, ME, "the database"):
        assert json.loads(file.read_text())["wrote"] is True


def test_an_owner_that_fails_lets_go(file: Path) -> None:
    with pytest.raises(RuntimeError), lock.held(file, ME, "the database"):
        raise RuntimeError
    assert lock.holder(file) is None
    take(file)


@pytest.mark.parametrize("note", ["", "not json", "{}", '{"pid": 1, "since": "yesterday", "port": 0, "token": ""}'])
def test_a_note_that_cannot_be_read_still_means_that_it_is_held(file: Path, note: str) -> None:
    with lock.held(file, ME, "the database"):
        file.write_text(note)
        assert lock.holder(file) is None
        with pytest.raises(Occupied, match="another process"):
            take(file)


def test_the_folder_of_a_lock_is_made(tmp_path: Path) -> None:
    take(tmp_path / "state" / "campaign" / "account.lock")
    assert (tmp_path / "state" / "campaign" / "account.lock").exists()
